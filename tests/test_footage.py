"""The drawn footage is what it says: other tests lean on it."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path

import av
import footage
import footage_scenes
import numpy as np
import pytest
from footage import CODINGS, SCENES, Coding, lights, write
from footage_scenes import FILMS, SMALL, Camera, Filmed, appearing
from numpy.typing import NDArray

from passerby.core import boxes
from passerby.core.frame import Frame, PixelFormat
from passerby.detect.faces import CenterFace

RGB = PixelFormat("rgb24", ((1, 1),), 8, "rgb", True)


@pytest.fixture(scope="module")
def detector() -> CenterFace:
    return CenterFace(conf=0.3)


def decoded(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def shown(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """A decoded frame as a player shows it, RGB."""
    return np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90)))


def found(detector: CenterFace, picture: NDArray[np.uint8]) -> boxes.Boxes:
    [answer] = detector.detect([Frame((picture,), RGB, 0, 0, Fraction(1))])
    return answer.boxes


@pytest.mark.parametrize("name", SCENES)
def test_the_detector_finds_a_face_wherever_the_truth_has_one(name: str, detector: CenterFace) -> None:
    scene = SCENES[name]()
    for index, (picture, faces) in enumerate(scene):
        # A look now and then is enough; in the dark nobody sees a thing.
        if index % 6 or picture.mean() < 40:
            continue
        truth = [face.box for face in faces if face.visible > 0.95 and face.box[3] - face.box[1] >= 16]
        if truth:
            overlaps = boxes.iou(np.array(truth, np.float32), found(detector, picture))
            assert (overlaps.max(axis=1, initial=0) > 0.5).all(), f"frame {index}: {overlaps}"


def test_an_empty_street_holds_no_face(detector: CenterFace) -> None:
    picture, faces = next(iter(footage.empty()))
    assert faces == ()
    assert len(found(detector, picture)) == 0


@pytest.mark.parametrize("face_px", [12, 40, 200, 600])
def test_a_face_has_the_height_asked_for(face_px: int) -> None:
    _, [face] = next(iter(footage.standing(face_px, size=(1280, 720))))
    assert face.box[3] - face.box[1] == pytest.approx(face_px)


@pytest.mark.parametrize("name", CODINGS)
def test_every_coding_keeps_frames_times_and_faces(name: str, tmp_path: Path, detector: CenterFace) -> None:
    suffix, coding = CODINGS[name]
    path = tmp_path / f"clip{suffix}"
    truth = write(footage.standing(), path, coding)
    frames = decoded(path)
    times = [frame.time for frame in frames]
    assert [time - times[0] for time in times] == pytest.approx([float(time) for time in truth.times])
    picture = shown(frames[0])
    assert picture.shape[1::-1] == truth.size
    face = np.array([truth.faces[0][0].box], np.float32)
    assert boxes.iou(face, found(detector, picture)).max(initial=0) > 0.5


CLAIMS: dict[str, dict[str, object]] = {
    "10 bit": {"format": "yuv420p10le"},
    "4:2:2": {"format": "yuv422p"},
    "4:4:4": {"format": "yuv444p"},
    "BT.601": {"colorspace": 5},
    "full range": {"color_range": 2},
    "turned by 90": {"rotation": -90},
    "turned by 180": {"rotation": -180},
    "turned by 270": {"rotation": 90},
}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_coding_is_what_its_name_says(name: str, tmp_path: Path) -> None:
    suffix, coding = CODINGS[name]
    write(footage.standing(), tmp_path / f"clip{suffix}", coding)
    first = decoded(tmp_path / f"clip{suffix}")[0]
    for attribute, wanted in CLAIMS[name].items():
        got = getattr(first, attribute)
        assert (got.name if attribute == "format" else got) == wanted


def test_colours_survive_every_matrix_and_range(tmp_path: Path) -> None:
    """A wrong matrix or range would shift every colour by far more than the codec does."""
    picture, _ = next(iter(footage.standing()))
    for name in ("plain", "BT.601", "full range", "10 bit"):
        suffix, coding = CODINGS[name]
        write(footage.standing(), tmp_path / f"clip{suffix}", coding)
        got = shown(decoded(tmp_path / f"clip{suffix}")[0])
        assert np.abs(got.astype(int) - picture).mean() < 3, name


@pytest.mark.parametrize(
    ("suffix", "coding"),
    [(".mp4", Coding(pixel_format="yuv444p")), CODINGS["webm with sound"], CODINGS["lossless"]],
    ids=["4:4:4", "vp9", "ffv1"],
)
def test_sides_may_be_odd(suffix: str, coding: Coding, tmp_path: Path) -> None:
    write(footage.standing(50, (427, 241)), tmp_path / f"odd{suffix}", coding)
    assert shown(decoded(tmp_path / f"odd{suffix}")[0]).shape == (241, 427, 3)


def test_the_lossless_coding_is_lossless(tmp_path: Path) -> None:
    suffix, coding = CODINGS["lossless"]
    write(footage.walking(), tmp_path / f"clip{suffix}", coding)
    for frame, (picture, _) in zip(decoded(tmp_path / f"clip{suffix}"), footage.walking(), strict=True):
        drawn = av.VideoFrame.from_ndarray(picture, "rgb24")
        stored = drawn.reformat(format="yuv420p", dst_colorspace=coding.matrix, dst_color_range=coding.color_range)
        assert np.array_equal(frame.to_ndarray(), stored.to_ndarray())


def test_who_passes_behind_a_pillar_is_gone_for_a_while() -> None:
    visible = [faces[0].visible for _, faces in footage.occluded()]
    assert visible[0] == visible[-1] == 1
    assert visible.count(0.0) >= 5


def test_who_crosses_is_hidden_by_the_nearer_one() -> None:
    further, nearer = zip(*([face.visible for face in faces] for _, faces in footage.crossing()), strict=True)
    assert min(further) == 0
    assert min(nearer) == 1


def test_a_runner_moves_by_more_than_half_a_face_from_frame_to_frame() -> None:
    lefts = [face.box[0] for _, [face] in footage.running()]
    width = footage.running().shots[0].people[0].keys[0].face_px * 0.75
    assert all(after - before > width / 2 for before, after in pairwise(lefts))


def test_at_a_cut_the_picture_changes_all_at_once() -> None:
    scene = footage.cut()
    pictures = [picture.astype(int) for picture, _ in scene]
    steps = [np.abs(after - before).mean() for before, after in pairwise(pictures)]
    assert [int(np.argmax(steps)) + 1] == list(scene.cuts)


def test_a_drawn_picture_shows_the_frame_asked_for(tmp_path: Path, detector: CenterFace) -> None:
    [face] = footage.draw(footage.walking(), tmp_path / "still.png", index=20)
    with av.open(str(tmp_path / "still.png")) as container:
        picture = next(container.decode(video=0))
    assert boxes.iou(np.array([face.box], np.float32), found(detector, shown(picture))).max(initial=0) > 0.5


# Hard films


@pytest.mark.parametrize("name", [name for name in FILMS if name not in ("crowd_poor", "variable_rate")])
def test_the_detector_finds_the_first_faces_of_a_hard_film(name: str, detector: CenterFace) -> None:
    film = FILMS[name].film()
    for (picture, faces), light in zip(film, lights(film), strict=True):
        clear = [face.box for face in faces if face.visible > 0.95 and face.box[3] - face.box[1] >= 20]
        if clear and 0.35 <= light <= 2:
            overlaps = boxes.iou(np.array(clear, np.float32), found(detector, picture))
            assert (overlaps.max(axis=1, initial=0) > 0.4).all(), overlaps.max(axis=1, initial=0)
            return
    pytest.fail("nobody is ever to be seen")


def test_a_film_is_the_same_each_time() -> None:
    once, again = (list(islice(footage_scenes.dashing(SMALL), 8, 10)) for _ in range(2))
    for (picture, faces), (same, same_faces) in zip(once, again, strict=True):
        assert np.array_equal(picture, same)
        assert faces == same_faces


def test_no_two_frames_have_the_same_grain() -> None:
    scene = footage.standing()
    drawn = next(iter(scene))[0].astype(int)
    first, second = ([picture.astype(int) for picture, _ in Filmed(scene, Camera(grain=4))])[:2]
    for picture in (first - drawn, second - drawn, (second - first) / np.sqrt(2)):
        assert picture[40:200, 100:250].std() == pytest.approx(4, rel=0.1)


def test_an_open_shutter_smears_what_moves_and_its_box_is_in_the_middle() -> None:
    sharp, smeared = (next(iter(Filmed(footage.running(), Camera(grain=0, shutter=share)))) for share in (0, 1))
    wide = footage.SIZE[0] * 26 // 640
    empty = next(iter(footage.empty()))[0].astype(int)
    middles = []
    for picture, [face] in (sharp, smeared):
        row = slice(round(face.box[1]), round(face.box[3]))
        changed = np.flatnonzero(np.abs(picture.astype(int) - empty)[row].max(axis=(0, 2)) > 12)
        middles.append(changed.mean() - (face.box[0] + face.box[2]) / 2)
    edges = [np.abs(np.diff(picture.astype(int), axis=1))[120:180, :160].max() for picture, _ in (sharp, smeared)]
    assert edges[1] < edges[0] / 2
    assert middles[1] == pytest.approx(middles[0], abs=wide / 4)
    assert smeared[1][0].box[0] > sharp[1][0].box[0] + wide / 4


@pytest.mark.parametrize("lasting", [1, 3, 5])
def test_faces_that_come_up_in_mid_picture_stay_for_the_frames_asked_for(lasting: int) -> None:
    """By the truth and by the pixels: where nobody is, only grain differs from the first, empty frame."""
    film = list(appearing(lasting, SMALL))
    empty = film[0][0].astype(int)
    told: dict[int, int] = {}
    places = {face.person: face.box for _, faces in film for face in faces}
    for picture, faces in film:
        there = {face.person for face in faces}
        for person, (x0, y0, x1, y1) in places.items():
            change = np.abs(picture.astype(int) - empty)[round(y0) : round(y1), round(x0) : round(x1)].mean()
            assert (change > 15) == (person in there)
            told[person] = told.get(person, 0) + (person in there)
    assert list(told.values()) == [lasting] * 6


def test_the_crowd_has_fifty_people_and_most_can_be_seen() -> None:
    _, faces = next(iter(footage_scenes.crowd()))
    assert len(faces) == 50
    assert sum(face.visible >= 0.6 for face in faces) >= 40


def test_the_sizes_go_from_12_to_600_pixels() -> None:
    shots = footage_scenes.sizes().shots
    assert {key.face_px for shot in shots for person in shot.people for key in person.keys} >= {12, 600}


def test_the_still_film_stands_still() -> None:
    pictures = [picture for picture, _ in footage_scenes.still(SMALL)]
    assert all(np.array_equal(picture, pictures[0]) for picture in pictures)


@pytest.mark.parametrize(("name", "least", "most"), [("fading", 0, 1), ("flashing", 0.35, 5), ("dusk", 0.4, 0.4)])
def test_the_light_of_every_frame_is_known(name: str, least: float, most: float) -> None:
    film = FILMS[name].film()
    told = lights(film)
    assert len(told) == len(film)
    assert (min(told), max(told)) == pytest.approx((least, most))


def test_the_uneven_film_has_the_gaps_asked_for(tmp_path: Path) -> None:
    write(footage.standing(), tmp_path / "clip.mp4", footage_scenes.UNEVEN)
    times = [frame.time for frame in decoded(tmp_path / "clip.mp4")]
    gaps = [after - before for before, after in pairwise(times)]
    assert gaps == pytest.approx([ms / 1000 for ms in (*footage_scenes.UNEVEN.gaps_ms, 40)], abs=1e-4)


def test_people_come_in_over_every_edge() -> None:
    """Each of the four is cut by another edge of the picture at the first sight of them."""
    cut: dict[int, tuple[bool, ...]] = {}
    for _, faces in footage_scenes.edges(SMALL):
        for face in faces:
            x0, y0, x1, y1 = face.box
            sides = (x0 < 0, x1 > SMALL[0], y0 < 0, y1 > SMALL[1])
            if 0 < face.visible < 1:
                cut.setdefault(face.person, sides)
    assert [cut[person].index(True) for person in range(4)] == [0, 1, 2, 3]
