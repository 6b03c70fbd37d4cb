"""Packets in, pictures out, and every packet accounted for.

A decoder that meets damage may raise, may hand out a picture marked as damaged, or may say nothing: with frame
threads, an error that comes together with good pictures is swallowed, and at the end of a file everything after it
with it. So each packet's time is kept until a picture with that time comes out.
"""

from __future__ import annotations

import bisect
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import av
from av.codec.context import ThreadType
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from passerby.media.checksum import SliceSums
from passerby.media.clock import Clock

_COUNTS_BITS = frozenset({"msmpeg4v1", "msmpeg4v2", "msmpeg4", "msmpeg4v3", "wmv1", "wmv2"})
"""Decoders that notice, if they are asked to, that a picture does not end where its data does."""


@dataclass(frozen=True)
class Lost:
    """From here on pictures are missing, up to the next one that comes."""

    pts: int
    """Time of the first that is missing, in ticks of the stream."""
    reason: str


@dataclass(frozen=True)
class Shown:
    """A whole picture and its time in ticks of the stream."""

    frame: VideoFrame
    pts: int


@dataclass(frozen=True)
class Missing:
    """Stands among the packets where some are missing, or cannot be trusted."""

    reason: str
    pts: int | None
    """Time of the first of them, if it is known."""


class Decoder:
    """Decodes one video stream. After damage it goes on at the next key picture, for whoever still wants to listen."""

    def __init__(self, stream: VideoStream, clock: Clock, *, careful: bool) -> None:
        """`careful`: decode on one thread, so that an error tells exactly which packet it is about.

        Recordings that begin in the middle need it as well. Their first pictures lean on some that were cut off;
        without them a decoder on many threads may fail for good, one on a single thread grumbles and goes on.
        """
        self.skipped = 0
        """Pictures at the beginning that lean on what comes before it: nothing can decode them."""
        self._codec = stream.codec_context
        self._clock = clock
        self._careful = careful
        self._sums = SliceSums() if self._codec.name == "ffv1" else None
        self._due: list[int] = []
        self._begun = False
        self._key: int | None = None
        self._opening = True
        """No picture has come out since decoding began, or began again."""
        self._resumed = False
        self._fields = False

    def frames(self, packets: Iterable[Packet[VideoStream] | Missing]) -> Iterator[Shown | Lost]:
        """What comes out for `packets`, in order of presentation."""
        for packet in packets:
            if isinstance(packet, Missing):
                yield from self._broken(packet.reason, [], packet.pts)
                continue
            # To FFmpeg a packet without data says that the stream is over; AVI marks repeated pictures so.
            if not packet.size:
                continue
            self._clock.send(packet)
            if not self._begun and (packet.is_keyframe or self._codec.codec.intra_only):
                self._begin(packet)
            if not self._begun or (self._careful and self._is_leading(packet.pts)):
                self.skipped += not self._resumed
            elif self._sums is not None and not self._sums.hold(bytes(packet)):
                yield from self._broken("it does not match its check sum", [], packet.pts)
            else:
                self._expect(packet)
                yield from self._decoded(packet)
        if self._begun:
            yield from self._decoded(None)
            if self._due and not self._clock.by_order and not self._second_field(self._due):
                yield Lost(self._due[0], "it does not decode")

    def _begin(self, key: Packet[VideoStream]) -> None:
        self._begun = True
        self._key = key.pts if key.pts is not None else key.dts
        if not self._codec.is_open:
            # An error must be an error, not a picture patched from its neighbours.
            counting = "+buffer" if self._codec.name in _COUNTS_BITS else ""
            self._codec.options |= {"err_detect": f"crccheck+explode{counting}"}
            # Matched by order alone, no picture may be swallowed.
            one = self._careful or self._clock.by_order
            self._codec.thread_type = ThreadType.NONE if one else ThreadType.AUTO
            self._codec.thread_count = 1 if one else min((os.cpu_count() or 1) + 1, 16)

    def _decoded(self, packet: Packet[VideoStream] | None) -> Iterator[Shown | Lost]:
        try:
            frames = self._codec.decode(packet)
        except av.error.EOFError:
            return
        except av.error.FFmpegError as error:
            # At a beginning in the middle, an error need not cost a picture. If it did, that picture will be missed.
            if packet is None or not (self._careful and self._opening) or self._clock.by_order:
                yield from self._broken(error.strerror or "it does not decode", [])
            return
        yield from self._whole(frames)

    def _expect(self, packet: Packet[VideoStream]) -> None:
        """Note that a picture has to come for `packet`, unless it says that none will."""
        hidden = packet.is_discard or (self._codec.name == "vp8" and not memoryview(packet)[0] & 0x10)
        time = packet.dts if self._clock.by_order else packet.pts
        if time is not None and not hidden:
            bisect.insort(self._due, time)

    def _whole(self, frames: list[VideoFrame]) -> Iterator[Shown | Lost]:
        """`frames` as far as they are whole and nothing is missing between them."""
        for i, frame in enumerate(frames):
            if frame.is_corrupt:
                yield from self._broken("its data is corrupt", frames[i + 1 :])
                return
            missing = self._settle(frame)
            if missing:
                self._restart()
                yield Lost(missing[0], "it does not decode")
                return
            yield self._shown(frame)

    def _shown(self, frame: VideoFrame) -> Shown:
        self._opening = False
        return Shown(frame, self._clock.show(frame.pts))

    def _settle(self, frame: VideoFrame) -> list[int]:
        """Strike `frame` off the list; return the times before it at which a picture should have come."""
        self._fields = self._fields or frame.interlaced_frame
        if self._clock.by_order or frame.pts is None:
            del self._due[:1]
            return []
        at = bisect.bisect_left(self._due, frame.pts)
        before = [time for time in self._due[:at] if not self._is_leading(time)]
        del self._due[: bisect.bisect_right(self._due, frame.pts)]
        return [] if self._second_field(before) else before

    def _second_field(self, times: list[int]) -> bool:
        """Whether `times` is no more than the other half of a picture that was sent as two fields."""
        return self._fields and len(times) == 1

    def _is_leading(self, time: int | None) -> bool:
        """Whether a picture comes before the key picture that decoding began with."""
        return time is not None and self._key is not None and time < self._key

    def _broken(self, reason: str, frames: list[VideoFrame], pts: int | None = None) -> Iterator[Shown | Lost]:
        """What was sent before the damage still comes out; then the loss, then a fresh start.

        `pts` is when the damage begins at the latest, where nothing that was sent before it is missing.
        """
        rest = [frame for frame in (*frames, *self._drained()) if not frame.is_corrupt]
        come = {frame.pts for frame in rest}
        lost = next((time for time in self._due if time not in come), None)
        for frame in rest:
            if self._clock.by_order or lost is None or (frame.pts is not None and frame.pts < lost):
                self._settle(frame)
                yield self._shown(frame)
        if self._due:
            lost = self._due[0]
        if lost is None:
            lost = self._clock.next_time if pts is None else max(pts, self._clock.next_time)
        self._restart()
        yield Lost(lost, reason)

    def _drained(self) -> list[VideoFrame]:
        if not self._codec.is_open:
            return []
        try:
            return self._codec.decode(None)
        except av.error.FFmpegError:
            return []

    def _restart(self) -> None:
        """Forget everything and wait for the next key picture."""
        if self._codec.is_open:
            self._codec.flush_buffers()
        self._due.clear()
        self._clock.forget()
        self._begun = False
        self._key = None
        self._opening = True
        self._resumed = True
