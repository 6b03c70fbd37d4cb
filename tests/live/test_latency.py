"""What is looked ahead fits into the latency, and frames are taken as quickly as the machine can do them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from passerby.core.errors import OptionError
from passerby.live.latency import AGAIN_S, FULL_S, GRACE_S, IN_FLIGHT, LEAD, RAISE, STRANGE, Pace, fitted, slowest
from passerby.looking import Looking

BALANCED = Looking(every=5, turns=("whole", "part"), hold=30)


@pytest.mark.parametrize("looking", [Looking(every=5, hold=30), BALANCED, Looking(every=1, hold=60)])
@pytest.mark.parametrize("rate", [15, 25, 30, Fraction(60000, 1001)])
@pytest.mark.parametrize("latency_s", [1.0, 1.5, 4.0])
def test_no_frame_waits_for_longer_than_the_latency(looking, rate, latency_s):
    chosen = fitted(looking, Fraction(rate), latency_s)
    assert (LEAD + IN_FLIGHT * chosen.every + chosen.hold) / rate < latency_s
    assert chosen.every <= looking.every
    assert chosen.hold >= chosen.period


def test_a_longer_latency_follows_further_back():
    holds = [fitted(BALANCED, Fraction(25), latency_s).hold for latency_s in (0.6, 1, 1.5, 2)]
    assert holds == sorted(set(holds))


@pytest.mark.parametrize("rate", [1, 5, 25])
def test_too_short_a_latency_says_what_would_do(rate):
    with pytest.raises(OptionError, match="--latency") as caught:
        fitted(BALANCED, Fraction(rate), 0.1)
    enough = int(str(caught.value).rsplit("--latency ")[1].split()[0])
    fitted(BALANCED, Fraction(rate), enough / 1000)


def test_the_least_rate_has_an_answer():
    for latency_s in (0.5, 1.5, 5):
        assert fitted(BALANCED, slowest(BALANCED, latency_s), latency_s).hold >= 2


class Machine:
    """Tells a pace of frames that come, some of which are lost."""

    def __init__(self, said=25):
        self.pace = Pace()
        self.pace.hear(Fraction(said))
        self.now, self.came, self.lost = 0.0, 0, 0
        self.begin()

    def begin(self):
        self.pace.begin(self.now, self.came, self.lost, least=Fraction(5))

    def go_on(self, seconds, *, rate=25, lost=0.0):
        """Whether the rate has changed, by the end of `seconds`."""
        changed = False
        for _ in range(int(seconds * rate)):
            self.now += 1 / rate
            self.came += 1
            self.lost = self.lost + lost
            if self.pace.changes(self.now, self.came, round(self.lost)):
                changed = True
                self.begin()
        return changed


def test_all_frames_are_taken_while_none_is_lost():
    machine = Machine()
    assert not machine.go_on(300)
    assert machine.pace.taken == 25


def test_models_may_warm_up():
    machine = Machine()
    assert not machine.go_on(GRACE_S - 0.1, lost=0.9)
    assert not machine.go_on(FULL_S + 1)


def test_fewer_frames_are_taken_when_many_are_lost():
    machine = Machine()
    assert machine.go_on(GRACE_S + FULL_S + 1, lost=0.4)
    assert 11 < machine.pace.taken < 13


def test_never_fewer_than_the_latency_needs():
    machine = Machine()
    machine.go_on(300, lost=0.9)
    assert machine.pace.taken == 5


def test_more_frames_are_tried_after_a_while():
    machine = Machine()
    machine.go_on(GRACE_S + FULL_S + 1, lost=0.4)
    low = machine.pace.taken
    assert not machine.go_on(AGAIN_S - 2)
    machine.go_on(4 + FULL_S)
    assert machine.pace.taken == low * RAISE
    machine.go_on(10 * AGAIN_S)
    assert machine.pace.taken == 25


def test_a_rate_that_was_too_high_is_tried_more_and_more_rarely():
    machine = Machine()
    tries = 0
    for _ in range(300):
        before = machine.pace.taken
        machine.go_on(2, lost=0.2 if before > 15 else 0)
        tries += machine.pace.taken > before
    assert 3 <= tries <= 8


def test_a_source_that_says_another_rate_than_it_has_is_measured():
    machine = Machine(said=50)
    assert machine.go_on(GRACE_S + STRANGE * FULL_S + 1, rate=10)
    assert machine.pace.taken == pytest.approx(10, rel=0.1)


def test_bursts_are_no_other_rate():
    machine = Machine()
    for _ in range(20):
        assert not machine.go_on(FULL_S, rate=45)
        assert not machine.go_on(FULL_S, rate=5)


def test_no_more_frames_are_taken_than_are_wanted():
    pace = Pace(Fraction(12))
    for said, taken in ((30, 12), (10, 10)):
        pace.hear(Fraction(said))
        assert pace.taken == taken


def test_a_short_pause_is_no_other_rate():
    machine = Machine()
    machine.go_on(GRACE_S + 1)
    machine.now += 1.9
    assert not machine.go_on(60)
