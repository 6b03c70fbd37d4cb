"""Re-identification of people whose embeddings we make up, and of real crops where there are some."""

from __future__ import annotations

import numpy as np
import onnx_models
import pytest

from passerby.core.errors import NotMeasurable
from passerby.evaluate import embedders, market, reid
from passerby.evaluate.market import Labelled
from passerby.evaluate.pairs import Embedded
from passerby.evaluate.reid import Level, Mode

MODES = (Mode.SAME_FRAME, Mode.CROSS_TIME, Mode.TRACK)


def crowd(people=20, each=8, noise=0.1):
    """Whose, frames 10 apart, and embeddings of people who are told apart easily."""
    random = np.random.default_rng(0)
    identities = np.repeat(np.arange(people), each)
    frames = np.tile(np.arange(each) * 10, people)
    rows = random.normal(size=(people, 32))[identities] + noise * random.normal(size=(people * each, 32))
    return identities, frames, rows


def by_name(result):
    return {figure.name: figure for figure in result.figures()}


@pytest.mark.parametrize("mode", MODES)
def test_whoever_is_not_anonymized_is_found(mode):
    identities, frames, rows = crowd()
    result = reid.evaluate(Embedded(identities, frames, rows, rows, "net 0123"), mode, "body")
    figures = by_name(result)
    assert figures["Rank-1, anonymized"].value == figures["mINP, anonymized"].value == 1
    assert result.level is Level.POOR
    assert figures["Rank-1, anonymized"].model == "net 0123"
    assert figures["Rank-1, anonymized"].protocol == f"re-identification, body, {mode.value}"


@pytest.mark.parametrize(
    ("mode", "chance"), [(Mode.SAME_FRAME, 1 / 20), (Mode.CROSS_TIME, 4.25 / 156.25), (Mode.TRACK, 1 / 20)]
)
def test_the_same_fill_for_everybody_comes_out_at_chance(mode, chance):
    identities, frames, rows = crowd()
    fill = np.tile(np.random.default_rng(1).normal(size=32), (len(rows), 1))
    result = reid.evaluate(Embedded(identities, frames, rows, fill), mode, "body")
    figure = by_name(result)["Rank-1, anonymized"]
    assert result.chance == pytest.approx(chance, abs=0.01)
    assert figure.low <= chance <= figure.high
    assert figure.value <= 2 * chance
    assert by_name(result)["Rank-1, originals"].value == 1
    assert result.level is Level.EXCELLENT


def test_a_clip_that_is_shorter_than_the_gap_cannot_be_measured():
    """Whoever is seen once is found by background and posture: no recognition."""
    identities, frames, rows = crowd(each=2)
    people = Embedded(identities, frames, rows, rows)
    with pytest.raises(NotMeasurable, match="nobody is to be seen twice, 11 frames apart"):
        reid.evaluate(people, Mode.CROSS_TIME, "body", gap_frames=11)
    assert reid.evaluate(people, Mode.CROSS_TIME, "body", gap_frames=10).anonymized.skipped == 0


@pytest.mark.parametrize("mode", MODES)
def test_one_person_alone_cannot_be_told_from_anybody(mode):
    identities, frames, rows = crowd(people=1)
    with pytest.raises(NotMeasurable, match=r"beside somebody else|told apart from two people on"):
        reid.evaluate(Embedded(identities, frames, rows, rows), mode, "body")


def test_frames_of_one_person_are_left_out_of_the_same_frame():
    identities, frames = np.array([1, 2, 1, 2]), np.array([0, 0, 5, 6])
    result = reid.evaluate(Embedded(identities, frames, np.eye(4), np.eye(4)), Mode.SAME_FRAME, "body")
    assert result.anonymized.queries.tolist() == [0, 1]
    assert result.anonymized.skipped == 2
    assert any("2 queries have nobody to be told from" in note for note in result.notes)


def test_a_crop_is_not_found_by_a_neighbouring_frame():
    """Only the frame beside it resembles the query: across time it has to be recognized, and is not."""
    rows = np.array([[1, 0, 0], [0.6, 0, 0.8], [0, 1, 0], [0.8, 0.1, 0.1]])
    people = Embedded(np.array([1, 1, 1, 2]), np.array([0, 50, 1, 99]), rows, np.array([[1, 0, 0]] * 4))
    result = reid.evaluate(people, Mode.CROSS_TIME, "body", gap_frames=25)
    assert result.anonymized.first[0] == 2


def test_tracks_are_compared_across_their_halves():
    """Two who exchange their clothes half way are taken for each other."""
    rows = np.array([[1.0, 0], [0, 1], [0, 1], [1, 0]])
    people = Embedded(np.array([1, 1, 2, 2]), np.array([0, 9, 0, 9]), rows, rows)
    result = reid.evaluate(people, Mode.TRACK, "body")
    assert result.originals.first.tolist() == [2, 2]


@pytest.mark.parametrize(
    ("rank_1", "word"),
    [
        (0.0, Level.EXCELLENT),
        (0.0999, Level.EXCELLENT),
        (0.10, Level.GOOD),
        (0.2499, Level.GOOD),
        (0.25, Level.MODERATE),
        (0.50, Level.MODERATE),
        (0.5001, Level.POOR),
        (1.0, Level.POOR),
    ],
)
def test_levels(rank_1, word):
    assert reid.level(rank_1) is word


def test_a_level_comes_with_what_it_means():
    identities, frames, rows = crowd(people=3)
    result = reid.evaluate(Embedded(identities, frames, rows, np.ones((24, 32))), Mode.TRACK, "face")
    first, *others = by_name(result)["Rank-1, anonymized"].notes
    assert first.startswith("level ")
    assert any("chance is 33.3%, the originals' own Rank-1 100.0%, of 3 people" in note for note in others)
    assert any("guessing alone" in note for note in others)


def test_a_model_that_knows_nobody_is_said_to_prove_nothing():
    identities, frames, rows = crowd()
    blind = np.random.default_rng(2).normal(size=rows.shape)
    result = reid.evaluate(Embedded(identities, frames, blind, blind), Mode.CROSS_TIME, "body")
    assert any("says nothing about privacy" in note for note in result.notes)


def test_a_model_that_gives_everybody_the_same_is_the_worst_case_and_flagged():
    identities, frames, rows = crowd()
    same = np.ones_like(rows)
    result = reid.evaluate(Embedded(identities, frames, same, same), Mode.CROSS_TIME, "body")
    assert by_name(result)["Rank-1, anonymized"].value == 1
    assert any("degenerate" in note for note in result.notes)


# Data sets


class Colours:
    """Tells people apart by their mean colour."""

    model = "colours"

    def embed(self, crops):
        return np.array([crop.reshape(-1, 3).mean(axis=0) for crop in crops], np.float32)


def coloured(*rows):
    """Rows of (identity, camera, colour)."""
    columns = np.array([row[:2] for row in rows], np.int64).T
    crops = tuple(np.full((8, 4, 3), colour, np.uint8) for *_, colour in rows)
    return Labelled(*columns, np.arange(len(rows)), crops)


RED, GREEN, BLUE = (200, 10, 10), (10, 200, 10), (10, 10, 200)
SEEN = coloured((1, 1, RED), (1, 1, RED), (2, 1, GREEN), (2, 1, GREEN), (0, 1, BLUE))


def test_queries_of_another_camera_are_looked_up():
    found = reid.compare(coloured((1, 2, RED), (2, 2, GREEN), (0, 2, BLUE)), SEEN, Colours(), "body")
    assert found.anonymized.first.tolist() == [1, 1]
    assert found.anonymized.entries.tolist() == [5, 5]


def test_originals_are_looked_up_by_the_same_rule_as_queries():
    """Two change clothes between the cameras: only a crop of the same camera resembles the right one."""
    seen = coloured((1, 1, RED), (1, 1, RED), (1, 3, GREEN), (2, 1, GREEN), (2, 3, RED))
    found = reid.compare(coloured((1, 2, RED), (2, 2, GREEN)), seen, Colours(), "body")
    assert found.originals.queries.tolist() == [0, 1, 2, 3, 4]
    assert (found.originals.first > 1).all()


def test_originals_of_one_camera_give_no_figure_and_queries_still_do():
    found = reid.compare(coloured((1, 2, RED), (2, 2, GREEN)), coloured((1, 1, RED), (2, 1, GREEN)), Colours(), "body")
    figures = by_name(found)
    assert figures["Rank-1, anonymized"].value == 1
    assert figures["Rank-1, originals"].value is None
    assert figures["Rank-1, originals"].missing
    assert any("is open" in note for note in figures["Rank-1, anonymized"].notes)


def test_two_folders_of_one_camera_raise_and_do_not_score_zero():
    with pytest.raises(NotMeasurable, match="none of 2 queries has a true match"):
        reid.compare(coloured((1, 1, RED), (2, 1, GREEN)), SEEN, Colours(), "body")


def test_distractors_alone_are_nobody():
    with pytest.raises(NotMeasurable, match="distractors"):
        reid.compare(coloured((0, 2, RED)), SEEN, Colours(), "body")


@pytest.mark.parametrize("name", ["osnet_x0_25_msmt17", "person_reid_retail_0287", "person_reid_retail_0288"])
def test_real_people_are_recognized_and_a_fill_is_not(name):
    """With published weights, on crops of eight people whose identities were checked by eye."""
    path = onnx_models.real(f"{name}.onnx")
    if not (onnx_models.DATA / "reid").is_dir():
        pytest.skip("no ../shared/data beside the repository")
    crops = market.read(onnx_models.DATA / "reid/arcade")
    embedder = embedders.registered(name, path)
    originals = embedder.embed(crops.crops)
    fill = embedder.embed([np.full_like(crop, 90) for crop in crops.crops])
    people = Embedded(crops.identities, crops.frames, originals, fill, embedder.model)
    result = by_name(reid.evaluate(people, Mode.CROSS_TIME, "body", gap_frames=8))
    assert result["Rank-1, originals"].value > 0.95
    hidden = result["Rank-1, anonymized"]
    assert hidden.low <= result["Rank-1, chance"].value <= hidden.high
    assert hidden.value < 0.2
