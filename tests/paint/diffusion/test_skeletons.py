"""The picture that an openpose ControlNet is shown."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.paint.diffusion.skeletons import COLOURS, JOINTS, LIMBS, drawn, joints
from passerby.paint.gan import pose

STANDING = {
    pose.NOSE: (100, 30),
    pose.LEFT_EYE: (106, 25),
    pose.RIGHT_EYE: (94, 25),
    pose.LEFT_EAR: (112, 28),
    pose.RIGHT_EAR: (88, 28),
    pose.LEFT_SHOULDER: (125, 60),
    pose.RIGHT_SHOULDER: (75, 60),
    pose.LEFT_ELBOW: (140, 90),
    pose.RIGHT_ELBOW: (60, 90),
    pose.LEFT_WRIST: (150, 118),
    pose.RIGHT_WRIST: (50, 118),
    pose.LEFT_HIP: (115, 120),
    pose.RIGHT_HIP: (85, 120),
    pose.LEFT_KNEE: (118, 155),
    pose.RIGHT_KNEE: (82, 155),
    pose.LEFT_ANKLE: (120, 190),
    pose.RIGHT_ANKLE: (80, 190),
}
"""Somebody who faces us, in a picture of 200 x 200 pixels: their left is on our right."""
WHOLE = (0, 0, 200, 200)


def standing(*unseen: int) -> NDArray[np.float32]:
    points = np.array([(*STANDING[i], 0.9) for i in range(pose.KEYPOINTS)], np.float32)
    points[list(unseen), 2] = 0.1
    return points


def test_the_neck_is_between_the_shoulders() -> None:
    marks = joints(standing())
    assert marks.shape == (JOINTS, 3)
    assert marks[1, :2].tolist() == [100, 60]


@pytest.mark.parametrize("shoulder", [pose.LEFT_SHOULDER, pose.RIGHT_SHOULDER])
def test_without_both_shoulders_there_is_no_neck(shoulder: int) -> None:
    assert joints(standing(shoulder))[1, 2] == 0


@pytest.mark.parametrize(
    ("joint", "place", "colour"),
    [
        ("nose", (100, 30), (255, 0, 0)),
        ("neck", (100, 60), (255, 85, 0)),
        ("right shoulder", (75, 60), (255, 170, 0)),
        ("right wrist", (50, 118), (170, 255, 0)),
        ("left wrist", (150, 118), (0, 255, 85)),
        ("right ankle", (80, 190), (0, 170, 255)),
        ("left ankle", (120, 190), (85, 0, 255)),
        ("left ear", (112, 28), (255, 0, 85)),
    ],
)
def test_a_joint_has_the_colour_that_the_network_knows_it_by(
    joint: str, place: tuple[int, int], colour: tuple[int, int, int]
) -> None:
    picture = drawn([standing()], WHOLE, 512)
    x, y = (round(number * 512 / 200) for number in place)
    assert picture[y, x].tolist() == list(colour)


def test_a_limb_is_darker_than_its_joints() -> None:
    picture = drawn([standing()], WHOLE, 512)
    x, y = round(90.0 * 2.56), round(60 * 2.56)  # half-way from the neck to the right shoulder: the first limb
    assert picture[y, x].tolist() == [153, 0, 0]


def test_there_are_17_limbs_and_each_shows() -> None:
    assert len(LIMBS) == 17
    shown = {tuple(colour) for colour in drawn([standing()], WHOLE, 512).reshape(-1, 3).tolist()}
    for colour in COLOURS[: len(LIMBS)]:
        assert tuple(int(part * 0.6) for part in colour) in shown


def test_what_is_unsure_is_not_drawn() -> None:
    arm = pose.LEFT_ELBOW, pose.LEFT_WRIST
    with_, without = drawn([standing()], WHOLE, 256), drawn([standing(*arm)], WHOLE, 256)
    gone = (with_ != without).any(axis=2)
    rows, columns = np.nonzero(gone)
    assert gone.any()
    assert columns.min() >= round(123 * 1.28) - 3, "something else than the left arm is gone"
    assert rows.max() <= round(118 * 1.28) + 3


def test_nobody_is_black() -> None:
    assert not drawn([], WHOLE, 64).any()
    assert not drawn([np.zeros((17, 3), np.float32)], WHOLE, 64).any()
    assert not drawn([np.full((17, 3), np.nan, np.float32)], WHOLE, 64).any()


def test_a_box_shows_its_part_at_the_size_of_the_crop() -> None:
    part = drawn([standing()], (50, 10, 150, 110), 256)
    assert part.shape == (256, 256, 3)
    assert part[round(20 * 2.56), round(50 * 2.56)].tolist() == [255, 0, 0]
    beyond = drawn([standing()], (-300, -300, -100, -100), 64)
    assert not beyond.any()


def test_two_people_are_both_drawn() -> None:
    other = standing()
    other[:, 0] += 200
    picture = drawn([standing(), other], (0, 0, 400, 400), 512)
    assert picture[:, :256].any()
    assert picture[:, 256:].any()
