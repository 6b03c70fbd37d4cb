"""Tiny clips drawn for the tests of reading and writing video, and a plain look at what came of them.

Nothing here uses passerby to look: `seen` and `heard` ask FFmpeg directly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import Flags, OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from passerby.core.frame import Frame
from passerby.media.reading import Reading
from passerby.media.soundtrack import Soundtrack
from passerby.media.video import VideoSource
from passerby.media.write import Encoding, VideoSink

LOSSLESS = Encoding(crf=0)
_SOUND = {"strict": "experimental", "aac_pns": "0"}
"""Noise that a decoder makes up itself would depend on what it decoded before."""


@dataclass(frozen=True, kw_only=True)
class Clip:
    """What to draw."""

    codec: str = "libx264"
    pixels: str = "yuv420p"
    size: tuple[int, int] = (64, 48)
    frames: int = 12
    tick: Fraction = Fraction(1, 12800)
    times: Sequence[int] | None = None
    """Presentation times in ticks; None: 25 frames a second from 0."""
    options: dict[str, str] = field(default_factory=dict)
    muxing: dict[str, str] = field(default_factory=dict)
    prepare: Callable[[OutputContainer, VideoStream], None] = lambda container, stream: None
    """Is called once the stream is there."""
    filters: str | None = None
    """A bitstream filter for the packets."""
    sound: str | None = None
    """A codec for as much sound as there is picture."""
    sound_delay: int = 0
    """Samples of 48 kHz by which the sound begins later."""
    layout: str = "mono"
    tracks: int = 1

    @property
    def pts(self) -> list[int]:
        step = int(Fraction(1, 25) / self.tick)
        return list(self.times) if self.times is not None else [i * step for i in range(self.frames)]


def draw(path: Path, clip: Clip | None = None) -> Path:
    """Write `clip` to `path`; each frame is noise that moves, and no two are alike."""
    clip = clip or Clip()
    with av.open(f"file:{path}", "w", options=clip.muxing) as container:
        stream = container.add_stream(clip.codec, rate=25, options=clip.options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = clip.size
        stream.pix_fmt = clip.pixels
        stream.codec_context.time_base = clip.tick
        sounds = [
            container.add_stream(clip.sound, rate=48000, layout=clip.layout, options=_SOUND)
            for _ in range(clip.tracks if clip.sound else 0)
        ]
        clip.prepare(container, stream)
        container.start_encoding()
        strip = None
        if clip.filters:
            strip = av.BitStreamFilterContext(clip.filters, stream)
        for number, pts in enumerate(clip.pts):
            frame = picture(clip, number)
            frame.pts, frame.time_base = pts, clip.tick
            _mux(container, stream, stream.encode(frame), strip)
        _mux(container, stream, stream.encode(None), strip)
        for track, sound in enumerate(sounds):
            _sing(container, sound, clip, track)
    return path


def picture(clip: Clip, number: int) -> VideoFrame:
    """Frame `number` of `clip`, without its time."""
    frame = VideoFrame(*clip.size, clip.pixels)
    rng = np.random.default_rng(7)
    for view in arrays(frame):
        top = int(np.iinfo(view.dtype).max) if view.dtype == np.uint8 else 1 << frame.format.components[0].bits
        noise = rng.integers(0, top // 2, (view.shape[0], view.shape[1] + 64), np.int64)
        view[:] = noise[:, 2 * number % 64 :][:, : view.shape[1]] + number * top // 64
    return frame


def arrays(frame: VideoFrame) -> list[np.ndarray[Any, Any]]:
    """The planes of a frame with one component per plane, as arrays."""
    dtype = np.dtype("u1" if frame.format.components[0].bits <= 8 else "<u2")
    found = []
    for plane in frame.planes:
        whole = np.frombuffer(memoryview(plane), dtype).reshape(plane.height, -1)
        found.append(whole[:, : plane.width])
    return found


def _mux(container: OutputContainer, stream: Any, packets: Sequence[Any], strip: Any) -> None:
    for packet in packets:
        for filtered in strip.filter(packet) if strip is not None else [packet]:
            filtered.stream = stream
            container.mux(filtered)


def _sing(container: OutputContainer, stream: Any, clip: Clip, track: int) -> None:
    """Noise-like tones, so that a sample out of place is seen."""
    seconds = float(clip.pts[-1] * clip.tick) + 0.04
    steps = np.arange(int(seconds * 48000))
    wave = (6000 * np.sin(steps * steps * (1 + track) * 1e-6)).astype(np.int16)[None]
    size = stream.codec_context.frame_size or 1024
    resampler = av.AudioResampler(stream.format.name, clip.layout, 48000, size)
    whole = av.AudioFrame.from_ndarray(wave, "s16p", "mono")
    whole.rate, whole.pts, whole.time_base = 48000, clip.sound_delay, Fraction(1, 48000)
    for part in (*resampler.resample(whole), *resampler.resample(None)):
        container.mux(stream.encode(part))
    container.mux(stream.encode(None))


# What is in a file, by FFmpeg's word alone


@dataclass(frozen=True)
class Seen:
    """One video as any player would show it."""

    times: list[Fraction]
    planes: list[tuple[bytes, ...]]
    """As stored, without padding."""
    pixels: str
    size: tuple[int, int]
    rotation: int
    """Degrees clockwise."""
    aspect: Fraction
    colour: tuple[int, int, int, int]
    """Range (what does not say is limited, 1), primaries, transfer, matrix."""
    duration: int | None
    """Of the stream, in ticks."""
    tick: Fraction | None
    streams: list[str]


def seen(path: Path) -> Seen:
    """Decode all of `path`."""
    with av.open(f"file:{path}") as container:
        if path.suffix == ".avi":
            # It stores decode times only, and what PyAV has FFmpeg make up from them is wrong.
            container.flags &= ~Flags.gen_pts.value  # type: ignore[operator]
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        first = frames[0]
        assert stream.time_base is not None
        return Seen(
            [(frame.pts if frame.pts is not None else frame.dts or 0) * stream.time_base for frame in frames],
            [content(frame) for frame in frames],
            first.format.name,
            (first.width, first.height),
            -first.rotation % 360,
            stream.sample_aspect_ratio or Fraction(1),
            (first.color_range or 1, first.color_primaries, first.color_trc, first.colorspace),
            stream.duration,
            stream.time_base,
            [each.type for each in container.streams],
        )


def content(frame: VideoFrame) -> tuple[bytes, ...]:
    return tuple(view.tobytes() for view in arrays(frame))


@dataclass(frozen=True)
class Heard:
    """One audio track."""

    packets: list[bytes]
    times: list[Fraction]
    """Of the packets, in seconds."""
    samples: dict[int, np.ndarray[Any, Any]]
    """Decoded sound by the number of its first sample, counted from time 0."""
    language: str | None


def heard(path: Path) -> list[Heard]:
    """Every audio track of `path`, as far as no edit list hides it."""
    with av.open(f"file:{path}") as container:
        count = len(container.streams.audio)
    return [_heard(path, number) for number in range(count)]


def _heard(path: Path, number: int) -> Heard:
    packets, times, samples = [], [], {}
    with av.open(f"file:{path}") as container:
        stream = container.streams.audio[number]
        for packet in container.demux(stream):
            if packet.size and not packet.is_discard:
                packets.append(bytes(packet))
                times.append((packet.pts or 0) * packet.time_base)
            for frame in packet.decode():
                samples[round((frame.pts or 0) * frame.time_base * frame.rate)] = frame.to_ndarray()
        return Heard(packets, times, samples, stream.metadata.get("language"))


# Through passerby


def frames_of(path: Path, reading: Reading | None = None) -> list[Frame]:
    with VideoSource(path, reading) as source:
        return list(source)


def copied(
    path: Path,
    output: Path,
    encoding: Encoding | None = None,
    *,
    reading: Reading | None = None,
    sound: bool = False,
) -> VideoSource:
    """Read `path` and write it to `output`, without loss where nothing else is asked for."""
    source = VideoSource(path, reading)
    track = Soundtrack(path, reading) if sound else None
    with source, VideoSink(output, source.info, encoding or LOSSLESS, soundtrack=track) as sink:
        for frame in source:
            sink.write(frame)
    return source
