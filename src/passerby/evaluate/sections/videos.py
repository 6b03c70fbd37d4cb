"""Clips as networks of videos look at them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from passerby.core import pixels
from passerby.core.frame import Frame
from passerby.evaluate.actions import Retention, retention
from passerby.evaluate.clip import Clip
from passerby.evaluate.sections.answer import Asking
from passerby.evaluate.statistics import Figure
from passerby.evaluate.video_distance import VideoDistance
from passerby.evaluate.video_models import OnnxVideo

SHORTER = 256
"""Pixels of the shorter side to which frames are made small first: networks look at less."""
MOST_FRAMES = 640
"""Of a clip, from its beginning, for distances of videos."""


def acted(clips: Sequence[Clip], network: OnnxVideo, asking: Asking) -> Retention:
    """In how many clips the network sees the same action as in the original, which is taken for right."""
    same = []
    for clip in clips:
        places = set(network.places(clip.count))
        shown = enumerate(clip.frames(asking.progress(f"{clip.name}, actions")))
        chosen = {place: (_small(one), _small(other)) for place, (one, other) in shown if place in places}
        sides = ([chosen[place][side] for place in network.places(clip.count)] for side in (0, 1))
        one, other = network.classes(list(sides))
        same.append(one == other)
    return retention(np.ones(len(same), bool), np.array(same, bool))


def distance(clips: Sequence[Clip], network: OnnxVideo, asking: Asking) -> Figure:
    """How far the anonymized clips are from the originals, by the features of the network."""
    apart = VideoDistance(network)
    for clip in clips:
        apart.begin()
        for place, (one, other) in enumerate(clip.frames(asking.progress(f"{clip.name}, video features"))):
            if place < MOST_FRAMES:
                apart.add(_small(one), _small(other))
    return apart.figure()


def _small(frame: Frame) -> NDArray[np.uint8]:
    shrink = max(1.0, min(frame.size) / SHORTER)
    return pixels.rgb(frame, (round(frame.size[0] / shrink), round(frame.size[1] / shrink)))
