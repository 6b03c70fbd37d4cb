"""Which pictures of a folder belong together. docs/rgbd.md lists the layouts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from passerby.core.errors import InputError, UnsupportedMedia
from passerby.rgbd import tum

COLOURS = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})
DEPTHS = frozenset({".png", ".tif", ".tiff", ".npy"})
_COLOUR_FOLDERS = ("color", "colour", "rgb", "image", "images")
_KIND = r"(?P<kind>colou?r|rgb|depth)"
_NAMES = [
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (rf"(?P<stem>.*[_.-]){_KIND}", rf"{_KIND}(?P<stem>[_.-].*|)")
]
"""How a picture's name says what it is: 'street_01_color', 'depth-0004', 'rgb'."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A colour picture and its depth, and what they are called in the output folder."""

    colour: Path
    colour_to: PurePath
    depth: Path | None = None
    depth_to: PurePath | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """Pictures that follow each other."""

    pairs: tuple[Pair, ...]
    unit_m: float | None = None
    """Metres per step of whole-number depth, where the layout says so."""
    lists: tuple[tuple[PurePath, str], ...] = ()
    """Texts that belong to the layout: name in the output folder, content."""
    notes: tuple[str, ...] = ()


def recordings(colour: Path, depth: Path | None) -> list[Recording]:
    """What there is to work on at `colour`, and at `depth` where that is apart.

    Raises:
        InputError: it is not there.
        UnsupportedMedia: there is no picture in it.
    """
    for path in (colour, depth):
        if path is not None and not path.exists():
            raise InputError(f"there is no {path}; check the path")
    if colour.is_file():
        return [_single(colour, depth)]
    if depth is not None:
        if not depth.is_dir():
            raise UnsupportedMedia(f"{colour} is a folder and {depth} is not; name a folder of depth pictures")
        return [_matched(_by_stem(colour, COLOURS), _by_stem(depth, DEPTHS), PurePath("color"), PurePath("depth"))]
    found = list(_below(colour, PurePath()))
    if not found:
        raise UnsupportedMedia(f"there are no pictures in {colour} in a layout that passerby knows; see docs/rgbd.md")
    return found


def _single(colour: Path, depth: Path | None) -> Recording:
    if depth is None:
        return Recording((Pair(colour, PurePath(colour.name)),))
    if colour.name == depth.name:
        return Recording((Pair(colour, PurePath("color", colour.name), depth, PurePath("depth", depth.name)),))
    return Recording((Pair(colour, PurePath(colour.name), depth, PurePath(depth.name)),))


def _below(folder: Path, to: PurePath) -> Iterator[Recording]:
    """The recordings in `folder` and in the folders in it; `to` is its name in the output."""
    if (folder / "rgb.txt").is_file():
        yield _tum(folder, to)
        return
    inside = {path.name.lower(): path for path in sorted(folder.iterdir()) if path.is_dir() and _shown(path)}
    apart = next((inside[name] for name in _COLOUR_FOLDERS if name in inside), None)
    if apart is not None and _by_stem(apart, COLOURS):
        depth = inside.get("depth")
        depths = _by_stem(depth, DEPTHS) if depth else {}
        yield _matched(_by_stem(apart, COLOURS), depths, to / apart.name, to / (depth.name if depth else "depth"))
        return
    mixed = _mixed(folder, to)
    if mixed is not None:
        yield mixed
    for path in inside.values():
        yield from _below(path, to / path.name)


def _matched(colours: dict[str, Path], depths: dict[str, Path], colour_to: PurePath, depth_to: PurePath) -> Recording:
    """Colour and depth pictures of the same name, without their suffix."""
    pairs = []
    for stem, path in colours.items():
        depth = depths.get(stem)
        pairs.append(Pair(path, colour_to / path.name, depth, depth_to / depth.name if depth else None))
    lonely = [depths[stem].name for stem in depths.keys() - colours.keys()]
    return Recording(tuple(pairs), notes=_left_out(lonely))


def _mixed(folder: Path, to: PurePath) -> Recording | None:
    """Pictures beside each other: what is called …_depth belongs to what is called the same, or …_color or …_rgb."""
    colours: dict[str, Path] = {}
    depths: dict[str, Path] = {}
    for path in sorted(path for path in folder.iterdir() if path.is_file() and _shown(path)):
        named = next((match for pattern in _NAMES if (match := pattern.fullmatch(path.stem))), None)
        stem, kind = (named["stem"].strip("_.-"), named["kind"].lower()) if named else (path.stem, "")
        if kind == "depth":
            if path.suffix.lower() in DEPTHS:
                _put(depths, stem, path)
        elif path.suffix.lower() in COLOURS:
            _put(colours, stem, path)
    return _matched(colours, depths, to, to) if colours else None


def _by_stem(folder: Path, suffixes: frozenset[str]) -> dict[str, Path]:
    answer: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and _shown(path) and path.suffix.lower() in suffixes:
            _put(answer, path.stem, path)
    return answer


def _put(pictures: dict[str, Path], stem: str, path: Path) -> None:
    if stem in pictures:
        raise UnsupportedMedia(f"{pictures[stem]} and {path} have the same name; which one is meant? Take one away")
    pictures[stem] = path


def _shown(path: Path) -> bool:
    return not path.name.startswith(".")


def _tum(folder: Path, to: PurePath) -> Recording:
    colours = tum.read_list(folder / "rgb.txt")
    there = (folder / "depth.txt").is_file()
    depths = tum.read_list(folder / "depth.txt") if there else []
    belonging = tum.associated(colours, depths)
    pairs = []
    for row, (*_, name) in enumerate(colours):
        pair = Pair(folder / name, to / name)
        if row in belonging:
            depth = depths[belonging[row]][2]
            pair = replace(pair, depth=folder / depth, depth_to=to / depth)
        pairs.append(pair)
    kept = sorted(belonging.values())
    lists = [(to / "rgb.txt", tum.listed("color images", colours))]
    if there:
        lists.append((to / "depth.txt", tum.listed("depth maps", [depths[row] for row in kept])))
    lonely = [str(depths[row][2]) for row in sorted(set(range(len(depths))) - set(kept))]
    others = [name for name in ("groundtruth.txt", "accelerometer.txt") if (folder / name).is_file()]
    return Recording(tuple(pairs), tum.UNIT_M, tuple(lists), (*_left_out(lonely), *_left_out(others, "is no picture")))


def _left_out(names: list[str], why: str = "belongs to no colour picture") -> tuple[str, ...]:
    return tuple(f"{name} is left out: it {why}" for name in sorted(names))
