"""One way to run a model, on the library that is fastest here; each gets on with a decoder and an encoder beside it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from passerby import providers
from passerby.core.errors import OptionError, PasserbyError, StageError, WeightsError
from passerby.providers import Provider

VARIABLE = "PASSERBY_RUNTIME"
"""The environment variable that names one of `RUNTIMES`; see `choice` for what runs without it."""
THREADS = 1
"""Threads that a call computes in: the caller's own. Beside an encoder, more would halve the speed of both."""

Arrays = Mapping[str, NDArray[Any]]
Outputs = tuple[NDArray[np.float32], ...]


@dataclass(frozen=True, slots=True)
class Port:
    """One of the arrays that a model takes or gives."""

    name: str
    dtype: str
    """NumPy's name; '' for a type that it lacks."""
    shape: tuple[int | None, ...]
    """The length of each side, None where any does, or where it depends on the input."""


@dataclass(frozen=True, slots=True)
class Description:
    """How a session runs."""

    model: str
    """The model's file name."""
    runtime: str
    """What computes: a library, and its provider or precision."""
    threads: int
    """Threads that a call computes in."""
    memory: str = ""
    """Of a GPU, where what goes in and comes out is bound to it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The library that runs models."""

    name: str
    """One of `RUNTIMES`."""
    reason: str
    """Why this one, in a few words."""


@cache
def shared(path: Path) -> Session:
    """The one session of a model file: looks at several sizes need not load it, nor keep memory for it, twice."""
    return Session(path)


class Session:
    """A loaded model. `run` may be called from several threads at once; each call computes in its own."""

    def __init__(self, path: Path) -> None:
        """Load the ONNX file at `path`.

        Raises:
            OptionError: PASSERBY_RUNTIME names a library that is unknown or does not work here.
            WeightsError: the file cannot be read, or what computes does not take it.
        """
        self._name = path.name
        chosen = choice().name
        self._backend = RUNTIMES[chosen]()
        # Where a GPU fails the file may be a good one.
        self._instead = f"{chosen} computes here; try --device cpu" if chosen in PROVIDERS else ""
        with self._failing(WeightsError, f"{path} does not load as a model", "put another file there"):
            self._computes = self._backend.load(path)

    def run(self, inputs: Arrays) -> Outputs:
        """Every output of the model, in its own order, for `inputs` by name. The same inputs give the same bytes.

        Raises:
            StageError: the model does not take these inputs, or computing failed.
        """
        with self._failing(StageError, f"the model {self._name} failed", ""):
            return self._backend.run(inputs)

    @property
    def inputs(self) -> tuple[Port, ...]:
        """What the model takes, in its own order."""
        return self._backend.inputs()

    @property
    def outputs(self) -> tuple[Port, ...]:
        """What the model gives, in its own order."""
        return self._backend.outputs()

    @property
    def metadata(self) -> Mapping[str, str]:
        """What the model's maker wrote beside it."""
        return self._backend.metadata()

    def describe(self) -> Description:
        """What a report says about this session."""
        return Description(self._name, self._computes, THREADS, self._backend.memory)

    @contextmanager
    def _failing(self, kind: type[PasserbyError], what: str, remedy: str) -> Iterator[None]:
        try:
            yield
        except self._backend.errors as error:
            raise kind("; ".join(filter(None, [f"{what}: {_line(error)}", self._instead or remedy]))) from error


def choice() -> Choice:
    """What runs models here: what PASSERBY_RUNTIME names, or the first of `RUNTIMES` that is here and faster.

    Those of `providers.ROUNDING` have to be named.

    Raises:
        OptionError: PASSERBY_RUNTIME names what is unknown or does not work here.
    """
    named = os.environ.get(VARIABLE)
    if named and named not in RUNTIMES:
        raise OptionError(f"{VARIABLE} or --device is {named!r}; name one of {', '.join(RUNTIMES)}, or unset it")
    if named:
        fault = _fault(named)
        if fault:
            wanted = PROVIDERS[named].package if named in PROVIDERS else named
            raise OptionError(
                f"{VARIABLE} or --device is {named}, which does not work here: {fault}; pip install {wanted}, or unset"
            )
        return Choice(named, f"{VARIABLE} names it")
    passed_over: list[str] = []
    for name in (name for name in RUNTIMES if name not in providers.ROUNDING):
        why_not = _why_not(name)
        if why_not is None:
            return Choice(name, REASONS.get(name) or "; ".join(passed_over))
        passed_over += [why_not] if why_not else []
    raise AssertionError("onnxruntime computes everywhere")


def _fault(name: str) -> str | None:
    """Why one of `RUNTIMES` does not work here; None where it does."""
    if name in PROVIDERS:
        return providers.fault(PROVIDERS[name], quiet_onnxruntime())
    if name == "openvino":
        try:
            quiet_openvino().Core()
        except _BROKEN as error:
            return _line(error)
    return None


def _why_not(name: str) -> str | None:
    """Why one of `RUNTIMES` does not run models unless it is named; '' where nobody expects it, None where it does."""
    if name in PROVIDERS and PROVIDERS[name].title not in quiet_onnxruntime().get_available_providers():
        return ""
    fault = _fault(name)
    if fault and name == "openvino" and find_spec(name) is None:
        return "openvino is not installed"
    if fault:
        return f"{name} does not work: {fault}"
    if name == "openvino" and not _computes_bf16(quiet_openvino().Core()):
        return "openvino is installed, but no faster on a processor without bf16"
    return None


class Backend(Protocol):
    """A library that runs one model."""

    errors: tuple[type[Exception], ...]
    """What it raises."""
    memory: str
    """See `Description.memory`."""

    def load(self, path: Path) -> str:
        """Load the model; say what computes."""

    def inputs(self) -> tuple[Port, ...]:
        """See `Session.inputs`."""

    def outputs(self) -> tuple[Port, ...]:
        """See `Session.outputs`."""

    def metadata(self) -> Mapping[str, str]:
        """See `Session.metadata`."""

    def run(self, inputs: Arrays) -> Outputs:
        """See `Session.run`."""


class OnnxRuntime:
    """A `Backend` for every machine, on the processor or on a `Provider`."""

    def __init__(self, provider: Provider | None = None) -> None:
        self._library = quiet_onnxruntime()
        self._provider = provider
        self.errors: tuple[type[Exception], ...] = providers.errors(self._library)
        self.memory = (provider and provider.memory) or ""

    def load(self, path: Path) -> str:
        self._session: Any = providers.opened(self._provider, path, self._library)
        computing = self._session.get_providers()
        if self._provider:
            if computing[0] != self._provider.title:
                raise RuntimeError(f"{self._provider.name} does not take it, and the processor is not what was chosen")
            self._warm_up()
        return f"onnxruntime {' '.join(computing)}"

    def _warm_up(self) -> None:
        """Let what is made for the first picture be made now, for a model that takes one size."""
        if all(None not in port.shape for port in self.inputs()):
            self.run({port.name: np.zeros([side or 1 for side in port.shape], port.dtype) for port in self.inputs()})

    def inputs(self) -> tuple[Port, ...]:
        return tuple(map(self._port, self._session.get_inputs()))

    def outputs(self) -> tuple[Port, ...]:
        return tuple(map(self._port, self._session.get_outputs()))

    def metadata(self) -> Mapping[str, str]:
        return dict(self._session.get_modelmeta().custom_metadata_map)

    @staticmethod
    def _port(port: Any) -> Port:
        kind = port.type.removeprefix("tensor(").removesuffix(")")
        shape = tuple(side if isinstance(side, int) and side > 0 else None for side in port.shape)
        return Port(port.name, {"float": "float32", "double": "float64"}.get(kind, kind), shape)

    def run(self, inputs: Arrays) -> Outputs:
        if not self.memory:
            return tuple(self._session.run(None, dict(inputs)))
        bound = self._session.io_binding()
        for name, array in inputs.items():
            bound.bind_cpu_input(name, np.ascontiguousarray(array))
        for port in self._session.get_outputs():
            bound.bind_output(port.name, self.memory)
        self._session.run_with_iobinding(bound)
        return tuple(bound.copy_outputs_to_cpu())


class OpenVino:
    """A `Backend` that nearly halves the time of a look on processors with bf16."""

    memory = ""

    def __init__(self) -> None:
        self._library = quiet_openvino()
        self.errors: tuple[type[Exception], ...] = (RuntimeError, *_exceptions(self._library.frontend))
        self._core = self._library.Core()
        self._precision = "bf16" if _computes_bf16(self._core) else "f32"
        self._shapes: dict[tuple[Any, ...], list[Any]] = {}
        self._idle: list[Any] = []
        self._lock = Lock()

    def load(self, path: Path) -> str:
        # By name, because each of its readers would try the file in turn, and complain on the console.
        reader = self._library.frontend.FrontEndManager().load_by_framework("onnx")
        self._model = reader.convert(reader.load(path))
        if not self._model.inputs:
            raise RuntimeError("there is nothing in it")
        self._sized = self._model.clone()
        self._idle.append(self._request())
        return f"openvino {self._precision}"

    def inputs(self) -> tuple[Port, ...]:
        return tuple(map(self._port, self._model.inputs))

    def outputs(self) -> tuple[Port, ...]:
        return tuple(map(self._port, self._model.outputs))

    def metadata(self) -> Mapping[str, str]:
        told = self._model.get_rt_info()
        return {key: value.astype(str) for key, value in told["framework"].items()} if "framework" in told else {}

    @staticmethod
    def _port(port: Any) -> Port:
        sides = port.get_partial_shape()
        shape = () if sides.rank.is_dynamic else tuple(side.get_length() if side.is_static else None for side in sides)
        return Port(port.get_any_name(), port.get_element_type().to_dtype().name, shape)

    def run(self, inputs: Arrays) -> Outputs:
        shapes = self._output_shapes(inputs)
        try:
            request = self._idle.pop()
        except IndexError:  # all are at work in other threads
            request = self._request()
        for name, array in inputs.items():
            whole = np.ascontiguousarray(array)
            # It refuses to share memory that must not be written.
            request.set_tensor(name, self._library.Tensor(whole, shared_memory=whole.flags.writeable))
        request.infer()
        outputs = tuple(np.array(tensor.data).reshape(tuple(tensor.shape)) for tensor in request.output_tensors)
        came = [self._library.PartialShape(list(output.shape)) for output in outputs]
        if not all(shape.compatible(wanted) for shape, wanted in zip(came, shapes, strict=True)):
            raise RuntimeError("it gave an answer of another size than the input's")
        self._idle.append(request)  # never one that failed: it may hold an earlier answer
        return outputs

    def _request(self) -> Any:
        """One with a compiled model to itself: those that share one wait for each other, or leave their thread."""
        options = {
            "INFERENCE_PRECISION_HINT": self._precision,
            "INFERENCE_NUM_THREADS": THREADS,
            "NUM_STREAMS": 1,
            "ENABLE_CPU_PINNING": False,  # all callers would share the first core
        }
        with self._lock:
            return self._core.compile_model(self._model, "CPU", options).create_infer_request()

    def _output_shapes(self, inputs: Arrays) -> list[Any]:
        """What `inputs` must give; sides that depend on what is in them stay open.

        Worked out once a size, in 10 ms, because OpenVINO does not check: without an input, or with one of a size that
        does not fit, it gives the answer of an earlier call.
        """
        key = tuple((name, array.shape) for name, array in inputs.items())
        with self._lock:
            if key not in self._shapes:
                wanted = {port.get_any_name() for port in self._model.inputs}
                if wanted != set(inputs):
                    raise RuntimeError(f"it takes {', '.join(sorted(wanted))}, got {', '.join(inputs) or 'nothing'}")
                self._sized.reshape({name: list(array.shape) for name, array in inputs.items()})
                self._shapes[key] = [port.get_partial_shape() for port in self._sized.outputs]
            return self._shapes[key]


PROVIDERS: Mapping[str, Provider] = {provider.name: provider for provider in providers.PROVIDERS}
RUNTIMES: Mapping[str, Callable[[], Backend]] = {
    "tensorrt": partial(OnnxRuntime, PROVIDERS["tensorrt"]),
    "cuda": partial(OnnxRuntime, PROVIDERS["cuda"]),
    "openvino": OpenVino,
    "coreml": partial(OnnxRuntime, PROVIDERS["coreml"]),
    "directml": partial(OnnxRuntime, PROVIDERS["directml"]),
    "onnxruntime": OnnxRuntime,
    "cpu": OnnxRuntime,
}
"""In the order in which they are tried; the last two are the same."""
REASONS = {
    **dict.fromkeys(PROVIDERS, "onnxruntime offers it, and a small model has run on it"),
    "openvino": "it is installed, and this processor computes in bf16",
}
"""Why these run models."""
_BROKEN = (ImportError, OSError, RuntimeError)
"""What a library raises that is not there, or not for this machine."""


def quiet_onnxruntime() -> Any:
    """The library, which is to tell nobody that it is used."""
    # Else importing it starts a thread to report to its maker, and leaves a number in the user's home to report with.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    onnxruntime.disable_telemetry_events()  # the way to say so that is documented
    return onnxruntime


def quiet_openvino() -> Any:
    """The library, which is to tell nobody that it is used.

    Raises:
        ImportError: it is not there, or not for this machine.
    """
    # Else importing it reports that to its maker, by a process of its own. It provides for this module being missing.
    sys.modules.setdefault("openvino_telemetry", cast(Any, None))
    import openvino

    return openvino


def _computes_bf16(core: Any) -> bool:
    return "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _exceptions(module: ModuleType) -> Iterator[type[Exception]]:
    """Those of a library, which share no base but Exception."""
    return (kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, Exception))


def _line(error: Exception) -> str:
    """What a library says, on one line."""
    return " ".join(str(error).split())[:300]
