"""How models are run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from passerby import weights
from passerby.core.errors import StageError, WeightsError
from passerby.runtime import Session


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(weights.find("centerface"))


def pictures(batch: int, height: int, width: int, seed: int = 0) -> dict[str, NDArray[np.float32]]:
    return {"input.1": np.random.default_rng(seed).uniform(0, 255, (batch, 3, height, width)).astype(np.float32)}


@pytest.mark.parametrize(("batch", "height", "width"), [(1, 32, 32), (1, 96, 160), (3, 64, 32)])
def test_the_embedded_model_takes_any_number_and_size_of_pictures(
    session: Session, batch: int, height: int, width: int
) -> None:
    shapes = [output.shape for output in session.run(pictures(batch, height, width))]
    assert shapes == [(batch, channels, height // 4, width // 4) for channels in (1, 2, 2, 10)]


def test_threads_share_a_session(session: Session) -> None:
    inputs = [pictures(1, 64, 96, seed) for seed in range(8)]
    alone = [session.run(one) for one in inputs]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(session.run, inputs))
    for a, b in zip(alone, together, strict=True):
        assert all(map(np.array_equal, a, b))


def test_a_report_can_say_how_it_runs(session: Session) -> None:
    about = session.describe()
    assert (about.model, about.threads) == ("centerface.onnx", 1)
    assert "CPUExecutionProvider" in about.providers


@pytest.mark.parametrize("content", [b"", b"no model at all", b"\x08\x07" * 40])
def test_a_file_that_is_no_model_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"broken\.onnx") as caught:
        Session(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"picture": np.zeros((1, 3, 32, 32), np.float32)},
        {"input.1": np.zeros((1, 3, 32, 32), np.uint8)},
        {"input.1": np.zeros((3, 32, 32), np.float32)},
        {"input.1": np.zeros((1, 3, 33, 32), np.float32)},
    ],
    ids=["none", "another name", "another type", "another rank", "a side that does not divide"],
)
def test_inputs_that_do_not_fit_are_one_line_of_error(session: Session, inputs: dict[str, NDArray[np.float32]]) -> None:
    with pytest.raises(StageError, match=r"centerface\.onnx") as caught:
        session.run(inputs)
    assert "\n" not in str(caught.value)
