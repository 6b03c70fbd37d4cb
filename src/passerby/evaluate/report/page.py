"""The page of a report: first what a data protection officer asks, then each question with all that it stands on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

from passerby.evaluate.findings import Evaluation, Medium, Section
from passerby.evaluate.report.chart import STYLE as PLOT_STYLE
from passerby.evaluate.report.page_section import listed, section_part, state_label
from passerby.evaluate.report.page_style import STYLE
from passerby.evaluate.report.words import SURE, answers, state
from passerby.plan.page_head import HEAD


def page(evaluation: Evaluation) -> str:
    """`evaluation` as an HTML page that needs nothing else, and no script."""
    name = escape(_title(evaluation))
    sections = "".join(section_part(section, place) for place, section in enumerate(evaluation.sections, 1))
    return (
        f"{HEAD}<title>{name}: how well it is hidden</title>\n<style>{PLOT_STYLE}{STYLE}</style>\n</head>\n<body>\n"
        f"<header>\n<h1>How well it is hidden</h1>\n<p>{name}{escape(_hider(evaluation))}</p>\n"
        f"{_validity(evaluation)}</header>\n<main>\n"
        f"{_short(evaluation)}{_HOW_TO_READ}{_unmeasured(evaluation)}{_files(evaluation)}{sections}"
        "</main>\n</body>\n</html>\n"
    )


_HOW_TO_READ = f"""\
<details>
<summary>How to read this</summary>
<dl>
<dt>Interval</dt><dd>Where the true value lies with {SURE} confidence, as far as the people and frames that were there
tell. A wide one says that too few were measured. It speaks of footage like this, not of any other.</dd>
<dt>Cases</dt><dd>What was counted: people, appearances in frames, pairs of pictures, clips.</dd>
<dt>Guessing</dt><dd>How often somebody is right who sees nothing. Among few people guessing is right often, so a
share of people found again says nothing without it.</dd>
<dt>Controls</dt><dd>Questions whose answers are known beforehand: people who are not hidden must be recognized, and
people behind a plain colour must not. Where a control fails, no figure that depends on it is to be believed.</dd>
<dt>✓ met</dt><dd>The goals are met, and the whole interval says so; nobody was seen; or an attack does no better than
guessing.</dd>
<dt>! in doubt</dt><dd>A goal is met by the value, but not by the whole interval, or could not be judged; or too few
people are there to tell an attack from guessing.</dd>
<dt>✗ not met</dt><dd>A goal is missed, somebody can be seen, or an attack does better than guessing.</dd>
<dt>What no figure shows</dt><dd>That nobody can be recognized. Clothes, gait, place, company and voice identify people
as well, and an attacker may have a better model than those that measured here.</dd>
</dl>
</details>
"""


def _title(evaluation: Evaluation) -> str:
    names = [made.name for _, made in evaluation.pairs]
    return names[0] if len(names) == 1 else f"{len(names)} files"


def _hider(evaluation: Evaluation) -> str:
    """The models that hid without their sums; what is said of several is said once."""
    parts = [re.split(r" sha256 [0-9a-f]{64}", line, maxsplit=1) for line in evaluation.hidden_by]
    names = ", ".join(dict.fromkeys(part[0] for part in parts))
    said = "".join(dict.fromkeys("".join(part[1:]) for part in parts))
    return f", hidden with {names}{said}" if names else ""


def _validity(evaluation: Evaluation) -> str:
    """The first thing that is read: whether any of it may be believed."""
    if evaluation.valid:
        return '<p class="held">No control failed.</p>\n' if evaluation.sections else ""
    broken = [section for section in evaluation.sections if section.broken]
    reasons = [f"{section.name}: {reason}" for section in broken for reason in section.broken]
    return (
        '<div class="invalid" role="alert">\n<p><strong>⚠ This run is invalid.</strong> Controls failed, so nothing '
        f"under {escape(', '.join(section.name for section in broken))} is to be believed:</p>\n"
        f"{listed(reasons)}</div>\n"
    )


def _short(evaluation: Evaluation) -> str:
    if not evaluation.sections:
        return "<section>\n<h2>In short</h2>\n<p>Nothing was measured.</p>\n</section>\n"
    rows = "".join(_answered(section, place) for place, section in enumerate(evaluation.sections, 1))
    return f'<section>\n<h2>In short</h2>\n<ul class="answers">\n{rows}</ul>\n</section>\n'


def _answered(section: Section, place: int) -> str:
    said = "".join(f"<p>{escape(answer)}</p>" for answer in answers(section))
    return (
        f'<li class="{state(section).name.lower()}">{state_label(section)}'
        f'<div><h3><a href="#s{place}">{escape(section.question)}</a></h3>{said}</div></li>\n'
    )


def _unmeasured(evaluation: Evaluation) -> str:
    gaps = [
        f"{section.name}: {figure.name}: {figure.missing}"
        for section in evaluation.sections
        for figure in section.figures
        if figure.value is None
    ]
    if not evaluation.missing and not gaps:
        return "<section>\n<h2>What could not be measured</h2>\n<p>Everything asked was measured.</p>\n</section>\n"
    count = f"<summary>Figures without a value: {len(gaps)}</summary>"
    folded = f"<details>\n{count}\n{listed(gaps)}</details>\n" if gaps else ""
    return f"<section>\n<h2>What could not be measured</h2>\n{listed(evaluation.missing)}{folded}</section>\n"


def _files(evaluation: Evaluation) -> str:
    models = dict.fromkeys(f.model for section in evaluation.sections for f in section.figures if f.model)
    hidden = listed(evaluation.hidden_by) or "<p>Not known: no plan came with it.</p>\n"
    judges = listed(list(models)) or "<p>No model took part.</p>\n"
    return (
        f"<section>\n<h2>What was hidden, and by what</h2>\n{_pairs(evaluation.pairs)}"
        f"{_compared(evaluation)}"
        f"<h3>Models that hid</h3>\n{hidden}<h3>Models that measured</h3>\n{judges}</section>\n"
    )


def _pairs(pairs: Sequence[tuple[Medium, Medium]]) -> str:
    if not pairs:
        return "<p>No file was read.</p>\n"
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("", "File", "Frames", "Size", "SHA-256"))
    return (
        f'<table class="stacked files">\n<thead><tr>{heads}</tr></thead>\n<tbody>\n'
        f"{''.join(_rows(pairs))}</tbody>\n</table>\n"
    )


def _compared(evaluation: Evaluation) -> str:
    if not evaluation.compared:
        return ""
    return f"<h3>How files of two sizes or rates were compared</h3>\n{listed(evaluation.compared)}"


def _rows(pairs: Sequence[tuple[Medium, Medium]]) -> Iterator[str]:
    for pair in pairs:
        for role, medium in zip(("original", "anonymized"), pair, strict=True):
            size = "×".join(map(str, medium.size))
            yield (
                f'<tr><th scope="row">{role}</th><td data-of="File">{escape(medium.name)}</td>'
                f'<td data-of="Frames">{medium.frames}</td><td data-of="Size">{size}</td>'
                f'<td data-of="SHA-256"><code>{escape(medium.sha256)}</code></td></tr>\n'
            )
