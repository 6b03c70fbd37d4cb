"""What a ControlNet is shown of persons, in the crops that are drawn of them later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import drawn_frames
import numpy as np
import pytest
from drawn_frames import YUV444_FULL
from numpy.typing import NDArray

from passerby.core.detections import Detections
from passerby.core.errors import StageError
from passerby.core.frame import Frame
from passerby.core.regions import Mask, Region
from passerby.paint.diffusion.controls import Shapes, Skeletons, found_by, told_by
from passerby.paint.gan.tellers import Seen
from passerby.paint.gan.told import BodyPose, Told

Picture = NDArray[np.uint8]


def frame(index: int = 0) -> Frame:
    return drawn_frames.frame(YUV444_FULL, size=(120, 100), index=index)


def person(track: int, x: int, y: int, width: int = 30, height: int = 60) -> Region:
    box = np.array([x, y, x + width, y + height], np.float32)
    return Region(track, "clothes", box, Mask(x, y, np.full((height, width), 255, np.uint8)), seed=track)


@dataclass
class Standing:
    """Everybody stands in the middle of their box."""

    unseen: set[int] = field(default_factory=set)
    labels: list[str] = field(default_factory=list)

    def tell(self, picture: Seen, region: Region) -> Told | None:
        self.labels.append(region.label)
        if region.track_id in self.unseen:
            return None
        points = np.full((17, 3), 0.9, np.float32)
        middle = (region.box[0] + region.box[2]) / 2
        points[:, 0] = middle + np.linspace(-5, 5, 17)
        points[:, 1] = np.linspace(region.box[1], region.box[3], 17)
        return BodyPose(points)


def see(controls: Shapes | Skeletons, seen: Frame, persons: list[Region]) -> None:
    """Nothing else is hidden."""
    controls.see(seen, seen, persons)


def test_a_crop_shows_the_skeletons_of_those_who_are_drawn_in_it() -> None:
    poses = Standing()
    controls = Skeletons(told_by(poses))
    see(controls, frame(), [person(1, 10, 10), person(2, 70, 20)])
    box = (0, 0, 100, 100)
    one, other, both = (controls.control(0, tracks, box, 128) for tracks in ([1], [2], [1, 2]))
    assert one is not None
    assert other is not None
    assert both is not None
    assert one[:, :64].any()
    assert not one[:, 64:].any()
    assert other[:, 64:].any()
    assert not other[:, :64].any()
    assert np.array_equal(both > 0, (one > 0) | (other > 0))
    assert poses.labels == ["person", "person"], "a model of poses looks for persons, whatever of them is hidden"


def test_who_is_not_seen_has_no_picture() -> None:
    controls = Skeletons(told_by(Standing(unseen={2})))
    see(controls, frame(), [person(1, 10, 10), person(2, 70, 20)])
    assert controls.control(0, [2], (0, 0, 100, 100), 64) is None
    assert controls.control(1, [1], (0, 0, 100, 100), 64) is None


def test_every_frame_has_its_own_and_old_ones_go() -> None:
    controls = Skeletons(told_by(Standing()))
    for index, x in ((0, 10), (1, 60), (600, 30)):
        see(controls, frame(index), [person(1, x, 10)])
        if index == 1:
            first, second = (controls.control(i, [1], (0, 0, 100, 100), 64) for i in (0, 1))
            assert first is not None
            assert second is not None
            assert not np.array_equal(first, second)
    assert controls.control(0, [1], (0, 0, 100, 100), 64) is None
    assert controls.control(600, [1], (0, 0, 100, 100), 64) is not None


def test_a_film_that_begins_anew_forgets_the_last() -> None:
    controls = Skeletons(told_by(Standing()))
    see(controls, frame(5), [person(1, 10, 10)])
    see(controls, frame(0), [person(2, 10, 10)])
    assert controls.control(5, [1], (0, 0, 100, 100), 64) is None


def test_nothing_but_joints_is_kept() -> None:
    """Two who look different and stand alike give the same picture."""
    shown = []
    for pixel in (30, 220):
        controls = Skeletons(told_by(Standing()))
        plain = frame()
        planes = tuple(np.full_like(plane, pixel) for plane in plain.planes)
        see(controls, plain.with_planes(planes), [person(1, 10, 10)])
        shown.append(controls.control(0, [1], (0, 0, 100, 100), 64))
    assert shown[0] is not None
    assert np.array_equal(shown[0], shown[1])


def finding(landmarks: NDArray[np.float32] | None) -> Any:
    """A detector that finds two persons, the second first."""

    class Detector:
        labels = frozenset({"person"})

        def detect(self, frames: Sequence[Frame]) -> list[Detections]:
            boxes = np.array([[68, 18, 102, 82], [12, 8, 40, 72]], np.float32)
            return [
                Detections(boxes, np.float32([0.9, 0.8]), np.array(["person", "person"]), landmarks) for _ in frames
            ]

    return Detector()


def test_any_detector_with_keypoints_tells_how_people_stand() -> None:
    landmarks = np.stack([np.stack([np.linspace(x, x + 12, 17), np.linspace(20, 70, 17)], 1) for x in (80, 20)])
    landmarks[0, 11:] = np.nan
    controls = Skeletons(found_by(finding(landmarks.astype(np.float32))))
    see(controls, frame(), [person(1, 10, 10), person(2, 70, 20), person(3, 40, 30)])
    shown = [controls.control(0, [track], (0, 0, 100, 100), 100) for track in (1, 2, 3)]
    assert shown[0] is not None
    assert shown[1] is not None
    assert shown[2] is None, "nobody was found there"
    assert not shown[0][:, 50:].any()
    assert not shown[1][:, :50].any()
    assert shown[0][65:].any()
    assert not shown[1][65:].any(), "what is not seen is not drawn"


@pytest.mark.parametrize("landmarks", [None, np.zeros((2, 5, 2), np.float32)])
def test_a_detector_without_keypoints_is_refused(landmarks: NDArray[np.float32] | None) -> None:
    with pytest.raises(StageError, match="COCO's keypoints"):
        see(Skeletons(found_by(finding(landmarks))), frame(), [person(1, 10, 10)])


def inverted(picture: Picture) -> Picture:
    return 255 - picture // 2


def test_shapes_lie_where_the_person_does() -> None:
    controls = Shapes(inverted)
    see(controls, frame(), [person(1, 20, 30)])
    shown = controls.control(0, [1], (0, 0, 100, 100), 100)
    assert shown is not None
    rows, columns = np.nonzero(shown.any(axis=2))
    assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == (20, 30, 50, 90)
    larger = controls.control(0, [1], (10, 20, 60, 70), 100)
    assert larger is not None
    rows, columns = np.nonzero(larger.any(axis=2))
    assert abs(int(columns.min()) - 20) <= 1
    assert abs(int(rows.min()) - 20) <= 1
    assert controls.control(0, [2], (0, 0, 100, 100), 100) is None


def test_of_what_is_hidden_besides_no_shape_is_told_and_nobody_is_where_nothing_is() -> None:
    """A face that something else hides is looked at as it was painted."""
    bright, controls = frame(), Shapes(lambda picture: picture, (7, 8, 9))
    dark = bright.with_planes(tuple(np.full_like(plane, 128) for plane in bright.planes))
    controls.see(bright, dark, [person(1, 20, 30)])
    shown = controls.control(0, [1], (0, 0, 100, 100), 100)
    assert shown is not None
    assert (shown[30:90, 20:50] == shown[60, 30]).all()
    assert (shown[:20] == (7, 8, 9)).all()


def test_a_picture_of_another_size_is_refused() -> None:
    controls = Shapes(lambda picture: picture[::2])
    with pytest.raises(StageError, match="the same shape"):
        see(controls, frame(), [person(1, 20, 30)])
