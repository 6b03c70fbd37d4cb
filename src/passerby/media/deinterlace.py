"""Interlaced pictures, two moments woven into one, as whole pictures of the first moment."""

from __future__ import annotations

from collections import deque
from fractions import Fraction

import av
from av.filter import Graph
from av.video.frame import VideoFrame

from passerby.media.decoder import Shown


class Deinterlacer:
    """Frames in, as many frames out, at the same times. Progressive ones among them pass as they are.

    bwdif looks one frame ahead and back, so frames come out one late.
    """

    def __init__(self, first: VideoFrame, time_base: Fraction) -> None:
        self._times: deque[int] = deque()
        self._graph = Graph()
        source = self._graph.add_buffer(
            width=first.width, height=first.height, format=first.format, time_base=time_base
        )
        weaver = self._graph.add("bwdif", "mode=send_frame:deint=interlaced")
        self._graph.link_nodes(source, weaver, self._graph.add("buffersink")).configure()

    def push(self, shown: Shown | None) -> list[Shown]:
        """What comes out for one more frame; None ends the stream and brings the rest."""
        if shown is not None:
            self._times.append(shown.pts)
            # The filter computes with times; on a repaired clock the frame's own may jump.
            shown.frame.pts = shown.pts
        self._graph.vpush(shown.frame if shown is not None else None)
        found: list[Shown] = []
        while True:
            try:
                frame = self._graph.vpull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return found
            found.append(Shown(frame, self._times.popleft()))
