"""Checkpoints of OSNet and AGW: published names are taken, and what recognizes nobody is refused."""

from __future__ import annotations

import hashlib
import pickle

import numpy as np
import onnx_models
import pytest
from onnx import load, numpy_helper

from passerby.core.errors import WeightsError
from passerby.evaluate import embedders
from passerby.evaluate.networks import checkpoint
from passerby.evaluate.networks.checkpoint import TorchEmbedder

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
from passerby.evaluate.networks import agw, osnet  # noqa: E402

torch.set_num_threads(1)  # more wait for each other on a machine that runs other tests

NETWORKS = {
    "osnet_x1_0": lambda: osnet.OSNet(64),
    "osnet_x0_75": lambda: osnet.OSNet(48),
    "osnet_x0_5": lambda: osnet.OSNet(32),
    "osnet_x0_25": lambda: osnet.OSNet(16),
    "agw": agw.AGW,
}
CROPS = [np.random.default_rng(seed).integers(0, 256, (90 + seed, 40, 3)).astype(np.uint8) for seed in range(3)]


def published(name, classes=751):
    """The parameters of a network at random, with the classifier of a data set of so many people."""
    torch.manual_seed(0)
    parameters = NETWORKS[name]().state_dict()
    features = agw.FEATURES if name == "agw" else osnet.FEATURES
    return {**parameters, "classifier.weight": torch.zeros(classes, features)}


def saved(path, content):
    torch.save(content, path)
    return path


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        # Of deep-person-reid at f8cd150f and ReID-Survey at 38f59126: "name (shape)" of every parameter, sorted.
        ("osnet_x1_0", "5f0d0f053f51a9b5253b2aa3d884ffdd99aea3ef87aaa6390924d55fdcbdaeac"),
        ("osnet_x0_75", "f76bb5964c9b16de122e3a5ec36b492a80d959a2f6f0318f4651cf081053cd57"),
        ("osnet_x0_5", "21c0959d7070420c02840df5f2c7537cd93fc304fe89c3d77d672667bb936fe4"),
        ("osnet_x0_25", "b516b249abfe37083e9cdac3c7f18a6d9e2de3651ce0f87bf7b040dd7b81937f"),
        ("agw", "8b8606ca1304623ff4022a5dab4cbb60481c266133d55af8be7155fce734fc70"),
    ],
)
def test_names_and_shapes_are_the_published_ones(name, digest):
    with torch.device("meta"):
        parameters = NETWORKS[name]().state_dict()
    lines = sorted(f"{key} {tuple(value.shape)}" for key, value in parameters.items())
    assert hashlib.sha256("\n".join(lines).encode()).hexdigest() == digest


@pytest.mark.parametrize("name", ["osnet_x1_0", "osnet_x0_25", "agw"])
def test_a_checkpoint_embeds_crops_of_any_size(tmp_path, name):
    embedder = TorchEmbedder(saved(tmp_path / "net.pth", published(name)))
    rows = embedder.embed(CROPS)
    assert embedder.name == name
    assert rows.shape == (3, 2048 if name == "agw" else 512)
    assert rows.dtype == np.float32
    assert rows[1] == pytest.approx(embedder.embed(CROPS[1:2])[0], abs=1e-4)
    assert "net.pth sha256 " in embedder.model
    assert len(embedder.embed([])) == 0


def test_checkpoints_of_a_training_are_taken(tmp_path):
    """As deep-person-reid writes them: beside the parameters an epoch, a score and the optimizer's state."""
    parameters = {f"module.{name}": value for name, value in published("osnet_x0_25").items()}
    training = {"state_dict": parameters, "epoch": 60, "rank1": np.float64(0.7), "optimizer": {"lr": 0.1, "state": {}}}
    assert TorchEmbedder(saved(tmp_path / "net.pth", training)).name == "osnet_x0_25"


def named(name, *, without="-", classes=751):
    """Published names, with nothing behind them."""
    with torch.device("meta"):
        names = {**NETWORKS[name]().state_dict(), "classifier.weight": None}
    return {key: torch.zeros(classes) for key in names if not key.startswith(without)}


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        (lambda: named("osnet_x0_25", classes=1000), "trained on ImageNet"),
        (lambda: {"conv1.weight": torch.zeros(1), "fc.weight": torch.zeros(1000, 2048)}, "trained on ImageNet"),
        (lambda: {"layer4.0.conv1.weight": torch.zeros(1)}, "no bottleneck.weight"),
        (lambda: named("agw", without="bottleneck."), "no AGW: it has no bottleneck.weight"),
        (lambda: named("agw", without="base.NL_"), "no AGW: it has no base.NL_2.0.theta.weight"),
        (lambda: named("agw", without="global_pool."), "no AGW: it has no global_pool.p"),
        (lambda: named("agw", without="base.layer3.2."), "does not fit"),
        (lambda: NETWORKS["osnet_x0_25"]().state_dict(), "has no classifier"),
        (lambda: published("osnet_x0_25") | {"conv4.0.gate.fc1.bias": torch.zeros(3)}, "does not fit"),
        (lambda: named("osnet_x0_25"), "751 channels wide"),
        (lambda: {"conv": torch.zeros(1)}, "neither an OSNet nor an AGW"),
        (lambda: {"epoch": 3}, "holds no state_dict"),
        (lambda: [1, 2], "holds no state_dict"),
    ],
)
def test_what_cannot_recognize_anybody_is_refused(tmp_path, parameters, says):
    """Else its Rank-1 would be low, and look like privacy."""
    path = saved(tmp_path / "net.pth", parameters())
    with pytest.raises(WeightsError, match=says):
        TorchEmbedder(path)


class Trap:
    """A pickle that writes a file when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_a_checkpoint_that_is_a_program_is_not_run(tmp_path):
    path = saved(tmp_path / "net.pth", {"state_dict": Trap(tmp_path / "trapped")})
    with pytest.raises(WeightsError, match="is not run"):
        TorchEmbedder(path)
    assert not (tmp_path / "trapped").exists()


@pytest.mark.parametrize("data", [b"", b"text", pickle.dumps(3, 2)])
def test_other_files_are_refused(tmp_path, data):
    path = tmp_path / "net.pth"
    path.write_bytes(data)
    with pytest.raises(WeightsError, match=r"net\.pth"):
        TorchEmbedder(path)
    with pytest.raises(WeightsError, match="cannot read"):
        TorchEmbedder(tmp_path / "missing.pth")


def of_onnx(path):
    """An OSNet with the weights of its ONNX file, in which norms are part of the convolutions before them."""
    graph = load(path).graph
    held = {tensor.name: torch.tensor(numpy_helper.to_array(tensor)) for tensor in graph.initializer}
    network = osnet.OSNet(16).eval()
    named = network.state_dict()
    convolutions = [node for node in graph.node if node.op_type == "Conv" and node.input[1] not in named]
    order = []
    norms = {name: module for name, module in network.named_modules() if isinstance(module, torch.nn.BatchNorm2d)}
    for name, module in norms.items():
        module.register_forward_hook(lambda *_, name=name: order.append(name))
    network(torch.zeros(1, 3, 256, 128))
    assert len(order) == len(convolutions) == len(norms)
    named |= {name: value for name, value in held.items() if name in named}
    for name, node in zip(order, convolutions, strict=True):
        stem = name.removesuffix("bn")
        conv = f"{stem}conv.weight" if f"{stem}conv.weight" in named else f"{stem}conv2.weight"
        named[conv], named[f"{name}.bias"] = held[node.input[1]], held[node.input[2]]
        named[f"{name}.weight"] = torch.full_like(named[f"{name}.weight"], (1 + norms[name].eps) ** 0.5)
    network.load_state_dict(named)
    return network


def test_osnet_computes_what_its_published_export_computes():
    path = onnx_models.real("osnet_x0_25_msmt17.onnx")
    network = of_onnx(path)
    pictures = np.stack([embedders.imagenet(crop, checkpoint.SIZE) for crop in CROPS])
    with torch.inference_mode():
        ours = network(torch.from_numpy(pictures)).numpy()
    theirs = embedders.registered("osnet_x0_25_msmt17", path).embed(CROPS)
    assert ours == pytest.approx(theirs, abs=1e-3)
    assert theirs.max() > 1
