"""What is known of a model file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

PACKAGE = "package"
"""The source of a model that comes with passerby."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """One model file that passerby knows."""

    name: str
    task: str
    """What it does, in a few words."""
    sha256: str
    size: int
    """In bytes."""
    licence: str
    """As SPDX names it."""
    licence_url: str
    """Where its publisher states it."""
    commercial: bool
    """Neither the licence nor what is known of the training data speaks against commercial use."""
    input_size: str
    """Of the picture that the model takes, width x height in pixels."""
    source: str
    """Where it is had: 'package', 'wheel:REQUIREMENT!MEMBER' on the package index, a URL, or a path."""
    remark: str = ""
    """What else one has to know before using it."""

    @property
    def file(self) -> str:
        """Its file name, the same in every place where it is looked for."""
        suffix = PurePosixPath(self.source).suffix if self.source != PACKAGE else ".onnx"
        return f"{self.name}{suffix}"

    @property
    def restricted(self) -> bool:
        """The licence asks for more than a look: whoever wants the file has to accept it by name."""
        return not self.commercial or self.licence.startswith("AGPL")

    @property
    def use(self) -> str:
        """Whether it may be used commercially, in words."""
        if not self.commercial:
            return "no commercial use"
        return "commercial use under the terms of the AGPL" if self.restricted else "commercial use allowed"

    @property
    def remedy(self) -> str:
        """What to do where the file is missing."""
        if self.source == PACKAGE:
            return "install passerby again"
        accepted = f" --accept-licence {self.name}" if self.restricted else ""
        return f"get it with: passerby models pull {self.name}{accepted}"
