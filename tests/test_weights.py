"""Which model file is taken, and that no other one is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from passerby import weights
from passerby.core.errors import WeightsError

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path(weights.__file__).with_name("models")


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No models of this machine's user count here."""
    monkeypatch.delenv("PASSERBY_MODELS", raising=False)
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    weights.verify.cache_clear()
    yield
    weights.verify.cache_clear()


def copy(folder: Path, content: bytes | None = None) -> Path:
    """The detector's file, or something else under its name, in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "centerface.onnx"
    path.write_bytes((PACKAGE / path.name).read_bytes() if content is None else content)
    return path


def test_the_detector_comes_with_the_package() -> None:
    assert weights.find("centerface") == PACKAGE / "centerface.onnx"


def test_every_entry_is_what_lies_in_the_package() -> None:
    for entry in weights.TABLE.values():
        assert (PACKAGE / entry.file).stat().st_size == entry.size
        weights.verify(PACKAGE / entry.file, entry.sha256)


def test_the_licence_lies_beside_the_detector() -> None:
    assert "Copyright (c) 2019 StarClouds" in (PACKAGE / "LICENSE.centerface").read_text()


def test_the_users_cache_comes_before_the_package() -> None:
    path = copy(list(weights.folders())[-2])
    assert weights.find("centerface") == path


def test_the_named_folder_comes_before_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    copy(list(weights.folders())[-2])
    path = copy(tmp_path / "mine")
    monkeypatch.setenv("PASSERBY_MODELS", str(tmp_path / "mine"))
    assert weights.find("centerface") == path


def test_a_named_folder_without_the_file_leaves_the_search_to_the_next(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PASSERBY_MODELS", str(tmp_path))
    assert weights.find("centerface") == PACKAGE / "centerface.onnx"


@pytest.mark.parametrize("content", [b"", b"another model"])
def test_another_file_under_the_name_stops_the_search(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes
) -> None:
    """The package holds the right one, but whoever put a file there meant it to be used."""
    path = copy(tmp_path, content)
    monkeypatch.setenv("PASSERBY_MODELS", str(tmp_path))
    with pytest.raises(WeightsError, match=str(path)):
        weights.find("centerface")


def test_one_changed_bit_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    content = bytearray((PACKAGE / "centerface.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    copy(tmp_path, bytes(content))
    monkeypatch.setenv("PASSERBY_MODELS", str(tmp_path))
    with pytest.raises(WeightsError, match="not the model it should be"):
        weights.find("centerface")


def test_ones_own_file_is_taken_as_it_is(tmp_path: Path) -> None:
    path = copy(tmp_path, b"trained at home")
    assert weights.find("centerface", path) == path


@pytest.mark.parametrize("name", ["missing.onnx", "."])
def test_ones_own_file_has_to_be_one(tmp_path: Path, name: str) -> None:
    with pytest.raises(WeightsError, match="give the path"):
        weights.find("centerface", tmp_path / name)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(WeightsError, match="centerface"):
        weights.find("facecentre")


def test_a_missing_file_says_where_it_could_be_put(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(weights, "folders", lambda: iter([tmp_path / "a", tmp_path / "b"]))
    with pytest.raises(WeightsError, match=f"none of {tmp_path / 'a'}, {tmp_path / 'b'}"):
        weights.find("centerface")


def test_the_build_makes_the_file_that_the_table_wants() -> None:
    hook = ROOT / "hatch_build.py"
    pins = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.parse(hook.read_text()).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    assert pins["REWRITTEN_SHA256"] == weights.TABLE["centerface"].sha256
