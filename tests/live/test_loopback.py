"""Real streams on this machine's loopback: what FFmpeg sends comes in, and what goes out FFmpeg reads."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
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
from passerby.live.sinks import MUXERS, Encoded, File
from passerby.live.sources import Wire
from passerby.live.statistics import Statistics
from passerby.media.pictures import planes_of
from passerby.settings import Options

ENOUGH_S = 30.0
OPTIONS = {"rtsp": {"rtsp_transport": "tcp"}}
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


RECEIVER = """
import json, sys, av
print("listening", flush=True)
with av.open(sys.argv[1], options=json.loads(sys.argv[2])) as container:
    for frame, _ in zip(container.decode(video=0), range(5)):
        print(frame.width, frame.height, flush=True)
"""
"""A process of its own: while PyAV opens an output, all of Python stands still."""


@pytest.mark.parametrize(
    ("scheme", "query", "listening"),
    [
        ("udp", "", {"timeout": "20000000"}),
        ("tcp", "?listen=1", {}),
        ("rtmp", "/app/key", {"listen": "1"}),
        ("rtsp", "/street", {"rtsp_flags": "listen", "listen_timeout": "20"}),
    ],
)
def test_what_is_sent_is_read_by_ffmpeg(scheme, query, listening):
    address = f"{scheme}://127.0.0.1:{free_port()}"
    words = [sys.executable, "-c", RECEIVER, address + query, json.dumps(listening)]
    clock, line = WallClock(), None
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as receiver:
        try:
            assert receiver.stdout.readline() == "listening\n"
            while receiver.poll() is None and clock.now() < ENOUGH_S:
                try:
                    to = address + ("" if scheme == "tcp" else query)
                    line = line or Encoded(to, MUXERS[scheme], OPTIONS.get(scheme, {}), (96, 64), Fraction(25))
                    line.write(av.VideoFrame(96, 64, "yuv420p"), int(clock.now() * 1000))
                except av.error.FFmpegError:
                    line = None
                clock.sleep(0.02)
        finally:
            receiver.kill()
        assert receiver.stdout.read() == "96 64\n" * 5
