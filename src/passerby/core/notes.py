"""What stages have to tell a user besides their results. Most have nothing, and no contract asks for it."""

from __future__ import annotations


def notes_of(*stages: object) -> tuple[str, ...]:
    """The `notes` of those that have any, one line each, in order, each once."""
    return tuple(dict.fromkeys(note for stage in stages for note in getattr(stage, "notes", ())))
