"""From seeds to latents, as the original makes them."""

from __future__ import annotations

import deep_privacy2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra generate")
torch.set_num_threads(1)

from passerby.core.errors import WeightsError  # noqa: E402
from passerby.paint.gan.style import StyleNet, latent  # noqa: E402


@pytest.fixture(scope="module")
def recorded() -> deep_privacy2.Recorded:
    return deep_privacy2.Recorded("style")


@pytest.fixture(scope="module")
def net(recorded: deep_privacy2.Recorded) -> StyleNet:
    net = StyleNet(recorded.meta["z_dim"], recorded.meta["w_dim"], recorded.meta["num_layers"])
    net.load_state_dict(recorded.weights())
    net.w_centers = torch.from_numpy(recorded["w_centers"])
    return net


def test_z_of_a_number_is_the_originals_to_the_bit(recorded: deep_privacy2.Recorded) -> None:
    for seed, short, long in zip(recorded["z_idx"], recorded["z_from_idx"], recorded["z512_from_idx"], strict=True):
        assert np.array_equal(latent(int(seed), 32), short)
        assert np.array_equal(latent(int(seed), 512), long)


def test_w_is_the_originals(recorded: deep_privacy2.Recorded, net: StyleNet) -> None:
    w = net(torch.from_numpy(recorded["z"]))
    assert torch.allclose(w, torch.from_numpy(recorded["w"]), **deep_privacy2.NETWORK)


@pytest.mark.parametrize("truncation", ["0", "0.35", "1", "1.5"])
def test_truncation_is_the_originals(recorded: deep_privacy2.Recorded, net: StyleNet, truncation: str) -> None:
    w = net.truncated(torch.from_numpy(recorded["w"]), float(truncation))
    assert torch.allclose(w, torch.from_numpy(recorded[f"trunc_{truncation}"]), **deep_privacy2.NETWORK)


@pytest.mark.parametrize("truncation", ["0", "0.35", "1"])
def test_truncation_to_modes_is_the_originals(recorded: deep_privacy2.Recorded, net: StyleNet, truncation: str) -> None:
    w = torch.from_numpy(recorded["w"])
    came = net.truncated_to_modes(w, float(truncation), recorded["mm_idx"])
    assert torch.allclose(came, torch.from_numpy(recorded[f"mmtrunc_{truncation}"]), **deep_privacy2.NETWORK)


def test_a_seed_chooses_its_mode_by_what_is_left_of_it(recorded: deep_privacy2.Recorded, net: StyleNet) -> None:
    came = net.truncated_to_modes(torch.zeros(5, 48), 0, recorded["z_idx"])
    assert torch.equal(came, net.w_centers[recorded["center_from_idx_mod7"]])


def test_no_truncation_gives_everybody_a_look_and_full_truncation_one_look_to_all() -> None:
    torch.manual_seed(0)
    net = StyleNet(8, 6)
    net.w_avg.copy_(torch.randn(6))
    w = net(torch.from_numpy(np.stack([latent(seed, 8) for seed in range(3)])))
    assert torch.equal(net.truncated(w, 1), w)
    assert torch.equal(net.truncated(w, 0), net.w_avg.expand(3, 6))


def test_modes_that_the_weights_lack_are_missed_in_words() -> None:
    with pytest.raises(WeightsError, match="no centres"):
        StyleNet(8, 6).truncated_to_modes(torch.zeros(1, 6), 0.5, np.array([1]))
