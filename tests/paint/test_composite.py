"""Outside the masks nothing changes, inside nothing stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from drawn_frames import FORMATS, YUV420, frame

from passerby.core import pixels
from passerby.core.errors import StageError
from passerby.core.regions import Mask, Patch, Region
from passerby.paint.composite import blanked, composite, grey
from passerby.paint.effects import ByLabel, Fill, Mosaic, Outline

BOX = np.array([20, 10, 50, 40], np.float32)


def region(mask, box=BOX):
    return Region(1, "face", box, mask, seed=7)


def full(x, y, width, height):
    return Mask(x, y, np.full((height, width), 255, np.uint8))


def filled(picture, regions):
    [patches] = Fill(colour=(200, 30, 90)).paint([picture], [regions])
    return composite(picture, regions, patches)


@pytest.mark.parametrize("turn", range(4))
@pytest.mark.parametrize("size", [(96, 64), (97, 65)])
@pytest.mark.parametrize("pixel_format", FORMATS, ids=lambda f: f.name)
def test_a_region_is_replaced_and_the_rest_is_the_decoders_to_the_bit(pixel_format, size, turn):
    before = frame(pixel_format, size, turn=turn)
    mask = full(21, 11, 17, 23)
    after = filled(before, [region(mask)])
    whole = pixels.aligned(before, (0, 0, *before.size))
    for old, new, weight, colour in zip(
        before.planes,
        after.planes,
        pixels.alphas(before, mask, whole),
        pixels.colour(before.format, (200, 30, 90)),
        strict=True,
    ):
        assert np.array_equal(new[weight == 0], old[weight == 0])
        assert (new[weight == 255] == colour).all()
        assert new.dtype == old.dtype


@pytest.mark.parametrize("mask", [full(-10, -10, 30, 30), full(80, 50, 60, 60), full(-50, -50, 400, 400)])
def test_a_region_over_the_edge_is_hidden_as_far_as_it_is_seen(mask):
    before = frame()
    after = filled(before, [region(mask)])
    luma = after.planes[0][max(mask.y, 0) : mask.box[3], max(mask.x, 0) : mask.box[2]]
    assert (luma == luma[0, 0]).all()


def test_a_region_outside_the_picture_changes_nothing():
    before = frame()
    after = filled(before, [region(full(500, 500, 20, 20))])
    assert all(np.array_equal(a, b) for a, b in zip(before.planes, after.planes, strict=True))


def test_the_soft_edge_is_a_weighted_mean():
    before = frame()
    after = filled(before, [region(Mask(20, 10, np.full((8, 8), 128, np.uint8)))])
    old, new = (picture.planes[0][10:18, 20:28].astype(int) for picture in (before, after))
    value = int(pixels.colour(YUV420, (200, 30, 90))[0])
    assert np.array_equal(new, (old * 127 + value * 128 + 127) // 255)


@pytest.mark.parametrize("first", ["face", "person"])
def test_a_drawing_around_a_person_uncovers_no_face(first):
    """However much larger it is, and whichever comes first."""
    before, face, person = frame(), full(30, 20, 12, 12), full(10, 5, 60, 50)
    regions = [region(face), replace(region(person), label="person")]
    regions = regions if first == "face" else regions[::-1]
    effect = ByLabel({"face": Fill(colour=(200, 30, 90)), "person": Outline()})
    [patches] = effect.paint([before], [regions])
    after = composite(before, regions, patches)
    assert (after.planes[0][20:32, 30:42] == pixels.colour(YUV420, (200, 30, 90))[0]).all()
    assert (after.planes[0] != filled(before, [region(face)]).planes[0]).any(), "the drawing is there, too"


def test_the_decoders_memory_is_not_written_to():
    """Later frames are predicted from it: painting there would smear over them."""
    before = frame()
    copies = [plane.copy() for plane in before.planes]
    filled(before, [region(full(0, 0, 96, 64))])
    assert all(np.array_equal(plane, copy) for plane, copy in zip(before.planes, copies, strict=True))


def test_the_result_lies_in_memory_as_the_decoders_planes_do():
    after = filled(frame(turn=1), [region(full(0, 0, 20, 20))])
    assert pixels.stored(after.planes[0], 1).flags.c_contiguous


def test_blanked_pictures_do_not_tell_what_was_there():
    regions = [region(full(20, 10, 30, 30))]
    one, other = frame(), frame(seed=5)
    for a, b in zip(blanked(one, regions).planes, blanked(other, regions).planes, strict=True):
        rows, columns = (slice(5, 20), slice(10, 25)) if len(a) == 32 else (slice(10, 40), slice(20, 50))
        assert np.array_equal(a[rows, columns], b[rows, columns])


@pytest.mark.parametrize("turn", range(4))
@pytest.mark.parametrize("pixel_format", FORMATS, ids=lambda f: f.name)
def test_a_grey_picture_is_that_of_all_that_is_hidden(pixel_format, turn):
    before = frame(pixel_format, turn=turn)
    whole = blanked(before, [region(full(0, 0, *before.size))])
    plain = grey(before)
    assert (plain.size, plain.format, plain.turn, plain.index) == (
        before.size,
        before.format,
        before.turn,
        before.index,
    )
    for a, b in zip(plain.planes, whole.planes, strict=True):
        assert a.dtype == b.dtype
        assert np.array_equal(a, b)


def good_patch(picture, regions):
    [[patch]] = Fill().paint([picture], [regions])
    return patch


@pytest.mark.parametrize(
    "spoil",
    [
        lambda patch: [],
        lambda patch: [patch, patch],
        lambda patch: [replace(patch, planes=patch.planes[:2])],
        lambda patch: [replace(patch, planes=tuple(plane[1:] for plane in patch.planes))],
        lambda patch: [replace(patch, planes=tuple(plane.astype(np.uint16) for plane in patch.planes))],
        lambda patch: [replace(patch, box=(21, 11, 41, 41))],
        lambda patch: [replace(patch, box=(-2, 0, 30, 30))],
        lambda patch: [Patch((24, 10, 30, 20), tuple(plane[:5, :3] for plane in patch.planes))],
    ],
    ids=["none", "two", "a plane short", "a row short", "wrong depth", "odd box", "outside", "too small"],
)
def test_a_patch_that_does_not_fit_stops_the_run(spoil):
    picture, regions = frame(), [region(full(20, 10, 20, 30))]
    with pytest.raises(StageError):
        composite(picture, regions, spoil(good_patch(picture, regions)))


def test_a_small_patch_brings_no_detail_back_into_a_large_one():
    """Cells are relative to the thing hidden: those of a small one inside a large one would be too fine."""
    picture = frame()
    large, small = region(full(10, 8, 60, 48)), region(full(30, 20, 12, 12))
    [both] = Mosaic().paint([picture], [[large, small]])
    after = composite(picture, [large, small], both)
    [alone] = Mosaic().paint([picture], [[large]])
    assert np.array_equal(after.planes[0], composite(picture, [large], alone).planes[0])
