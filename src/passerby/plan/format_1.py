"""Plans of format 1, which `--plan` of the first versions wrote: one JSON object, one track a line. Only read."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from passerby.core.errors import PlanError
from passerby.core.plan import Media, Plan
from passerby.core.tracks import Track

LARGEST = 1 << 28
"""Bytes of a file."""


def load(path: Path) -> Plan:
    """The plan in `path`. It does not say how many frames there are, nor when they are shown.

    Raises:
        PlanError: it is too large, or of a format that is no JSON.
        KeyError, TypeError, ValueError, ArithmeticError: it is damaged.
    """
    if path.stat().st_size > LARGEST:
        raise PlanError(f"{path.name} has more than {LARGEST} bytes, too many for a plan; analyze the input again")
    whole = json.loads(path.read_bytes())
    if whole["passerby_plan"] != 1:
        raise PlanError(f"{path.name} is no plan of format 1, as its beginning says; analyze the input again")
    media, options = whole["media"], whole["provenance"]
    tracks = tuple(_track(columns) for columns in whole["tracks"])
    width, height = media["size"]
    return Plan(
        Media(
            name=str(media["name"]),
            sha256=str(media["sha256"]),
            size=(int(width), int(height)),
            frames=max((int(track.frames[-1]) + 1 for track in tracks), default=0),
            rate=Fraction(media["rate"]) if media["rate"] else None,
            time_base=Fraction(media["time_base"]),
            start=Fraction(options["start"]) if "start" in options else None,
            end=Fraction(options["end"]) if "end" in options else None,
            fps=Fraction(options["fps"]) if "fps" in options else None,
            salvage="salvage" in options,
        ),
        tracks,
        seed=int(whole["seed"]),
        provenance={str(name): str(value) for name, value in options.items()},
    )


def _track(columns: dict[str, Any]) -> Track:
    return Track(
        int(columns["id"]),
        str(columns["label"]),
        np.array(columns["frames"], np.int64),
        np.array(columns["boxes"], np.float32).reshape(-1, 4),
        np.array([np.nan if score is None else score for score in columns["scores"]], np.float32),
        np.array(columns["origins"], np.uint8),
    )
