"""The commands around plans: `passerby analyze`, `passerby render` and `passerby plan ...`."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from passerby import drawing, edits, plans, sheet
from passerby.console import answer, say
from passerby.core.errors import InputError, OptionError
from passerby.core.plan import Change, Decision, Plan, decided
from passerby.core.tracks import Sightings, Track
from passerby.inputs import opened
from passerby.job import beside, write_text
from passerby.media.commit import check_free, committed, led_to
from passerby.methods.hiding import effect, shapes
from passerby.plan import exchange
from passerby.progress import Printed, Progress, Silent
from passerby.record import as_then, check_same
from passerby.report import Report
from passerby.settings import Options

LARGEST_IMPORT = 1 << 30
"""Bytes of a file from another tool."""


def analyze(chosen: argparse.Namespace, options: Options) -> None:
    """Look, and write a plan."""
    target = chosen.output or plans.beside_plan(chosen.input)
    shown = _progress(chosen, chosen.input)
    try:
        plan = plans.analyzed(chosen.input, target, options, shown)
    finally:
        shown.end()
    if not chosen.quiet:
        say(f"{target}: {_summary(plan)}; look at it with: passerby plan show {target}")


def render(chosen: argparse.Namespace, plan: Plan, options: Options) -> tuple[Path, Path, Report]:
    """Hide what a plan says; the medium, the output and what was done."""
    media = plans.medium(plan, chosen.media)
    output = chosen.output or beside(media)
    if chosen.report is not None:
        _check_other(chosen.report, chosen.plan_file, media, output)
        check_free(chosen.report, force=options.force)
    job = plans.rendering(plan, media, output, options)
    shown = _progress(chosen, media)
    try:
        return media, output, job.render(plan, shown)
    finally:
        shown.end()


def show(chosen: argparse.Namespace) -> None:
    """Print who is where, and what was decided."""
    plan = plans.load_plan(chosen.plan_file)
    answer(json.dumps(_told(plan), indent=1) if chosen.json else _table(plan))


def edit(chosen: argparse.Namespace) -> None:
    """Change a plan."""
    plan = plans.load_plan(chosen.plan_file)
    if not chosen.edits:
        raise OptionError("no edit; give one, as in: passerby plan edit street.plan --keep 3")
    target, force = _target(chosen, plan)

    def follower(plan: Plan, drawn: edits.Drawn) -> Sightings:
        return drawing.followed(plan, drawn, plans.medium(plan, chosen.media))

    changed = edits.apply(plan, chosen.edits, follower, reason=chosen.reason, by=chosen.by)
    plans.save_plan(changed, target, force=force)
    if not chosen.quiet:
        say(f"{target}: {_summary(changed)}")


def export(chosen: argparse.Namespace) -> None:
    """Write a plan's boxes for other tools."""
    plan = plans.load_plan(chosen.plan_file)
    form = chosen.format or exchange.format_of(chosen.output)
    _check_other(chosen.output, chosen.plan_file, plan.media.path)
    with committed(chosen.output, force=chosen.force) as file:
        exchange.write(plan, file, form)


def take_over(chosen: argparse.Namespace) -> None:
    """Take over boxes that were changed in another tool."""
    plan = plans.load_plan(chosen.plan_file)
    form = chosen.format or exchange.format_of(chosen.changed)
    target, force = _target(chosen, plan)
    try:
        if chosen.changed.stat().st_size > LARGEST_IMPORT:
            raise InputError(f"{chosen.changed} has more than {LARGEST_IMPORT} bytes; export a part of the video")
        data = chosen.changed.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {chosen.changed}: {error.strerror or error}; check the name") from error
    try:
        changed = exchange.read(data, plan, form)
    except InputError as error:
        raise InputError(f"{chosen.changed.name}: {error}") from error
    done = Change(f"tracks taken over from {chosen.changed.name} ({form})", chosen.reason, chosen.by)
    changed = replace(changed, changes=(*plan.changes, done))
    plans.save_plan(changed, target, force=force)
    say(f"{target}: {_summary(changed)}; before: {_summary(plan)}")


def write_sheet(chosen: argparse.Namespace) -> None:
    """Write one page for a quick check."""
    plan = plans.load_plan(chosen.plan_file)
    target = chosen.output or chosen.plan_file.with_suffix(".html")
    _check_other(target, chosen.plan_file, plan.media.path)
    check_free(target, force=chosen.force)
    media = plans.medium(plan, chosen.media)
    options = as_then(plan, Options())
    source = opened(media, options)
    check_same(plan, source.info)
    with source:
        paint = effect(options, plan.labels), shapes(options, plan.labels)
        page = sheet.write_sheet(plan, source, *paint, show_faces=chosen.show_faces)
    write_text(target, page, force=chosen.force)
    if not chosen.quiet:
        say(f"{target}: {_summary(plan)}" + ("; THE FACES IN IT ARE SHOWN" if chosen.show_faces else ""))


def _progress(chosen: argparse.Namespace, path: Path) -> Progress:
    return Silent() if chosen.quiet else Printed(path.name)


def _target(chosen: argparse.Namespace, plan: Plan) -> tuple[Path, bool]:
    """Where the changed plan goes, and whether it may replace what is there: by default the plan itself."""
    if chosen.output is None or _same(chosen.output, chosen.plan_file):
        return chosen.plan_file, True
    _check_other(chosen.output, plan.media.path)
    return chosen.output, chosen.force


def _check_other(target: Path, *others: Path | None) -> None:
    """Refuse to write over what is read, whatever may be replaced."""
    for other in others:
        if other is not None and _same(target, other):
            raise OptionError(f"{target} is read or written by this very command; choose another name")


def _same(one: Path, other: Path) -> bool:
    return led_to(one) == led_to(other)


# Showing


def _summary(plan: Plan) -> str:
    boxes = sum(len(track.frames) for track in plan.tracks)
    hidden = len(decided(plan.decisions, plan.rows())[0])
    kept = f", {boxes - hidden} of them kept visible" if hidden < boxes else ""
    return f"{_many(len(plan.tracks), 'track')} of {boxes} boxes{kept} in {_many(plan.media.frames, 'frame')}"


def _table(plan: Plan) -> str:
    """One line per track and per decision."""
    media = plan.media
    lines = [f"{media.name}  {media.size[0]}x{media.size[1]}  sha256 {media.sha256[:12]}…  {_summary(plan)}", ""]
    if plan.tracks:
        lines.append(f"{'id':>5}  {'label':<8}{'frames':>15}  {'seconds':>19}  {'boxes':>6}  {'score':>5}  decision")
    verdicts = _verdicts(plan)
    for track in plan.tracks:
        first, last = _seconds(plan, track)
        score = "" if np.isnan(track.scores).all() else f"{np.nanmean(track.scores):.2f}"
        span = f"{track.frames[0]}-{track.frames[-1]}"
        lines.append(
            f"{track.id:>5}  {track.label:<8}{span:>15}  {first:>8.2f} - {last:>8.2f}  {len(track.frames):>6}  "
            f"{score:>5}  {verdicts[track.id]}"
        )
    if plan.decisions:
        lines += ["", "decisions; of those that apply to a box the last one counts:"]
        lines += [f"  {_sentence(decision)}" for decision in plan.decisions]
    if plan.changes:
        lines += ["", "what was done to the tracks:"]
        lines += [f"  {_done(change)}" for change in plan.changes]
    return "\n".join(lines)


def _verdicts(plan: Plan) -> dict[int, str]:
    """What becomes of each track."""
    rows, methods = decided(plan.decisions, plan.rows())
    hidden = Counter(rows.tracks.tolist())
    named = Counter((track, str(method)) for track, method in zip(rows.tracks.tolist(), methods, strict=True))
    answers = {}
    for track in plan.tracks:
        count, boxes = hidden[track.id], len(track.frames)
        what = ["hidden" if count == boxes else f"hidden in {count} boxes" if count else "kept"]
        for method in plan.methods:
            by = named[track.id, method]
            what += [f"by {method}" if by == count else f"by {method} in {by}"] if by else []
        answers[track.id] = ", ".join(what)
    return answers


def _sentence(decision: Decision) -> str:
    """A decision in words."""
    who = "everyone" if decision.track is None else f"track {decision.track}"
    parts = [f"hide {who}" if decision.hide else f"keep {who}"]
    if decision.frames is not None:
        parts.append(f"in frames {decision.frames[0]}-{decision.frames[1] - 1}")
    if decision.zone is not None:
        corners = " ".join(f"{x:g},{y:g}" for x, y in decision.zone)
        parts.append(f"{'touching' if decision.hide else 'wholly inside'} {corners}")
    if decision.under is not None:
        parts.append(f"under {decision.under:g} pixels")
    if decision.method is not None:
        parts.append(f"by {decision.method}")
    return " ".join(parts) + _why(decision)


def _done(change: Change) -> str:
    """A change in words."""
    return change.what + _why(change)


def _why(said: Decision | Change) -> str:
    why = ": ".join(filter(None, (said.by, said.reason)))
    return f" ({why})" if why else ""


def _told(plan: Plan) -> dict[str, Any]:
    """The same for machines."""
    verdicts = _verdicts(plan)
    return {
        "media": {"name": plan.media.name, "sha256": plan.media.sha256, "frames": plan.media.frames},
        "tracks": [_track(plan, track, verdicts[track.id]) for track in plan.tracks],
        "decisions": [_sentence(decision) for decision in plan.decisions],
        "changes": [_done(change) for change in plan.changes],
        "cuts": plan.cuts.tolist(),
        "seed": plan.seed,
        "provenance": dict(plan.provenance),
    }


def _track(plan: Plan, track: Track, verdict: str) -> dict[str, Any]:
    first, last = _seconds(plan, track)
    return {
        "id": track.id,
        "label": track.label,
        "first_frame": int(track.frames[0]),
        "last_frame": int(track.frames[-1]),
        "from_s": round(first, 3),
        "to_s": round(last, 3),
        "boxes": len(track.frames),
        "mean_score": None if np.isnan(track.scores).all() else round(float(np.nanmean(track.scores)), 3),
        "decision": verdict,
    }


def _seconds(plan: Plan, track: Track) -> tuple[float, float]:
    first, last = plan.seconds(track.frames[[0, -1]])
    return float(first), float(last)


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
