"""Keypoints as planes."""

from __future__ import annotations

import deep_privacy2
import numpy as np

from passerby.paint.gan import pose


def test_planes_of_points_are_the_originals() -> None:
    recorded = deep_privacy2.Recorded("ops")
    for keypoints, wanted in zip(recorded["kpmap/keypoints"], recorded["kpmap/y"], strict=True):
        assert np.array_equal(pose.points(keypoints, wanted.shape[1:]), wanted)


def test_what_the_network_was_shown_follows_from_keypoints_and_limbs() -> None:
    recorded = deep_privacy2.Recorded("triagan")
    wanted = recorded["act/network_input"][0, 7:]
    keypoints = pose.points(recorded["in/keypoints"][0], wanted.shape[1:])
    assert np.array_equal(np.concatenate([keypoints, pose.separate(recorded["in/joint_map"][0, 0])]), wanted)


def standing() -> np.ndarray:
    """Somebody who stands upright and faces us, so that their left is on our right."""
    left = [(0.55, 0.08), (0.6, 0.1), (0.7, 0.2), (0.75, 0.35), (0.8, 0.5), (0.6, 0.5), (0.6, 0.7), (0.6, 0.9)]
    rows = [(0.5, 0.1)]
    for x, y in left:
        rows += [(x, y), (1 - x, y)]
    return np.array([(x, y, 1) for x, y in rows], np.float32)


def test_limbs_run_where_they_should() -> None:
    classes = pose.limbs(standing(), (100, 60))
    assert set(np.unique(classes)) == set(range(7))
    rows, columns = np.nonzero(classes == pose.LEFT_LEG)
    assert rows.min() >= 49
    assert (columns >= 35).all()
    assert (np.nonzero(classes == pose.HEAD)[0] <= 20).all()
    assert classes[35, 30] == pose.TORSO


def test_a_joint_that_is_not_seen_has_no_limbs() -> None:
    hidden = standing()
    hidden[[pose.LEFT_KNEE, pose.LEFT_HIP], 2] = 0
    classes = pose.limbs(hidden, (100, 60))
    assert pose.LEFT_LEG not in classes
    assert pose.RIGHT_LEG in classes
    assert classes[35, 30] == 0  # without both hips there is no middle to draw a spine to


def test_planes_come_one_for_each_keypoint_and_class() -> None:
    told = pose.planes(standing(), (100, 60))
    assert told.shape == (pose.PLANES, 100, 60)
    assert told[: pose.KEYPOINTS].sum() == pose.KEYPOINTS
    assert told[pose.KEYPOINTS :].max(axis=(1, 2)).tolist() == [1] * 6
