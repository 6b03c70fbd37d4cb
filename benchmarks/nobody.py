"""What is left of the time when finding people costs nothing: passerby's run with a detector that sees nobody.

    python benchmarks/nobody.py CLIP OUTPUT ENCODER CRF PRESET

Decoding, looking for cuts, all threads and queues, encoding; no look, nobody followed, nothing painted. Prints the
seconds of the run, without the start of Python.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from passerby import inputs, pipeline, quality
from passerby.core.detections import Detections
from passerby.core.frame import Frame
from passerby.media.write import Encoding, VideoSink
from passerby.methods import hiding
from passerby.settings import Options


class Nobody:
    """A `Detector` (see `core.stages`) that finds nothing at no cost."""

    labels = frozenset({"face"})

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        nothing = Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.str_))
        return [nothing for _ in frames]


def main(clip: str, output: str, encoder: str, crf: str, preset: str) -> None:
    begun, options = time.perf_counter(), Options()
    with inputs.opened(Path(clip), options) as source:
        encoding = Encoding(encoder=encoder, crf=float(crf), preset=preset)
        with VideoSink(Path(output), source.info, encoding, force=True) as sink:
            pipeline.run(
                source,
                sink,
                detector=Nobody(),
                closer=Nobody(),
                looking=quality.finders(source.info, options).looking,
                effect=hiding.effect(options),
                shapes=hiding.shapes(options),
                seed=0,
            )
    print(f"{time.perf_counter() - begun:.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
