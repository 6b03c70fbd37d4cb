"""Pictures as sinks: written anew from pixels alone, in the format that a file's suffix names."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import cv2
import numpy as np

from passerby.core.errors import OptionError, OutputError
from passerby.core.frame import Frame, MediaInfo, Plane
from passerby.media.animation import AnimationWriter, ApngWriter, Encode, GifWriter, WebpWriter
from passerby.media.commit import committed
from passerby.media.mark import Mark, no_room
from passerby.media.picture_codec import Encoding, encode
from passerby.media.picture_header import Kind
from passerby.media.stills import FORMATS, KIND_OF_SUFFIX, StillInfo
from passerby.media.xmp import KINDS, added, gif_extension

_ALL: frozenset[Kind] = frozenset(KIND_OF_SUFFIX.values())
_ANIMATED: frozenset[Kind] = frozenset({"gif", "png", "webp"})
_SEE_THROUGH: frozenset[Kind] = frozenset({"gif", "png", "webp", "tiff", "bmp"})
_SIXTEEN_BITS: frozenset[Kind] = frozenset({"png", "tiff"})
_MAX_SIDE: dict[Kind, int] = {"jpeg": 65500, "webp": 16383, "gif": 65535}


class StillSink:
    """Writes pictures, in the format that the file's suffix names. Fits `core.stages.Sink`.

    A still takes one frame; GIF, PNG and WebP take animations. Nothing but pixels, times and colours is written.
    """

    def __init__(
        self,
        path: Path,
        info: MediaInfo,
        *,
        quality: int = 95,
        max_res: int | None = None,
        mark: Mark | None = None,
        force: bool = False,
    ) -> None:
        """`info` is the source's. `quality` (1..100) is of JPEG, and of WebP unless the source was lossless.

        `max_res` shrinks pictures of which the longer side has more pixels than that. A `mark` is the only other thing
        that is written into the file, where a picture of its kind has room for one.

        Raises:
            OptionError: a number makes no sense.
            OutputError: the suffix names no format that can hold these pictures.
        """
        if not 1 <= quality <= 100:
            raise OptionError(f"quality is a number from 1 to 100, got {quality}")
        if max_res is not None and max_res < 1:
            raise OptionError(f"max_res is a number of pixels from 1 up, got {max_res}")
        self._path, self._info, self._force = path, info, force
        self._size = _shrunk(info.size, max_res)
        self._kind = _kind(path, info, self._size)
        self._mark = mark if self._kind in KINDS else None
        self.notes = (no_room(path),) if mark and not self._mark else ()
        """What a user should know of how it is written, each one line."""
        self._encoding = _encoding(self._kind, info, quality)
        self._stack = ExitStack()
        self._file: BinaryIO | None = None
        self._writer: AnimationWriter | None = None
        self._held: Frame | None = None

    def write(self, frame: Frame) -> None:
        """Append a frame of the source's size and format.

        Raises:
            OutputError: it is of another kind, or a second one for a still.
        """
        assert self._writer is not None, "enter the sink before writing to it"
        if (frame.format, frame.size) != (self._info.format, self._info.size):
            wanted, got = (f"{f.format.name} {f.size[0]}x{f.size[1]}" for f in (self._info, frame))
            raise OutputError(f"{self._path.name} takes frames of {wanted}, got {got}; keep the source's")
        if self._held is not None:
            self._add(self._held, round((frame.time - self._held.time) * 1000))
        self._held = frame

    def __enter__(self) -> Self:
        self._file = self._stack.enter_context(committed(self._path, force=self._force))
        self._stack.push(self._complete)
        self._writer = self._opened(self._file)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def _opened(self, file: BinaryIO) -> AnimationWriter:
        plays = self._info.plays if isinstance(self._info, StillInfo) else 0
        if self._kind == "gif":
            return GifWriter(file, plays, gif_extension() if self._mark else b"")
        if self._info.container != "animation":
            return _StillWriter(file, self._encode, self._path.name)
        return (ApngWriter if self._kind == "png" else WebpWriter)(file, self._encode, plays)

    def _complete(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if kind is not None:
            return
        if self._held is None or self._writer is None:
            raise OutputError(f"no picture came for {self._path.name}; check what was to be kept of its source")
        self._add(self._held, self._last_ms(self._held))
        self._writer.close()
        if self._mark is not None and self._file is not None:
            self._mark.finish(self._file, self._path)

    def _last_ms(self, frame: Frame) -> int:
        """How long the last frame is shown: as long as it was in the source."""
        if isinstance(self._info, StillInfo) and frame.index < len(self._info.durations_ms):
            return self._info.durations_ms[frame.index]
        return round(1000 / self._info.rate) if self._info.rate else 0

    def _add(self, frame: Frame, duration_ms: int) -> None:
        assert self._writer is not None
        picture = frame.planes[0]
        if frame.size != self._size:
            picture = np.asarray(cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA))
        self._writer.add(picture, duration_ms)

    def _encode(self, picture: Plane) -> bytes:
        data = encode(picture, self._encoding)
        return added(data, self._kind, picture) if self._mark else data


class _StillWriter:
    """A file of one picture."""

    def __init__(self, file: BinaryIO, encode_picture: Encode, name: str) -> None:
        self._file, self._encode, self._name = file, encode_picture, name
        self._full = False

    def add(self, picture: Plane, duration_ms: int) -> None:
        if self._full:
            raise OutputError(f"{self._name} takes one picture and got more; name a .gif, .png or .webp")
        self._file.write(self._encode(picture))
        self._full = True

    def close(self) -> None:
        pass


def _shrunk(size: tuple[int, int], max_res: int | None) -> tuple[int, int]:
    """`size` (width, height) with its longer side at most `max_res`."""
    scale = min(1.0, max_res / max(size)) if max_res else 1.0
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _kind(path: Path, info: MediaInfo, size: tuple[int, int]) -> Kind:
    """The format that the suffix names, if it can hold what `info` tells of.

    Raises:
        OutputError: it cannot, or names none; the message lists those that can.
    """
    if info.format.name not in FORMATS.values():
        raise OutputError(f"{path.name} is a picture and cannot hold {info.format.name} video; name a video file")
    wanted = {
        "animations": _ANIMATED if info.container == "animation" else None,
        "see-through pixels": _SEE_THROUGH if info.format.channels == 4 else None,
        "16 bits": _SIXTEEN_BITS if info.format.depth == 16 else None,
        f"{size[0]}x{size[1]} pixels": frozenset(k for k in _ALL if max(size) <= _MAX_SIDE.get(k, max(size))),
    }
    fitting = _ALL.intersection(*(kinds for kinds in wanted.values() if kinds is not None))
    choices = ", ".join(suffix for suffix, kind in KIND_OF_SUFFIX.items() if kind in fitting)
    kind = KIND_OF_SUFFIX.get(path.suffix.lower())
    if kind is None:
        raise OutputError(f"{path.name} names no picture format; choose one of {choices}")
    lacking = [what for what, kinds in wanted.items() if kinds is not None and kind not in kinds]
    if lacking:
        raise OutputError(f"{path.name}: {kind} cannot hold {' and '.join(lacking)}; choose one of {choices}")
    return kind


def _encoding(kind: Kind, info: MediaInfo, quality: int) -> Encoding:
    """How a picture that `info` tells of is written as `kind`."""
    if not isinstance(info, StillInfo):
        return Encoding(kind=kind, quality=quality)
    tags = info.color
    # WebP has no grey pictures, and a grey profile describes no other.
    fits = kind != "webp" or info.format.matrix != "grey"
    return Encoding(
        kind=kind,
        quality=quality,
        lossless=info.lossless,
        sampling=info.sampling,
        profile=info.profile if fits else None,
        cicp=(tags["primaries"], tags["transfer"], tags["matrix"], tags["range"] - 1) if tags else None,
    )
