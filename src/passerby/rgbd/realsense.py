"""Colour and depth from an Intel RealSense camera or a recording of one, through the library pyrealsense2.

with RealSense(Path("session.bag")) as camera:
    for bgr, depth, time_s in camera:
        masked = masker.process_arrays(bgr, depth, use_depth_for_mask=True)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import InputError, OptionError, UnsupportedMedia
from passerby.rgbd.depth import MILLIMETRE, Depth
from passerby.rgbd.reading import Reading

WAIT_MS = 5000
"""So long a camera may give no picture."""


class RealSense:
    """Readings of a camera, or of a .bag that one has written. A context manager; leaving it stops the camera."""

    def __init__(
        self, bag: Path | None = None, *, serial: str = "", size: tuple[int, int] = (640, 480), rate: int = 30
    ) -> None:
        """Choose what is read; the camera starts on entering.

        Args:
            bag: a recording; None takes a camera.
            serial: of the camera, where there are several. Not of a recording.
            size: (width, height) in pixels of a camera's pictures; a recording has its own.
            rate: pictures per second of a camera.

        Raises:
            OptionError: the library pyrealsense2 is not installed.
            InputError: there is no such recording.
        """
        try:
            self._library: Any = import_module("pyrealsense2")
        except ImportError as error:
            raise OptionError(
                f"RealSense needs a library that is not here: pip install pyrealsense2 ({error})"
            ) from error
        if bag is not None and not bag.is_file():
            raise InputError(f"there is no recording {bag}; check the path")
        self._bag, self._serial, self._size, self._rate = bag, serial, size, rate
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        library = self._library
        config = library.config()
        if self._bag is not None:
            config.enable_device_from_file(str(self._bag), repeat_playback=False)
        else:
            if self._serial:
                config.enable_device(self._serial)
            config.enable_stream(library.stream.depth, *self._size, library.format.z16, self._rate)
            config.enable_stream(library.stream.color, *self._size, library.format.bgr8, self._rate)
        self._pipeline = library.pipeline()
        try:
            profile = self._pipeline.start(config)
            self._stack.callback(self._pipeline.stop)
            device = profile.get_device()
            self._unit_m = float(device.first_depth_sensor().get_depth_scale())
            if self._bag is not None:
                # As fast as it is read: in real time, pictures would be dropped, and nobody would hide them.
                device.as_playback().set_real_time(False)
        except RuntimeError as error:
            self._stack.close()
            raise InputError(f"{self._name} does not start: {error}; is it connected, and free?") from error
        self._align = library.align(library.stream.color)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._stack.close()

    def __iter__(self) -> Iterator[Reading]:
        """Every pair of pictures, until a recording ends or for ever.

        Raises:
            InputError: a camera gives nothing any more.
            UnsupportedMedia: the colour is in another format than 8 bits of red, green and blue.
        """
        while True:
            came, frames = self._pipeline.try_wait_for_frames(WAIT_MS)
            if not came and self._bag is not None:
                return
            if not came:
                raise InputError(f"{self._name} gave no picture for {WAIT_MS / 1000:.0f} s; check its cable")
            aligned = self._align.process(frames)
            colour, depth = aligned.get_color_frame(), aligned.get_depth_frame()
            if colour and depth:
                # Copies: the library takes its memory back.
                yield Reading(self._bgr(colour), self._depth(depth), float(colour.get_timestamp()) / 1000)

    @property
    def _name(self) -> str:
        return self._bag.name if self._bag is not None else f"the camera {self._serial}".strip()

    def _bgr(self, colour: Any) -> NDArray[np.uint8]:
        formats = self._library.format
        kind, values = colour.get_profile().format(), np.asanyarray(colour.get_data())
        if kind == formats.bgr8:
            return np.array(values, np.uint8)
        if kind == formats.rgb8:
            return np.asarray(cv2.cvtColor(values, cv2.COLOR_RGB2BGR), np.uint8)
        raise UnsupportedMedia(f"{self._name} has colour of the format {kind}; record it as rgb8 or bgr8")

    def _depth(self, depth: Any) -> Depth:
        steps = np.array(np.asanyarray(depth.get_data()), np.uint16)
        if np.isclose(self._unit_m, MILLIMETRE, rtol=1e-4):
            return steps
        return steps * np.float32(self._unit_m)
