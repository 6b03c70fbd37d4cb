"""Sources and sinks around others that somebody else has opened."""

from __future__ import annotations

from types import TracebackType
from typing import Self


class Lent:
    """A context manager that does nothing: entering and leaving what is inside is the caller's part."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        pass
