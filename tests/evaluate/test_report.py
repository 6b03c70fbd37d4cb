"""A report is whole or not there, says what is wrong at its top, and carries nothing out of the house."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import drawn_evaluations as drawn
import numpy as np
import pytest

from passerby.core.errors import OutputError
from passerby.evaluate import report
from passerby.evaluate.findings import Evaluation, Grid, Line, Medium, Section, Still
from passerby.evaluate.report import plots
from passerby.evaluate.report.page import page
from passerby.evaluate.report.shareable import shareable, text
from passerby.evaluate.statistics import Figure

BROKEN = "with a solid fill 30% are recognized"
VOID = {"meta", "img"}
DRAWN = {"path", "circle", "rect"}


class Read(HTMLParser):
    """A page's elements and texts; fails where an element is not closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID | DRAWN | {"br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def strings(evaluation: Evaluation) -> Iterator[str]:
    """All that is written of it, and printed."""
    yield page(shareable(evaluation))
    yield from report.summary(evaluation)


# The folder


def test_a_report_is_a_page_a_record_and_drawings(tmp_path: Path) -> None:
    report.write(drawn.evaluation(), tmp_path / "report", force=False)
    names = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    plotted = ["report/curves/01-reid-cmc.png"] if plots.available() else []
    assert names == [*plotted, "report/curves/01-reid-cmc.svg", "report/report.html", "report/report.json"]
    whole = json.loads((tmp_path / "report" / "report.json").read_text())
    for name in whole["sections"][0]["curves"][0]["files"]:
        assert (tmp_path / "report" / name).stat().st_size


def test_without_matplotlib_there_are_drawings_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plots, "find_spec", lambda name: None)
    report.write(drawn.evaluation(), tmp_path / "report", force=False)
    assert [path.name for path in (tmp_path / "report" / "curves").iterdir()] == ["01-reid-cmc.svg"]
    assert '<svg xmlns="http://www.w3.org/2000/svg" class="plot"' in (tmp_path / "report" / "report.html").read_text()


def test_an_earlier_report_is_replaced_only_when_asked(tmp_path: Path) -> None:
    report.write(drawn.evaluation(), tmp_path, force=False)
    before = (tmp_path / "report.html").read_bytes()
    with pytest.raises(OutputError, match="--force"):
        report.write(drawn.evaluation(drawn.quality()), tmp_path, force=False)
    assert (tmp_path / "report.html").read_bytes() == before
    report.write(drawn.evaluation(drawn.quality()), tmp_path, force=True)
    assert (tmp_path / "report.html").read_bytes() != before


def test_where_a_part_fails_nothing_takes_its_name(tmp_path: Path) -> None:
    (tmp_path / "report" / "curves" / "01-reid-cmc.svg").mkdir(parents=True)
    with pytest.raises(OutputError):
        report.write(drawn.evaluation(), tmp_path / "report", force=True)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("place", ["file", "missing/report"])
def test_what_cannot_be_written_is_said_before_the_work(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        report.check(tmp_path / place, force=True)


# The page


def test_every_kind_of_section_makes_a_well_formed_page() -> None:
    for sections in [(), (drawn.reid(),), (drawn.quality(), drawn.unmeasured()), (drawn.reid(broken=(BROKEN,)),)]:
        Read(page(drawn.evaluation(*sections)))


def test_nothing_at_all_makes_a_page_that_says_so(tmp_path: Path) -> None:
    nothing = Evaluation(pairs=(), sections=())
    report.write(nothing, tmp_path / "report", force=False)
    said = Read((tmp_path / "report" / "report.html").read_text()).text
    assert "Nothing was measured." in said
    assert "No file was read." in said
    assert "No control failed" not in said
    assert report.summary(nothing) == ["nothing was measured"]


def test_an_invalid_run_says_so_before_anything_else() -> None:
    read = Read(page(drawn.evaluation(drawn.quality(), drawn.reid(broken=(BROKEN,)))))
    assert read.text.index("This run is invalid.") < read.text.index("In short")
    assert f"reid: {BROKEN}" in read.text
    short = read.text[read.text.index("In short") : read.text.index("How to read this")]
    assert "3.0 %" not in short
    assert report.summary(drawn.evaluation(drawn.reid(broken=(BROKEN,))))[0] == (
        f"INVALID, a control failed: reid: {BROKEN}"
    )


def test_the_answers_come_first_with_what_they_are_compared_with() -> None:
    said = Read(page(drawn.evaluation())).text
    short = said[said.index("In short") : said.index("How to read this")]
    assert "✓ met Is anybody found again?" in short
    assert "3.0 % (1.0 to 6.0 % with 95 % confidence, 240 cases); compared with 97.0 % in the original" in short
    assert "✗ not met How good is the picture?" in short
    assert "– not measured Can actions be told?" in short
    assert "street_anonymized.mp4, hidden with centerface.onnx" in said[: said.index("In short")]


def test_what_could_not_be_measured_says_how_it_could() -> None:
    said = Read(page(drawn.evaluation())).text
    assert "passerby models pull lpips_alex" in said
    assert "quality: LPIPS: no network was given" in said
    assert "not measured: no video model is here" in said


def test_every_figure_is_there_with_its_cases_interval_protocol_and_model() -> None:
    said = Read(page(drawn.evaluation())).text
    assert "re-identification, face, cross-time; measured by sface.onnx ab12ab12ab12…" in said
    assert "Rank-1, anonymized 3.0 % 1.0 to 6.0 % 240" in said
    assert "PSNR, pooled 31.24 dB from 30 dB 300" in said
    assert "FID a high FID is not privacy 62 none 300" in said
    assert f"sface.onnx sha256 {'ab12' * 16}" in said


def test_a_note_of_all_figures_of_a_protocol_is_told_once() -> None:
    figures = [replace(each, notes=("faces as told by the truth", each.name)) for each in drawn.found()[:2]]
    said = Read(page(drawn.evaluation(drawn.reid(figures)))).text
    assert said.count("faces as told by the truth") == 1
    assert said.index("faces as told by the truth") < said.index("Rank-1, anonymized Rank-1, anonymized 3.0 %")


def test_what_is_said_of_all_models_that_hid_is_said_once_at_the_top() -> None:
    lines = tuple(f"{name} sha256 {'0f' * 32} (assumed)" for name in ("one", "two"))
    said = Read(page(replace(drawn.evaluation(), hidden_by=lines))).text
    assert "street_anonymized.mp4, hidden with one, two (assumed) No control failed." in said


def test_how_files_of_two_sizes_were_compared_is_told_to_everybody() -> None:
    said = "street.mp4: the anonymized file was padded by 4 < 5 at the bottom"
    whole = replace(drawn.evaluation(), compared=(said,))
    assert "padded by 4 &lt; 5 at the bottom" in page(whole)
    assert "two sizes" not in page(drawn.evaluation())
    assert any(line.startswith("compared ") and line.endswith(said) for line in report.summary(whole))


def test_goals_are_told_with_how_sure_that_is() -> None:
    said = Read(page(drawn.evaluation(drawn.quality()))).text
    assert "SSIM above 0.85 0.91 (0.88 to 0.94) ✓ met the whole interval says so" in said
    assert "LPIPS below 0.15 not measured ! in doubt no network was given" in said
    assert "FID below 50 62 ✗ not met not met by the value; it has no interval" in said


def test_a_grid_lays_figures_side_by_side_and_folds_them_away_below() -> None:
    names = ("SSIM", "SSIM, inside", "LPIPS", "PSNR, pooled")
    grid = Grid("Likeness", "1 is the same.", ("a", "b", "c", "d"), (("Whole <frame>", names),))
    read = Read(page(drawn.evaluation(replace(drawn.quality(), grids=(grid,)))))
    assert "Likeness 1 is the same. a b c d Whole <frame> 0.91 0.88 to 0.94; 300 cases" in read.text
    assert "not there not measured no network was given 31.24 dB from 30 dB; 300 cases" in read.text
    assert "All 4 figures, and how each was measured" in read.text
    assert "All 4 figures" not in Read(page(drawn.evaluation(drawn.quality()))).text


def test_frames_are_shown_as_they_are_given() -> None:
    [image] = [attributes for tag, attributes in Read(page(drawn.evaluation())).tags if tag == "img"]
    assert image["alt"] == "Frame 12, 0.48 s: a face is hidden by half"
    assert str(image["src"]).startswith("data:image/jpeg;base64,")


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    read = Read(page(drawn.evaluation()))
    assert not {tag for tag, _ in read.tags} & {"script", "link", "iframe", "object", "base", "form"}
    outside = [value for _, attributes in read.tags for name, value in attributes.items() if name in {"src", "href"}]
    assert all(str(value).startswith(("data:", "#")) for value in outside)
    assert "default-src 'none'" in page(drawn.evaluation())


def test_the_page_is_the_same_for_the_same_evaluation() -> None:
    assert page(drawn.evaluation()) == page(drawn.evaluation())


# What must not go out


HOSTILE = "\"><script>alert('x')</script>&amp;"


def everywhere(said: str) -> Evaluation:
    """An evaluation in which all texts are `said`."""
    figures = (
        Figure(name=said, value=0.5, n=1, protocol=said, model=said, unit=said, notes=(said,)),
        Figure(name="b", value=None, n=0, missing=said),
    )
    shown = replace(drawn.curve(Line(said, np.arange(2.0), np.arange(2.0))), title=said, x_label=said, explained=said)
    section = Section(
        name=said,
        question=said,
        figures=figures,
        headline=(said,),
        curves=(shown,),
        stills=(Still(0, 0.0, said, np.zeros((8, 8, 3), np.uint8)),),
    )
    medium = Medium(said, "00", 1, (2, 2))
    return Evaluation(
        pairs=((medium, medium),),
        sections=(section, replace(section, broken=(said,))),
        missing=(said,),
        hidden_by=(said,),
    )


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    report.write(everywhere(HOSTILE), tmp_path / "report", force=False)
    read = Read((tmp_path / "report" / "report.html").read_text())
    assert "script" not in {tag for tag, _ in read.tags}
    assert not [name for _, attributes in read.tags for name in attributes if name.startswith("on")]
    assert HOSTILE in read.text
    assert json.loads((tmp_path / "report" / "report.json").read_text())["missing"] == [HOSTILE]


def test_names_of_all_scripts_are_kept(tmp_path: Path) -> None:
    said = "通行人 прохожий عابر 🚶‍♀️.mp4"
    report.write(everywhere(said), tmp_path / "report", force=False)
    assert said in (tmp_path / "report" / "report.html").read_text()
    assert said in (tmp_path / "report" / "report.json").read_text()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("a\x1b[2Jb\nc", "a\\x1b[2Jb\\nc"),  # would wipe a terminal
        ("half \udcff", "half \\udcff"),  # a file name that is no text
        ("gpj\u202e.exe", "gpj\\u202e.exe"),  # would be read from right to left
        ("cannot read /home/ann/models/x.onnx", "cannot read x.onnx"),
        ("--models=/srv/w/x.onnx", "--models=x.onnx"),
        ("'C:\\Users\\ann\\x.onnx' is missing", "'x.onnx' is missing"),
        ("~/models/x.onnx", "x.onnx"),
        ("MSE / n, frames/s, day/street.mp4", "MSE / n, frames/s, day/street.mp4"),
        ("https://example.org/a/b", "https://example.org/a/b"),
    ],
)
def test_texts_are_on_one_line_and_name_no_folder_of_the_machine(said: str, told: str) -> None:
    assert text(said) == told
    for line in strings(everywhere(said)):
        assert "/home/ann" not in line
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f\ud800-\udfff\u202e]", line)


@pytest.mark.parametrize("name", ["/home/Ann Other/clips/street.mp4", "C:\\Users\\Ann Other\\street.mp4"])
def test_a_file_is_told_by_its_name_alone(name: str) -> None:
    medium = Medium(name, "00", 1, (2, 2))
    told = shareable(Evaluation(pairs=((medium, replace(medium, name="day/street.mp4")),), sections=()))
    assert [each.name for each in told.pairs[0]] == ["street.mp4", "day/street.mp4"]


def test_every_text_of_an_evaluation_is_made_shareable(tmp_path: Path) -> None:
    report.write(everywhere("/secret/folder/x"), tmp_path / "report", force=False)
    for path in (tmp_path / "report").rglob("*"):
        assert not path.is_file() or b"secret" not in path.read_bytes(), path.name


# The console


def test_the_summary_stands_in_columns() -> None:
    lines = report.summary(drawn.evaluation())
    assert [line[:23] for line in lines] == [
        "reid     met           ",
        "quality  not met       ",
        "utility  not measured  ",
        "missing                ",
    ]
    assert lines[1].endswith("0.91 (0.88 to 0.94 with 95 % confidence, 300 cases).")
    assert lines[3].endswith("LPIPS: passerby models pull lpips_alex")
