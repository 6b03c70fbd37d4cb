"""An original and what was made of it, read side by side."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from passerby.core.errors import InputError, NotMeasurable, OptionError
from passerby.core.frame import Frame, MediaInfo
from passerby.core.plan import Plan
from passerby.evaluate.fitting import Fit, candidates, told
from passerby.evaluate.pairing import Pairing
from passerby.media.container import VIDEO_SUFFIXES
from passerby.media.reading import Reading
from passerby.media.stills import STILL_SUFFIXES, StillSource, is_still
from passerby.media.video import VideoSource

MARKED = "_anonymized"
"""What names of anonymized files end with, where they do not lie in a folder of their own."""
LOOKED_AT, STEP = 10, 10
"""How many pairs of frames, and how far apart, are looked at to tell how pictures of another size came to be."""


@dataclass(frozen=True, slots=True)
class Named:
    """Two files that belong together."""

    name: str
    """Of the original, as seen from its folder."""
    original: Path
    anonymized: Path


@dataclass(frozen=True, slots=True)
class Pair:
    """Two files of one kind. Frames are read anew each time that they are asked for."""

    files: Named
    original: VideoSource | StillSource
    anonymized: VideoSource | StillSource
    fit: Fit
    every: int = 1
    """Every so manieth pair of frames is looked at, from the first one on."""

    @property
    def name(self) -> str:
        return self.files.name

    @property
    def info(self) -> MediaInfo:
        """Of the original."""
        return self.original.info

    @property
    def expected(self) -> int | None:
        """How many frames are looked at, as far as the files say."""
        known = [info.frames for info in (self.info, self.anonymized.info) if info.frames is not None]
        return -(-min(known) // self.every) if known else None

    @contextmanager
    def side_by_side(self) -> Iterator[Pairing]:
        """Both files frame by frame, each at its own size."""
        sources = _anew(self.original, self.files.original), _anew(self.anonymized, self.files.anonymized)
        with sources[0] as original, sources[1] as anonymized:
            yield Pairing(self.name, original, anonymized, (self.info, self.anonymized.info))

    def chosen(self, pairing: Iterable[tuple[Frame, Frame]]) -> Iterator[tuple[Frame, Frame]]:
        """Of all pairs every `every`th one, at the original's size.

        Raises:
            InputError: they do not go together (see `Pairing`), change their size, or one cannot be read.
        """
        for count, (one, other) in enumerate(pairing):
            if (one.size, other.size) != (self.fit.size, self.fit.made):
                raise InputError(
                    f"{self.name}: frame {one.index} is {one.size[0]}x{one.size[1]} pixels large in the original and "
                    f"{other.size[0]}x{other.size[1]} in the anonymized file, and was larger or smaller before; "
                    "cut the film where its size changes"
                )
            if count % self.every == 0:
                yield one, self.fit.laid(other)

    def frames(self) -> Iterator[tuple[Frame, Frame]]:
        """Pairs of frames as they are compared; all are read. Raises as `chosen` does."""
        with self.side_by_side() as pairing:
            yield from self.chosen(pairing)


def opened(named: Named, plan: Plan | None = None, every: int = 1) -> Pair:
    """Both files, looked at up to their first frames. The original is read as it was for the `plan`.

    Raises:
        InputError: one cannot be read, or they are not of one kind and shape.
        OptionError: they are one and the same, or the plan is of another file.
    """
    if every < 1:
        raise OptionError(f"--every is a number of frames from 1 up, got {every}")
    for path in (named.original, named.anonymized):
        if not path.is_file():
            raise InputError(f"{path} does not exist or is no file; check the name")
    if named.original.samefile(named.anonymized):
        raise OptionError(f"{named.original} is given twice; give the original and what was made of it")
    kinds = [is_still(path) for path in (named.original, named.anonymized)]
    if kinds[0] != kinds[1]:
        which = "picture", "video"
        raise InputError(
            f"{named.name}: the original is a {which[not kinds[0]]} and the anonymized file a {which[not kinds[1]]}; "
            "give two of one kind"
        )
    original, anonymized = _source(named.original, plan), _source(named.anonymized)
    ways = candidates(named.name, original.info, anonymized.info)
    pair = Pair(named, original, anonymized, ways[0], every)
    if plan is not None and plan.media.sha256 != pair.info.sha256:
        raise OptionError(
            f"the plan is for {plan.media.name} ({plan.media.sha256[:8]}), and the original is {pair.info.name} "
            f"({(pair.info.sha256 or '')[:8]}); give the plan of this file, or none"
        )
    if len(ways) == 1:
        return pair
    with pair.side_by_side() as pairing:
        return replace(pair, fit=told(ways, islice(pairing, 0, LOOKED_AT * STEP, STEP)))


def named(original: Path, anonymized: Path) -> tuple[list[Named], list[str]]:
    """The pairs of two files, or of two folders, and which files of folders are alone, one line each.

    In a folder a file belongs to the one of the same place and name; its ending may be another where none has the same,
    and its name may end with `MARKED`, as passerby's own outputs do. Nothing belongs to two.

    Raises:
        InputError: one is a folder and the other is not, or no two files belong together.
    """
    if original.is_dir() != anonymized.is_dir():
        raise InputError(f"{original} and {anonymized} are a folder and a file; give two of one kind")
    if not original.is_dir():
        return [Named(original.name, original, anonymized)], []
    ours, others = _media(original, beside=anonymized), _media(anonymized, beside=original)
    found: dict[Path, Path] = {}
    free = dict.fromkeys(others)
    for partner in (_same_name, _same_stem):
        for place in ours:
            if place not in found and (other := partner(place, free)) is not None:
                found[place] = other
                del free[other]
    if not found:
        raise InputError(f"no file in {anonymized} is called as one in {original}; give two folders of the same files")
    pairs = [Named(str(place), original / place, anonymized / found[place]) for place in ours if place in found]
    alone = [f"{place}: there is no file of that name in {anonymized}" for place in ours if place not in found]
    alone += [f"{other}: there is no original of that name in {original}" for other in free]
    return pairs, alone


def _media(folder: Path, *, beside: Path) -> list[Path]:
    """The places in `folder` of all films and pictures that do not lie in the other folder as well."""
    known, other = STILL_SUFFIXES | VIDEO_SUFFIXES, beside.resolve()
    within = other != folder.resolve() and folder.resolve().is_relative_to(other)
    return [
        path.relative_to(folder)
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in known and path.is_file() and (within or not path.resolve().is_relative_to(other))
    ]


def _same_name(place: Path, others: Collection[Path]) -> Path | None:
    """The one of `others` that is called as `place`, or so with `MARKED`."""
    return next((name for name in (place, place.with_stem(place.stem + MARKED)) if name in others), None)


def _same_stem(place: Path, others: Collection[Path]) -> Path | None:
    """Likewise, but for the ending; a picture and a film do not belong together."""
    still = place.suffix.lower() in STILL_SUFFIXES
    alike = [other for other in others if (other.suffix.lower() in STILL_SUFFIXES) == still]
    names = place.with_suffix(""), place.with_name(place.stem + MARKED)
    return next((other for name in names for other in alike if other.with_suffix("") == name), None)


def _source(path: Path, plan: Plan | None = None) -> VideoSource | StillSource:
    if is_still(path):
        with StillSource(path) as source:  # which lets go of its pictures: of a folder all pairs are held
            return source
    then = None if plan is None else plan.media
    if then is None:
        return VideoSource(path)
    return VideoSource(path, Reading(start_s=then.start, end_s=then.end, fps=then.fps, salvage=then.salvage))


def _anew(source: VideoSource | StillSource, path: Path) -> VideoSource | StillSource:
    """A source whose frames can be read: one of pictures has let go of them."""
    return StillSource(path) if isinstance(source, StillSource) else source


def enough(count: int, name: str) -> None:
    """Refuse a pair without a frame.

    Raises:
        NotMeasurable: `count` is 0.
    """
    if not count:
        raise NotMeasurable(f"{name} has no frame that could be looked at")
