"""Generated regions as an effect: the contract, blindness, looks, what overlaps, and the seam."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.core import pixels
from passerby.core.errors import OptionError, WeightsError
from passerby.core.frame import Frame, PixelFormat
from passerby.core.regions import Region
from passerby.core.tracks import Sightings
from passerby.mask.shapes import HeadOval, Rectangle
from passerby.paint.composite import blanked, composite
from passerby.paint.gan import seam
from passerby.paint.gan.effect import SUBJECTS, Generated, generated
from passerby.paint.gan.pasting import Picture, Target
from passerby.pipeline import hidden
from passerby.testing import CASES, check_anonymizer, drawn, regions

FACES, PERSONS = SUBJECTS["stylegan"], SUBJECTS["styleganL_nocse"]


class Grain:
    """Draws grain that belongs to the seed, around the mean of what is known, and remembers what it was shown."""

    size = (32, 32)

    def __init__(self) -> None:
        self.shown: list[tuple[Picture, Target, int]] = []
        self.batches: list[int] = []

    def draw(self, pictures: Sequence[Picture], targets: Sequence[Target], seeds: Sequence[int]) -> NDArray[np.float32]:
        self.batches.append(len(pictures))
        self.shown += zip(pictures, targets, seeds, strict=True)
        answer = []
        for picture, target, seed in zip(pictures, targets, seeds, strict=True):
            mean = picture[target.known].mean(0) if target.known.any() else np.full(3, 128)
            grain = np.random.default_rng(seed).normal(0, 20, (*self.size, 3))
            answer.append(np.where(target.known[..., None], picture, mean + grain))
        return np.array(answer, np.float32).clip(0, 255)


@pytest.mark.parametrize("name", SUBJECTS)
@pytest.mark.parametrize("how", ["soft", "original"])
def test_the_effect_keeps_the_contract(name: str, how: Any) -> None:
    check_anonymizer(Generated(Grain(), SUBJECTS[name], seam=how))


def picture(width: int = 160, height: int = 120) -> Frame:
    rows, columns = np.mgrid[:height, :width]
    colours = np.stack([columns, rows, rows + columns], axis=2) % 256
    return Frame((colours.astype(np.uint8),), PixelFormat("rgb24", ((1, 1),), 8, "rgb", True), 0, 0, Fraction(1, 25))


def region(box: tuple[float, float, float, float], seed: int = 1, shape: Any = None) -> Region:
    where = np.array(box, np.float32)
    return Region(seed, "face", where, (shape or HeadOval()).mask(where), seed=seed)


def shown(frame: Frame, hidden: list[Region], effect: Generated) -> Frame:
    [patches] = effect.paint([blanked(frame, hidden)], [hidden])
    return composite(frame, hidden, patches)


@pytest.mark.parametrize("name", SUBJECTS)
@pytest.mark.parametrize("how", ["soft", "original"])
def test_what_is_hidden_plays_no_part(name: str, how: Any) -> None:
    """Not even through the grey in its place, or through another region that is hidden beside it."""
    hidden = [region((40, 30, 70, 65), 1), region((60, 50, 95, 95), 2), region((-10, 90, 15, 125), 3)]
    frame = picture()
    others = frame.planes[0].copy()
    for one in hidden:
        inside = pixels.alphas(frame, one.mask, (0, 0, *frame.size))[0] > 0
        others[inside] = 255 - others[inside]
    effect = Generated(Grain(), SUBJECTS[name], seam=how)
    came = [effect.paint([one], [hidden]) for one in (frame, frame.with_planes((others,)))]
    for a, b in zip(*(patches[0] for patches in came), strict=True):
        assert all(map(np.array_equal, a.planes, b.planes))


@pytest.mark.parametrize("subject", [FACES, PERSONS])
def test_all_that_is_hidden_is_drawn_and_nothing_else(subject: Any) -> None:
    frame, hidden = picture(), [region((40, 30, 70, 65)), region((150, 100, 170, 130), 2)]
    came = shown(frame, hidden, Generated(Grain(), subject, seam="original"))
    whole = np.maximum.reduce([pixels.alphas(frame, one.mask, (0, 0, *frame.size))[0] for one in hidden])
    changed = (came.planes[0] != frame.planes[0]).any(2)
    assert changed[whole == 255].mean() > 0.99  # grain may hit the colour that was there
    assert not changed[whole == 0].any()
    grey = (came.planes[0] == 128).all(2)
    assert grey.sum() < 5


def test_a_track_keeps_its_look_and_another_has_its_own() -> None:
    frames = [replace(picture(), index=i) for i in range(3)]
    hidden = [[region((40, 30, 70, 65), 7)], [region((40, 30, 70, 65), 7)], [region((40, 30, 70, 65), 2**63 + 8)]]
    first, second, other = (patches[0].planes[0] for patches in Generated(Grain(), FACES).paint(frames, hidden))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_the_regions_of_many_frames_are_drawn_at_once_and_those_that_overlap_in_turn() -> None:
    drawer = Grain()
    apart = [region((20, 20, 30, 32), 1), region((110, 70, 130, 95), 2)]
    over = [region((50, 50, 60, 62), 3), region((55, 50, 75, 75), 4)]
    together = Generated(drawer, FACES).paint([picture()] * 3, [apart, over, []])
    assert drawer.batches == [3, 1]
    alone = [Generated(Grain(), FACES).paint([picture()], [mine])[0] for mine in (apart, over, [])]
    for mine, theirs in zip(together, alone, strict=True):
        assert all(np.array_equal(a.planes[0], b.planes[0]) for a, b in zip(mine, theirs, strict=True))


def test_the_larger_of_two_comes_later_and_sees_the_smaller_as_it_was_drawn() -> None:
    drawer = Grain()
    small, large = region((50, 50, 60, 62), 3), region((55, 50, 85, 90), 4)
    frame = picture()
    Generated(drawer, PERSONS).paint([blanked(frame, [large, small])], [[large, small]])
    assert [seed for _, _, seed in drawer.shown] == [3, 4]
    unknown = [(~target.known).mean() for _, target, _ in drawer.shown]
    crop, target, _ = drawer.shown[1]
    assert unknown[0] > 0.2  # the larger one is unknown to the smaller one
    grey = (np.abs(crop.astype(int) - 128).max(2) <= 1) & target.known
    assert not grey.any()


def test_regions_outside_the_picture_and_tiny_ones_have_patches() -> None:
    frame = picture()
    hidden = [region((400, 10, 420, 30)), region((80, 60, 81, 61), 2, Rectangle(grow=0, feather=0))]
    for subject in SUBJECTS.values():
        [patches] = Generated(Grain(), subject).paint([frame], [hidden])
        assert patches[0].planes[0].size == 0
        assert patches[1].planes[0].shape == (1, 1, 3)
        [[alone]] = Generated(Grain(), subject).paint([frame], [hidden[:1]])
        assert alone.planes[0].size == 0


@pytest.mark.parametrize("case", CASES)
def test_colours_come_out_as_they_were_drawn(case: tuple[str, tuple[int, int], int]) -> None:
    """In every format: the patch of an even picture is of its colour."""

    class Even:
        size = (16, 16)

        def draw(self, pictures: Any, targets: Any, seeds: Any) -> NDArray[np.float32]:
            return np.full((len(pictures), 16, 16, 3), (200, 120, 40), np.float32)

    [frame] = drawn(*case, count=1)
    wanted = pixels.colour(frame.format, (200, 120, 40))
    [patches] = Generated(Even(), FACES, seam="original").paint([frame], [regions(frame)])
    for one, patch in zip(regions(frame), patches, strict=True):
        for plane, alpha, value in zip(patch.planes, pixels.alphas(frame, one.mask, patch.box), wanted, strict=True):
            off = np.abs(plane[alpha == 255].astype(int) - np.asarray(value, int))
            assert off.max(initial=0) <= 1 << (frame.format.depth - 8)


# The seam


def test_a_seam_has_one_colour_on_both_sides_and_the_middle_stays() -> None:
    known = np.ones((100, 100), bool)
    known[20:80, 20:80] = False
    around = np.full((100, 100, 3), 90, np.uint8)
    made = np.full((100, 100, 3), 90, np.float32)
    made[~known] = 150
    came = seam.matched(made, around, known)
    assert np.abs(came[20, 30:70] - 90).max() < 8
    assert np.abs(came[50, 50] - 150).max() < 1
    assert np.array_equal(came[known], made[known])
    column = came[20:50, 50, 0]
    assert (np.diff(column) >= 0).all()


def test_a_seam_does_not_take_on_the_black_beyond_the_picture() -> None:
    white = replace(picture(), planes=(np.full((120, 160, 3), 255, np.uint8),))
    hidden = [region((60, -10, 100, 40))]
    drawer = Grain()
    Generated(drawer, FACES).paint([blanked(white, hidden)], [hidden])
    [(crop, target, _)] = drawer.shown
    assert target.kept is not None
    assert (crop[target.kept] > 250).all()
    assert target.kept.any()


def test_a_seam_needs_somebody_on_both_sides() -> None:
    made = np.random.default_rng(0).random((20, 20, 3)).astype(np.float32)
    for known in (np.zeros((20, 20), bool), np.ones((20, 20), bool)):
        assert np.array_equal(seam.matched(made, np.zeros((20, 20, 3), np.uint8), known), made)


# Weights


def test_a_missing_file_or_name_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs the extra generate")
    monkeypatch.setenv("PASSERBY_MODELS", str(tmp_path))
    for variable in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    with pytest.raises(WeightsError, match=r"stylegan_fdf128.ckpt is missing .* licence: "):
        generated("stylegan_fdf128")
    with pytest.raises(OptionError, match="stylegan_fdf128"):
        generated("deep_privacy1")


def test_without_pytorch_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from passerby.weights import checkpoint

    def missing(name: str) -> None:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(checkpoint, "import_module", missing)
    with pytest.raises(OptionError, match=r"pip install 'passerby\[generate\]'"):
        generated("stylegan")


def test_a_small_checkpoint_in_the_published_format_paints_a_whole_stream(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    torch = pytest.importorskip("torch", reason="needs the extra generate")
    torch.set_num_threads(1)
    from passerby.paint.gan import published
    from passerby.paint.gan.unet import UnetSize

    torch.manual_seed(0)
    size = UnetSize(imsize=(32, 32), cnum=4, max_cnum_mul=2, z_channels=8, w_dim=6)
    monkeypatch.setitem(published.SIZES, "stylegan", size)
    held = published.build(size).state_dict() | {"loss": torch.zeros(1)}
    torch.save({"EMA_generator": held, "w_centers": torch.randn(5, 6)}, tmp_path / "a.ckpt")
    effect = generated("stylegan", tmp_path / "a.ckpt")
    assert effect.notes == ("stylegan: weights that are not needed are passed over: loss",)
    frames = drawn(count=10)
    rows = [sightings(frame) for frame in frames]
    came = [frame for frame, _ in hidden(zip(frames, rows, strict=True), effect, {"face": HeadOval()}, 3)]
    again = [frame for frame, _ in hidden(zip(frames, rows, strict=True), effect, {"face": HeadOval()}, 3)]
    assert len(came) == 10
    for frame, one, other in zip(frames, came, again, strict=True):
        assert all(map(np.array_equal, one.planes, other.planes))
        assert not np.array_equal(one.planes[0][12:20, 22:30], frame.planes[0][12:20, 22:30])
        assert np.array_equal(one.planes[0][:, 48:], frame.planes[0][:, 48:])


def sightings(frame: Frame) -> Sightings:
    """A face in the middle of the left half."""
    one = np.ones(1)
    box = np.array([[20, 10, 32, 24]], np.float32)
    return Sightings(
        np.zeros(1, np.int64), np.int64(one * frame.index), box, np.float32(one), np.uint8(one), np.array(["face"])
    )


def test_a_network_with_one_look_for_all_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch", reason="needs the extra generate")
    from passerby.paint.gan import published
    from passerby.paint.gan.generator import Looks
    from passerby.paint.gan.unet import UnetSize

    size = UnetSize(imsize=(16, 16), cnum=2, max_cnum_mul=2, z_channels=8, w_dim=6)
    monkeypatch.setitem(published.SIZES, "stylegan", size)
    torch.save(published.build(size).state_dict(), tmp_path / "a.ckpt")
    assert generated("stylegan", tmp_path / "a.ckpt").notes == ()
    assert "the same look" in generated("stylegan", tmp_path / "a.ckpt", looks=Looks()).notes[0]
