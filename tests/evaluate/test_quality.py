"""How much of the picture is as it was."""

from __future__ import annotations

import math

import numpy as np
import pytest

from passerby.core.errors import NotMeasurable
from passerby.evaluate import quality
from passerby.evaluate.quality import Fidelity


def constant(value: float, *, side: int = 16) -> np.ndarray:
    return np.full((side, side), value)


def noise(seed: int, shape: tuple[int, ...] = (40, 50, 3)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def by_name(fidelity: Fidelity) -> dict[str, quality.Figure]:
    return {figure.name: figure for figure in fidelity.figures()}


@pytest.mark.parametrize(
    ("a", "b", "peak", "expected"),
    [
        (np.zeros((4, 4), np.uint8), np.full((4, 4), 16, np.uint8), 255, 24.0484),
        (np.full((4, 4), 16, np.uint8), np.zeros((4, 4), np.uint8), 255, 24.0484),
        (np.array([[0, 1], [2, 3]], np.uint8), np.array([[3, 2], [1, 0]], np.uint8), 3, 2.5527),
        (np.zeros((4, 4), np.uint8), np.full((4, 4), 255, np.uint8), 255, 0),
    ],
)
def test_psnr_by_hand(a: np.ndarray, b: np.ndarray, peak: float, expected: float) -> None:
    """T12, T13"""
    assert quality.psnr(a, b, peak=peak) == pytest.approx(expected, abs=5e-5)


def test_psnr_of_equal_pictures_is_infinite() -> None:
    assert quality.psnr(noise(1), noise(1)) == math.inf


@pytest.mark.parametrize("measure", [quality.psnr, quality.ssim])
def test_pixels_that_are_no_numbers_have_no_likeness(measure) -> None:  # type: ignore[no-untyped-def]
    broken = constant(100.0)
    broken[3, 3] = math.nan
    with pytest.raises(NotMeasurable, match="not a number"):
        measure(broken, constant(100))


def test_the_mean_of_psnrs_is_not_the_psnr_of_the_mean() -> None:
    """T14"""
    errors = [1.0**2, 16.0**2]
    assert quality.mean_psnr(errors) == pytest.approx(36.0896, abs=5e-5)
    assert quality.pooled_psnr(errors) == pytest.approx(27.0418, abs=5e-5)


def test_a_peak_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="peak"):
        quality.psnr(noise(1), noise(2), peak=0)


@pytest.mark.parametrize(
    ("a", "b", "peak", "expected", "tolerance"),
    [(100, 150, 255, 0.923092, 5e-7), (0, 1, 1, 9.999e-5, 5e-9), (7, 7, 255, 1, 1e-12)],
)
def test_ssim_by_hand(a: float, b: float, peak: float, expected: float, tolerance: float) -> None:
    """T15, T16"""
    assert quality.ssim(constant(a), constant(b), peak=peak) == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shape", [(40, 50), (31, 64, 3)])
def test_psnr_and_ssim_are_those_of_scikit_image(seed: int, shape: tuple[int, ...]) -> None:
    metrics = pytest.importorskip("skimage.metrics")
    a = noise(seed, shape)
    b = np.clip(a + np.random.default_rng(seed + 9).normal(0, 30, shape), 0, 255).astype(np.uint8)
    value, whole = metrics.structural_similarity(
        a,
        b,
        data_range=255,
        gaussian_weights=True,
        use_sample_covariance=False,
        full=True,
        channel_axis=2 if a.ndim == 3 else None,
    )
    assert quality.ssim(a, b) == pytest.approx(value, abs=1e-12)
    np.testing.assert_allclose(quality.ssim_map(a, b), whole if a.ndim == 2 else whole.mean(axis=2), atol=1e-12)
    assert quality.psnr(a, b) == pytest.approx(metrics.peak_signal_noise_ratio(a, b, data_range=255), abs=1e-12)


@pytest.mark.filterwarnings("ignore")  # theirs, of their own dependencies
def test_ssim_agrees_with_torchmetrics_where_that_does_not_mirror() -> None:
    """Its mean counts windows over the mirrored edge too, unlike Wang's and scikit-image's."""
    torch = pytest.importorskip("torch")
    image = pytest.importorskip("torchmetrics.functional.image")
    a, b = noise(1), noise(2)
    one, other = (torch.tensor(x.transpose(2, 0, 1)[None].astype(np.float64)) for x in (a, b))
    _, whole = image.structural_similarity_index_measure(one, other, data_range=255.0, return_full_image=True)
    assert quality.ssim(a, b) == pytest.approx(float(whole[..., 5:-5, 5:-5].mean()), abs=1e-9)


def test_pictures_of_two_shapes_are_refused() -> None:
    for measure in (quality.psnr, quality.ssim):
        with pytest.raises(ValueError, match="shape"):
            measure(noise(1, (20, 20)), noise(1, (20, 21)))
    with pytest.raises(ValueError, match="11x11"):
        quality.ssim(noise(1, (10, 20)), noise(2, (10, 20)))


def test_an_area_counts_alone() -> None:
    a = noise(1)
    b = a.copy()
    b[10:20, 10:20] = 0
    inside = np.zeros(a.shape[:2], bool)
    inside[10:20, 10:20] = True
    assert quality.psnr(a, b, area=~inside) == math.inf
    assert quality.psnr(a, b, area=inside) == quality.psnr(a[10:20, 10:20], b[10:20, 10:20])
    assert quality.ssim(a, b, area=inside) < 0.5 < quality.ssim(a, b, area=~inside)
    with pytest.raises(NotMeasurable):
        quality.psnr(a, b, area=np.zeros_like(inside))


def test_frames_are_measured_whole_inside_outside_and_by_class() -> None:
    fidelity = Fidelity()
    a = noise(1)
    b = a.copy()
    b[10:30, 10:30] = 128
    hidden = np.zeros(a.shape[:2], bool)
    hidden[10:30, 10:30] = True
    fidelity.add("a.mp4", a, b, hidden=hidden, classes={"face": hidden, "plate": np.zeros_like(hidden)})
    figures = by_name(fidelity)
    assert figures["SSIM, inside"].value == quality.ssim(a, b, area=hidden)
    assert figures["PSNR, pooled, face"].value == pytest.approx(quality.psnr(a, b, area=hidden))
    assert figures["PSNR, pooled, outside"].value is None
    assert "infinite" in figures["PSNR, pooled, outside"].missing
    assert "SSIM, plate" not in figures
    assert "L = 255" in figures["SSIM"].protocol


def test_a_class_is_split_by_what_is_hidden_of_it() -> None:
    """A face of 16x16 pixels, whose left half is hidden and 16 brighter; the right half is 4 brighter by mistake."""
    before = constant(100, side=32)
    face, hidden = np.zeros((32, 32), bool), np.zeros((32, 32), bool)
    face[8:24, 8:24] = True
    hidden[:, :16] = True
    after = before.copy()
    after[face & hidden] += 16
    after[face & ~hidden] += 4
    fidelity = Fidelity()
    fidelity.add("a.mp4", before, after, hidden=hidden, classes={"face": face})
    figures = by_name(fidelity)
    told = {name: figures[f"PSNR, pooled, {name}"].value for name in ("face", "face, inside", "face, outside")}
    assert told == {
        "face": pytest.approx(26.7954, abs=5e-5),  # (256 + 16) / 2
        "face, inside": pytest.approx(24.0484, abs=5e-5),
        "face, outside": pytest.approx(36.0896, abs=5e-5),
    }
    assert figures["PSNR, pooled, inside"].value == pytest.approx(10 * math.log10(255**2 / 64))
    assert figures["part hidden, face"].value == figures["part hidden"].value == 0.5
    assert not [name for name in figures if name.startswith("part hidden") and name.endswith("side")]


def test_constant_pictures_are_as_alike_in_every_part() -> None:
    corner, left = np.zeros((32, 32), bool), np.zeros((32, 32), bool)
    corner[:20, :20] = True
    left[:, :10] = True
    fidelity = Fidelity()
    fidelity.add("a.mp4", constant(100, side=32), constant(150, side=32), hidden=left, classes={"plate": corner})
    similar = {name: figure.value for name, figure in by_name(fidelity).items() if name.startswith("SSIM")}
    assert set(similar) == {f"SSIM{of}{side}" for of in ("", ", plate") for side in ("", ", inside", ", outside")}
    assert all(value == pytest.approx(0.923092, abs=1e-6) for value in similar.values())


def test_of_several_frames_the_part_that_is_hidden_is_that_of_all_pixels() -> None:
    fidelity = Fidelity()
    for clip, columns in [("a.mp4", 2), ("b.mp4", 6)]:
        hidden, person = np.zeros((16, 16), bool), np.zeros((16, 16), bool)
        hidden[:, :columns] = True
        person[:, : columns + 2] = True
        fidelity.add(clip, constant(0), constant(9), hidden=hidden, classes={"person": person})
    figures = by_name(fidelity)
    assert figures["part hidden, person"].value == pytest.approx(8 / 12)
    assert (figures["part hidden, person"].low, figures["part hidden, person"].high) == (0.5, 0.75)
    assert figures["part hidden"].value == 0.25


def test_without_a_mask_nothing_is_said_of_what_it_hides() -> None:
    fidelity = Fidelity()
    fidelity.add("a.mp4", constant(0), constant(9), classes={"face": np.ones((16, 16), bool)})
    assert not [name for name in by_name(fidelity) if "hidden" in name or "inside" in name or "outside" in name]


def test_equal_frames_are_left_out_of_the_mean_of_psnrs_and_counted() -> None:
    fidelity = Fidelity()
    fidelity.add("a.mp4", constant(0), constant(0))
    fidelity.add("a.mp4", constant(0), constant(16))
    figures = by_name(fidelity)
    assert figures["PSNR, mean of frames"].value == pytest.approx(24.0484, abs=5e-5)
    assert figures["PSNR, mean of frames"].n == 1
    assert figures["PSNR, mean of frames"].notes[0].startswith("1 of 2 frames are equal")
    assert figures["PSNR, pooled"].value == pytest.approx(10 * math.log10(255**2 / 128))


def test_clips_are_drawn_again_as_a_whole() -> None:
    fidelity = Fidelity()
    for clip, value in [("a", 10), ("a", 10), ("b", 20), ("b", 20)]:
        fidelity.add(clip, constant(0), constant(value))
    figure = by_name(fidelity)["PSNR, pooled"]
    assert (figure.low, figure.high) == pytest.approx((20 * math.log10(255 / 20), 20 * math.log10(255 / 10)))


def test_one_clip_gives_no_interval_and_says_so() -> None:
    fidelity = Fidelity()
    fidelity.add("a", constant(0), constant(9))
    figure = by_name(fidelity)["SSIM"]
    assert (figure.low, figure.high) == (None, None)
    assert "one clip alone gives no interval" in figure.notes


def test_a_frame_too_small_for_ssim_has_psnr_alone() -> None:
    fidelity = Fidelity()
    fidelity.add("a", constant(0, side=8), constant(9, side=8))
    figures = by_name(fidelity)
    assert figures["SSIM"].value is None
    assert figures["PSNR, pooled"].value is not None


class Shade:
    """A network that a reader can follow: the difference of the red."""

    name, model = "shade", "none"

    def map(self, original: np.ndarray, other: np.ndarray) -> np.ndarray:
        return np.abs(original[..., 0].astype(float) - other[..., 0])

    def distance(self, original: np.ndarray, other: np.ndarray) -> float:
        return float(self.map(original, other).mean())


def test_lpips_has_areas_too_and_names_its_network() -> None:
    fidelity = Fidelity(perception=Shade())
    hidden = np.zeros((20, 20), bool)
    hidden[:, :5] = True
    black = np.zeros((20, 20, 3), np.uint8)
    fidelity.add("a", black, black + (8 * hidden[..., None]).astype(np.uint8), hidden=hidden)
    figures = by_name(fidelity)
    assert [figures[f"LPIPS{area}"].value for area in ("", ", inside", ", outside")] == [2, 8, 0]
    assert figures["LPIPS"].protocol.startswith("shade")


def test_lpips_without_a_network_is_said_to_be_missing() -> None:
    fidelity = Fidelity()
    fidelity.add("a", constant(0), constant(9))
    assert "no network" in by_name(fidelity)["LPIPS"].missing
