"""What is exported draws as the network does, for any number of crops, or is not written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra generate")
pytest.importorskip("onnxscript", reason="needs the extra export")

import torch

from passerby.cli import main
from passerby.core.errors import OptionError
from passerby.paint.gan import export, published
from passerby.paint.gan.cutting import smoothly
from passerby.paint.gan.generator import Generator, Running
from passerby.paint.gan.pasting import Target
from passerby.paint.gan.tria import TriaSize
from passerby.paint.gan.unet import UnetSize
from passerby.runtime import VARIABLE, Session

SMALL: dict[str, Any] = {"imsize": (16, 12), "cnum": 4, "max_cnum_mul": 2, "z_channels": 8, "w_dim": 6}
SIZES: dict[str, UnetSize | TriaSize | int] = {
    "stylegan": UnetSize(**SMALL),
    "styleganL": UnetSize(**SMALL, cse_nc=16),
    "deep_privacy1": 32,
    "triagan_L_im288": TriaSize(imsize=(16, 12), dim=4, dim_mults=(1, 2), z_channels=8, w_dim=6),
}


@pytest.fixture(autouse=True)
def in_32_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenVINO computes in 16."""
    monkeypatch.setenv(VARIABLE, "onnxruntime")


@pytest.mark.parametrize("name", SIZES)
def test_a_file_of_every_kind_of_generator_draws_what_the_network_draws(tmp_path: Path, name: str) -> None:
    net = published.build(SIZES[name]).eval().requires_grad_(False)
    contents, worst = export.exported(net)
    assert worst < 1e-5
    file = tmp_path / "its.onnx"
    file.write_bytes(contents)
    for crops in (1, 5):
        shown = export.noise(net, crops)
        assert (shown["mask"] == 0).any()
        [drawn] = Session(file).run({key: numbers.numpy() for key, numbers in shown.items()})
        assert torch.allclose(torch.from_numpy(drawn), net(**shown), atol=1e-5)


@pytest.mark.parametrize("name", ["styleganL", "deep_privacy1"])
def test_a_generator_draws_by_the_file_as_by_the_network(tmp_path: Path, name: str) -> None:
    net = published.build(SIZES[name]).eval().requires_grad_(False)
    file = tmp_path / "its.onnx"
    file.write_bytes(export.exported(net)[0])
    plain, by_file = Generator(net), Generator(net, running=Running(graph=file))
    rng, (height, width) = np.random.default_rng(0), plain.size
    known = np.zeros(plain.size, bool)
    known[:4] = True
    target = Target(
        box=(0, 0, width, height), known=known, rule=smoothly, keypoints=np.float32(rng.random((7, 2))),
        embedding=np.float32(rng.normal(size=(*plain.size, 16))), embedding_known=~known,
    )  # fmt: skip
    picture = rng.integers(0, 256, (*plain.size, 3)).astype(np.uint8)
    drawn = [drawer.draw([picture] * 3, [target] * 3, [1, 2, 3]) for drawer in (plain, by_file)]
    assert np.abs(drawn[0] - drawn[1]).max() < 0.01
    assert (drawn[0][0] != drawn[0][1]).any() or name == "styleganL", "with truncation 0 all have one look"


def test_a_file_is_run_as_it_was_exported(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="draws as it was exported"):
        Running(graph=tmp_path / "its.onnx", compiled=True)


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint of a network that is taken for the published one."""
    monkeypatch.setitem(published.SIZES, "stylegan", SIZES["stylegan"])
    file = tmp_path / "mine.ckpt"
    torch.save({"EMA_generator": published.build(SIZES["stylegan"]).state_dict()}, file)
    return file


def test_a_generator_is_exported_by_the_command_line(weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = weights.with_name("out.onnx")
    words = ["models", "export", f"stylegan={weights}", str(out)]
    assert main(words) == 0
    assert "it draws as stylegan does within" in capsys.readouterr().err
    assert [port.name for port in Session(out).inputs] == ["condition", "mask", "w"]
    assert main(words) == 1
    assert "exists already" in capsys.readouterr().err


def test_what_draws_otherwise_is_not_written(
    weights: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(export, "TOLERANCE", -1)
    out = weights.with_name("out.onnx")
    assert main(["models", "export", f"stylegan={weights}", str(out)]) == 1
    assert "draws otherwise by" in capsys.readouterr().err
    assert not out.exists()


def test_only_generators_are_exported() -> None:
    with pytest.raises(OptionError, match="a ReLU is no generator"):
        export.exported(torch.nn.ReLU())


def test_a_generator_that_nobody_knows_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "export", "stylegam", str(tmp_path / "out.onnx")]) == 2
    assert "no generator called 'stylegam'" in capsys.readouterr().err
