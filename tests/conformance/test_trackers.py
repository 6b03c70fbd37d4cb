"""The tracker that comes with passerby keeps the contract."""

from __future__ import annotations

import pytest

from passerby.testing import check_tracker
from passerby.track.follow import Follow, Following


@pytest.mark.parametrize("doubt", [1, 10])
@pytest.mark.parametrize("linger", [0, 6])
def test_following_by_looks(doubt: int, linger: int) -> None:
    check_tracker(lambda hold: Follow(Following(hold=hold, doubt=doubt, linger=linger)))


def test_following_what_looks_like_anything() -> None:
    check_tracker(lambda hold: Follow(Following(hold=hold, likeness=-1)))
