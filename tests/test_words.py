"""What is said of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from passerby.commands.words import announcement, told
from passerby.report import Outcome
from passerby.settings import Options


def test_what_is_only_drawn_around_is_called_as_users_call_it() -> None:
    said = announcement(Options(hide="faces,text", method="outline"))
    assert said.startswith("drawing boxes around faces; drawing boxes around text; ")


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("a.mp4 does not decode", "failed: a.mp4 does not decode"),
        ("out of memory", "a.mp4: failed: out of memory"),
        ("", "a.mp4: failed"),
    ],
)
def test_a_line_names_its_input_once(message: str, said: str) -> None:
    assert told(Outcome(input=Path("a.mp4"), status="failed", message=message), Options()) == said
