"""Rules for a whole run, in the order in which they count."""

from __future__ import annotations

import numpy as np
import pytest

from passerby.core.plan import decided
from passerby.core.tracks import Sightings
from passerby.plan import policy

LEFT = ((-10, -10), (100, -10), (100, 400), (-10, 400))
RIGHT = ((300, -10), (700, -10), (700, 400), (300, 400))
PEOPLE = {
    "left": (20, 50, 60, 90),
    "small": (30, 200, 40, 212),
    "border": (90, 50, 130, 90),
    "right": (400, 50, 440, 90),
}

CASES = [
    ({}, {"left", "small", "border", "right"}),
    ({"only_zones": [LEFT]}, {"left", "small", "border"}),
    ({"only_zones": [LEFT, RIGHT]}, {"left", "small", "border", "right"}),
    ({"keep_zones": [LEFT]}, {"border", "right"}),
    ({"keep_zones": [LEFT, RIGHT]}, {"border"}),
    ({"min_size": 13}, {"left", "border", "right"}),
    ({"min_size": 12}, {"left", "small", "border", "right"}),
    ({"only_zones": [LEFT], "min_size": 13}, {"left", "border"}),
    ({"only_zones": [LEFT], "keep_zones": [LEFT]}, {"border"}),
]


@pytest.mark.parametrize(("rules", "hidden"), CASES)
def test_rules_hide_whom_they_say(rules, hidden):
    boxes = np.array(list(PEOPLE.values()), np.float32)
    count = len(boxes)
    rows = Sightings(
        np.arange(count),
        np.zeros(count, np.int64),
        boxes,
        np.ones(count, np.float32),
        np.zeros(count, np.uint8),
        np.full(count, "face"),
    )
    found, _ = decided(policy.decisions(**rules), rows)
    assert {list(PEOPLE)[track] for track in found.tracks} == hidden
    assert all(decision.by == "policy" and decision.reason for decision in policy.decisions(**rules))
