"""A face is brought upright and to one size by its landmarks, whatever the frame is made of."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest
from onnx_models import framed

from passerby.recognize.align import SIDE, TEMPLATE, aligned, similarity

KINDS = [
    ("rgb24", 0, 1),
    ("yuv420p", 0, 1),
    ("yuv420p10le", 1, 1),
    ("yuv422p", 2, 1),
    ("gray", 3, 1),
    ("yuv420p", 0, 2),
]


def placed(scale=1.0, degrees=0.0, middle=(200, 150), noise=0.0):
    """The template's points somewhere in a picture."""
    angle = np.deg2rad(degrees)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = (TEMPLATE - TEMPLATE.mean(axis=0)) @ turn.T + middle
    return (points + np.random.default_rng(2).normal(0, noise, (5, 2))).astype(np.float32)


@pytest.mark.parametrize("seed", range(8))
def test_the_fit_is_that_of_scikit_image(seed):
    transform = pytest.importorskip("skimage.transform")
    random = np.random.default_rng(seed)
    points = placed(random.uniform(0.2, 4), random.uniform(-180, 180), random.uniform(0, 900, 2), noise=6)
    theirs = transform.estimate_transform("similarity", points.astype(np.float64), TEMPLATE)
    fit = similarity(points)
    np.testing.assert_allclose(fit.matrix, theirs.params[:2], atol=1e-8)
    assert fit.scale == pytest.approx(theirs.scale)
    assert fit.off_px == pytest.approx(np.sqrt((theirs.residuals(points, TEMPLATE) ** 2).mean()))


def test_a_mirror_image_is_not_turned_inside_out():
    points = placed()
    points[:, 0] = 400 - points[:, 0]
    fit = similarity(points)
    assert np.linalg.det(fit.matrix[:, :2]) > 0
    assert fit.off_px > 10


def test_points_in_one_place_fit_nothing():
    assert not np.isfinite(similarity(np.full((5, 2), 7, np.float32)).scale)


@pytest.mark.parametrize(("name", "turn", "aspect"), KINDS)
@pytest.mark.parametrize(("scale", "degrees"), [(0.6, 0), (1.3, 25), (4, -40)])
def test_landmarks_come_to_lie_on_the_template(name, turn, aspect, scale, degrees):
    """Bright spots where the landmarks are; in the aligned face they are where the template says."""
    points = placed(scale, degrees, (300, 240))
    stored = points / (aspect, 1)
    picture = np.full((480, 600 // aspect, 3), 30, np.uint8)
    ys, xs = np.mgrid[: picture.shape[0], : picture.shape[1]] + 0.5
    for x, y in stored:
        spot = np.exp(-(((xs - x) * aspect) ** 2 + (ys - y) ** 2) / (2 * (3 * scale) ** 2))
        picture = np.maximum(picture, np.rint(30 + 220 * spot).astype(np.uint8)[..., None])
    frame = framed(picture, name, turn, Fraction(aspect))
    face = aligned(frame, similarity(points))
    light = face.mean(axis=2) - 30
    for x, y in TEMPLATE:
        near = np.zeros((SIDE, SIDE))
        cv2.circle(near, (int(x), int(y)), 9, 1, -1)
        rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
        weights = np.maximum(light, 0) * near
        middle = (weights * columns).sum() / weights.sum(), (weights * rows).sum() / weights.sum()
        assert middle == pytest.approx((x, y), abs=0.6)


def test_a_face_beyond_the_frame_is_black_there():
    frame = framed(np.full((100, 100, 3), 200, np.uint8))
    face = aligned(frame, similarity(placed(1.0, 0, (0, 50))))
    assert (face[:, :40] == 0).all()
    assert (face[40:60, 70:] == 200).all()
    assert not aligned(frame, similarity(placed(1.0, 0, (-900, 50)))).any()
