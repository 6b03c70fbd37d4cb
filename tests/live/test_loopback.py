"""Real streams on this machine's loopback: what FFmpeg sends comes in, and what goes out FFmpeg reads."""

from __future__ import annotations

import socket
import threading
from fractions import Fraction
from pathlib import Path

import av
import pytest
from drawn_frames import Film
from live_fakes import Keeping, finders

from passerby.live.clock import WallClock
from passerby.live.run import Living, Surroundings, live
from passerby.live.sink import LiveSink
from passerby.live.sinks import Encoded, File
from passerby.live.sources import Wire
from passerby.live.statistics import Statistics
from passerby.media.pictures import planes_of
from passerby.settings import Options

ENOUGH_S = 30.0
ACROSS = [(20 + 4 * i, 90) for i in range(40)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def stream_of(film, path):
    """`film` as a transport stream."""
    with av.open(str(path), "w", format="mpegts") as container:
        stream = container.add_stream("libx264", rate=25, options={"g": "10", "tune": "zerolatency", "crf": "10"})
        stream.width, stream.height = film.size
        stream.pix_fmt = "yuv420p"
        for frame in film:
            picture = av.VideoFrame(*film.size, "yuv420p")
            for view, light in zip(planes_of(picture), frame.planes, strict=True):
                view[:] = light
            picture.pts, picture.time_base = frame.index, Fraction(1, 25)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path.read_bytes()


def serve(server, streams):
    """Send each of `streams` to whoever connects next, and hang up."""
    for stream in streams:
        connection, _ = server.accept()
        with connection:
            connection.sendall(stream)


def test_a_stream_that_breaks_off_and_comes_back_in_another_size_is_recorded(tmp_path: Path):
    films = [Film(ACROSS), Film(ACROSS, size=(640, 400))]
    streams = [stream_of(film, tmp_path / "stream.ts") for film in films]
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(ENOUGH_S)
    address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
    sender = threading.Thread(target=serve, args=(server, streams), daemon=True)
    clock, statistics, kept = WallClock(), Statistics(), Keeping()
    output = tmp_path / "out.mkv"

    def stopped():
        return clock.now() > ENOUGH_S or (statistics.runs >= 2 and statistics.lost >= 2 and not sender.is_alive())

    sink = LiveSink([kept, File(output)], latency_s=20, late="cover", clock=clock, statistics=statistics)
    around = Surroundings(clock, statistics, stopped, lambda _: None)
    sender.start()
    with server:
        live(Wire(address, statistics), sink, Options(method="fill"), Living(latency_s=20), around, finders)
    assert statistics.runs >= 2
    assert statistics.came == 80
    assert statistics.shown > 0
    with av.open(str(output)) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == len(kept.pictures)
    assert {(frame.width, frame.height) for frame in frames} == {(320, 240)}


@pytest.mark.parametrize("scheme", ["udp", "tcp"])
def test_what_is_sent_is_read_by_ffmpeg(scheme):
    port = free_port()
    ready = threading.Event()
    seen = []

    def receive():
        listening = "?listen=1&listen_timeout=20000" if scheme == "tcp" else "?timeout=20000000"
        ready.set()
        with av.open(f"{scheme}://127.0.0.1:{port}{listening}", timeout=ENOUGH_S) as container:
            for frame in container.decode(video=0):
                seen.append((frame.width, frame.height))
                if len(seen) >= 5:
                    return

    receiver = threading.Thread(target=receive, daemon=True)
    receiver.start()
    assert ready.wait(ENOUGH_S)
    clock = WallClock()
    line = None
    while receiver.is_alive() and clock.now() < ENOUGH_S:
        try:
            line = line or Encoded(f"{scheme}://127.0.0.1:{port}", "mpegts", {}, (96, 64), Fraction(25))
            picture = av.VideoFrame(96, 64, "yuv420p")
            line.write(picture, int(clock.now() * 1000))
        except av.error.FFmpegError:
            line = None
        receiver.join(0.02)
    assert seen == [(96, 64)] * 5
