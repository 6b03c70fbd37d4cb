"""What is said of a run: before it, and when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from passerby.options.choices import plural
from passerby.settings import Options

if TYPE_CHECKING:
    from passerby.recognize.vote import Vote
    from passerby.report import Outcome, Report


def announcement(options: Options, labels: Sequence[str] = ()) -> str:
    """What will be hidden, how, and what happens to sound and metadata; with `labels`, those of a plan."""
    shapes, growths, methods = options.shapes(labels), options.growths(labels), options.methods(labels)
    told = labels or options.labels()
    hidden = [
        f"{plural(label)} by {methods[label]} ({shapes[label]} {growths[label]:.0%} larger on each side)"
        for label in told
        if methods[label] != "outline"
    ]
    drawn = [f"drawing boxes around {plural(label)}" for label in told if methods[label] == "outline"]
    sound = "sound is kept" if options.audio == "keep" else "sound is dropped (a voice identifies; --audio keep)"
    parts = [f"hiding {', '.join(hidden)}"] if hidden else []
    return "; ".join([*parts, *drawn, sound, "metadata is removed"])


def told(outcome: Outcome, options: Options, verbose: bool = False) -> str:
    """One line on what became of an input; with `verbose`, more lines."""
    report = outcome.report
    if report is None:
        return _unreported(outcome)
    labels = tuple(report.methods)
    fate = "hidden"
    if outlined := options.outlined(labels):
        fate = "found (nothing hidden)" if {*outlined} == {*labels} else "hidden or outlined"
    lines = [
        f"{outcome.output}: {report.hidden} places of {report.tracks} tracks {fate} in {report.frames} frames, "
        f"{report.frames_per_second:.1f} frames/s"
    ]
    lines += [f"missing from frame {gap.first_frame} ({gap.from_s:.2f} s): {gap.reason}" for gap in report.missing]
    lines += [f"note: {note}" for note in report.notes if note not in options.warnings(labels)]
    return "\n  ".join(lines + (_details(report) if verbose else []))


def _unreported(outcome: Outcome) -> str:
    # Most messages name the file themselves.
    if outcome.message and outcome.input.name in outcome.message:
        return f"{outcome.status}: {outcome.message}"
    target = f" -> {outcome.output}" if outcome.output else ""
    message = f": {outcome.message}" if outcome.message else ""
    return f"{outcome.input}{target}: {outcome.status}{message}"


def _details(report: Report) -> list[str]:
    """How it was done, line by line."""
    origins = ", ".join(f"{count} {origin}" for origin, count in report.origins.items())
    spent = max(sum(report.stages.values()), 1e-9)
    shares = ", ".join(f"{stage} {seconds / spent:.0%}" for stage, seconds in report.stages.items())
    return [
        *(f"track {it.track}: {_recognized(it)}" for it in report.recognized if it.faces),
        f"looked in {report.looks} frames, {report.cuts} cuts; boxes: {origins or 'none'}",
        *([report.bound] if report.bound else []),
        *([f"found by {report.detector}, computed by {report.runtime}"] if report.runtime else []),
        f"time of our own threads: {shares or 'not measured'}",
        f"removed: {', '.join(report.removed) or 'no streams'}; seed {report.seed}; {report.seconds:.1f} s",
    ]


def _recognized(it: Vote) -> str:
    """What the faces of a track say, and what becomes of it."""
    seen = ", ".join(f"{first}-{end - 1}" for first, end in it.visible)
    return f"{it.sentence}; " + (f"visible in frames {seen}" if seen else "hidden")
