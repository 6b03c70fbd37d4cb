"""Whole pictures: what is drawn and pasted is what the original painted, in batches as well."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import deep_privacy2
import numpy as np
import pytest
from deep_privacy2 import rows_first
from numpy.typing import NDArray

from passerby.core.errors import StageError
from passerby.paint.gan import boxes, cutting, pasting, targets
from passerby.paint.gan.boxes import Box
from passerby.paint.gan.pasting import Drawer, Job, Target, TrackLooks, looks, paint
from passerby.paint.gan.surface import Surface
from passerby.paint.gan.traditional import Blurred, MaskedOut, Pixelated

FACE, PERSON = (64, 64), (72, 40)


@pytest.fixture(scope="module")
def recorded() -> deep_privacy2.Recorded:
    return deep_privacy2.Recorded("paste")


def generator(recorded: deep_privacy2.Recorded, kind: str, truncation: float = 0, *, modes: bool = False) -> Drawer:
    pytest.importorskip("torch", reason="needs the extra generate").set_num_threads(1)
    from passerby.paint.gan.generator import Generator, Looks
    from passerby.paint.gan.unet import StyleGANUnet, UnetSize

    net = StyleGANUnet(UnetSize.from_record(recorded.meta[f"{kind}_G"]))
    held = recorded.weights(f"sd_{kind}/")
    net.style_net.w_centers = held.get("style_net.w_centers")
    net.load_state_dict(held)
    return Generator(net, looks=Looks(truncation=truncation, modes=modes))


def faces(recorded: deep_privacy2.Recorded, expand: Callable[[Box], Box] = boxes.face_simple) -> list[Target]:
    found = targets.of_faces([tuple(box) for box in recorded["face_boxes"].tolist()], FACE, expand)
    return [one.target for one in found]


def bodies(recorded: deep_privacy2.Recorded, *, surfaces: bool) -> list[Target]:
    masks = list(recorded["masks_in"])
    if not surfaces:
        return [one.target for one in targets.of_persons(masks, PERSON)]
    parts = zip(recorded["cse_S"], recorded["cse_E"], recorded["cse_bbox"].tolist(), strict=True)
    known = [Surface(spots, rows_first(embedding), tuple(box)) for spots, embedding, box in parts]
    return [one.target for one in targets.of_surfaces(masks, known, PERSON, recorded["cse_embed_map"])]


def painted(recorded: deep_privacy2.Recorded, drawn: Iterable[tuple[Drawer, Target]], seeds: Iterable[int]) -> Any:
    jobs = [Job(drawer, target, seed) for (drawer, target), seed in zip(drawn, seeds, strict=False)]
    return paint([rows_first(recorded["image_chw"])], [jobs])[0]


def same(came: NDArray[np.uint8], recorded: deep_privacy2.Recorded, name: str) -> bool:
    """But for sums that lie half-way between two bytes."""
    off = np.abs(came.astype(int) - rows_first(recorded[name]))
    return bool(off.max() <= 1 and (off > 0).mean() <= 0.001)


@pytest.mark.parametrize(
    ("name", "truncation", "modes", "seed"),
    [
        ("face_trunc0", 0, False, 0),
        ("face_mt_trunc0_seed0", 0, True, 0),
        ("face_mt_trunc0.5_seed3", 0.5, True, 3),
        ("face_trunc0.7_seed3", 0.7, False, 3),
    ],
)
def test_faces_are_painted_as_by_the_original(
    recorded: deep_privacy2.Recorded, name: str, truncation: float, modes: bool, seed: int
) -> None:
    drawer = generator(recorded, "face", truncation, modes=modes)
    assert same(painted(recorded, ((drawer, face) for face in faces(recorded)), looks(seed)), recorded, name)


def test_faces_in_boxes_of_fdf128_and_followed_ones_are_painted_as_by_the_original(
    recorded: deep_privacy2.Recorded,
) -> None:
    height, width = recorded["image_chw"].shape[1:]
    drawer = generator(recorded, "face")
    inside = faces(recorded, lambda box: boxes.face_fdf128(box, (height, width)))
    came = painted(recorded, ((drawer, face) for face in inside), looks(0))
    assert same(came, recorded, "face_trunc0_fdf128expand")
    followed, drawer = TrackLooks(3), generator(recorded, "face", 0.7)
    came = painted(recorded, ((drawer, face) for face in faces(recorded)), (followed[i] for i in range(9)))
    assert same(came, recorded, "face_trunc0.7_seed3_tracked")


def test_persons_are_painted_as_by_the_original(recorded: deep_privacy2.Recorded) -> None:
    drawer, told = generator(recorded, "person"), generator(recorded, "cse")
    plain = painted(recorded, ((drawer, body) for body in bodies(recorded, surfaces=False)), looks(0))
    assert same(plain, recorded, "person_trunc0")
    spots = painted(recorded, ((told, body) for body in bodies(recorded, surfaces=True)), looks(0))
    assert same(spots, recorded, "cse_trunc0")


def test_faces_and_persons_together_are_painted_as_by_the_original(recorded: deep_privacy2.Recorded) -> None:
    groups = [
        ("face", faces(recorded)),
        ("person", bodies(recorded, surfaces=False)),
        ("cse", bodies(recorded, surfaces=True)),
    ]
    drawn = []
    for kind, mine in groups:
        drawer = generator(recorded, kind, 0.6)
        drawn += [(drawer, target) for target in mine]
    assert same(painted(recorded, drawn, looks(5)), recorded, "multi_face_person_cse_trunc0.6_seed5")


@pytest.mark.parametrize(
    ("name", "drawer"),
    [
        ("face_pixelation8", Pixelated(FACE)),
        ("face_maskout", MaskedOut(FACE)),
        ("face_gauss_sigma7", Blurred(FACE)),
    ],
)
def test_plain_effects_are_the_originals(recorded: deep_privacy2.Recorded, name: str, drawer: Drawer) -> None:
    assert same(painted(recorded, ((drawer, face) for face in faces(recorded)), looks(0)), recorded, name)


@pytest.mark.parametrize("seed", [0, 3])
def test_looks_come_in_the_originals_order(recorded: deep_privacy2.Recorded, seed: int) -> None:
    came = [look for look, _ in zip(looks(seed), range(8), strict=False)]
    assert came == recorded[f"zidx_untracked_seed{seed}"].tolist()
    followed = TrackLooks(seed)
    assert [followed[i] for i in range(8)] == recorded[f"zidx_tracked_seed{seed}"].tolist()
    assert followed[5] == recorded[f"zidx_tracked_seed{seed}"][5]


class Shade:
    """Fills crops with the mean of what is known, and remembers how many it was shown at a time."""

    size = (16, 16)

    def __init__(self) -> None:
        self.shown: list[int] = []

    def draw(self, pictures: Any, targets: Any, seeds: Any) -> NDArray[np.float32]:
        self.shown.append(len(pictures))
        rows = zip(pictures, targets, seeds, strict=True)
        means = [picture[target.known].mean(0) + seed for picture, target, seed in rows]
        return np.broadcast_to(np.array(means, np.float32)[:, None, None], (len(means), *self.size, 3)).copy()


def square(x: int, y: int, side: int = 20) -> Target:
    box = x, y, x + side, y + side
    inner = x + side // 4, y + side // 4, x + side * 3 // 4, y + side * 3 // 4
    return Target(box=box, known=cutting.hole(inner, box, Shade.size), rule=cutting.smoothly)


def gradient(shade: int = 0) -> NDArray[np.uint8]:
    return (
        (np.add.outer(np.arange(90), np.arange(120))[..., None] + np.array([0, 20, 40]) + shade)
        .clip(0, 255)
        .astype(np.uint8)
    )


def test_what_overlaps_is_drawn_one_after_the_other_and_all_else_at_once() -> None:
    drawer = Shade()
    apart, over = [square(0, 0), square(50, 0), square(80, 60)], square(10, 5)
    jobs = [Job(drawer, target, 3) for target in (*apart, over)]
    came = paint([gradient(), gradient(9)], [jobs, jobs])
    assert drawer.shown == [6, 2]
    alone = [gradient(), gradient(9)]
    for job in jobs:
        alone = paint(alone, [[job], [job]])
    assert all(np.array_equal(a, b) for a, b in zip(came, alone, strict=True))


def test_levels_count_what_comes_before_and_overlaps() -> None:
    stack = [(0, 0, 10, 10), (20, 0, 30, 10), (5, 5, 25, 8), (10, 0, 20, 5), (6, 6, 9, 9)]
    assert pasting.levels(stack) == [0, 0, 1, 0, 2]
    assert pasting.levels([]) == []


@pytest.mark.parametrize("at", [(40, 30), (-8, -5), (110, 80), (-30, 2), (200, 200)])
def test_only_what_is_not_known_is_written_and_all_of_it(at: tuple[int, int]) -> None:
    picture, target = gradient(), square(*at)
    before = picture.copy()
    [came] = paint([picture], [[Job(Shade(), target, 100)]])
    assert np.array_equal(picture, before)
    inner = np.zeros((90, 120), bool)
    x0, y0, x1, y1 = (max(side, 0) for side in (at[0] + 5, at[1] + 5, at[0] + 15, at[1] + 15))
    inner[y0:y1, x0:x1] = True
    assert (came != before).any(2)[inner].all()
    assert not (came != before).any(2)[~inner].any()


def test_a_picture_without_anybody_stays() -> None:
    [came] = paint([gradient()], [[]])
    assert np.array_equal(came, gradient())
    assert paint([], []) == []


@pytest.mark.parametrize("given", [np.zeros((1, 16, 16, 4)), np.full((1, 16, 16, 3), np.nan), np.zeros((2, 16, 16, 3))])
def test_what_is_no_picture_ends_the_run(given: NDArray[np.float64]) -> None:
    drawer = Shade()
    drawer.draw = lambda *_: given.astype(np.float32)  # type: ignore[method-assign]
    with pytest.raises(StageError, match="a generator gave"):
        paint([gradient()], [[Job(drawer, square(0, 0), 0)]])
