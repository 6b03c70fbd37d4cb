"""One pass over a video file: from its packets to upright frames."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

import av
from av.packet import Packet
from av.stream import Discard
from av.video.stream import VideoStream

from passerby.core.errors import DamagedMedia, InputError, UnsupportedMedia
from passerby.core.frame import Frame
from passerby.core.pixels import upright
from passerby.media.clock import Clock
from passerby.media.container import NO_FILM, opened, packets_of, picture_stream
from passerby.media.decoder import Decoder, Lost, Missing, Shown
from passerby.media.deinterlace import Deinterlacer
from passerby.media.hole import Hole
from passerby.media.pictures import Orientation, Repacking, orientation, planes_of
from passerby.media.reading import Gap, Reading, Thinning, Window


class Changed(Lost):
    """The picture goes on, but in another size or format."""


class Reader:
    """One pass over a file, from the first wanted frame to the last."""

    def __init__(self, path: Path, reading: Reading, *, breaks_off: bool, holes: Sequence[Hole] = ()) -> None:
        """Open `path`; `breaks_off` says that its end is known to be missing, `holes` what else is.

        Raises:
            InputError: see `container.opened` and `container.picture_stream`.
        """
        self.fps = reading.fps
        self.gaps: list[Gap] = []
        self.repacking: Repacking | None = None
        """How the decoder's pictures are taken; known with the first frame."""
        self._path = path
        self._reading = reading
        self._breaks_off = breaks_off
        # A salvage keeps all that decodes, whatever a check sum says.
        self._holes = [hole for hole in holes if not (hole.doubtful and reading.salvage)]
        self._doubtful = len(holes) > len(self._holes)
        self._lock = threading.Lock()
        self._closed = False
        self._orientation = Orientation()
        self._read_error = ""
        self._open(careful=reading.salvage)

    def _open(self, *, careful: bool) -> None:
        """Open the file at its beginning; `careful` as for the decoder."""
        self.container = opened(self._path, self._reading.limits)
        self.stream = picture_stream(self._path.name, self.container, self._reading.limits)
        for other in self.container.streams:
            if other is not self.stream:
                other.discard = Discard.all
        assert self.stream.time_base is not None
        self.tick = self.stream.time_base
        self.rate = self.stream.average_rate or self.stream.guessed_rate
        self.window = Window.of(self._reading, self.container, self.tick)
        self._clock = Clock(round(1 / (self.rate * self.tick)) if self.rate else 1, self.tick)
        self._decoder = Decoder(self.stream, self._clock, careful=careful)
        self._careful = careful
        self._own_notes = self._stream_notes()

    def close(self) -> None:
        """Free the decoder; waits for a frame that another thread is decoding."""
        with self._lock:
            self._closed = True
            self.container.close()

    # From packets to frames

    def frames(self) -> Iterator[Frame]:
        """Every wanted frame, in order.

        Raises:
            DamagedMedia: one does not decode, and this is no salvage.
            UnsupportedMedia: the picture changes its size or format.
            LimitExceeded: a frame lies beyond the longest duration allowed.
        """
        thinning = Thinning(self.fps, self.rate)
        count = 0
        lost: Lost | None = None
        for event in self._events():
            if self._is_past(event.pts):
                return
            if isinstance(event, Lost):
                if not self._reading.salvage:
                    self._refuse(event, count)
                lost = lost or event
            elif self.window.start is not None and event.pts * self.tick < self.window.start:
                lost = None
            else:
                if lost is not None:
                    self._note_gap(lost, count, event.pts)
                    lost = None
                if thinning.keeps(event.pts * self.tick):
                    yield self._frame(event, count)
                    count += 1
        if lost is not None:
            self._note_gap(lost, count, None)

    def _events(self) -> Iterator[Shown | Lost]:
        """What comes out of the decoder, each step under the lock: one thread may read while another closes."""
        with closing(self._progressive(self._checked(self._decoded()))) as events:
            while True:
                with self._lock:
                    if self._closed:
                        raise InputError(f"{self._path.name} was closed while it was being read")
                    event = next(events, None)
                if event is None:
                    break
                yield event
        if self._breaks_off or self._read_error:
            yield Lost(self._clock.next_time, self._read_error or "the file breaks off")

    def _decoded(self) -> Iterator[Shown | Lost]:
        """What comes out of the decoder; of a careful one, where another fails on the very first picture."""
        events = self._decoder.frames(self._packets())
        first = next(events, None)
        if isinstance(first, Lost) and not self._careful:
            self.container.close()
            self._open(careful=True)
            events = self._decoder.frames(self._packets())
        elif first is not None:
            yield first
        yield from events

    def _packets(self) -> Iterator[Packet[VideoStream] | Missing]:
        holes = list(self._holes)
        if self.window.start is not None:
            target = self._seek_target(int(self.window.start / self.tick))
            if target is not None:
                self.container.seek(target, stream=self.stream)
        began = False
        struck: int | None = None
        place: int | None = None
        untimed = False
        try:
            for packet in packets_of(self.container, self.stream):
                # The last packet of a file that breaks off is there in part.
                if self._breaks_off and packet.is_corrupt:
                    return
                # Without a place of its own, a packet comes out of what the one before came out of.
                place = place if packet.pos is None else packet.pos
                while holes and place is not None and place >= holes[0].end:
                    hole = holes.pop(0)
                    if began or self.window.start is None:
                        yield Missing(hole.reason, struck)
                    struck = None
                if holes and place is not None and place >= holes[0].start:
                    struck = packet.pts if struck is None else struck
                    continue
                untimed = untimed or (not began and self._is_untimed(packet))
                if untimed:
                    packet.pts = None
                began = True
                yield packet
        except av.error.FFmpegError as error:
            self._read_error = f"the file cannot be read on: {error.strerror}"
        if holes:
            yield Missing(holes[0].reason, struck)

    def _seek_target(self, wanted: int) -> int | None:
        """A time from which seeking leads to a key picture at or before `wanted`; None: read from the beginning."""
        with opened(self._path, self._reading.limits) as scout:
            stream = scout.streams[self.stream.index]
            # Some formats land behind the key picture that is asked for.
            for back_s in (0, 2, 8, 32, 128):
                target = wanted - int(back_s / self.tick)
                if target <= (stream.start_time or 0):
                    return None
                scout.seek(target, stream=stream)
                key = next((packet for packet in scout.demux(stream) if packet.size and packet.is_keyframe), None)
                # Without presentation times, only counting from the beginning tells which picture is which.
                if key is None or key.pts is None or self._is_untimed(key):
                    return None
                if key.pts <= wanted:
                    return target
        return None

    def _is_untimed(self, key: Packet[Any]) -> bool:
        """Whether the presentation time of the key picture `key` is none.

        The index of an MXF file says in which order pictures are shown. Not all writers make one that does: then FFmpeg
        takes times of decoding for both.
        """
        reordered = self.container.format.name == "mxf" and self.stream.codec_context.reorder_depth > 0
        return reordered and key.pts == key.dts

    def _checked(self, events: Iterator[Shown | Lost]) -> Generator[Shown | Lost]:
        """`events` up to one whose picture is of another kind than the first."""
        kind: tuple[int, int, str] | None = None
        for event in events:
            if isinstance(event, Lost) or self._is_past(event.pts):
                yield event
                continue
            frame = event.frame
            found = frame.width, frame.height, frame.format.name
            if kind is None:
                kind = found
                self._begin(event)
            elif found != kind:
                yield Changed(event.pts, f"the picture changes from {_spelled(kind)} to {_spelled(found)}")
                return
            yield event

    def _begin(self, first: Shown) -> None:
        frame, name = first.frame, self._path.name
        self._reading.limits.check_size(name, frame.width, frame.height)
        self._orientation = orientation(frame, name)
        self.repacking = Repacking(frame)
        if self.repacking.needed:
            self._own_notes.append(self.repacking.note)
        if self._orientation.mirrored:
            self._own_notes.append("the picture is stored mirrored: it is written as it is seen")

    def _progressive(self, events: Iterator[Shown | Lost]) -> Generator[Shown | Lost]:
        """`events` with interlaced pictures made whole, from the first one on."""
        weaver: Deinterlacer | None = None
        for event in events:
            if isinstance(event, Lost):
                if weaver is not None:
                    yield from weaver.push(None)
                    weaver = None
                yield event
            elif weaver is not None:
                yield from weaver.push(event)
            elif event.frame.interlaced_frame:
                self._own_notes.append("interlaced: every frame is made whole (bwdif), at the same times")
                weaver = Deinterlacer(event.frame, self.tick)
                yield from weaver.push(event)
            else:
                yield event
        if weaver is not None:
            yield from weaver.push(None)

    def _frame(self, shown: Shown, index: int) -> Frame:
        assert self.repacking is not None
        self._reading.limits.check_duration(self._path.name, self._seconds(shown.pts))
        native = self.repacking(shown.frame)
        turn = self._orientation.turn
        planes, pixels = upright(self._orientation.applied(planes_of(native)), self.repacking.format, turn)
        pts = shown.pts - int(self.window.shift / self.tick)
        return Frame(planes, pixels, index, pts, self.tick, turn, self._sample_aspect)

    # What is said about it

    @property
    def notes(self) -> list[str]:
        """What a user should know of how this file is read, as far as it was read."""
        notes = [*self._own_notes, *self._clock.notes]
        if self._decoder.skipped:
            notes.append(f"the file begins between key pictures: {self._decoder.skipped} pictures cannot be decoded")
        if self._doubtful:
            notes.append("data that does not match its check sum is kept: pictures in it may be wrong")
        return notes

    @property
    def failed(self) -> bool:
        """Whether any picture so far did not decode."""
        return bool(self.gaps or self._decoder.skipped)

    def _stream_notes(self) -> list[str]:
        others = [stream for stream in self.container.streams.video if stream is not self.stream]
        films = [stream for stream in others if not stream.disposition & NO_FILM]
        notes = [f"{len(films)} more video streams are left out; the first one is used"] if films else []
        # VP8 and VP9 keep it beside the picture, where no decoder here looks.
        if {key.lower(): value for key, value in self.stream.metadata.items()}.get("alpha_mode") == "1":
            notes.append("parts of the picture can be seen through (alpha): it is written opaque")
        return notes

    @property
    def _sample_aspect(self) -> Fraction:
        aspect = self.stream.sample_aspect_ratio or Fraction(1)
        return 1 / aspect if self._orientation.turn % 2 else aspect

    def _seconds(self, pts: int) -> float:
        """A time as a viewer of the file counts it."""
        return float(pts * self.tick - self.window.origin)

    def _is_past(self, pts: int) -> bool:
        return self.window.end is not None and pts * self.tick >= self.window.end

    # What is wrong with it

    def _note_gap(self, lost: Lost, index: int, until: int | None) -> None:
        until_s = None if until is None else self._seconds(until)
        self.gaps.append(Gap(index, self._seconds(lost.pts), until_s, lost.reason))

    def _refuse(self, lost: Lost, index: int) -> NoReturn:
        name, time_s = self._path.name, self._seconds(lost.pts)
        if isinstance(lost, Changed):
            raise UnsupportedMedia(
                f"{name}: {lost.reason} at frame {index} ({time_s:.3f} s); cut the file there, "
                "or use --salvage to keep what comes before"
            )
        raise DamagedMedia(
            f"{name}: frame {index} at {time_s:.3f} s is damaged ({lost.reason}); use --salvage to keep what decodes",
            frame=index,
            time_s=time_s,
        )


def _spelled(kind: tuple[int, int, str]) -> str:
    width, height, pixels = kind
    return f"{width}x{height} {pixels}"
