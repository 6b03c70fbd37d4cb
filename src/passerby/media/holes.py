"""Stretches of a file in which its container makes no sense.

FFmpeg jumps over them to whatever it knows again, without a word. Here the container is walked from header to header,
and read in full only where it must be. What is unknown but adds up is left alone.
"""

from __future__ import annotations

from pathlib import Path

from passerby.media.hole import Hole
from passerby.media.walk_asf import asf_holes
from passerby.media.walk_avi import avi_holes
from passerby.media.walk_flv import flv_holes
from passerby.media.walk_matroska import matroska_holes
from passerby.media.walk_mxf import mxf_holes
from passerby.media.walk_ogg import ogg_holes
from passerby.media.walk_program import program_holes
from passerby.media.walk_transport import transport_holes


def holes_in(path: Path, kind: str, stream_id: int) -> tuple[Hole, ...]:
    """What is broken in the file `path`, in order; empty for a kind of container that is not known here.

    `kind` is FFmpeg's name of the container and `stream_id` its number of the video stream.
    """
    size = path.stat().st_size
    with path.open("rb", buffering=0) as file:
        match kind:
            case "matroska,webm":
                return tuple(matroska_holes(file, size))
            case "mpegts":
                return tuple(transport_holes(file, size, stream_id))
            case "flv":
                return tuple(flv_holes(file, size))
            case "avi":
                return tuple(avi_holes(file, size))
            case "mpeg":
                return tuple(program_holes(file, size, stream_id))
            case "ogg":
                return tuple(ogg_holes(file, size))
            case "asf":
                return tuple(asf_holes(file, size))
            case "mxf":
                return tuple(mxf_holes(file, size))
    return ()
