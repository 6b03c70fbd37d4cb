"""The options of new clothes that a model draws, which are part of `settings.Options`."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from passerby.core.errors import OptionError
from passerby.options.values import files, text
from passerby.paint.diffusion.choice import Relief

RELIEFS: tuple[Relief, ...] = get_args(Relief)
"""The kinds of ControlNet that are shown a person's shape, and what the models are called that tell it."""
CONTROLS = ("openpose", "inpaint", *RELIEFS)
"""The kinds of ControlNet."""


@dataclass(frozen=True, kw_only=True)
class Redressing:
    """How new clothes are drawn."""

    garments: tuple[Path, ...] = ()
    """Photographs of clothes to draw after; who is given which goes by the track."""
    controlnet: str = ""
    """'PATH' or 'KIND=PATH' of a ControlNet: openpose tells the model how people stand, inpaint what is around, depth
    and normal the very shape of who wears the clothes, told by a model that 'generators' names."""
    ip_adapter: Path | None = None
    """Draws after garments; None looks for ip-adapter_sd15 in the folders for models."""
    try_on: str = ""
    """The command line of a virtual try-on, in place of a model."""

    def check_redressing(self) -> None:
        """Refuse what is no text, and a kind of ControlNet that there is not.

        Raises:
            OptionError: there is one.
        """
        text("--controlnet", self.controlnet)
        text("--try-on", self.try_on)
        kind, path = control(self.controlnet)
        if kind not in CONTROLS or (self.controlnet and not path.name):
            raise OptionError(
                f"--controlnet {self.controlnet!r} is not known; write KIND=PATH, with one of {', '.join(CONTROLS)}"
            )

    def told_redressing(self) -> dict[str, str]:
        """What is said of ControlNet and try-on without folders."""
        kind, path = control(self.controlnet)
        return {"controlnet": f"{kind}={path.name}", "try_on": Path(next(iter(shlex.split(self.try_on)), "")).name}


def control(written: str) -> tuple[str, Path]:
    """The kind of a ControlNet and its place, of what is written for it."""
    kind, equals, path = written.partition("=")
    return (kind, Path(path)) if equals else (CONTROLS[0], Path(written))


READERS: Mapping[str, Callable[[Any], Any]] = {"garments": files, "ip_adapter": Path}
"""What makes the exact value of an option of whatever is given for it."""
SEVERAL = {"garments": "garment"}
"""Options that may be given again, and what they are called on the command line."""
