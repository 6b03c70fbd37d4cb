"""Presentation times that rise, from whatever a file says about time."""

from __future__ import annotations

from collections import deque
from fractions import Fraction

from av.packet import Packet
from av.video.stream import VideoStream


class Clock:
    """The times of one stream, in ticks of its time base.

    Times are passed on as they are. Three things are repaired, each by one rule:

    * No presentation times (AVI stores the order of decoding only): the n-th picture takes the n-th decode time.
    * The clock starts again (parts of a transport stream joined end to end): it runs on, one usual step later.
    * One picture has no time, or one that is not after that of the picture before: it takes the next step, or the
      next tick.
    """

    def __init__(self, step: int, time_base: Fraction) -> None:
        self.notes: list[str] = []
        self._step = max(step, 1)
        self._time_base = time_base
        self._offset = 0
        self._begun = False
        self._sent: int | None = None
        self._shown: int | None = None
        self._decode_times: deque[int] | None = None

    @property
    def by_order(self) -> bool:
        """The file has no presentation times: pictures are matched with packets by their order."""
        return self._decode_times is not None

    @property
    def next_time(self) -> int:
        """When the next picture is to be expected."""
        return 0 if self._shown is None else self._shown + self._step

    def send(self, packet: Packet[VideoStream]) -> None:
        """Note a packet on its way to the decoder, and put its times (in place) on the repaired clock."""
        if not self._begun and packet.pts is None:
            self._decode_times = deque()
            self.notes.append("the file has no presentation times: they are taken from the order of decoding")
        self._begun = True
        if packet.dts is not None:
            if self._sent is not None and packet.dts + self._offset < self._sent - 3 * self._step:
                self._offset = self._sent + self._step - packet.dts
                at = float((self._sent + self._step) * self._time_base)
                self.notes.append(f"the clock of the file starts again at {at:.3f} s: the times run on from there")
            packet.dts += self._offset
            self._sent = packet.dts
            if self._decode_times is not None:
                self._decode_times.append(packet.dts)
        if packet.pts is not None:
            packet.pts += self._offset

    def show(self, pts: int | None) -> int:
        """The time of the next picture, which comes out of the decoder with `pts`."""
        if self._decode_times is not None:
            pts = self._decode_times.popleft() if self._decode_times else None
        if self._shown is not None:
            pts = self._shown + self._step if pts is None else max(pts, self._shown + 1)
        self._shown = pts if pts is not None else 0
        return self._shown

    def forget(self) -> None:
        """Nothing that was sent will be shown any more."""
        if self._decode_times is not None:
            self._decode_times.clear()
