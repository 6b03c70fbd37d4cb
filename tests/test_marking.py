"""`--mark`, `--c2pa-cert` and `--visible-label`: from what is typed to how a file is marked."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import footage
import numpy as np
import pytest

import passerby
from passerby import cli
from passerby.commands import live_command
from passerby.core.errors import OptionError, OutputError
from passerby.live.sinks import Encoded, File
from passerby.media.certificate import Signer
from passerby.media.manifest import is_there
from passerby.media.mark import SYNTHETIC, Mark
from passerby.methods import generating, marking
from passerby.settings import Options

PEM = "--c2pa-cert and --c2pa-key belong together"


@pytest.fixture
def generated(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if generators drew faces: what they draw is not at stake here."""
    monkeypatch.setattr(generating, "synthetic", lambda options, labels=(): ("face",))


@pytest.fixture
def able(monkeypatch: pytest.MonkeyPatch) -> Signer:
    """As if the extra c2pa were installed."""
    made = Signer("es256", b"chain", b"key")
    monkeypatch.setattr(marking, "is_there", lambda: True)
    monkeypatch.setattr(marking, "self_made", lambda: made)
    return made


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"mark": "xmp"}, "--mark 'xmp' is not known; choose from auto, tag, c2pa, none"),
        ({"c2pa_cert": "a.pem"}, PEM),
        ({"c2pa_key": "a.pem"}, PEM),
        ({"c2pa_cert": "a.pem", "c2pa_key": "b.pem", "mark": "tag"}, "with --mark tag there is none; leave one out"),
        ({"visible_label": "modifié"}, "--label-text takes up to 60 plain letters"),
        ({"visible_label": "a\nb"}, "--label-text takes up to 60 plain letters"),
        ({"visible_label": 7}, "--visible-label is text, got 7"),
    ],
)
def test_what_makes_no_sense_is_told(options: dict[str, object], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        Options(**options)


@pytest.mark.usefixtures("generated")
def test_a_manifest_comes_with_the_tag_where_it_can(able: Signer) -> None:
    for name, mark, signer in (
        ("a.jpg", "auto", able),
        ("a.MP4", "auto", able),
        ("a.mkv", "auto", None),
        ("a.jpg", "tag", None),
        ("a.jpg", "c2pa", able),
    ):
        assert marking.mark(Options(mark=mark), Path(name)) == Mark(signer, needed=mark == "c2pa")
    assert marking.mark(Options(mark="none"), Path("a.jpg")) is None


@pytest.mark.usefixtures("able")
def test_what_is_only_hidden_is_not_marked() -> None:
    """Nor is a drawn plate: no model has a part in it."""
    for options in (Options(), Options(mark="c2pa"), Options(hide="plates", method="synthetic")):
        assert marking.mark(options, Path("a.jpg")) is None


@pytest.mark.usefixtures("generated")
def test_a_manifest_that_is_asked_for_and_cannot_be_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OptionError, match=r"a.mkv cannot hold a C2PA manifest; write one of .jpg"):
        marking.mark(Options(mark="c2pa"), Path("a.mkv"))
    monkeypatch.setattr(marking, "is_there", lambda: False)
    with pytest.raises(OptionError, match=r"pip install 'passerby\[c2pa\]', or use --mark tag"):
        marking.mark(Options(mark="c2pa"), Path("a.jpg"))
    assert marking.mark(Options(), Path("a.jpg")) == Mark(None)


@pytest.mark.usefixtures("generated")
def test_no_mark_is_warned_of(tmp_path: Path) -> None:
    footage.draw(footage.standing(), tmp_path / "in.png")
    report = passerby.anonymize(tmp_path / "in.png", mark="none")
    assert any("Art. 50" in note for note in report.notes)
    assert b"xmp" not in (tmp_path / "in_anonymized.png").read_bytes()


@pytest.mark.usefixtures("generated")
def test_the_label_is_in_every_frame_and_nowhere_else(tmp_path: Path) -> None:
    """Also by a plan."""
    source = tmp_path / "in.png"
    footage.draw(footage.standing(), source)
    words = ["--mark", "tag", "-q", "-o"]
    assert cli.main([str(source), *words, str(tmp_path / "plain.png"), "--plan", str(tmp_path / "p.plan")]) == 0
    assert cli.main([str(source), *words, str(tmp_path / "told.png"), "--visible-label"]) == 0
    assert (
        cli.main(["render", str(tmp_path / "p.plan"), *words, str(tmp_path / "by.png"), "--label-text", "AI-modified"])
        == 0
    )
    plain, told, by = (cv2.imread(str(tmp_path / name)) for name in ("plain.png", "told.png", "by.png"))
    changed = (plain != told).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert rows.min() > 0.85 * len(plain)
    assert columns.max() < 0.5 * plain.shape[1]
    assert np.array_equal(told, by)


def test_no_label_without_anything_generated(tmp_path: Path) -> None:
    options = Options(visible_label="AI-modified")
    sink = object()
    assert marking.labelled(sink, options) is sink
    assert "no label 'AI-modified': nothing is generated" in options.warnings()


@pytest.mark.skipif(not is_there(), reason="needs the extra c2pa")
@pytest.mark.usefixtures("generated")
def test_where_signing_fails_there_is_no_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marking, "self_made", lambda: Signer("es256", b"no chain", b"no key"))
    footage.draw(footage.standing(), tmp_path / "in.png")
    with pytest.raises(OutputError, match="cannot be signed"):
        passerby.anonymize(tmp_path / "in.png", mark="c2pa")
    assert [path.name for path in tmp_path.iterdir()] == ["in.png"]


# Live


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_live_file_says_it(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"out{suffix}"
    outlet = File(path, mark=Mark())
    outlet.open((64, 48), 25)
    outlet.write(av.VideoFrame(64, 48, "yuv420p"), 0)
    outlet.close(None)
    with av.open(str(path)) as container:
        assert {key.lower(): value for key, value in container.metadata.items()}["comment"] == SYNTHETIC


def test_a_live_stream_says_it(tmp_path: Path) -> None:
    """In its service description, which is sent again and again."""
    stream = Encoded(f"file:{tmp_path / 'out'}", "mpegts", {}, (64, 48), 25, Mark())
    stream.write(av.VideoFrame(64, 48, "yuv420p"), 0)
    stream.finish()
    assert b"compositeWithTrainedAlgorithmicMedia" in (tmp_path / "out").read_bytes()


@pytest.mark.parametrize(
    ("sink", "room"),
    [
        ("out.mkv", True),
        ("rtmp://a/b", True),
        ("srt://a:1", True),
        ("null", True),
        ("rtsp://me:secret@a/b", False),
        ("-", False),
        ("camera:1", False),
    ],
)
def test_it_is_known_what_has_room_for_it(sink: str, room: bool) -> None:
    assert live_command._has_room(sink) == room


def test_what_goes_out_live_cannot_be_signed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["live", "none.mp4", "--to", "null", "--mark", "c2pa"]) == 2
    assert "what goes out live cannot be signed" in capsys.readouterr().err
