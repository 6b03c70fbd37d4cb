"""The options of how output tells that generators drew in it, which are part of `settings.Options`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from passerby.core.errors import OptionError
from passerby.options.choices import MARKS
from passerby.options.values import one_of, text


@dataclass(frozen=True, kw_only=True)
class Marking:
    """How it is marked."""

    mark: Literal["auto", "tag", "c2pa", "none"] = "auto"
    """How output says that generators drew in it: by a tag, and by a C2PA manifest where that can be; by a tag alone;
    by both for sure; not at all."""
    c2pa_cert: Path | None = None
    """Certificates that sign the manifest, the own one first, PEM; None makes one for each file."""
    c2pa_key: Path | None = None
    """The key of the first of them, PEM."""
    visible_label: str = ""
    """Words in a corner of every picture in which generators drew; '' is none."""

    @property
    def signs(self) -> bool:
        """Whether a C2PA manifest is asked for, so that there is no output without it."""
        return self.mark == "c2pa" or self.c2pa_cert is not None

    def check_marking(self) -> None:
        """Refuse what does not go together.

        Raises:
            OptionError: something does not.
        """
        one_of("--mark", self.mark, MARKS)
        if (self.c2pa_cert is None) != (self.c2pa_key is None):
            raise OptionError(
                "--c2pa-cert and --c2pa-key belong together; give both, or none for a self-made certificate"
            )
        if self.c2pa_cert is not None and self.mark in ("tag", "none"):
            raise OptionError(
                f"--c2pa-cert signs a C2PA manifest, and with --mark {self.mark} there is none; leave one out"
            )
        text("--visible-label", self.visible_label)
        short = len(self.visible_label) <= 60 and self.visible_label.isascii() and self.visible_label.isprintable()
        if not short:
            raise OptionError(f"--label-text takes up to 60 plain letters (ASCII), got {self.visible_label!r}")


READERS: Mapping[str, Callable[[Any], Any]] = {"c2pa_cert": Path, "c2pa_key": Path}
"""What makes the exact value of an option of whatever is given for it."""
