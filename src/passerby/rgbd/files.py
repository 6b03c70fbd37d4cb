"""Reading pairs of colour and depth pictures, and writing them with faces hidden: all of them, or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import DamagedMedia, InputError, OutputError, UnsupportedMedia
from passerby.core.frame import Frame
from passerby.media.commit import check_free, committed
from passerby.media.still_sink import StillSink
from passerby.media.stills import StillInfo, StillSource
from passerby.rgbd.layouts import Pair, Recording
from passerby.rgbd.mosaic import Picture


@dataclass(frozen=True, slots=True)
class Processed:
    """What `FaceMasker.process_paths` did."""

    frames: int
    faces: int
    """Of all frames together."""
    written: tuple[Path, ...]
    """Pictures, depths and lists, in the order in which they were written."""
    notes: tuple[str, ...]
    """What was left out, and where depth was not to be trusted; one line each."""


class Found(Protocol):
    """What hiding gives, as far as files need it."""

    @property
    def rgb_anon(self) -> Picture: ...
    @property
    def depth_anon(self) -> NDArray[Any] | None: ...
    @property
    def boxes(self) -> NDArray[np.int32]: ...
    @property
    def notes(self) -> tuple[str, ...]: ...


Hide = Callable[[Picture, NDArray[Any] | None, float | None], Found]
"""Takes a picture in BGR, its depth, and metres per step of depth where the layout says so."""


def process(
    recordings: Sequence[Recording], folder: Path, hide: Hide, reset: Callable[[], None], *, force: bool
) -> Processed:
    """Write every picture of `recordings` to `folder` as `hide` gives it; after an error, nothing of this is left.

    Raises:
        InputError: a file is damaged or of a kind that is not handled.
        OutputError: a result exists, would replace its original, or cannot be written.
    """
    _check_targets(recordings, folder, force)
    frames = faces = 0
    notes: list[str] = []
    with _taken_back() as written:
        for recording in recordings:
            reset()
            notes += recording.notes
            for pair in recording.pairs:
                found = _one(pair, recording.unit_m, folder, hide, force, written)
                frames, faces = frames + 1, faces + len(found.boxes)
                notes += [f"{pair.colour_to}: {note}" for note in found.notes]
            for name, text in recording.lists:
                with _new(folder / name, force, written) as path, committed(path, force=force) as file:
                    file.write(text.encode())
    return Processed(frames, faces, tuple(path for path in written if path.is_file()), tuple(notes))


def _check_targets(recordings: Sequence[Recording], folder: Path, force: bool) -> None:
    """Better before the work than after it."""
    originals, targets = set(), []
    for recording in recordings:
        for pair in recording.pairs:
            originals |= {pair.colour.resolve()} | ({pair.depth.resolve()} if pair.depth else set())
            targets += [folder / name for name in (pair.colour_to, pair.depth_to) if name is not None]
        targets += [folder / name for name, _ in recording.lists]
    seen: set[Path] = set()
    for target in targets:
        if target.resolve() in originals:
            raise OutputError(f"{target} would replace its original; choose another output folder")
        if target in seen:
            raise OutputError(f"{target} would be written twice; keep pictures of one name in folders of their own")
        seen.add(target)
        if target.parent.is_dir():
            check_free(target, force=force)


@contextmanager
def _taken_back() -> Iterator[list[Path]]:
    """A list of the files and folders made; all of them vanish when the block does not end well."""
    made: list[Path] = []
    try:
        yield made
    except BaseException:
        for path in reversed(made):
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink(missing_ok=True)
        raise


@contextmanager
def _new(path: Path, force: bool, made: list[Path]) -> Iterator[Path]:
    """`path` with the folders that it needs, noted in `made` as soon as it is written."""
    missing = [folder for folder in path.parents if not folder.exists()]
    try:
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            made.append(folder)
    except OSError as error:
        raise OutputError(f"cannot make the folder {path.parent}: {error.strerror}; choose another one") from error
    check_free(path, force=force)
    yield path
    made.append(path)


def _one(pair: Pair, unit_m: float | None, folder: Path, hide: Hide, force: bool, written: list[Path]) -> Found:
    """Read, hide and write one pair."""
    colour = _opened(pair.colour)
    [frame] = colour
    picture = frame.planes[0]
    if colour.info.format.name != "rgb24":
        raise UnsupportedMedia(
            f"{pair.colour.name} has pixels of {colour.info.format.name}; convert it to 8 bits of red, green and blue"
        )
    depth = _read_depth(pair.depth) if pair.depth else None
    if depth is not None and depth.values.shape != picture.shape[:2]:
        (high, wide), (height, width) = depth.values.shape, picture.shape[:2]
        raise UnsupportedMedia(
            f"{pair.depth} has {wide}x{high} pixels and {pair.colour} {width}x{height}; align depth to colour first"
        )
    found = hide(np.ascontiguousarray(picture[..., ::-1]), depth.values if depth else None, unit_m)
    if depth is not None and found.depth_anon is not None and pair.depth_to is not None:
        with _new(folder / pair.depth_to, force, written) as path:
            depth.write(path, found.depth_anon, force)
    with (
        _new(folder / pair.colour_to, force, written) as path,
        StillSink(path, colour.info, force=force) as sink,
    ):
        sink.write(frame.with_planes((np.ascontiguousarray(found.rgb_anon[..., ::-1]),)))
    return found


def _opened(path: Path) -> StillSource:
    """A picture file of one picture."""
    source = StillSource(path)
    if source.info.frames != 1:
        raise UnsupportedMedia(f"{path.name} is an animation; give single pictures")
    return source


@dataclass(frozen=True, slots=True, eq=False)
class _DepthFile:
    """What was in a depth file, and how to write its like."""

    values: NDArray[Any]
    """(H, W) uint16 or float."""
    still: tuple[StillInfo, Frame] | None = None
    """Of a picture; None of an array in NumPy's format."""

    def write(self, path: Path, values: NDArray[Any], force: bool) -> None:
        if self.still is None:
            with committed(path, force=force) as file:
                np.save(file, values, allow_pickle=False)
            return
        info, frame = self.still
        with StillSink(path, info, force=force) as sink:
            sink.write(frame.with_planes((values,)))


def _read_depth(path: Path) -> _DepthFile:
    """A depth file.

    Raises:
        InputError: it is something else, or damaged.
    """
    if path.suffix.lower() != ".npy":
        source = _opened(path)
        [frame] = source
        if source.info.format.name != "gray16le":
            raise UnsupportedMedia(
                f"{path.name} has pixels of {source.info.format.name}; depth is one channel of 16 bits, or a .npy file"
            )
        return _DepthFile(frame.planes[0], (source.info, frame))
    try:
        depth = np.load(path, allow_pickle=False)
    except OSError as error:
        raise InputError(
            f"cannot read {path}: {error.strerror or error}; check its name and that it may be read"
        ) from error
    except (ValueError, EOFError) as error:
        raise DamagedMedia(f"{path.name} is no array in NumPy's format, or breaks off; get a whole copy") from error
    if not isinstance(depth, np.ndarray) or depth.ndim != 2 or depth.dtype not in (np.uint16, np.float32, np.float64):
        raise UnsupportedMedia(f"{path.name} holds no array (H, W) of uint16 or float; depth is one of these")
    return _DepthFile(depth)
