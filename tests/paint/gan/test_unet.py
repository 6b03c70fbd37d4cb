"""The StyleGAN U-Net gives what the original's gave, in every flavour."""

from __future__ import annotations

from dataclasses import replace

import deep_privacy2
import pytest

torch = pytest.importorskip("torch", reason="needs the extra generate")
torch.set_num_threads(1)

from passerby.core.errors import OptionError  # noqa: E402
from passerby.paint.gan.layers import fold  # noqa: E402
from passerby.paint.gan.unet import StyleGANUnet, UnetSize  # noqa: E402

FLAVOURS = ("stylegan", "stylegan_clamp", "stylegan_fdf128", "styleganL", "styleganL_nocse", "styleganL_nocse_clamp")
SMALL = UnetSize(imsize=(32, 32), cnum=4, max_cnum_mul=2, z_channels=8, w_dim=6)


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_pictures_are_the_originals(flavour: str) -> None:
    recorded = deep_privacy2.Recorded(f"unet_{flavour}")
    net = StyleGANUnet(UnetSize.from_record(recorded.meta))
    net.load_state_dict(recorded.weights())
    fold(net)
    given = {name[3:]: torch.from_numpy(recorded[name]) for name in recorded.names if name.startswith("in/")}
    told = [given["embedding"], given["E_mask"]] if "embedding" in given else []
    with torch.inference_mode():
        w = net.style_net(given["z"])
        for name, truncation in (("img", 1), ("img_trunc0.5", 0.5), ("img_trunc0", 0)):
            came = net(given["img"] * given["mask"], given["mask"], net.style_net.truncated(w, truncation), *told)
            assert torch.allclose(came, torch.from_numpy(recorded[f"out/{name}"]), **deep_privacy2.NETWORK), name


def drawn(net: StyleGANUnet, condition: torch.Tensor, mask: torch.Tensor, seed: int = 0) -> torch.Tensor:
    w = torch.randn(len(condition), net.size.w_dim, generator=torch.Generator().manual_seed(seed))
    with torch.inference_mode():
        return net(condition, mask, w)


@pytest.mark.parametrize("imsize", [(32, 32), (36, 20), (20, 36), (16, 16)])
def test_what_is_known_stays_and_the_rest_is_drawn(imsize: tuple[int, int]) -> None:
    torch.manual_seed(0)
    net = StyleGANUnet(replace(SMALL, imsize=imsize))
    picture = torch.rand(2, 3, *imsize) * 2 - 1
    mask = torch.ones(2, 1, *imsize)
    mask[..., 4:9, 3:11] = 0
    came = drawn(net, picture * mask, mask)
    assert came.shape == picture.shape
    assert torch.equal(came * mask, picture * mask)
    assert came[..., 4:9, 3:11].std() > 0
    assert not torch.equal(came, drawn(net, picture * mask, mask, seed=1))


def test_alone_or_among_others_a_picture_is_the_same() -> None:
    torch.manual_seed(0)
    net = StyleGANUnet(SMALL)
    picture, mask, w = torch.rand(3, 3, 32, 32), (torch.rand(3, 1, 32, 32) > 0.5).float(), torch.randn(3, 6)
    with torch.inference_mode():
        together = net(picture * mask, mask, w)
        alone = [net(picture[i : i + 1] * mask[i : i + 1], mask[i : i + 1], w[i : i + 1]) for i in range(3)]
    assert torch.allclose(together, torch.cat(alone), atol=1e-5)


def test_a_record_of_another_network_is_refused() -> None:
    record = {"imsize": [64, 64], "cnum": 6, "max_cnum_mul": 8, "n_middle_blocks": 2, "input_cse": False}
    with pytest.raises(OptionError, match="n_middle_blocks"):
        UnetSize.from_record(record)
