"""How models are run, and by what."""

from __future__ import annotations

import os
import subprocess
import sys
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from passerby import runtime, weights
from passerby.core.errors import OptionError, StageError, WeightsError
from passerby.runtime import VARIABLE, Choice, Port, Session, choice


@dataclass(frozen=True)
class Core:
    """As much of OpenVINO as a choice asks."""

    capabilities: Sequence[str]

    def get_property(self, device: str, name: str) -> Sequence[str]:
        assert (device, name) == ("CPU", "OPTIMIZATION_CAPABILITIES")
        return self.capabilities


@dataclass(frozen=True)
class Library:
    """An OpenVINO on some processor."""

    capabilities: Sequence[str]

    def Core(self) -> Core:  # noqa: N802
        return Core(self.capabilities)


def broken() -> Library:
    raise ImportError("libtbb.so.12 is\nnot there")


def installed(monkeypatch: pytest.MonkeyPatch, *capabilities: str) -> None:
    """Let OpenVINO seem to be here, on a processor that has these capabilities."""
    monkeypatch.setattr(runtime.open_vino, "quiet", lambda: Library(capabilities))


@pytest.fixture(autouse=True)
def nothing_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture(scope="module", params=["onnxruntime", "openvino"])
def name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if name == "openvino":
        pytest.importorskip("openvino", reason="the extra openvino is not installed")
        if not runtime.open_vino.computes_bf16(runtime.open_vino.quiet().Core()):
            pytest.skip("this processor lacks bf16")
    return name


def load(path: Path, name: str) -> Session:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, name)
        return Session(path)


@pytest.fixture(scope="module")
def session(name: str) -> Session:
    return load(weights.find("centerface"), name)


def pictures(batch: int, height: int, width: int, seed: int = 0) -> dict[str, NDArray[np.float32]]:
    return {"input.1": np.random.default_rng(seed).uniform(0, 255, (batch, 3, height, width)).astype(np.float32)}


def equal(a: Sequence[NDArray[np.float32]], b: Sequence[NDArray[np.float32]]) -> bool:
    return len(a) == len(b) and all(map(np.array_equal, a, b))


def test_a_session_says_what_the_model_takes(session: Session) -> None:
    assert session.inputs == (Port("input.1", "float32", (None, 3, None, None)),)


def test_without_openvino_onnxruntime_runs_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert choice() == Choice("onnxruntime", "openvino is not installed")


@pytest.mark.parametrize(
    ("capabilities", "chosen"),
    [(["FP32", "BF16"], "openvino"), (["FP32", "FP16", "INT8"], "onnxruntime"), ([], "onnxruntime")],
)
def test_openvino_runs_models_where_it_is_faster(
    monkeypatch: pytest.MonkeyPatch, capabilities: list[str], chosen: str
) -> None:
    installed(monkeypatch, *capabilities)
    assert choice().name == chosen
    assert "bf16" in choice().reason


def test_an_openvino_that_does_not_work_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime.open_vino, "quiet", broken)
    monkeypatch.setattr(runtime, "find_spec", lambda name: name)
    assert choice() == Choice("onnxruntime", "openvino does not work: libtbb.so.12 is not there")


@pytest.mark.parametrize(
    ("named", "capabilities"), [("onnxruntime", ["BF16"]), ("openvino", ["FP32"]), ("openvino", ["BF16"])]
)
def test_who_names_a_runtime_gets_it(monkeypatch: pytest.MonkeyPatch, named: str, capabilities: list[str]) -> None:
    installed(monkeypatch, *capabilities)
    monkeypatch.setenv(VARIABLE, named)
    assert choice() == Choice(named, "PASSERBY_RUNTIME names it")


def test_a_variable_that_is_empty_names_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, "BF16")
    monkeypatch.setenv(VARIABLE, "")
    assert choice().name == "openvino"


@pytest.mark.parametrize(("named", "said"), [("openvin", "onnxruntime"), ("openvino", "pip install openvino")])
def test_a_named_runtime_that_is_unknown_or_does_not_work_is_an_error(
    monkeypatch: pytest.MonkeyPatch, named: str, said: str
) -> None:
    monkeypatch.setattr(runtime.open_vino, "quiet", broken)
    monkeypatch.setenv(VARIABLE, named)
    with pytest.raises(OptionError, match=said) as caught:
        Session(weights.find("centerface"))
    assert "PASSERBY_RUNTIME" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("batch", "height", "width"), [(1, 32, 32), (1, 96, 160), (3, 64, 32)])
def test_the_embedded_model_takes_any_number_and_size_of_pictures(
    session: Session, batch: int, height: int, width: int
) -> None:
    shapes = [output.shape for output in session.run(pictures(batch, height, width))]
    assert shapes == [(batch, channels, height // 4, width // 4) for channels in (1, 2, 2, 10)]


def test_a_model_is_loaded_once_and_let_go_when_many_came_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Opened:
        def __init__(self, path: Path) -> None:
            self.path = path

    monkeypatch.setattr(runtime, "Session", Opened)
    runtime.shared.cache_clear()
    first = runtime.shared(Path("first.onnx"))
    assert runtime.shared(Path("first.onnx")) is first
    gone = weakref.ref(first)
    del first
    for number in range(16):
        runtime.shared(Path(f"{number}.onnx"))
    left = gone()
    runtime.shared.cache_clear()
    assert left is None


def test_threads_share_a_session(session: Session) -> None:
    inputs = [pictures(1, 64, 96 + seed % 2 * 32, seed) for seed in range(8)]
    alone = [session.run(one) for one in inputs]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(session.run, inputs))
    assert all(map(equal, alone, together))


def test_an_answer_stays_as_it_is_when_the_next_is_given(session: Session) -> None:
    first = session.run(pictures(1, 64, 96))
    kept = [output.copy() for output in first]
    session.run(pictures(1, 64, 96, seed=1))
    assert equal(first, kept)
    assert all(output.dtype == np.float32 for output in first)


@pytest.mark.parametrize("step", [1, -1], ids=["as it lies in memory", "channels turned round"])
def test_an_input_may_be_a_view_that_cannot_be_written_and_stays_as_it_is(session: Session, step: int) -> None:
    view = pictures(1, 64, 96)["input.1"][:, ::step]
    view.flags.writeable = False
    before = view.copy()
    assert equal(session.run({"input.1": view}), session.run({"input.1": before}))
    session.run(pictures(1, 64, 96, seed=1))
    assert np.array_equal(view, before)


def test_an_input_that_is_missing_is_not_taken_from_an_earlier_call(tmp_path: Path, name: str) -> None:
    onnx = pytest.importorskip("onnx", reason="only building the package needs onnx")
    a, b, total = (onnx.helper.make_tensor_value_info(port, onnx.TensorProto.FLOAT, ["n"]) for port in "abs")
    graph = onnx.helper.make_graph([onnx.helper.make_node("Add", ["a", "b"], ["s"])], "sum", [a, b], [total])
    opset = onnx.helper.make_opsetid("", 17)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8), tmp_path / "sum.onnx")
    session = load(tmp_path / "sum.onnx", name)
    ones = np.ones(3, np.float32)
    assert equal(session.run({"a": ones, "b": ones}), [ones + ones])
    with pytest.raises(StageError, match=r"sum\.onnx"):
        session.run({"a": ones})


def test_a_report_can_say_how_it_runs(session: Session, name: str) -> None:
    about = session.describe()
    computing = {"onnxruntime": "onnxruntime CPUExecutionProvider", "openvino": "openvino bf16"}
    assert (about.model, about.runtime, about.threads) == ("centerface.onnx", computing[name], 1)


@pytest.mark.parametrize("content", [b"", b"no model at all", b"\x08\x07" * 40])
def test_a_file_that_is_no_model_is_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, content: bytes
) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"broken\.onnx.*; put another file there$") as caught:
        load(path, name)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


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
    """And never the answer to an earlier picture."""
    earlier = session.run(pictures(1, 32, 32))
    with pytest.raises(StageError, match=r"centerface\.onnx") as caught:
        session.run(inputs)
    assert "\n" not in str(caught.value)
    assert equal(session.run(pictures(1, 32, 32)), earlier)


WATCHED = """
import sys
from pathlib import Path
sys.addaudithook(lambda event, _: event.startswith(("socket.", "os.fork", "os.exec", "subprocess.")) and print(event))
from passerby import runtime, weights
runtime.Session(weights.find("centerface"))
print(*sorted({"onnxruntime", "openvino", "openvino_telemetry.main"} & sys.modules.keys()))
"""


def test_a_runtime_loads_nothing_of_the_other_and_tells_nobody(name: str, tmp_path: Path) -> None:
    """Either would get ready to report to its maker when it is imported, and leave a number in the user's home."""
    # What would spare this machine, and so hide what happens on a user's.
    spared = {"CI", "TF_BUILD", "JENKINS_URL", "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME"}
    kept = {key: value for key, value in os.environ.items() if key not in spared}
    env = {**kept, VARIABLE: name, "HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    paths = os.pathsep.join(filter(None, [str(Path(runtime.__file__).parents[1]), os.environ.get("PYTHONPATH")]))
    result = subprocess.run(
        [sys.executable, "-B", "-c", WATCHED],
        capture_output=True,
        text=True,
        check=True,
        env={**env, "PYTHONPATH": paths},
    )
    assert result.stdout.split() == [name]
    assert list(tmp_path.iterdir()) == []
