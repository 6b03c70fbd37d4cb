"""Heads of which the picture's edge shows only a part."""

from __future__ import annotations

_NEAR = 0.15
"""A box ends at the picture's edge if no more than this share of its side is between them."""
_OVER = 0.5
"""This share of its side is added to it there, however far over the edge it reaches: effects lay their grid over what
is hidden, and it must not change while the head leaves the picture."""
_ROUND = 0.05
"""What it gains all around then, two pixels at least, so that the oval of the new box holds that of the old one."""

Span = tuple[float, float]


def over_edges(across: Span, down: Span, size: tuple[int, int]) -> tuple[Span, Span]:
    """A box (`across` from left to right, `down` from top to bottom), pushed over edges that it nearly touches.

    `size` (width, height) is the picture's. A box of what can be seen of a head is too small for an oval: that would
    be narrowest at the edge, where the head is at its widest.
    """
    wide, high = _pushed(across, size[0]), _pushed(down, size[1])
    if (wide, high) == (across, down):
        return across, down
    return _grown(wide, across), _grown(high, down)


def _pushed(span: Span, edge: float) -> Span:
    start, end = span
    near, over = _NEAR * (end - start), _OVER * (end - start)
    return start - over * (start <= near), end + over * (end >= edge - near)


def _grown(span: Span, before: Span) -> Span:
    more = max(_ROUND * (before[1] - before[0]), 2)
    return span[0] - more, span[1] + more
