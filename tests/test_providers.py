"""On what onnxruntime computes: told by a library that pretends, since tests run where there is no GPU."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_onnxruntime import COREML, CUDA, TENSORRT, Fake

from passerby import providers, runtime, weights
from passerby.core.errors import OptionError, StageError, WeightsError
from passerby.providers import CPU
from passerby.runtime import VARIABLE, Session, choice


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No OpenVINO, nothing named, and a cache of its own."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(runtime, "_fault", _without_openvino(runtime._fault))
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))


def _without_openvino(fault: Any) -> Any:
    return lambda name: "it is not here" if name == "openvino" else fault(name)


def offering(monkeypatch: pytest.MonkeyPatch, offered: Sequence[str], working: Sequence[str] | None = None) -> Fake:
    library = Fake(offered, working)
    monkeypatch.setattr(runtime.onnx_runtime, "quiet", lambda: library)
    return library


CHOSEN = [
    ([], None, "onnxruntime"),
    ([CUDA], None, "cuda"),
    ([CUDA, TENSORRT], None, "cuda"),
    ([TENSORRT, CUDA], [CUDA], "cuda"),
    ([TENSORRT], None, "onnxruntime"),
    ([TENSORRT, CUDA], [], "onnxruntime"),
    ([COREML], None, "onnxruntime"),
    (["DmlExecutionProvider"], None, "directml"),
    (["AzureExecutionProvider"], None, "onnxruntime"),
]


@pytest.mark.parametrize(("offered", "working", "name"), CHOSEN)
def test_the_fastest_that_works_and_rounds_nothing_is_chosen(
    monkeypatch: pytest.MonkeyPatch, offered: list[str], working: list[str] | None, name: str
) -> None:
    offering(monkeypatch, offered, working)
    assert choice().name == name


@pytest.mark.parametrize(("title", "name"), [(TENSORRT, "tensorrt"), (COREML, "coreml")])
def test_one_that_rounds_runs_where_it_is_named(monkeypatch: pytest.MonkeyPatch, title: str, name: str) -> None:
    offering(monkeypatch, [CUDA, title])
    monkeypatch.setenv(VARIABLE, name)
    assert choice().name == name


def test_cuda_computes_in_32_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    library = offering(monkeypatch, [CUDA])
    Session(weights.find("centerface"))
    [(_, options), _] = library.asked[-1]
    assert options["use_tf32"] == "0"


def test_one_that_is_offered_and_does_not_work_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    offering(monkeypatch, [CUDA], [])
    assert "cuda does not work: its driver or a library that it needs is missing" in choice().reason


@pytest.mark.parametrize(
    ("offered", "named", "said"),
    [
        ([], "cuda", "onnxruntime does not offer it.* pip install onnxruntime-gpu"),
        ([CUDA], "cuda", "its driver or a library that it needs is missing"),
        ([CUDA], "tensorrt", "onnxruntime does not offer it"),
    ],
)
def test_one_that_is_named_and_does_not_work_is_an_error(
    monkeypatch: pytest.MonkeyPatch, offered: list[str], named: str, said: str
) -> None:
    offering(monkeypatch, offered, working=[])
    monkeypatch.setenv(VARIABLE, named)
    with pytest.raises(OptionError, match=said) as refused:
        choice()
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize("name", ["cpu", "onnxruntime"])
def test_the_processor_can_be_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    library = offering(monkeypatch, [CUDA])
    monkeypatch.setenv(VARIABLE, name)
    assert Session(weights.find("centerface")).describe().runtime == f"onnxruntime {CPU}"
    assert library.asked == [[CPU]]


def test_a_model_that_a_provider_does_not_take_is_not_left_to_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    library = offering(monkeypatch, [CUDA])
    assert choice().name == "cuda"
    library.working = [CPU]
    with pytest.raises(WeightsError, match=r"cuda does not take it.*; cuda computes here; try --device cpu$"):
        Session(weights.find("centerface"))


def test_a_gpu_that_fails_at_work_leaves_the_processor_to_try(monkeypatch: pytest.MonkeyPatch) -> None:
    offering(monkeypatch, [CUDA])
    with pytest.raises(StageError, match=r"try --device cpu$"):
        Session(weights.find("centerface")).run({})


def test_what_goes_in_and_out_is_bound_to_the_memory_of_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    library = offering(monkeypatch, [CUDA])
    picture = {"input.1": np.random.default_rng(0).uniform(0, 255, (1, 3, 64, 96)).astype(np.float32)}
    given = Session(weights.find("centerface")).run(picture)
    assert library.bound == [(name, "cuda") for name in ("537", "538", "539", "540")]
    monkeypatch.setenv(VARIABLE, "cpu")
    alone = Session(weights.find("centerface")).run(picture)
    assert all(map(np.array_equal, given, alone))


def test_engines_are_kept_in_the_users_cache_and_made_in_16_bits(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    library = offering(monkeypatch, [TENSORRT])
    monkeypatch.setenv(VARIABLE, "tensorrt")
    Session(weights.find("centerface"))
    [(name, options), last] = library.asked[-1]
    assert (name, last) == (TENSORRT, CPU)
    assert (options["trt_fp16_enable"], options["trt_engine_cache_enable"]) == ("1", "1")
    folder = Path(options["trt_engine_cache_path"])
    assert folder.is_dir()
    assert tmp_path in folder.parents


def test_a_model_of_one_size_runs_before_its_first_picture(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    onnx_models = pytest.importorskip("onnx_models", reason="needs the onnx package to make models")
    offering(monkeypatch, [COREML])
    monkeypatch.setenv(VARIABLE, "coreml")
    free = onnx_models.model(tmp_path / "free.onnx", {"y": np.zeros(3, np.float32)}, shape=(1, 3, "height", "width"))
    fixed = onnx_models.model(tmp_path / "fixed.onnx", {"y": np.zeros(3, np.float32)}, shape=(1, 3, 64, 96))
    runs = [Session(path)._backend._session.runs for path in (free, fixed)]  # type: ignore[attr-defined]
    assert [[one["images"].shape for one in some] for some in runs] == [[], [(1, 3, 64, 96)]]


def test_a_provider_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    library = offering(monkeypatch, [CUDA])
    for _ in range(3):
        choice()
    assert len(library.asked) == 1
    assert providers.fault(runtime.PROVIDERS["cuda"], library) is None
