"""Models that tell people apart: what they are fed with, and what is refused of them."""

from __future__ import annotations

import hashlib

import numpy as np
import onnx_models
import pytest
from onnx import TensorProto, helper

from passerby.core.errors import StageError, WeightsError
from passerby.evaluate import embedders
from passerby.evaluate.embedders import FAMILIES, FAMILY_OF, OnnxEmbedder


def means(path, shape, axes):
    """A model of one input of `shape` that gives the mean of every picture's colours, (N, 3)."""
    batch = shape[0]
    nodes = [helper.make_node("ReduceMean", ["input"], ["output"], axes=axes, keepdims=0)]
    inputs = [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)]
    outputs = [helper.make_tensor_value_info("output", TensorProto.FLOAT, (batch, 3))]
    graph = helper.make_graph(nodes, "means", inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


CROPS = [np.full((40, 20, 3), colour, np.uint8) for colour in [(255, 0, 0), (0, 255, 0), (10, 20, 30)]]


@pytest.mark.parametrize("batch", [1, 2, "batch"])
def test_networks_of_imagenet_are_fed_with_its_norm_whatever_their_batch(tmp_path, batch):
    embedder = OnnxEmbedder(means(tmp_path / "m.onnx", (batch, 3, 256, 128), [2, 3]), FAMILIES["osnet"])
    wanted = [(crop[0, 0] / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225] for crop in CROPS]
    assert embedder.embed(CROPS) == pytest.approx(np.array(wanted), abs=1e-3)


def test_the_open_model_zoos_are_fed_with_plain_bgr(tmp_path):
    path = means(tmp_path / "m.onnx", (1, 256, 128, 3), [1, 2])
    embedder = OnnxEmbedder(path, FAMILIES["person_reid_retail"])
    assert embedder.embed(CROPS) == pytest.approx(np.array([crop[0, 0, ::-1] for crop in CROPS]), abs=1e-3)


def test_a_figure_can_say_which_file_it_was(tmp_path):
    path = means(tmp_path / "m.onnx", (1, 3, 256, 128), [2, 3])
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert OnnxEmbedder(path, FAMILIES["osnet"]).model == f"m.onnx sha256 {digest}"


def test_no_crops_give_no_rows(tmp_path):
    embedder = OnnxEmbedder(means(tmp_path / "m.onnx", (1, 3, 256, 128), [2, 3]), FAMILIES["osnet"])
    assert len(embedder.embed([])) == 0


@pytest.mark.parametrize("shape", [(1, 3, 112, 112), (1, 256, 128, 3), (1, 3, 256)])
def test_a_model_that_takes_something_else_is_refused(tmp_path, shape):
    with pytest.raises(WeightsError, match="for osnet"):
        OnnxEmbedder(means(tmp_path / "m.onnx", shape, [1]), FAMILIES["osnet"])


def test_a_model_that_gives_no_row_for_each_picture_is_refused(tmp_path):
    path = onnx_models.model(
        tmp_path / "m.onnx", {"rows": np.zeros((7, 3), np.float32)}, picture="input", shape=(1, 3, 256, 128)
    )
    with pytest.raises(StageError, match="one row each"):
        OnnxEmbedder(path, FAMILIES["osnet"]).embed(CROPS[:1])


def test_numbers_that_are_not_finite_are_refused(tmp_path):
    path = onnx_models.model(
        tmp_path / "m.onnx", {"rows": np.full((1, 3), np.nan, np.float32)}, picture="input", shape=(1, 3, 256, 128)
    )
    with pytest.raises(StageError, match="not finite"):
        OnnxEmbedder(path, FAMILIES["osnet"]).embed(CROPS[:1])


@pytest.mark.parametrize("crop", [np.zeros((0, 4, 3), np.uint8), np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3))])
def test_what_is_no_crop_is_refused(crop):
    with pytest.raises(ValueError, match="a crop is"):
        embedders.imagenet(crop, (8, 8))


def test_an_unknown_name_says_which_there_are():
    with pytest.raises(WeightsError, match="name one of mobilefacenet, osnet_x0_25_msmt17"):
        embedders.registered("facenet")


@pytest.mark.parametrize("name", FAMILY_OF)
def test_published_models_answer(name):
    embedder = embedders.registered(name, onnx_models.real(f"{name}.onnx"))
    rows = embedder.embed(CROPS)
    assert rows.shape == (3, {"mobilefacenet": 128, "osnet_x0_25_msmt17": 512}.get(name, 256))
    assert rows.dtype == np.float32
