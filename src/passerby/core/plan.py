"""The record of what is hidden where: made by looking, kept or reviewed, and painted from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from passerby.core.frame import MediaInfo
from passerby.core.tracks import Track


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What is hidden in one medium. A track that nobody decided on is hidden."""

    media: MediaInfo
    tracks: tuple[Track, ...]
    seed: int
    """Whatever an effect draws at random is drawn from this and the track's id."""
    provenance: Mapping[str, str] = field(default_factory=dict)
    """Versions, weights' hashes and options that led to it, as text."""
