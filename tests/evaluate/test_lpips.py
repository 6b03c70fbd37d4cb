"""How far apart two pictures look. The backbones are drawn: of the published format, with random weights."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

from passerby.core.errors import OptionError, WeightsError
from passerby.evaluate import lpips
from passerby.evaluate.lpips import NETS, Lpips, Net

torch = pytest.importorskip("torch", reason="LPIPS needs PyTorch: the extra `evaluate`")

MODELS = Path(__file__).resolve().parents[2] / "../shared/models"


def backbone(path: Path, net: Net) -> Path:
    """Random weights of a size at which no layer dies or explodes."""
    generator = torch.Generator().manual_seed(3)
    weights = {}
    for name, shape in lpips._shapes(NETS[net]):
        inputs = int(np.prod(shape[1:])) or 1
        weights[name] = torch.randn(shape, generator=generator) * (2 / inputs) ** 0.5 * (len(shape) > 1)
    torch.save(weights, path)
    return path


def heads(path: Path, net: Net) -> Path:
    shapes = dict(lpips._head_shapes(NETS[net]))
    torch.save({name: torch.full(shape, 0.1) for name, shape in shapes.items()}, path)
    return path


def drawn(tmp_path: Path, net: Net = "squeeze") -> Lpips:
    return Lpips(net, backbone(tmp_path / "backbone.pth", net), heads(tmp_path / "heads.pth", net))


def picture(seed: int, size: tuple[int, int] = (64, 80)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3)).astype(np.uint8)


def test_a_picture_is_no_distance_from_itself(tmp_path: Path) -> None:
    """T17"""
    metric = drawn(tmp_path)
    assert metric.distance(picture(1), picture(1)) == 0
    assert metric.distance(picture(1), picture(2)) == pytest.approx(metric.distance(picture(2), picture(1))) != 0
    assert metric.name == "LPIPS 0.1, squeeze"


def test_pictures_are_scaled_to_minus_one_to_one(tmp_path: Path) -> None:
    """T17"""
    metric = drawn(tmp_path)
    a, b = (picture(seed).transpose(2, 0, 1)[None] / 255 for seed in (1, 2))
    right = metric.of_scaled(2 * a - 1, 2 * b - 1)[0]
    assert metric.distance(picture(1), picture(2)) == pytest.approx(right, rel=1e-5)
    assert metric.of_scaled(a, b)[0] != pytest.approx(right, rel=0.01)
    with pytest.raises(ValueError, match="-1 to 1"):
        metric.of_scaled(a * 255, b * 255)


@pytest.mark.parametrize("net", NETS)
@pytest.mark.filterwarnings("ignore")  # theirs, of their own dependencies
def test_distances_are_those_of_the_lpips_package(tmp_path: Path, net: Net) -> None:
    """With the same random backbone and the published heads in both."""
    package = pytest.importorskip("lpips")
    published = MODELS / f"lpips_lin_{net}.pth"
    if not published.exists():
        pytest.skip("no ../shared/models beside the repository")
    path = backbone(tmp_path / "backbone.pth", net)
    ours = Lpips(net, path, published)
    # Of a size at which the pools have pixels hanging over.
    pictures = picture(1, (70, 85)), picture(2, (70, 85))
    scaled = [torch.tensor(one.transpose(2, 0, 1)[None] / 127.5 - 1).float() for one in pictures]
    theirs = package.LPIPS(net=net, pnet_rand=True, verbose=False)
    own = {name.split(".", 1)[1]: name for name in theirs.net.state_dict()}
    weights = torch.load(path, weights_only=True)
    theirs.net.load_state_dict({own[name.removeprefix("features.")]: value for name, value in weights.items()})
    with torch.inference_mode():
        assert ours.distance(*pictures) == pytest.approx(theirs(*scaled).item(), rel=1e-5)
        theirs.spatial = True
        np.testing.assert_allclose(ours.map(*pictures), theirs(*scaled).numpy()[0, 0], rtol=1e-4, atol=1e-6)
    assert ours.distance(pictures[0], pictures[0]) == 0


def test_zeros_and_ones_with_the_real_alexnet() -> None:
    """T17: The only case that needs the trained backbone."""
    path = MODELS / "alexnet.pth"
    if not path.exists():
        pytest.skip("torchvision's AlexNet weights are not in ../shared/models")
    metric = Lpips("alex", path, MODELS / "lpips_lin_alex.pth")
    zeros, ones = np.zeros((1, 3, 64, 64)), np.ones((1, 3, 64, 64))
    assert metric.of_scaled(zeros, ones)[0] == pytest.approx(0.8140, abs=5e-3)


def test_the_map_shows_where(tmp_path: Path) -> None:
    a = picture(1)
    b = a.copy()
    b[:, 60:] = 0
    apart = drawn(tmp_path).map(a, b)
    assert apart.shape == (64, 80)
    assert apart[:, 64:].mean() > 20 * apart[:, :20].mean()


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    head = heads(tmp_path / "heads.pth", "alex")
    with pytest.raises(WeightsError, match=r"features\.0\.weight"):
        Lpips("alex", backbone(tmp_path / "backbone.pth", "squeeze"), head)
    with pytest.raises(WeightsError, match=r"lin1\.model"):
        Lpips("squeeze", backbone(tmp_path / "backbone.pth", "squeeze"), head)


def test_a_file_that_would_run_code_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evil.pth"
    path.write_bytes(pickle.dumps(print, protocol=2))
    with pytest.raises(WeightsError, match=r"evil\.pth does not load"):
        Lpips("alex", path, heads(tmp_path / "heads.pth", "alex"))
    with pytest.raises(WeightsError, match="gone"):
        Lpips("alex", tmp_path / "gone.pth", path)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    torch.save(torch.zeros(3), tmp_path / "three.pth")
    with pytest.raises(WeightsError, match="no state_dict"):
        Lpips("alex", tmp_path / "three.pth", tmp_path / "three.pth")


@pytest.mark.parametrize("bad", [np.zeros((64, 64, 3)), np.zeros((64, 64), np.uint8), np.zeros((31, 64, 3), np.uint8)])
def test_pictures_that_it_cannot_take_are_refused(tmp_path: Path, bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="wanted"):
        drawn(tmp_path).distance(bad, bad)


def test_an_unknown_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="alex, squeeze, vgg"):
        Lpips("resnet", tmp_path, tmp_path)


def test_a_missing_pytorch_says_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(OptionError, match=r"passerby\[evaluate\]"):
        Lpips("alex", tmp_path, tmp_path)
