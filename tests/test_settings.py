"""Options as Python users give them: what is accepted, what is refused, what is warned of."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from passerby.core.errors import OptionError
from passerby.settings import Options


def test_files_may_be_given_as_text(tmp_path):
    picture = tmp_path / "x.png"
    picture.touch()
    options = Options(plan="p.json", image=str(picture))
    assert (options.plan, options.image) == (Path("p.json"), picture)


TIMES = [
    (0.2, Fraction(1, 5)),
    (2, Fraction(2)),
    ("12.5", Fraction(25, 2)),
    ("0:02", Fraction(2)),
    ("01:02:03.5", Fraction(7447, 2)),
    (Fraction(1, 3), Fraction(1, 3)),
]


@pytest.mark.parametrize(("given", "exact"), TIMES)
def test_times_become_exact(given, exact):
    options = Options(start=given, end=9999)
    assert options.start == exact
    assert isinstance(options.start, Fraction)
    assert isinstance(options.end, Fraction)


@pytest.mark.parametrize(
    ("given", "exact"), [(12.5, Fraction(25, 2)), ("29.97", Fraction(2997, 100)), ("30000/1001", Fraction(30000, 1001))]
)
def test_frame_rates_become_exact(given, exact):
    assert Options(fps=given).fps == exact


TRIANGLE = ((1.0, 2.0), (3.5, 4.0), (-5.0, 6.0))
ZONES = [
    ("1,2 3.5,4 -5,6", (TRIANGLE,)),
    (["1,2 3.5,4 -5,6"], (TRIANGLE,)),
    (["1,2 3.5,4 -5,6", "1,2 3.5,4 -5,6"], (TRIANGLE, TRIANGLE)),
    ([[(1, 2), (3.5, 4), (-5, 6)]], (TRIANGLE,)),
    ([], ()),
    (None, ()),
]


@pytest.mark.parametrize(("given", "zones"), ZONES)
def test_zones_are_corners(given, zones):
    assert Options(keep_zone=given).keep_zone == zones


WRONG = [
    ("start", "soon"),
    ("start", "1:2:3:4"),
    ("start", -3),
    ("end", math.nan),
    ("end", math.inf),
    ("end", [2]),
    ("fps", "fast"),
    ("fps", "1/0"),
    ("fps", 0),
    ("fps", math.nan),
    ("plan", 3),
    ("image", 3),
    ("image", "missing.png"),
    ("grow", -0.1),
    ("grow", 5.1),
    ("grow", math.inf),
    ("grow", math.nan),
    ("grow", "much"),
    ("cells", 0),
    ("cells", 65),
    ("cells", 4.5),
    ("conf", 1),
    ("conf", math.nan),
    ("conf", "high"),
    ("crf", -1),
    ("crf", math.inf),
    ("crf", math.nan),
    ("max_res", 15),
    ("max_res", 640.5),
    ("seed", -1),
    ("seed", 0.5),
    ("quality", "best"),
    ("quality", 3),
    ("min_face", 5),
    ("min_face", 1001),
    ("min_face", 12.5),
    ("min_size", 0),
    ("min_size", math.inf),
    ("min_size", "small"),
    ("keep_zone", "1,2 3,4"),
    ("keep_zone", "1,2 3,4 five"),
    ("keep_zone", "1,2 3,4 nan,6"),
    ("keep_zone", 3),
    ("only_zone", [[1, 2, 3]]),
    ("only_zone", ["1,2 3,4 5,6", "1,2"]),
    ("force", "no"),
    ("salvage", 1),
    ("hide", 3),
    ("method", ["fill"]),
    ("colour", 0),
    ("preset", 5),
    ("grow", True),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_wrong_values_are_refused_by_name(name, value):
    with pytest.raises(OptionError, match=f"^--{name.replace('_', '-')}") as refused:
        Options(**{name: value})
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    "changes", [{"grow": 0}, {"grow": 5}, {"cells": 1}, {"cells": 64}, {"crf": 0}, {"min_face": 6}, {"min_face": 1000}]
)
def test_the_ends_of_the_ranges_are_in(changes):
    Options(**changes)


@pytest.mark.parametrize(
    ("changes", "warned"),
    [
        ({}, []),
        ({"cells": 10}, []),
        ({"cells": 11, "method": "fill"}, []),
        ({"method": "blur"}, ["undone in part"]),
        ({"method": "outline"}, ["NOTHING IS HIDDEN: outline only draws boxes around faces"]),
        (
            {"hide": "faces,persons,plates", "method": "outline,face=fill"},
            ["NOT EVERYTHING IS HIDDEN: outline only draws boxes around persons, plates"],
        ),
        ({"models": "plate=x.onnx"}, ["plates have a --model and are not in --hide faces"]),
        ({"models": "person=x.onnx", "hide": "heads"}, []),
        ({"models": ["person=x.onnx", "head=y.onnx"], "hide": "heads"}, ["persons have a --model"]),
        ({"keep_zone": "0,0 9,0 9,9"}, ["inside a --keep-zone stays visible"]),
        ({"only_zone": "0,0 9,0 9,9"}, ["touches an --only-zone"]),
        ({"min_size": 24}, ["smaller than 24 pixels stays visible"]),
    ],
)
def test_what_may_leave_somebody_recognizable_is_warned_of(changes, warned):
    warnings = Options(**changes).warnings()
    assert len(warnings) == len(warned)
    assert all(part in line for part, line in zip(warned, warnings, strict=True))


ALL = {"hide": "faces,persons,text"}
PER_CLASS = [
    ({}, "thresholds", [0.2, 0.2, 0.5]),
    ({"conf": 0.1}, "thresholds", [0.1, 0.1, 0.5]),
    ({"conf": "0.1"}, "thresholds", [0.1, 0.1, 0.5]),
    ({"conf": "persons=.4,text=.3"}, "thresholds", [0.2, 0.4, 0.3]),
    ({"grow": 0.6}, "growths", [0.6, 0.2, 0.2]),
    ({"grow": "face=.5, person=.3"}, "growths", [0.5, 0.3, 0.1]),
    ({"grow": ".6,text=0"}, "growths", [0.6, 0.2, 0]),
    ({}, "shapes", ["oval", "box", "box"]),
    ({"shape": "box,person=oval"}, "shapes", ["box", "oval", "box"]),
    ({"method": "fill"}, "methods", ["fill", "fill", "fill"]),
    ({"method": "text=noise,fill"}, "methods", ["fill", "fill", "noise"]),
]


@pytest.mark.parametrize(("changes", "asked", "values"), PER_CLASS)
def test_each_class_may_have_a_value_of_its_own(changes, asked, values):
    chosen = getattr(Options(**ALL, **changes), asked)()
    assert chosen == pytest.approx(dict(zip(("face", "person", "text"), values, strict=True)))


@pytest.mark.parametrize("name", ["conf", "grow", "shape", "method"])
@pytest.mark.parametrize("wrong", ["cat={}", "face={0},faces={0}", "{0},{0}", "face=", "face=much", ""])
def test_what_makes_no_sense_for_a_class_is_refused_in_one_line(name, wrong):
    value = {"conf": ".4", "grow": ".4", "shape": "box", "method": "fill"}[name]
    with pytest.raises(OptionError, match=f"^--{name}") as refused:
        Options(**{name: wrong.format(value)}).check_classes()
    assert len(str(refused.value).splitlines()) == 1


def test_a_value_is_the_same_as_a_number_and_as_text():
    assert Options(grow="0.3", conf=".2") == Options()
    assert Options(grow="face=.5").changed() == {"grow": "face=.5"}


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("every", np.uint8(4), 4),
        ("steps", np.int64(5), 5),
        ("crop", np.array(256), 256),
        ("guidance", np.float32(1.5), 1.5),
        ("seed", np.uint32(7), 7),
        ("compile", np.bool_(True), True),
    ],
)
def test_numbers_of_numpy_become_pythons_own(name, given, kept):
    """Small ones would wrap around in the middle of a film."""
    value = getattr(Options(**{name: given}), name)
    assert (value, type(value)) == (kept, type(kept))
