"""`passerby live`: from what was typed to a source, its sinks and a run that signals stop."""

from __future__ import annotations

import argparse
import re
import signal
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from pathlib import Path

from passerby.console import say
from passerby.core.errors import OptionError, OutputError
from passerby.live import sinks, sources
from passerby.live.clock import WallClock
from passerby.live.preview import Preview
from passerby.live.run import Living, Surroundings
from passerby.live.run import live as live_run
from passerby.live.sink import LiveSink
from passerby.live.statistics import Statistics, summary
from passerby.media.mark import Mark, words
from passerby.methods import marking
from passerby.options.values import frame_rate
from passerby.settings import Options

RAW_RATE = Fraction(25)
"""Frames per second of raw frames, where it is not said."""


def live(chosen: argparse.Namespace, options: Options) -> Statistics:
    """Run until the source is over, its time is up, or a signal comes; what was written by then is complete."""
    quiet: Callable[[str], None] = lambda _: None  # noqa: E731
    tell = quiet if chosen.quiet else say
    if chosen.seconds is not None and not chosen.seconds > 0:
        raise OptionError(f"--seconds is a number above 0, got {chosen.seconds:g}")
    living = Living(
        latency_s=chosen.latency / 1000,
        late=chosen.late,
        stall_s=chosen.stall,
        fps=frame_rate(chosen.fps) if chosen.fps else None,
        max_res=chosen.max_res,
    )
    clock, statistics = WallClock(), Statistics()
    with _stopping() as signalled:

        def stopped() -> bool:
            return signalled() or (chosen.seconds is not None and clock.now() >= chosen.seconds)

        around = Surroundings(clock, statistics, stopped, tell)
        feed = _feed(chosen, around)
        outlets = _outlets(chosen, around, _mark(options))
        sink = LiveSink(outlets, latency_s=living.latency_s, late=living.late, clock=clock, statistics=statistics)
        tell(f"live from {feed.name}; nothing is older than {chosen.latency:g} ms when it goes out; stop with Ctrl-C")
        live_run(feed, sink, options, living, around)
    tell(f"ended after {clock.now():.1f} s: {summary(statistics)}")
    return statistics


def _feed(chosen: argparse.Namespace, around: Surroundings) -> sources.Feed:
    """What `SOURCE` names."""
    name = chosen.source
    if chosen.transport not in ("tcp", "udp"):
        raise OptionError(f"--transport {chosen.transport!r} is not known; choose from tcp, udp")
    if name == "-":
        if chosen.size is None:
            raise OptionError("raw frames do not say how large they are; give --size WxH, as in --size 1280x720")
        rate = frame_rate(chosen.fps) if chosen.fps else RAW_RATE
        return sources.Raw(
            sys.stdin.buffer, _size(chosen.size), rate, _pixels(chosen.pixels), around.clock, around.stopped
        )
    if name.isdigit() or name.startswith("/dev/"):
        return sources.camera(name, around.statistics)
    if "://" in name:
        return sources.Wire(name, around.statistics, transport=chosen.transport)
    return sources.Film(Path(name), around.statistics, around.clock, around.stopped)


def _mark(options: Options) -> Mark | None:
    """How what goes out says that generators drew in it, where it can."""
    if options.signs:
        raise OptionError("what goes out live cannot be signed; leave --mark c2pa and --c2pa-cert out")
    return marking.mark(options, Path())


def _outlets(chosen: argparse.Namespace, around: Surroundings, mark: Mark | None) -> list[sinks.Outlet]:
    """What `--to` and `--show` name."""
    if not chosen.to and not chosen.show:
        raise OptionError("say where it is to go, as in: passerby live rtsp://camera/stream --to out.mkv, or --show")
    for name in chosen.to:
        _check_no_source(name, chosen.source)
    outlets = [_outlet(name, chosen, around, mark) for name in chosen.to]
    # The rest of an address may be a secret.
    silent = [name.partition("://")[0] for name in chosen.to if not _has_room(name)] + ["the page"] * chosen.show
    if mark is not None and silent:
        around.say(f"{', '.join(silent)} cannot say that it is synthetic; tell whoever looks at it")
    if chosen.show:
        preview = Preview(chosen.port)
        say(f"what goes out is shown at {preview.address}")
        webbrowser.open(preview.address)
        outlets.append(preview)
    return outlets


def _has_room(name: str) -> bool:
    """Whether what goes to a sink can say that it is synthetic."""
    scheme, address, _ = name.partition("://")
    return name == "null" or bool(words(sinks.MUXERS.get(scheme, "")) if address else Path(name).suffix)


def _outlet(name: str, chosen: argparse.Namespace, around: Surroundings, mark: Mark | None) -> sinks.Outlet:
    if name == "null":
        return sinks.Nowhere()
    if name == "-":
        return sinks.RawPipe(sys.stdout.buffer, _pixels(chosen.pixels))
    if name == "camera" or name.startswith("camera:"):
        return sinks.virtual_camera(name.partition(":")[2] or None)
    if "://" in name:
        connect = partial(sinks.connected, mark=mark)
        return sinks.Address(name, around.clock, around.statistics, around.say, chosen.transport, connect)
    return sinks.File(Path(name), mark=mark, force=chosen.force)


def _check_no_source(sink: str, source: str) -> None:
    """Raise OutputError where a sink would replace the file that the pictures come from."""
    if "://" in sink or "://" in source:
        return
    there = Path(sink), Path(source)
    if all(path.is_file() for path in there) and there[0].samefile(there[1]):
        raise OutputError(f"{sink} is the source itself; choose another name")


def _pixels(name: str) -> str:
    if name not in sources.RAW:
        raise OptionError(f"--pixels {name!r} is not known; choose from {', '.join(sources.RAW)}")
    return name


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})", text)
    if match is None:
        raise OptionError(f"--size {text!r} is no size; write WIDTHxHEIGHT, as in 1280x720")
    return int(match[1]), int(match[2])


@contextmanager
def _stopping() -> Iterator[Callable[[], bool]]:
    """In the block the first Ctrl-C or polite kill is only noted; another one breaks off, and leaves no file."""
    noted = threading.Event()

    def note(*_: object) -> None:
        if noted.is_set():
            raise KeyboardInterrupt
        noted.set()

    old = {}
    if threading.current_thread() is threading.main_thread():
        names = ("SIGINT", "SIGTERM", "SIGHUP")
        numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
        ours = [number for number in numbers if signal.getsignal(number) not in (signal.SIG_IGN, None)]
        old = {number: signal.signal(number, note) for number in ours}
    try:
        yield noted.is_set
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
