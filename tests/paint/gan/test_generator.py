"""A network at work: blind, the same alone or among others, and told what it has to know."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch", reason="needs the extra generate")
torch.set_num_threads(1)

from passerby.core.errors import OptionError, StageError, WeightsError  # noqa: E402
from passerby.paint.gan import cutting, published  # noqa: E402
from passerby.paint.gan.generator import Generator, Looks, Running  # noqa: E402
from passerby.paint.gan.pasting import Target  # noqa: E402
from passerby.paint.gan.tria import TriaSize  # noqa: E402
from passerby.paint.gan.unet import UnetSize  # noqa: E402

UNET = UnetSize(imsize=(32, 32), cnum=4, max_cnum_mul=2, z_channels=8, w_dim=6)
SIZES: dict[str, Any] = {
    "unet": UNET,
    "unet with surfaces": replace(UNET, imsize=(36, 20), cse_nc=4),
    "DeepPrivacy 1": 16,
    "TriA-GAN": TriaSize(imsize=(36, 20), dim=4, dim_mults=(1, 2, 2), z_channels=8, w_dim=6),
}


def made(kind: str, **how: Any) -> Generator:
    torch.manual_seed(0)
    return Generator(published.build(SIZES[kind]), looks=Looks(truncation=1), running=Running(**how))


def shown(size: tuple[int, int], count: int = 3) -> tuple[list[NDArray[np.uint8]], list[Target]]:
    rng = np.random.default_rng(0)
    height, width = size
    known = cutting.hole((0, 0, 10, 10), (-5, -5, 15, 15), size)
    keypoints = rng.random((count, 17, 3)).astype(np.float32)
    keypoints[..., 2] = 1
    targets = [
        Target(
            box=(0, 0, width, height),
            known=known,
            rule=cutting.smoothly,
            keypoints=keypoints[i, : 7 if height == 128 else 17],
            body_known=known,
            embedding=np.float32(rng.random((*size, 4))) * ~known[..., None],
            embedding_known=~known,
        )
        for i in range(count)
    ]
    return [rng.integers(0, 256, (*size, 3)).astype(np.uint8) for _ in range(count)], targets


@pytest.mark.parametrize("kind", SIZES)
def test_a_generator_never_sees_what_it_replaces(kind: str) -> None:
    drawer = made(kind)
    pictures, targets = shown(drawer.size)
    others = [np.where(target.known[..., None], one, 255 - one) for one, target in zip(pictures, targets, strict=True)]
    assert np.array_equal(drawer.draw(pictures, targets, [1, 2, 3]), drawer.draw(others, targets, [1, 2, 3]))


@pytest.mark.parametrize("kind", SIZES)
def test_a_batch_is_one_by_one(kind: str) -> None:
    drawer, by_two = made(kind), made(kind, batch=2)
    pictures, targets = shown(drawer.size)
    together = drawer.draw(pictures, targets, [1, 2, 3])
    alone = [drawer.draw(pictures[i : i + 1], targets[i : i + 1], [i + 1]) for i in range(3)]
    assert together.shape == (3, *drawer.size, 3)
    assert np.allclose(together, np.concatenate(alone), atol=1e-2)
    assert np.allclose(together, by_two.draw(pictures, targets, [1, 2, 3]), atol=1e-2)
    assert drawer.draw([], [], []).shape == (0, *drawer.size, 3)


@pytest.mark.parametrize("kind", SIZES)
def test_a_seed_is_a_look(kind: str) -> None:
    drawer = made(kind)
    pictures, targets = shown(drawer.size, 1)
    first, again, other = (drawer.draw(pictures, targets, [seed]) for seed in (5, 5, 2**32 - 1))
    assert np.array_equal(first, again)
    assert not np.allclose(first, other)
    assert np.allclose(first[0][targets[0].known], pictures[0][targets[0].known], atol=1e-3)


def test_truncation_to_nothing_gives_all_one_look_and_to_centres_several() -> None:
    torch.manual_seed(0)
    net = published.build(UNET)
    net.style_net.w_centers = torch.randn(2, UNET.w_dim)
    pictures, targets = shown(UNET.imsize, 1)
    one, many = Generator(net, looks=Looks()), Generator(net, looks=Looks(modes=True))
    plain = [one.draw(pictures, targets, [seed]) for seed in range(3)]
    modes = [many.draw(pictures, targets, [seed]) for seed in range(3)]
    assert np.array_equal(plain[0], plain[1])
    assert not np.array_equal(modes[0], modes[1])
    assert np.array_equal(modes[0], modes[2])


@pytest.mark.parametrize("how", [{"precision": "bf16"}, {"channels_last": True}])
def test_other_ways_to_compute_give_nearly_the_same(how: dict[str, Any]) -> None:
    pictures, targets = shown(UNET.imsize)
    came = made("unet", **how).draw(pictures, targets, [1, 2, 3])
    assert np.abs(came - made("unet").draw(pictures, targets, [1, 2, 3])).mean() < 2.5


@pytest.mark.parametrize(
    ("kind", "lost", "said"),
    [
        ("unet with surfaces", "embedding", "surface embedding"),
        ("DeepPrivacy 1", "keypoints", "keypoints"),
        ("TriA-GAN", "body_known", "body's mask"),
    ],
)
def test_a_generator_that_is_not_told_enough_stops(kind: str, lost: str, said: str) -> None:
    drawer = made(kind)
    pictures, targets = shown(drawer.size, 1)
    with pytest.raises(StageError, match=said):
        drawer.draw(pictures, [replace(targets[0], **{lost: None})], [1])


def test_options_that_make_no_sense_are_refused() -> None:
    with pytest.raises(OptionError, match="truncation"):
        Looks(truncation=1.5)
    with pytest.raises(OptionError, match="1 crop or more"):
        Running(batch=0)
    with pytest.raises(OptionError, match="bf16 or fp32"):
        Running(precision="fp16")
    with pytest.raises(OptionError, match="no generator"):
        Generator(torch.nn.Identity())
    with pytest.raises(WeightsError, match="no centres"):
        Generator(published.build(UNET), looks=Looks(modes=True))
    with pytest.raises(OptionError, match="cannot compute on 'nonsense'"):
        Generator(published.build(UNET), running=Running(device="nonsense"))
