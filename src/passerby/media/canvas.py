"""Frames as FFmpeg's encoders want them: stored the way the container says, in the encoder's format and size."""

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from passerby.core.errors import StageError
from passerby.core.frame import Frame
from passerby.core.pixels import stored
from passerby.media.encoders import Target
from passerby.media.pictures import SWSCALE, planes_of


class Canvas:
    """Copies a frame's planes into a fresh picture, so that nothing else of the input can travel with it."""

    def __init__(self, target: Target, *, turns: bool) -> None:
        """`turns`: the container says how the picture is turned, so it is stored as it was."""
        self._target = target
        self._turns = turns
        self._swscale = VideoReformatter()

    def picture(self, frame: Frame) -> VideoFrame:
        """`frame` ready to be encoded, without its time.

        Raises:
            StageError: it is not of the format and size that were announced.
        """
        target = self._target
        planes = tuple(stored(plane, frame.turn) for plane in frame.planes) if self._turns else frame.planes
        fresh = VideoFrame(*target.source_size, target.source_pixels)
        views = planes_of(fresh)
        if [plane.shape for plane in planes] != [view.shape for view in views]:
            raise StageError(
                f"frame {frame.index} is {frame.size[0]}x{frame.size[1]} {frame.format.name}; "
                f"the output was opened for {target.source_size[0]}x{target.source_size[1]} {target.source_pixels}"
            )
        for view, plane in zip(views, planes, strict=True):
            np.copyto(view, plane, casting="no")
        return self._converted(fresh, frame)

    def _converted(self, picture: VideoFrame, frame: Frame) -> VideoFrame:
        target = self._target
        if target.pixels == target.source_pixels and target.size == target.source_size:
            return picture
        matrix = SWSCALE[frame.format.matrix]
        level = "JPEG" if frame.format.full_range else "MPEG"
        width, height = target.size
        return self._swscale.reformat(
            picture,
            width,
            height,
            target.pixels,
            src_colorspace=matrix,  # type: ignore[arg-type]  # names work, the stub says numbers
            dst_colorspace=matrix,  # type: ignore[arg-type]
            interpolation=Interpolation.AREA if target.size != target.source_size else Interpolation.BICUBIC,
            src_color_range=level,
            dst_color_range=level,
        )
