"""Where live pictures go: a file, a stream, raw frames into a pipe, a virtual camera, nowhere."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.parse import urlsplit

import av
from av.bitstream import BitStreamFilterContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from passerby.core.errors import OptionError, OutputError
from passerby.live.clock import TICK, Clock
from passerby.live.fitting import planes, rgb, tags
from passerby.live.sources import FIRST_PAUSE_S, LONGEST_PAUSE_S, OPEN_S, READ_S, unspoken
from passerby.live.statistics import Statistics
from passerby.media.commit import check_free, committed
from passerby.media.mark import Mark, words
from passerby.media.write import explained

Size = tuple[int, int]

MUXERS = {
    "rtmp": "flv",
    "rtmps": "flv",
    "rtsp": "rtsp",
    "udp": "mpegts",
    "srt": "mpegts",
    "tcp": "mpegts",
}
"""How a stream is packed, by the scheme of its address."""
FILES: Mapping[str, tuple[str, dict[str, str]]] = {
    # In fragments, or the index would lie in memory until the end.
    ".mp4": ("mp4", {"movflags": "frag_keyframe+empty_moov+default_base_moof"}),
    ".mkv": ("matroska", {}),
    ".ts": ("mpegts", {}),
}
"""How a file is packed, by its suffix."""
ENCODER = "libx264"
SETTINGS = {"preset": "veryfast", "tune": "zerolatency", "crf": "23", "flags": "+bitexact"}
CONNECT_S = 3.0
"""Seconds that one waits for a server to answer; meanwhile nothing goes out."""
KEY_S = 2
"""Seconds from one key picture to the next: as long does who joins a stream have to wait."""


class Outlet(Protocol):
    """Takes pictures of one size, limited 8-bit 4:2:0, at times that rise."""

    def open(self, size: Size, rate: Fraction) -> None:
        """Called once, before the first picture; `rate` is about how many come in a second."""
        ...

    def write(self, picture: VideoFrame, ticks: int) -> None:
        """Take a picture that is shown at `ticks` of `TICK` seconds.

        Raises:
            OutputError: it cannot be written, and never will be.
        """
        ...

    def close(self, error: BaseException | None) -> None:
        """Complete what was written; after an `error`, let go of it. Called once, also where it was never opened."""
        ...


class Nowhere:
    """An `Outlet` that forgets what it is given."""

    def open(self, size: Size, rate: Fraction) -> None:
        pass

    def write(self, picture: VideoFrame, ticks: int) -> None:
        pass

    def close(self, error: BaseException | None) -> None:
        pass


@dataclass
class RawPipe:
    """Frames without a container, one after the other, for `ffmpeg -f rawvideo -i -` and the like."""

    file: BinaryIO
    pixels: str = "yuv420p"

    def open(self, size: Size, rate: Fraction) -> None:
        pass

    def write(self, picture: VideoFrame, ticks: int) -> None:
        try:
            for plane in planes(picture, self.pixels):
                self.file.write(plane.tobytes())
            self.file.flush()
        except OSError as error:
            raise OutputError(f"standard output was closed ({error.strerror}); start the reader again") from error

    def close(self, error: BaseException | None) -> None:
        pass


class Encoded:
    """H.264 in a container, into a file or an address."""

    def __init__(
        self,
        address: str,
        muxer: str,
        options: Mapping[str, str],
        size: Size,
        rate: Fraction,
        mark: Mark | None = None,
    ) -> None:
        """Begin. A `mark` is written where the container has room for its words; a stream is not signed.

        Raises:
            av.error.FFmpegError: nobody answers there, or it cannot be written.
        """
        self._container = av.open(
            address, "w", format=muxer, options={"fflags": "+bitexact", **options}, timeout=(OPEN_S, READ_S)
        )
        if mark is not None:
            self._container.metadata.update(words(muxer))
        stream = self._container.add_stream(ENCODER, rate=rate, options=SETTINGS)
        assert isinstance(stream, VideoStream)
        codec = stream.codec_context
        codec.width, codec.height = size
        codec.pix_fmt = "yuv420p"
        codec.time_base = stream.time_base = TICK
        codec.gop_size = max(round(KEY_S * rate), 1)
        codec.color_range, codec.colorspace = 1, tags(size)[1]
        # What an encoder says about itself, and whatever else travels beside the picture.
        self._filter = BitStreamFilterContext("filter_units=remove_types=6", "h264")
        self._stream = stream

    def write(self, picture: VideoFrame, ticks: int) -> None:
        picture.pts, picture.time_base = ticks, TICK
        self._mux(self._stream.encode(picture))

    def finish(self) -> None:
        self._mux(self._stream.encode(None))
        self._container.close()

    def abandon(self) -> None:
        with suppress(av.error.FFmpegError):
            self._container.close()

    def _mux(self, packets: list[Any]) -> None:
        for packet in packets:
            for bare in self._filter.filter(packet):
                bare.stream = self._stream
                self._container.mux(bare)


class File:
    """An `Outlet` into a file, which has its name when everything is in."""

    def __init__(self, path: Path, *, mark: Mark | None = None, force: bool = False) -> None:
        """Nothing is touched yet.

        Raises:
            OptionError: passerby does not write such files live.
            OutputError: it exists, and `force` is not given.
        """
        if path.suffix.lower() not in FILES:
            raise OptionError(
                f"a live run writes {', '.join(FILES)} and no {path.suffix or 'other'} files: {path.name}; "
                "end its name in one of these"
            )
        check_free(path, force=force)
        self._path = path
        self._mark = mark
        self._force = force
        self._block = ExitStack()
        self._encoded: Encoded | None = None

    def open(self, size: Size, rate: Fraction) -> None:
        file = self._block.enter_context(committed(self._path, force=self._force))
        muxer, options = FILES[self._path.suffix.lower()]
        with explained(self._path):
            self._encoded = Encoded(f"file:{file.name}", muxer, options, size, rate, self._mark)

    def write(self, picture: VideoFrame, ticks: int) -> None:
        assert self._encoded is not None
        with explained(self._path):
            self._encoded.write(picture, ticks)

    def close(self, error: BaseException | None) -> None:
        if error is not None:
            if self._encoded is not None:
                self._encoded.abandon()
            self._block.__exit__(type(error), error, error.__traceback__)
        elif self._encoded is not None:
            with self._block, explained(self._path):
                self._encoded.finish()


PORTS = {"rtmp": 1935, "rtmps": 443, "rtsp": 554}
"""Where servers listen if an address does not say."""


def connected(
    address: str, muxer: str, options: Mapping[str, str], size: Size, rate: Fraction, mark: Mark | None = None
) -> Encoded:
    """Begin to send to `address`.

    Raises:
        OSError, av.error.FFmpegError: nobody answers.
    """
    parts = urlsplit(address)
    if parts.scheme in PORTS:
        # While FFmpeg waits for an answer, all of Python stands still.
        socket.create_connection((parts.hostname, parts.port or PORTS[parts.scheme]), CONNECT_S).close()
    return Encoded(address, muxer, options, size, rate, mark)


@dataclass
class Address:
    """An `Outlet` to an address. While nobody answers there, pictures are lost, and it is tried again and again."""

    address: str
    clock: Clock
    statistics: Statistics
    say: Callable[[str], None]
    transport: str = "tcp"
    """Of RTSP."""
    connect: Callable[[str, str, Mapping[str, str], Size, Fraction], Encoded] = connected
    _format: tuple[Size, Fraction] | None = None
    _encoded: Encoded | None = None
    _pause_s: float = FIRST_PAUSE_S
    _next_s: float = 0.0
    _shown: str = field(init=False)

    def __post_init__(self) -> None:
        scheme, _, rest = self.address.partition("://")
        if scheme not in MUXERS:
            raise OptionError(f"cannot send to {scheme}://; the addresses known are {', '.join(MUXERS)}")
        host, slash, _ = rest.partition("/")
        # The rest of an address may be a key that lets anybody send.
        self._shown = f"{scheme}://{host.rpartition('@')[2]}{slash}…"

    def open(self, size: Size, rate: Fraction) -> None:
        self._format = size, rate

    def write(self, picture: VideoFrame, ticks: int) -> None:
        if self._encoded is None and self.clock.now() >= self._next_s:
            self._connect()
        if self._encoded is None:
            self.statistics.unsent += 1
            return
        try:
            self._encoded.write(picture, ticks)
        except av.error.FFmpegError as error:
            self._lose(error)
            self.statistics.unsent += 1
        else:
            self._pause_s = FIRST_PAUSE_S

    def close(self, error: BaseException | None) -> None:
        if self._encoded is not None:
            with suppress(av.error.FFmpegError):
                self._encoded.finish()

    def _connect(self) -> None:
        assert self._format is not None
        scheme = self.address.partition("://")[0]
        options = {"rtsp_transport": self.transport} if scheme == "rtsp" else {}
        try:
            self._encoded = self.connect(self.address, MUXERS[scheme], options, *self._format)
        except (av.error.FFmpegError, OSError) as error:
            self._lose(error)

    def _lose(self, error: av.error.FFmpegError | OSError) -> None:
        if isinstance(error, av.error.ProtocolNotFoundError):  # comes with the first picture, not before
            raise unspoken(self._shown) from error
        if self._encoded is not None:
            self._encoded.abandon()
            self._encoded = None
        self.say(
            f"{self._shown} does not take the stream ({error.strerror or error}); trying again in {self._pause_s:g} s"
        )
        self._next_s = self.clock.now() + self._pause_s
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)


class Camera:
    """An `Outlet` that is a camera to other programs, by pyvirtualcam."""

    def __init__(self, make: Callable[..., Any], device: str | None = None) -> None:
        """`make`: `pyvirtualcam.Camera`, or what stands in for it."""
        self._make = make
        self._device = device
        self._camera: Any = None

    def open(self, size: Size, rate: Fraction) -> None:
        try:
            self._camera = self._make(width=size[0], height=size[1], fps=float(rate), device=self._device)
        except RuntimeError as error:
            raise OutputError(f"there is no virtual camera here ({error}); install v4l2loopback or OBS") from error

    def write(self, picture: VideoFrame, ticks: int) -> None:
        self._camera.send(rgb(picture))

    def close(self, error: BaseException | None) -> None:
        if self._camera is not None:
            self._camera.close()


def virtual_camera(device: str | None) -> Camera:
    """A virtual camera.

    Raises:
        OptionError: pyvirtualcam is not installed.
    """
    try:
        import pyvirtualcam
    except ImportError as error:
        raise OptionError("a virtual camera needs pyvirtualcam; run: pip install 'passerby[camera]'") from error
    return Camera(pyvirtualcam.Camera, device)
