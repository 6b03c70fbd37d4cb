"""Depth and normals of a person, as a ControlNet is shown them, by small models in the layouts of published ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx_models
import pytest
from numpy.typing import NDArray
from onnx_models import TensorProto, helper, numpy_helper

from passerby.core.errors import StageError, WeightsError
from passerby.paint.diffusion.choice import Relief
from passerby.paint.diffusion.relief import Estimator, Showing, showing

IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}


def linear(path: Path, weights: Any, *, shape: Any = (1, 3, 32, 48), squeezed: bool = False) -> Path:
    """A model whose outputs are `weights` (out, 3) times the colours that it is shown; depth has no channels."""
    held = [numpy_helper.from_array(np.asarray(weights, np.float32)[..., None, None], "weights")]
    nodes = [helper.make_node("Conv", ["pixel_values", "weights"], ["mixed" if squeezed else "told"])]
    if squeezed:
        held.append(numpy_helper.from_array(np.array([1]), "axes"))
        nodes.append(helper.make_node("Squeeze", ["mixed", "axes"], ["told"]))
    told = (1, *shape[2:]) if squeezed else (1, len(weights), *shape[2:])
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, sides)
        for name, sides in (("pixel_values", shape), ("told", told))
    ]
    return onnx_models.save(path, nodes, ports[:1], ports[1:], held, None)


def ramp(width: int = 60, height: int = 90) -> NDArray[np.uint8]:
    """Brighter to the right."""
    levels = np.linspace(20, 120, width).astype(np.uint8)
    return np.repeat(np.repeat(levels[None, :, None], height, axis=0), 3, axis=2)


@pytest.mark.parametrize("squeezed", [False, True])
@pytest.mark.parametrize("shape", [(1, 3, 32, 48), (1, 3, "height", "width")])
def test_what_is_nearest_is_white_and_what_is_farthest_black(tmp_path: Path, shape: Any, *, squeezed: bool) -> None:
    look = Estimator(linear(tmp_path / "midas.onnx", [[5, 5, 5]], shape=shape, squeezed=squeezed), "depth")
    shown = look(ramp())
    assert shown.shape == (90, 60, 3)
    assert shown.dtype == np.uint8
    assert (shown[..., 0] == shown[..., 2]).all()
    assert (shown[:, 0].max(), shown[:, -1].min()) == (0, 255)
    assert (np.diff(shown[45, :, 0].astype(int)) >= 0).all()


def test_a_person_who_is_flat_has_no_depth(tmp_path: Path) -> None:
    look = Estimator(linear(tmp_path / "midas.onnx", [[1, 1, 1]]), "depth")
    assert not look(np.full((40, 20, 3), 90, np.uint8)).any()


def test_normals_are_colours_whatever_their_length(tmp_path: Path) -> None:
    """A fourth channel, how sure they are, does not count."""
    weights = [[-4, 0, 0], [0, 0, 0], [0, 0, 3], [9, 9, 9]]
    look = Estimator(linear(tmp_path / "normals.onnx", weights), "normal")
    shown = look(np.full((40, 20, 3), 255, np.uint8))
    assert shown.shape == (40, 20, 3)
    assert shown[20, 10].tolist() == [round((-4 / 5 + 1) * 127.5), 128, round((3 / 5 + 1) * 127.5)]


@pytest.mark.parametrize("folder", ["", "onnx"])
def test_colours_are_shown_as_the_file_beside_the_model_says(tmp_path: Path, folder: str) -> None:
    path = tmp_path / folder / "model.onnx"
    path.parent.mkdir(exist_ok=True)
    assert showing(path) == Showing(), "files of MiDaS know their own"
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({**IMAGENET, "size": {"width": 64, "height": 32}}))
    assert showing(path).size == (64, 32)
    # What is black comes as minus the mean by the deviation: of red most.
    look = Estimator(linear(path, np.eye(3), shape=(1, 3, "height", "width")), "normal")
    came = (look(np.zeros((30, 30, 3), np.uint8))[0, 0] / 127.5 - 1).tolist()
    wanted = -np.array(IMAGENET["image_mean"]) / np.array(IMAGENET["image_std"])
    assert np.allclose(came, wanted / np.linalg.norm(wanted), atol=0.01)


@pytest.mark.parametrize(
    "said", ["{", "[]", json.dumps({**IMAGENET, "image_std": [1, 1, 0]}), json.dumps({**IMAGENET, "size": {"x": 2}})]
)
def test_a_file_beside_the_model_that_says_something_else_is_refused(tmp_path: Path, said: str) -> None:
    (tmp_path / "preprocessor_config.json").write_text(said)
    with pytest.raises(WeightsError, match="preprocessor_config"):
        Estimator(linear(tmp_path / "model.onnx", [[1, 1, 1]]), "depth")


@pytest.mark.parametrize(
    ("kind", "weights", "told"),
    [("depth", [[1, 1, 1]] * 2, r"of depth is \(1, H, W\)"), ("normal", [[1, 1, 1]], r"of normals is \(1, 3, H, W\)")],
)
def test_another_model_is_refused(tmp_path: Path, kind: Relief, weights: Any, told: str) -> None:
    with pytest.raises(StageError, match=told):
        Estimator(linear(tmp_path / "model.onnx", weights), kind)(ramp())


def test_numbers_that_are_not_finite_end_the_run(tmp_path: Path) -> None:
    path = onnx_models.model(tmp_path / "broken.onnx", {"depth": np.full((1, 8, 8), np.nan, np.float32)})
    with pytest.raises(StageError, match="not finite"):
        Estimator(path, "depth")(ramp())
