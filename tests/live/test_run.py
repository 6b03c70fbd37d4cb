"""A run from what comes to what goes out: stalls, bursts, other sizes, breaks; and never a face."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from drawn_frames import Film
from live_fakes import SCENE, FakeClock, Keeping, Scripted, Square, arrived, finders, stream

from passerby.core.errors import InputError, OptionError, StageError
from passerby.flow import Over
from passerby.live.fitting import GREY
from passerby.live.run import Living, Run, Surroundings, _Counting
from passerby.live.sink import LiveSink
from passerby.live.sources import Lost
from passerby.live.statistics import Statistics
from passerby.looking import Looking
from passerby.methods import generating
from passerby.pipeline import Totals
from passerby.quality import Finders
from passerby.settings import Options

ACROSS = [(20 + 4 * i, 90) for i in range(40)]
OPTIONS = Options(method="fill", colour="ffffff", shape="box")
PATIENT = Living(latency_s=3)
WHITE = 235


class Played:
    """What came of a script."""

    def __init__(self, script, living=PATIENT, look=finders, outlet=None, options=OPTIONS):
        self.clock, self.statistics, self.said = FakeClock(), Statistics(), []
        self.outlet = outlet or Keeping()
        intake = Scripted(script, self.clock, self.statistics)
        self.sink = LiveSink(
            [self.outlet],
            latency_s=living.latency_s,
            late=living.late,
            clock=self.clock,
            statistics=self.statistics,
        )
        around = Surroundings(self.clock, self.statistics, lambda: False, self.said.append)
        self.run = Run(intake, self.sink, options, living, around, look)

    def go(self):
        with self.sink:
            self.run.go()
        return self


def shows_the_square(picture):
    """Whether any shade but those of the scene, the cover and placeholders is there, beyond its soft edge."""
    own = np.isin(picture, (*SCENE, WHITE, GREY // 2), invert=True)
    return own.mean() > 0.01 and len(np.unique(picture[own])) > 30


def test_whatever_is_found_is_hidden_in_every_frame():
    played = Played(stream(Film(ACROSS))).go()
    assert played.statistics.shown == 40
    assert played.outlet.ticks == [40 * i for i in range(40)]
    assert not any(shows_the_square(picture) for picture in played.outlet.pictures)
    assert all((picture > WHITE - 3).sum() > 1600 for picture in played.outlet.pictures)
    assert played.statistics.hidden == 40
    assert played.outlet.closed == [None]


def test_a_visible_label_is_in_every_frame(monkeypatch):
    """As if generators drew: who draws is not at stake here."""
    monkeypatch.setattr(generating, "synthetic", lambda options, labels=(): ("face",))
    plain = Played(stream(Film(ACROSS))).go().outlet.pictures
    told = Played(stream(Film(ACROSS)), options=replace(OPTIONS, visible_label="AI")).go().outlet.pictures
    assert len(told) == len(plain) == 40
    assert all((one != other).any() for one, other in zip(plain, told, strict=True))


def test_a_stall_shows_a_placeholder_and_then_goes_on():
    script = [*stream(Film(ACROSS)), *stream(Film(ACROSS), 10.0)]
    played = Played(script).go()
    assert played.statistics.runs == 2
    assert played.statistics.shown == 80
    assert 25 < played.statistics.waited < 45
    assert played.outlet.ticks == sorted(set(played.outlet.ticks))
    assert not any(shows_the_square(picture) for picture in played.outlet.pictures[:40])
    assert not any(shows_the_square(picture) for picture in played.outlet.pictures[-40:])


def test_another_size_in_mid_stream_begins_anew_and_goes_out_in_the_first():
    script = [*stream(Film(ACROSS)), *stream(Film(ACROSS, size=(640, 400)), 1.6), *stream(Film(ACROSS), 3.2)]
    played = Played(script).go()
    assert played.statistics.runs == 3
    assert played.statistics.shown == 120
    assert played.outlet.opened == [((320, 240), Fraction(25))]
    assert {picture.shape for picture in played.outlet.pictures} == {(240, 320)}
    for picture in (*played.outlet.pictures[:40], *played.outlet.pictures[-40:]):
        assert not shows_the_square(picture)
    assert all((picture > WHITE - 9).sum() > 300 for picture in played.outlet.pictures[40:80])


def test_a_break_is_said_and_the_run_goes_on():
    script = [*stream(Film(ACROSS)), (1.7, Lost("refused")), *stream(Film(ACROSS), 5.0)]
    played = Played(script).go()
    assert any("refused" in line for line in played.said)
    assert played.statistics.runs == 2
    assert played.statistics.waited >= 1


def test_frames_that_come_too_late_in_a_burst_are_dropped_before_anybody_looks():
    burst = [(5.0, item) for _, item in stream(Film(ACROSS), 1.0)]
    played = Played([*burst, *stream(Film(ACROSS), 5.04)]).go()
    assert played.statistics.dropped == 40
    assert played.statistics.shown == 40


def test_late_frames_show_nothing():
    """The latency is kept also where a machine is far too slow."""

    class Slow(Square):
        def detect(self, frames):
            played.clock.sleep(5.0)
            return super().detect(frames)

    played = Played(stream(Film(ACROSS)), look=lambda *_: Finders(Slow(), None, Looking(every=4, hold=30)))
    played.go()
    assert played.statistics.late > 0
    assert not any(shows_the_square(picture) for picture in played.outlet.pictures)


def test_a_detector_that_fails_ends_the_run():
    class Broken(Square):
        def detect(self, frames):
            return []

    played = Played(stream(Film(ACROSS)), look=lambda *_: Finders(Broken(), None, Looking(every=4, hold=30)))
    with pytest.raises(StageError):
        played.go()
    assert played.outlet.pictures == []
    assert isinstance(played.outlet.closed[0], StageError)


def test_what_ends_the_source_ends_the_run():
    script = [*stream(Film(ACROSS)), (1.7, Over(InputError("torn")))]
    played = Played(script)
    with pytest.raises(InputError, match="torn"):
        played.go()


def test_too_short_a_latency_is_refused_before_anything_goes_out():
    played = Played(stream(Film(ACROSS)), Living(latency_s=0.1))
    with pytest.raises(OptionError, match="--latency"):
        played.go()
    assert played.outlet.pictures == []


@pytest.mark.parametrize(
    ("wrong", "option"),
    [({"latency_s": 0}, "--latency"), ({"late": "show"}, "--late"), ({"stall_s": 0}, "--stall"), ({"fps": 0}, "--fps")],
)
def test_options_that_make_no_sense_are_refused(wrong, option):
    with pytest.raises(OptionError, match=option):
        Living(**wrong)


def test_counts_are_added_up_and_nothing_is_kept():
    totals = Totals(hidden=3, cuts=[1], times=[1, 2], tracks={4})
    statistics = Statistics(hidden=1)
    _Counting(None, totals, statistics, lambda: None).take_over()
    assert statistics.hidden == 4
    assert [totals.hidden, totals.cuts, totals.times, totals.tracks] == [0, [], [], set()]


def test_memory_does_not_grow():
    [(_, one)] = stream(Film([(40, 90)]))

    class Forgetful(Keeping):
        def write(self, picture, ticks):
            if ticks in (10_000, 38_000):
                self.ticks.append(tracemalloc.get_traced_memory()[0])

    script = ((0.04 * i, arrived(one.picture.frame, 0.04 * i)) for i in range(1000))
    played = Played(script, outlet=Forgetful())
    tracemalloc.start()
    try:
        played.go()
    finally:
        tracemalloc.stop()
    first, last = played.outlet.ticks
    assert last - first < 2_000_000
