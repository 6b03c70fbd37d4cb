"""Outlets: whole files or none, addresses that come back, pipes, a page, a camera."""

from __future__ import annotations

import io
import urllib.error
import urllib.request
from fractions import Fraction

import av
import numpy as np
import pytest
from live_fakes import FakeClock

from passerby.core.errors import OptionError, OutputError
from passerby.live import sinks
from passerby.live.fitting import placeholder, rgb
from passerby.live.preview import Preview
from passerby.live.sinks import FILES, Address, Camera, File, RawPipe
from passerby.live.sources import FIRST_PAUSE_S
from passerby.live.statistics import Statistics

SIZE = (96, 64)
RATE = Fraction(25)
TIMEOUT_S = 10


def picture(text="hi"):
    return placeholder(SIZE, text)


@pytest.mark.parametrize("suffix", FILES)
def test_a_file_holds_what_was_written_at_its_times(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    outlet = File(path)
    outlet.open(SIZE, RATE)
    ticks = [100, 140, 181, 900]
    for at in ticks:
        outlet.write(picture(), at)
    assert not path.exists()
    outlet.close(None)
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    times = [float(frame.pts * frame.time_base) for frame in frames]
    assert np.diff(times) == pytest.approx(np.diff(ticks) / 1000, abs=2e-3)
    assert (frames[0].width, frames[0].height) == SIZE
    assert b"x264" not in path.read_bytes()


def test_an_error_leaves_no_file(tmp_path):
    outlet = File(tmp_path / "out.mkv")
    outlet.open(SIZE, RATE)
    outlet.write(picture(), 0)
    outlet.close(ValueError("broken"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_whose_beginning_fails_leaves_nothing(tmp_path, monkeypatch):
    def broken(*_):
        raise OutputError("broken")

    monkeypatch.setattr(sinks, "Encoded", broken)
    outlet = File(tmp_path / "out.mkv")
    with pytest.raises(OutputError) as raised:
        outlet.open(SIZE, RATE)
    outlet.close(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_not_replaced_unasked(tmp_path):
    path = tmp_path / "out.mkv"
    path.write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists"):
        File(path)
    File(path, force=True)


def test_a_file_of_another_kind_is_refused(tmp_path):
    with pytest.raises(OptionError, match="mkv"):
        File(tmp_path / "out.avi")


class Line:
    """A connection that takes some pictures, then breaks."""

    def __init__(self, lasts):
        self.lasts, self.taken, self.state = lasts, [], "open"

    def write(self, picture, ticks):
        if len(self.taken) == self.lasts:
            raise av.error.BrokenPipeError(32, "Broken pipe")
        self.taken.append(ticks)

    def finish(self):
        self.state = "finished"

    def abandon(self):
        self.state = "abandoned"


def test_an_address_that_goes_away_is_tried_again():
    clock, statistics, said = FakeClock(), Statistics(), []
    lines = [av.error.ConnectionRefusedError(111, "Connection refused"), Line(2), Line(99)]
    calls = []

    def connect(*words):
        calls.append(words)
        line = lines[len(calls) - 1]
        if isinstance(line, Exception):
            raise line
        return line

    outlet = Address("rtmp://me:pass@there/app/key", clock, statistics, said.append, connect=connect)
    outlet.open(SIZE, RATE)
    for i in range(100):
        outlet.write(picture(), 40 * i)
        clock.sleep(0.04)
    outlet.close(None)
    assert len(calls) == 3
    assert calls[0] == ("rtmp://me:pass@there/app/key", "flv", {}, SIZE, RATE)
    assert lines[1].taken[0] >= 1000 * FIRST_PAUSE_S
    assert (lines[1].state, lines[2].state) == ("abandoned", "finished")
    assert statistics.unsent + len(lines[1].taken) + len(lines[2].taken) == 100
    assert "there" in said[0]
    assert not any("key" in line or "pass" in line for line in said)


def test_an_address_that_answers_and_takes_nothing_is_tried_more_and_more_rarely():
    """FFmpeg opens some kinds of connections with the first packet, and says so late that nobody is there."""
    clock, tried = FakeClock(), []

    def connect(*words):
        tried.append(clock.now())
        return Line(0)

    outlet = Address("tcp://there:1", clock, Statistics(), lambda _: None, connect=connect)
    outlet.open(SIZE, RATE)
    for i in range(250):
        outlet.write(picture(), 40 * i)
        clock.sleep(0.04)
    pauses = np.diff(tried)
    assert len(tried) == 5
    assert (pauses[1:] > 1.8 * pauses[:-1]).all()


def test_a_server_that_is_not_there_is_lost_and_no_error():
    said = []
    outlet = Address("rtmp://127.0.0.1:9/app/key", FakeClock(), Statistics(), said.append)
    outlet.open(SIZE, RATE)
    outlet.write(picture(), 0)
    outlet.close(None)
    assert outlet.statistics.unsent == 1
    assert "refused" in said[0]


def test_an_address_that_ffmpeg_cannot_speak_ends_the_run():
    class Line:
        def write(self, picture, ticks):
            raise av.error.ProtocolNotFoundError(1, "Protocol not found")

    outlet = Address("srt://there/key", FakeClock(), Statistics(), print, connect=lambda *_: Line())
    outlet.open(SIZE, RATE)
    with pytest.raises(OptionError, match=r"built without srt, which srt://there/… wants"):
        outlet.write(picture(), 0)


def test_an_address_of_no_known_kind_is_refused():
    with pytest.raises(OptionError, match="rtmp"):
        Address("gopher://there", FakeClock(), Statistics(), print)


@pytest.mark.parametrize(("pixels", "length"), [("yuv420p", 96 * 64 * 3 // 2), ("rgb24", 96 * 64 * 3)])
def test_raw_frames_go_into_a_pipe(pixels, length):
    pipe = io.BytesIO()
    outlet = RawPipe(pipe, pixels)
    outlet.open(SIZE, RATE)
    outlet.write(picture(), 0)
    outlet.write(picture(), 40)
    assert len(pipe.getvalue()) == 2 * length


def test_a_pipe_that_nobody_reads_ends_the_run():
    class Closed(io.BytesIO):
        def write(self, data):
            raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(OutputError, match="closed"):
        RawPipe(Closed()).write(picture(), 0)


@pytest.fixture
def page():
    preview = Preview()
    yield preview
    preview.close(None)


def test_the_page_shows_what_goes_out(page):
    with urllib.request.urlopen(page.address, timeout=TIMEOUT_S) as answer:
        assert b"/stream" in answer.read()
    with urllib.request.urlopen(f"{page.address}stream", timeout=TIMEOUT_S) as stream:
        for i in range(3):
            page.write(picture(), 1000 * i)
        assert stream.readline() == b"--frame\r\n"
        assert b"jpeg" in stream.readline()
        stream.readline()
        assert stream.read(2) == b"\xff\xd8"


def test_the_page_is_for_this_machine_alone(page):
    request = urllib.request.Request(page.address, headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request, timeout=TIMEOUT_S)
    assert page._server.server_address[0] == "127.0.0.1"


def test_nobody_watching_costs_nothing(page):
    page.write(picture(), 0)
    assert page._jpeg == b""


def test_a_port_that_is_taken_is_an_error(page):
    with pytest.raises(OutputError, match="port"):
        Preview(page._server.server_port)


def test_a_virtual_camera_is_sent_rgb():
    sent = []

    class Fake:
        def __init__(self, **made):
            self.made = made

        def send(self, picture):
            sent.append(picture)

        def close(self):
            sent.append("closed")

    outlet = Camera(Fake, "/dev/video7")
    outlet.open(SIZE, RATE)
    outlet.write(picture(), 0)
    outlet.close(None)
    assert outlet._camera.made == {"width": 96, "height": 64, "fps": 25.0, "device": "/dev/video7"}
    assert np.array_equal(sent[0], rgb(picture()))
    assert sent[1] == "closed"


def test_a_virtual_camera_that_is_not_there_says_what_to_install():
    def none(**_):
        raise RuntimeError("no backend")

    with pytest.raises(OutputError, match="v4l2loopback"):
        Camera(none).open(SIZE, RATE)
