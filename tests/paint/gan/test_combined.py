"""Several generators as one effect: who draws whom, what they are told, and what the plain effect hides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx_models
import pytest
import small_generators
from drawn_frames import RGB, frame

from passerby.core.errors import OptionError, StageError, WeightsError
from passerby.core.frame import Frame
from passerby.core.regions import Patch, Region
from passerby.core.tracks import Sightings
from passerby.mask.shapes import Rectangle
from passerby.paint.composite import composite
from passerby.paint.effects import Fill, Mosaic
from passerby.paint.gan.combination import combination
from passerby.paint.gan.combined import Combined, Style, combined
from passerby.pipeline import regions
from passerby.testing import check_anonymizer

FACE, PERSON = (40, 20, 60, 44), (90, 20, 130, 110)
CENTRES = 5


def region(label: str, box: tuple[int, int, int, int], track: int = 1, method: str = "") -> Region:
    where = np.array(box, np.float32)
    return Region(track, label, where, Rectangle(grow=0.1, feather=0).mask(where), track, method=method)


HIDDEN = [region("face", FACE), region("person", PERSON, 2)]


def place(index: int = 0) -> Frame:
    return frame(RGB, (160, 128), index=index)


def effect(folder: Path, *draws: tuple[str, str], more: str = "", **style: Any) -> Combined:
    made = small_generators.combination(folder, *draws, centres=CENTRES, more=more)
    return combined(combination(str(made)), Mosaic(), Style(**style))


def test_generators_are_compiled_when_they_are_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = small_generators.torch

    def failing(*given: Any) -> None:
        raise torch._dynamo.exc.TorchDynamoException("no compiler\nand more")

    monkeypatch.setattr(torch, "compile", lambda net, **_: failing)
    assert len(effect(tmp_path, ("face", "stylegan")).paint([place()], [HIDDEN])[0]) == 2
    with pytest.raises(OptionError, match=r"cannot be compiled here \(no compiler\); leave --compile out"):
        effect(tmp_path, ("face", "stylegan"), compiled=True).paint([place()], [HIDDEN])


def is_mosaic(shown: Frame, one: Region, patch: Patch) -> bool:
    [[plain]] = [Mosaic().patch(shown, one).planes]
    return np.array_equal(plain, patch.planes[0])


def pose(path: Path, *, score: float = 0.9) -> Path:
    """A model of the YOLO-pose kind that always finds the same upright skeleton in the middle of what it sees."""
    row = np.zeros((1, 56, 3), np.float32)
    row[0, 4, 1] = score
    points = np.array([(32 + 4 * (i % 3 - 1), 30 + 1.5 * i, 0.9) for i in range(17)], np.float32)
    row[0, 5:, 1] = points.ravel()
    return onnx_models.model(path, {"output0": row}, shape=(1, 3, 64, 64))


def surfaces(path: Path, *, anything: bool = True) -> Path:
    """A model of the CSE kind that always finds the same body, and its table."""
    rng = np.random.default_rng(0)
    scores = np.zeros((1, 2, 14, 14), np.float32)
    scores[0, int(anything), 3:11, 4:10] = 1
    scores[0, 0] += 0.5
    np.save(path.with_suffix(".npy"), rng.normal(size=(40, 16)).astype(np.float32))
    found = {"coarse_segm": scores, "embedding": rng.normal(size=(1, 16, 14, 14)).astype(np.float32)}
    return onnx_models.model(path, found, shape=(1, 3, 32, 32))


def test_what_has_no_generator_is_hidden_by_the_mosaic(tmp_path: Path) -> None:
    shown = place()
    [[face, person]] = effect(tmp_path, ("face", "stylegan")).paint([shown], [HIDDEN])
    assert not is_mosaic(shown, HIDDEN[0], face)
    assert is_mosaic(shown, HIDDEN[1], person)


def test_a_region_with_a_method_of_its_own_is_not_drawn(tmp_path: Path) -> None:
    shown, one = place(), region("face", FACE, method="fill")
    [[face]] = effect(tmp_path, ("face", "stylegan")).paint([shown], [[one]])
    assert is_mosaic(shown, one, face)


@pytest.mark.parametrize(
    ("generator", "label", "teller"),
    [("deep_privacy1", "face", "pose"), ("styleganL", "person", "surfaces"), ("triagan_L_im288", "person", "pose")],
)
def test_a_generator_is_told_how_somebody_stands(generator: str, label: str, teller: str, tmp_path: Path) -> None:
    {"pose": pose, "surfaces": surfaces}[teller](tmp_path / "teller.onnx")
    made = effect(tmp_path, (label, generator), more=f'{teller} = "teller.onnx"\n')
    shown, one = place(), HIDDEN[label == "person"]
    [[patch]] = made.paint([shown], [[one]])
    assert not is_mosaic(shown, one, patch)
    assert np.ptp(patch.planes[0]) > 10


@pytest.mark.parametrize("then", ["", "styleganL_nocse"])
def test_who_cannot_be_told_of_goes_to_the_next_generator_or_the_mosaic(then: str, tmp_path: Path) -> None:
    surfaces(tmp_path / "cse.onnx", anything=False)
    more = [("person", then)] if then else []
    made = effect(tmp_path, ("person", "styleganL"), *more, more='surfaces = "cse.onnx"\n')
    shown = place()
    [[patch]] = made.paint([shown], [HIDDEN[1:]])
    assert is_mosaic(shown, HIDDEN[1], patch) == (not then)


def test_a_doubtful_skeleton_is_not_believed(tmp_path: Path) -> None:
    pose(tmp_path / "pose.onnx", score=0.1)
    made = effect(tmp_path, ("face", "deep_privacy1"), more='pose = "pose.onnx"\n')
    [[patch]] = made.paint([place()], [HIDDEN[:1]])
    assert is_mosaic(place(), HIDDEN[0], patch)


def test_generators_that_nobody_tells_anything_are_refused_or_passed_over(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"surfaces of bodies.*--generator surfaces=FILE"):
        effect(tmp_path, ("person", "styleganL"))
    made = effect(tmp_path, ("person", "styleganL"), ("person", "styleganL_nocse"))
    assert ["surfaces" in note for note in made.notes] == [True]
    [[patch]] = made.paint([place()], [HIDDEN[1:]])
    assert not is_mosaic(place(), HIDDEN[1], patch)


@pytest.mark.parametrize("label", ["face", "person"])
def test_the_effect_keeps_the_contract(label: str, tmp_path: Path) -> None:
    check_anonymizer(effect(tmp_path, (label, "stylegan" if label == "face" else "styleganL_nocse")), label)


def test_no_generator_is_shown_what_any_effect_hides(tmp_path: Path) -> None:
    """What a plain effect hides beside a drawn face is shown as it is painted, not what is under it."""
    over = [
        region("face", (50, 30, 80, 66)),
        region("plate", (60, 50, 110, 90), 2),
        region("person", (70, 9, 120, 99), 3),
    ]
    path = small_generators.combination(tmp_path, ("person", "styleganL_nocse"), ("face", "stylegan"))
    made = combined(combination(str(path)), Fill())
    shown = place()
    planes = shown.planes[0].copy()
    for one in over:
        x0, y0, x1, y1 = one.mask.box
        planes[y0:y1, x0:x1] = 255 - planes[y0:y1, x0:x1]
    one, other = (made.paint([at], [over])[0] for at in (shown, shown.with_planes((planes,))))
    assert all(np.array_equal(a.planes[0], b.planes[0]) for a, b in zip(one, other, strict=True))


def test_batches_of_any_size_give_the_same(tmp_path: Path) -> None:
    frames = [place(i) for i in range(4)]
    made = effect(tmp_path, ("person", "styleganL_nocse"), ("face", "stylegan"))
    at_once = made.paint(frames, [HIDDEN] * 4)
    for shown, patches in zip(frames, at_once, strict=True):
        [alone] = made.paint([shown], [HIDDEN])
        for a, b in zip(patches, alone, strict=True):
            off = np.abs(a.planes[0].astype(int) - b.planes[0])
            assert off.max() <= 1  # another order of adding up


def test_the_style_counts(tmp_path: Path) -> None:
    styles: list[dict[str, Any]] = [{"truncation": 1.0}, {"truncation": 0.0}, {"modes": True}, {"seam": "original"}]
    came = [effect(tmp_path, ("face", "stylegan"), **style).paint([place()], [HIDDEN[:1]])[0][0] for style in styles]
    pictures = {patch.planes[0].tobytes() for patch in came}
    assert len(pictures) == len(styles)
    same = effect(tmp_path, ("face", "stylegan"), truncation=0.0)
    assert any("the same look" in note for note in same.notes)


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("no table", "needs the table of all points"),
        ("flat table", "wanted are finite numbers"),
        ("no file", "there is no model file"),
        ("two pictures", "wanted is one picture"),
    ],
)
def test_a_teller_that_does_not_do_is_refused_in_a_line(what: str, told: str, tmp_path: Path) -> None:
    path = surfaces(tmp_path / "cse.onnx")
    if what == "no table":
        path.with_suffix(".npy").unlink()
    elif what == "flat table":
        np.save(path.with_suffix(".npy"), np.zeros(3))
    elif what == "no file":
        path.unlink()
    else:
        onnx_models.model(path, {"a": np.zeros(3, np.float32)}, sizes=True)
    with pytest.raises(WeightsError, match=told):
        effect(tmp_path, ("person", "styleganL"), more='surfaces = "cse.onnx"\n')


@pytest.mark.parametrize(("kind", "generator"), [("pose", "triagan_L_im288"), ("surfaces", "styleganL")])
def test_a_teller_that_answers_something_else_stops_the_run(kind: str, generator: str, tmp_path: Path) -> None:
    path = surfaces(tmp_path / "odd.onnx")
    onnx_models.model(path, {"a": np.zeros((1, 7, 3), np.float32)}, shape=(1, 3, 32, 32))
    made = effect(tmp_path, ("person", generator), more=f'{kind} = "odd.onnx"\n')
    with pytest.raises(StageError, match="wanted"):
        made.paint([place()], [HIDDEN[1:]])


@pytest.mark.parametrize("size", ['"big"', "{cnumm = 3}", "7"])
def test_a_size_that_makes_no_sense_is_refused(size: str, tmp_path: Path) -> None:
    small_generators.checkpoint(tmp_path / "a.ckpt", "stylegan")
    path = tmp_path / "a.toml"
    path.write_text(f'[[draw]]\nwhat = "face"\ngenerator = "stylegan"\nfile = "a.ckpt"\nsize = {size}\n')
    with pytest.raises(OptionError, match="the size of stylegan"):
        combined(combination(str(path)), Mosaic())


def test_drawn_regions_are_all_covered(tmp_path: Path) -> None:
    shown = place()
    [patches] = effect(tmp_path, ("person", "styleganL_nocse"), ("face", "stylegan")).paint([shown], [HIDDEN])
    done = composite(shown, HIDDEN, patches).planes[0]
    for one in HIDDEN:
        x0, y0, x1, y1 = one.mask.box
        assert (done[y0:y1, x0:x1] != shown.planes[0][y0:y1, x0:x1]).any(2).mean() > 0.95


def test_people_of_one_film_have_looks_of_their_own_around_few_centres(tmp_path: Path) -> None:
    """With truncation 0 a look is its centre: as many people as there are centres differ, whoever else is there."""
    boxes = np.tile(np.array(FACE, np.float32), (CENTRES, 1))
    none = np.zeros(CENTRES, np.int64)
    tracks = np.arange(7, 7 + CENTRES)
    rows = Sightings(tracks, none, boxes, none + 1.0, none, np.full(CENTRES, "face"))
    people = regions(place(), rows, {"face": Rectangle(grow=0.1, feather=0)}, seed=3)
    made = effect(tmp_path, ("face", "stylegan"))
    patches = [made.paint([place()], [[one]])[0][0] for one in people]
    assert len({patch.planes[0].tobytes() for patch in patches}) == CENTRES
