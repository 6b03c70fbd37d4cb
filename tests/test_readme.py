"""What the README tells people to type works."""

from __future__ import annotations

import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import footage
import pytest

from passerby import cli

ROOT = Path(__file__).resolve().parents[1]
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
INSTALL, TESTS, *SHELL = (text for language, text in BLOCKS if language == "sh")
PYTHON = [text for language, text in BLOCKS if language == "python"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with the files that the README speaks of."""
    footage.write(footage.walking(), tmp_path / "street.mp4", footage.Coding(sound="aac"))
    footage.write(footage.walking(), tmp_path / "clip.mov")
    footage.draw(footage.walking(), tmp_path / "photo.jpg")
    (tmp_path / "recordings").mkdir()
    shutil.copy(tmp_path / "clip.mov", tmp_path / "recordings")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def commands(text):
    return [line.partition("#")[0].strip() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("command", [line for text in SHELL for line in commands(text)])
def test_a_command_of_the_readme_works(here, command):
    program, *words = shlex.split(command)
    assert program == "passerby"
    assert cli.main(words) == 0


@pytest.mark.parametrize("text", PYTHON)
def test_python_of_the_readme_works(here, text):
    exec(compile(text, "README.md", "exec"), {})
    assert (here / "hidden.mp4").exists()


def test_the_example_hides_what_it_says(here, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["example", "street.mp4", "out.mp4"])
    runpy.run_path(str(ROOT / "examples" / "own_detector_and_effect.py"), run_name="__main__")
    assert "lamps hidden in 30 frames" in capsys.readouterr().out
    assert (here / "out.mp4").exists()


def test_the_tests_are_run_in_ci_as_the_readme_says():
    assert TESTS.strip() in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.skipif("CI" not in os.environ, reason="installs from the package index: set CI=1 to run it")
def test_the_first_command_installs_and_runs_the_main_job(tmp_path):
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    bare = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    subprocess.run(INSTALL.strip(), shell=True, cwd=tmp_path, env=bare, check=True, capture_output=True, timeout=1200)
    assert (tmp_path / "passerby_demo_anonymized.mp4").stat().st_size > 100_000
