"""A person for composed pictures: one cut-out portrait, in several guises and at any size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import cv2
import numpy as np
from numpy.typing import NDArray

FACE = (163.0, 47.0, 255.0, 167.0)
"""x0 y0 x1 y1 of the face in the cut-out, drawn by hand: from the fringe to the chin, between the ears."""

COLLAR = 175
"""Row of the cut-out from which on there is clothing and no skin."""

Picture = NDArray[np.uint8]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Look:
    """What tells one person from another."""

    mirrored: bool = False
    clothes: int = 0
    """Degrees around the colour circle that the (orange) clothes are turned."""
    light: float = 1.0
    """Brightness of the whole person; 1 is as photographed."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A person as seen in one frame."""

    x: int
    y: int
    picture: Picture
    """(h, w, 4): red, green and blue times alpha, and alpha; its top-left pixel sits at `x`, `y`."""
    face: Box
    """x0 y0 x1 y1 in pixels of the frame; may reach over its edges."""


def place(look: Look, centre: tuple[float, float], face_px: float, size: tuple[int, int]) -> Placed:
    """The person whose face has its middle at `centre` (x, y) and is `face_px` high, in a frame of `size`."""
    picture, box = _cutout(look)
    scale = face_px / (box[3] - box[1])
    left = centre[0] - scale * (box[0] + box[2]) / 2
    top = centre[1] - scale * (box[1] + box[3]) / 2
    height, width = picture.shape[:2]
    x0, y0 = max(int(np.floor(left)), 0), max(int(np.floor(top)), 0)
    x1 = min(int(np.ceil(left + scale * width)), size[0])
    y1 = min(int(np.ceil(top + scale * height)), size[1])
    face = (left + scale * box[0], top + scale * box[1], left + scale * box[2], top + scale * box[3])
    if x0 >= x1 or y0 >= y1:
        return Placed(0, 0, np.zeros((0, 0, 4), np.uint8), face)
    part = _scaled(picture, scale, (left - x0, top - y0), (x1 - x0, y1 - y0))
    return Placed(x0, y0, part, face)


def _scaled(picture: Picture, scale: float, offset: tuple[float, float], size: tuple[int, int]) -> Picture:
    """`picture` times `scale` with its corner at `offset`, in a window of `size` (width, height)."""
    height, width = picture.shape[:2]
    if not 0.5 <= scale <= 1:
        # The warp below is linear. It would skip pixels of a small picture, and small faces would shimmer; a large one
        # would look faceted. (A cubic warp takes twenty times as long.)
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        picture = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=way), np.uint8)
    sx, sy = scale * width / picture.shape[1], scale * height / picture.shape[0]
    # Pixel i has its middle at i + 0.5.
    warp = np.array([[sx, 0, offset[0] + sx / 2 - 0.5], [0, sy, offset[1] + sy / 2 - 0.5]])
    return np.asarray(cv2.warpAffine(picture, warp, size), np.uint8)


@cache
def _cutout(look: Look) -> tuple[Picture, Box]:
    """The portrait in that look, (H, W, 4) as in `Placed`, and the box of its face."""
    stored = np.frombuffer(files(__package__).joinpath("astronaut.webp").read_bytes(), np.uint8)
    rgba = np.asarray(cv2.imdecode(stored, cv2.IMREAD_UNCHANGED), np.uint8)[..., (2, 1, 0, 3)]
    rgb = _dressed(np.ascontiguousarray(rgba[..., :3]), look.clothes).astype(np.float32)
    alpha = rgba[..., 3:]
    lit = np.clip(rgb * look.light, 0, 255) * (alpha / 255)
    picture = np.concatenate([np.rint(lit).astype(np.uint8), alpha], axis=2)
    x0, y0, x1, y1 = FACE
    if look.mirrored:
        width = picture.shape[1]
        return np.ascontiguousarray(picture[:, ::-1]), (width - x1, y0, width - x0, y1)
    return picture, FACE


def _dressed(rgb: Picture, degrees: int) -> Picture:
    """The portrait with its orange clothes turned by `degrees` around the colour circle."""
    hsv = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)  # OpenCV counts hues in steps of two degrees
    orange = (hsv[..., 0] < 15) & (hsv[..., 1] > 120)
    orange[:COLLAR] = False
    hsv[..., 0] = np.where(orange, (hsv[..., 0].astype(int) + degrees // 2) % 180, hsv[..., 0])
    if degrees:
        # As strong as the orange is, any other colour of cloth looks painted.
        hsv[..., 1] = np.where(orange, hsv[..., 1] // 2, hsv[..., 1])
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)
