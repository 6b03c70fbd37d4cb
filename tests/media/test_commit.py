"""An output appears whole under its own name, and never over somebody else's file."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from passerby.core.errors import OutputError
from passerby.media import commit
from passerby.media.commit import check_free, committed


@pytest.fixture(params=["hard links", "no hard links"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder on a file system with and without hard links."""

    def refused(source: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    if request.param == "no hard links":
        monkeypatch.setattr(os, "link", refused)
    return tmp_path


def test_a_file_appears_when_the_block_ends_well(folder: Path) -> None:
    with committed(folder / "out.mp4") as file:
        file.write(b"film")
        assert not (folder / "out.mp4").exists()
    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [("out.mp4", b"film")]


def written(path: Path, meanwhile: Callable[[], object]) -> None:
    with committed(path) as file:
        file.write(b"film")
        meanwhile()


def test_nothing_is_left_when_the_block_fails(folder: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        written(folder / "out.mp4", lambda: 1 / 0)
    assert not list(folder.iterdir())


def test_a_file_that_appears_in_the_meantime_is_kept(folder: Path) -> None:
    path = folder / "out.mp4"
    with pytest.raises(OutputError, match="appeared while it was being written; give --force"):
        written(path, lambda: path.write_bytes(b"somebody else's"))
    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [("out.mp4", b"somebody else's")]


def test_a_link_to_nowhere_that_appears_in_the_meantime_is_kept(folder: Path) -> None:
    path = folder / "out.mp4"
    with pytest.raises(OutputError, match="appeared"):
        written(path, lambda: path.symlink_to("nowhere"))
    assert path.is_symlink()


def test_force_replaces_a_file(folder: Path) -> None:
    path = folder / "out.mp4"
    path.write_bytes(b"old")
    with committed(path, force=True) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("name", ["x" * 251 + ".mp4", "\u6620" * 83 + ".mp4"], ids=["Latin", "Chinese"])
def test_a_name_may_be_as_long_as_the_file_system_allows(name: str, folder: Path) -> None:
    with committed(folder / name) as file:
        file.write(b"film")
    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [(name, b"film")]


def test_a_longer_name_is_refused_in_a_sentence(folder: Path) -> None:
    with pytest.raises(OutputError, match="choose another name"), committed(folder / ("x" * 300)):
        pass


CHILD = """
import sys
from pathlib import Path
from passerby.media.commit import check_free, committed
with committed(Path(sys.argv[1])) as file:
    file.write(b"half a film")
    file.flush()
    print(file.name, flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_run_left_is_removed_and_what_a_living_one_writes_is_not(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    command = [sys.executable, "-c", CHILD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        part = Path(child.stdout.readline().strip())
        with pytest.raises(ZeroDivisionError):
            written(path, lambda: 1 / 0)
        assert part.read_bytes() == b"half a film"
        child.kill()
        child.wait()
    assert list(tmp_path.iterdir()) == [part]
    with committed(tmp_path / "another.mp4") as file:
        file.write(b"film")
    assert part.exists()
    with committed(path) as file:
        file.write(b"film")
    assert sorted(tmp_path.iterdir()) == [tmp_path / "another.mp4", path]


def test_a_file_that_another_run_swept_away_is_begun_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = commit._is_free
    swept: list[str] = []

    def first_swept(file: BinaryIO) -> bool:
        if not swept:
            swept.append(file.name)
            os.unlink(file.name)
        return real(file)

    monkeypatch.setattr(commit, "_is_free", first_swept)
    with committed(tmp_path / "out.mp4") as file:
        file.write(b"film")
    assert swept
    assert (tmp_path / "out.mp4").read_bytes() == b"film"


def test_a_link_to_nowhere_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "out.mp4").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputError, match="exists already"):
        check_free(tmp_path / "out.mp4", force=False)
    check_free(tmp_path / "out.mp4", force=True)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_never_replaced_by_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "out.mp4")
    with pytest.raises(OutputError, match="is no file"):
        check_free(tmp_path / "out.mp4", force=True)
