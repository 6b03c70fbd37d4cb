"""The stream: frames leave in order, whatever is found is hidden, and whatever goes wrong stops everything."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import pytest
from drawn_frames import Film, Told, found

from passerby.core import boxes as bx
from passerby.core.detections import Detections
from passerby.core.errors import StageError
from passerby.core.plan import Decision
from passerby.core.stopping import unless_stopped
from passerby.core.tracks import Sightings
from passerby.flow import Meter, ahead, windowed
from passerby.looker import Looker
from passerby.looking import Looking, scheduled
from passerby.mask.shapes import Rectangle
from passerby.paint.effects import Fill
from passerby.pipeline import analyze, followed, regions, render, run
from passerby.track.cuts import marked

ACROSS = [(20 + 4 * i, 90) for i in range(40)]
LOOKING = Looking(every=4, hold=12)


@dataclass
class Kept:
    """A sink that keeps what it is given."""

    frames: list = field(default_factory=list)

    def write(self, frame):
        self.frames.append(frame)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def hide(film, detector, **options):
    sink = Kept()
    options = {"effect": Fill(colour=(255, 255, 255)), "shapes": {"face": Rectangle()}, "looking": LOOKING} | options
    totals = run(film, sink, detector=detector, **options)
    return sink.frames, totals


def hidden_share(frame, box):
    """The share of the luma in `box` that the fill has covered."""
    x0, y0, x1, y1 = box.astype(int)
    return (frame.planes[0][y0:y1, x0:x1] == 235).mean()


@pytest.mark.parametrize("length", [1, 2, 5, 13, 40])
def test_every_frame_comes_out_once_and_hidden(length):
    film = Film(ACROSS[:length])
    frames, totals = hide(film, Told(film))
    assert [frame.index for frame in frames] == list(range(length))
    assert all(hidden_share(frame, film.box(frame.index)) == 1 for frame in frames)
    assert totals.frames == length
    assert len(totals.tracks) == 1


def test_frames_with_nothing_to_hide_are_the_decoders_own():
    film = Film([None] * 10)
    frames, totals = hide(film, Told(film))
    assert all(np.array_equal(a.planes[0], b.planes[0]) for a, b in zip(film, frames, strict=True))
    assert totals.hidden == 0


def test_what_the_detector_misses_for_a_while_is_hidden_all_the_same():
    film = Film(ACROSS)
    frames, _ = hide(film, Told(film, misses=frozenset(range(9, 17))))
    assert all(hidden_share(frame, film.box(frame.index)) == 1 for frame in frames)


def test_the_detector_looks_every_so_often_and_at_both_ends_of_a_shot():
    film = Film(ACROSS[:23], cuts=frozenset({10}))
    detector = Told(film)
    hide(film, detector)
    assert sorted(detector.looks) == [0, 4, 8, 9, 10, 14, 18, 22]


def test_opencv_has_one_thread_for_as_long_as_a_run_lasts():
    outside = cv2.getNumThreads()
    cv2.setNumThreads(3)
    seen = []
    film = Film(ACROSS[:3])

    class Watching(Kept):
        def write(self, frame):
            seen.append(cv2.getNumThreads())

    try:
        run(film, Watching(), detector=Told(film), effect=Fill(), shapes={"face": Rectangle()}, looking=LOOKING)
        assert seen == [1, 1, 1]
        assert cv2.getNumThreads() == 3
    finally:
        cv2.setNumThreads(outside)


def test_things_are_not_hidden_in_the_next_shot():
    film = Film([(100, 90)] * 20 + [None] * 20, cuts=frozenset({20}))
    frames, totals = hide(film, Told(film))
    assert totals.cuts == [20]
    assert not any((frame.planes[0] == 235).any() for frame in frames[20:])


def test_the_same_run_gives_the_same_frames():
    """Nothing may depend on which thread is quicker."""
    film = Film(ACROSS)
    one, other = (hide(film, Told(film), seed=5)[0] for _ in range(2))
    assert all(np.array_equal(a.planes[0], b.planes[0]) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("every", [1, 4])
def test_looks_at_the_same_time_find_the_same_as_one_after_the_other(every):
    film = Film([*ACROSS[:20], *ACROSS[:20]], cuts=frozenset({20}))
    one, *others = (
        hide(film, Told(film), looking=replace(LOOKING, every=every, shrink=1.0, workers=workers))[0]
        for workers in (1, 2, 4)
    )
    for other in others:
        assert all(np.array_equal(a.planes[0], b.planes[0]) for a, b in zip(one, other, strict=True))


def test_two_looks_run_at_the_same_time_where_that_is_asked_for():
    film = Film(ACROSS[:8])
    both = threading.Barrier(2, timeout=20)

    @dataclass
    class Waiting(Told):
        """Looks only while another look goes on."""

        def detect(self, frames):
            both.wait()
            return super().detect(frames)

    _, totals = hide(film, Waiting(film), looking=replace(LOOKING, every=1, workers=2))
    assert totals.looks == 8


def test_no_more_frames_are_held_than_the_look_ahead():
    """Memory must not grow with the length of a video."""
    alive = []

    class Watched(Film):
        def __iter__(self):
            for frame in super().__iter__():
                alive.append(frame.index)
                yield frame

    film = Watched(ACROSS[:1] * 200)
    furthest = []

    class Watching(Kept):
        def write(self, frame):
            furthest.append(len(alive) - frame.index)

    run(film, Watching(), detector=Told(film), effect=Fill(), shapes={"face": Rectangle()}, looking=LOOKING)
    assert max(furthest) < LOOKING.hold + 2 * LOOKING.every + 3 * 6 + 4


def test_looking_first_and_hiding_later_gives_the_same_frames():
    film = Film([*ACROSS[:20], *ACROSS[:20]], cuts=frozenset({20}))
    at_once, totals = hide(film, Told(film), seed=7)
    keep: list[Sightings] = []
    seen = analyze(film, detector=Told(film), looking=LOOKING, keep=keep)
    later = Kept()
    render(
        film,
        later,
        Sightings.concat(keep),
        effect=Fill(colour=(255, 255, 255)),
        shapes={"face": Rectangle()},
        seed=7,
    )
    assert seen.cuts == totals.cuts == [20]
    assert seen.times == totals.times == list(range(40))
    pairs = zip(at_once, later.frames, strict=True)
    assert all(np.array_equal(a, b) for one, other in pairs for a, b in zip(one.planes, other.planes, strict=True))


def test_what_is_decided_to_be_kept_is_not_hidden_but_known():
    film = Film(ACROSS)
    keep: list[Sightings] = []
    frames, totals = hide(film, Told(film), keep=keep, decisions=[Decision(False, frames=(10, 20))])
    assert [hidden_share(frame, film.box(frame.index)) == 1 for frame in frames] == [
        not 10 <= i < 20 for i in range(40)
    ]
    assert (totals.hidden, len(Sightings.concat(keep))) == (30, 40)


def test_the_cost_of_every_stage_is_told():
    _, totals = hide(Film(ACROSS), Told(Film(ACROSS)))
    assert set(totals.meter.seconds) == {"decode", "look", "follow", "paint", "encode"}
    assert min(totals.meter.seconds.values()) >= 0


def test_all_that_was_hidden_can_be_kept_for_a_plan():
    film = Film(ACROSS)
    keep: list[Sightings] = []
    _, totals = hide(film, Told(film), keep=keep)
    assert len(Sightings.concat(keep)) == totals.hidden


class Broken:
    """A detector that breaks its contract at frame 8."""

    labels = frozenset({"face"})

    def __init__(self, answer):
        self.answer = answer

    def detect(self, frames):
        return self.answer() if frames[0].index == 8 else [Detections.none()]


def raises():
    raise RuntimeError("out of memory")


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (raises, RuntimeError, "out of memory"),
        (list, StageError, "0 answers for 1 frame"),
        (lambda: [Detections.none()] * 2, StageError, "2 answers for 1 frame"),
        (lambda: [found(np.full(4, np.nan, np.float32))], StageError, "not a number"),
        (lambda: [Detections(*(getattr(found(np.float32([0, 0, 9, 9])), n) for n in ("boxes", "scores")),
                             np.array(["ghost"]))], StageError, "ghost"),
    ],
    ids=["raises", "short", "long", "NaN", "unknown label"],
)  # fmt: skip
def test_a_broken_detector_stops_the_run(answer, error, message):
    before = set(threading.enumerate())
    with pytest.raises(error, match=message):
        hide(Film(ACROSS), Broken(answer))
    assert set(threading.enumerate()) <= before, "a thread goes on behind our back"


class Breaking(Film):
    def __iter__(self):
        for frame in super().__iter__():
            if frame.index == 9:
                raise OSError("the disk went away")
            yield frame


def test_a_source_that_fails_stops_the_run():
    before = set(threading.enumerate())
    film = Breaking(ACROSS)
    with pytest.raises(OSError, match="went away"):
        hide(film, Told(film))
    assert set(threading.enumerate()) <= before


class Full(Kept):
    def write(self, frame):
        if frame.index == 7:
            raise OSError("no space left")


def test_a_sink_that_fails_stops_the_run():
    before = set(threading.enumerate())
    film = Film(ACROSS * 5)
    with pytest.raises(OSError, match="no space"):
        run(film, Full(), detector=Told(film), effect=Fill(), shapes={"face": Rectangle()}, looking=LOOKING)
    assert set(threading.enumerate()) <= before


class Odd(Fill):
    def paint(self, frames, hidden):
        return []


def test_an_effect_that_paints_too_little_stops_the_run():
    film = Film(ACROSS)
    with pytest.raises(StageError, match="painted 0 frames of 1"):
        hide(film, Told(film), effect=Odd())


class Forgetful:
    """A tracker that speaks of frames that are gone."""

    def cut(self):
        pass

    def step(self, frame, seen):
        one = Sightings.none()
        if frame.index == 30:
            box = np.zeros((1, 4), np.float32)
            one = Sightings(np.ones(1, np.int64), np.ones(1, np.int64), box, np.ones(1, np.float32),
                            np.zeros(1, np.uint8), np.array(["face"]))  # fmt: skip
        return one


def test_a_tracker_that_speaks_of_lost_frames_stops_the_run():
    film = Film(ACROSS)
    with Looker(Told(film), None, LOOKING, Meter()) as looker, pytest.raises(StageError, match="frame 1"):
        list(followed(looker.looks(scheduled(marked(film), LOOKING)), Forgetful(), 12))


class Batched(Fill):
    """Paints three frames at a time and wants to see two more on each side."""

    batch, reach = 3, 2

    def __init__(self):
        super().__init__(colour=(255, 255, 255))
        object.__setattr__(self, "seen", [])

    def paint(self, frames, hidden):
        self.seen.append([frame.index for frame in frames])
        return super().paint(frames, hidden)


def test_an_effect_gets_its_frames_in_batches_with_context():
    film = Film(ACROSS[:10])
    effect = Batched()
    frames, _ = hide(film, Told(film), effect=effect)
    assert effect.seen == [[0, 1, 2, 3, 4], [1, 2, 3, 4, 5, 6, 7], [4, 5, 6, 7, 8, 9], [7, 8, 9]]
    assert all(hidden_share(frame, film.box(frame.index)) == 1 for frame in frames)


@pytest.mark.parametrize("looks", [True, False], ids=["around", "not at all"])
def test_a_blind_effect_is_shown_nothing_that_is_hidden(looks):
    film = Film(ACROSS[:5])
    shown = []

    class Curious(Fill):
        drawn = not looks

        def paint(self, frames, hidden):
            shown.extend(zip(frames, hidden, strict=True))
            return super().paint(frames, hidden)

    hide(film, Told(film), effect=Curious())
    for frame, hidden in shown:
        x0, y0, x1, y1 = film.box(frame.index).astype(int)
        assert len(hidden) == 1
        assert frame.planes[0][y0:y1, x0:x1].std() == 0
        assert (frame.planes[0].std() > 0) == looks


def test_a_rate_that_lies_does_not_keep_the_detector_from_looking():
    """Recorders write 1000 frames per second into files of 25."""
    film = Film(ACROSS)
    detector = Told(film)
    looking = Looking(every=30, hold=60)
    hide(film, detector, looking=looking)
    assert max(np.diff(sorted(detector.looks))) <= 5


def test_frames_that_change_at_once_are_looked_at():
    class Inserted(Film):
        def __iter__(self):
            other = Film(self.path, cuts=frozenset({0}))
            for mine, its in zip(super().__iter__(), other, strict=True):
                yield its if mine.index in (10, 11) else mine

    film = Inserted(ACROSS[:30])
    detector = Told(film)
    hide(film, detector)
    assert {10, 11} <= set(detector.looks)


def test_a_stream_made_ahead_is_the_same_stream():
    assert list(ahead(range(100), 3)) == list(range(100))


def test_a_reader_that_stops_early_stops_the_thread():
    before = set(threading.enumerate())
    made = []

    def numbers():
        for i in range(10_000):
            made.append(i)
            yield i

    stream = ahead(numbers(), 2)
    assert next(stream) == 0
    stream.close()
    assert set(threading.enumerate()) <= before
    assert len(made) < 10


def test_a_reader_that_stops_early_need_not_wait_for_long_work():
    """As after Ctrl-C while a diffusion model draws a batch of frames on a processor."""
    before = set(threading.enumerate())
    begun = threading.Event()

    def long():
        yield 0
        begun.set()
        while True:
            unless_stopped()

    stream = ahead(long(), 2)
    assert next(stream) == 0
    begun.wait()
    stream.close()
    assert set(threading.enumerate()) <= before
    unless_stopped()


def test_what_the_thread_raises_comes_after_what_it_made():
    def two_then_trouble():
        yield 1
        yield 2
        raise KeyError("trouble")

    stream = ahead(two_then_trouble(), 5)
    assert [next(stream), next(stream)] == [1, 2]
    with pytest.raises(KeyError):
        next(stream)


@pytest.mark.parametrize(("batch", "reach"), [(1, 0), (3, 0), (1, 2), (4, 1), (5, 7)])
def test_windows_hold_every_item_once_with_its_neighbours(batch, reach):
    bodies = []
    for window, body in windowed(range(17), batch, reach):
        bodies += window[body]
        first, last = window[body][0], window[body][-1]
        assert window == list(range(max(0, first - reach), min(17, last + reach + 1)))
    assert bodies == list(range(17))


def test_a_box_far_outside_asks_for_no_large_mask():
    """A detector gone wild must not make us draw a mask of a million pixels a side."""
    film = Film(ACROSS[:3])

    class Wild(Told):
        def _one(self, index):
            return found(np.float32([-1e9, -1e9, 1e9, 1e9]))

    frames, _ = hide(film, Wild(film))
    assert all((frame.planes[0] == 235).all() for frame in frames)
    assert bx.area(np.float32([[0, 0, 2, 2]])) == 4


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1])
def test_no_two_tracks_have_the_same_look_nor_neighbours_the_same_of_a_few(seed):
    """Generators choose a look by 32 bits, and by what is left of them one of the centres that their weights have."""
    count = 600
    boxes, none = np.tile(np.float32([4, 4, 20, 20]), (count, 1)), np.zeros(count, int)
    rows = Sightings(np.arange(1, count + 1), none, boxes, none + 1.0, none, np.full(count, "face"))
    [frame] = Film(ACROSS[:1])
    looks = [region.seed % 2**32 for region in regions(frame, rows, {"face": Rectangle()}, seed)]
    assert len(set(looks)) == count
    assert all(len({look % 512 for look in looks[i : i + 512]}) == 512 for i in range(count - 512))


@pytest.mark.parametrize("begins", range(8, 14))
def test_what_is_there_for_a_period_is_hidden_in_all_its_frames(begins):
    """The bound that is printed, wherever the looks happen to fall."""
    looking = Looking(every=3, turns=("whole", "part"), hold=12)
    film = Film([(100, 90) if begins <= i < begins + looking.period else None for i in range(40)])
    frames, _ = hide(film, Told(film), looking=looking)
    there = [frame for frame in frames if film.path[frame.index]]
    assert all(hidden_share(frame, film.box(frame.index)) == 1 for frame in there)
