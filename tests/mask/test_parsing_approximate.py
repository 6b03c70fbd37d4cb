"""Without a model: garments are found by outline and skin, and skin is left alone, whatever its tone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
import pytest
from drawn_dressed import MONK, Dressed, Person, dressed
from onnx_models import framed, photo, real

from passerby.core.detections import Detections
from passerby.core.pixels import placed
from passerby.core.regions import Mask
from passerby.detect.faces import CenterFace
from passerby.detect.portrait import Portrait
from passerby.mask.parsing_approximate import ApproximateParser

SIZE = (320, 360)
WORN = {"blue": (40, 90, 170), "white": (250, 250, 250), "black": (25, 25, 25), "red": (180, 40, 40)}
BEIGE = (205, 180, 145)


@dataclass(frozen=True)
class Told:
    """A segmenter, and a detector of faces, that know what is drawn."""

    drawn: Dressed
    widened: int = 1
    """Pixels by which outlines are too large."""
    labels = frozenset({"person", "face"})

    def segment(self, frame, boxes):
        wide = np.ones((2 * self.widened - 1,) * 2, np.uint8)
        return [Mask(0, 0, cv2.dilate(each, wide)) for each in self.drawn.each]

    def detect(self, frames):
        faces = self.drawn.faces
        return [Detections(faces, np.ones(len(faces), np.float32), np.full(len(faces), "face")) for _ in frames]


def parsed(drawn, *, faces=True, widened=1):
    told = Told(drawn, widened)
    parser = ApproximateParser(told, told if faces else None)
    height, width = drawn.skin.shape
    answers = parser.parse(framed(drawn.picture), drawn.boxes)
    return [
        {} if one is None else {garment.group: placed(garment.mask, (0, 0, width, height)) for garment in one.garments}
        for one in answers
    ]


def touched(masks, drawn):
    """The share of skin that is taken for clothes."""
    return max((mask[drawn.skin == 255].mean() / 255 for mask in masks.values()), default=0)


def overlap(mask, truth):
    return ((mask > 127) & (truth > 127)).sum() / ((mask > 127) | (truth > 127)).sum()


@pytest.mark.parametrize(("tone", "worn"), [*zip(MONK, [*WORN.values()] * 3, strict=False)])
@pytest.mark.parametrize("faces", [True, False], ids=["face seen", "no face seen"])
def test_skin_of_any_tone_is_left_alone(tone, worn, faces):
    drawn = dressed(SIZE, [Person(tone=tone, upper=worn, sleeves="none", legs="shorts")], noise=3)
    [masks] = parsed(drawn, faces=faces)
    assert touched(masks, drawn) < 0.01


@pytest.mark.parametrize("tone", MONK[::3])
def test_clothes_that_look_like_the_skin_are_left_with_it(tone):
    """What cannot be told apart is not painted."""
    like = tuple(int(value * 0.92) for value in tone)
    drawn = dressed(SIZE, [Person(tone=tone, upper=like)], noise=3)
    [masks] = parsed(drawn)
    assert touched(masks, drawn) < 0.01
    assert overlap(masks["lower"], cv2.add(drawn.garments["lower"], drawn.garments["shoes"])) > 0.9


@pytest.mark.parametrize("tone", MONK[::3])
@pytest.mark.parametrize("pattern", ["plain", "stripes", "logo"])
def test_upper_and_lower_garments_are_found(tone, pattern):
    drawn = dressed(SIZE, [Person(tone=tone, upper=(200, 40, 150), pattern=pattern)], noise=3)
    [masks] = parsed(drawn)
    least = 0.65 if pattern == "stripes" else 0.9  # a stripe may pass for the waist
    assert overlap(masks["upper"], drawn.garments["upper"]) > least
    assert overlap(masks["lower"], cv2.add(drawn.garments["lower"], drawn.garments["shoes"])) > least
    worn = np.max(list(drawn.garments.values()), axis=0)
    assert overlap(np.maximum(masks["upper"], masks["lower"]), worn) > 0.85


@pytest.mark.parametrize("worn", [(40, 90, 170), (250, 250, 250), (180, 40, 40)])
def test_long_hair_is_left_alone(worn):
    drawn = dressed(SIZE, [Person(hangs=0.22, upper=worn)], noise=3)
    [masks] = parsed(drawn)
    assert masks["upper"][drawn.hair == 255].mean() < 0.03 * 255
    assert overlap(masks["upper"], drawn.garments["upper"]) > 0.9


def test_the_waist_is_where_the_colour_changes_near_it():
    drawn = dressed(SIZE, [Person()], noise=3)
    [masks] = parsed(drawn)
    rows = [np.nonzero(mask.max(axis=1) > 200)[0] for mask in (masks["upper"], masks["lower"])]
    truth = np.nonzero(drawn.garments["upper"].max(axis=1) > 200)[0].max()
    assert abs(rows[0].max() - truth) <= 6
    assert abs(rows[1].min() - truth) <= 6


def test_faces_and_hair_are_left_alone_also_those_of_others():
    drawn = dressed((480, 360), [Person(at=(0.62, 0.1), height=0.85), Person(at=(0.45, 0.04))], noise=3)
    told = Told(drawn)
    [first, _] = ApproximateParser(told, told).parse(framed(drawn.picture), drawn.boxes)
    for x0, y0, x1, y1 in drawn.faces.astype(int):
        for garment in first.garments:
            assert not placed(garment.mask, (0, 0, 480, 360))[y0:y1, x0:x1].any()


def test_in_a_large_frame_faces_are_looked_for_near_persons_only():
    """To look at all of it for one small person would cost more than all else."""
    drawn = dressed((900, 700), [Person(at=(0.7, 0.3), height=0.5)], noise=3)
    drawn = drawn._replace(faces=np.rint(drawn.faces))
    [(x0, y0, x1, y1)] = drawn.faces.astype(int)
    shown = []

    class Seen:
        labels = frozenset({"face"})

        def detect(self, frames):
            pictures = [frame.planes[0] for frame in frames]
            shown.extend(picture.shape[:2] for picture in pictures)
            return [
                Detections(np.float32([self.face(picture)]), np.ones(1, np.float32), np.array(["face"]))
                for picture in pictures
            ]

        def face(self, picture):
            match = cv2.matchTemplate(np.ascontiguousarray(picture), drawn.picture[y0:y1, x0:x1], cv2.TM_SQDIFF)
            x, y = cv2.minMaxLoc(match)[2]
            return [x, y, x + x1 - x0, y + y1 - y0]

    left, top = 480, 140
    alone = drawn._replace(each=tuple(each[top:640, left:760] for each in drawn.each))
    [near] = ApproximateParser(Told(drawn), Seen()).parse(framed(drawn.picture), drawn.boxes)
    boxes = drawn.boxes - np.float32([left, top, left, top])
    [whole] = ApproximateParser(Told(alone), Seen()).parse(framed(drawn.picture[top:640, left:760]), boxes)
    assert shown[0] < (560, 300)
    assert shown[1] == (500, 280)
    for one, other in zip(near.garments, whole.garments, strict=True):
        assert (one.mask.x - left, one.mask.y - top) == (other.mask.x, other.mask.y)
        assert np.array_equal(one.mask.alpha, other.mask.alpha)


def test_ground_that_an_outline_takes_for_the_person_is_cut_away():
    drawn = dressed(SIZE, [Person()], background=(90, 160, 90), noise=3)
    [masks] = parsed(drawn, widened=9)
    worn = np.maximum(masks["upper"], masks["lower"])
    outside = cv2.dilate(drawn.each[0], np.ones((5, 5), np.uint8)) == 0
    assert (worn[outside] > 127).sum() < 0.05 * (worn > 127).sum()


def test_answers_are_approximate_and_always_the_same():
    drawn = dressed(SIZE, [Person()], noise=3)
    told = Told(drawn)
    parser = ApproximateParser(told, told)
    first, again = (parser.parse(framed(drawn.picture), drawn.boxes)[0] for _ in range(2))
    assert first.exact is again.exact is False
    assert [garment.group for garment in first.garments] == ["upper", "lower"]
    for one, other in zip(first.garments, again.garments, strict=True):
        assert np.array_equal(one.mask.alpha, other.mask.alpha)


@pytest.mark.parametrize("apart", [0.14, 0.2, 0.26])
def test_where_boxes_overlap_no_sleeve_is_left_to_one_who_does_not_wear_it(apart):
    """A sleeve that is nearer to the middle of somebody else is not theirs, and is a sleeve all the same."""
    back = Person(at=(0.36, 0.04), upper=(40, 90, 170), sleeves="long", swing=0.8)
    front = Person(at=(0.36 + apart, 0.08), height=0.88, upper=(180, 40, 40), sleeves="long", swing=0.8)
    drawn = dressed((480, 360), [back, front], noise=3)
    covered = np.max([mask for masks in parsed(drawn) for mask in masks.values()], axis=0) > 127
    worn = np.max(list(drawn.garments.values()), axis=0) == 255
    assert covered[worn].mean() > 0.97
    assert covered[drawn.skin == 255].mean() < 0.03


@pytest.mark.parametrize(("tone", "coat"), [(MONK[4], (200, 170, 140)), (MONK[8], (70, 60, 58))])
def test_who_shows_no_face_and_seems_to_be_bare_all_over_wears_a_coat(tone, coat):
    drawn = dressed(SIZE, [Person(tone=tone, upper=coat, lower=coat, shoes=coat, sleeves="long")], noise=3)
    [masks] = parsed(drawn, faces=False)
    covered = np.max(list(masks.values()), axis=0) > 127
    assert covered[np.max(list(drawn.garments.values()), axis=0) == 255].mean() > 0.95


def test_without_an_outline_nothing_is_told():
    class Blind:
        labels = frozenset({"person"})

        def segment(self, frame, boxes):
            return [None for _ in boxes]

    drawn = dressed(SIZE, [Person()])
    parser = ApproximateParser(Blind())
    assert parser.parse(framed(drawn.picture), drawn.boxes) == [None]
    assert parser.parse(framed(drawn.picture), np.zeros((0, 4), np.float32)) == []


def test_the_hands_and_face_of_a_real_person_stay_and_the_clothes_are_found():
    """Somebody in a light shirt, on a photograph; the boxes were read off it by eye."""
    frame = photo("images/group_8_lawn.jpg")
    scale = frame.size[0] / 1024
    boxes = np.array([[93, 240, 373, 713]], np.float32) * scale
    parser = ApproximateParser(Portrait(real("prisma_portrait_seg.onnx"), conf=0.5), CenterFace(conf=0.4))
    [found] = parser.parse(frame, boxes)
    masks = {garment.group: placed(garment.mask, (0, 0, *frame.size)) for garment in found.garments}
    face, shirt = (tuple(int(side * scale) for side in area) for area in ((215, 265, 265, 330), (180, 400, 260, 480)))
    assert not any(mask[face[1] : face[3], face[0] : face[2]].any() for mask in masks.values())
    assert masks["upper"][shirt[1] : shirt[3], shirt[0] : shirt[2]].mean() > 200


UPPER = [*((WORN[name], "plain") for name in ("blue", "white", "black")), (WORN["red"], "stripes"), (BEIGE, "plain")]
BARE = ({}, {"sleeves": "none", "legs": "shorts"})
FIFTY = [
    Person(tone=tone, upper=colour, pattern=pattern, **BARE[place % 2])
    for place, (tone, (colour, pattern)) in enumerate(product(MONK, UPPER))
]
SAID = {"all": (0.86, 0.90, 1.0, 0.86), "upper": (0.78, 0.81, 1.0, 0.78), "lower": (0.94, 0.97, 0.98, 0.96)}
"""What docs/parsing.md says of them: mean IoU, F1, precision and recall."""


def test_fifty_drawn_persons_of_all_tones_are_told_as_well_as_is_said():
    scores, skin = {name: [] for name in SAID}, []
    for seed, person in enumerate(FIFTY):
        drawn = dressed(SIZE, [person], noise=3, seed=seed)
        [masks] = parsed(drawn)
        told = {name: masks.get(name, np.zeros_like(drawn.skin)) > 127 for name in ("upper", "lower")}
        lower = cv2.add(drawn.garments["lower"], drawn.garments["shoes"])
        truth = {"upper": drawn.garments["upper"] > 127, "lower": lower > 127}
        for each in (told, truth):
            each["all"] = each["upper"] | each["lower"]
        for name, rows in scores.items():
            rows.append(scored(told[name], truth[name]))
        skin.append(told["all"][drawn.skin == 255].mean())
    for name, rows in scores.items():
        assert (np.mean(rows, axis=0) > np.array(SAID[name]) - 0.02).all()
    assert np.mean(skin) < 0.0005
    assert np.max(skin) < 0.01


def scored(told, truth):
    """IoU, F1, precision (1 where nothing is told) and recall."""
    both, found, there = (told & truth).sum(), told.sum(), truth.sum()
    return both / (found + there - both), 2 * both / (found + there), both / found if found else 1, both / there
