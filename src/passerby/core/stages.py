"""The contracts. Nothing to inherit: whatever has these members fits.

    source → detector → tracker → regions → anonymizer → composite → sink

An embedder stands beside that line: it is asked only where somebody is to be recognized. So does a segmenter, which
outlines what a detector finds, and a parser, which tells what people wear.

`passerby.testing` checks an implementation against its contract in one line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from passerby.core.boxes import Boxes
from passerby.core.detections import Detections
from passerby.core.frame import Frame, MediaInfo
from passerby.core.parsing import Parsed
from passerby.core.regions import Mask, Patch, Region
from passerby.core.tracks import Sightings


class Source(Protocol):
    """Gives frames in presentation order. A context manager: leaving it frees the decoder."""

    @property
    def info(self) -> MediaInfo: ...
    def __iter__(self) -> Iterator[Frame]: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


class Detector(Protocol):
    """Finds things in frames, each frame on its own. May be called from several threads at once."""

    @property
    def labels(self) -> frozenset[str]:
        """Everything it can find."""
        ...

    def detect(self, frames: Sequence[Frame]) -> Sequence[Detections]:
        """One answer per frame, in order."""
        ...


class Segmenter(Protocol):
    """Tells the pixels of things whose boxes are known, as SAM does. May be called from several threads at once.

    `detect.compose.Outlined` makes a detector of a detector and one of these.
    """

    @property
    def labels(self) -> frozenset[str]:
        """What it is to be asked for."""
        ...

    def segment(self, frame: Frame, boxes: Boxes) -> Sequence[Mask | None]:
        """One mask per box (N, 4), in order; None where it cannot tell, and the whole box is hidden."""
        ...


class Parser(Protocol):
    """Tells what persons wear whose boxes are known. May be called from several threads at once."""

    def parse(self, frame: Frame, boxes: Boxes) -> Sequence[Parsed | None]:
        """One answer per box (N, 4), in order; None where it cannot tell."""
        ...


class Tracker(Protocol):
    """Follows what was found through time. Called once per frame, in order."""

    def step(self, frame: Frame, found: Detections | None) -> Sightings:
        """What is newly known, of this frame and of those up to `hold` frames before it.

        `found` is None in a frame in which nobody looked.
        """
        ...

    def cut(self) -> None:
        """The next frame belongs to another shot: nothing goes on across it."""
        ...


class Embedder(Protocol):
    """Tells persons apart by their faces. May be called from several threads at once."""

    @property
    def same(self) -> float:
        """Cosine of two embeddings from which they are of one person."""
        ...

    @property
    def other(self) -> float:
        """Cosine below which they are of two."""
        ...

    def embed(self, frame: Frame, faces: Detections) -> NDArray[np.float32]:
        """(N, D) one unit vector per face, by its landmarks; NaN where a face does not show well who it is."""
        ...


class Anonymizer(Protocol):
    """Makes what takes the place of the hidden regions. Does not write into frames.

    One that reads nothing of a frame but its size and format may have `drawn = True` besides `blind`: it is shown
    frames that are grey all over, which cost nothing, where others are shown copies that are blanked.
    """

    @property
    def batch(self) -> int:
        """Frames per call, at most."""
        ...

    @property
    def reach(self) -> int:
        """Frames of context that it needs on each side."""
        ...

    @property
    def blind(self) -> bool:
        """Its result does not depend on the pixels being hidden; they are blanked before it sees a frame."""
        ...

    def paint(self, frames: Sequence[Frame], hidden: Sequence[Sequence[Region]]) -> Sequence[Sequence[Patch]]:
        """One patch per region of each frame, in order."""
        ...


class Sink(Protocol):
    """Takes frames in order. A context manager: leaving it commits, leaving it by an error leaves nothing behind."""

    def write(self, frame: Frame) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...
