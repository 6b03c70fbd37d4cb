"""Clothes from Python, as the class that was first drafted for it would have been used."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from drawn_dressed import Dressed, Person, dressed, walking

from passerby.clothes import ClothesAnonymizer, CUDAClothesAnonymizer
from passerby.core.detections import Detections
from passerby.core.errors import OptionError
from passerby.core.parsing import Garment, Parsed
from passerby.core.regions import Mask
from passerby.paint.clothes import oklab

SIZE = (320, 240)


class Film:
    """Somebody who walks, and those who know where and in what: a detector and a parser in one."""

    def __init__(self, count: int = 8) -> None:
        self.drawn = [
            dressed(SIZE, [one], seed=i) for i, one in enumerate(walking(Person(at=(0.4, 0.04)), count, step=0.008))
        ]
        self.labels = frozenset({"face", "clothes"})

    @property
    def frames(self) -> list[np.ndarray]:
        return [np.ascontiguousarray(one.picture[..., ::-1]) for one in self.drawn]

    def _of(self, frame) -> Dressed:
        [one] = [one for one in self.drawn if np.array_equal(one.picture, frame.planes[0])]
        return one

    def detect(self, frames):
        return [
            Detections(
                np.stack([one.faces[0], one.boxes[0]]), np.full(2, 0.9, np.float32), np.array(["face", "clothes"])
            )
            for one in map(self._of, frames)
        ]

    def parse(self, frame, boxes):
        garments = tuple(Garment(group, Mask(0, 0, alpha)) for group, alpha in self._of(frame).garments.items())
        return [Parsed(garments) for _ in boxes]


def made(film: Film, **changes) -> ClothesAnonymizer:
    return ClothesAnonymizer(detector=film, parser=film, **changes)


def tops(film: Film, results: list[np.ndarray]) -> np.ndarray:
    """The mean colour of the upper garment in every frame."""
    return np.array(
        [
            oklab.from_picture(np.ascontiguousarray(new[..., ::-1]))[one.garments["upper"] == 255].mean(axis=0)
            for one, new in zip(film.drawn, results, strict=True)
        ]
    )


def test_the_first_drafts_own_example_works_with_its_import_changed(tmp_path, monkeypatch):
    film = Film(4)
    path = tmp_path / "video.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"FFV1"), 25, SIZE)
    for frame in film.frames:
        writer.write(frame)
    writer.release()
    shown = []
    monkeypatch.setattr(cv2, "imshow", lambda name, picture: shown.append((name, picture)))
    monkeypatch.setattr("passerby.targets.detector", lambda options: film)
    monkeypatch.setattr("passerby.methods.clothing.parser", lambda model: film)

    anonymizer = CUDAClothesAnonymizer()

    cap = cv2.VideoCapture(str(path))
    while cap.isOpened():
        ret, frame = cap.read()
        if not ret:
            break

        anonymized = anonymizer.anonymize_clothes(frame, style="random")
        cv2.imshow("Anonymized", anonymized)

    assert [name for name, _ in shown] == ["Anonymized"] * 4
    changed = tops(film, [picture for _, picture in shown])
    assert (oklab.distance(changed, tops(film, film.frames)) > 0.1).all()
    assert changed.std(axis=0).max() < 0.02


@pytest.mark.parametrize("size", [1, 3, np.int64(4), np.int32(100)])
def test_colours_do_not_depend_on_how_frames_are_batched(size):
    film = Film()
    alone = made(film)
    one_by_one = [alone.anonymize_clothes(frame, style="sport") for frame in film.frames]
    together = made(film).process_video_batch(film.frames, size, style="sport")
    assert all((a == b).all() for a, b in zip(one_by_one, together, strict=True))
    assert tops(film, together).std(axis=0).max() < 0.02


def test_a_long_video_is_never_held_whole():
    """What comes is taken a batch at a time, and given before more is asked for."""
    film, asked = Film(), []

    def coming():
        for number, frame in enumerate(film.frames):
            asked.append(number)
            yield frame

    results = made(film).process_video(coming(), np.int64(3))
    first = next(results)
    assert asked == [0, 1, 2]
    whole = made(film).process_video_batch(film.frames, 3)
    assert all((a == b).all() for a, b in zip([first, *results], whole, strict=True))


@pytest.mark.parametrize("kind", [np.int64, np.int32, np.float32, list])
def test_boxes_may_be_of_any_numbers(kind):
    """A face detector's `bbox.astype(int)` once ended in a TypeError."""
    film = Film(1)
    box = film.drawn[0].boxes
    given = np.rint(box).astype(int).tolist() if kind is list else np.rint(box).astype(kind)
    new = made(film, seed=np.uint8(3)).anonymize_clothes(film.frames[0], boxes=given)
    assert (tops(film, [new]) != tops(film, film.frames)).all()


def test_faces_are_hidden_too_unless_that_is_not_wanted():
    film = Film(1)
    [frame], [drawn] = film.frames, film.drawn
    x0, y0, x1, y1 = drawn.faces[0].astype(int)
    both = made(film).anonymize_clothes(frame)
    bare = made(
        film,
        hide_faces=False,
    ).anonymize_clothes(frame, boxes=drawn.boxes)
    assert (both[y0:y1, x0:x1] != frame[y0:y1, x0:x1]).mean() > 0.9
    assert (bare[drawn.skin == 255] == frame[drawn.skin == 255]).all()


def test_frames_are_left_as_they_are_and_nothing_but_people_changes():
    film = Film(1)
    [frame], [drawn] = film.frames, film.drawn
    before = frame.copy()
    new = made(film).anonymize_clothes(frame)
    assert (frame == before).all()
    assert new.shape == frame.shape
    assert new.dtype == np.uint8
    far = cv2.dilate(np.max([*drawn.each], axis=0), np.ones((41, 41), np.uint8)) == 0
    assert (new[far] == frame[far]).all()


def test_clothes_are_told_person_by_person():
    film = Film(1)
    [drawn] = film.drawn
    masks = made(film).segment_person_clothes(film.frames[0])
    assert masks.dtype == np.bool_
    assert (masks == (np.max(list(drawn.garments.values()), axis=0) > 127)[None]).all()


def test_of_whom_nobody_can_tell_the_whole_box_is_clothes():
    film = Film(1)
    film.parse = lambda frame, boxes: [None for _ in boxes]
    masks = made(film).segment_person_clothes(film.frames[0], boxes=np.array([[10, 20, 40, 90], [-5, -5, 7, 9]]))
    assert [int(mask.sum()) for mask in masks] == [30 * 70, 7 * 9]


@pytest.mark.parametrize(
    ("frame", "came"),
    [
        (np.zeros((4, 4), np.uint8), r"uint8 \(4, 4\)"),
        (np.zeros((4, 4, 3)), "float64"),
        (np.zeros((0, 4, 3), np.uint8), r"has pixels, got \(0, 4, 3\)"),
        (None, "NoneType"),
    ],
)
def test_what_is_no_frame_is_refused(frame, came):
    with pytest.raises(ValueError, match=came):
        made(Film(1)).anonymize_clothes(frame)


def test_what_cannot_be_is_refused():
    film = Film(1)
    with pytest.raises(OptionError, match="'wild' is not known; choose from random, formal, sport, casual"):
        made(film).anonymize_clothes(film.frames[0], style="wild")
    with pytest.raises(ValueError, match=r"boxes are \(N, 4\).* got \(3,\)"):
        made(film).anonymize_clothes(film.frames[0], boxes=[1, 2, 3])
    for box in ([50, 60, 30, 40], [1, 2, np.nan, 4]):
        with pytest.raises(ValueError, match="corners and not width and height"):
            made(film).anonymize_clothes(film.frames[0], boxes=[box])
    with pytest.raises(ValueError, match="one frame or more, got 0"):
        made(film).process_video_batch([], 0)
