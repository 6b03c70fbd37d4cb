"""Colour and depth from a ROS bag (1 or 2), through the library rosbags; no ROS has to be installed.

with RosBag(Path("session"), "/camera/color/image_raw", "/camera/aligned_depth_to_color/image_raw") as bag:
    for bgr, depth, time_s in bag:
        masked = masker.process_arrays(bgr, depth, use_depth_for_mask=True)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import DamagedMedia, InputError, OptionError, UnsupportedMedia
from passerby.rgbd.depth import Depth
from passerby.rgbd.reading import Reading

APART_S = 0.02
"""Pictures of which the times are further apart do not belong together."""
WAITING = 60
"""Colour pictures that wait for a depth, at most."""
IMAGE, COMPRESSED = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"
_COLOURS = {"rgb8": (3, cv2.COLOR_RGB2BGR), "rgba8": (4, cv2.COLOR_RGBA2BGR), "bgra8": (4, cv2.COLOR_BGRA2BGR)}
_DEPTHS = {"16UC1": "u2", "mono16": "u2", "32FC1": "f4"}


class RosBag:
    """Readings of two topics of a bag. A context manager; leaving it closes the bag."""

    def __init__(self, path: Path, colour: str, depth: str | None = None) -> None:
        """Choose what is read; the bag opens on entering.

        Args:
            path: the folder of a ROS 2 bag, or a .bag of ROS 1.
            colour: topic of messages of the type sensor_msgs/Image or CompressedImage.
            depth: topic of messages of the type sensor_msgs/Image, aligned to the colour; None reads none.

        Raises:
            OptionError: the library rosbags is not installed.
            InputError: there is no such bag.
        """
        try:
            self._library: Any = import_module("rosbags.highlevel")
            stores: Any = import_module("rosbags.typesys")
            kinds: list[Any] = [import_module(f"rosbags.rosbag{version}") for version in (1, 2)]
        except ImportError as error:
            raise OptionError(f"ROS bags need a library that is not here: pip install rosbags ({error})") from error
        if not path.exists():
            raise InputError(f"there is no bag {path}; check the path")
        self._broken = (self._library.AnyReaderError, *(kind.ReaderError for kind in kinds), OSError)
        self._types = stores.get_typestore(stores.Stores.ROS2_HUMBLE)
        self._path, self._colour, self._depth = path, colour, depth

    def __enter__(self) -> Self:
        try:
            self._reader = self._library.AnyReader([self._path], default_typestore=self._types)
            self._reader.open()
        except self._broken as error:
            raise InputError(f"{self._path.name} does not open as a bag: {error}") from error
        there = sorted({connection.topic for connection in self._reader.connections})
        for topic in (self._colour, self._depth):
            if topic is not None and topic not in there:
                self._reader.close()
                raise InputError(f"{self._path.name} has no topic {topic}; it has {', '.join(there) or 'none'}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._reader.close()

    def __iter__(self) -> Iterator[Reading]:
        """Every colour picture, in order, with the depth that is nearest in time.

        Raises:
            UnsupportedMedia: messages are of another type or encoding.
            DamagedMedia: a message holds less than its picture.
        """
        colours: deque[tuple[float, NDArray[np.uint8]]] = deque()
        depths: deque[tuple[float, Depth]] = deque()
        wanted = [connection for connection in self._reader.connections if connection.topic in self._topics]
        for connection, _, data in self._reader.messages(wanted):
            message = self._reader.deserialize(data, connection.msgtype)
            time_s = message.header.stamp.sec + message.header.stamp.nanosec * 1e-9
            if connection.topic == self._colour:
                colours.append((time_s, _colour(message, connection)))
            else:
                depths.append((time_s, _depth(message, connection)))
            while colours and (
                self._depth is None or (depths and depths[-1][0] >= colours[0][0]) or len(colours) > WAITING
            ):
                yield _paired(colours.popleft(), depths)
        for colour in colours:
            yield _paired(colour, depths)

    @property
    def _topics(self) -> set[str]:
        return {topic for topic in (self._colour, self._depth) if topic is not None}


def _paired(colour: tuple[float, NDArray[np.uint8]], depths: deque[tuple[float, Depth]]) -> Reading:
    """`colour` with the nearest of `depths`, from which those go that are too old for what comes later."""
    time_s, bgr = colour
    while depths and depths[0][0] < time_s - APART_S:
        depths.popleft()
    near = min(depths, key=lambda depth: abs(depth[0] - time_s), default=None)
    return Reading(bgr, near[1] if near and abs(near[0] - time_s) <= APART_S else None, time_s)


def _colour(message: Any, connection: Any) -> NDArray[np.uint8]:
    if connection.msgtype == COMPRESSED:
        picture = cv2.imdecode(np.asarray(message.data), cv2.IMREAD_COLOR)
        if picture is None:
            raise DamagedMedia(f"a picture of {connection.topic} does not decode; get a whole copy of the bag")
        return np.asarray(picture, np.uint8)
    _check(connection)
    if message.encoding == "bgr8":
        return _pixels(message, connection, np.dtype("u1"), 3)
    if message.encoding not in _COLOURS:
        raise UnsupportedMedia(f"{connection.topic} is {message.encoding}; colour is bgr8, {', '.join(_COLOURS)}")
    channels, conversion = _COLOURS[message.encoding]
    return np.asarray(cv2.cvtColor(_pixels(message, connection, np.dtype("u1"), channels), conversion), np.uint8)


def _depth(message: Any, connection: Any) -> Depth:
    _check(connection)
    if message.encoding not in _DEPTHS:
        raise UnsupportedMedia(f"{connection.topic} is {message.encoding}; depth is one of {', '.join(_DEPTHS)}")
    stored = np.dtype(_DEPTHS[message.encoding]).newbyteorder(">" if message.is_bigendian else "<")
    values = _pixels(message, connection, stored, 1)[..., 0]
    return values.astype(stored.newbyteorder("="))


def _check(connection: Any) -> None:
    if connection.msgtype != IMAGE:
        raise UnsupportedMedia(f"{connection.topic} holds {connection.msgtype}; name a topic of {IMAGE}")


def _pixels(message: Any, connection: Any, dtype: np.dtype[Any], channels: int) -> NDArray[Any]:
    """(H, W, channels): a copy, without what fills up the rows."""
    row = message.width * channels * dtype.itemsize
    data = np.asarray(message.data, np.uint8)
    if message.step < row or data.size < message.height * message.step:
        raise DamagedMedia(f"a picture of {connection.topic} breaks off; get a whole copy of the bag")
    rows = data[: message.height * message.step].reshape(message.height, message.step)[:, :row]
    return np.ascontiguousarray(rows).view(dtype).reshape(message.height, message.width, channels).copy()
