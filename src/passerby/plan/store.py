"""Plans as files: a zip of one JSON object and columns of numbers. `docs/plan.md` describes every member.

The same plan gives the same bytes. What is read is not trusted: sizes are checked before anything is unpacked, and a
file that is damaged or contradicts itself is refused with one line.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from tokenize import TokenError
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import PlanError
from passerby.core.plan import Change, Decision, Media, Plan
from passerby.core.runs import Runs
from passerby.core.tracks import Masks, Track, some_masks
from passerby.plan import format_1

VERSION = 3
"""The newest format: one with masks. Plans without any are written as the one before, which has all else."""
BARE = 2
HEAD = "plan.json"
LARGEST_HEAD = 1 << 25
"""Bytes of the JSON object."""
LARGEST_HEADER = 256
"""Bytes in which an array says its type and shape."""
MOST_ROWS = 1 << 25
"""Boxes, frames or tracks in a plan: 15 hours of video with 20 faces in every frame."""
MOST_RUNS = 1 << 28
"""Run lengths of all masks together: a gigabyte of them."""
LEVEL = 1
"""Of compression, 0..9: higher ones take six times as long and make nothing smaller."""


@dataclass(frozen=True, slots=True)
class _Column:
    """One array of the file."""

    dtype: str
    count: str
    """What in the head says how many rows there are."""
    width: int = 1


COLUMNS = {
    "tracks/ids": _Column("<i8", "tracks"),
    "tracks/labels": _Column("<u2", "tracks"),
    "tracks/lengths": _Column("<i8", "tracks"),
    "boxes/frames": _Column("<i4", "boxes"),
    "boxes/sides": _Column("<f4", "boxes", 4),
    "boxes/scores": _Column("<f4", "boxes"),
    "boxes/origins": _Column("|u1", "boxes"),
    "times": _Column("<i8", "times"),
    "cuts": _Column("<i8", "cuts"),
}
MASKS = {
    "masks/lengths": _Column("<u4", "boxes"),
    "masks/counts": _Column("<u4", "runs"),
}
"""Of plans with masks, besides."""

_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    LookupError,
    TypeError,
    ValueError,  # of JSON, of numpy, of text that is none; OptionError as well
    ArithmeticError,
    RecursionError,
    NotImplementedError,
    SyntaxError,  # of the arrays' headers, which are Python's own literals
    TokenError,
)
"""What reading a file that is not as it should be ends in."""


# Writing


def save(plan: Plan, file: BinaryIO, folder: Path) -> None:
    """Write `plan` to `file`, which lies in `folder`; where the medium lies is told from there.

    Raises:
        PlanError: it is larger than `load` would open.
    """
    rows = plan.rows()
    labels = list(plan.labels)
    columns: dict[str, NDArray[Any]] = {
        "tracks/ids": np.array([track.id for track in plan.tracks], np.int64),
        "tracks/labels": np.array([labels.index(track.label) for track in plan.tracks], np.uint16),
        "tracks/lengths": np.array([len(track.frames) for track in plan.tracks], np.int64),
        "boxes/frames": rows.frames,
        "boxes/sides": rows.boxes,
        "boxes/scores": rows.scores,
        "boxes/origins": rows.origins,
        "times": plan.times,
        "cuts": plan.cuts,
    }
    members_of = COLUMNS
    if rows.masks is not None:
        columns["masks/lengths"], columns["masks/counts"] = _counted(rows.masks)
        members_of = COLUMNS | MASKS
    counts = {column.count: len(columns[name]) for name, column in members_of.items()}
    head = json.dumps(_head(plan, labels, counts, folder), indent=1, sort_keys=True).encode()
    runs = counts.get("runs", 0)
    if len(head) > LARGEST_HEAD or counts["boxes"] > MOST_ROWS or runs > MOST_RUNS:
        has = f"{counts['boxes']} boxes with {runs} run lengths"
        raise PlanError(f"this plan has {has}; {MOST_ROWS} and {MOST_RUNS} are the most a file may hold; use --end")
    with zipfile.ZipFile(file, "w") as members:
        _add(members, HEAD, head)
        for name, column in members_of.items():
            stored = io.BytesIO()
            np.lib.format.write_array(stored, columns[name].astype(column.dtype), (1, 0), allow_pickle=False)
            _add(members, f"{name}.npy", stored.getvalue())


def _counted(masks: Masks) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """How many run lengths each mask has, 0 where there is none; and all of them."""
    counts = [np.empty(0, np.uint32) if mask is None else mask.counts for mask in masks]
    return np.array([len(each) for each in counts], np.uint32), np.concatenate(counts)


def _add(members: zipfile.ZipFile, name: str, data: bytes) -> None:
    """A member without anything that differs from run to run or system to system."""
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, 0o644 << 16
    members.writestr(entry, data, zipfile.ZIP_DEFLATED, LEVEL)


def _head(plan: Plan, labels: list[str], counts: Mapping[str, int], folder: Path) -> dict[str, Any]:
    media = plan.media
    return {
        "passerby_plan": VERSION if "runs" in counts else BARE,
        "media": {
            "name": media.name,
            "path": _relative(media.path, folder),
            "sha256": media.sha256,
            "size": list(media.size),
            "frames": media.frames,
            "rate": _text(media.rate),
            "time_base": _text(media.time_base),
            "begins": _text(media.begins),
            "start": _text(media.start),
            "end": _text(media.end),
            "fps": _text(media.fps),
            "salvage": media.salvage,
        },
        "counts": dict(counts),
        "labels": labels,
        "decisions": [_decision(decision) for decision in plan.decisions],
        "seed": plan.seed,
        "provenance": dict(plan.provenance),
    } | ({"changes": [asdict(change) for change in plan.changes]} if plan.changes else {})


def _relative(path: Path | None, folder: Path) -> str | None:
    """`path` as seen from `folder`, with slashes; None where it is not known or lies on another drive."""
    if path is None:
        return None
    try:
        return Path(os.path.relpath(path.absolute(), folder.absolute())).as_posix()
    except ValueError:
        return None


def _text(number: Fraction | None) -> str | None:
    return None if number is None else str(number)


def _decision(decision: Decision) -> dict[str, Any]:
    """Its fields; those that narrow nothing are left out."""
    fields = {name: getattr(decision, name) for name in Decision.__slots__}
    if decision.zone is not None:
        fields["zone"] = [[float(x), float(y)] for x, y in decision.zone]
    if decision.under is not None:
        fields["under"] = float(decision.under)
    return {name: value for name, value in fields.items() if value is not None and value != ""}


# Reading


def load(path: Path) -> Plan:
    """The plan in the file `path`, also of older formats.

    Raises:
        PlanError: it cannot be read, is none, is damaged, or is newer than this passerby.
    """
    try:
        with path.open("rb") as file:
            if file.read(1) == b"{":
                return format_1.load(path)
            with zipfile.ZipFile(file) as members:
                return _unpacked(members, path)
    except OSError as error:
        raise PlanError(f"cannot read the plan {path}: {error.strerror or error}; check the name") from error
    except _DAMAGE as error:
        what = " ".join(str(error).split())[:200] or type(error).__name__
        raise PlanError(f"{path.name} is no plan, or is damaged ({what}); analyze the input again") from error


def _unpacked(members: zipfile.ZipFile, path: Path) -> Plan:
    head = json.loads(_member(members, HEAD, LARGEST_HEAD))
    version = _whole(head["passerby_plan"], VERSION + 1000)
    if version > VERSION:
        raise PlanError(
            f"{path.name} is a plan of format {version}, and this passerby reads up to {VERSION}; update passerby"
        )
    columns = COLUMNS if version == BARE else COLUMNS | MASKS
    wanted = {HEAD, *(f"{name}.npy" for name in columns)}
    names = [entry.filename for entry in members.infolist()]
    if sorted(names) != sorted(wanted):
        raise ValueError(f"it has the members {', '.join(sorted(names))[:100]}")
    most = {"runs": MOST_RUNS}
    counts = {name: _whole(count, most.get(name, MOST_ROWS)) for name, count in dict(head["counts"]).items()}
    read = {name: _array(members, name, column, counts[column.count]) for name, column in columns.items()}
    media = _media(head["media"], path.parent)
    return Plan(
        media,
        _tracks(read, [_string(label) for label in head["labels"]], _masks(read, media.size)),
        tuple(_read_decision(decision) for decision in head["decisions"]),
        read["cuts"],
        read["times"],
        _whole(head["seed"], 2**63 - 1),
        {_string(name): _string(value) for name, value in dict(head["provenance"]).items()},
        tuple(_read_change(change) for change in head.get("changes", [])),
    )


def _member(members: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """The bytes of a member of no more than `limit` of them; nothing is unpacked of a larger one."""
    entry = members.getinfo(name)
    if entry.file_size > limit:
        raise ValueError(f"{name} would unpack to {entry.file_size} bytes, {limit} at most are due")
    if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
        raise ValueError(f"{name} is packed in a way that plans are not")
    return members.read(entry)


def _array(members: zipfile.ZipFile, name: str, column: _Column, count: int) -> NDArray[Any]:
    """A column of exactly `count` rows; read-only."""
    shape = (count, column.width) if column.width > 1 else (count,)
    room = 1 << 10  # for the array's own header, which says its type and shape
    data = _member(members, f"{name}.npy", count * column.width * np.dtype(column.dtype).itemsize + room)
    stored = io.BytesIO(data)
    if np.lib.format.read_magic(stored) != (1, 0):
        raise ValueError(f"{name} is an array of another format")
    found = np.lib.format.read_array_header_1_0(stored, max_header_size=LARGEST_HEADER)
    if found != (shape, False, np.dtype(column.dtype)):
        raise ValueError(f"{name} holds {found[2]} of shape {found[0]}, wanted {column.dtype} of shape {shape}")
    return np.frombuffer(data, column.dtype, offset=stored.tell()).reshape(shape)


def _masks(read: Mapping[str, NDArray[Any]], size: tuple[int, int]) -> Masks | None:
    """One for each box, or None; and None where the plan has no masks."""
    if "masks/lengths" not in read:
        return None
    counts = read["masks/counts"]
    ends = np.cumsum(read["masks/lengths"], dtype=np.int64)
    if (ends[-1] if len(ends) else 0) != len(counts):
        raise ValueError("the masks' lengths do not add up to its run lengths")
    masks = np.full(len(ends), None)
    for row in np.flatnonzero(read["masks/lengths"]):
        masks[row] = Runs(size, counts[ends[row] - read["masks/lengths"][row] : ends[row]])
    return masks


def _tracks(read: Mapping[str, NDArray[Any]], labels: list[str], masks: Masks | None) -> tuple[Track, ...]:
    lengths = read["tracks/lengths"]
    if (lengths < 1).any() or (lengths > MOST_ROWS).any() or lengths.sum() != len(read["boxes/frames"]):
        raise ValueError("the tracks' lengths do not add up to its boxes")
    if (read["tracks/labels"] >= len(labels)).any():
        raise ValueError("a track's label is not among its labels")
    ends = np.cumsum(lengths)
    frames = read["boxes/frames"].astype(np.int64)
    tracks = []
    for id, label, length, end in zip(read["tracks/ids"], read["tracks/labels"], lengths, ends, strict=True):
        rows = slice(end - length, end)
        boxes, scores, origins = (read[f"boxes/{name}"][rows] for name in ("sides", "scores", "origins"))
        mine = None if masks is None else some_masks(masks[rows])
        tracks.append(Track(int(id), labels[label], frames[rows], boxes, scores, origins, mine))
    return tuple(tracks)


def _media(head: Mapping[str, Any], folder: Path) -> Media:
    width, height = (_whole(side, 1 << 20) for side in head["size"])
    sha256 = _string(head["sha256"])
    if len(bytes.fromhex(sha256)) != 32:
        raise ValueError(f"{sha256[:70]!r} is no sha256")
    path = None if head["path"] is None else _string(head["path"])
    if path is not None and "\0" in path:
        raise ValueError("the medium's path is none")
    return Media(
        name=_string(head["name"]),
        sha256=sha256,
        size=(width, height),
        frames=_whole(head["frames"], MOST_ROWS),
        rate=_fraction(head["rate"]),
        time_base=_fraction(_string(head["time_base"])) or Fraction(1),
        begins=_fraction(head.get("begins"), -(2**40)),
        start=_fraction(head["start"]),
        end=_fraction(head["end"]),
        fps=_fraction(head["fps"]),
        salvage=head["salvage"] is True,
        path=None if path is None else folder / path,
    )


def _read_decision(head: Mapping[str, Any]) -> Decision:
    unknown = set(head) - set(Decision.__slots__)
    if unknown or not isinstance(head["hide"], bool):
        raise ValueError(f"a decision of {', '.join(sorted(map(str, head)))[:100]}")
    frames = head.get("frames")
    zone = head.get("zone")
    return Decision(
        head["hide"],
        None if "track" not in head else _whole(head["track"], 2**62),
        None if frames is None else (_whole(frames[0], MOST_ROWS), _whole(frames[1], MOST_ROWS)),
        None if zone is None else tuple((float(x), float(y)) for x, y in zone),
        None if "under" not in head else float(head["under"]),
        None if "method" not in head else _string(head["method"]),
        _string(head.get("reason", "")),
        _string(head.get("by", "")),
    )


def _read_change(head: Mapping[str, Any]) -> Change:
    if set(head) != set(Change.__slots__):
        raise ValueError(f"a change of {', '.join(sorted(map(str, head)))[:100]}")
    return Change(_string(head["what"]), _string(head["reason"]), _string(head["by"]))


def _whole(value: object, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"{str(value)[:40]} is not a whole number from 0 to {most}")
    return value


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{str(value)[:40]} is not text")
    return value


def _fraction(value: object, least: int = 0) -> Fraction | None:
    """Of text as 30000/1001; not under `least`, and small enough to compute with."""
    if value is None:
        return None
    number = Fraction(_string(value)) if len(str(value)) < 80 else None
    if number is None or not least <= number < 2**40:
        raise ValueError(f"{str(value)[:40]} is not a time or rate")
    return number
