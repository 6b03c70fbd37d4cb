"""Plans as files: one JSON object, tracks as columns, one track a line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from passerby.core.frame import MediaInfo
from passerby.core.tracks import Origin, Track

VERSION = 1


def to_json(media: MediaInfo, tracks: Sequence[Track], seed: int, provenance: Mapping[str, str]) -> str:
    """The plan as text: the same plan gives the same bytes.

    Boxes are exact (see `refine.GRID`), scores are rounded to 1/1000.
    """
    head = {
        "passerby_plan": VERSION,
        "media": {
            "name": media.name,
            "sha256": media.sha256,
            "size": list(media.size),
            "rate": str(media.rate) if media.rate else None,
            "time_base": str(media.time_base),
        },
        "seed": seed,
        "provenance": dict(sorted(provenance.items())),
        "origins": {origin.name.lower(): int(origin) for origin in Origin},
    }
    lines = [json.dumps(_columns(track), separators=(",", ":")) for track in tracks]
    return json.dumps(head, indent=1)[:-2] + ',\n "tracks": [\n' + ",\n".join(lines) + "\n ]\n}\n"


def _columns(track: Track) -> dict[str, Any]:
    return {
        "id": track.id,
        "label": track.label,
        "frames": track.frames.tolist(),
        "boxes": [[_number(side) for side in box] for box in track.boxes],
        "scores": [None if score != score else round(float(score), 3) for score in track.scores],
        "origins": track.origins.tolist(),
    }


def _number(value: float) -> int | float:
    """Whole numbers without their '.0'."""
    value = float(value)
    return int(value) if value.is_integer() else value
