"""How far two heaps of pictures lie apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx_models import helper, numpy_helper, onnx

from passerby.core.errors import NotMeasurable, OptionError
from passerby.evaluate import distribution
from passerby.evaluate.distribution import INCEPTION, OnnxFeatures

SQUARE = np.array([(0, 0), (2, 0), (0, 2), (2, 2)], float)


class Corners:
    """Features that a reader can follow: the first `d` numbers of a picture."""

    model = "none"

    def __init__(self, d: int, name: str = "first pixels") -> None:
        self.d, self.name = d, name

    def features(self, pictures: list[np.ndarray]) -> np.ndarray:
        return np.stack([picture.reshape(-1)[: self.d] for picture in pictures]).astype(float)


def drawn(seed: int, n: int, d: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.normal(size=(n, d)) @ random.normal(size=(d, d)) + random.normal(size=d)


def crops(seed: int, n: int) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).integers(0, 256, (n, 8, 8, 3)).astype(np.uint8))


def test_frechet_of_two_gaussians_by_hand() -> None:
    """T9"""
    means = np.array([0.0, 0.0]), np.array([3.0, 4.0])
    distance = distribution.frechet_gaussians(means[0], np.diag([1.0, 4.0]), means[1], np.diag([9.0, 16.0]))
    assert distance == pytest.approx(33, abs=1e-12)


def test_frechet_of_a_square_and_itself_moved() -> None:
    """T10"""
    assert distribution.frechet(SQUARE, SQUARE + np.array([1, 0])) == pytest.approx(1, abs=1e-12)


def test_frechet_of_two_pictures_with_themselves_is_nought_and_flagged() -> None:
    """T11"""
    features = drawn(1, 2, 64)
    assert distribution.frechet(features, features) == pytest.approx(0, abs=1e-10)
    same = crops(1, 2)
    fid, kid = distribution.figures(Corners(64, INCEPTION), same, same)
    assert fid.name == "FID"
    assert fid.value == pytest.approx(0, abs=1e-8)
    assert any("N = 2 < d = 64" in note for note in fid.notes)
    assert (kid.low, kid.high) == (None, None)


@pytest.mark.parametrize(("n", "m", "d"), [(200, 150, 8), (30, 40, 64), (64, 20, 32)])
def test_frechet_is_that_of_scipy(n: int, m: int, d: int) -> None:
    linalg = pytest.importorskip("scipy.linalg")
    a, b = drawn(1, n, d), drawn(2, m, d)
    one, other = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = linalg.sqrtm(one)
    shared = np.trace(linalg.sqrtm(root @ other @ root).real)
    theirs = np.square(a.mean(0) - b.mean(0)).sum() + np.trace(one) + np.trace(other) - 2 * shared
    assert distribution.frechet(a, b) == pytest.approx(theirs.real, rel=1e-5)


@pytest.mark.filterwarnings("ignore")  # theirs, of their own dependencies
def test_frechet_and_kid_are_those_of_clean_fid_and_torchmetrics() -> None:
    fid = pytest.importorskip("cleanfid.fid")
    torch = pytest.importorskip("torch")
    theirs = pytest.importorskip("torchmetrics.image.kid")
    a, b = drawn(1, 300, 8), drawn(2, 300, 8)
    covariances = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    published = fid.frechet_distance(a.mean(0), covariances[0], b.mean(0), covariances[1])
    assert distribution.frechet(a, b) == pytest.approx(published, rel=1e-6)
    value = float(theirs.poly_mmd(torch.tensor(a), torch.tensor(b)))
    assert distribution.mmd(a, b) == pytest.approx(value, rel=1e-9)
    assert fid.kernel_distance(a, b, num_subsets=3) == pytest.approx(distribution.kid(a, b), rel=1e-9)


def test_kid_by_hand() -> None:
    """One feature: k(0, 0) = 1, k(0, 1) = 1, k(1, 1) = 8."""
    zeros, ones = np.zeros((2, 1)), np.ones((2, 1))
    assert distribution.mmd(zeros, ones) == 1 + 8 - 2 * 1


def test_kid_is_unbiased() -> None:
    """Of two heaps of one kind it is below nought as often as above."""
    random = np.random.default_rng(3)
    values = [distribution.mmd(random.normal(size=(20, 4)), random.normal(size=(20, 4))) for _ in range(400)]
    assert abs(np.mean(values)) < 3 * np.std(values) / 20


def test_kid_of_many_is_the_mean_of_subsets() -> None:
    a, b = drawn(1, 60, 4), drawn(2, 60, 4)
    subsets = distribution.kid(a, b, subset=30, subsets=200)
    assert subsets == pytest.approx(distribution.mmd(a, b), rel=0.1)
    assert subsets != distribution.mmd(a, b)


def test_the_interval_of_kid_holds_as_often_as_it_says() -> None:
    """Heaps of 40, drawn 100 times from two known kinds, whose true value heaps of 4000 give."""
    random = np.random.default_rng(5)

    def heaps(n: int) -> tuple[np.ndarray, np.ndarray]:
        return random.normal(size=(n, 4)), random.normal(1, 1, size=(n, 4))

    truth = distribution.mmd(*heaps(4000))
    intervals = [distribution.kid_interval(*heaps(40), subsets=40) for _ in range(100)]
    assert sum(low <= truth <= high for low, high in intervals) >= 85


@pytest.mark.parametrize("features", [np.zeros((1, 4)), np.zeros((0, 4))])
def test_too_few_pictures_are_no_number(features: np.ndarray) -> None:
    with pytest.raises(NotMeasurable):
        distribution.frechet(features, np.zeros((9, 4)))
    for figure in distribution.figures(Corners(4), crops(1, 1), crops(2, 3)):
        assert figure.value is None
        assert "1 crops" in figure.missing
    with pytest.raises(NotMeasurable, match="4 pictures"):
        distribution.kid_interval(np.zeros((3, 4)), np.zeros((9, 4)))


def test_features_that_are_no_number_are_refused() -> None:
    broken = np.full((9, 4), np.nan)
    with pytest.raises(ValueError, match="not finite"):
        distribution.mmd(broken, broken)


def test_other_features_than_inceptions_are_not_called_fid() -> None:
    frechet, kid = distribution.figures(Corners(3), crops(1, 12), crops(2, 12))
    assert frechet.name == "Fréchet distance of first pixels"
    assert kid.low is not None
    assert kid.low < kid.value < kid.high
    assert any("not privacy" in note for note in frechet.notes)


@pytest.mark.parametrize(("size", "wanted"), [((37, 61), (13, 17)), ((37, 61), (299, 299)), ((20, 20), (20, 20))])
def test_the_resize_is_pillows(size: tuple[int, int], wanted: tuple[int, int]) -> None:
    image = pytest.importorskip("PIL.Image")
    picture = np.random.default_rng(1).integers(0, 256, (*size, 3)).astype(np.uint8)
    planes = [
        np.asarray(image.fromarray(picture[..., c].astype(np.float32), "F").resize(wanted, image.Resampling.BICUBIC))
        for c in range(3)
    ]
    np.testing.assert_allclose(
        distribution.clean_resize(picture, wanted), np.clip(np.stack(planes, 2), 0, 255), atol=1e-3
    )


def means_of_planes(path: Path, inputs: int = 1) -> Path:
    """A model that answers the mean of each plane."""
    ports = [helper.make_tensor_value_info(f"x{i}", 1, [1, 3, 16, 16]) for i in range(inputs)]
    axes = numpy_helper.from_array(np.array([2, 3], np.int64), "axes")
    node = helper.make_node("ReduceMean", ["x0", "axes"], ["y"], keepdims=0)
    answer = helper.make_tensor_value_info("y", 1, [1, 3])
    graph = helper.make_graph([node], "means", ports, [answer], [axes])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return path


def test_a_network_of_a_file_sees_the_range_that_it_is_said_to_take(tmp_path: Path) -> None:
    network = OnnxFeatures(means_of_planes(tmp_path / "m.onnx"), name="means", size=16)
    white, black = np.full((20, 30, 3), 255, np.uint8), np.zeros((9, 9, 3), np.uint8)
    np.testing.assert_allclose(network.features([white, black]), [[1, 1, 1], [-1, -1, -1]], atol=1e-6)
    assert network.model.startswith("m.onnx sha256 ")


def test_a_network_of_more_than_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="2 inputs"):
        OnnxFeatures(means_of_planes(tmp_path / "m.onnx", inputs=2), name="means")
