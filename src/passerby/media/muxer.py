"""One output file while it is being written: encoder, packets and their times, sound in between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from math import lcm
from pathlib import Path
from typing import Any

import av
from av.bitstream import BitStreamFilterContext
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from passerby.core.errors import OptionError, OutputError, StageError
from passerby.core.frame import Frame, MediaInfo
from passerby.media.canvas import Canvas
from passerby.media.container import Family
from passerby.media.encoders import Target
from passerby.media.pictures import UNTAGGED
from passerby.media.soundtrack import Soundtrack

# SEI of H.264 and H.265, metadata of AV1: what encoders say about themselves, and whatever else travels there. The
# brightness of the screen that an HDR film was graded on would travel there too; it is left out with the rest.
_UNSAID = {
    "h264": "filter_units=remove_types=6",
    "hevc": "filter_units=remove_types=39-40",
    "av1": "filter_units=remove_types=5",
}
_LARGEST_SCALE = 2**31 - 1
_EARLY_S = 1
"""A transport stream cannot say times before 0, where B-frames of a clip that begins at once would be decoded."""


class Muxer:
    """Writes frames, and the sound that goes with them, into one container."""

    def __init__(
        self,
        path: Path,
        info: MediaInfo,
        target: Target,
        family: Family,
        sound: Soundtrack | None,
        words: Mapping[str, str] | None = None,
    ) -> None:
        self._info = info
        self._target = target
        self._family = family
        self._sound = sound
        self._tick = _tick(info, family)
        self._canvas = Canvas(target, turns=family.turns)
        self._container = av.open(
            f"file:{path}", "w", format=family.muxer, options={"fflags": "+bitexact"}, container_options=self._scales()
        )
        self._container.metadata.update(words or {})
        self._stream: VideoStream | None = None
        self._filter: BitStreamFilterContext | None = None
        self._held: tuple[VideoFrame, int] | None = None
        """The last frame that was written: how long it lasts is known with the next one."""
        self._first = 0
        self._lasting: dict[int, int] = {}
        """How long each frame lasts that is in the encoder, by its time."""
        self._gaps: Counter[int] = Counter()
        self._encoded = 0
        self._muxed = 0
        self._last: Packet[Any] | None = None
        """The last packet that came out: what it says about the end is known when no other comes."""
        self._delay = 0

    def write(self, frame: Frame) -> None:
        """Add `frame`.

        Raises:
            StageError: it is not after the one before, or not of the announced kind.
            OutputError: its time cannot be said in this container.
        """
        picture = self._canvas.picture(frame)
        pts = self._ticks(frame)
        if self._held is None:
            self._first = pts
            self._stream = self._opened_stream()
        else:
            before, time = self._held
            if pts <= time:
                raise StageError(f"frame {frame.index} is at {float(frame.time):.3f} s, not after the one before it")
            self._gaps[pts - time] += 1
            self._encode(before, time, pts - time)
        self._held = picture, pts

    def finish(self) -> None:
        """Write what is still in the encoder, the rest of the sound and the index.

        Raises:
            OutputError: there was no frame, or the encoder lost one.
        """
        if self._held is None or self._stream is None:
            raise OutputError("there is no frame to write; choose another stretch of the input")
        picture, pts = self._held
        end = pts + self._last_duration(pts)
        self._encode(picture, pts, end - pts)
        self._take(self._stream.codec_context.encode(None))
        if self._last is not None:
            self._mux(self._ended(self._last, end))
        self._mux_sound(None)
        if self._muxed != self._encoded:
            raise OutputError(
                f"{self._target.encoder} made {self._muxed} pictures of {self._encoded} frames; use another --encoder"
            )
        self._container.close()

    def abandon(self) -> None:
        """Let go of the file, whatever state it is in."""
        self._container.close()

    def _opened_stream(self) -> VideoStream:
        """The video stream with its encoder open, and the streams of the sound after it."""
        info, target = self._info, self._target
        options = dict(target.options)
        if self._family.muxer == "mpegts" and self._first * self._tick < _EARLY_S:
            options["bf"] = "0"
        stream = self._container.add_stream(target.encoder, rate=info.rate or 25, options=options)
        assert isinstance(stream, VideoStream)
        stream.time_base = self._tick
        codec = stream.codec_context
        codec.width, codec.height = target.size
        codec.pix_fmt = target.pixels
        codec.time_base = self._tick
        codec.sample_aspect_ratio = target.aspect
        codec.color_range = info.color.get("range", 0)
        codec.color_primaries = info.color.get("primaries", UNTAGGED)
        codec.color_trc = info.color.get("transfer", UNTAGGED)
        codec.colorspace = info.color.get("matrix", UNTAGGED)
        if target.codec == "hevc" and self._family.edits:
            codec.codec_tag = "hvc1"  # Apple's players take no other
        if info.rotation and self._family.turns:
            stream.set_display_rotation(-info.rotation)
        try:
            codec.open()
        except av.error.FFmpegError as error:
            raise OutputError(
                f"{target.encoder} does not start with these settings ({error.strerror}); "
                "leave --crf and --preset out, or use another --encoder"
            ) from error
        if codec.options:
            raise OptionError(f"{target.encoder} knows no {' or '.join(sorted(codec.options))}; leave it out")
        unsaid = _UNSAID.get(target.codec)
        self._filter = BitStreamFilterContext(unsaid, target.codec) if unsaid else None
        if self._sound is not None:
            self._sound.attach(self._container, self._family)
        return stream

    def _encode(self, picture: VideoFrame, pts: int, lasting: int) -> None:
        assert self._stream is not None
        picture.pts = pts
        picture.time_base = self._tick
        picture.duration = lasting
        self._lasting[pts] = lasting
        self._encoded += 1
        self._take(self._stream.codec_context.encode(picture))

    def _take(self, packets: list[Packet[Any]]) -> None:
        """Packets from the encoder; the last one is kept until it is known not to be the end."""
        for packet in packets:
            for bare in self._filter.filter(packet) if self._filter is not None else [packet]:
                if bare.pts is None or bare.dts is None or bare.pts not in self._lasting:
                    raise OutputError(f"{self._target.encoder} gave a picture without its time; use another --encoder")
                bare.duration = self._lasting.pop(bare.pts)
                if self._last is None:
                    self._delay = bare.pts - bare.dts
                else:
                    self._mux(self._last)
                self._last = bare

    def _ended(self, packet: Packet[Any], end: int) -> Packet[Any]:
        """The last packet in order of decoding, made to last until `end`.

        MP4 adds up the steps between decode times to a duration. With B-frames at uneven times these steps end too
        early, unless the last one is as much before its presentation as the first one was. At even times they end
        where they should, and the rate that players work out of them stays what it is.
        """
        assert packet.pts is not None
        assert packet.dts is not None
        even_end = packet.dts + self._delay
        if len(self._gaps) <= 1 and even_end < end:
            packet.duration = end - even_end
        else:
            packet.dts = max(packet.dts, packet.pts - self._delay)
            packet.duration = end - packet.pts
        return packet

    def _mux(self, packet: Packet[Any]) -> None:
        assert self._stream is not None
        assert packet.dts is not None
        self._mux_sound(packet.dts * self._tick)
        packet.stream = self._stream
        self._container.mux(packet)
        self._muxed += 1

    def _mux_sound(self, until: Fraction | None) -> None:
        if self._sound is not None:
            for packet in self._sound.until(until):
                self._container.mux(packet)

    def _last_duration(self, pts: int) -> int:
        """How many ticks the last frame lasts: as declared, if that can be true, else as long as most frames do."""
        if self._info.duration_s is not None:
            declared = self._first + round(self._info.duration_s / self._tick) - pts
            if 0 < declared <= max(self._gaps, default=declared):
                return declared
        before = self._gaps.total() // 2
        for gap, count in sorted(self._gaps.items()):
            before -= count
            if before < 0:
                return gap
        return max(round(1 / (self._info.rate * self._tick)), 1) if self._info.rate else 1

    def _ticks(self, frame: Frame) -> int:
        """The time of `frame` in the output's ticks."""
        ticks = frame.time / self._tick
        if ticks < 0:
            raise OutputError(
                f"frame {frame.index} comes {float(-frame.time):.3f} s before 0, where players hide it; use --start 0"
            )
        if ticks.denominator != 1:
            raise OutputError(
                f"{self._family.name} shows all frames equally long, and frame {frame.index} at "
                f"{float(frame.time):.3f} s does not fit in; use -o NAME.mkv"
            )
        return ticks.numerator

    def _scales(self) -> dict[str, str]:
        """Options that let the container say times exactly."""
        if not self._family.edits:
            return dict(self._family.options)
        track = self._tick.denominator
        rates = self._sound.rates if self._sound is not None else ()
        # Where a track begins is said in the ticks of the whole file.
        whole = lcm(track, *rates)
        whole = whole if whole <= _LARGEST_SCALE else track
        return {"video_track_timescale": str(track), "movie_timescale": str(whole)}


def _tick(info: MediaInfo, family: Family) -> Fraction:
    """Seconds per unit of time in the output: the input's where the container can have it."""
    if family.timed or info.container == family.muxer or info.rate is None:
        return info.time_base
    return 1 / info.rate
