"""The floor under every tool: decode a clip and encode it again with PyAV, nothing else.

    python benchmarks/floor.py CLIP OUTPUT ENCODER CRF PRESET

Prints the seconds between the first packet and the last, without the start of Python.
"""

from __future__ import annotations

import os
import sys
import time
from fractions import Fraction
from pathlib import Path

import av


def transcode(clip: Path, output: Path, encoder: str, crf: str, preset: str) -> None:
    """Decode with as many threads as pay, and encode with the given settings; sound is left out."""
    with av.open(str(clip)) as source, av.open(str(output), "w") as out:
        read = source.streams.video[0]
        read.thread_type = "AUTO"
        read.codec_context.thread_count = (os.cpu_count() or 1) + 2
        written = out.add_stream(encoder, rate=read.average_rate, options={"crf": crf, "preset": preset})
        assert isinstance(written, av.VideoStream)
        written.width, written.height, written.pix_fmt = read.width, read.height, read.pix_fmt
        written.codec_context.time_base = read.time_base or Fraction(1, 90_000)
        for frame in source.decode(read):
            frame.pict_type = av.video.frame.PictureType.NONE
            out.mux(written.encode(frame))
        out.mux(written.encode())


if __name__ == "__main__":
    start = time.perf_counter()
    transcode(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:6])
    print(f"{time.perf_counter() - start:.2f}")
