"""Faces in pairs: scores that can be counted by hand, and random ones that scikit-learn counts the same."""

from __future__ import annotations

import numpy as np
import pytest

from passerby.core.errors import NotMeasurable
from passerby.evaluate import faces, verification
from passerby.evaluate.pairs import Embedded

IMPOSTORS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95]
GENUINE = [0.85, 0.92, 0.96, 0.3]


@pytest.mark.parametrize(("far", "at", "tar"), [(0.1, 0.9, 0.5), (0.2, 0.8, 0.75)])
def test_a_threshold_accepts_so_many_impostors(far, at, tar):
    """T7."""
    assert verification.threshold(IMPOSTORS, far) == at
    assert verification.accepted(IMPOSTORS, at) == far
    assert verification.accepted(GENUINE, at) == tar


def test_too_few_impostors_are_an_error_and_no_zero():
    """T7: one in a hundred cannot be seen in ten."""
    with pytest.raises(NotMeasurable, match="needs 100 scores of different people at least, got 10"):
        verification.threshold(IMPOSTORS, 0.01)


@pytest.mark.parametrize("far", [0.29, 0.57, 0.07])
def test_rates_that_floating_point_rounds_down_are_reached(far):
    impostors = np.arange(100) / 100
    assert verification.accepted(impostors, verification.threshold(impostors, far)) == pytest.approx(far)


def test_impostors_that_score_alike_are_accepted_together_or_not_at_all():
    """A FAR may be undercut but not exceeded."""
    impostors = [0.5] * 6 + [0.1] * 4
    at = verification.threshold(impostors, 0.3)
    assert at == 0.5
    assert verification.accepted(impostors, at) == 0


@pytest.mark.parametrize(
    ("genuine", "impostors", "auc", "eer"),
    [([1, 2], [-1, 0], 1, 0), ([0], [1], 0, 1), ([1, 1], [1, 1], 0.5, 0.5), ([0, 1], [0, 1], 0.5, 0.5)],
)
def test_curves_of_a_few_pairs(genuine, impostors, auc, eer):
    assert verification.area_under_curve(genuine, impostors) == auc
    assert verification.equal_error_rate(genuine, impostors) == eer


@pytest.mark.parametrize("seed", range(20))
def test_random_pairs_are_as_sklearn_has_them(seed):
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    optimize = pytest.importorskip("scipy.optimize", reason="scipy is not installed")
    random = np.random.default_rng(seed)
    genuine, impostors = random.normal(1, 1, random.integers(1, 60)), random.normal(0, 1, random.integers(1, 200))
    if seed % 2:  # with ties
        genuine, impostors = np.round(genuine), np.round(impostors)
    labels = np.repeat([1, 0], [len(genuine), len(impostors)])
    scores = np.concatenate([genuine, impostors])
    assert verification.area_under_curve(genuine, impostors) == pytest.approx(metrics.roc_auc_score(labels, scores))
    fpr, tpr, _ = metrics.roc_curve(labels, scores, drop_intermediate=False)
    eer = optimize.brentq(lambda x: 1 - x - np.interp(x, fpr, tpr), -1e-9, 1 + 1e-9)
    assert verification.equal_error_rate(genuine, impostors) == pytest.approx(eer, abs=1e-6)


def test_searches_of_those_who_are_there_and_of_those_who_are_not():
    scores = [[0.9, 0.2, 0.5], [0.4, 0.3, 0.6]]
    searches = verification.search(scores, [1, 2], [1, 2, 3])
    assert searches.mated.tolist() == [0.9, 0.3]
    assert searches.rivals.tolist() == [0.5, 0.6]
    assert verification.identified(searches, 0.5).tolist() == [True, False]
    assert verification.identified(searches, 0.9).tolist() == [False, False]


def test_a_tie_for_the_first_place_is_the_attackers():
    searches = verification.search([[0.7, 0.7]], [1], [2, 1])
    assert verification.identified(searches, 0.5).all()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: verification.search([[0.5]], [1], [1]),
        lambda: verification.search([[0.5]], [1], [2]),
        lambda: verification.search([[np.nan, 0]], [1], [1, 2]),
        lambda: verification.accepted([], 0.5),
        lambda: verification.area_under_curve([], [1]),
        lambda: verification.threshold([np.nan] * 100, 0.1),
    ],
)
def test_what_cannot_be_compared_is_refused(wrong):
    with pytest.raises(NotMeasurable):
        wrong()


# Figures

EACH = 10


def crowd(people=12, noise=0.15, seed=0):
    """Embeddings of people who are told apart easily, (people * EACH, 32)."""
    random = np.random.default_rng(seed)
    each = random.normal(size=(people, 32)).repeat(EACH, axis=0)
    return each + noise * random.normal(size=each.shape)


def pair(originals, anonymized, detected=None, model="", apart=25):
    """Of ten faces each of everybody, so many frames apart."""
    frames = np.tile(np.arange(EACH) * apart, len(originals) // EACH)
    identities = np.repeat(np.arange(len(originals) // EACH), EACH)
    return Embedded(identities, frames, originals, anonymized, model, detected)


def by_name(found):
    return {figure.name: figure for figure in found}


def test_without_anonymization_everybody_is_recognized():
    rows = crowd()
    figures = by_name(faces.figures(pair(rows, rows, model="net 0123")))
    for side in ("originals", "anonymized"):
        assert figures[f"Rank-1, {side}"].value == 1
        assert figures[f"TAR at FAR 0.001, {side}"].value > 0.99
        assert figures[f"EER, {side}"].value == 0
        assert figures[f"TPIR at FPIR 0.01, {side}"].value > 0.99
    assert figures["TAR at FAR 0.001, originals"].n == 12 * 10 * 9 / 2
    assert figures["TAR at FAR 0.001, anonymized"].n == 12 * 10 * 9
    assert figures["Rank-1, anonymized"].model == "net 0123"
    assert "guessing gives 0.0756" in figures["Rank-1, anonymized"].notes


@pytest.mark.parametrize(("apart", "gap"), [(12, 25), (4, 10)])
def test_faces_of_neighbouring_frames_are_no_pairs(apart, gap):
    """Each is at least three faces away from those that it is compared with: 7 + 6 + … + 1 pairs are left of ten."""
    rows = crowd()
    figures = by_name(faces.figures(pair(rows, rows, apart=apart), gap_frames=gap))
    assert figures["TAR at FAR 0.001, originals"].n == 12 * 28
    assert figures["TAR at FAR 0.001, anonymized"].n == 12 * 28 * 2
    assert f"from {gap} frames apart" in figures["Rank-1, originals"].protocol


def test_only_the_neighbouring_frame_is_alike_and_nobody_is_recognized():
    """Frame by frame two people change places with each other."""
    rows = crowd(people=2, noise=0.01)
    turned = np.concatenate([rows[:5], rows[15:], rows[10:15], rows[5:10]])
    figures = by_name(faces.figures(pair(turned, turned, apart=5)))
    assert figures["Rank-1, originals"].value == 0


def test_a_clip_shorter_than_the_gap_is_said_to_be():
    rows = crowd()
    with pytest.raises(NotMeasurable, match="25 frames apart or more; give a longer clip"):
        faces.figures(pair(rows, rows, apart=2))


def test_noise_in_place_of_faces_comes_out_at_chance():
    rows = crowd()
    noise = np.random.default_rng(9).normal(size=rows.shape)
    figures = by_name(faces.figures(pair(rows, noise)))
    assert figures["Rank-1, anonymized"].low <= 9 / 119 <= figures["Rank-1, anonymized"].high
    assert figures["AUC, anonymized"].value == pytest.approx(0.5, abs=0.05)
    assert figures["TAR at FAR 0.001, anonymized"].value < 0.02
    assert figures["Rank-1, originals"].value == 1


def test_too_few_impostors_are_reported_as_missing():
    rows = crowd(people=3)
    figure = by_name(faces.figures(pair(rows, rows)))["TAR at FAR 0.0001, anonymized"]
    assert figure.value is None
    assert "needs 10000 scores of different people at least, got 300" in figure.missing


def test_a_model_that_gives_everybody_the_same_measures_nothing():
    """No pair would be above the highest score, and TAR 0."""
    same = np.ones_like(crowd())
    with pytest.raises(NotMeasurable, match="degenerate"):
        faces.figures(pair(same, same))


def test_faces_that_are_not_detected_are_counted_apart():
    rows = crowd()
    detected = np.arange(len(rows)) % 4 > 0
    hidden = np.where(detected[:, None], rows, np.random.default_rng(1).normal(size=rows.shape))
    figures = by_name(faces.figures(pair(rows, hidden, detected)))
    assert figures["undetected, anonymized"].value == 0.25
    assert figures["TAR at FAR 0.01, anonymized"].value == pytest.approx(0.75, abs=0.03)
    assert figures["TAR at FAR 0.01, anonymized, detected"].value > 0.99


def test_a_model_that_never_errs_here_is_not_said_never_to_err():
    rows = crowd()
    figure = by_name(faces.figures(pair(rows, rows)))["EER, originals"]
    assert (figure.value, figure.low, figure.high) == (0, None, None)
    assert figure.notes == ("all 12 came to the same; up to 22 % of others may not",)


def test_one_person_who_is_detected_gives_an_error_rate_without_an_interval():
    rows = crowd()
    figure = by_name(faces.figures(pair(rows, rows, np.arange(len(rows)) < EACH)))["EER, anonymized, detected"]
    assert figure.notes == ("one person alone gives no interval",)


def test_where_nobody_is_detected_there_are_no_pairs_of_those():
    rows = crowd()
    figures = by_name(faces.figures(pair(rows, rows, np.zeros(len(rows), bool))))
    assert {figures[f"{name}, anonymized, detected"].value for name in ("AUC", "EER", "TAR at FAR 0.01")} == {None}
