"""One way to run a model, on the library that is fastest here; each gets on with a decoder and an encoder beside it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path

from passerby import providers
from passerby.core.errors import OptionError, PasserbyError, StageError, WeightsError
from passerby.providers import Provider
from passerby.runtime import cards, onnx_runtime, open_vino
from passerby.runtime.backend import THREADS, Arrays, Backend, Outputs, Port
from passerby.runtime.cards import VARIABLE
from passerby.runtime.onnx_runtime import OnnxRuntime
from passerby.runtime.open_vino import OpenVino

__all__ = [
    "RUNTIMES",
    "VARIABLE",
    "Arrays",
    "Choice",
    "Description",
    "Outputs",
    "Port",
    "Session",
    "choice",
    "shared",
]


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


@lru_cache(maxsize=8)
def shared(path: Path) -> Session:
    """The one session of a model file: looks at several sizes need not load it, nor keep memory for it, twice.

    The last few stay for the next file; a session that many models were opened after frees its memory.
    """
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
    named = cards.runtime(os.environ.get(VARIABLE))
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
        return providers.fault(PROVIDERS[name], onnx_runtime.quiet())
    if name == "openvino":
        try:
            open_vino.quiet().Core()
        except _BROKEN as error:
            return _line(error)
    return None


def _why_not(name: str) -> str | None:
    """Why one of `RUNTIMES` does not run models unless it is named; '' where nobody expects it, None where it does."""
    if name in PROVIDERS and PROVIDERS[name].title not in onnx_runtime.quiet().get_available_providers():
        return ""
    fault = _fault(name)
    if fault and name == "openvino" and find_spec(name) is None:
        return "openvino is not installed"
    if fault:
        return f"{name} does not work: {fault}"
    if name == "openvino" and not open_vino.computes_bf16(open_vino.quiet().Core()):
        return "openvino is installed, but no faster on a processor without bf16"
    return None


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


def _line(error: Exception) -> str:
    """What a library says, on one line."""
    return " ".join(str(error).split())[:300]
