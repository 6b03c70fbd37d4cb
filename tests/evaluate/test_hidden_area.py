"""What of a frame was changed, by its pixels alone."""

from __future__ import annotations

import numpy as np
import pytest

from passerby.evaluate.hidden_area import changed

SIZE = (128, 160)


def difference(hidden: float, coarse: float, seed: int = 0) -> np.ndarray:
    """Of an encoder, `coarse` on average, and in the first rows of what was painted over a share of the frame."""
    random = np.random.default_rng(seed)
    answer = random.gamma(2, coarse / 2, SIZE).astype(np.float32)
    rows = round(SIZE[0] * hidden)
    answer[:rows] = random.uniform(30, 90, (rows, SIZE[1]))
    return answer


@pytest.mark.parametrize("coarse", [0, 1, 4])
@pytest.mark.parametrize("hidden", [0.25, 0.5, 0.75, 1])
def test_what_was_painted_over_is_found_however_much_it_is(hidden: float, coarse: float) -> None:
    found = changed(difference(hidden, coarse))
    rows = round(SIZE[0] * hidden)
    assert found[:rows].mean() > 0.99
    assert not found[rows + 8 :].any()


@pytest.mark.parametrize("coarse", [0, 1, 4, 8])
def test_what_an_encoder_does_is_no_painting(coarse: float) -> None:
    assert changed(difference(0, coarse)).mean() < 0.01
