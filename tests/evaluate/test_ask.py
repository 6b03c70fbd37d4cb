"""From two files to an evaluation, with detectors and embedders of our own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_pictures import saved
from evaluate.composed import Colours, Film, Seeing, boxes, face, filled, left, nobody, pair, seen, tiled, truth, write
from PIL import Image

from passerby import analyze
from passerby.core.errors import InputError, OptionError
from passerby.evaluate import ask, distribution, media_pair
from passerby.evaluate.ask import Asked, Told
from passerby.evaluate.brought import Brought
from passerby.evaluate.findings import Section
from passerby.evaluate.sections import crops, temporal
from passerby.evaluate.sections.answer import Asking
from passerby.evaluate.statistics import Figure
from passerby.evaluate.watchers import Watchers
from passerby.plan import store


def asked(film: Film, folder: Path, *parts: str, **told: object) -> Asked:
    original, anonymized = pair(film, folder)
    return ask.asked(original, anonymized, parts, Told(**told), Asking(), seen(film))  # type: ignore[arg-type]


def section(found: Asked, name: str) -> Section:
    return next(one for one in found.evaluation.sections if one.name == name)


def figure(of: Section, name: str) -> Figure:
    return next(one for one in of.figures if one.name == name)


@pytest.fixture
def recognizer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crops, "embedder", lambda of, asking: Colours())


# Leaks


def test_where_all_are_hidden_nobody_leaks(tmp_path: Path) -> None:
    leaks = section(asked(Film(), tmp_path, "leaks"), "leaks")
    assert figure(leaks, "any-leak rate").value == 0
    assert figure(leaks, "recall").value == 1
    assert figure(leaks, "faces found in the output").value == 0
    assert leaks.stills == ()


def test_who_is_bare_for_two_frames_leaks_and_is_shown_filled(tmp_path: Path) -> None:
    film = Film(bare=((4, 1), (5, 1)))
    leaks = section(asked(film, tmp_path, "leaks"), "leaks")
    assert figure(leaks, "any-leak rate").value == pytest.approx(1 / 3)
    assert figure(leaks, "exposure gap").value == 2
    assert figure(leaks, "miss rate").value == pytest.approx(2 / 36)
    [still] = leaks.stills
    assert still.frame in (4, 5)
    for x0, y0, x1, y1 in boxes(film).astype(int):
        inside = still.picture[y0:y1, x0:x1]
        assert (inside == inside[0, 0]).all(), "a face is to be seen in the report"


def test_an_untouched_file_leaks_everybody(tmp_path: Path) -> None:
    leaks = section(asked(Film(hide=left), tmp_path, "leaks"), "leaks")
    assert figure(leaks, "any-leak rate").value == 1
    assert figure(leaks, "recall").value == 0


def test_the_truth_outdoes_the_detector(tmp_path: Path) -> None:
    film = Film(bare=((0, 0),))
    told = truth(film, tmp_path / "truth.csv")
    original, anonymized = pair(film, tmp_path)
    found = ask.asked(original, anonymized, ["leaks"], Told(truth=told), Asking(), nobody)
    assert figure(section(found, "leaks"), "miss rate").value == pytest.approx(1 / 36)
    assert any("the truth" in note for note in figure(section(found, "leaks"), "miss rate").notes)


def test_every_nth_frame_is_enough(tmp_path: Path) -> None:
    found = asked(Film(bare=((3, 0), (4, 0))), tmp_path, "leaks", every=3)
    assert figure(section(found, "leaks"), "miss rate").value == pytest.approx(1 / 12)
    assert found.evaluation.pairs[0][0].frames == 12


def test_a_truth_is_read_at_the_frames_that_are_looked_at(tmp_path: Path) -> None:
    film = Film(bare=((9, 2),))
    original, anonymized = pair(film, tmp_path)
    told = Told(truth=truth(film, tmp_path / "truth.csv"), every=3)
    found = ask.asked(original, anonymized, ["leaks"], told, Asking(), nobody)
    assert figure(section(found, "leaks"), "miss rate").n == 12
    assert figure(section(found, "leaks"), "miss rate").value == pytest.approx(1 / 12)


# Nothing is made up


def test_without_a_detector_or_truth_there_is_no_number_but_a_reason(tmp_path: Path) -> None:
    original, anonymized = pair(Film(), tmp_path)
    found = ask.asked(original, anonymized, ["leaks", "quality"], Told(), Asking(), nobody).evaluation
    assert [one.name for one in found.sections] == ["quality"]
    assert any("passerby models pull yunet_n_dynamic" in line for line in found.missing)


def test_a_film_without_faces_gives_figures_without_a_value(tmp_path: Path) -> None:
    found = asked(Film(people=0), tmp_path, "leaks", "reid", "attack")
    leaks = section(found, "leaks")
    assert figure(leaks, "miss rate").value is None
    assert "nobody is surely to be seen" in figure(leaks, "miss rate").missing
    assert [one.name for one in found.evaluation.sections] == ["leaks"]


def test_what_hid_is_named_and_assumed_without_a_plan(tmp_path: Path) -> None:
    found = asked(Film(), tmp_path, "temporal").evaluation
    assert any(line.startswith("centerface sha256 ") and "assumed" in line for line in found.hidden_by)


# People


def test_filled_faces_are_found_no_better_than_by_guessing(tmp_path: Path, recognizer: None) -> None:
    reid = section(asked(Film(frames=60), tmp_path, "reid"), "reid")
    anonymized = figure(reid, "Rank-1, anonymized, face, cross-time")
    assert figure(reid, "Rank-1, originals, face, cross-time").value == 1
    chance = figure(reid, "Rank-1, chance, face, cross-time").value
    assert chance is not None
    assert anonymized.low is not None
    assert anonymized.low < chance < 0.5


def test_bare_faces_are_found_again(tmp_path: Path, recognizer: None) -> None:
    reid = section(asked(Film(frames=60, hide=left), tmp_path, "reid"), "reid")
    assert figure(reid, "Rank-1, anonymized, face, cross-time").value == 1
    assert reid.headline[0] == "Rank-1, anonymized, face, cross-time"


def test_an_attack_on_what_a_file_shows(tmp_path: Path, recognizer: None) -> None:
    attack = section(asked(Film(frames=30, hide=left), tmp_path, "attack"), "attack")
    assert figure(attack, "worst attack").value == 1
    assert attack.broken == ()
    assert figure(attack, "chance").value == pytest.approx(1 / 3)


def test_who_is_told_by_the_wall_behind_is_not_taken_for_recognized_by_the_face(
    tmp_path: Path, recognizer: None
) -> None:
    """Faces are filled, and a corner of their crops shows who it is."""
    film = Film(frames=30, hide=badged)
    attack = section(asked(film, tmp_path, "attack"), "attack")
    assert figure(attack, "worst attack").value == figure(attack, "surroundings").value == 1


def badged(picture: np.ndarray) -> np.ndarray:
    left = np.full_like(picture, 90)
    left[:, 24:] = picture[:, 24:]
    return left


def soft(picture: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 3))


@pytest.mark.parametrize(("undo", "tried"), [("blur:3", True), ("", False)])
def test_what_is_known_of_the_hiding_is_undone(tmp_path: Path, recognizer: None, undo: str, tried: bool) -> None:
    film = Film(frames=30, hide=soft)
    found = ask.asked(*pair(film, tmp_path), ("attack",), Told(), Asking(undo=undo), seen(film))
    inversion = figure(section(found, "attack"), "inversion, frame by frame")
    assert (inversion.value is not None) == tried
    assert ("give --undo" in inversion.missing) != tried
    assert ("undone: blur:3" in inversion.notes) == tried


def test_a_model_that_knows_nobody_makes_the_attack_invalid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Blind(Colours):
        def embed(self, crops):  # type: ignore[no-untyped-def]
            return 0 * super().embed(crops) + 1

    monkeypatch.setattr(crops, "embedder", lambda of, asking: Blind())
    found = asked(Film(frames=30, hide=left), tmp_path, "attack")
    assert section(found, "attack").broken
    assert not found.evaluation.valid


def test_drift_of_untouched_faces_stays_at_the_original(tmp_path: Path, recognizer: None) -> None:
    drift = section(asked(Film(hide=left), tmp_path, "drift"), "drift")
    assert figure(drift, "distance to the original").value == pytest.approx(0, abs=0.02)
    assert figure(drift, "pseudonym switches (IDSW)").value == 0
    assert {curve.title for curve in drift.curves} >= {"Where embeddings lie"}


def test_faces_are_verified_by_the_originals_thresholds(tmp_path: Path, recognizer: None) -> None:
    faces = section(asked(Film(frames=60, hide=left), tmp_path, "faces"), "faces")
    assert figure(faces, "TAR at FAR 0.01, anonymized").value == 1
    assert figure(faces, "undetected, anonymized").value == 0


# Pictures


def test_outside_of_what_is_hidden_the_picture_is_as_it_was(tmp_path: Path) -> None:
    quality = section(asked(Film(), tmp_path, "quality"), "quality")
    inside, outside = (figure(quality, f"SSIM, {where}").value for where in ("inside", "outside"))
    assert inside is not None
    assert outside is not None
    assert inside < 0.6 < 0.8 < outside
    assert [verdict.goal.figure for verdict in quality.verdicts] == ["SSIM", "LPIPS", "FID"]


def test_every_class_is_laid_out_by_what_is_hidden_of_it(tmp_path: Path) -> None:
    film = Film()
    found = asked(film, tmp_path, "quality", truth=truth(film, tmp_path / "truth.csv", "plate"))
    quality = section(found, "quality")
    named = {one.name: one for one in quality.figures}
    likeness = next(grid for grid in quality.grids if "SSIM" in grid.title)
    cells = {of: [named[name].value if name in named else None for name in names] for of, names in likeness.rows}
    assert list(cells) == ["Whole frame", "Faces", "Number plates"]
    assert all(value is not None for value in cells["Number plates"])
    assert cells["Number plates"][1] < cells["Number plates"][2]
    assert 0 < named["part hidden"].value < named["part hidden, plate"].value <= 1
    assert not [grid for grid in quality.grids if "LPIPS" in grid.title], "it was not measured"
    assert "faces as told by drawn sha256 none" in named["SSIM, face, inside"].notes
    assert "plates as told by the truth" in named["part hidden, plate"].notes
    assert not [note for note in named["SSIM"].notes if "told" in note]


def test_doubtful_finds_are_no_part_of_a_class(tmp_path: Path) -> None:
    film = Film()

    class Doubting(Seeing):
        def detect(self, frames):  # type: ignore[no-untyped-def]
            return [replace(one, scores=one.scores * 0.5) for one in super().detect(frames)]

    original, anonymized = pair(film, tmp_path)
    watch = lambda *asked: Watchers({"face": "drawn"}, (lambda size: Doubting(film),))  # noqa: E731
    found = ask.asked(original, anonymized, ["quality"], Told(), Asking(), watch)
    assert not [one.name for one in section(found, "quality").figures if "face" in one.name]


def test_plates_that_a_truth_tells_of_are_a_class_of_their_own(tmp_path: Path) -> None:
    film = Film()
    found = asked(film, tmp_path, "quality", truth=truth(film, tmp_path / "truth.csv", "plate"))
    quality = section(found, "quality")
    plates, whole = figure(quality, "SSIM, plate").value, figure(quality, "SSIM").value
    assert plates is not None
    assert whole is not None
    assert plates < whole - 0.1


def test_heaps_are_compared_class_by_class_and_a_class_that_nobody_saw_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Means:
        name, model = distribution.INCEPTION, "means"

        def features(self, pictures):  # type: ignore[no-untyped-def]
            return np.array([picture.reshape(-1, 3).mean(0) for picture in pictures])

    monkeypatch.setattr(distribution, "OnnxFeatures", lambda path, name: Means())
    original, anonymized = pair(Film(), tmp_path)
    asking = Asking(brought=Brought(features=tmp_path / "inception.onnx"))
    found = ask.asked(original, anonymized, ["quality"], Told(), asking, seen(Film()))
    faces = figure(section(found, "quality"), "FID")
    assert faces.value is not None
    assert faces.value > 0
    assert distribution.NOT_PRIVACY in faces.notes
    left_out = " ".join(found.evaluation.missing)
    assert "FID and KID of persons" in left_out
    assert "FID and KID of vehicles" in left_out
    cars = truth(Film(), tmp_path / "truth.csv", "vehicle")
    found = ask.asked(original, anonymized, ["quality"], Told(truth=cars), asking, seen(Film()))
    assert figure(section(found, "quality"), "FID, vehicle").n == faces.n


def test_flicker_shows_in_the_ratio_to_the_originals_own(tmp_path: Path) -> None:
    def flickering(face):  # type: ignore[no-untyped-def]
        flickering.count += 1  # type: ignore[attr-defined]
        return filled(face) + 120 * (flickering.count % 2)  # type: ignore[attr-defined]

    flickering.count = 0  # type: ignore[attr-defined]
    film = Film(people=1, hide=flickering)
    steady = section(asked(replace(film, hide=filled), tmp_path / "a", "temporal"), "temporal")
    shaky = section(asked(film, tmp_path / "b", "temporal"), "temporal")
    name = "flow-warped error"
    assert (figure(shaky, name).value or 0) > 10 * (figure(steady, name).value or 0)


def test_of_a_long_film_pairs_of_neighbours_are_compared_that_are_spread_over_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(temporal, "MOST_PAIRS", 3)
    found = section(asked(Film(frames=12), tmp_path, "temporal"), "temporal")
    for name in ("flow-warped error", "SSIM of consecutive frames, originals"):
        assert figure(found, name).n == 3
        assert "3 of the 11 pairs of neighbouring frames of film.mp4" in figure(found, name).notes


def test_of_opened_pictures_no_pixels_are_held(tmp_path: Path) -> None:
    """In a folder all pairs are opened before the first one is looked at."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "photo.png").write_bytes(saved(Image.new("RGB", (64, 48), (9, 90, 9)), "PNG"))
    [named], _ = media_pair.named(tmp_path / "a", tmp_path / "b")
    opened = media_pair.opened(named)
    assert [list(side) for side in (opened.original, opened.anonymized)] == [[], []]
    for _ in range(2):
        [(one, other)] = opened.frames()
        assert one.size == other.size == (64, 48)


def test_pictures_are_looked_at_as_often_as_films(tmp_path: Path) -> None:
    """Each question reads them anew."""
    film = Film()
    for folder, hide in (("original", left), ("anonymized", filled)):
        (tmp_path / folder).mkdir()
        picture = np.asarray(np.random.default_rng(3).integers(90, 110, (96, 160, 3)), np.uint8)
        for person, (x0, y0, x1, y1) in enumerate(boxes(film).astype(int)):
            picture[y0:y1, x0:x1] = hide(face(film, person))
        (tmp_path / folder / "photo.png").write_bytes(saved(Image.fromarray(picture), "PNG"))
    found = ask.asked(
        tmp_path / "original", tmp_path / "anonymized", ["leaks", "quality"], Told(), Asking(), seen(film)
    )
    assert figure(section(found, "leaks"), "any-leak rate").value == 0
    assert figure(section(found, "quality"), "SSIM, outside").n == 1


# Folders


def test_folders_are_compared_file_by_file_and_what_is_alone_is_told(tmp_path: Path) -> None:
    film = Film()
    for name in ("one.mp4", "deep/two.mp4"):
        pair(film, tmp_path, name)
    write(film, tmp_path / "original" / "three.mp4", hidden=False)
    found = ask.asked(tmp_path / "original", tmp_path / "anonymized", ["leaks"], Told(), Asking(), seen(film))
    assert [before.name for before, _ in found.evaluation.pairs] == ["deep/two.mp4", "one.mp4"]
    assert found.left_out == (f"three.mp4: there is no file of that name in {tmp_path / 'anonymized'}",)
    assert figure(section(found, "leaks"), "any-leak rate").n == 6


def test_people_of_two_clips_are_different_people(tmp_path: Path, recognizer: None) -> None:
    film = Film(frames=30, hide=left)
    for name in ("one.mp4", "two.mp4"):
        pair(film, tmp_path, name)
    found = ask.asked(tmp_path / "original", tmp_path / "anonymized", ["reid"], Told(), Asking(), seen(film))
    anonymized = figure(section(found, "reid"), "Rank-1, anonymized, face, track")
    assert anonymized.n == 6
    assert any("of 6 people" in note for note in anonymized.notes)


def test_a_clip_without_a_face_does_not_keep_the_others_from_drifting(tmp_path: Path, recognizer: None) -> None:
    pair(Film(hide=left), tmp_path, "crowd.mp4")
    pair(Film(people=0), tmp_path, "empty.mp4")
    found = ask.asked(tmp_path / "original", tmp_path / "anonymized", ["drift"], Told(), Asking(), seen(Film()))
    distance = figure(section(found, "drift"), "distance to the original")
    assert distance.n == 3
    assert any(note.startswith("empty.mp4: nobody") for note in distance.notes)


def test_who_hid_in_one_file_of_a_folder_measures_in_none_of_them(tmp_path: Path) -> None:
    """So that all figures are of one model, whose name they have."""
    plans = tmp_path / "plans"
    plans.mkdir()
    for seed, (name, sha256) in enumerate((("one", "1f" * 32), ("two", "2e" * 32))):
        original, _ = pair(Film(seed=seed), tmp_path, f"{name}.mp4")
        provenance = {"model mine": sha256}
        with (plans / f"{name}.plan").open("wb") as file:
            store.save(replace(analyze(original), provenance=provenance), file, plans)
    asked_for = []

    def watch(labels, hidden_by, brought):  # type: ignore[no-untyped-def]
        asked_for.append(hidden_by)
        return seen(Film())(labels, hidden_by, brought)

    ask.asked(tmp_path / "original", tmp_path / "anonymized", ["leaks"], Told(plan=plans), Asking(), watch)
    assert len(asked_for) == 2
    assert all({"1f" * 32, "2e" * 32} <= hid for hid in asked_for)


def test_every_model_that_hid_is_told_once(tmp_path: Path) -> None:
    original, anonymized = pair(Film(), tmp_path)
    plan = analyze(original)
    found = ask.asked(original, anonymized, ["leaks"], Told(plan=plan), Asking(), seen(Film())).evaluation
    assert [line.split(" sha256 ")[0] for line in found.hidden_by] == ["centerface"]


def test_of_two_originals_only_the_one_of_the_same_ending_is_compared(tmp_path: Path) -> None:
    """The other one would be held against a file that was not made of it."""
    film = Film()
    pair(film, tmp_path, "street.mp4")
    write(film, tmp_path / "original" / "street.mkv", hidden=False)
    found = ask.asked(tmp_path / "original", tmp_path / "anonymized", ["leaks"], Told(), Asking(), seen(film))
    assert [before.name for before, _ in found.evaluation.pairs] == ["street.mp4"]
    assert found.left_out == (f"street.mkv: there is no file of that name in {tmp_path / 'anonymized'}",)


def test_an_anonymized_file_without_an_original_is_told(tmp_path: Path) -> None:
    pair(Film(), tmp_path, "one.mp4")
    write(Film(), tmp_path / "anonymized" / "more" / "two.mp4", hidden=True)
    found = ask.asked(tmp_path / "original", tmp_path / "anonymized", ["leaks"], Told(), Asking(), seen(Film()))
    assert found.left_out == (f"more/two.mp4: there is no original of that name in {tmp_path / 'original'}",)


def test_one_pair_that_does_not_fit_does_not_spoil_the_others(tmp_path: Path) -> None:
    pair(Film(), tmp_path, "good.mp4")
    original, anonymized = pair(Film(), tmp_path, "bad.mp4")
    write(Film(frames=5), anonymized, hidden=True)
    found = ask.asked(original.parent, anonymized.parent, ["leaks"], Told(), Asking(), seen(Film()))
    assert len(found.evaluation.pairs) == 1
    [line] = found.left_out
    assert line.startswith("bad.mp4")
    assert "has 5 frames" in line


# Bad input


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (Film(frames=10), "has 10 frames and the original goes on"),
        (Film(frames=14), "the original has 12 frames and the anonymized file goes on"),
        (Film(size=(192, 96)), "160x96 and the anonymized file 192x96 pixels large, of another shape"),
        (Film(size=(96, 160), places=((8, 20),), people=1), "turned by a quarter"),
        (Film(rate=20), "frame 3 is shown at 0.120 s in the original and at 0.150 s"),
    ],
)
def test_two_different_clips_are_refused_in_one_line(other: Film, said: str, tmp_path: Path) -> None:
    original = write(Film(), tmp_path / "a.mp4", hidden=False)
    anonymized = write(other, tmp_path / "b.mp4", hidden=True)
    with pytest.raises(InputError, match=said) as error:
        ask.asked(original, anonymized, ["leaks"], Told(), Asking(), seen(Film()))
    assert "\n" not in str(error.value)


def test_a_film_that_has_nothing_of_the_original_is_told_apart_from_one_that_has(tmp_path: Path) -> None:
    """All of a portrait may be hidden; but in another film, everybody of the original seems to be hidden."""
    original = write(tiled(), tmp_path / "a.mp4", hidden=False)
    other = write(tiled(seed=1), tmp_path / "b.mp4", hidden=True)
    doubtful = ask.asked(original, other, ["leaks"], Told(), Asking(), seen(tiled()))
    assert "whether it was made of this original: nothing in it looks as it did" in doubtful.evaluation.missing[0]
    made = write(tiled(), tmp_path / "c.mp4", hidden=True)
    found = ask.asked(original, made, ["leaks"], Told(), Asking(), seen(tiled()))
    assert not any("made of this original" in line for line in found.evaluation.missing)
    assert figure(section(found, "leaks"), "any-leak rate").value == pytest.approx(14 / 15)


def test_a_truth_of_another_clip_is_refused(tmp_path: Path) -> None:
    told = truth(Film(frames=40), tmp_path / "truth.csv")
    with pytest.raises(InputError, match=r"truth\.csv"):
        asked(Film(), tmp_path, "leaks", truth=told)


def test_the_same_file_twice_is_refused(tmp_path: Path) -> None:
    original, _ = pair(Film(), tmp_path)
    with pytest.raises(OptionError, match="given twice"):
        ask.asked(original, original, ["leaks"], Told(), Asking(), nobody)


def test_an_unknown_question_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="no question luck"):
        asked(Film(), tmp_path, "luck")
