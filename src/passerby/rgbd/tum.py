"""Folders in the layout of the TUM RGB-D benchmark: rgb.txt and depth.txt list pictures with their times.

https://cvg.cit.tum.de/data/datasets/rgbd-dataset/file_formats
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from passerby.core.errors import InputError, UnsupportedMedia

UNIT_M = 1 / 5000
"""Metres per step of depth."""
APART_S = 0.02
"""Pictures of which the times are further apart do not belong together; as in the benchmark's own script."""

Entry = tuple[float, str, PurePosixPath]
"""Time in seconds, the same as it was written, and the picture's name."""


def read_list(path: Path) -> list[Entry]:
    """The pictures that `path` lists, by time.

    Raises:
        InputError: it cannot be read.
        UnsupportedMedia: a line is not a time and a name inside of the folder.
    """
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}: {error}; give a folder as TUM has them") from error
    entries = []
    for number, line in enumerate(lines, 1):
        parts = line.split(maxsplit=1)
        if not parts or parts[0].startswith("#"):
            continue
        try:
            time_s, name = float(parts[0]), PurePosixPath(parts[1].strip())
        except (ValueError, IndexError) as error:
            raise UnsupportedMedia(
                f"{path.name}, line {number}: wanted a time and a file name, got {line!r}"
            ) from error
        if not np.isfinite(time_s) or name.is_absolute() or ".." in name.parts:
            raise UnsupportedMedia(f"{path.name}, line {number}: wanted a name inside of its folder, got {line!r}")
        entries.append((time_s, parts[0], name))
    return sorted(entries)


def associated(colours: Sequence[Entry], depths: Sequence[Entry]) -> dict[int, int]:
    """Row of the depth that belongs to a row of `colours`, nearest in time first; each is used once."""
    times = np.array([entry[0] for entry in depths])
    near = []
    for row, (time_s, *_) in enumerate(colours):
        first, last = np.searchsorted(times, [time_s - APART_S, time_s + APART_S])
        near += [(abs(float(times[column]) - time_s), row, column) for column in range(first, last)]
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, row, column in sorted(near):
        if row not in pairs and column not in taken:
            pairs[row] = column
            taken.add(column)
    return pairs


def listed(title: str, entries: Sequence[Entry]) -> str:
    """The text of a list of pictures."""
    return "".join([f"# {title}\n# timestamp filename\n", *(f"{text} {name}\n" for _, text, name in entries)])
