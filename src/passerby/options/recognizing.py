"""The options of who is recognized, which are part of `settings.Options`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from passerby.core.errors import OptionError
from passerby.options.values import files, switch, text


@dataclass(frozen=True, kw_only=True)
class Recognizing:
    """Who stays visible, or alone is hidden, by their face."""

    keep: tuple[Path, ...] = ()
    """Photographs of one person each, who stay visible where their faces are surely recognized."""
    only: tuple[Path, ...] = ()
    """Photographs of one person each: where there are any, who surely is none of them stays visible."""
    same_person: bool = False
    """Let who comes back after an absence be the same track. It compares everybody's face with everybody else's."""
    recognizer: str = "mobilefacenet"
    """What recognizes faces: 'mobilefacenet', or a family of models and a file, as in 'sface=FILE.onnx'."""

    @property
    def recognizes(self) -> bool:
        """Whether anybody is to be recognized, and so to be looked at twice."""
        return bool(self.keep or self.only or self.same_person)

    def check_recognizing(self, hide: str, labels: Sequence[str]) -> None:
        """Refuse what does not go together, and photographs that are not there.

        `hide` is what is hidden, as it is written, and `labels` the labels of that.

        Raises:
            OptionError: so it is.
        """
        text("--recognizer", self.recognizer)
        switch("--same-person", self.same_person)
        if self.keep and self.only:
            raise OptionError("--keep leaves some visible and --only hides some; give one of them")
        if self.recognizes and "face" not in labels:
            raise OptionError(f"--keep, --only and --same-person go by faces; add faces to --hide {hide}")
        for option, paths in (("--keep", self.keep), ("--only", self.only)):
            for path in paths:
                if not path.is_file():
                    raise OptionError(f"{option} {path} is not a file that exists; give a photograph of one person")


READERS: Mapping[str, Callable[[Any], Any]] = {"keep": files, "only": files}
"""What makes the exact value of an option of whatever is given for it."""
SEVERAL = {"keep": "keep", "only": "only"}
"""Options that may be given again, and what they are called on the command line."""
