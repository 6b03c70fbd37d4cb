"""Scenes as video files with sound."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from numpy.typing import NDArray

from passerby.demo.scene import Scene, Truth

SAMPLE_RATE = 48_000


def write(scene: Scene, path: Path) -> Truth:
    """Write `scene` to `path` as H.264 with AAC sound, in the container that the name stands for."""
    faces = []
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=scene.rate, options={"crf": "17", "preset": "veryfast"})
        video.width, video.height, video.pix_fmt = *scene.size, "yuv420p"
        sound = add_sound(out, "aac")
        for picture, seen in scene:
            out.mux(video.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
            faces.append(seen)
        out.mux(video.encode())
        encode_sound(out, sound, tone(float(len(scene) / scene.rate)))
    times = tuple(index / scene.rate for index in range(len(scene)))
    return Truth(scene.size, times, tuple(faces), scene.cuts)


def tone(seconds: float) -> NDArray[np.float32]:
    """A soft chord with a click at every full second, (samples,) in [-1, 1]."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    chord = sum(np.sin(2 * np.pi * hertz * time) for hertz in (220.0, 277.2, 329.6))
    click = np.sin(2 * np.pi * 1200 * time) * np.exp(-60 * (time % 1))
    return (0.02 * chord + 0.3 * click).astype(np.float32)


def add_sound(out: OutputContainer, codec: str) -> av.AudioStream:
    """A mono stream for `encode_sound`; add it before the first packet is written."""
    stream = out.add_stream(codec, rate=SAMPLE_RATE, layout="mono")
    assert isinstance(stream, av.AudioStream)
    return stream


def encode_sound(out: OutputContainer, stream: av.AudioStream, samples: NDArray[np.float32]) -> None:
    """Encode all of `samples` (N,)."""
    frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, 0, Fraction(1, SAMPLE_RATE)
    # PyAV converts the samples and cuts them to what the codec takes.
    out.mux(stream.encode(frame))
    out.mux(stream.encode())
