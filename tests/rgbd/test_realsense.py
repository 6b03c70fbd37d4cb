"""A camera is read through its library; here through a stand-in for it."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from passerby.core.errors import InputError, OptionError, UnsupportedMedia
from passerby.rgbd.realsense import RealSense


@dataclass
class Library:
    """As much of pyrealsense2 as is used."""

    shots: list[tuple[Any, Any]]
    unit_m: float = 0.001
    kind: str = "bgr8"
    fails: bool = False
    calls: list[Any] = field(default_factory=list)

    stream = SimpleNamespace(depth="depth", color="color")
    format = SimpleNamespace(z16="z16", bgr8="bgr8", rgb8="rgb8")

    def note(self, name: str) -> Any:
        return lambda *values, **named: self.calls.append((name, *values, *named.items()))

    def config(self) -> Any:
        names = ("enable_device_from_file", "enable_device", "enable_stream")
        return SimpleNamespace(**{name: self.note(name) for name in names})

    def pipeline(self) -> Any:
        left = iter(self.shots)
        sensor = SimpleNamespace(get_depth_scale=lambda: self.unit_m)
        playback = SimpleNamespace(set_real_time=self.note("set_real_time"))
        device = SimpleNamespace(first_depth_sensor=lambda: sensor, as_playback=lambda: playback)

        def start(config: Any) -> Any:
            if self.fails:
                raise RuntimeError("No device connected")
            return SimpleNamespace(get_device=lambda: device)

        def wait(timeout_ms: int) -> tuple[bool, Any]:
            shot = next(left, None)
            return shot is not None, shot

        return SimpleNamespace(start=start, stop=self.note("stop"), try_wait_for_frames=wait)

    def align(self, stream: str) -> Any:
        return SimpleNamespace(process=self.frames)

    def frames(self, shot: tuple[Any, Any]) -> Any:
        colour, depth = (
            None
            if values is None
            else SimpleNamespace(
                get_data=lambda values=values: values,
                get_profile=lambda: SimpleNamespace(format=lambda: self.kind),
                get_timestamp=lambda: 1500.0,
            )
            for values in shot
        )
        return SimpleNamespace(get_color_frame=lambda: colour, get_depth_frame=lambda: depth)


COLOUR = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
DEPTH = np.arange(8, dtype=np.uint16).reshape(2, 4)


def installed(monkeypatch: pytest.MonkeyPatch, library: Library) -> Library:
    monkeypatch.setitem(sys.modules, "pyrealsense2", library)
    return library


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    path = tmp_path / "session.bag"
    path.touch()
    return path


def test_a_recording_is_read_to_its_end_as_fast_as_it_goes(monkeypatch: pytest.MonkeyPatch, bag: Path) -> None:
    library = installed(monkeypatch, Library([(COLOUR, DEPTH), (COLOUR, None), (COLOUR, DEPTH)]))
    with RealSense(bag) as camera:
        readings = list(camera)
    assert len(readings) == 2, "colour without depth is passed over"
    assert np.array_equal(readings[0].bgr, COLOUR)
    assert np.array_equal(readings[0].depth, DEPTH)
    assert readings[0].time_s == 1.5
    assert not np.shares_memory(readings[0].bgr, COLOUR)
    assert ("set_real_time", False) in library.calls
    assert library.calls[0] == ("enable_device_from_file", str(bag), ("repeat_playback", False))
    assert library.calls[-1] == ("stop",)


def test_another_unit_is_turned_into_metres(monkeypatch: pytest.MonkeyPatch, bag: Path) -> None:
    installed(monkeypatch, Library([(COLOUR, DEPTH)], unit_m=0.0001))
    with RealSense(bag) as camera:
        [reading] = camera
    assert reading.depth.dtype == np.float32
    assert np.allclose(reading.depth, DEPTH * 0.0001)


def test_red_and_blue_change_places_where_they_must(monkeypatch: pytest.MonkeyPatch, bag: Path) -> None:
    installed(monkeypatch, Library([(COLOUR, DEPTH)], kind="rgb8"))
    with RealSense(bag) as camera:
        [reading] = camera
    assert np.array_equal(reading.bgr, COLOUR[..., ::-1])


def test_a_camera_that_falls_silent_is_an_error_and_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    library = installed(monkeypatch, Library([(COLOUR, DEPTH)]))
    with pytest.raises(InputError, match="the camera 123 gave no picture"), RealSense(serial="123") as camera:
        list(camera)
    assert ("enable_device", "123") in library.calls
    assert ("enable_stream", "color", 640, 480, "bgr8", 30) in library.calls
    assert library.calls[-1] == ("stop",)


def test_colour_that_is_not_understood_is_refused(monkeypatch: pytest.MonkeyPatch, bag: Path) -> None:
    installed(monkeypatch, Library([(COLOUR, DEPTH)], kind="yuyv"))
    with pytest.raises(UnsupportedMedia, match="yuyv"), RealSense(bag) as camera:
        list(camera)


def test_what_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed(monkeypatch, Library([], fails=True))
    with pytest.raises(InputError, match="No device connected"), RealSense():
        pass
    with pytest.raises(InputError, match="there is no recording"):
        RealSense(tmp_path / "nowhere.bag")
    monkeypatch.setitem(sys.modules, "pyrealsense2", None)
    with pytest.raises(OptionError, match="pip install pyrealsense2"):
        RealSense()
