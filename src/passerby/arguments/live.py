"""What can be written behind `passerby live`, besides what is hidden and how."""

from __future__ import annotations

import argparse

from passerby.arguments import groups
from passerby.arguments.parser import parser


def live() -> argparse.ArgumentParser:
    command = parser("live", "Hide faces in what comes in, as it comes in. Sound is dropped.")
    _add_run(command)
    groups.add_looking(command)
    groups.add_painting(command)
    return command


def _add_run(command: argparse.ArgumentParser) -> None:
    """Source, sinks, and what the run has to keep to."""
    option = command.add_argument
    option(
        "source",
        metavar="SOURCE",
        help="an address (rtsp, http, udp, srt, …), a camera (0), a file, or - for raw frames",
    )
    option(
        "--to",
        action="append",
        default=[],
        metavar="SINK",
        help="rtmp, rtsp, srt or udp address, file, camera, - or null",
    )
    option("--show", action="store_true", help="show what goes out on a page of this machine")
    option("--port", type=int, default=0, metavar="N", help="of that page (default: any that is free)")
    option("--latency", type=float, default=2000, metavar="MS", help="at most, of what goes out (default: %(default)s)")
    option(
        "--late", default="cover", help="what becomes of a frame that is later: cover or drop (default: %(default)s)"
    )
    option(
        "--stall",
        type=float,
        default=2,
        metavar="S",
        help="seconds until a placeholder is shown (default: %(default)s)",
    )
    option("--fps", metavar="N", help="frames per second, at most; of raw frames: that they have")
    option("--size", metavar="WxH", help="of raw frames")
    option("--pixels", default="yuv420p", help="of raw frames, in and out: yuv420p or rgb24 (default: %(default)s)")
    option("--transport", default="tcp", help="of rtsp: tcp or udp (default: %(default)s)")
    option("--max-res", type=int, metavar="N", help="longest side of what goes out in pixels, at most")
    option("--seconds", type=float, metavar="S", help="stop after so long")
    option("-y", "--force", action="store_true", help="replace an existing file")
    option("-q", "--quiet", action="store_true", help="say nothing but errors")
