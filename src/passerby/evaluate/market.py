"""Crops of people as folders in the layout of Market-1501, which re-identification tools read.

    reid/bounding_box_test/0001_c1s1_000040_00.jpg     the gallery: originals, camera 1
    reid/query/0001_c2s1_000040_00.jpg                 the queries: anonymized, camera 2

A name is identity, camera and sequence, frame, number of the box. The two videos are two cameras: with one for both,
the usual rule for junk (same identity, same camera) would leave out every true match. Identity 0000 is a distractor,
who matches nobody, and -1 is junk, which is not looked at.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import InputError, OutputError
from passerby.evaluate.embedders import Crop
from passerby.evaluate.pairs import Views

GALLERY, QUERY = "bounding_box_test", "query"
_NAME = re.compile(r"(-1|\d{4,})_c(\d+)s\d+_(\d+)_\d+")
_QUALITY = 95
"""Of the JPEGs: they lose a little, so figures of the folders differ a little from those of the videos."""


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A folder of crops; row i of each is one file, by name."""

    identities: NDArray[np.int64]
    """(N,), 0 for distractors."""
    cameras: NDArray[np.int64]
    frames: NDArray[np.int64]
    crops: tuple[Crop, ...]


def organize(views: Views, folder: Path) -> None:
    """Write `views` as a data set into the new folder `folder`, whole or not at all.

    Identity i is called i + 1, whoever else was found: 0000 means a distractor.

    Raises:
        OutputError: `folder` exists, or cannot be written.
    """
    if folder.exists():
        raise OutputError(f"{folder} exists already; name a new folder, or remove it")
    try:
        part = Path(tempfile.mkdtemp(prefix=".passerby-", suffix=".part", dir=folder.parent))
    except OSError as error:
        raise OutputError(f"cannot write in {folder.parent}: {error.strerror}; choose another folder") from error
    try:
        for camera, (name, crops) in enumerate(((GALLERY, views.originals), (QUERY, views.anonymized)), 1):
            (part / name).mkdir()
            _write(part / name, camera, views, crops)
        part.chmod(0o755)
        part.rename(folder)
    except OSError as error:
        raise OutputError(f"cannot write {folder}: {error.strerror}; choose another folder") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _write(folder: Path, camera: int, views: Views, crops: Sequence[Crop]) -> None:
    seen: dict[tuple[int, int], int] = {}
    for identity, frame, crop in zip(views.identities.tolist(), views.frames.tolist(), crops, strict=True):
        number = seen[identity, frame] = seen.get((identity, frame), -1) + 1
        name = f"{identity + 1:04}_c{camera}s1_{frame:06}_{number:02}.jpg"
        _, data = cv2.imencode(".jpg", crop[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        (folder / name).write_bytes(data.tobytes())


def read(folder: Path) -> Labelled:
    """The crops in a folder of this layout, without junk; other files than .jpg are not looked at.

    Raises:
        InputError: there is none, a name is of another kind, or a file is no picture.
    """
    paths = sorted(folder.glob("*.jpg"))
    if not paths:
        raise InputError(f"there is no .jpg in {folder}; give a folder of crops, such as {GALLERY} or {QUERY}")
    rows, crops = [], []
    for path in paths:
        match = _NAME.fullmatch(path.stem)
        if match is None:
            raise InputError(f"{path} is no name of Market-1501; wanted is one like 0001_c1s1_000001_00.jpg")
        identity, camera, frame = (int(part) for part in match.groups())
        if identity < 0:
            continue
        picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR) if path.stat().st_size else None
        if picture is None:
            raise InputError(f"{path} is no picture that can be read; remove it, or write it again")
        rows.append((identity, camera, frame))
        crops.append(np.ascontiguousarray(picture[..., ::-1], np.uint8))
    identities, cameras, frames = np.array(rows, np.int64).reshape(-1, 3).T
    return Labelled(identities, cameras, frames, tuple(crops))
