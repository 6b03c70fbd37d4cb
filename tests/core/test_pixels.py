"""Planes, windows and colours mean the same whatever the format, and however the picture is turned."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_frames import FORMATS, RGB, RGBA_16, YUV420, YUV422_10, frame
from hypothesis import given
from hypothesis import strategies as st

from passerby.core import pixels
from passerby.core.frame import PixelFormat
from passerby.core.regions import Mask
from passerby.testing import CASES, drawn

SIZES = ((96, 64), (53, 31), (52, 31), (53, 30), (1, 1))


@pytest.mark.parametrize("turn", range(4))
@pytest.mark.parametrize("size", SIZES)
def test_turning_back_gives_the_decoders_planes(turn, size):
    turned, straight = frame(turn=turn, size=size), frame(size=size)
    for mine, decoders in zip(turned.planes, straight.planes, strict=True):
        assert np.array_equal(pixels.stored(mine, turn), decoders)


@pytest.mark.parametrize("turn", range(4))
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("pixel_format", FORMATS, ids=lambda f: f.name)
def test_the_whole_frame_is_the_window_of_its_own_box(pixel_format, size, turn):
    whole = frame(pixel_format, size, turn=turn)
    box = pixels.aligned(whole, (0, 0, *whole.size))
    assert box == (0, 0, *whole.size)
    for part, plane in zip(pixels.crop(whole, box), whole.planes, strict=True):
        assert part.shape == plane.shape


@given(st.data())
def test_a_chroma_sample_is_hidden_when_any_pixel_that_it_serves_is(data):
    """Colour must not betray an edge, also in turned pictures of odd size, where the grid begins with half a sample."""
    turn, size = data.draw(st.integers(0, 3)), data.draw(st.sampled_from(SIZES[:4]))
    straight = frame(size=size)
    x, y = data.draw(st.integers(0, size[0] - 1)), data.draw(st.integers(0, size[1] - 1))
    stored = np.zeros(size[::-1], np.uint8)
    stored[y, x] = 255
    upright = np.rot90(stored, -turn)
    row, column = np.argwhere(upright == 255)[0]
    turned = frame(size=size, turn=turn)
    box = pixels.aligned(turned, (0, 0, *turned.size))
    weights = pixels.alphas(turned, Mask(int(column), int(row), np.full((1, 1), 255, np.uint8)), box)
    luma, chroma = (pixels.stored(weight, turn) for weight in weights[:2])
    assert np.argwhere(luma == 255).tolist() == [[y, x]]
    assert np.argwhere(chroma == 255).tolist() == [[y // 2, x // 2]]
    assert chroma.shape == straight.planes[1].shape


@pytest.mark.parametrize(
    ("colour", "limited", "full"),
    [
        ((0, 0, 0), (16, 128, 128), (0, 128, 128)),
        ((255, 255, 255), (235, 128, 128), (255, 128, 128)),
        ((255, 0, 0), (63, 102, 240), (54, 99, 256)),
        ((0, 0, 255), (32, 240, 118), (18, 256, 116)),
    ],
)
def test_colours_are_those_of_bt709(colour, limited, full):
    """ITU-R BT.709-6, items 3.2 to 3.5; 256 is clipped to 255."""
    assert tuple(pixels.colour(YUV420, colour)) == limited
    whole = PixelFormat("yuv420p", YUV420.subsampling, 8, "bt709", True)
    assert tuple(pixels.colour(whole, colour)) == tuple(min(value, 255) for value in full)


def test_ten_bits_are_four_times_eight_bits():
    assert tuple(pixels.colour(YUV422_10, (255, 255, 255))) == (940, 512, 512)


def test_a_colour_of_an_rgba_picture_is_opaque():
    assert pixels.colour(RGBA_16, (255, 0, 128))[0].tolist() == [65535, 0, 32896, 65535]


@pytest.mark.parametrize("matrix", ["bt601", "bt709", "bt2020"])
@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("depth", [8, 10])
def test_rgb_survives_the_way_to_planes_and_back(matrix, full_range, depth):
    pixel_format = PixelFormat("yuv444p", ((1, 1),) * 3, depth, matrix, full_range)
    picture = np.random.default_rng(2).integers(0, 256, (20, 30, 3), np.uint8)
    planes, _ = pixels.upright(pixels.from_rgb(picture, pixel_format), pixel_format, 0)
    back = pixels.rgb(frame(RGB).with_planes(planes).__class__(planes, pixel_format, 0, 0, frame().time_base))
    assert np.abs(back.astype(int) - picture).max() <= 3


@pytest.mark.parametrize("turn", range(4))
def test_a_small_picture_is_upright(turn):
    """A bright corner stays where the upright picture has it."""
    planes = [np.zeros((40, 60), np.uint8), np.full((20, 30), 128, np.uint8), np.full((20, 30), 128, np.uint8)]
    upright_luma = np.rot90(planes[0], -turn)
    upright_luma[:10, :10] = 235
    views, pixel_format = pixels.upright(tuple(planes), YUV420, turn)
    turned = frame(turn=turn).__class__(views, pixel_format, 0, 0, frame().time_base, turn)
    small = pixels.rgb(turned, (20, 20))
    assert small[0, 0].min() > 200
    assert small[-1, -1].max() < 50
    assert pixels.luma(turned, (20, 20))[0, 0] > 200


def test_frames_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        frame().planes[0][0, 0] = 1


@pytest.mark.parametrize("case", CASES)
def test_a_picture_as_planes_has_the_shapes_of_the_frame_and_its_colours_at_their_place(case) -> None:
    [frame] = drawn(*case, count=1)
    width, height = frame.size
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, width // 2 :] = 200, 60, 30
    box = pixels.aligned(frame, (3, 5, width - 2, height - 1))
    came = pixels.to_planes(picture[box[1] : box[3], box[0] : box[2]], frame, box)
    for plane, old, dark, light, step in zip(
        came,
        pixels.crop(frame, box),
        pixels.colour(frame.format, (0, 0, 0)),
        pixels.colour(frame.format, (200, 60, 30)),
        frame.format.subsampling,
        strict=True,
    ):
        assert (plane.shape, plane.dtype) == (old.shape, old.dtype)
        middle = (width // 2 - box[0]) // step[0]
        assert (plane[:, : middle - 1] == dark).all()
        assert (plane[:, middle + 2 :] == light).all()


def test_a_shared_sample_is_the_mean_of_the_pixels_that_it_serves() -> None:
    [frame] = drawn("yuv420p", (8, 6), count=1)
    picture = np.random.default_rng(0).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    whole = pixels.from_rgb(picture, frame.format)
    came = pixels.to_planes(picture, frame, (0, 0, 8, 6))
    assert np.array_equal(came[0], whole[0])
    for plane, full in zip(came[1:], whole[1:], strict=True):
        assert np.array_equal(plane, np.rint(full.reshape(3, 2, 4, 2).mean((1, 3))))


@pytest.mark.parametrize("case", CASES)
def test_what_a_pixel_shows_is_seen_no_further_than_colour_spreads(case) -> None:
    [frame] = drawn(*case, count=1)
    before, more = pixels.rgb(frame).astype(int), pixels.spread(frame.format)
    box = pixels.aligned(frame, (14, 12, 15, 13))
    planes = [plane.copy() for plane in frame.planes]
    for part in pixels.crop(frame.with_planes(tuple(planes)), box):
        part[...] = frame.format.peak
    changed = (pixels.rgb(frame.with_planes(tuple(planes))) != before).any(2)
    rows, columns = np.nonzero(changed)
    assert len(rows)
    assert columns.min() >= 14 - more
    assert columns.max() <= 14 + more
    assert rows.min() >= 12 - more
    assert rows.max() <= 12 + more


@pytest.mark.parametrize("box", [(0, 0, 4, 4), (1, 1, 3, 4), (-2, -1, 2, 3), (2, 2, 9, 9), (-9, 0, -5, 4)])
def test_a_mask_is_placed_in_a_box_as_it_lies_in_the_frame(box) -> None:
    mask = Mask(1, 1, np.arange(1, 7, dtype=np.uint8).reshape(3, 2))
    plane = np.zeros((40, 40), np.uint8)
    plane[21:24, 21:23] = mask.alpha
    x0, y0, x1, y1 = box
    np.testing.assert_array_equal(pixels.placed(mask, box), plane[y0 + 20 : y1 + 20, x0 + 20 : x1 + 20])
