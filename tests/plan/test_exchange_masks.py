"""Masks go to COCO and come back to the pixel; what others write is understood or refused."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from drawn_plans import plan, track
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby.core.errors import InputError
from passerby.core.regions import Mask
from passerby.core.runs import Runs
from passerby.plan.exchange import read, write
from passerby.plan.exchange.masks import told, understood

WIDTH, HEIGHT = SIZE = 11, 7
pictures = st.lists(st.booleans(), min_size=WIDTH * HEIGHT, max_size=WIDTH * HEIGHT).map(
    lambda bits: np.array(bits).reshape(HEIGHT, WIDTH)
)


def runs(picture):
    return Runs.of(Mask(0, 0, picture.astype(np.uint8)), picture.shape[::-1])


def packed(counts):
    """As maskApi.c packs them, written out."""
    text = ""
    for i, count in enumerate(counts):
        value = count - counts[i - 2] if i > 2 else count
        while True:
            low, value = value & 31, value >> 5
            done = value == (-1 if low & 16 else 0)
            text += chr((low if done else low | 32) + 48)
            if done:
                break
    return text


@given(pictures)
def test_run_lengths_are_understood_plain_and_packed(picture):
    mask = runs(picture)
    for told_as in (told(mask), json.dumps({"size": [HEIGHT, WIDTH], "counts": packed(mask.counts.tolist())})):
        back = understood(json.loads(told_as), SIZE)
        assert back is None if not mask.area else back.counts.tolist() == mask.counts.tolist()


def test_long_runs_are_packed_in_several_characters():
    picture = np.zeros((1080, 1920), bool)
    picture[100:900, 300:305] = picture[7, 1500] = True
    counts = runs(picture).counts.tolist()
    back = understood({"size": [1080, 1920], "counts": packed(counts)}, (1920, 1080))
    assert back.counts.tolist() == counts


def with_masks():
    """Two tracks, one of them with masks in some frames."""
    persons = track(4, 3, 9, label="person")
    masks = np.full(6, None)
    for i in (0, 1, 4):
        masks[i] = Runs.of(Mask(100 + i, 50, np.tri(40, 30, dtype=np.uint8)), (640, 360))
    return plan(track(1, 0, 5), replace(persons, masks=masks))


def there_and_back(a_plan, format):
    file = io.BytesIO()
    write(a_plan, file, format)
    return read(file.getvalue(), plan(), format)


def test_coco_brings_every_mask_back_and_no_other():
    faces, persons = there_and_back(with_masks(), "coco").tracks
    assert faces.masks is None
    for back, there in zip(persons.masks, with_masks().tracks[1].masks, strict=True):
        assert (back is None) == (there is None)
        assert there is None or back.counts.tolist() == there.counts.tolist()


@pytest.mark.parametrize("format", ["cvat", "csv", "json"])
def test_formats_without_masks_leave_the_boxes(format):
    back = there_and_back(with_masks(), format)
    assert all(it.masks is None for it in back.tracks)
    np.testing.assert_array_equal(back.rows().boxes, with_masks().rows().boxes)


@given(st.lists(st.tuples(st.integers(-3, 14), st.integers(-3, 10)), min_size=3, max_size=5))
def test_a_polygon_holds_every_pixel_whose_middle_lies_in_it(corners):
    mask = understood([[float(side) for corner in corners for side in corner]], SIZE)
    picture = np.zeros((HEIGHT, WIDTH), bool)
    if mask is not None:
        x0, y0, x1, y1 = mask.mask().box
        picture[y0:y1, x0:x1] = mask.mask().alpha > 0
    for y in range(HEIGHT):
        for x in range(WIDTH):
            assert picture[y, x] or not within(x + 0.5, y + 0.5, corners)


def within(x, y, corners):
    """By the even-odd rule, and not on the outline."""
    inside = False
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        if (ay <= y) != (by <= y) and ax + (y - ay) / (by - ay) * (bx - ax) > x:
            inside = not inside
    return inside


def cvat(shape):
    """A file of CVAT for images with one shape in frame 3."""
    return f"""<annotations><version>1.1</version><image id="3" name="x" width="640" height="360">
    <{shape} label="person" source="manual" occluded="0" z_order="0"/></image></annotations>""".encode()


@given(pictures)
def test_masks_that_were_painted_in_cvat_come_in(picture):
    rows, inside = [0], False
    for pixel in picture.ravel():
        if pixel != inside:
            rows.append(0)
            inside = not inside
        rows[-1] += 1
    rle = ", ".join(map(str, rows))
    it = read(cvat(f'mask rle="{rle}" left="100" top="50" width="{WIDTH}" height="{HEIGHT}"'), plan(), "cvat")
    [one] = it.tracks
    assert one.boxes.tolist() == [[100, 50, 100 + WIDTH, 50 + HEIGHT]]
    wanted = Runs.of(Mask(100, 50, picture.astype(np.uint8)), (640, 360))
    assert one.masks is None if not picture.any() else one.masks[0].counts.tolist() == wanted.counts.tolist()


def test_polygons_that_were_drawn_in_cvat_come_in():
    [one] = read(cvat('polygon points="100.5,50;160,50;100.5,90"'), plan(), "cvat").tracks
    assert one.boxes.tolist() == [[100.5, 50, 160, 90]]
    mask = one.masks[0].mask()
    assert mask.x <= 100
    assert mask.box[2] >= 160
    assert 0.5 * 60 * 40 <= one.masks[0].area <= 0.6 * 62 * 44


@pytest.mark.parametrize(
    "shape",
    [
        'mask rle="5, 5" left="0" top="0" width="3" height="3"',
        'mask rle="-1, 10" left="0" top="0" width="3" height="3"',
        'mask rle="9" left="0" top="0" width="3" height="x"',
        'mask rle="1000000000000" left="0" top="0" width="1000000" height="1000000"',
        'mask left="0" top="0" width="3" height="3"',
        'polygon points="1,1;2,2"',
    ],
)
def test_what_cvat_never_writes_is_refused(shape):
    with pytest.raises(InputError):
        read(cvat(shape), plan(), "cvat")


@pytest.mark.parametrize("nothing", [None, [], {}, {"size": [HEIGHT, WIDTH], "counts": [77]}])
def test_where_nothing_is_told_there_is_no_mask(nothing):
    assert understood(nothing, SIZE) is None


WRONG = {
    "another picture": ({"size": [WIDTH, HEIGHT], "counts": [77]}, "wanted"),
    "no size": ({"counts": [77]}, "wanted"),
    "too few pixels": ({"size": [HEIGHT, WIDTH], "counts": [7, 3]}, "add up"),
    "too many": ({"size": [HEIGHT, WIDTH], "counts": [2**31, 2**31]}, "add up"),
    "beyond all numbers": ({"size": [HEIGHT, WIDTH], "counts": [2**40]}, "cannot be read"),
    "below zero": ({"size": [HEIGHT, WIDTH], "counts": [80, -3]}, "cannot be read"),
    "text for a number": ({"size": [HEIGHT, WIDTH], "counts": ["77"]}, "whole numbers"),
    "no counts": ({"size": [HEIGHT, WIDTH]}, "whole numbers"),
    "no packed text": ({"size": [HEIGHT, WIDTH], "counts": "!!"}, "no packed run length"),
    "a packed number without end": ({"size": [HEIGHT, WIDTH], "counts": "o" * 100}, "no packed run length"),
    "packed text that breaks off": ({"size": [HEIGHT, WIDTH], "counts": "]2o"}, "break off"),
    "a number": (7, "polygons are wanted"),
    "numbers in no polygon": ([1, 2, 3, 4, 5, 6], "polygons are wanted"),
    "two corners": ([[1, 2, 3, 4]], "three corners"),
    "half a corner": ([[1, 2, 3, 4, 5, 6, 7]], "three corners"),
    "corners far away": ([[1, 2, 3, 4, 5, 1e9]], "three corners"),
    "a corner that is none": ([[1, 2, 3, 4, 5, "x"]], "number is wanted"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_mask_is_refused_in_one_line(name):
    segmentation, said = WRONG[name]
    with pytest.raises(InputError, match=said) as refused:
        understood(segmentation, SIZE)
    assert len(str(refused.value).splitlines()) == 1


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=[chr(i) for i in range(40, 120)], max_size=30))
def test_any_text_is_a_mask_of_the_picture_or_refused(text):
    try:
        mask = understood({"size": [HEIGHT, WIDTH], "counts": text}, SIZE)
    except InputError:
        return
    assert mask is None or mask.counts.sum() == WIDTH * HEIGHT
