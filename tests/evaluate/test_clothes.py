"""The table of targets for changed clothes: each passed, failed, or not measurable here and why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from evaluate.composed import Film, filled, left, pair, seen, truth

from passerby.arguments import parse
from passerby.cli import main
from passerby.core.errors import InputError
from passerby.evaluate import ask, cost, distribution, report
from passerby.evaluate.ask import Asked, Told
from passerby.evaluate.brought import Brought
from passerby.evaluate.sections import clothes
from passerby.evaluate.sections.answer import Asking
from passerby.evaluate.sections.clothes import GOALS

RUN = {"frames": 300, "seconds": 5.0, "machine": "Linux x86_64, 16 cores, NVIDIA H100", "peak_vram_mb": 5120.5}


def asked(folder: Path, film: Film | None = None, **asking: Any) -> Asked:
    film = film or Film()
    original, changed = pair(film, folder)
    told = Told(truth=truth(film, folder / "truth.csv", "person"))
    return ask.asked(original, changed, ["clothes"], told, Asking(**asking), seen(film))


def rows(found: Asked) -> dict[str, list[str]]:
    """The cells of each target's row."""
    lines = report.targets(found.evaluation)[1 : len(GOALS) + 1]
    cells = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in lines]
    return {row[0]: row[1:] for row in cells}


def written(path: Path, **run: Any) -> Path:
    path.write_text(json.dumps({"files": [{"report": {**RUN, **run}}]}))
    return path


def masks(folder: Path, *areas: tuple[int, int, int, int]) -> Path:
    folder.mkdir()
    for i, (x0, y0, x1, y1) in enumerate(areas):
        area = np.zeros((96, 160), np.uint8)
        area[y0:y1, x0:x1] = 255
        cv2.imwrite(str(folder / f"{i:03}.png"), area)
    return folder


class Means:
    """Features that are a picture's mean colour."""

    def __init__(self, path: Path, name: str) -> None:
        self.name, self.model = name, "means sha256 none"

    def features(self, pictures: Sequence[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
        return np.stack([picture.reshape(-1, 3).mean(axis=0) for picture in pictures])


def test_every_target_has_a_row_and_what_cannot_be_measured_says_why(tmp_path: Path) -> None:
    table = rows(asked(tmp_path))
    assert list(table) == [goal.figure for goal in GOALS]
    assert table["SSIM"][:1] == ["> 0.85"]
    for name, reason in [
        ("LPIPS", "no network"),
        ("FID", "--features"),
        ("throughput", "--run-report"),
        (cost.VRAM, "--run-report"),
        ("IoU", "--truth-masks"),
    ]:
        assert table[name][1:3] == ["-", "not measurable here"]
        assert reason in table[name][3]


@pytest.mark.parametrize(("hide", "result"), [(left, "pass"), (filled, "fail")])
def test_likeness_is_held_against_the_whole_frame(tmp_path: Path, hide: Any, result: str) -> None:
    film = Film(hide=hide, size=(160, 96))
    assert rows(asked(tmp_path, film))["SSIM"][2] == result


def test_what_lies_inside_and_outside_is_told_apart(tmp_path: Path) -> None:
    lines = report.targets(asked(tmp_path).evaluation)
    [outside] = [line for line in lines if "SSIM, outside" in line]
    [inside] = [line for line in lines if "SSIM, inside" in line]
    assert float(outside.split()[-1]) > 0.8 > 0.5 > float(inside.split()[-1])
    assert any("PSNR, pooled, outside" in line for line in lines)


@pytest.mark.parametrize(
    ("run", "results"),
    [
        ({}, ["pass", "pass", "pass"]),
        ({"seconds": 60.0, "peak_vram_mb": 9000.0}, ["fail", "fail", "fail"]),
        ({"seconds": 20.0, "peak_vram_mb": None}, ["pass", "fail", "not measurable here"]),
    ],
)
def test_cost_comes_from_the_report_of_the_run_with_its_machine(
    tmp_path: Path, run: dict[str, Any], results: list[str]
) -> None:
    table = rows(asked(tmp_path, run_report=written(tmp_path / "run.json", **run)))
    assert [table[name][2] for name in ("time a frame", "throughput", cost.VRAM)] == results
    assert "NVIDIA H100" in table["throughput"][3]
    if run.get("peak_vram_mb", 0) is None:
        assert "does not hold it" in table[cost.VRAM][3]


@pytest.mark.parametrize(
    ("ours", "results"),
    [((20, 20, 60, 60), ["pass", "pass", "pass"]), ((20, 20, 60, 40), ["fail", "pass", "fail"])],
)
def test_masks_are_held_against_those_drawn_by_hand(
    tmp_path: Path, ours: tuple[int, int, int, int], results: list[str]
) -> None:
    folders = masks(tmp_path / "ours", ours), masks(tmp_path / "hand", (20, 20, 60, 60))
    table = rows(asked(tmp_path, masks=folders))
    assert [table[name][2] for name in ("IoU", "pixel accuracy", "F1")] == results


def test_an_fid_of_few_crops_is_held_against_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distribution, "OnnxFeatures", Means)
    found = asked(tmp_path, brought=Brought(features=tmp_path / "inception.onnx"))
    row = rows(found)["FID"]
    assert row[1:3] == ["-", "not measurable here"]
    assert "36 crops of persons, 2000 are wanted" in row[3]
    assert any(line.startswith("apart, without a target: KID") for line in report.targets(found.evaluation))


@pytest.mark.parametrize(("hide", "result"), [(left, "pass"), (filled, "fail")])
def test_an_fid_of_enough_crops_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hide: Any, result: str) -> None:
    monkeypatch.setattr(distribution, "OnnxFeatures", Means)
    monkeypatch.setattr(clothes, "LEAST_CROPS", 36)
    assert (
        rows(asked(tmp_path, Film(hide=hide), brought=Brought(features=tmp_path / "inception.onnx")))["FID"][2]
        == result
    )


def test_the_distance_of_another_network_is_no_fid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distribution, "OnnxFeatures", Means)
    row = rows(asked(tmp_path, brought=Brought(features=tmp_path / "resnet.onnx")))["FID"]
    assert row[2] == "not measurable here"
    assert "no FID" in row[3]


def test_all_other_questions_together_do_not_ask_it() -> None:
    assert "clothes" not in ask.PARTS


def test_masks_that_are_in_no_folder_are_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="two folders of masks"):
        Asking(masks=(tmp_path / "none", tmp_path))


def test_the_command_prints_the_table_and_writes_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film = Film(frames=3)
    original, changed = pair(film, tmp_path)
    who = str(truth(film, tmp_path / "truth.csv", "person"))
    folder = tmp_path / "report"
    assert main(["evaluate", "clothes", str(original), str(changed), "--truth", who, "-q", "-o", str(folder)]) == 0
    head, first, *_ = capsys.readouterr().out.splitlines()
    assert head.split() == ["target", "wanted", "measured", "result", "of"]
    assert first.startswith("SSIM")
    assert [one["figure"] for one in json.loads((folder / "report.json").read_text())["sections"][0]["goals"]] == [
        goal.figure for goal in GOALS
    ]


def test_one_folder_of_masks_alone_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "clothes", "a.mp4", "b.mp4", "--masks", str(tmp_path)]) == 2
    assert "belong together" in capsys.readouterr().err


def test_it_is_a_command_of_its_own() -> None:
    assert parse(["evaluate", "clothes", "a.mp4", "b.mp4"]).command == "evaluate clothes"
