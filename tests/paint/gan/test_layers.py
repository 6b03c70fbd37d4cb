"""The layers give what the original's gave, and behave as their formulas say."""

from __future__ import annotations

from typing import Any

import deep_privacy2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra generate")
torch.set_num_threads(1)

from passerby.paint.gan import layers  # noqa: E402

LAYERS = ("conv_mod_norm", "conv_mod_norm_up", "conv_down", "conv_1x1_norm", "conv_skip_down", "conv_skip_up_lrelu")
SIZES = range(3)


def close(came: Any, wanted: np.ndarray) -> bool:
    return torch.allclose(came, torch.from_numpy(wanted), **deep_privacy2.NETWORK)


@pytest.fixture(scope="module")
def recorded() -> deep_privacy2.Recorded:
    return deep_privacy2.Recorded("ops")


@pytest.mark.parametrize("i", SIZES)
def test_resampling_is_the_originals(recorded: deep_privacy2.Recorded, i: int) -> None:
    x, taps = torch.from_numpy(recorded[f"fir{i}/x"]), layers.binomial()
    assert close(taps, recorded["filter"])
    assert close(layers.up2(x, taps), recorded[f"fir{i}/up2"])
    assert close(layers.down2(x, taps), recorded[f"fir{i}/down2"])


@pytest.mark.parametrize("i", SIZES)
@pytest.mark.parametrize("kernel", [1, 3])
def test_convolutions_that_resample_are_the_originals(recorded: deep_privacy2.Recorded, i: int, kernel: int) -> None:
    x, weight = torch.from_numpy(recorded[f"fir{i}/x"]), torch.from_numpy(recorded[f"conv{i}_k{kernel}/w"])
    taps = layers.binomial()
    assert close(layers.convolved_up(x, weight, taps), recorded[f"conv{i}_k{kernel}/up"])
    assert close(layers.convolved_down(x, weight, taps), recorded[f"conv{i}_k{kernel}/down"])


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("lrelu", {"linear": False}),
        ("lrelu_gain_clamp", {"linear": False, "gain": layers.SQRT_THIRD, "clamp": 1.5}),
        ("linear_clamp", {"linear": True, "gain": 0.5, "clamp": 2}),
    ],
)
def test_activations_are_the_originals(recorded: deep_privacy2.Recorded, name: str, how: dict[str, Any]) -> None:
    x = torch.from_numpy(recorded["ba/x"] + recorded["ba/b"][:, None, None])
    assert close(layers.activated(x, **how), recorded[f"ba/{name}"])


def layer(record: dict[str, Any]) -> layers.Conv:
    """As the original's constructor arguments say."""
    settings = layers.Settings(
        up=record.get("up") == 2,
        down=record.get("down") == 2,
        linear=record.get("activation") == "linear",
        bias=record.get("bias", True),
        norm=record.get("norm", False),
        gain=record.get("gain", 1),
        clamp=record.get("conv_clamp"),
        w_dim=record.get("w_dim"),
    )
    return layers.Conv(record["in_channels"], record["out_channels"], record["kernel_size"], settings)


@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_the_originals(recorded: deep_privacy2.Recorded, name: str) -> None:
    mine = layer(recorded.meta[name])
    mine.load_state_dict(recorded.weights(f"layer/{name}/sd/"))
    x = torch.from_numpy(recorded["layer/x"])
    w = torch.from_numpy(recorded["layer/w_latent"]) if mine.settings.w_dim else None
    assert close(mine(x, w), recorded[f"layer/{name}/y"])
    layers.fold(mine)
    assert close(mine(x, w), recorded[f"layer/{name}/y"])


def test_a_linear_layer_is_the_originals(recorded: deep_privacy2.Recorded) -> None:
    name = "layer/fc_lrelu_lrmul0.01"
    weights = recorded.weights(f"{name}/sd/")
    mine = layers.Linear(*reversed(weights["weight"].shape), rate=0.01)
    mine.load_state_dict(weights)
    y = layers.activated(mine(torch.from_numpy(recorded["layer/w_latent"])), linear=False)
    assert close(y, recorded[f"{name}/y"])


def test_resampling_keeps_an_even_surface_even() -> None:
    """Away from the border, where zeros are mixed in."""
    x, taps = torch.full((1, 2, 8, 8), 3.0), layers.binomial()
    assert torch.allclose(layers.up2(x, taps)[..., 2:-2, 2:-2], torch.tensor(3.0))
    assert torch.allclose(layers.down2(x, taps)[..., 1:-1, 1:-1], torch.tensor(3.0))


@pytest.mark.parametrize("side", [9, 8, 5])
def test_halving_rounds_down(side: int) -> None:
    assert layers.down2(torch.zeros(1, 1, side, side), layers.binomial()).shape[-1] == side // 2


def test_a_modulated_layer_hears_its_latent() -> None:
    torch.manual_seed(0)
    mine = layers.Conv(3, 3, 3, layers.Settings(w_dim=4))
    x, w = torch.randn(1, 3, 8, 8), torch.randn(2, 4)
    assert not torch.allclose(mine(x, w[:1]), mine(x, w[1:]))
