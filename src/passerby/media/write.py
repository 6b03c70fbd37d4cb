"""Frames as a video file: encoded, timed to the tick, with nothing of the input but what was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import av

from passerby.core.errors import OutputError
from passerby.core.frame import Frame, MediaInfo
from passerby.media.commit import committed
from passerby.media.container import family_of
from passerby.media.encoders import Encoding, settle
from passerby.media.mark import Mark, words
from passerby.media.muxer import Muxer
from passerby.media.soundtrack import Soundtrack

__all__ = ["Encoding", "VideoSink"]


class VideoSink:
    """A video file as a `Sink`: there when the block ends well, and not at all when it does not."""

    def __init__(
        self,
        path: Path,
        info: MediaInfo,
        encoding: Encoding | None = None,
        *,
        soundtrack: Soundtrack | None = None,
        mark: Mark | None = None,
        force: bool = False,
    ) -> None:
        """Settle how `path` will be written from what `info` says; nothing is touched yet.

        A `mark` is the only thing that is written into it besides.

        Raises:
            OptionError: container, encoder, its options and the picture do not go together.
        """
        self._path = path
        self._info = info
        self._family = family_of(path)
        self._target = settle(info, encoding or Encoding(), self._family)
        self._soundtrack = soundtrack
        self._mark = mark
        self._force = force
        self._block: AbstractContextManager[Muxer] | None = None
        self._muxer: Muxer | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know of how it is written, each one line; complete once it is."""
        sound = self._soundtrack.notes if self._soundtrack is not None else ()
        return (*self._target.notes, *sound)

    def __enter__(self) -> Self:
        self._block = self._writing()
        self._muxer = self._block.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        assert self._block is not None
        self._block.__exit__(kind, error, trace)

    def write(self, frame: Frame) -> None:
        """Add `frame`; its time must be after that of the frame before.

        Raises:
            OutputError: it cannot be written (full disk, encoder failed, …).
            StageError: it is not of the kind that was announced.
        """
        assert self._muxer is not None, "a sink is written to inside its with-block"
        with explained(self._path):
            self._muxer.write(frame)

    @contextmanager
    def _writing(self) -> Iterator[Muxer]:
        with ExitStack() as stack:
            file = stack.enter_context(committed(self._path, force=self._force))
            sound = stack.enter_context(self._soundtrack) if self._soundtrack is not None else None
            with explained(self._path):
                said = words(self._family.muxer) if self._mark is not None else {}
                muxer = Muxer(Path(file.name), self._info, self._target, self._family, sound, said)
            try:
                yield muxer
                with explained(self._path):
                    muxer.finish()
                if self._mark is not None:
                    self._mark.finish(file, self._path, self._family.muxer)
            except BaseException:
                with suppress(av.error.FFmpegError):
                    muxer.abandon()
                raise


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """FFmpeg's errors in writing `path` as ours."""
    try:
        yield
    except av.error.FFmpegError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from error
