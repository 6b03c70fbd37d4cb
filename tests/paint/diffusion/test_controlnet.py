"""A ControlNet tells the model where things are, from every format in which it is published."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("diffusers", reason="needs the extra 'diffusion'")
pytest.importorskip("transformers", reason="needs the extra 'diffusion'")

import torch
from drawn_guides import controlnet, controlnet_file, controlnet_folder, crop, drawing, loaded, unet

from passerby.core.errors import OptionError, StageError, WeightsError
from passerby.paint.diffusion.choice import Diffusion, Running
from passerby.paint.diffusion.controlnet import WARNING, ControlNet, load
from passerby.paint.diffusion.engine import StableDiffusion
from passerby.testing_inpainting import check_inpainter

CHOICE = Diffusion(steps=2, scheduler="ddim", guidance=3)
LEFT, RIGHT = drawing(16), drawing(40)


def engine(*guides: Any, channels: int = 4, **choice: Any) -> StableDiffusion:
    return StableDiffusion(
        loaded(channels), Diffusion(**{"steps": 2, "scheduler": "ddim", "guidance": 3, **choice}), Running(), guides
    )


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*where: object) -> None:
        raise AssertionError("somebody asks the network")

    monkeypatch.setattr(socket.socket, "connect", refused)


@pytest.fixture(params=["folder", "published.pth", "published.safetensors", "own.safetensors"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    where = tmp_path / request.param
    if request.param == "folder":
        return controlnet_folder(where)
    return controlnet_file(where, published=request.param.startswith("published"))


def test_every_format_gives_the_same_network(path: Path) -> None:
    wanted = controlnet().state_dict()
    came = load(path, unet().config, torch.float32).state_dict()
    assert came.keys() == wanted.keys()
    assert all(torch.equal(came[name], wanted[name]) for name in wanted)


@pytest.mark.parametrize("channels", [4, 9])
@pytest.mark.parametrize("guidance", [1, 3])
def test_what_is_drawn_follows_the_picture(tmp_path: Path, channels: int, guidance: float) -> None:
    guided = engine(ControlNet(controlnet_folder(tmp_path)), channels=channels, guidance=guidance)
    left, right, again = guided.inpaint([crop(control=LEFT), crop(control=RIGHT), crop(control=LEFT)])
    assert np.array_equal(left, again)
    assert not np.array_equal(left, right)


def test_a_crop_without_a_picture_is_drawn_as_if_it_were_not_there(tmp_path: Path) -> None:
    guided = engine(ControlNet(controlnet_folder(tmp_path)))
    [plain] = engine().inpaint([crop()])
    mixed = guided.inpaint([crop(control=LEFT), crop()])
    assert np.abs(mixed[1].astype(int) - plain).max() <= 2
    assert not np.array_equal(mixed[0], plain)
    assert np.array_equal(guided.inpaint([crop()])[0], plain)


def test_scale_nought_says_nothing(tmp_path: Path) -> None:
    [silent] = engine(ControlNet(controlnet_folder(tmp_path), scale=0)).inpaint([crop(control=LEFT)])
    assert np.array_equal(silent, engine().inpaint([crop()])[0])


def test_two_are_added_up(tmp_path: Path) -> None:
    folder = controlnet_folder(tmp_path)
    halves = engine(ControlNet(folder, scale=0.5), ControlNet(folder, scale=0.5)).inpaint([crop(control=LEFT)])[0]
    whole = engine(ControlNet(folder)).inpaint([crop(control=LEFT)])[0]
    assert np.abs(halves.astype(int) - whole).max() <= 1


def test_one_for_inpainting_is_shown_the_crop_and_minus_one_in_the_hole(tmp_path: Path) -> None:
    guide = ControlNet(controlnet_folder(tmp_path), "inpaint")
    shown: list[torch.Tensor] = []
    guided = engine(guide)
    network = guide._network
    network.controlnet_cond_embedding.register_forward_pre_hook(lambda module, given: shown.append(given[0]))
    given = crop()
    guided.inpaint([given])
    condition = shown[0][0].permute(1, 2, 0).numpy()
    assert (condition[given.hole] == -1).all()
    assert np.allclose(condition[~given.hole], given.picture[~given.hole] / 255)


def test_what_was_hidden_plays_no_part(tmp_path: Path) -> None:
    """A caller that forgets to grey the hole does not leak."""
    other = crop()
    other.picture[other.hole] = 7
    for kind in ("openpose", "inpaint"):
        guided = engine(ControlNet(controlnet_folder(tmp_path / kind), kind))
        assert np.array_equal(guided.inpaint([crop()])[0], guided.inpaint([other])[0])


def test_it_keeps_the_contract(tmp_path: Path) -> None:
    check_inpainter(engine(ControlNet(controlnet_folder(tmp_path), "inpaint")))


def test_the_shape_of_people_is_warned_of(tmp_path: Path) -> None:
    assert ControlNet(tmp_path, "shape").notes == (WARNING,)
    assert ControlNet(tmp_path, "openpose").notes == ()


def test_a_picture_of_another_size_is_refused(tmp_path: Path) -> None:
    guided = engine(ControlNet(controlnet_folder(tmp_path)))
    with pytest.raises(StageError, match="the same size"):
        guided.inpaint([crop(control=LEFT[:32])])


def test_one_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="there is no ControlNet"):
        engine(ControlNet(tmp_path / "none"))


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match="no ControlNet"):
        engine(ControlNet(tmp_path / "other.pth"))


def test_one_for_another_model_is_refused(tmp_path: Path) -> None:
    folder = controlnet_folder(tmp_path)
    config = {**unet().config, "cross_attention_dim": 1024}
    with pytest.raises(WeightsError, match="for another U-Net: its cross_attention_dim"):
        load(folder, config, torch.float32)


def test_a_file_that_lacks_a_weight_is_refused(tmp_path: Path) -> None:
    path = controlnet_file(tmp_path / "c.pth", published=True)
    state = torch.load(path, weights_only=True)
    del state["control_model.zero_convs.0.0.bias"]
    torch.save(state, path)
    with pytest.raises(WeightsError, match="missing"):
        engine(ControlNet(path))


@pytest.mark.parametrize(("kind", "scale"), [("canny", 1), ("openpose", -1), ("openpose", 3)])
def test_what_makes_no_sense_is_refused(kind: Any, scale: float) -> None:
    with pytest.raises(OptionError):
        ControlNet(Path("c"), kind, scale=scale)
