"""Files that a user brings: refused before the films are read, and used instead of the registry's models."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluate.composed import SIDE, Film, boxes, filled, left, nobody, pair, seen
from onnx_models import helper, model, noise, numpy_helper, onnx

from passerby.core.errors import InputError, OptionError
from passerby.evaluate import ask, plate_texts, pose_files
from passerby.evaluate.ask import Told
from passerby.evaluate.brought import Brought
from passerby.evaluate.findings import Section
from passerby.evaluate.sections import plates
from passerby.evaluate.sections.answer import Asking
from passerby.evaluate.watchers import watchers
from passerby.leftovers.seekers import sums


def network(path: Path, inputs: dict[str, list[int]], over: list[int], output: list[int], keep: int = 0) -> Path:
    """Gives the mean of its first input over some axes."""
    axes = numpy_helper.from_array(np.array(over, np.int64), "over")
    node = helper.make_node("ReduceMean", [next(iter(inputs)), "over"], ["out"], keepdims=keep)
    ports = [helper.make_tensor_value_info(name, 1, shape) for name, shape in inputs.items()]
    graph = helper.make_graph([node], "means", ports, [helper.make_tensor_value_info("out", 1, output)], [axes])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return path


def clips(path: Path) -> Path:
    """Scores of three actions: how red, green and blue a clip is."""
    return network(path, {"clip": [1, 3, 4, 8, 8]}, [0, 2, 3, 4], [3])


def section(
    film: Film, folder: Path, part: str, asking: Asking, told: Told | None = None, watch: Any = nobody
) -> Section:
    found = ask.asked(*pair(film, folder), (part,), told or Told(), asking, watch)
    [one] = found.evaluation.sections
    return one


def values(of: Section) -> dict[str, float | None]:
    return {figure.name: figure.value for figure in of.figures}


def test_a_network_of_ones_own_tells_faces_apart(tmp_path: Path) -> None:
    path = network(tmp_path / "mine.onnx", {"face": [1, 3, 112, 112]}, [2, 3], [1, 3])
    asking = Asking(brought=Brought(face_model=f"arcface={path}"))
    film = Film(frames=60, hide=left)
    reid = section(film, tmp_path, "reid", asking, watch=seen(film))
    assert "mine.onnx" in reid.figures[0].model


def test_a_model_that_hid_does_not_measure_though_it_was_brought(tmp_path: Path) -> None:
    path = network(tmp_path / "mine.onnx", {"face": [1, 3, 112, 112]}, [2, 3], [1, 3])
    asking = Asking(brought=Brought(face_model=f"arcface={path}"))
    film = Film()
    with pytest.raises(OptionError, match="did the hiding"):
        section(film, tmp_path, "reid", asking, Told(hidden_by=(str(path),)), seen(film))


def drawn_detector(path: Path) -> Path:
    """A YOLOX of one class that finds one thing in the middle, whatever it sees."""
    rows = np.zeros((1, 126, 6), np.float32)
    rows[0, 0] = [48, 32, 40, 40, 1, 0.9]
    rows[0, 1:, :2] = 48, 32
    return model(path, {"output": rows})


def test_a_detector_of_ones_own_looks_unless_it_hid(tmp_path: Path) -> None:
    path = drawn_detector(tmp_path / "mine.onnx")
    found_by = watchers(["person"], [], {"person": f"yolox:{path}"})
    assert found_by.models["person"].startswith("mine.onnx sha256 ")
    detector = found_by.detector((96, 64))
    assert detector is not None
    assert [len(found) for found in detector.detect([noise(96, 64)])] == [1]
    with pytest.raises(OptionError, match="did the hiding"):
        watchers(["person"], sums([str(path)]), {"person": f"yolox:{path}"})


def test_a_network_of_clips_tells_actions_and_distances(tmp_path: Path) -> None:
    path = clips(tmp_path / "clips.onnx")
    same = values(section(Film(hide=left), tmp_path / "a", "utility", Asking(brought=Brought(actions=path))))
    assert same["top-1 after"] == 1
    apart = values(section(Film(), tmp_path / "b", "temporal", Asking(brought=Brought(video_features=path))))
    name = "Fréchet video distance of clips"
    assert (apart[name] or 0) > 100 * abs(
        values(section(Film(hide=left), tmp_path / "c", "temporal", Asking(brought=Brought(video_features=path))))[name]
        or 0
    )


def test_a_network_of_flow_takes_the_place_of_dis(tmp_path: Path) -> None:
    """It sees nothing move: the flow is a mean of nought."""
    zero = numpy_helper.from_array(np.zeros((1, 2, 96, 160), np.float32), "zero")
    ports = [helper.make_tensor_value_info(name, 1, [1, 3, 96, 160]) for name in ("first", "second")]
    graph = helper.make_graph(
        [helper.make_node("Identity", ["zero"], ["flow"])],
        "still",
        ports,
        [helper.make_tensor_value_info("flow", 1, [1, 2, 96, 160])],
        [zero],
    )
    path = tmp_path / "still.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    steady = section(Film(), tmp_path, "temporal", Asking(brought=Brought(flow=path)))
    assert "still.onnx" in steady.figures[0].protocol


# Poses


def poses(path: Path, by: float = 0.0, frames: int = 12) -> Path:
    """One person a frame, points on a diagonal of 100 pixels, moved by so many."""
    points = [value for k in range(17) for value in (10 + 6.25 * k + by, 10 + 6.25 * k, 1)]
    rows = [{"image_id": i, "category_id": 1, "keypoints": points, "score": 0.9} for i in range(frames)]
    path.write_text(json.dumps(rows))
    return path


def test_poses_that_are_found_as_before_are_kept_and_those_elsewhere_are_not(tmp_path: Path) -> None:
    before, same, moved = poses(tmp_path / "b.json"), poses(tmp_path / "s.json"), poses(tmp_path / "m.json", 90)
    kept = values(section(Film(), tmp_path / "1", "utility", Asking(brought=Brought(poses=(before, same)))))
    lost = values(section(Film(), tmp_path / "2", "utility", Asking(brought=Brought(poses=(before, moved)))))
    assert kept["pose mAP after / before"] == pytest.approx(1)
    assert lost["pose mAP after / before"] == 0


# Plates


class Legible:
    """Reads a plate that is not flat."""

    model = f"letters.onnx sha256 {'12' * 32}"

    def __init__(self, path: Path) -> None:
        pass

    def read(self, picture: np.ndarray) -> Any:
        return plates.Reading("AB123", 0.9) if picture.std() > 20 else plates.Reading("", 0.0)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plates.weights, "find", lambda name: Path(name))
    monkeypatch.setattr(plates, "PlateReader", Legible)


def told(film: Film, path: Path, text: str = "AB-123", first: int = 0) -> Path:
    frames = [{"i": i, "box": [float(side) for side in boxes(film)[0]]} for i in range(first, first + 3)]
    path.write_text(json.dumps({"tracks": [{"text": text, "frames": frames}]}))
    return path


@pytest.mark.usefixtures("reader")
def test_hidden_plates_are_read_no_more(tmp_path: Path) -> None:
    film = Film(hide=filled)
    asking = Asking(brought=Brought(plates=told(film, tmp_path / "plates.json")))
    read = values(section(film, tmp_path, "plates", asking))
    assert read[f"{plates.BEST}, originals"] == 1
    assert read[f"{plates.BEST}, anonymized"] == 0
    bare = values(section(replace(film, bare=((1, 0),)), tmp_path / "bare", "plates", asking))
    assert bare[f"{plates.BEST}, anonymized"] == 1, "one frame gives it away"
    assert SIDE >= plates.LEAST_PX


@pytest.mark.usefixtures("reader")
def test_plates_of_another_film_are_no_plates_of_this_one(tmp_path: Path) -> None:
    asking = Asking(brought=Brought(plates=told(Film(), tmp_path / "plates.json", first=11)))
    found = ask.asked(*pair(Film(), tmp_path), ("plates",), Told(), asking, nobody).evaluation
    assert not found.sections
    assert "tells of frame 13, but film.mp4 has 12 frames" in found.missing[0]


@pytest.mark.usefixtures("reader")
def test_without_anybody_who_knows_of_plates_there_is_no_number(tmp_path: Path) -> None:
    found = ask.asked(*pair(Film(), tmp_path), ("plates",), Told(), Asking(), nobody).evaluation
    assert not found.sections
    assert "--plates FILE.json" in found.missing[0]


# What is refused at once


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"face_model": "mine.onnx"}, "mobilefacenet=FILE.onnx or arcface=FILE.onnx$"),
        ({"face_model": "osnet=mine.onnx"}, "no known family"),
        ({"body_model": "mine.onnx"}, "or a checkpoint"),
        ({"plates": "text.json"}, "tells of no plates"),
        ({"poses": ("text.json", "other.json")}, "holds no poses"),
        ({"poses": ("text.json", "text.json")}, "the same file"),
        ({"predictions": ("text.json", "text.json")}, "the same file"),
    ],
)
def test_what_is_none_is_refused_before_anything_is_read(tmp_path: Path, wrong: dict[str, Any], says: str) -> None:
    for name in ("text.json", "other.json"):
        (tmp_path / name).write_text('{"tracks": [{"text": "-", "frames": []}]}')

    def placed(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(placed, value))
        return tmp_path / value if value.endswith(".json") else value

    with pytest.raises((InputError, OptionError), match=says):
        Brought(**{name: placed(value) for name, value in wrong.items()})


@pytest.mark.parametrize(
    ("read", "written"),
    [
        (pose_files.read, '[{"image_id": Infinity, "keypoints": [], "score": 1}]'),
        (plate_texts.read, '{"tracks": [{"text": "A1", "frames": [{"i": 1e999, "box": [0, 0, 9, 9]}]}]}'),
    ],
)
def test_what_has_no_end_is_no_number_of_a_frame(tmp_path: Path, read: Callable[[Path], object], written: str) -> None:
    (tmp_path / "told.json").write_text(written)
    with pytest.raises(InputError, match=r"told\.json .*OverflowError"):
        read(tmp_path / "told.json")
