"""Frames of any size and format as pictures of one: what receives a live stream need not hear of changes."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from passerby.core.errors import StageError
from passerby.core.frame import Frame
from passerby.media.pictures import SWSCALE, format_name, planes_of

BLACK = (16, 128, 128)
GREY = 60
"""Light of a picture in which nothing is to be seen."""

Plane = NDArray[np.uint8]


def even_size(frame: Frame, longest: int | None) -> tuple[int, int]:
    """(width, height) at which frames like `frame` are shown with square pixels, even, and `longest` at most."""
    width, height = frame.size[0] * float(frame.sample_aspect), float(frame.size[1])
    factor = min(1.0, (longest or max(width, height)) / max(width, height))
    return max(round(width * factor / 2), 1) * 2, max(round(height * factor / 2), 1) * 2


def tags(size: tuple[int, int]) -> tuple[str, int]:
    """The matrix of pictures of `size`, by libswscale's name and by FFmpeg's number."""
    return ("bt709", 1) if size[1] > 576 else ("bt601", 6)


@dataclass
class Fitting:
    """Makes pictures of `size` in limited 8-bit 4:2:0, with black bars where the shape is another one."""

    size: tuple[int, int]
    _swscale: VideoReformatter = field(default_factory=VideoReformatter)

    def picture(self, frame: Frame) -> VideoFrame:
        """`frame` as it is to be shown."""
        width, height = frame.size[0] * float(frame.sample_aspect), float(frame.size[1])
        factor = min(self.size[0] / width, self.size[1] / height)
        inner = tuple(
            min(max(round(side * factor / 2), 1) * 2, most)
            for side, most in zip((width, height), self.size, strict=True)
        )
        shown = self._converted(_as_picture(frame), frame, inner)
        return shown if inner == self.size else self._framed(shown)

    def covered(self, text: str) -> VideoFrame:
        """A picture in which nothing is to be seen but `text`."""
        return placeholder(self.size, text)

    def _converted(self, picture: VideoFrame, frame: Frame, size: tuple[int, ...]) -> VideoFrame:
        matrix, limited = tags(self.size)[0], not frame.format.full_range
        same = frame.format.matrix == matrix and limited and frame.format.name == "yuv420p"
        if same and size == frame.size:
            return picture
        rgb = frame.format.matrix == "rgb"
        return self._swscale.reformat(
            picture,
            size[0],
            size[1],
            "yuv420p",
            src_colorspace=SWSCALE[matrix if rgb else frame.format.matrix],  # type: ignore[arg-type]  # names work
            dst_colorspace=SWSCALE[matrix],  # type: ignore[arg-type]
            interpolation=Interpolation.AREA if size != frame.size else Interpolation.BICUBIC,
            src_color_range="MPEG" if limited else "JPEG",
            dst_color_range="MPEG",
        )

    def _framed(self, picture: VideoFrame) -> VideoFrame:
        whole = _blank(self.size)
        left, top = (self.size[0] - picture.width) // 4 * 2, (self.size[1] - picture.height) // 4 * 2
        for view, plane, share in zip(planes_of(whole), planes_of(picture), (1, 2, 2), strict=True):
            y, x = top // share, left // share
            view[y : y + plane.shape[0], x : x + plane.shape[1]] = plane
        return whole


def placeholder(size: tuple[int, int], text: str) -> VideoFrame:
    """A dark picture that says `text`, and so cannot be taken for what a camera sees."""
    picture = _blank(size)
    light = planes_of(picture)[0]
    light[:] = GREY
    light[::8] = GREY // 2
    scale = size[0] / 640
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    scale *= min(1.0, 0.9 * size[0] / max(width, 1))
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    at = ((size[0] - width) // 2, (size[1] + height) // 2)
    drawn = np.ascontiguousarray(light)
    cv2.putText(drawn, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, 220, max(round(2 * scale), 1), cv2.LINE_AA)
    light[:] = drawn
    return picture


def planes(picture: VideoFrame, pixels: str) -> list[Plane]:
    """The planes of a 4:2:0 picture, or its interleaved RGB (H, W, 3)."""
    if pixels == "yuv420p":
        return [np.ascontiguousarray(plane) for plane in planes_of(picture)]
    return [rgb(picture)]


def rgb(picture: VideoFrame, size: tuple[int, int] | None = None) -> Plane:
    """A 4:2:0 picture as RGB uint8 (H, W, 3), scaled to `size`."""
    width, height = size or (picture.width, picture.height)
    matrix = SWSCALE[tags((picture.width, picture.height))[0]]
    made = picture.reformat(
        width,
        height,
        "rgb24",
        src_colorspace=matrix,
        src_color_range="MPEG",
        dst_color_range="JPEG",
    )
    return np.asarray(made.to_ndarray(), np.uint8)


def _blank(size: tuple[int, int]) -> VideoFrame:
    picture = VideoFrame(*size, "yuv420p")
    for view, value in zip(planes_of(picture), BLACK, strict=True):
        view[:] = value
    return picture


def _as_picture(frame: Frame) -> VideoFrame:
    """The planes of `frame`, upright, in a picture of FFmpeg's own."""
    if frame.format.matrix == "rgb":
        return VideoFrame.from_ndarray(np.ascontiguousarray(frame.planes[0]), "rgb24")
    name = format_name(frame.format.subsampling, frame.format.depth)
    if name is None:
        raise StageError(f"frame {frame.index} has the format {frame.format.name}, which cannot be sent")
    picture = VideoFrame(*frame.size, name)
    for view, plane in zip(planes_of(picture), frame.planes, strict=True):
        np.copyto(view, plane, casting="no")
    return picture
