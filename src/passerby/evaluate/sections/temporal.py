"""Is the film as steady as it was?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core import pixels
from passerby.evaluate.clip import Clip
from passerby.evaluate.figures import of_clips
from passerby.evaluate.findings import Section
from passerby.evaluate.quality import ssim
from passerby.evaluate.sections import videos
from passerby.evaluate.sections.answer import Answer, Asking, noted
from passerby.evaluate.statistics import Figure
from passerby.evaluate.temporal import Steadiness

QUESTION = "Does what was hidden flicker?"
CONSECUTIVE = "SSIM of consecutive frames: flicker and motion alike, and no measure of identity"

LONGEST = 640
"""Side in pixels to which larger frames are scaled: flow at full size takes seconds a frame."""
MOST_PAIRS = 200
"""Of neighbouring frames of a clip, spread evenly: flow takes a tenth of a second there and back."""
LEAST = 16
"""Side in pixels below which no flow is seen."""

Picture = NDArray[np.uint8]


def temporal(clips: Sequence[Clip], asking: Asking) -> Answer:
    """Flow-warped error and its ratio to the original's own, flicker of masks, SSIM from frame to frame.

    With a network of clips also how far the videos are apart in its features.
    """
    missing = []
    steady, protocols = Steadiness(asking.brought.sees_motion()), []
    similar: list[tuple[str, float, float]] = []
    for clip in clips:
        if clip.pair.every > 1:
            missing.append(f"flicker of {clip.name}: frames between those looked at are missing; give --every 1")
            continue
        if clip.count < 2:
            missing.append(f"flicker of {clip.name}: it has one frame")
            continue
        if clip.skipped:
            missing.append(f"flicker of {clip.name}: {clip.skipped} frames of the anonymized file have no partner")
            continue
        hidden = asking.hidden(clip)
        firsts = _firsts(clip.count)
        protocols += [hidden.protocol, _scaled(clip), *_sampled(clip, len(firsts))]
        last: tuple[Picture, Picture] | None = None
        for index, (one, other) in enumerate(clip.frames(asking.progress(f"{clip.name}, flicker"))):
            if index - 1 not in firsts:
                last = None
                steady.begin()
            if index not in firsts and last is None:
                continue
            size = _shown(one.size)
            now = pixels.rgb(one, size), pixels.rgb(other, size)
            changed = hidden.area(clip.pair.fit.coarse(one), other)
            area = cv2.resize(changed.astype(np.uint8), size, interpolation=cv2.INTER_AREA) > 0
            steady.add(clip.name, *now, hidden=area)
            if last is not None:
                similar.append((clip.name, ssim(last[0], now[0]), ssim(last[1], now[1])))
            last = now
    if not protocols:
        return Answer(None, tuple(missing))
    figures = noted([*steady.figures(), *_consecutive(similar)], *dict.fromkeys(protocols))
    network = asking.brought.video_network(asking.hid)
    if network is None:
        missing.append("distance of videos: no network was given; give an ONNX network of clips with --video-features")
    else:
        figures += (videos.distance(clips, network, asking),)
    headline = "flow-warped error, times the original's own", "mask flicker"
    return Answer(Section(name="temporal", question=QUESTION, figures=figures, headline=headline), tuple(missing))


def _shown(size: tuple[int, int]) -> tuple[int, int]:
    """The size (width, height) at which frames are compared."""
    shrink = max(1.0, max(size) / LONGEST)
    return max(LEAST, round(size[0] / shrink)), max(LEAST, round(size[1] / shrink))


def _firsts(count: int) -> frozenset[int]:
    """The first frames of the pairs that are compared, in a clip of `count` frames."""
    return frozenset(np.linspace(0, count - 2, min(count - 1, MOST_PAIRS)).round().astype(int).tolist())


def _sampled(clip: Clip, pairs: int) -> list[str]:
    every = clip.count - 1
    return [f"{pairs} of the {every} pairs of neighbouring frames of {clip.name}"] if pairs < every else []


def _scaled(clip: Clip) -> str:
    width, height = _shown(clip.pair.info.size)
    return f"frames at {width}x{height}"


def _consecutive(similar: Sequence[tuple[str, float, float]]) -> Iterator[Figure]:
    for place, side in enumerate(("originals", "anonymized"), 1):
        values = np.array([row[place] for row in similar], np.float64)
        yield of_clips(
            f"SSIM of consecutive frames, {side}",
            [row[0] for row in similar],
            partial(_mean, values),
            protocol=CONSECUTIVE,
        )


def _mean(values: NDArray[np.float64], rows: NDArray[np.intp]) -> float:
    return float(values[rows].mean())
