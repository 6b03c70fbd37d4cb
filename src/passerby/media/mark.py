"""The one thing that is written into files besides pictures and sound: that somebody in them was made up."""

from __future__ import annotations

import mmap
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from passerby.media import xmp
from passerby.media.certificate import Signer
from passerby.media.manifest import sign, takes

SYNTHETIC = f"Parts of what this file shows are synthetic: a generator drew them. digitalSourceType={xmp.SOURCE_TYPE}"
"""In the words of IPTC for what is put together of photographs and of what a trained model made."""
COMMENTED = frozenset({"mp4", "mov", "matroska", "webm", "avi", "flv"})
"""The muxers that have room for a comment."""
_BOXES = frozenset({"mp4", "mov"})
"""Those whose files are made of boxes."""
_SAID = re.compile(
    rb"digitalsourcetype/(?:trainedAlgorithmicMedia|compositeSynthetic|compositeWithTrainedAlgorithmicMedia)"
)
"""IPTC's words for what a trained model made, wholly or in part, as XMP, comments and C2PA manifests hold them."""
SUFFIXES = (".mp4", ".mkv", ".png", ".jpg")
"""Some kinds of files with room for a mark."""


@dataclass(frozen=True)
class Mark:
    """How a file says that it is synthetic: by a tag, and where there is a signer by a C2PA manifest besides."""

    signer: Signer | None = None
    needed: bool = False
    """Where it cannot be signed there is to be no file, rather than one with the tag alone."""

    def finish(self, file: BinaryIO, path: Path, muxer: str = "") -> None:
        """Write what goes into a complete `file` that is to be called `path`; `muxer` is that of a film.

        Raises:
            OutputError: it cannot be signed.
        """
        if muxer in _BOXES:
            file.seek(0, 2)
            file.write(xmp.box())
        file.flush()
        if self.signer is not None and (self.needed or takes(file, path)):
            sign(file, path, self.signer)


def words(muxer: str) -> Mapping[str, str]:
    """The metadata with which FFmpeg's `muxer` says it; none where it has no room."""
    if muxer in COMMENTED:
        return {"comment": SYNTHETIC}
    if muxer == "mpegts":
        # In the service description, ETSI EN 300 468, 6.2.33: both are to fit into one packet of 188 bytes.
        return {"service_provider": "synthetic", "service_name": xmp.SOURCE_TYPE}
    return {}


def says_synthetic(path: Path) -> bool:
    """Whether a file, of passerby or any other tool, says in plain bytes that a trained model drew in it."""
    if not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return _SAID.search(data) is not None


def no_room(path: Path) -> str:
    """What to tell where there is no room."""
    return f"{path.name} cannot say that it is synthetic; tell whoever gets it, or write {', '.join(SUFFIXES)}"
