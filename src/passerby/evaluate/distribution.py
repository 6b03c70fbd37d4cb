"""How far two heaps of pictures lie apart in the features of a network: Fréchet distance (FID) and KID.

Neither compares a picture with its own original, so neither says who can be recognised: a low one says that the
pictures look like real ones, and a high one that they do not. A high FID is not privacy: noise has a high FID, and so
has a blur that can be undone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import NormalDist
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import NotMeasurable, OptionError
from passerby.evaluate.model_files import fingerprint
from passerby.evaluate.statistics import CONFIDENCE, Figure, Interval
from passerby.runtime import Session

Floats = NDArray[np.float64]

FEW = 5000
"""Crops below which a FID is far too high by its sample size alone, so that KID is to be read instead."""
FEWEST = 4
"""Crops of which halves have a spread."""
NO_INTERVAL = f"fewer than {FEWEST} crops give no interval"
SUBSET, SUBSETS = 1000, 100
"""Of KID, as published."""
NOT_PRIVACY = "a high FID or KID is not privacy: it says that the pictures look unlike the originals"
INCEPTION = "FID Inception-v3"
"""The features without which a Fréchet distance is no FID."""


class Features(Protocol):
    """A frozen network that turns pictures into numbers."""

    name: str
    """`INCEPTION` for the network of that name alone."""
    model: str
    """File and sha256."""

    def features(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[Any]:
        """(N, d) for N RGB pictures (H, W, 3) of any sizes, which it scales with `clean_resize`."""
        ...


# Fréchet distance


def frechet_gaussians(mean_a: Floats, covariance_a: Floats, mean_b: Floats, covariance_b: Floats) -> float:
    """|ma - mb|² + tr(A + B - 2 (A B)^½), the squared Fréchet distance of Gaussians; means (d,), covariances (d, d).

    FID is this number, square and all, on Inception features (Heusel et al., "GANs trained by a two time-scale update
    rule converge to a local Nash equilibrium", 2017). The trace is taken as the nuclear norm of A^½ B^½, which, unlike
    a square root of the product A B, is real and steady where covariances are singular.
    """
    return _frechet(mean_a, _square_root(covariance_a), mean_b, _square_root(covariance_b))


def frechet(a: NDArray[Any], b: NDArray[Any]) -> float:
    """`frechet_gaussians` of features (N, d) and (M, d), with covariances over N - 1 and M - 1.

    Biased: it grows as samples get fewer, and fewer than d leave the covariance singular. Compare at equal N alone.

    Raises:
        NotMeasurable: one of them has fewer than two rows.
    """
    x, y = _checked(a, b)
    return _frechet(x.mean(axis=0), _scatter_root(x), y.mean(axis=0), _scatter_root(y))


def _frechet(mean_a: Floats, root_a: Floats, mean_b: Floats, root_b: Floats) -> float:
    """With roots (rows, d) so that each covariance is rootᵀ root."""
    apart = float(np.square(mean_a - mean_b).sum())
    shared = float(np.linalg.svd(root_a @ root_b.T, compute_uv=False).sum())
    # Rounding may take equal heaps below zero.
    return max(apart + float(np.square(root_a).sum() + np.square(root_b).sum()) - 2 * shared, 0.0)


def _square_root(covariance: Floats) -> Floats:
    values, vectors = np.linalg.eigh(np.asarray(covariance, np.float64))
    return np.asarray(np.sqrt(np.maximum(values, 0))[:, None] * vectors.T, np.float64)


def _scatter_root(features: Floats) -> Floats:
    scaled = (features - features.mean(axis=0)) / math.sqrt(len(features) - 1)
    return np.asarray(np.linalg.qr(scaled, mode="r") if len(scaled) > scaled.shape[1] else scaled, np.float64)


# Kernel distance


def mmd(a: NDArray[Any], b: NDArray[Any]) -> float:
    """The unbiased squared maximum mean discrepancy of features (N, d) and (M, d), kernel (x·y / d + 1)³.

    Mean of k over pairs within a, plus that within b (no row with itself), minus twice the mean over pairs across:
    Bińkowski et al., "Demystifying MMD GANs", 2018. As it is unbiased it may be below zero.

    Raises:
        NotMeasurable: one of them has fewer than two rows.
    """
    x, y = _checked(a, b)
    return _within(x) + _within(y) - 2 * float(_kernel(x, y).mean())


def kid(a: NDArray[Any], b: NDArray[Any], *, subset: int = SUBSET, subsets: int = SUBSETS, seed: int = 0) -> float:
    """Kernel inception distance: the mean of `mmd` over `subsets` draws of `subset` rows of each, as published.

    Where one side has no more than `subset` rows, `mmd` of all.
    """
    size = min(len(a), len(b))
    return mmd(a, b) if size <= subset else float(np.mean(_drawn(a, b, subset, subsets, seed)))


def kid_interval(
    a: NDArray[Any], b: NDArray[Any], *, subsets: int = SUBSETS, seed: int = 0, confidence: float = CONFIDENCE
) -> Interval:
    """Where KID would lie with other pictures of the same kind: value ± z s, s by the delete-half jackknife.

    s is the standard deviation of `mmd` over draws of half of the rows (at most `SUBSET`) without replacement, times
    √(m / (N - m)) for m rows of N (Shao and Wu, 1989). The spread of the published subsets is no such interval: it is
    that of `SUBSET` rows, and nought where there are no more. Crops of one person are alike: it is too narrow then.

    Raises:
        NotMeasurable: there are fewer than four rows on one side.
    """
    size = min(len(a), len(b))
    if size < FEWEST:
        raise NotMeasurable(f"an interval of KID needs {FEWEST} pictures on either side, got {size}; measure more")
    half = min(size // 2, SUBSET)
    error = float(np.std(_drawn(a, b, half, subsets, seed), ddof=1)) * math.sqrt(half / (size - half))
    value = kid(a, b, subsets=subsets, seed=seed)
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * error
    return Interval(value - reach, value + reach)


def _drawn(a: NDArray[Any], b: NDArray[Any], size: int, draws: int, seed: int) -> list[float]:
    random = np.random.default_rng(seed)
    return [
        mmd(a[random.choice(len(a), size, replace=False)], b[random.choice(len(b), size, replace=False)])
        for _ in range(draws)
    ]


def _kernel(x: Floats, y: Floats) -> Floats:
    return np.asarray((x @ y.T / x.shape[1] + 1) ** 3, np.float64)


def _within(x: Floats) -> float:
    pairs = _kernel(x, x)
    return float((pairs.sum() - np.trace(pairs)) / (len(x) * (len(x) - 1)))


def _checked(a: NDArray[Any], b: NDArray[Any]) -> tuple[Floats, Floats]:
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(f"features have shapes {a.shape} and {b.shape}; wanted (N, d) and (M, d) of one network")
    if min(len(a), len(b)) < 2:
        raise NotMeasurable(f"a spread needs two pictures on either side, got {len(a)} and {len(b)}; measure more")
    x, y = a.astype(np.float64), b.astype(np.float64)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("features hold a number that is not finite; look at the network")
    return x, y


# In a report


def figures(
    network: Features, originals: Sequence[NDArray[np.uint8]], others: Sequence[NDArray[np.uint8]]
) -> list[Figure]:
    """The Fréchet distance and KID of crops before and after, RGB (H, W, 3).

    They are called FID and KID on the features that these names stand for; on others, by the network's own name.
    """
    few = min(len(originals), len(others))
    ending = "" if network.name == INCEPTION else f" of {network.name}"
    names = ("FID" if not ending else f"Fréchet distance{ending}", f"KID{ending}")
    if few < 2:
        missing = f"{few} crops on one side; 2 are needed at least"
        return [Figure(name=name, value=None, n=few, model=network.model, missing=missing) for name in names]
    a, b = network.features(originals), network.features(others)
    notes = [NOT_PRIVACY]
    if few < a.shape[1]:
        notes.append(f"N = {few} < d = {a.shape[1]}: the covariance is singular, read KID instead")
    elif few < FEW:
        notes.append(f"N = {few} < {FEW}: too high by its sample size alone, read KID instead")
    low, high = kid_interval(a, b) if few >= FEWEST else (None, None)
    return [
        Figure(
            name=names[0],
            value=frechet(a, b),
            n=few,
            protocol=f"squared Fréchet distance, {network.name}, clean resize",
            model=network.model,
            notes=tuple(notes),
        ),
        Figure(
            name=names[1],
            value=kid(a, b),
            n=few,
            low=low,
            high=high,
            protocol=f"unbiased MMD², (x·y/d + 1)³, {network.name}, clean resize",
            model=network.model,
            notes=(NOT_PRIVACY, "the interval takes crops to be independent" if low is not None else NO_INTERVAL),
        ),
    ]


class OnnxFeatures:
    """An ONNX file with one input (N, 3, S, S) as `Features`; its first output, flattened, is taken."""

    def __init__(self, path: Path, *, name: str, size: int = 299, low: float = -1.0, high: float = 1.0) -> None:
        """Black is `low` and white is `high` to the network, and `size` its S.

        Raises:
            WeightsError: the file does not load.
            OptionError: it takes more than one input.
        """
        self.name, self.model = name, fingerprint(path)
        self._session = Session(path)
        if len(self._session.inputs) != 1:
            raise OptionError(f"{path.name} has {len(self._session.inputs)} inputs; give a network of pictures alone")
        self._size, self._low, self._high = size, low, high

    def features(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[Any]:
        """(N, d), one picture at a time."""
        [port] = self._session.inputs
        rows = []
        for picture in pictures:
            scaled = clean_resize(picture, (self._size, self._size)) / 255 * (self._high - self._low) + self._low
            batch = np.ascontiguousarray(scaled.transpose(2, 0, 1)[None], np.float32)
            rows.append(self._session.run({port.name: batch})[0].reshape(-1))
        return np.stack(rows)


def called(path: Path) -> str:
    """What the features of a file are to be called: FID is the name of one network's features alone."""
    return INCEPTION if "inception" in path.stem.lower() else path.stem


def clean_resize(picture: NDArray[Any], size: tuple[int, int]) -> Floats:
    """`picture` (H, W, C) at `size` (width, height), float64 in 0..255, by a bicubic filter that widens as it shrinks.

    As Pillow does in 32 bits. Libraries that shrink without widening the filter leave aliasing, which moves FID by more
    than methods differ: Parmar et al., "On aliased resizing and surprising subtleties in GAN evaluation", 2022.
    """
    down, across = _cubic(picture.shape[0], size[1]), _cubic(picture.shape[1], size[0])
    return np.asarray(np.clip(np.einsum("ih,hwc,jw->ijc", down, picture, across, optimize=True), 0, 255), np.float64)


def _cubic(length: int, wanted: int) -> Floats:
    """The weights (wanted, length) of the cubic with a = -1/2, as wide as pixels of the result are in the picture."""
    step = length / wanted
    widen = max(step, 1.0)
    middles = (np.arange(wanted) + 0.5) * step
    first = np.maximum((middles - 2 * widen + 0.5).astype(int), 0)
    last = np.minimum((middles + 2 * widen + 0.5).astype(int), length)
    places = np.arange(length)
    x = np.abs((places + 0.5 - middles[:, None]) / widen)
    weights = np.where(x < 1, (1.5 * x - 2.5) * x * x + 1, np.where(x < 2, ((-0.5 * x + 2.5) * x - 4) * x + 2, 0))
    weights = np.where((places >= first[:, None]) & (places < last[:, None]), weights, 0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float64)
