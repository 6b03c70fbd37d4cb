"""Who is hidden, by rule: everyone, unless somebody asks for less."""

from __future__ import annotations

from collections.abc import Sequence

from passerby.core.plan import Decision
from passerby.core.zones import Polygon

BY = "policy"


def decisions(
    *, only_zones: Sequence[Polygon] = (), keep_zones: Sequence[Polygon] = (), min_size: float | None = None
) -> tuple[Decision, ...]:
    """The decisions that come before those of people; none of them hides everyone.

    Args:
        only_zones: only what touches one of them is hidden.
        keep_zones: what lies wholly inside one of them stays visible, also where `only_zones` would hide it.
        min_size: what is smaller, by its longer side in pixels, stays visible wherever it is.
    """
    rules = [Decision(False, reason="outside of every only-zone", by=BY)] if only_zones else []
    rules += [Decision(True, zone=zone, reason="in an only-zone", by=BY) for zone in only_zones]
    rules += [Decision(False, zone=zone, reason="inside a keep-zone", by=BY) for zone in keep_zones]
    if min_size is not None:
        rules.append(Decision(False, under=min_size, reason=f"under {min_size:g} pixels", by=BY))
    return tuple(rules)
