"""A garment put on by a program that the user has installed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.core.errors import OptionError, StageError
from passerby.paint.clothes import tryon
from passerby.paint.clothes.tryon import Dressed, External
from passerby.paint.diffusion.contract import Crop

PROGRAM = """
import os, sys, time
import cv2, numpy
person, mask, garment, output = sys.argv[1:5]
shown = cv2.imread(person)
colour = cv2.imread(garment).reshape(-1, 3).mean(axis=0)
shown[cv2.imread(mask, cv2.IMREAD_GRAYSCALE) > 0] = colour
{then}
"""
WRITE = "cv2.imwrite(output, shown)"


def program(folder: Path, then: str = WRITE) -> str:
    """The command of a try-on that colours the mask by the garment's mean, and then does something."""
    script = folder / "try on.py"
    script.write_text(PROGRAM.replace("{then}", then))
    return f"{sys.executable} '{script}' {{person}} {{mask}} {{garment}} {{output}}"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where folders for files of a moment lie."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def person() -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    picture = np.full((64, 48, 3), (200, 100, 50), np.uint8)
    mask = np.zeros((64, 48), bool)
    mask[20:50, 10:40] = True
    picture[mask] = 128
    return picture, mask


RED = np.full((30, 20, 3), (220, 30, 10), np.uint8)


def test_the_garment_comes_where_the_mask_is(tmp_path: Path, temporary: Path) -> None:
    picture, mask = person()
    dressed = External(program(tmp_path)).wear(picture, mask, RED)
    assert (dressed[mask] == (220, 30, 10)).all()
    assert (dressed[~mask] == (200, 100, 50)).all()


@pytest.mark.parametrize("then", [WRITE, "sys.exit(3)", "pass", "1 / 0"])
def test_nothing_of_the_person_is_left_on_the_disk(tmp_path: Path, temporary: Path, then: str) -> None:
    try_on = External(program(tmp_path, then))
    if then == WRITE:
        try_on.wear(*person(), RED)
    else:
        with pytest.raises(StageError):
            try_on.wear(*person(), RED)
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")
def test_nobody_else_can_read_what_it_is_shown(tmp_path: Path, temporary: Path) -> None:
    then = f"print(oct(os.stat(os.path.dirname(person)).st_mode & 0o777), file=open({str(tmp_path / 'mode')!r}, 'w'))\n"
    External(program(tmp_path, then + WRITE)).wear(*person(), RED)
    assert (tmp_path / "mode").read_text().strip() == "0o700"


@pytest.mark.parametrize(
    ("then", "said"),
    [
        ("sys.exit('no weights here')", "failed with 1: no weights here"),
        ("sys.exit(3)", "failed with 3: it said nothing"),
        ("pass", "left no picture"),
        ("open(output, 'w').write('no picture')", "left no picture"),
        ("cv2.imwrite(output, shown[:32])", "of 48x32 and not 48x64"),
    ],
)
def test_what_goes_wrong_is_one_line(tmp_path: Path, temporary: Path, then: str, said: str) -> None:
    with pytest.raises(StageError, match=said) as error:
        External(program(tmp_path, then)).wear(*person(), RED)
    assert "\n" not in str(error.value)


def test_one_that_takes_too_long_is_stopped(tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And with it, what it started."""
    started: list[subprocess.Popen[bytes]] = []

    class Seen(subprocess.Popen[bytes]):
        def __init__(self, *words: object, **options: object) -> None:
            super().__init__(*words, **options)  # type: ignore[call-overload]
            started.append(self)

    monkeypatch.setattr(tryon.subprocess, "Popen", Seen)
    with pytest.raises(StageError, match=r"took more than 0.5 s"):
        External(program(tmp_path, "time.sleep(600)"), timeout_s=0.5).wear(*person(), RED)
    assert started[0].poll() is not None
    assert list(temporary.iterdir()) == []


def test_it_is_told_to_ask_no_hub(tmp_path: Path, temporary: Path) -> None:
    then = f"open({str(tmp_path / 'hub')!r}, 'w').write(os.environ.get('HF_HUB_OFFLINE', ''))\n"
    External(program(tmp_path, then + WRITE)).wear(*person(), RED)
    assert (tmp_path / "hub").read_text() == "1"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("", "lacks"),
        ("python run.py {person} {mask} {garment}", r"lacks \{output\}"),
        ("python run.py {person} {mask} {garment} {output} {style}", "braces that mean nothing"),
        ("python 'run.py {person} {mask} {garment} {output}", "close its quotes"),
        ("no-such-program-here {person} {mask} {garment} {output}", "no program"),
    ],
)
def test_a_command_that_cannot_work_is_refused_at_once(command: str, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        External(command)


def test_words_go_to_the_program_and_to_no_shell(tmp_path: Path, temporary: Path) -> None:
    command = f"{program(tmp_path)} ; touch {tmp_path / 'touched'}"
    External(command).wear(*person(), RED)
    assert not (tmp_path / "touched").exists()


class Wrong:
    def wear(self, person: NDArray[np.uint8], mask: NDArray[np.bool_], garment: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return person[::2]


def test_an_answer_of_another_size_is_refused() -> None:
    picture, mask = person()
    with pytest.raises(StageError, match="wanted is an 8-bit RGB picture"):
        Dressed(Wrong(), RED).inpaint([Crop(picture, mask, "clothes", 1)])
