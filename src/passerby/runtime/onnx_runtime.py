"""ONNX Runtime, on every machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from passerby import providers
from passerby.providers import Provider
from passerby.runtime.backend import Arrays, Outputs, Port


class OnnxRuntime:
    """A `Backend` for every machine, on the processor or on a `Provider`."""

    def __init__(self, provider: Provider | None = None) -> None:
        self._library = quiet()
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


def quiet() -> Any:
    """The library, which is to tell nobody that it is used."""
    # Else importing it starts a thread to report to its maker, and leaves a number in the user's home to report with.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    onnxruntime.disable_telemetry_events()  # the way to say so that is documented
    return onnxruntime
