"""Are faces verified and identified?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from passerby.core.errors import NotMeasurable, WeightsError
from passerby.evaluate import ranking
from passerby.evaluate.clip import Clip
from passerby.evaluate.faces import figures as face_figures
from passerby.evaluate.findings import Curve, Line, Section
from passerby.evaluate.pairs import Embedded
from passerby.evaluate.reid import GAP_FRAMES
from passerby.evaluate.sections import crops
from passerby.evaluate.sections.answer import Answer, Asking, noted

QUESTION = "Would a face recognizer take a hidden face for its owner?"
POINTS = 200
"""Of a curve."""


def faces(clips: Sequence[Clip], asking: Asking) -> Answer:
    """Verification and identification of anonymized faces against the originals, by the originals' own thresholds."""
    try:
        model = crops.embedder("face", asking)
        gathered = crops.gathered(clips, "face", asking)
        embedded = crops.together([crops.embed(one, model) for one in gathered])
        figures = face_figures(embedded)
    except (WeightsError, NotMeasurable) as error:
        return Answer(None, (f"verification of faces: {error}",))
    headline = ("TAR at FAR 0.01, anonymized", "AUC, anonymized", "Rank-1, anonymized")
    figures = tuple(noted([one], *crops.notes(gathered))[0] if one.name in headline else one for one in figures)
    section = Section(name="faces", question=QUESTION, figures=figures, headline=headline, curves=(_roc(embedded),))
    return Answer(section)


def _roc(embedded: Embedded) -> Curve:
    same, apart = embedded.same, ~embedded.too_near(GAP_FRAMES)
    before = 1 - ranking.cosine(embedded.originals, embedded.originals)
    after = 1 - ranking.cosine(embedded.anonymized, embedded.originals)
    impostors = np.sort(before[np.triu(~same, 1)])[::-1]
    places = np.unique(np.geomspace(1, len(impostors), POINTS).astype(int)) - 1
    far = (places + 1) / len(impostors)
    genuine = {
        "anonymized": after[same & apart],
        "originals": before[np.triu(same & apart, 1)],
    }
    lines = [
        Line(name, far, np.array([float((scores >= at).mean()) for at in impostors[places]]))
        for name, scores in genuine.items()
        if len(scores)
    ]
    return Curve(
        title="Accepted as the same person",
        x_label="share of strangers who are accepted (FAR)",
        y_label="share of the same person's faces that are accepted (TAR)",
        lines=(*lines, Line("guessing", far, far)),
        explained="ROC: how many of one's own faces pass, at a threshold at which so many strangers pass. The nearer "
        "the anonymized ones are to guessing, the better.",
    )
