"""The end of a live run: nothing late is shown, everything has one size, times rise."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from drawn_frames import FORMATS, YUV420, frame
from live_fakes import FakeClock, Keeping

from passerby.core.errors import OutputError
from passerby.live.clock import TICK
from passerby.live.fitting import Fitting, even_size, rgb
from passerby.live.sink import LiveSink
from passerby.live.statistics import Reporter, Statistics

SIZE = (96, 64)
BT601 = replace(YUV420, matrix="bt601")
"""Pictures of this size go out as they are."""


def dated(ms, **kind):
    return replace(frame(**kind), pts=ms, time_base=TICK)


def opened(clock, *outlets, late="cover", size=SIZE):
    statistics = Statistics()
    sink = LiveSink(outlets, latency_s=1.0, late=late, clock=clock, statistics=statistics)
    sink.open(size, Fraction(25))
    return sink, statistics


def test_a_frame_in_time_goes_out_as_it_is():
    outlet = Keeping()
    sink, statistics = opened(FakeClock(0.9), outlet)
    sink.write(dated(0, pixel_format=BT601))
    assert np.array_equal(outlet.pictures[0], frame().planes[0])
    assert statistics.shown == 1
    assert list(statistics.latencies_s) == [0.9]


def test_a_late_frame_is_covered_whole():
    outlet = Keeping()
    sink, statistics = opened(FakeClock(1.1), outlet)
    for seed in (0, 1):
        sink.write(dated(40 * seed, seed=seed))
    assert np.array_equal(*outlet.pictures)
    assert (statistics.late, statistics.shown) == (2, 0)


def test_a_late_frame_is_dropped_by_choice():
    outlet = Keeping()
    sink, statistics = opened(FakeClock(1.1), outlet, late="drop")
    sink.write(dated(0))
    assert outlet.pictures == []
    assert statistics.late == 1


@pytest.mark.parametrize("pixel_format", FORMATS[:5], ids=lambda each: each.name)
@pytest.mark.parametrize("turn", [0, 1])
def test_frames_of_every_kind_go_out_in_one_size(pixel_format, turn):
    for size in ((96, 64), (64, 96), (320, 64), (50, 38)):
        picture = Fitting(SIZE).picture(frame(pixel_format, size, turn=turn))
        assert (picture.width, picture.height, picture.format.name) == (*SIZE, "yuv420p")


def test_another_shape_gets_bars():
    wide = np.full((32, 128), 200, np.uint8)
    grey = np.full((16, 64), 128, np.uint8)
    outlet = Keeping()
    sink, _ = opened(FakeClock(), outlet)
    sink.write(replace(dated(0, size=(128, 32)), planes=(wide, grey, grey)))
    [light] = outlet.pictures
    assert (light[:18] == 16).all()
    assert (light[-18:] == 16).all()
    assert (np.abs(light[22:-22].astype(int) - 200) <= 1).all()


def test_colours_stay_what_they_are():
    red = np.zeros((64, 96, 3), np.uint8)
    red[..., 0] = 200
    picture = Fitting(SIZE).picture(replace(frame(FORMATS[4], SIZE), planes=(red,)))
    assert np.abs(rgb(picture).astype(int) - red).max() <= 3


def test_pixels_that_are_not_square_become_so():
    assert even_size(replace(frame(YUV420, (72, 60)), sample_aspect=Fraction(16, 9)), None) == (128, 60)
    assert even_size(frame(YUV420, (1921, 1081)), 640) == (640, 360)


def test_times_rise_after_a_placeholder():
    clock, outlet = FakeClock(5.0), Keeping()
    sink, statistics = opened(clock, outlet)
    sink.wait("no signal")
    for ms in (4900, 4940, 5040):
        sink.write(dated(ms))
    assert outlet.ticks == [5000, 5001, 5002, 5040]
    assert statistics.waited == 1


def test_a_placeholder_says_what_one_waits_for():
    outlet = Keeping()
    sink, _ = opened(FakeClock(), outlet, size=(320, 240))
    sink.wait("no signal")
    sink.wait("")
    said, blank = outlet.pictures
    assert 200 < (said > 120).sum() < said.size / 10
    assert blank.max() < 100


def test_before_the_first_picture_there_is_nothing_to_send():
    outlet = Keeping()
    sink = LiveSink([outlet], latency_s=1, late="cover", clock=FakeClock(), statistics=Statistics())
    sink.wait("no signal")
    assert outlet.pictures == []


def test_all_outlets_are_closed_whatever_one_of_them_does():
    class Stubborn(Keeping):
        def close(self, error):
            raise OutputError("the disk is full")

    outlets = [Keeping(), Stubborn(), Keeping()]
    sink, _ = opened(FakeClock(), *outlets)
    with pytest.raises(OutputError, match="full"), sink:
        pass
    assert outlets[2].closed == [None]
    assert isinstance(outlets[0].closed[0], OutputError)


def test_outlets_are_closed_though_no_picture_ever_came():
    """A page is served from when it is made: its thread must not go on behind a run that is over."""
    outlet = Keeping()
    with LiveSink([outlet], latency_s=1, late="cover", clock=FakeClock(), statistics=Statistics()):
        pass
    assert outlet.closed == [None]


def test_an_error_reaches_the_outlets():
    outlet = Keeping()
    sink, _ = opened(FakeClock(), outlet)
    with pytest.raises(ValueError, match="broken"), sink:
        raise ValueError("broken")
    assert isinstance(outlet.closed[0], ValueError)


def test_the_line_of_statistics():
    told = Statistics(shown=100, dropped=3, late=1, hidden=40, lost=2)
    told.latencies_s.extend([0.1] * 90 + [0.5] * 10)
    reporter = Reporter(told, every_s=5)
    assert reporter.line(4.9) is None
    line = reporter.line(5.0)
    assert line == ("20.0 fps, latency 100/500 ms (p50/p95), 100 frames, 3 dropped, 1 late, 40 hidden, 2 reconnects")
    assert reporter.line(9.0) is None
