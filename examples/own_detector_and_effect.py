"""Hide something else, in another way: your own detector and your own effect, with passerby around them.

    python examples/own_detector_and_effect.py IN.mp4 OUT.mp4

A detector is anything with `labels` and `detect`; an effect is anything with `batch`, `reach`, `blind` and `paint`
(see src/passerby/core/stages.py). Nothing has to be inherited or registered. Here the detector takes the brightest
spot of each picture for a lamp, and the effect is one that comes with passerby, in a colour of our own.
"""

import sys
from pathlib import Path

import numpy as np

import passerby
from passerby.core import pixels


class Lamps:
    """Finds the brightest spot of a frame."""

    labels = frozenset({"lamp"})

    def detect(self, frames):
        return [self.look(frame) for frame in frames]

    def look(self, frame):
        light = pixels.luma(frame, frame.size)
        y, x = np.unravel_index(light.argmax(), light.shape)
        box = np.array([[x - 20, y - 20, x + 20, y + 20]], np.float32)
        return passerby.Detections(boxes=box, scores=np.array([0.9], np.float32), labels=np.array(["lamp"]))


def main(before: str, after: str) -> None:
    """Hide the lamp of `before` and write `after`."""
    with (
        passerby.VideoSource(Path(before)) as source,
        passerby.VideoSink(Path(after), source.info, force=True) as sink,
    ):
        totals = passerby.run(
            source,
            sink,
            detector=Lamps(),
            effect=passerby.Fill(colour=(255, 0, 255)),
            shapes={"lamp": passerby.Rectangle()},
        )
    print(f"{totals.hidden} lamps hidden in {totals.frames} frames")


if __name__ == "__main__":
    main(*sys.argv[1:3])
