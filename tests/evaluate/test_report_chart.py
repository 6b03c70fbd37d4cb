"""Curves as drawings: what is there is drawn, gaps stay open, and small differences do not look large."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import cv2
import drawn_evaluations as drawn
import numpy as np
import pytest

from passerby.evaluate.findings import Curve, Line
from passerby.evaluate.report import chart, plots
from passerby.evaluate.report.axis import COLUMNS, Axis, pieces

HOSTILE = "<script>&\"'$\\frac{1}$_"


def line(*y: float, name: str = "a") -> Line:
    return Line(name, np.arange(len(y), dtype=np.float64), np.array(y))


def paths(curve: Curve, kind: str) -> list[str]:
    """The ways of all elements of a class."""
    root = ElementTree.fromstring(chart.file(curve))
    return [node.get("d", "") for node in root.iter() if kind in node.get("class", "").split()]


def test_an_axis_of_shares_goes_from_nothing_to_all() -> None:
    assert Axis.around([np.array([0.97, 0.99])]) == Axis(0, 1)
    assert Axis.around([]) == Axis(0, 1)
    assert Axis.around([np.array([np.nan])]) == Axis(0, 1)


def test_any_other_axis_holds_what_is_on_it() -> None:
    assert Axis.around([np.array([10.0, np.inf]), np.array([30.0])], margin=0.1) == Axis(8, 32)
    assert Axis.around([np.array([7.0])]) == Axis(6.5, 7.5)


@pytest.mark.parametrize(
    ("axis", "ticks"),
    [
        (Axis(0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (Axis(1, 10), [2, 4, 6, 8, 10]),
        (Axis(-0.3, 0.3), [-0.2, 0, 0.2]),
        (Axis(0, 9000), [0, 2000, 4000, 6000, 8000]),
    ],
)
def test_ticks_are_round_numbers(axis: Axis, ticks: list[float]) -> None:
    assert axis.ticks() == ticks


def test_a_line_is_broken_where_it_is_not_known() -> None:
    parts = pieces(np.arange(6.0), np.array([1, 2, np.nan, 3, np.nan, 4]))
    assert [part.tolist() for _, part in parts] == [[1, 2], [3], [4]]


def test_a_long_line_keeps_its_outline() -> None:
    x = np.arange(100_000.0)
    y = np.zeros(100_000)
    y[54_321], y[54_322] = 1, -1
    [(at, kept)] = pieces(x, y)
    assert len(at) <= 4 * (COLUMNS + 1)
    assert (at[0], at[-1], kept.max(), kept.min()) == (0, 99_999, 1, -1)
    assert (np.diff(at) > 0).all()


def test_a_way_that_turns_back_is_kept_whole() -> None:
    angles = np.linspace(0, 30, 5000)
    [(x, _)] = pieces(np.cos(angles), np.sin(angles))
    assert len(x) == 5000


def test_the_drawing_follows_the_numbers() -> None:
    [way] = paths(drawn.curve(line(0, 1, 0.5)), "run")
    points = [tuple(map(float, point.split())) for point in way[1:].split("L")]
    left, right = chart.LEFT, chart.WIDTH - chart.RIGHT
    assert [x for x, _ in points] == [left, (left + right) / 2, right]
    low, high, middle = (y for _, y in points)
    assert (low, high) == (chart.HEIGHT - chart.BOTTOM, chart.TOP)
    assert middle == pytest.approx((low + high) / 2)


def test_a_way_back_is_drawn_as_well() -> None:
    [way] = paths(drawn.curve(Line("a", np.array([0, 1.0, 0]), np.array([0, 1.0, 0]))), "run")
    first, _, last = way[1:].split("L")
    assert first == last


def test_one_point_between_gaps_is_seen() -> None:
    lonely = np.full(101, np.nan)
    lonely[:40], lonely[70] = 0.5, 0.2
    shown = drawn.curve(line(*lonely.tolist()))
    assert len(paths(shown, "run")) == 1
    [dots] = paths(shown, "dot")
    assert dots.count("M") == 1


def test_lines_are_told_apart_without_colour() -> None:
    shown = drawn.curve(*(line(0.1 * n, 0.2, name=f"track {n}") for n in range(4)))
    svg = chart.drawing(shown)
    dashes = re.findall(r'class="run k\d"(?: stroke-dasharray="([\d ]+)")? d="M\d+ \d[^H]*?"', svg)
    assert len(set(dashes)) == 4
    for n in range(4):
        assert f">track {n}<" in svg


def test_points_are_not_joined() -> None:
    shown = Curve("Where", "x", "y", (line(1, 2, 3),), "explained", points=True)
    assert paths(shown, "run") == []
    assert paths(shown, "dot")[0].count("M") == 3


def test_more_lines_than_have_room_are_counted() -> None:
    shown = drawn.curve(*(line(0, 1, name=f"track {n}") for n in range(30)))
    assert f"and {30 - chart.LISTED} more" in chart.drawing(shown)


@pytest.mark.parametrize("lines", [(), (Line("none", np.zeros(0), np.zeros(0)),)], ids=["no line", "no point"])
def test_nothing_is_drawn_as_empty_axes(lines: tuple[Line, ...]) -> None:
    assert paths(drawn.curve(*lines), "edge")
    assert not paths(drawn.curve(*lines), "run")


def test_hostile_names_stay_text() -> None:
    shown = Curve(HOSTILE, HOSTILE, HOSTILE, (line(0, 1, name=HOSTILE), line(1, 0)), HOSTILE)
    root = ElementTree.fromstring(chart.file(shown))
    assert not [node for node in root.iter() if node.tag.endswith("script")]
    texts = [node.text for node in root.iter() if node.tag.endswith("text")]
    assert texts.count(HOSTILE) == 4


def test_the_same_curve_is_the_same_file() -> None:
    assert chart.file(drawn.curve(line(0, 1))) == chart.file(drawn.curve(line(0, 1)))


@pytest.mark.parametrize("name", [HOSTILE, "_hidden", "通行人", "track 1"])
def test_matplotlib_draws_them_as_png(name: str) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    shown = Curve(name, name, name, (line(0, 1, np.nan, 0.3, name=name), line(1, 0)), "explained")
    data = plots.png(shown)
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (plots.SIZE_INCHES[1] * plots.DPI, plots.SIZE_INCHES[0] * plots.DPI, 3)
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 10
    assert data == plots.png(shown)
