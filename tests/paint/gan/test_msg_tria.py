"""The generators of DeepPrivacy 1 and of TriA-GAN give what the originals gave."""

from __future__ import annotations

import deep_privacy2
import pytest

torch = pytest.importorskip("torch", reason="needs the extra generate")
torch.set_num_threads(1)

from passerby.paint.gan.layers import fold  # noqa: E402
from passerby.paint.gan.msg import MSGGenerator  # noqa: E402
from passerby.paint.gan.tria import TriaGAN, TriaSize  # noqa: E402


def given(recorded: deep_privacy2.Recorded) -> dict[str, torch.Tensor]:
    return {name[3:]: torch.from_numpy(recorded[name]) for name in recorded.names if name.startswith("in/")}


def close(came: torch.Tensor, recorded: deep_privacy2.Recorded, name: str = "out/img") -> bool:
    return torch.allclose(came, torch.from_numpy(recorded[name]), **deep_privacy2.NETWORK)


def test_deep_privacy_1_draws_the_originals_pictures() -> None:
    recorded = deep_privacy2.Recorded("msg_deep_privacy1")
    net = MSGGenerator(recorded.meta["model_size"])
    came = net.load_state_dict(recorded.weights(), strict=False)
    assert not came.missing_keys
    assert all(".linear." in name for name in came.unexpected_keys)
    fold(net)
    know = given(recorded)
    with torch.inference_mode():
        assert close(net(know["condition"], know["mask"], know["z"], know["keypoints"]), recorded)


def test_triagan_draws_the_originals_pictures() -> None:
    recorded = deep_privacy2.Recorded("triagan")
    net = TriaGAN(TriaSize.from_record(recorded.meta))
    net.load_state_dict(recorded.weights())
    fold(net)
    know = given(recorded)
    pose = torch.from_numpy(recorded["act/network_input"][:, 7:])
    with torch.inference_mode():
        w = net.style_net(know["z"])
        came = net(know["img"] * know["mask"], know["mask"], w, know["maskrcnn_mask"], pose)
    assert close(came, recorded)


def test_deep_privacy_1_listens_to_its_latent_and_to_keypoints_and_keeps_what_is_known() -> None:
    torch.manual_seed(0)
    net = MSGGenerator(16)
    mask = torch.ones(1, 1, 128, 128)
    mask[..., 40:90, 40:90] = 0
    condition = (torch.rand(1, 3, 128, 128) * 2 - 1) * mask
    z, keypoints = torch.randn(2, 512), torch.rand(2, 7, 2)
    with torch.inference_mode():
        first, other, moved = (
            net(condition, mask, z[i : i + 1], keypoints[j : j + 1]) for i, j in ((0, 0), (1, 0), (0, 1))
        )
    assert torch.equal(first * mask, condition)
    assert not torch.allclose(first, other)
    assert not torch.allclose(first, moved)


def test_triagan_listens_to_its_latent_and_keeps_what_is_known() -> None:
    torch.manual_seed(0)
    net = TriaGAN(TriaSize(imsize=(36, 20), dim=4, dim_mults=(1, 2, 2), z_channels=8, w_dim=6))
    mask = torch.ones(1, 1, 36, 20)
    mask[..., 8:30, 5:15] = 0
    condition, pose = (torch.rand(1, 3, 36, 20) * 2 - 1) * mask, torch.zeros(1, 23, 36, 20)
    with torch.inference_mode():
        first, other = (net(condition, mask, w, mask, pose) for w in torch.randn(2, 1, 6))
    assert torch.equal(first * mask, condition)
    assert not torch.allclose(first, other)
