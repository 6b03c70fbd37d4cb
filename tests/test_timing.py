"""`--profile`: a timeline of what was done when."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import drawn_frames
import footage
import pytest

from passerby import cli, timing
from passerby.core.errors import OutputError
from passerby.paint.diffusion.timeline import Timeline
from passerby.paint.effects import Fill, Mosaic


def events(path: Path, name: str) -> list[dict[str, Any]]:
    return [event for event in json.loads(path.read_text())["traceEvents"] if event["name"] == name]


def test_every_frame_of_a_run_is_there_once_for_each_step(tmp_path: Path) -> None:
    footage.write(footage.standing(), tmp_path / "in.mp4")
    profile = tmp_path / "profile.json"
    words = ["-o", str(tmp_path / "out.mp4"), "--end", "0.2", "--profile", str(profile), "-q"]
    assert cli.main([str(tmp_path / "in.mp4"), *words]) == 0
    assert [event["args"]["frame"] for event in events(profile, "encode")] == [0, 1, 2, 3, 4]
    assert len(events(profile, "decode")) >= 5
    painted, encoded = events(profile, "paint")[0], events(profile, "encode")[0]
    assert painted["ts"] + painted["dur"] <= encoded["ts"]
    assert all(event["dur"] >= 0 for event in (painted, encoded))


def test_a_model_has_rows_of_its_own_and_what_it_did_before_is_left_out() -> None:
    model = Timeline()
    with model.span("draw", 0):
        pass
    run = Timeline()
    with run.span("paint", 0), model.span("encode", 1):
        pass
    with model.span("draw", 1):
        pass
    came = [event for event in timing.trace(run, [model])["traceEvents"] if event["ph"] == "X"]
    assert [(event["name"], *event["args"].items()) for event in came] == [
        ("paint", ("frame", 0)),
        ("VAE encode", ("batch", 1)),
        ("U-Net", ("batch", 1)),
    ]
    assert len({event["tid"] for event in came}) == 3
    paint, encode, draw = came
    assert paint["ts"] <= encode["ts"] <= draw["ts"]


def test_every_device_has_rows_of_its_own() -> None:
    run, one, other = Timeline(), Timeline("cuda:0"), Timeline("cuda:1")
    with one.span("draw", 0), other.span("draw", 0), one.span("encode", 1):
        pass
    came = timing.trace(run, [one, other])["traceEvents"]
    names = {event["tid"]: event["args"]["name"] for event in came if event["ph"] == "M"}
    told = {(names[event["tid"]], event["name"], event["args"]["batch"]) for event in came if event["ph"] == "X"}
    assert told == {
        ("U-Net, cuda:0", "U-Net", 0),
        ("U-Net, cuda:1", "U-Net", 0),
        ("VAE encode, cuda:0", "VAE encode", 1),
    }


def test_a_run_that_fails_leaves_no_profile(tmp_path: Path) -> None:
    class Broken:
        batch, reach, blind = 1, 0, True

        def paint(self, frames: Any, hidden: Any) -> Any:
            raise OutputError("broken")

    profile = tmp_path / "profile.json"
    parts = timing.Parts(Broken(), Broken(), Broken())  # type: ignore[arg-type]
    with pytest.raises(OutputError), timing.profiled(profile, parts, force=False) as timed:
        timed.effect.paint([drawn_frames.frame()], [[]])
    assert not profile.exists()


@pytest.mark.parametrize("effect", [Fill(), Mosaic()])
def test_a_profiled_effect_is_shown_what_it_is_shown_otherwise(effect: Any, tmp_path: Path) -> None:
    parts = timing.Parts(effect, effect, effect)  # type: ignore[arg-type]
    with timing.profiled(tmp_path / "profile.json", parts, force=False) as timed:
        wanted = [getattr(effect, name, False) for name in ("batch", "reach", "blind", "drawn")]
        assert [getattr(timed.effect, name, False) for name in ("batch", "reach", "blind", "drawn")] == wanted


def test_a_profile_takes_nobodys_place(tmp_path: Path, capsys: Any) -> None:
    source = tmp_path / "in.png"
    footage.draw(footage.standing(), source)
    assert cli.main([str(source), "--profile", str(source), "-y"]) == 2
    assert "--profile" in capsys.readouterr().err
    (tmp_path / "there.json").touch()
    assert cli.main([str(source), "--profile", str(tmp_path / "there.json")]) == 1
    assert "exists" in capsys.readouterr().err
