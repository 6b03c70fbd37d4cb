"""An IP-Adapter draws after a photograph of a garment, from every format in which it is published."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("diffusers", reason="needs the extra 'diffusion'")
pytest.importorskip("transformers", reason="needs the extra 'diffusion'")

import torch
from drawn_guides import (
    LOOKS,
    WIDTH,
    controlnet_folder,
    crop,
    drawing,
    image_encoder,
    ip_adapter,
    ip_adapter_parts,
    loaded,
)

from passerby.core.errors import OptionError, WeightsError
from passerby.paint.diffusion.choice import Diffusion, Running
from passerby.paint.diffusion.controlnet import ControlNet
from passerby.paint.diffusion.engine import StableDiffusion
from passerby.paint.diffusion.ip_adapter import Reference, parts, shown

RED = np.full((60, 40, 3), (200, 20, 20), np.uint8)
BLUE = np.full((30, 50, 3), (20, 20, 200), np.uint8)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*where: object) -> None:
        raise AssertionError("somebody asks the network")

    monkeypatch.setattr(socket.socket, "connect", refused)


def reference(folder: Path, *garments: Any, name: str = "ip-adapter_sd15.safetensors", **told: Any) -> Reference:
    return Reference(ip_adapter(folder / name), image_encoder(folder / "image_encoder"), garments or (RED,), **told)


def engine(*guides: Any, channels: int = 4, guidance: float = 3, **running: Any) -> StableDiffusion:
    choice = Diffusion(steps=2, scheduler="ddim", guidance=guidance)
    return StableDiffusion(loaded(channels), choice, Running(**running), guides)


@pytest.mark.parametrize("channels", [4, 9])
@pytest.mark.parametrize("guidance", [1, 3])
def test_what_is_drawn_follows_the_garment(tmp_path: Path, channels: int, guidance: float) -> None:
    red = engine(reference(tmp_path, RED), channels=channels, guidance=guidance).inpaint([crop()])[0]
    blue = engine(reference(tmp_path, BLUE), channels=channels, guidance=guidance).inpaint([crop()])[0]
    again = engine(reference(tmp_path, RED), channels=channels, guidance=guidance).inpaint([crop()])[0]
    assert np.array_equal(red, again)
    assert not np.array_equal(red, blue)


def test_both_formats_say_the_same(tmp_path: Path) -> None:
    names = "ip-adapter_sd15.safetensors", "ip-adapter_sd15.bin"
    one, other = (engine(reference(tmp_path, name=name)).inpaint([crop()])[0] for name in names)
    assert np.array_equal(one, other)


def test_scale_nought_says_nothing(tmp_path: Path) -> None:
    [silent] = engine(reference(tmp_path, scale=0)).inpaint([crop()])
    assert np.abs(silent.astype(int) - engine().inpaint([crop()])[0]).max() <= 1


def test_a_track_gets_one_garment_of_several_and_another_track_another(tmp_path: Path) -> None:
    both = engine(reference(tmp_path, RED, BLUE))
    red, blue = (engine(reference(tmp_path, garment)) for garment in (RED, BLUE))
    for seed, alone in ((2, red), (3, blue)):
        one, other = both.inpaint([crop(seed)])[0], alone.inpaint([crop(seed)])[0]
        assert np.array_equal(one, other)


def test_what_is_not_clothes_is_drawn_by_its_words(tmp_path: Path) -> None:
    faces = [engine(reference(tmp_path, garment)).inpaint([crop(label="face")])[0] for garment in (RED, BLUE)]
    assert np.array_equal(*faces)


def test_a_garment_is_read_once(tmp_path: Path) -> None:
    guide = reference(tmp_path)
    guided = engine(guide, batch=1)
    guided.inpaint([crop(seed) for seed in range(5)])
    assert guide.notes[0].startswith("garments: 4 of 5 taken from the cache")


def test_it_goes_together_with_a_controlnet_and_little_memory(tmp_path: Path) -> None:
    folder = controlnet_folder(tmp_path / "controlnet")
    both = engine(ControlNet(folder), reference(tmp_path), small_memory=True)
    one = both.inpaint([crop(control=drawing(16))])[0]
    assert not np.array_equal(one, engine(ControlNet(folder)).inpaint([crop(control=drawing(16))])[0])


def test_a_garment_is_shown_whole_on_white(tmp_path: Path) -> None:
    picture = shown(RED, 32)[0].permute(1, 2, 0).numpy()
    white, red = picture[16, 0], picture[16, 16]
    assert picture.shape == (32, 32, 3)
    assert (white > 1.9).all()
    assert red[0] > 0 > red[1]
    assert (picture[0, 16] == red).all(), "its upper end is cut off"


@pytest.mark.parametrize("name", ["a.safetensors", "a.bin"])
def test_one_that_is_not_there_says_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(WeightsError, match="there is no IP-Adapter"):
        parts(tmp_path / name)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda held: held.pop("ip_adapter"), "is no IP-Adapter"),
        (lambda held: held["image_proj"].pop("norm.weight"), "of another kind, for faces"),
        (
            lambda held: held["image_proj"].update(latents=torch.zeros(1)) or held["image_proj"].pop("proj.weight"),
            "kind",
        ),
    ],
)
def test_what_is_none_or_for_faces_is_refused(tmp_path: Path, change: Any, said: str) -> None:
    held = ip_adapter_parts()
    change(held)
    torch.save(held, tmp_path / "a.bin")
    with pytest.raises(WeightsError, match=said):
        parts(tmp_path / "a.bin")


def test_one_for_another_model_is_refused(tmp_path: Path) -> None:
    held = ip_adapter_parts()
    name = next(iter(held["ip_adapter"]))
    held["ip_adapter"][name] = torch.zeros(8, 8)
    torch.save(held, tmp_path / "a.bin")
    guide = Reference(tmp_path / "a.bin", image_encoder(tmp_path / "image_encoder"), [RED])
    with pytest.raises(WeightsError, match="for another U-Net"):
        engine(guide)


def test_an_encoder_that_is_not_there_says_so(tmp_path: Path) -> None:
    guide = Reference(ip_adapter(tmp_path / "a.bin"), tmp_path / "none", [RED])
    with pytest.raises(WeightsError, match=r"config.json"):
        engine(guide).inpaint([crop()])


def test_an_encoder_of_another_size_is_refused(tmp_path: Path) -> None:
    held = ip_adapter_parts()
    held["image_proj"]["proj.weight"] = torch.zeros(4 * WIDTH, LOOKS + 8)
    torch.save(held, tmp_path / "a.bin")
    guide = Reference(tmp_path / "a.bin", image_encoder(tmp_path / "image_encoder"), [RED])
    with pytest.raises(WeightsError, match="another image encoder"):
        engine(guide).inpaint([crop()])


@pytest.mark.parametrize(("garments", "scale"), [([], 1), ([RED], -1), ([RED], 3)])
def test_what_makes_no_sense_is_refused(garments: list[Any], scale: float) -> None:
    with pytest.raises(OptionError):
        Reference(Path("a"), Path("b"), garments, scale=scale)


def test_the_half_that_is_led_away_from_is_told_of_no_garment(tmp_path: Path) -> None:
    guide = reference(tmp_path)
    engine(guide)
    tell = guide.begin([crop(), crop(2)])
    [whole] = tell(torch.zeros(4, 4, 8, 8), torch.tensor(1), torch.zeros(4))["added_cond_kwargs"]["image_embeds"]
    assert not whole[:2].any()
    assert whole[2:].any(dim=(1, 2)).all()
    [alone] = tell(torch.zeros(2, 4, 8, 8), torch.tensor(1), torch.zeros(2))["added_cond_kwargs"]["image_embeds"]
    assert torch.equal(alone, whole[2:])
