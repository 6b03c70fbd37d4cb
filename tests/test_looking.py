"""Looks go where something may have come, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction

import cv2
import numpy as np
import pytest
from drawn_frames import Film, Told

from passerby.core.detections import Detections
from passerby.core.errors import OptionError
from passerby.core.frame import Frame
from passerby.core.pixels import Box
from passerby.detect.areas import parts
from passerby.flow import Meter
from passerby.looker import Looker
from passerby.looking import Glance, Looking, Part, scheduled
from passerby.track.cuts import marked

ACROSS = [(20 + 4 * i, 90) for i in range(60)]
SIZE = (1280, 720)
TURNS = Looking(every=2, turns=("whole", "part"), hold=12, part=(704, 416), interval_s=Fraction(9))
"""Whole, part, whole, part, … of four parts."""


def glances(film: Film, looking: Looking = TURNS) -> list[Glance]:
    return [glance for glance in scheduled(marked(film), looking) if glance.areas is not None or glance.parts]


def holds(part: Box, box: np.ndarray) -> bool:
    return bool((box[:2] >= part[:2]).all() and (box[2:] <= part[2:]).all())


def test_whole_and_part_take_turns():
    film = Film(ACROSS[:12], size=SIZE)
    late = [(g.frame.index, g.areas is not None) for g in glances(film) if g.frame.index > 3]
    assert late == [(4, True), (6, False), (8, True), (10, False), (11, True)]


@pytest.mark.parametrize(("size", "part"), [(SIZE, (704, 416)), ((1920, 1080), (320, 320))])
def test_the_first_frames_of_a_shot_show_every_part(size, part):
    """Soon enough for whom they show to be followed back to its first frame; each part once."""
    film = Film(ACROSS[:1] * 40, size=size, cuts=frozenset({20}))
    looks = glances(film, replace(TURNS, part=part))
    for start in (0, 20):
        boxes = [part.box for g in looks if start <= g.frame.index < start + TURNS.hold for part in g.parts]
        assert len(boxes) == len(set(boxes)) == len(list(parts(next(iter(film)), part)))


def test_every_part_is_looked_at_once_at_first_and_then_only_where_something_moves():
    film = Film(ACROSS, size=SIZE)
    looks = [glance for glance in glances(film) if glance.parts]
    first, later = looks[:4], looks[4:]
    assert len({glance.parts[0].box for glance in first}) == 4
    assert later
    assert all(any(holds(part.box, film.box(g.frame.index)) for part in g.parts) for g in later)


def test_nothing_at_all_is_looked_at_where_nothing_moves():
    """And what was found there is taken to be there still."""
    film = Film(ACROSS[:1] * 60, size=SIZE)
    detector, closer = Told(film), Told(film)
    with Looker(detector, closer, TURNS, Meter()) as looker:
        looks = list(looker.looks(scheduled(marked(film), TURNS)))
    assert detector.looks == [0]
    assert len(closer.looks) == 4
    again = [look.found for look in looks if look.found is not None and len(look.found)]
    assert len(again) > 12


def test_where_little_has_changed_in_a_part_the_next_one_is_looked_at_as_well():
    """A turn costs about as much whatever has changed, and comes round the sooner the calmer the picture is."""
    frames = [white(*[(x + i, y + i, x + i + 20, y + i + 20) for x in (100, 1100) for y in (100, 600)], index=i)
              for i in range(40)]  # fmt: skip
    turns = [glance for glance in scheduled(marked(frames), replace(TURNS, shrink=2.0)) if glance.parts][4:]
    assert {len(glance.parts) for glance in turns} == {3}


def test_what_comes_into_a_still_picture_is_looked_at():
    film = Film([None] * 30 + [(300, 300)] * 30, size=SIZE, side=24)
    seen = [glance.frame.index for glance in glances(film) if glance.areas]
    assert any(30 <= index < 30 + TURNS.period for index in seen)
    assert any(holds(part.box, film.box(40)) for g in glances(film) if g.frame.index >= 30 for part in g.parts)


@pytest.mark.parametrize("first", [31, 32, 33, 34])
@pytest.mark.parametrize("lasting", [1, 2, 3])
def test_what_comes_up_at_once_in_a_calm_picture_is_looked_at_in_that_frame(first, lasting):
    """It may be gone before the next look would come; and somebody else may come up elsewhere."""
    seldom = Looking(every=6, turns=("whole", "part"), hold=14, interval_s=Fraction(9))
    there = [(300, 300)] * lasting + [None] * 7
    film = Film([None] * first + there + [(900, 80)] * lasting + [None] * 9, size=SIZE, side=80)
    assert {first, first + len(there)} <= {glance.frame.index for glance in glances(film, seldom) if glance.areas}


@pytest.mark.parametrize("first", [31, 32, 33, 34])
@pytest.mark.parametrize("side", [24, 40])
def test_who_comes_up_small_where_it_was_calm_is_looked_at_there_in_full_size(first, side):
    """Too little of the picture changes to startle, and the next look may come too late."""
    seldom = Looking(every=6, turns=("whole", "part"), hold=14, interval_s=Fraction(9))
    film = Film([None] * first + [(300, 300)] * 2 + [None] * 20, size=SIZE, side=side)
    [there] = [glance for glance in glances(film, seldom) if glance.frame.index == first]
    assert any(holds(part.box, film.box(first)) for part in there.parts)
    x0, y0, x1, y1 = there.parts[-1].box
    assert (x1 - x0) * (y1 - y0) < 0.1 * SIZE[0] * SIZE[1]


def test_who_walks_in_small_is_no_such_place():
    film = Film([(20 + 9 * i, 90) for i in range(40)], size=SIZE, side=40)
    assert [glance.frame.index for glance in glances(film)] == [0, 1, 2, 3, *range(4, 40, TURNS.every), 39]


@pytest.mark.parametrize("path", [[None] * 60, [None] * 31 + [(300, 300)] * 2 + [None] * 27])
def test_light_that_flickers_startles_nobody_but_who_comes_up_in_it_does(path):
    seldom = Looking(every=6, turns=("whole", "part"), hold=14, interval_s=Fraction(9))

    def flickering():
        for item in marked(Film(path, size=SIZE, side=80)):
            light = item.light * (1.3 if item.frame.index % 4 == 2 else 1)
            yield replace(item, light=light.astype(np.uint8))

    startled = {glance.frame.index for glance in scheduled(flickering(), seldom) if glance.areas}
    rhythm = {*range(0, 60, 2 * seldom.every), 59}
    assert startled - rhythm == ({31, 33} if any(path) else set())


def test_what_moves_all_the_time_is_looked_at_no_more_often_for_that():
    film = Film([(20 + 40 * i, 90) for i in range(25)], size=SIZE, side=80)
    assert [glance.frame.index for glance in glances(film)] == [0, 1, 2, 3, *range(4, 25, TURNS.every)]


def test_a_new_shot_is_looked_at_from_the_start():
    film = Film(ACROSS[:1] * 40, size=SIZE, cuts=frozenset({20}))
    later = [glance for glance in glances(film) if glance.frame.index >= 20]
    assert later[0].frame.index == 20
    assert later[0].areas == ((0, 0, *SIZE),)
    assert len({glance.parts[0].box for glance in later if glance.parts}) == 4


@pytest.mark.parametrize(("shot", "left"), [(1, 4), (2, 3), (3, 2), (7, 0)])
def test_what_a_short_shot_leaves_no_time_for_is_looked_at_in_its_last_frame(shot, left):
    film = Film([(20 + 9 * i, 90) for i in range(50)], size=SIZE, cuts=frozenset({10, 10 + shot}))
    seen = [glance for glance in glances(film) if 10 <= glance.frame.index < 10 + shot]
    assert seen[-1].frame.index == 9 + shot
    assert seen[-1].areas is not None
    assert len(seen[-1].parts) == left
    assert len({part.box for glance in seen for part in glance.parts}) == 4


def test_without_turns_for_parts_the_end_of_a_shot_has_none():
    seldom = replace(TURNS, turns=("whole",))
    assert not any(glance.parts for glance in glances(Film(ACROSS[:5], size=SIZE), seldom))


def test_looking_at_all_is_looking_at_the_whole_and_every_part():
    looking = Looking(every=1, turns=("all",), hold=4)
    assert all(glance.areas and len(glance.parts) == 4 for glance in glances(Film(ACROSS[:5], size=SIZE), looking))


@pytest.mark.parametrize(
    ("turns", "every", "period"),
    [(("whole",), 4, 4), (("whole", "part"), 5, 10), (("whole", "part", "part"), 4, 12), (("all",), 1, 1),
     (("whole", "part", "whole", "part", "part"), 2, 6)],
)  # fmt: skip
def test_the_whole_is_looked_at_once_in_a_period(turns, every, period):
    assert Looking(every=every, turns=turns, hold=30).period == period


@pytest.mark.parametrize(
    "wrong",
    [{"every": 10, "hold": 5}, {"every": 0}, {"workers": 0}, {"turns": ()}, {"turns": ("part",)},
     {"every": 8, "turns": ("whole", "part"), "hold": 15}],
)  # fmt: skip
def test_senseless_looking_is_refused(wrong):
    with pytest.raises(OptionError):
        Looking(**wrong)


# Looking again


class Noting(Told):
    """Tells what is in the film, and notes how large the pictures are that it is shown."""

    def detect(self, frames):
        self.sizes = [*getattr(self, "sizes", []), *(frame.size for frame in frames)]
        return super().detect(frames)


@pytest.mark.parametrize(
    ("side", "closely", "seen"),
    [(24, True, (128, 128)), (40, True, (128, 128)), (80, False, (256, 256)), (160, False, (512, 512))],
)
def test_another_look_sees_the_surroundings_of_one_box(side, closely, seen):
    """Small things in full size, large ones in a picture made small, of which it takes more."""
    film = Film([(600, 300)], size=SIZE, side=side)
    detector, closer = Noting(film), Noting(film)
    looking = Looking(turns=("whole", "part"), shrink=2.0)
    [frame] = film
    with Looker(detector, closer, looking, Meter()) as looker:
        assert looker.again is not None
        looker.again(frame, film.box(0), "face")
    asked, other = (closer, detector) if closely else (detector, closer)
    assert asked.sizes == [seen]
    assert not hasattr(other, "sizes")


def test_a_detector_that_wants_whole_frames_is_not_shown_surroundings():
    with Looker(Told(Film(ACROSS)), None, Looking(shrink=None), Meter()) as looker:
        assert looker.again is None


@dataclass
class White:
    """Finds white rectangles, as far as it is shown them; and notes how large the pictures are that it is shown."""

    sizes: list[tuple[int, int]] = field(default_factory=list)
    labels = frozenset({"face"})

    def detect(self, frames):
        self.sizes += [frame.size for frame in frames]
        return [self._one(frame) for frame in frames]

    def _one(self, frame):
        _, _, found, _ = cv2.connectedComponentsWithStats((frame.planes[0] > 200).astype(np.uint8))
        corners = found[1:, :2]
        boxes = np.hstack([corners, corners + found[1:, 2:4]]).astype(np.float32)
        return Detections(boxes, np.full(len(boxes), 0.9, np.float32), np.full(len(boxes), "face"))


def white(*boxes: Box, index: int = 0) -> Frame:
    """A black picture with white rectangles."""
    [empty] = Film([None], size=SIZE)
    luma = np.zeros_like(empty.planes[0])
    for x0, y0, x1, y1 in boxes:
        luma[y0:y1, x0:x1] = 235
    return replace(empty, planes=(luma, *empty.planes[1:]), index=index, pts=index)


def looked_at(detector: White, areas: list[Box], *boxes: Box) -> list[list[float]]:
    """What is found when only some areas of a picture with these boxes have changed."""
    looking = replace(TURNS, shrink=1.0)
    glances = [
        Glance(white(), True, areas=((0, 0, *SIZE),)),
        Glance(white(*boxes, index=2), False, areas=tuple(areas)),
    ]
    with Looker(detector, None, looking, Meter()) as looker:
        return list(looker.looks(glances))[1].found.boxes.tolist()


@pytest.mark.parametrize(
    ("areas", "box", "besides"),
    [
        ([(0, 0, 128, 128)], (40, 40, 80, 80), []),
        ([(0, 0, 128, 128)], (100, 40, 160, 80), [(384, 384)]),  # 28 of its 60 pixels are in the area
        ([(0, 0, 128, 128), (96, 0, 256, 128)], (100, 40, 160, 80), []),  # the other one shows it whole
        ([(0, 0, 128, 128)], (100, 40, 900, 80), [(384, 384), SIZE]),  # larger than what is around its part
    ],
)
def test_what_an_area_cuts_off_is_found_whole(areas, box, besides):
    detector = White()
    assert looked_at(detector, areas, box) == [[float(side) for side in box]]
    assert detector.sizes == [SIZE, *((x1 - x0, y1 - y0) for x0, y0, x1, y1 in areas), *besides]


def test_what_the_edge_of_an_area_alone_makes_look_like_something_is_nothing():
    class Misled(White):
        def _one(self, frame):
            found = super()._one(frame)
            return found if frame.size != (128, 128) else Detections.concat([found, at_edge])

    at_edge = Detections(np.array([[100, 40, 128, 80]], np.float32), np.array([0.5], np.float32), np.array(["face"]))
    detector = Misled()
    assert looked_at(detector, [(0, 0, 128, 128)], (40, 40, 80, 80)) == [[40.0, 40.0, 80.0, 80.0]]
    assert SIZE not in detector.sizes[1:]


def test_areas_are_looked_at_together_only_where_that_is_less_to_look_at():
    def moved_to(x, y):
        """Two things corner to corner, and two side by side."""
        corners = [(80, 80, 360, 360), (445, 445, 650, 650), (900, 80, 960, 140), (1050, 80, 1110, 140)]
        return [(x0 + x, y0 + y, x1 + x, y1 + y) for x0, y0, x1, y1 in corners]

    frames = [white(*moved_to(2 * i, 2 * i), index=i) for i in range(5)]
    looking = replace(TURNS, every=4, turns=("whole",), shrink=1.0)
    _, (one, both, other) = [g.areas for g in scheduled(marked(frames), looking) if g.areas is not None]
    assert holds(one, np.array((80, 80, 368, 368)))
    assert holds(other, np.array((445, 445, 658, 658)))
    assert holds(both, np.array((900, 80, 1118, 148)))


def test_a_part_that_cuts_a_find_off_is_looked_at_whole():
    """What has changed may be a corner of something larger."""
    film = Film([(100, 100)] * 2, size=SIZE, side=200)
    first, second = film
    box, corner = (0, 0, 704, 416), (0, 0, 256, 256)
    closer = Noting(film)
    with Looker(Told(film), closer, TURNS, Meter()) as looker:
        glances = [
            Glance(first, True, parts=(Part(box, (box,)),)),
            Glance(second, False, parts=(Part(box, (corner,)),)),
        ]
        looks = list(looker.looks(glances))
    assert closer.sizes == [(704, 416), (256, 256), (704, 416)]
    assert all((look.found.boxes == film.box(0)).all() and len(look.found) == 1 for look in looks)


def test_time_inside_of_another_is_counted_once(monkeypatch):
    clock = iter([0.0, 1.0, 3.0, 7.0])
    monkeypatch.setattr("passerby.flow.time.thread_time", lambda: next(clock))
    meter = Meter()
    with meter.of("outer"), meter.of("inner"):
        pass
    assert meter.seconds == {"inner": 2.0, "outer": 5.0}
