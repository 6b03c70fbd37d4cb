"""Edits of a plan as they are typed: `--keep 3 --hide 7:120-180 --merge 4,9 --draw face@12.5s:100,80,40,50`.

Tracks go by their ids. Frames count from 0, and a range holds both of its ends; a number with an `s` behind it is a
time in seconds on the input's own clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from passerby.arguments.plan import EDITS, Edit
from passerby.core.errors import OptionError
from passerby.core.plan import Decision, Plan, Span
from passerby.core.tracks import Sightings
from passerby.options.choices import HIDING, TARGETS
from passerby.options.values import zone

Box = tuple[float, float, float, float]

EVERYONE = "all"
"""What stands for every track."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A box that somebody drew."""

    label: str
    frame: int
    box: Box
    """x0 y0 x1 y1 in pixels of the upright frame."""
    until: int | None = None
    """The last frame in which it is hidden in any case; None for as long as it can be followed."""


Follower = Callable[[Plan, Drawn], Sightings]
"""Follows a drawn box both ways."""


def apply(plan: Plan, edits: Sequence[Edit], follower: Follower, *, reason: str = "", by: str = "user") -> Plan:
    """`plan` with `edits` done in their order.

    Args:
        follower: asked for every box drawn.
        reason, by: kept with every decision, and with every change of a track.

    Raises:
        OptionError: an edit is not understood, or speaks of what is not there.
    """
    steps = list(edits)
    for index, edit in enumerate(steps):
        later = steps[index + 1] if index + 1 < len(steps) else None
        if edit.name == "draw":
            until = later.text if later is not None and later.name == "until" else None
            drawn = _drawn(plan, edit.text, until)
            plan = plan.draw(drawn.label, follower(plan, drawn), reason=reason, by=by)
        elif edit.name == "until":
            if index == 0 or steps[index - 1].name != "draw":
                raise OptionError(f"--until {edit.text} belongs behind a --draw; write it there")
        elif edit.name in _TRACKS:
            plan = _TRACKS[edit.name](plan, edit.text, reason, by)
        else:
            for decision in _decisions(plan, edit, reason, by):
                plan = plan.decide(decision)
    return plan


# Decisions


def _decisions(plan: Plan, edit: Edit, reason: str, by: str) -> list[Decision]:
    hide = edit.name != "keep" and edit.name != "keep-zone"
    text, _, method = edit.text.partition("=") if edit.name == "method" else (edit.text, "", None)
    if method is not None and method not in HIDING:
        raise OptionError(f"--method {edit.text} wants a method behind '='; choose from {', '.join(HIDING)}")
    what, ranged, words = text.partition(":")
    frames = _range(plan, edit, words) if ranged else None
    if edit.name.endswith("zone"):
        return [Decision(hide, frames=frames, zone=zone(what), reason=reason, by=by)]
    tracks = [None] if what == EVERYONE else _ids(edit, what)
    return [Decision(hide, track, frames, method=method, reason=reason, by=by) for track in tracks]


# Tracks


def _merge(plan: Plan, text: str, reason: str, by: str) -> Plan:
    return plan.merge(_ids(Edit("merge", text), text), reason=reason, by=by)


def _split(plan: Plan, text: str, reason: str, by: str) -> Plan:
    edit = Edit("split", text)
    track, at, frame = text.partition("@")
    if not at:
        raise _unclear(edit)
    return plan.split(_id(edit, track), _frame(plan, edit, frame), reason=reason, by=by)


def _extend(plan: Plan, text: str, reason: str, by: str) -> Plan:
    edit = Edit("extend", text)
    track, _, words = text.partition(":")
    return plan.extend(_id(edit, track), _range(plan, edit, words), reason=reason, by=by)


def _delete(plan: Plan, text: str, reason: str, by: str) -> Plan:
    for track in dict.fromkeys(_ids(Edit("delete", text), text)):
        plan = plan.delete(track, reason=reason, by=by)
    return plan


_TRACKS: dict[str, Callable[[Plan, str, str, str], Plan]] = {
    "merge": _merge,
    "split": _split,
    "extend": _extend,
    "delete": _delete,
}


def _drawn(plan: Plan, text: str, until: str | None) -> Drawn:
    edit = Edit("draw", text)
    found = re.fullmatch(r"([^@:]+)@([^:]+):([^:]+)", text)
    if found is None:
        raise _unclear(edit)
    label, moment, sides = found.groups()
    if label not in TARGETS.values():
        raise OptionError(f"--draw {text} draws a {label!r}; choose from {', '.join(TARGETS.values())}")
    try:
        x, y, width, height = (float(side) for side in sides.split(","))
    except ValueError:
        raise _unclear(edit) from None
    if not (width > 0 and height > 0):
        raise OptionError(f"--draw {text} has no width or no height; write X,Y,W,H in pixels")
    wide, high = plan.media.size
    if not (x < wide and y < high and x + width > 0 and y + height > 0):
        raise OptionError(f"--draw {text} lies outside of the picture, which has {wide}x{high} pixels; draw into it")
    frame = _frame(plan, edit, moment)
    last = None if until is None else _frame(plan, Edit("until", until), until)
    if last is not None and last < frame:
        raise OptionError(f"--until {until} comes before the box that is drawn at {moment}; name a later moment")
    return Drawn(label, frame, (x, y, x + width, y + height), last)


# Words


def _ids(edit: Edit, text: str) -> list[int]:
    return [_id(edit, part) for part in text.split(",")]


def _id(edit: Edit, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text.strip()):
        raise _unclear(edit)
    return int(text)


def _range(plan: Plan, edit: Edit, text: str) -> Span:
    """Frames of '120-180', '120' or '4s-6.5s', both ends in."""
    first, ranged, last = text.partition("-")
    begin = _frame(plan, edit, first)
    end = _frame(plan, edit, last) if ranged else begin
    if end < begin:
        raise OptionError(f"--{edit.name} {edit.text} ends before it begins; write the earlier moment first")
    return begin, end + 1


def _frame(plan: Plan, edit: Edit, text: str) -> int:
    """The index of a frame, from its number or its time with an 's'."""
    if not re.fullmatch(r"[0-9]{1,9}|[0-9]{1,9}([.][0-9]{1,9})?s", text):
        raise _unclear(edit)
    if text.endswith("s"):
        return plan.frame_at(Fraction(text[:-1]))
    if int(text) >= plan.media.frames:
        raise OptionError(
            f"--{edit.name} {edit.text}: there are frames 0 to {plan.media.frames - 1}; choose among them"
        )
    return int(text)


def _unclear(edit: Edit) -> OptionError:
    return OptionError(f"--{edit.name} {edit.text!r} is not understood; write {EDITS[edit.name][0]}")
