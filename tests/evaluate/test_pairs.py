"""People cut out of both videos by the original's boxes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx_models
import pytest

from passerby.core.errors import InputError, NotMeasurable
from passerby.evaluate import pairs
from passerby.evaluate.pairs import Embedded
from passerby.evaluate.people import Appearances

SIZE = (64, 48)


def video(frames, value=0):
    """Frames in which every pixel tells its place: red is x, green is y; blue is `value`."""
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    picture = np.dstack([x, y, np.full_like(x, value)]).astype(np.uint8)
    return [replace(onnx_models.framed(picture), index=index) for index in range(frames)]


def people(*rows, frames=4, size=SIZE):
    """Rows of (frame, person, box)."""
    return Appearances(
        frames,
        size,
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], np.float32).reshape(-1, 4),
        np.ones(len(rows), np.bool_),
    )


BOX = (10, 4, 30, 44)


def test_both_videos_are_cut_at_the_same_place():
    seen = people((1, 5, BOX), (3, 9, (40, 8, 60, 20)))
    views = pairs.cut(video(4), video(4, value=200), seen)
    assert views.identities.tolist() == [5, 9]
    assert views.frames.tolist() == [1, 3]
    for before, after, shape in zip(views.originals, views.anonymized, [(40, 20, 3), (12, 20, 3)], strict=True):
        assert before.shape == after.shape == shape
        assert (before[..., :2] == after[..., :2]).all()
        assert set(before[..., 2].flat) == {0}
        assert set(after[..., 2].flat) == {200}
    assert views.originals[0][0, 0].tolist() == [10, 4, 0]


def test_faces_are_cut_out_square_and_at_the_edge_as_far_as_there_is_a_picture():
    small, corner = (20, 20, 30, 40), (0, 0, 10, 20)
    assert pairs.squared(np.float32([small])).tolist() == [pytest.approx([13, 16.8, 37, 40.8])]
    views = pairs.cut(video(1), video(1), people((0, 1, small), (0, 2, corner), frames=1), pairs.squared)
    assert [crop.shape for crop in views.originals] == [(24, 24, 3), (21, 17, 3)]


@pytest.mark.parametrize(
    ("before", "after", "seen", "says"),
    [
        (4, 3, 4, "ends after 3 frames"),
        (4, 5, 4, "the original has 4 frames"),
        (4, 4, 5, "the original has 4 frames"),
        (3, 3, 4, "the original has 3 frames"),
    ],
)
def test_videos_that_are_no_pair_are_refused(before, after, seen, says):
    with pytest.raises(InputError, match=says):
        pairs.cut(video(before), video(after), people((0, 1, BOX), frames=seen))


def test_videos_of_another_size_are_refused():
    with pytest.raises(InputError, match="at the original's size"):
        pairs.cut(video(1), [onnx_models.noise(32, 24)], people((0, 1, BOX), frames=1))


def test_a_box_without_a_pixel_is_refused():
    """Rows of crops would no longer be those of the boxes."""
    with pytest.raises(InputError, match="no pixel"):
        pairs.cut(video(1), video(1), people((0, 1, BOX), (0, 2, (70, 0, 80, 9)), frames=1))


def test_rows_out_of_order_are_refused():
    with pytest.raises(ValueError, match="sort the rows"):
        pairs.cut(video(2), video(2), people((1, 1, BOX), (0, 2, BOX), frames=2))


def test_nobody_cannot_be_cut_out():
    with pytest.raises(NotMeasurable, match="nobody"):
        pairs.cut(video(1), video(1), people(frames=1))


def test_everyone_is_thinned_evenly_and_the_tiny_and_unsure_are_left_out():
    rows = [(frame, 1, BOX) for frame in range(101)] + [(frame, 2, BOX) for frame in range(3)]
    rows += [(0, 3, (0, 0, 7, 40)), (0, 4, BOX)]
    everyone = people(*rows, frames=101)
    everyone = replace(everyone, sure=everyone.people != 4)
    kept = pairs.thinned(everyone, most=5)
    assert kept.frames[kept.people == 1].tolist() == [0, 25, 50, 75, 100]
    assert kept.frames[kept.people == 2].tolist() == [0, 1, 2]
    assert set(kept.people.tolist()) == {1, 2}
    assert len(pairs.thinned(people()).frames) == 0


def test_every_other_frame_is_taken_for_following():
    kept = pairs.every(people(*((frame, 1, BOX) for frame in range(5)), (4, 2, (0, 0, 7, 40)), frames=5), 2)
    assert kept.frames.tolist() == [0, 2, 4]
    assert kept.people.tolist() == [1, 1, 1]


class Blue:
    """The mean blue of a crop."""

    model = "blue"

    def embed(self, crops):
        return np.array([[crop[..., 2].mean()] for crop in crops], np.float32)


def test_both_sides_go_through_one_model():
    views = pairs.cut(video(1, 10), video(1, 20), people((0, 1, BOX), frames=1))
    embedded = pairs.embed(views, Blue())
    assert (embedded.originals.tolist(), embedded.anonymized.tolist(), embedded.model) == ([[10]], [[20]], "blue")


def test_columns_of_different_length_are_refused():
    with pytest.raises(ValueError, match=r"\[1, 2\] rows"):
        Embedded(np.zeros(2, np.int64), np.zeros(2, np.int64), np.eye(2), np.eye(1, 2))
