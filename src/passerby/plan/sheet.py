"""One page for a quick check of a plan: what is hidden, how sure that is, and where to look first."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from passerby.core.boxes import Boxes
from passerby.core.plan import Change, Decision, Plan, decided
from passerby.core.tracks import Origin, Track
from passerby.plan.page_head import HEAD
from passerby.plan.sheet_chart import film, lane
from passerby.plan.sheet_risk import Risk, ranked, seconds
from passerby.plan.sheet_style import STYLE

MAX_DECISIONS = 500
"""Decisions that are listed, and changes."""
MAX_LINKS = 30
"""Tracks that are listed as visible."""


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small picture of a track in a frame."""

    frame: int
    jpeg: bytes


def wanted(plan: Plan, per_track: int = 5) -> Mapping[int, Sequence[tuple[int, Boxes]]]:
    """Of which frames and boxes (4,) of each track, by its id, `page` should have thumbnails.

    The first and the last, the one of the least score, and some evenly between: `per_track` at most.
    """
    return {
        track.id: [(int(track.frames[i]), track.boxes[i]) for i in _chosen(track, per_track)] for track in plan.tracks
    }


def _chosen(track: Track, number: int) -> list[int]:
    """Rows of `track`, rising."""
    last = len(track.frames) - 1
    doubtful = [int(np.nanargmin(track.scores))] if not np.isnan(track.scores).all() else []
    even = [round(last * step / (number - 1)) for step in range(number)] if number > 1 else []
    # From the middle outwards: where the doubtful one takes a place, the middle keeps its own.
    even.sort(key=lambda row: abs(row - last / 2))
    return sorted(list(dict.fromkeys([0, last, *doubtful, *even]))[:number])


def page(plan: Plan, thumbnails: Mapping[int, Sequence[Thumbnail]], note: str = "") -> str:
    """`plan` as an HTML page that needs nothing else, with `thumbnails` of its tracks by their ids.

    `note` is a warning at its top.
    """
    hidden = _hidden(plan)
    ends = np.cumsum([len(track.frames) for track in plan.tracks])
    rows = {track.id: slice(end - len(track.frames), end) for track, end in zip(plan.tracks, ends, strict=True)}
    articles = [
        _article(plan, risk, hidden[rows[risk.track.id]], thumbnails.get(risk.track.id, ())) for risk in ranked(plan)
    ]
    name = escape(plan.media.name)
    warning = f'<p class="seen">{escape(note)}</p>\n' if note else ""
    return (
        f"{HEAD}<title>{name}: who is hidden</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<header>\n<h1>{name}</h1>\n<p>{_described(plan)}</p>\n{warning}</header>\n<main>\n"
        f"{_totals(plan, hidden)}{_film(plan, hidden)}{_decisions(plan.decisions)}{_changes(plan.changes)}"
        f"<section>\n<h2>Tracks, those to look at first at the top</h2>\n{_LEGEND}{''.join(articles)}</section>\n"
        "</main>\n</body>\n</html>\n"
    )


def _hidden(plan: Plan) -> NDArray[np.bool_]:
    """Which of the plan's rows are hidden, (N,)."""
    rows = plan.rows()
    kept, _ = decided(plan.decisions, rows)
    return np.isin(rows.tracks * plan.media.frames + rows.frames, kept.tracks * plan.media.frames + kept.frames)


def _described(plan: Plan) -> str:
    media = plan.media
    rate = f", {float(media.rate):.4g} frames per second" if media.rate else ""
    size = "×".join(map(str, media.size))
    return f"{size} pixels, {media.frames} frames{rate}, sha256 <code>{escape(media.sha256[:16])}…</code>"


def _totals(plan: Plan, hidden: NDArray[np.bool_]) -> str:
    rows = plan.rows()
    labels = [
        f"{sum(t.label == label for t in plan.tracks)} × {label}" for label in sorted({t.label for t in plan.tracks})
    ]
    shortest = min(plan.tracks, key=lambda track: len(track.frames), default=None)
    counts = {
        "Tracks": f"{len(plan.tracks)}" + (f" ({escape(', '.join(labels))})" if labels else ""),
        "Frames in which something is hidden": f"{len(np.unique(rows.frames[hidden]))} of {plan.media.frames}",
        "Boxes hidden": f"{int(hidden.sum())}",
        "Boxes left visible": f"{int((~hidden).sum())}" + _of_tracks(np.unique(rows.tracks[~hidden]).tolist()),
        "Shortest track": "none"
        if shortest is None
        else f"{_link(shortest.id)}, {_many(len(shortest.frames), 'frame')}",
        "Decisions": f"{len(plan.decisions)}",
        "Cuts": f"{len(plan.cuts)}",
    }
    lines = "".join(f'<tr><th scope="row">{what}</th><td>{said}</td></tr>\n' for what, said in counts.items())
    return f"<section>\n<h2>Totals</h2>\n<table>\n{lines}</table>\n</section>\n"


def _film(plan: Plan, hidden: NDArray[np.bool_]) -> str:
    per_frame = np.bincount(plan.rows().frames[hidden], minlength=plan.media.frames)
    ends = np.array([0, plan.media.frames - 1], np.int64)
    first, last = plan.seconds(ends) if plan.media.frames else (0.0, 0.0)
    return (
        f"<section>\n<h2>Over the film: up to {per_frame.max(initial=0)} hidden at a time</h2>\n"
        f"{film(plan, per_frame)}\n"
        f'<p class="ends"><span>{_clock(first)}</span><span>{_clock(last)}</span></p>\n</section>\n'
    )


def _of_tracks(ids: list[int]) -> str:
    """Whom the boxes left visible belong to."""
    links = ", ".join(_link(id) for id in ids[:MAX_LINKS])
    more = f" and {len(ids) - MAX_LINKS} more" if len(ids) > MAX_LINKS else ""
    return f" of {links}{more}" if ids else ""


def _decisions(decisions: Sequence[Decision]) -> str:
    if not decisions:
        return "<section>\n<h2>Decisions</h2>\n<p>None: everybody is hidden.</p>\n</section>\n"
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("What", "Whom", "Frames", "Where", "Reason", "By"))
    lines = "".join(f"<tr>{_decision(decision)}</tr>\n" for decision in decisions[:MAX_DECISIONS])
    rest = len(decisions) - MAX_DECISIONS
    more = f"<p>And {rest} more.</p>\n" if rest > 0 else ""
    return (
        "<section>\n<h2>Decisions</h2>\n<p>Of those that apply to a box the last one counts.</p>\n"
        '<div class="wide" tabindex="0" role="region" aria-label="Decisions">\n'
        f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{lines}</tbody>\n</table>\n</div>\n{more}</section>\n"
    )


def _changes(changes: Sequence[Change]) -> str:
    """What people did to the tracks; nothing where they did nothing."""
    if not changes:
        return ""
    told = [(change.what, change.by, change.reason) for change in changes[:MAX_DECISIONS]]
    lines = "".join(f"<li>{escape(' · '.join(filter(None, words)))}</li>\n" for words in told)
    rest = len(changes) - MAX_DECISIONS
    more = f"<p>And {rest} more.</p>\n" if rest > 0 else ""
    return f"<section>\n<h2>What was done to the tracks</h2>\n<ul>\n{lines}</ul>\n{more}</section>\n"


def _decision(decision: Decision) -> str:
    where = []
    if decision.zone is not None:
        corners = " ".join(f"{x:g},{y:g}" for x, y in decision.zone)
        where.append(f"{'touching' if decision.hide else 'inside'} {corners}")
    if decision.under is not None:
        where.append(f"under {decision.under:g} px")
    what = "hide" if decision.hide else '<strong class="seen">leave visible</strong>'
    cells = (
        what + (f" by {escape(decision.method)}" if decision.method else ""),
        "everyone" if decision.track is None else _link(decision.track),
        "all" if decision.frames is None else f"{decision.frames[0]} to {decision.frames[1] - 1}",
        escape("; ".join(where)) or "anywhere",
        escape(decision.reason),
        escape(decision.by),
    )
    return "".join(f"<td>{cell}</td>" for cell in cells)


def _article(plan: Plan, risk: Risk, hidden: NDArray[np.bool_], thumbnails: Sequence[Thumbnail]) -> str:
    track = risk.track
    first, last = plan.seconds(track.frames[[0, -1]])
    reasons = (
        "".join(f"<li>{escape(reason)}</li>" for reason in risk.reasons) or '<li class="fine">nothing stands out</li>'
    )
    state = "hidden" if hidden.all() else f"left visible in {int((~hidden).sum())} of {_many(len(hidden), 'frame')}"
    measured = track.scores[~np.isnan(track.scores)]
    score = f", score {measured.min():.2f} to {measured.max():.2f}" if len(measured) else ""
    facts = f"{_many(len(track.frames), 'frame')}, {seconds(plan, track):.2f} s{score}"
    pictures = "\n".join(_pictures(plan, track, hidden, thumbnails))
    return (
        f'<article id="t{track.id}" aria-labelledby="h{track.id}">\n'
        f'<div class="words"><h3 id="h{track.id}">Track {track.id} <small>{escape(track.label)}</small></h3>\n'
        f'<p><span class="risk r{min(risk.points, 5)}">risk {risk.points}</span> '
        f'<span class="{"gone" if hidden.all() else "seen"}">{state}</span></p>\n'
        f'<ul>{reasons}</ul>\n<p class="facts">{facts}</p></div>\n'
        f'<div class="strip">{pictures}</div>\n'
        f'<div class="lane">{lane(plan, track, hidden)}\n'
        f'<p class="ends"><span>{_clock(first)} · frame {track.frames[0]}</span>'
        f"<span>{_clock(last)} · frame {track.frames[-1]}</span></p></div>\n</article>\n"
    )


def _pictures(plan: Plan, track: Track, hidden: NDArray[np.bool_], thumbnails: Sequence[Thumbnail]) -> Iterator[str]:
    for thumbnail in thumbnails:
        at = int(np.searchsorted(track.frames, thumbnail.frame))
        known = at < len(track.frames) and track.frames[at] == thumbnail.frame
        when = _clock(plan.seconds(np.array([thumbnail.frame], np.int64))[0])
        state = "hidden" if known and hidden[at] else "left visible"
        how = Origin(int(track.origins[at])).name.lower() if known else "not there"
        said = escape(f"{track.label}, track {track.id}, at {when}: {state}, {how}", quote=True)
        data = base64.b64encode(thumbnail.jpeg).decode()
        yield (
            f'<figure><img loading="lazy" alt="{said}" src="data:image/jpeg;base64,{data}">'
            f"<figcaption>{when}<br>{how}</figcaption></figure>"
        )


def _link(track: int) -> str:
    return f'<a href="#t{track}">track {track}</a>'


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _clock(time_s: float) -> str:
    minutes, rest = divmod(round(max(float(time_s), 0.0), 2), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:05.2f}" if hours else f"{minutes}:{rest:05.2f}"


_MARKS = {
    "detected": '<path class="o0" d="M0 0h26v24h-26z"/>',
    "followed": '<path class="o1" d="M0 5h26v19h-26z"/>',
    "filled in": '<path class="o2" d="M0 10h26v14h-26z"/>',
    "extended": '<path class="o3" d="M0 15h26v9h-26z"/>',
    "drawn by a person": '<path class="o4" d="M1 1h24v22h-24z"/>',
    "left visible": '<path class="kept" d="M0 10h26v4h-26z"/>',
    "cut": '<path class="cut" d="M13 0V24"/>',
}
_LEGEND = (
    '<details open>\n<summary>How to read this</summary>\n<ul class="key">'
    + "".join(f'<li><svg width="26" height="24" aria-hidden="true">{m}</svg> {name}</li>' for name, m in _MARKS.items())
    + "</ul>\n"
    "<p>The thin strip tells where in the film the track is; the bars below it are its own span, the least sure origin "
    "drawn, and an empty place is a gap. Risk adds up: short (under half a second) 3, begins in mid-picture 2, ends in "
    "mid-picture 2, gaps 2, low or no score 2, mostly filled in or extended 1. What lies at an edge of the picture, at "
    "a cut or at an end of the film does not count as mid-picture.</p>\n</details>\n"
)
