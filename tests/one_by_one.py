"""The published way from a picture to faces, one box after the other: slow, and written from the papers' own code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import ceil, exp, sqrt
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Array = NDArray[np.float32]


@dataclass(frozen=True)
class Found:
    """One face."""

    box: tuple[float, float, float, float]
    score: float
    points: tuple[float, ...]


def given(model: Path, picture: Array) -> list[Array]:
    """The model's outputs for `picture`, (H, W, 3)."""
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    blob = np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32)
    return list(session.run(None, {session.get_inputs()[0].name: blob}))


def fitted(picture: Picture, size: tuple[int, int]) -> tuple[Picture, float, float]:
    """`picture` in the upper left corner of a black one, and pixels of it per pixel of that, across and down."""
    height, width = picture.shape[:2]
    if height / width > size[1] / size[0]:
        inner = int(width * size[1] / height), size[1]
    else:
        inner = size[0], int(height * size[0] / width)
    canvas = np.zeros((size[1], size[0], 3), np.uint8)
    canvas[: inner[1], : inner[0]] = cv2.resize(picture, inner)
    return canvas, width / inner[0], height / inner[1]


def scrfd(outputs: Sequence[Array], size: tuple[int, int], conf: float) -> list[Found]:
    found = []
    for level, stride in enumerate((8, 16, 32)):
        scores, edges = outputs[level].reshape(-1), outputs[level + 3].reshape(-1, 4)
        points = outputs[level + 6].reshape(-1, 10) if len(outputs) == 9 else np.zeros((len(scores), 0))
        row = 0
        for y, x, _ in product(range(size[1] // stride), range(size[0] // stride), range(2)):
            left, up, right, down = (float(edge) * stride for edge in edges[row])
            box = x * stride - left, y * stride - up, x * stride + right, y * stride + down
            marks = tuple(float(mark) * stride + (x, y)[i % 2] * stride for i, mark in enumerate(points[row]))
            found.append(Found(box, float(scores[row]), marks))
            row += 1
        assert row == len(scores)
    return best(found, conf, 0.4)


def yunet(outputs: Sequence[Array], size: tuple[int, int], conf: float) -> list[Found]:
    found = []
    for level, stride in enumerate((8, 16, 32)):
        classes, objects, boxes, points = (outputs[level + 3 * kind][0] for kind in range(4))
        for row, (y, x) in enumerate(product(range(size[1] // stride), range(size[0] // stride))):
            score = sqrt(min(max(float(classes[row, 0]), 0), 1) * min(max(float(objects[row, 0]), 0), 1))
            middle = (x + float(boxes[row, 0])) * stride, (y + float(boxes[row, 1])) * stride
            sides = exp(boxes[row, 2]) * stride, exp(boxes[row, 3]) * stride
            marks = tuple((float(mark) + (x, y)[i % 2]) * stride for i, mark in enumerate(points[row]))
            found.append(Found(_around(middle, sides), score, marks))
    return best(found, conf, 0.3)


def retinaface(outputs: Sequence[Array], size: tuple[int, int], conf: float) -> list[Found]:
    anchors = [
        ((x + 0.5) * stride, (y + 0.5) * stride, side, side)
        for stride, sides in ((8, (16, 32)), (16, (64, 128)), (32, (256, 512)))
        for y, x in product(range(ceil(size[1] / stride)), range(ceil(size[0] / stride)))
        for side in sides
    ]
    return best(_moved(outputs, anchors), conf, 0.4)


def dsfd(outputs: Sequence[Array], size: tuple[int, int], conf: float) -> list[Found]:
    width, height = size
    anchors = [
        (
            min((x + 0.5) * stride, width),
            min((y + 0.5) * stride, height),
            min(4 * stride / sqrt(1.5), width),
            min(4 * stride * sqrt(1.5), height),
        )
        for stride in (4, 8, 16, 32, 64, 128)
        for y, x in product(range(ceil(height / stride)), range(ceil(width / stride)))
    ]
    return best(_moved(outputs, anchors), conf, 0.3)


def _moved(outputs: Sequence[Array], anchors: Sequence[tuple[float, ...]]) -> list[Found]:
    boxes, scores = outputs[0][0], outputs[1][0]
    points = outputs[2][0] if len(outputs) == 3 else np.zeros((len(boxes), 0))
    assert len(anchors) == len(boxes)
    found = []
    for (x, y, w, h), off, score, marks in zip(anchors, boxes, scores, points, strict=True):
        middle = x + 0.1 * float(off[0]) * w, y + 0.1 * float(off[1]) * h
        sides = w * exp(0.2 * off[2]), h * exp(0.2 * off[3])
        places = tuple((x, y)[i % 2] + 0.1 * float(mark) * (w, h)[i % 2] for i, mark in enumerate(marks))
        found.append(Found(_around(middle, sides), float(score[1]), places))
    return found


def _around(middle: tuple[float, float], sides: tuple[float, float]) -> tuple[float, float, float, float]:
    (x, y), (w, h) = middle, sides
    return x - w / 2, y - h / 2, x + w / 2, y + h / 2


def best(found: Sequence[Found], conf: float, overlap: float) -> list[Found]:
    """Those above `conf`, best first, without those that a better one overlaps by more than `overlap`."""
    kept: list[Found] = []
    for one in sorted((one for one in found if one.score > conf), key=lambda one: -one.score):
        if all(_iou(one.box, other.box) <= overlap for other in kept):
            kept.append(one)
    return kept


def _iou(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    union = sum(max(box[2] - box[0], 0) * max(box[3] - box[1], 0) for box in (a, b)) - shared
    return shared / union if union > 0 else 0.0


def back(found: Sequence[Found], across: float, down: float, size: tuple[int, int]) -> list[Found]:
    """`found` in a frame of `size`, of which the picture has a pixel for each `across` and `down`."""
    scaled = [
        Found(
            (one.box[0] * across, one.box[1] * down, one.box[2] * across, one.box[3] * down),
            one.score,
            tuple(mark * (across, down)[i % 2] for i, mark in enumerate(one.points)),
        )
        for one in found
    ]
    width, height = size
    return [
        one
        for one in scaled
        if min(one.box[2], width) > max(one.box[0], 0) and min(one.box[3], height) > max(one.box[1], 0)
    ]
