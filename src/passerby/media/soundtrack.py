"""The sound of a video, copied packet by packet: nothing is decoded, nothing encoded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet

from passerby.core.errors import DamagedMedia, OutputError, UnsupportedMedia
from passerby.media.container import Family, opened, packets_of, picture_stream
from passerby.media.holes import holes_in
from passerby.media.reading import Reading, Window

_JUMP_S = 1
"""A clock that goes back by more than so many seconds has started again."""
_SILENCE_S = Fraction(1, 10)
"""Less sound than this may be missing without a word: packets end where they do."""
_EBML = frozenset({"matroska", "webm"})
"""Containers that say of a track how much of its beginning is not heard."""


class Soundtrack:
    """All audio tracks of a file. Enter it to read packets.

    Kept to the byte are the packets that are heard and lie inside the stretch that is read. A packet that an edit list
    hides, or that reaches over an end of the stretch, is left out: it holds sound that was cut away. Most codecs blend
    each packet into the next, so the first one that is kept fades in over its own length, some 20 ms.
    """

    def __init__(self, path: Path, reading: Reading | None = None) -> None:
        """Look at `path`.

        Raises:
            InputError: it cannot be read or is no video.
        """
        self._path = path
        self._reading = reading or Reading()
        with opened(path, self._reading.limits) as container:
            codecs = [stream.codec_context for stream in container.streams.audio if stream.codec_context is not None]
            self.rates = tuple(codec.sample_rate for codec in codecs if codec.sample_rate)
            """Samples per second of each track."""
        self._tracks: dict[int, AudioStream] = {}
        self._clocks: dict[int, int] = {}
        self._begun: set[int] = set()
        self._pending: Packet[Any] | None = None
        self._heard: dict[int, Fraction] = {}
        """How far each track was kept, in seconds on the file's clock."""
        self._missing: list[str] = []

    @property
    def notes(self) -> tuple[str, ...]:
        """Of a salvage, which sound is missing; complete once all packets were asked for."""
        return tuple(self._missing)

    def __enter__(self) -> Self:
        limits = self._reading.limits
        self._container = opened(self._path, limits)
        picture = picture_stream(self._path.name, self._container, limits)
        assert picture.time_base is not None
        self._window = Window.of(self._reading, self._container, picture.time_base)
        kind = self._container.format.name
        # Of a healthy file, or where damage ends the run, there is nothing to leave out.
        self._holes = holes_in(self._path, kind, picture.id) if self._reading.salvage else ()
        # The picture is not copied, but its clock is watched.
        self._packets = packets_of(self._container, picture, *self._container.streams.audio)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._container.close()

    def attach(self, output: OutputContainer, family: Family) -> None:
        """Add every track to `output`.

        Raises:
            OutputError: that kind of container cannot hold one of them.
        """
        self._family = family
        same = self._container.format.name == "matroska,webm" and family.muxer in _EBML
        self._may_begin_early = family.edits or same
        for stream in self._container.streams.audio:
            name = "unknown" if stream.codec_context is None else stream.codec_context.codec.canonical_name
            # Found out by FFmpeg only when all is written.
            if family.muxer == "mp4" and name.startswith("pcm") and not _says_where(stream):
                self._refuse(name, family)
            try:
                track = output.add_stream_from_template(stream)
            except (ValueError, av.error.FFmpegError) as error:
                self._refuse(name, family, error)
            language = stream.metadata.get("language", "")
            if re.fullmatch("[a-z]{3}", language):
                track.metadata["language"] = language
            header = stream.codec_context.extradata
            if header:
                track.codec_context.extradata = _bare(header, name, self._path.name)
            self._tracks[stream.index] = track
            assert stream.time_base is not None
            begin = (stream.start_time or 0) * stream.time_base
            self._heard[stream.index] = begin if self._window.start is None else max(begin, self._window.start)

    def _refuse(self, name: str, family: Family, cause: Exception | None = None) -> NoReturn:
        other = "" if family.muxer == "matroska" else "use -o NAME.mkv, or "
        raise OutputError(
            f"{family.name} cannot hold the sound of {self._path.name} ({name}); "
            f"{other}leave the sound out with --audio drop"
        ) from cause

    def until(self, time: Fraction | None) -> Iterator[Packet[Any]]:
        """Packets that begin before `time` (seconds in the output), ready to be muxed; all that are left for None.

        Raises:
            DamagedMedia: the file cannot be read on, and this is no salvage.
            UnsupportedMedia: its clock starts again, so that sound and picture cannot be kept together.
        """
        while (packet := self._pending or self._next()) is not None:
            self._pending = packet
            assert packet.pts is not None
            if time is not None and packet.pts * packet.time_base >= time:
                return
            self._pending = None
            yield packet

    def _next(self) -> Packet[Any] | None:
        """The next packet to be kept."""
        while True:
            try:
                packet = next(self._packets, None)
            except av.error.FFmpegError as error:
                if self._reading.salvage:
                    self._note_ends()
                    return None
                raise DamagedMedia(
                    f"{self._path.name}: its sound cannot be read on ({error.strerror}); use --audio drop or --salvage"
                ) from error
            if packet is None:
                self._note_ends()
                return None
            self._watch(packet)
            track = self._tracks.get(packet.stream_index)
            if track is not None and packet.size and self._is_heard(packet):
                self._note_gap(packet)
                copy = self._copy(packet, track)
                self._check_begin(copy)
                return copy

    def _note_gap(self, packet: Packet[Any]) -> None:
        """Note what is missing before `packet`, which is heard."""
        assert packet.pts is not None
        begin = packet.pts * packet.time_base
        self._note(packet.stream_index, begin)
        self._heard[packet.stream_index] = begin + (packet.duration or 0) * packet.time_base

    def _note_ends(self) -> None:
        """Note what is missing at the ends of the tracks, as far as they say how long they are."""
        for index in list(self._heard):
            stream = self._container.streams[index]
            assert stream.time_base is not None
            if stream.duration is not None:
                ends = [((stream.start_time or 0) + stream.duration) * stream.time_base]
            else:
                ends = [Fraction(self._container.duration or 0, av.time_base)]
            self._note(index, min(ends if self._window.end is None else [*ends, self._window.end]))

    def _note(self, index: int, until: Fraction) -> None:
        """Note that the track `index` has no sound between what was heard last and `until`, if so it is."""
        heard = self._heard[index]
        if self._reading.salvage and until - heard > _SILENCE_S:
            number = list(self._tracks).index(index) + 1
            begin, end = (float(time - self._window.origin) for time in (heard, until))
            self._missing.append(f"the sound of track {number} is missing from {begin:.3f} s to {end:.3f} s")

    def _watch(self, packet: Packet[Any]) -> None:
        if packet.dts is None:
            return
        before = self._clocks.get(packet.stream_index)
        self._clocks[packet.stream_index] = packet.dts
        if before is not None and (before - packet.dts) * packet.time_base > _JUMP_S:
            raise UnsupportedMedia(
                f"{self._path.name}: its clock starts again at {float(before * packet.time_base):.3f} s, so that sound "
                "and picture cannot be kept together; leave the sound out with --audio drop"
            )

    def _is_heard(self, packet: Packet[Any]) -> bool:
        """Whether all of `packet` belongs to what is read."""
        if packet.pts is None or packet.is_discard or packet.is_corrupt:
            return False
        place = packet.pos
        if place is not None and any(hole.start <= place < hole.end and not hole.doubtful for hole in self._holes):
            return False
        begin = packet.pts * packet.time_base
        end = begin + (packet.duration or 0) * packet.time_base
        window = self._window
        if window.start is not None and begin < window.start:
            return False
        if window.end is not None and end > window.end:
            return False
        # Where a container has no word for sound before 0, that would move everything else.
        return begin - window.shift >= 0 or self._may_begin_early

    def _check_begin(self, packet: Packet[Any]) -> None:
        """Refuse a track that begins late in a container that cannot say so."""
        if packet.stream_index in self._begun or packet.pts is None:
            return
        self._begun.add(packet.stream_index)
        if packet.pts > 0 and not self._family.timed:
            raise OutputError(
                f"the sound begins {float(packet.pts * packet.time_base):.3f} s late, which {self._family.name} cannot "
                "say; use -o NAME.mkv, or leave the sound out with --audio drop"
            )

    def _copy(self, packet: Packet[Any], track: AudioStream) -> Packet[Any]:
        """The bytes and times of `packet`, and nothing that may hang on it but how much of it is heard."""
        shift = round(self._window.shift / packet.time_base)
        copy: Packet[Any] = Packet(bytes(packet))
        copy.stream = track
        copy.time_base = packet.time_base
        copy.pts = packet.pts - shift if packet.pts is not None else None
        copy.dts = packet.dts - shift if packet.dts is not None else copy.pts
        copy.duration = packet.duration
        copy.is_keyframe = packet.is_keyframe
        if packet.has_sidedata("skip_samples"):
            copy.set_sidedata(packet.get_sidedata("skip_samples"))
        return copy


def _bare(header: bytes, codec: str, name: str) -> bytes:
    """A codec's header without the comments that some codecs keep in it (title, artist, place, …)."""
    if codec == "flac":
        return header[:34]  # STREAMINFO
    if codec != "vorbis":
        return header
    # Three packets, the first two with their lengths laced into runs of 255.
    lengths, at = [], 1
    for _ in range(2):
        run = re.match(rb"\xff*.", header[at:], re.DOTALL)
        if header[0] != 2 or run is None:
            raise OutputError(f"{name}: the header of its Vorbis sound is not understood; use --audio drop")
        lengths.append(sum(run[0]))
        at += len(run[0])
    identity = header[at : at + lengths[0]]
    setup = header[at + sum(lengths) :]
    comments = b"\x03vorbis" + bytes(8) + b"\x01"
    return bytes([2, len(identity), len(comments)]) + identity + comments + setup


def _says_where(stream: AudioStream) -> bool:
    """Whether a stream says where its channels are heard, not only how many there are."""
    return not stream.codec_context.layout.name.endswith(" channels")
