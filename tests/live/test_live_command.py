"""`passerby live` as a user meets it."""

from __future__ import annotations

import io
import signal
import sys
from types import SimpleNamespace

import av
import footage
import pytest

from passerby import cli
from passerby.commands import live_command

PATIENT = ("--latency", "20000")
"""However busy this machine is."""


@pytest.fixture
def street(tmp_path):
    path = tmp_path / "street.mp4"
    footage.write(footage.walking(), path)
    return path


def test_a_file_in_real_time_into_a_file(street, tmp_path, capsys):
    output = tmp_path / "out.mkv"
    assert cli.main(["live", str(street), "--to", str(output), *PATIENT]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "ended after" in said.err
    with av.open(str(output)) as container:
        assert sum(1 for _ in container.decode(video=0)) > 0


def test_raw_frames_in_and_out(monkeypatch, capsys):
    size = 64 * 48 * 3
    pipes = io.BytesIO(bytes(range(256)) * (size // 256) * 10), io.BytesIO()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=pipes[0]))
    monkeypatch.setattr(live_command.sys, "stdout", SimpleNamespace(buffer=pipes[1]))
    words = ["live", "-", "--size", "64x48", "--fps", "50", "--pixels", "rgb24", "--to", "-", "-q", *PATIENT]
    assert cli.main(words) == 0
    frames, rest = divmod(len(pipes[1].getvalue()), size)
    assert 0 < frames <= 10
    assert rest == 0
    assert capsys.readouterr().err == ""


def test_it_ends_when_its_time_is_up(street, capsys):
    assert cli.main(["live", str(street), "--to", "null", "--seconds", "0.2"]) == 0
    assert "ended after" in capsys.readouterr().err


def test_the_page_is_opened_where_it_is(street, capsys, monkeypatch):
    opened = []
    monkeypatch.setattr(live_command.webbrowser, "open", opened.append)
    assert cli.main(["live", str(street), "--show", "--seconds", "0.2"]) == 0
    assert opened[0].startswith("http://127.0.0.1:")
    assert opened[0] in capsys.readouterr().err


def test_a_signal_ends_it_in_peace(street, tmp_path, monkeypatch):
    output = tmp_path / "out.mkv"
    numbers = signal.SIGINT, signal.SIGTERM
    before = [signal.getsignal(number) for number in numbers]
    monkeypatch.setattr(live_command, "live_run", interrupted(live_command.live_run))
    assert cli.main(["live", str(street), "--to", str(output), "-q"]) == 0
    assert output.exists()
    assert [signal.getsignal(number) for number in numbers] == before


def interrupted(run):
    """A run in which a signal comes with the third frame."""

    def during(feed, sink, *rest):
        write, count = sink.write, []

        def counting(frame):
            write(frame)
            count.append(frame)
            if len(count) == 3:
                signal.raise_signal(signal.SIGTERM)

        sink.write = counting
        run(feed, sink, *rest)

    return during


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["street.mp4"], "--to"),
        (["-", "--to", "null"], "--size"),
        (["-", "--to", "null", "--size", "64"], "WIDTHxHEIGHT"),
        (["-", "--to", "null", "--size", "6x4", "--pixels", "nv12"], "yuv420p"),
        (["x.mp4", "--to", "out.avi"], ".mkv"),
        (["x.mp4", "--to", "gopher://x"], "rtmp"),
        (["x.mp4", "--to", "null", "--late", "show"], "cover"),
        (["x.mp4", "--to", "null", "--latency", "0"], "--latency"),
        (["x.mp4", "--to", "null", "--transport", "pigeon"], "tcp"),
        (["x.mp4", "--to", "null", "--seconds", "0"], "--seconds"),
        (["x.mp4", "--to", "null", "--seconds", "nan"], "--seconds"),
        (["x.mp4", "--show", "--port", "65536"], "--port"),
        (["x.mp4", "--show", "--port", "-1"], "--port"),
    ],
)
def test_wrong_usage_says_what_would_be_right(words, said, capsys):
    assert cli.main(["live", *words]) == 2
    assert said in capsys.readouterr().err


def test_a_file_that_is_not_there(tmp_path, capsys):
    assert cli.main(["live", str(tmp_path / "no.mp4"), "--to", "null"]) == 1
    assert "no.mp4" in capsys.readouterr().err


def test_the_source_is_never_replaced(street, tmp_path, capsys, monkeypatch):
    """Not under another name for it, either, and however much one insists."""
    before = street.read_bytes()
    monkeypatch.chdir(tmp_path)
    for name in (str(street), "street.mp4", f"../{tmp_path.name}/street.mp4"):
        assert cli.main(["live", str(street), "--to", "null", "--to", name, "--force"]) == 1
        assert "is the source itself" in capsys.readouterr().err
    assert street.read_bytes() == before


def test_help(capsys):
    with pytest.raises(SystemExit):
        cli.main(["live", "--help"])
    assert "--latency" in capsys.readouterr().out


def test_it_says_what_is_hidden_and_how(street, capsys):
    """Before any model is looked for, which may not be here."""
    cli.main(["live", str(street), "--to", "null", "--seconds", "0.1", "--style", "casual"])
    assert "hiding faces by mosaic, clothes by recolour, as they come" in capsys.readouterr().err
