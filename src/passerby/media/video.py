"""Video files as frames: the decoder's own planes, upright, at their exact times."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

import av
from av.stream import Stream

from passerby.core.errors import DamagedMedia, OptionError, UnsupportedMedia
from passerby.core.frame import Frame
from passerby.media.container import opened, packets_of, picture_stream
from passerby.media.headers import missing_bytes
from passerby.media.hole import Hole
from passerby.media.holes import holes_in
from passerby.media.pictures import VideoInfo
from passerby.media.reader import Reader
from passerby.media.reading import Gap, Reading, Window

__all__ = ["Gap", "Reading", "VideoSource"]


class VideoSource:
    """A video file as a `Source`. It may be iterated again: each time from its beginning."""

    def __init__(self, path: Path, reading: Reading | None = None) -> None:
        """Look at `path` up to its first frame.

        Raises:
            InputError: it cannot be read, is no video, is damaged, or is beyond the limits.
            OptionError: no frame lies between start and end.
        """
        self.path = path
        self._reading = reading = reading or Reading()
        self._breaks_off = _breaks_off(path, reading)
        self._holes = _holes(path, reading)
        self._reader = self._opened()
        with closing(self._reader) as reader:
            first = next(reader.frames(), None)
            if first is None:
                _refuse_empty(path.name, reader)
            self._info = _described(path.name, reader, first)
        with path.open("rb") as file:
            self._info = replace(self._info, sha256=hashlib.file_digest(file, "sha256").hexdigest())
        if reading.start_s is not None or reading.end_s is not None or reading.fps is not None:
            self._info = replace(self._info, frames=None)

    @property
    def info(self) -> VideoInfo:
        """What is known about the file; its notes may grow while frames are read."""
        return replace(self._info, notes=tuple(dict.fromkeys((*self._info.notes, *self._reader.notes))))

    @property
    def missing(self) -> list[Gap]:
        """What could not be decoded; complete once iteration is over."""
        return self._reader.gaps

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._reader.close()

    def __iter__(self) -> Iterator[Frame]:
        """Frames in order; raises as `Reader.frames` does."""
        self._reader.close()
        self._reader = self._opened()
        with closing(self._reader) as reader:
            yield from reader.frames()

    def _opened(self) -> Reader:
        return Reader(self.path, self._reading, breaks_off=self._breaks_off, holes=self._holes)


def _described(name: str, reader: Reader, first: Frame) -> VideoInfo:
    """All that is known once the `first` frame is there."""
    assert reader.repacking is not None
    stream = reader.stream
    end = _declared_end(reader)
    return VideoInfo(
        name=name,
        sha256=None,
        container=reader.container.format.name,
        size=first.size,
        rotation=90 * first.turn,
        sample_aspect=first.sample_aspect,
        frames=stream.frames or None,
        rate=min((rate for rate in (reader.rate, reader.fps) if rate), default=None),
        time_base=reader.tick,
        duration_s=None if end is None else max(float(end - reader.window.shift - first.time), 0.0),
        format=first.format,
        color=reader.repacking.tags,
        codec=stream.codec_context.codec.canonical_name,
        streams=tuple(_spelled(stream) for stream in reader.container.streams),
        begins=reader.window.origin,
        rounded=reader.repacking.source if reader.repacking.rounds else None,
    )


def _spelled(stream: Stream) -> str:
    codec = stream.codec_context
    return stream.type if codec is None else f"{stream.type} {codec.codec.canonical_name}"


def _declared_end(reader: Reader) -> Fraction | None:
    """When the last wanted frame ends, as far as the file says, in seconds on its clock."""
    stream, container = reader.stream, reader.container
    ends = [] if reader.window.end is None else [reader.window.end]
    if stream.duration is not None:
        ends.append(((stream.start_time or 0) + stream.duration) * reader.tick)
    elif container.duration is not None:
        ends.append(Fraction(container.duration, av.time_base))
    return min(ends, default=None)


def _refuse_empty(name: str, reader: Reader) -> NoReturn:
    """Say why there is no frame at all."""
    window, declared = reader.window, reader.stream.duration
    first = reader.gaps[0] if reader.gaps else None
    if first is not None and window.start is not None and first.from_s > 0:
        raise DamagedMedia(
            f"{name} has no whole picture from {float(window.start - window.origin):g} s on: it is damaged at "
            f"{first.from_s:.3f} s ({first.reason}); choose a start before that",
            frame=0,
            time_s=first.from_s,
        )
    if reader.failed:
        raise DamagedMedia(f"{name}: not one of its pictures decodes; copy it again from where it came", frame=0)
    if window.start is None and window.end is None:
        raise UnsupportedMedia(f"{name} declares a video stream but holds no picture; nothing to do")
    start = float((window.start or window.origin) - window.origin)
    stretch = f"from {start:g} s" + ("" if window.end is None else f" to {float(window.end - window.origin):g} s")
    length = "" if declared is None else f" (it lasts {float(declared * reader.tick):.3f} s)"
    raise OptionError(f"{name} has no frame {stretch}{length}; choose another start or end")


def _holes(path: Path, reading: Reading) -> tuple[Hole, ...]:
    """What is broken inside of `path`."""
    with opened(path, reading.limits) as container:
        stream = picture_stream(path.name, container, reading.limits)
        return holes_in(path, container.format.name, stream.id)


def _breaks_off(path: Path, reading: Reading) -> bool:
    """Whether the end of `path` is missing, and pictures with it.

    Raises:
        DamagedMedia: so it is, and this is no salvage.
    """
    missing = missing_bytes(path) if path.is_file() else 0
    if not missing:
        return False
    whole = 0
    end = 0
    with opened(path, reading.limits) as container:
        stream = picture_stream(path.name, container, reading.limits)
        tick = stream.time_base or Fraction(1)
        try:
            for packet in packets_of(container, stream):
                if packet.size and not packet.is_corrupt:
                    whole += 1
                    time = packet.pts if packet.pts is not None else packet.dts
                    end = max(end, (time or 0) + (packet.duration or 0))
        except av.error.FFmpegError:
            pass  # it breaks off here, then
        if whole == stream.frames:
            return False
        time_s = float(end * tick - Window.of(reading, container, tick).origin)
    if reading.salvage:
        return True
    raise DamagedMedia(
        f"{path.name} breaks off: {missing} bytes are missing from its end, and with them frame {whole} "
        f"at {time_s:.3f} s and all after it; copy it again, or use --salvage to keep what is there",
        frame=whole,
        time_s=time_s,
    )
