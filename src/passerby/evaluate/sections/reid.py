"""Are people recognized again?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from passerby.core.errors import NotMeasurable, WeightsError
from passerby.evaluate import market, reid
from passerby.evaluate.clip import Clip
from passerby.evaluate.findings import Curve, Line, Section
from passerby.evaluate.pairs import Embedded, Views
from passerby.evaluate.ranking import Ranking
from passerby.evaluate.reid import Mode, Reidentification
from passerby.evaluate.sections import crops
from passerby.evaluate.sections.answer import Answer, Asking, noted
from passerby.evaluate.statistics import Figure

QUESTION = "Is somebody who was hidden found again among the originals?"
MODES = (Mode.CROSS_TIME, Mode.SAME_FRAME, Mode.TRACK)
MOST_RANKS = 20


def reidentification(clips: Sequence[Clip], asking: Asking) -> Answer:
    """Faces and bodies, each looked up among the people of its own clip, in every mode."""
    figures: list[Figure] = []
    curves: list[Curve] = []
    missing: list[str] = []
    for of in crops.OF:
        try:
            model = crops.embedder(of, asking)
            gathered = crops.gathered(clips, of, asking)
        except (WeightsError, NotMeasurable) as error:
            missing.append(f"re-identification by {of}: {error}")
            continue
        embedded = [crops.embed(one, model) for one in gathered]
        for mode in MODES:
            found = _over_clips(embedded, mode, of, asking)
            if isinstance(found, str):
                name = _named("Rank-1, anonymized", of, mode)
                protocol = f"re-identification, {of}, {mode.value}"
                figures.append(Figure(name=name, value=None, n=0, protocol=protocol, model=model.model, missing=found))
                continue
            named = [replace(figure, name=_named(figure.name, of, mode)) for figure in found.figures()]
            figures += noted(named[:1], *crops.notes(gathered)) + tuple(named[1:])
            curves.append(_cmc(found))
    if not figures:
        return Answer(None, tuple(missing))
    headline = [one.name for one in figures if one.name.startswith("Rank-1, anonymized")]
    return Answer(
        Section(name="reid", question=QUESTION, figures=tuple(figures), headline=tuple(headline), curves=tuple(curves)),
        tuple(missing),
    )


def _named(name: str, of: str, mode: Mode) -> str:
    return f"{name}, {of}, {mode.value}"


def _over_clips(embedded: Sequence[Embedded], mode: Mode, of: str, asking: Asking) -> Reidentification | str:
    """All clips' queries together, each looked up in its own clip; or why there is none."""
    found, reasons = [], []
    for part in embedded:
        try:
            found.append(reid.evaluate(part, mode, of))
        except NotMeasurable as error:
            reasons.append(str(error))
    if not found:
        return "; ".join(dict.fromkeys(reasons))
    sides = (_joined([one.anonymized for one in found]), _joined([one.originals for one in found]))
    return Reidentification(mode, of, found[0].model, *sides)


def _joined(rankings: Sequence[Ranking]) -> Ranking:
    """Queries of several clips; nobody of one is anybody of another."""
    offset, identities = 0, []
    for ranking in rankings:
        mine = np.asarray(ranking.identities, np.int64)
        identities.append(mine + offset)
        offset += int(mine.max()) + 1
    names = ("queries", "first", "last", "precision", "matches", "entries", "degenerate")
    columns = {name: np.concatenate([getattr(ranking, name) for ranking in rankings]) for name in names}
    return Ranking(identities=np.concatenate(identities), skipped=sum(one.skipped for one in rankings), **columns)


def _cmc(found: Reidentification) -> Curve:
    ranks = np.arange(1, MOST_RANKS + 1, dtype=np.float64)
    chance = np.array([found.anonymized.chance(int(rank)) for rank in ranks])
    return Curve(
        title=f"Found again among the first k, {found.of}, {found.mode.value}",
        x_label="k",
        y_label="share of queries",
        lines=(
            Line("anonymized", ranks, found.anonymized.cmc(MOST_RANKS)),
            Line("originals", ranks, found.originals.cmc(MOST_RANKS)),
            Line("guessing", ranks, chance),
        ),
        explained="CMC: in how many of 100 searches the right person is among the first k finds. The nearer the "
        "anonymized ones are to guessing, and the farther from the originals, the better is everyone hidden.",
    )


def organize(clips: Sequence[Clip], folder: Path, asking: Asking, of: str = "body") -> int:
    """Write the crops of all clips as a data set in the layout of Market-1501, and say of how many people.

    Raises:
        NotMeasurable: there is nobody to cut out.
        OutputError: `folder` exists, or cannot be written.
    """
    people, frames = 0, 0
    parts: list[Views] = []
    for one in crops.gathered(clips, of, asking):
        views = one.views
        parts.append(replace(views, identities=views.identities + people, frames=views.frames + frames))
        people += int(views.identities.max()) + 1
        frames += one.clip.count
    whole = Views(
        np.concatenate([part.identities for part in parts]),
        np.concatenate([part.frames for part in parts]),
        tuple(crop for part in parts for crop in part.originals),
        tuple(crop for part in parts for crop in part.anonymized),
    )
    market.organize(whole, folder)
    return len(np.unique(whole.identities))
