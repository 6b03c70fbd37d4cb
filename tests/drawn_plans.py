"""Plans drawn for tests: tracks that move by a pixel a frame."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from passerby.core.plan import Media, Plan
from passerby.core.tracks import Origin, Track

FRAMES = 50


def track(id, first, end, *, x=100, label="face", origin=Origin.DETECTED, and_also=()):
    """A track in frames `first` to before `end`, and in the ones `and_also`."""
    frames = np.array([*range(first, end), *and_also], np.int64)
    lefts = x + frames[:, None]
    boxes = np.concatenate([lefts, np.full_like(lefts, 50), lefts + 40, np.full_like(lefts, 90)], axis=1)
    scores = np.full(len(frames), 0.75, np.float32)
    return Track(id, label, frames, boxes.astype(np.float32), scores, np.full(len(frames), int(origin), np.uint8))


def plan(*tracks, times=None, cuts=(), decisions=(), path=None):
    """A plan of two seconds of video at 25 frames a second."""
    media = Media(
        name="street.mp4",
        sha256="0f" * 32,
        size=(640, 360),
        frames=FRAMES,
        rate=Fraction(25),
        time_base=Fraction(1, 25),
        path=path,
    )
    return Plan(
        media,
        tuple(tracks),
        tuple(decisions),
        np.array(cuts, np.int64),
        np.arange(FRAMES) if times is None else times,
        7,
        {"passerby": "1"},
    )
