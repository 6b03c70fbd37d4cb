"""An onnxruntime that pretends to have GPUs, since tests run where there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from passerby import runtime
from passerby.providers import CPU

REAL = runtime.onnx_runtime.quiet()
CUDA, TENSORRT, COREML = "CUDAExecutionProvider", "TensorrtExecutionProvider", "CoreMLExecutionProvider"


class Fake:
    """onnxruntime as it would be with these providers: it computes on the processor, and says otherwise."""

    SessionOptions, GraphOptimizationLevel, capi = REAL.SessionOptions, REAL.GraphOptimizationLevel, REAL.capi

    def __init__(self, offered: Sequence[str], working: Sequence[str] | None = None) -> None:
        self.offered = [*offered, CPU]
        self.working = [*(offered if working is None else working), CPU]
        self.asked: list[list[Any]] = []
        self.bound: list[tuple[str, str]] = []

    def get_available_providers(self) -> list[str]:
        return self.offered

    def InferenceSession(self, model: Any, options: Any, providers: list[Any]) -> Any:  # noqa: N802
        self.asked.append(providers)
        names = [one if isinstance(one, str) else one[0] for one in providers]
        return FakeSession(self, REAL.InferenceSession(model, options, providers=[CPU]), names)


class FakeSession:
    """A session that computes on the processor."""

    def __init__(self, library: Fake, real: Any, asked: Sequence[str]) -> None:
        self.library, self.real = library, real
        self.computing = [name for name in asked if name in library.working]
        self.runs: list[Mapping[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def get_providers(self) -> list[str]:
        return self.computing

    def run(self, outputs: None, inputs: Mapping[str, Any]) -> Any:
        self.runs.append(inputs)
        return self.real.run(outputs, inputs)

    def io_binding(self) -> Any:
        binding = self.real.io_binding()
        bind, note = binding.bind_output, self.library.bound.append
        # The memory of a GPU is asked for; that of the processor takes its place.
        return SimpleNamespace(
            bind_cpu_input=binding.bind_cpu_input,
            bind_output=lambda name, memory: (note((name, memory)), bind(name)),
            copy_outputs_to_cpu=binding.copy_outputs_to_cpu,
            real=binding,
        )

    def run_with_iobinding(self, bound: Any) -> None:
        self.real.run_with_iobinding(bound.real)
