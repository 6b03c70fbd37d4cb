"""Where live pictures come from: a stream, a file in real time, a camera, raw frames from a pipe."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, Protocol

import av
import numpy as np
from av.codec.context import ThreadType
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from passerby.core.errors import InputError, LimitExceeded, OptionError
from passerby.core.frame import Frame, PixelFormat
from passerby.core.pixels import upright
from passerby.live.clock import TICK, Clock
from passerby.live.statistics import Statistics
from passerby.media.container import Limits, opened, packets_of, picture_stream
from passerby.media.pictures import Orientation, Repacking, colour_tags, orientation, planes_of

OPEN_S, READ_S = 10.0, 5.0
"""Seconds without an answer, and without data, after which a stream counts as gone."""
NETWORK = "http,https,httpproxy,tcp,tls,udp,rtp,rtsp,rtsps,srtp,srt,rtmp,rtmps,rtmpt,crypto"
"""What a stream may open: a play list must not name files of ours."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 15.0
"""Between two attempts to reach a source."""
BRIEF_S = 0.1
"""Seconds for which one sleeps at a time, to notice a stop."""
RAW = {
    "yuv420p": PixelFormat("yuv420p", ((1, 1), (2, 2), (2, 2)), 8, "bt709", False),
    "rgb24": PixelFormat("rgb24", ((1, 1),), 8, "rgb", True),
}
"""The formats of raw frames."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture as it came."""

    frame: Frame
    """Its index and time say nothing yet."""
    stamp: Fraction | None
    """When it was made, in seconds of the source's own clock."""
    rate: Fraction | None
    """Pictures per second, as far as the source says."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The source went away, and is being looked for."""

    reason: str


class Feed(Protocol):
    """A source that can be opened again and again."""

    @property
    def name(self) -> str: ...
    @property
    def ends(self) -> bool:
        """Whether it is over when it ends; a stream that ends has broken off."""
        ...

    def pictures(self) -> Generator[Picture]:
        """Open it and give what comes.

        Raises:
            InputError: it cannot be opened, or broke off.
            OptionError: it never can be.
        """
        ...


def reconnected(
    feed: Feed, clock: Clock, statistics: Statistics, stopped: Callable[[], bool]
) -> Generator[Picture | Lost]:
    """What comes from `feed`, which is opened again whenever it breaks off, after longer and longer pauses.

    Raises:
        InputError: one that is not to be opened again cannot be read.
        OptionError: it never can be.
    """
    pause = FIRST_PAUSE_S
    while not stopped():
        try:
            for picture in feed.pictures():
                pause = FIRST_PAUSE_S
                yield picture
            reason = "it ended"
        except LimitExceeded:
            raise
        except InputError as error:
            if feed.ends:
                raise
            reason = str(error)
        if feed.ends:
            return
        statistics.lost += 1
        yield Lost(reason)
        until = clock.now() + pause
        while clock.now() < until and not stopped():
            clock.sleep(BRIEF_S)
        pause = min(2 * pause, LONGEST_PAUSE_S)


@dataclass(frozen=True)
class Wire:
    """A stream or a camera that FFmpeg opens."""

    address: str
    statistics: Statistics
    format: str | None = None
    """FFmpeg's name, where the address does not tell."""
    transport: str = "tcp"
    """Of RTSP: tcp or udp."""
    limits: Limits = field(default_factory=Limits)
    ends: bool = False

    @property
    def name(self) -> str:
        """The address without a password in it."""
        scheme, mark, rest = self.address.partition("://")
        host, slash, path = rest.partition("/")
        return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path.partition('?')[0]}"

    def pictures(self) -> Generator[Picture]:
        options = {
            "rtsp_transport": self.transport,
            "analyzeduration": "2000000",
            "max_pixels": str(self.limits.max_pixels),
        }
        if self.format is None:
            options["protocol_whitelist"] = NETWORK
        with (
            _explained(self.name),
            av.open(
                self.address, format=self.format, options=options, timeout=(OPEN_S, READ_S), metadata_errors="replace"
            ) as container,
        ):
            stream = picture_stream(self.name, container, self.limits)
            yield from decoded(container, stream, self.name, self.statistics, self.limits)


@dataclass(frozen=True)
class Film:
    """A video file, as quickly as it is to be watched."""

    path: Path
    statistics: Statistics
    clock: Clock
    stopped: Callable[[], bool]
    ends: bool = True

    @property
    def name(self) -> str:
        return self.path.name

    def pictures(self) -> Generator[Picture]:
        limits = Limits()
        began: float | None = None
        with _explained(self.name), opened(self.path, limits) as container:
            stream = picture_stream(self.name, container, limits)
            for picture in decoded(container, stream, self.name, self.statistics, limits):
                at = float(picture.stamp or 0)
                began = self.clock.now() - at if began is None else began
                _wait_until(began + at, self.clock, self.stopped)
                yield picture


@dataclass(frozen=True)
class Raw:
    """Frames without any container, one after the other, as from `ffmpeg -f rawvideo -`."""

    file: BinaryIO
    size: tuple[int, int]
    rate: Fraction
    pixels: str
    clock: Clock
    stopped: Callable[[], bool]
    ends: bool = True
    name: str = "standard input"

    def pictures(self) -> Generator[Picture]:
        shapes = _raw_shapes(self.size, self.pixels)
        length = sum(int(np.prod(shape)) for shape in shapes)
        began, count = self.clock.now(), 0
        while len(data := self.file.read(length)) == length:
            planes, start = [], 0
            for shape in shapes:
                planes.append(np.frombuffer(data, np.uint8, int(np.prod(shape)), start).reshape(shape))
                start += planes[-1].size
            stamp = count / self.rate
            # Whoever writes faster than in real time is held up, as a player would.
            _wait_until(began + float(stamp), self.clock, self.stopped)
            views, pixels = upright(tuple(planes), RAW[self.pixels], 0)
            yield Picture(Frame(views, pixels, 0, 0, TICK), stamp, self.rate)
            count += 1
        if data:
            raise InputError(
                f"{self.name} ended within a frame: {len(data)} bytes of {length}; check --size and --pixels"
            )


def _raw_shapes(size: tuple[int, int], pixels: str) -> list[tuple[int, ...]]:
    width, height = size
    if pixels == "rgb24":
        return [(height, width, 3)]
    half = (-(-height // 2), -(-width // 2))
    return [(height, width), half, half]


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """FFmpeg's errors as ours; waiting does not help where it does not know the kind of address."""
    # In PyAV a picture whose side data was looked at holds itself, and with it the memory of its whole decoder.
    gc.collect()
    try:
        yield
    except av.error.ProtocolNotFoundError as error:
        raise unspoken(name) from error
    except av.error.FFmpegError as error:
        raise InputError(f"{name} cannot be read: {error.strerror}; check the address, and whether it sends") from error


def unspoken(name: str) -> OptionError:
    """The error for an address, shown as `name`, of a kind that FFmpeg was built without."""
    kind = name.partition("://")[0]
    return OptionError(
        f"the FFmpeg of this PyAV ({av.__version__}) was built without {kind}, which {name} wants; "
        "use another address, or let a program that speaks it pass the stream on"
    )


def _wait_until(due: float, clock: Clock, stopped: Callable[[], bool]) -> None:
    while (left := due - clock.now()) > 0 and not stopped():
        clock.sleep(min(left, BRIEF_S))


def decoded(
    container: InputContainer, stream: VideoStream, name: str, statistics: Statistics, limits: Limits
) -> Iterator[Picture]:
    """The whole pictures of a stream. After damage nothing comes until the next key picture: what is predicted from
    a damaged picture may show somebody whom no detector would know.
    """
    codec = stream.codec_context
    codec.thread_type = ThreadType.SLICE  # threads by frames would keep several of them back
    codec.options |= {"err_detect": "crccheck+explode"}
    rate = stream.average_rate or stream.guessed_rate
    tick = stream.time_base or Fraction(1)
    taken = _Taken(name, stream, limits)
    broken = True
    for packet in packets_of(container, stream):
        if not packet.size:
            continue
        if packet.is_corrupt:
            statistics.spoilt += 1
            broken = True
        if packet.is_corrupt or (broken and not packet.is_keyframe):
            continue
        broken = False
        try:
            frames = codec.decode(packet)
        except av.error.FFmpegError:
            frames = None
        if frames is None or any(frame.is_corrupt for frame in frames):
            statistics.spoilt += 1
            codec.flush_buffers()
            broken = True
            continue
        for frame in frames:
            yield Picture(taken(frame), None if frame.pts is None else frame.pts * tick, rate)
    if not broken:
        for frame in codec.decode(None):
            if not frame.is_corrupt:
                yield Picture(taken(frame), None if frame.pts is None else frame.pts * tick, rate)


class _Taken:
    """Decoded pictures as frames, whatever they change to on the way."""

    def __init__(self, name: str, stream: VideoStream, limits: Limits) -> None:
        self._name = name
        self._stream = stream
        self._limits = limits
        self._kind: tuple[object, ...] = ()
        self._repacking: Repacking | None = None
        self._orientation = Orientation()

    def __call__(self, picture: VideoFrame) -> Frame:
        kind = (picture.width, picture.height, picture.format.name, *colour_tags(picture).values())
        if kind != self._kind or self._repacking is None:
            self._limits.check_size(self._name, picture.width, picture.height)
            self._kind, self._repacking = kind, Repacking(picture)
            self._orientation = orientation(picture, self._name)
        turn = self._orientation.turn
        planes = self._orientation.applied(planes_of(self._repacking(picture)))
        views, pixels = upright(planes, self._repacking.format, turn)
        aspect = self._stream.sample_aspect_ratio or Fraction(1)
        return Frame(views, pixels, 0, 0, TICK, turn, 1 / aspect if turn % 2 else aspect)


CAMERAS = {"linux": ("v4l2", "/dev/video{}"), "darwin": ("avfoundation", "{}"), "win32": ("dshow", "video={}")}
"""How FFmpeg reaches cameras: its name for them, and their address by number or name."""


def camera(which: str, statistics: Statistics) -> Wire:
    """A camera by its number or path.

    Raises:
        OptionError: FFmpeg knows no cameras on this system.
    """
    if sys.platform not in CAMERAS:
        raise OptionError(f"no camera can be opened on {sys.platform}; give a file or an address")
    kind, address = CAMERAS[sys.platform]
    return Wire(address.format(which) if which.isdigit() or sys.platform != "linux" else which, statistics, kind)
