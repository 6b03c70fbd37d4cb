"""report.json holds every figure with what it takes to judge it, and is explained key by key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import drawn_evaluations as drawn
import numpy as np
import pytest

from passerby.evaluate.findings import Curve, Evaluation, Line, Section
from passerby.evaluate.report.record import record
from passerby.evaluate.statistics import Figure

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCHEMA = json.loads((DOCS / "evaluate-report.schema.json").read_text(encoding="utf-8"))


def read(evaluation: Evaluation, plots: dict[Curve, list[str]] | None = None) -> dict[str, Any]:
    whole = json.loads(record(evaluation, plots or {}))
    assert isinstance(whole, dict)
    return whole


def test_a_figure_has_all_that_it_takes_to_judge_it() -> None:
    [section] = read(drawn.evaluation(drawn.reid()))["sections"]
    assert section["figures"][0] == {
        "name": "Rank-1, anonymized",
        "value": 0.03,
        "low": 0.01,
        "high": 0.06,
        "n": 240,
        "unit": "",
        "protocol": "re-identification, face, cross-time",
        "model": {"name": "sface.onnx", "sha256": "ab12" * 16},
        "missing": "",
        "notes": [],
    }
    assert section["figures"][2]["model"] is None


def test_what_could_not_be_measured_is_no_number() -> None:
    whole = read(drawn.evaluation())
    [figure] = whole["sections"][2]["figures"]
    assert (figure["value"], figure["missing"]) == (None, "no video model is here")
    lpips = whole["sections"][1]["goals"][1]
    assert (lpips["passed"], lpips["sure"], lpips["missing"]) == (None, False, "no network was given")


def test_the_same_evaluation_gives_the_same_bytes() -> None:
    assert record(drawn.evaluation(), {}) == record(drawn.evaluation(), {})


def test_a_broken_line_has_no_numbers_where_it_is_broken() -> None:
    gap = np.array([0.5, np.nan, np.inf])
    section = Section(name="drift", question="?", figures=(), curves=(drawn.curve(Line("a", gap, gap)),))
    text = record(drawn.evaluation(section), {}).decode()
    assert not re.search("NaN|Infinity", text)
    assert json.loads(text)["sections"][0]["curves"][0]["lines"] == [
        {"name": "a", "x": [0.5, None, None], "y": [0.5, None, None]}
    ]


def test_numbers_of_numpy_are_numbers() -> None:
    figure = Figure(name="SSIM", value=np.float32(0.5), n=np.int64(3))  # type: ignore[arg-type]
    [section] = read(drawn.evaluation(Section(name="quality", question="?", figures=(figure,))))["sections"]
    assert (section["figures"][0]["value"], section["figures"][0]["n"]) == (0.5, 3)


def test_what_is_known_of_a_hider_besides_its_sum_goes_to_its_name() -> None:
    guessed = Evaluation(pairs=(), sections=(), hidden_by=(f"{drawn.HIDER} (assumed)", "another tool"))
    assert read(guessed)["hidden_by"] == [
        {"name": "centerface.onnx (assumed)", "sha256": "77" * 32},
        {"name": "another tool", "sha256": None},
    ]


@pytest.mark.parametrize(
    "evaluation",
    [
        drawn.evaluation(),
        drawn.evaluation(drawn.reid(broken=("a solid fill is recognized",))),
        Evaluation(pairs=(), sections=()),
    ],
    ids=["whole", "broken", "empty"],
)
def test_it_is_as_the_schema_says(evaluation: Evaluation) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(read(evaluation), SCHEMA)


def test_the_schema_refuses_a_number_with_a_reason_for_its_absence() -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    whole = read(drawn.evaluation())
    whole["sections"][2]["figures"][0]["value"] = 0.5
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(whole, SCHEMA)


def test_schema_document_and_record_have_the_same_keys() -> None:
    written = set(keys(read(drawn.evaluation())))
    assert set(declared(SCHEMA)) == written
    rows = re.findall(r"^\| (`.+?) \|(.+?)\|", (DOCS / "evaluate-report.md").read_text(encoding="utf-8"), re.MULTILINE)
    names = " ".join(f"{first} {kind}" for first, kind in rows)
    assert written <= set(re.findall(r"\w+", " ".join(re.findall(r"`(.+?)`", names))))


def keys(node: Any) -> Iterator[str]:
    """Every key of a record, wherever it is."""
    if isinstance(node, dict):
        yield from node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from keys(child)


def declared(node: Any) -> Iterator[str]:
    """Every property that a schema requires, wherever it is."""
    if isinstance(node, dict):
        yield from node.get("required", ())
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from declared(child)
