"""Several effects, each for some of what is hidden."""

from __future__ import annotations

from typing import Any

import pytest

from passerby.paint.effects import Fill
from passerby.paint.several import ByLabel, ByMethod


class Noted(Fill):
    """Has something to tell a user."""

    def __init__(self, *notes: str) -> None:
        super().__init__()
        object.__setattr__(self, "notes", notes)


@pytest.mark.parametrize(
    "several",
    [
        lambda one, two: ByLabel({"face": one, "plate": two, "text": Fill()}),
        lambda one, two: ByMethod(one, {"fill": two, "noise": Fill()}),
    ],
    ids=["ByLabel", "ByMethod"],
)
def test_what_each_of_them_has_to_tell_is_told_once(several: Any) -> None:
    assert several(Noted("mine", "ours"), Noted("ours", "yours")).notes == ("mine", "ours", "yours")
