"""Files of predictions that another program wrote: what a model saw in each clip."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from passerby.core.errors import InputError
from passerby.evaluate.actions import Retention, retention

FORMS = (
    'JSON {"clip": label or [scores]}, or a list of {"clip", "pred_label" or "pred_score", "gt_label"} or of [scores], '
    "or CSV with the columns clip, label and perhaps truth"
)
PICKLE = (
    'a pickle may run any code when it is read; turn it into JSON where it was made: python -c "import json, pickle; '
    "json.dump(pickle.load(open('result.pkl', 'rb')), open('result.json', 'w'), default=lambda x: x.tolist())\""
)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model saw in a clip; labels as text, so that 3 and '3' are one."""

    label: str
    truth: str | None = None


def read(path: Path) -> dict[str, Prediction]:
    """The predictions in `path` by clip; see `FORMS`.

    Of scores the highest counts, the first where several are. In a list without names, clips are called by their
    place. mmaction2 writes lists: of scores up to version 0.x (`--out`), of records from 1.0 on (`--dump`, a pickle,
    see `PICKLE`).

    Raises:
        InputError: it cannot be read, is a pickle, has another form, or holds a clip twice.
    """
    if path.suffix.lower() in (".pkl", ".pickle"):
        raise InputError(f"{path} is not read: {PICKLE}")
    try:
        if path.suffix.lower() == ".csv":
            with path.open(newline="", encoding="utf-8") as file:
                return _of_list(list(csv.DictReader(file)))
        content = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(content, dict):
            return {str(clip): Prediction(_label(value)) for clip, value in content.items()}
        return _of_list(content)
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise InputError(f"{path} holds no predictions ({type(error).__name__}: {error}); wanted {FORMS}") from error


def paired(before: Mapping[str, Prediction], after: Mapping[str, Prediction]) -> Retention:
    """Which clips were right before and after: against their truths, or against what was seen before without any.

    Raises:
        InputError: the two are not of the same clips, only some have a truth, or the two have different ones.
    """
    odd = sorted(before.keys() ^ after.keys())
    if odd or not before:
        raise InputError(
            f"the predictions are of different clips ({', '.join(odd[:5]) or 'none'}); run the model on both"
        )
    truths = {clip: before[clip].truth or after[clip].truth for clip in before}
    disputed = [clip for clip, truth in truths.items() if (after[clip].truth or truth) != truth]
    if disputed:
        raise InputError(f"the predictions disagree on what is right of {disputed[0]}; give both the same labels")
    known = sum(truth is not None for truth in truths.values())
    if 0 < known < len(truths):
        raise InputError(f"{known} of {len(truths)} clips have a truth; give it for all of them, or for none")
    wanted = {clip: truth or before[clip].label for clip, truth in truths.items()}
    right = (np.array([answers[clip].label == wanted[clip] for clip in wanted]) for answers in (before, after))
    return retention(*right)


def has_truth(predictions: Mapping[str, Prediction]) -> bool:
    """Whether the file says what is right."""
    return all(prediction.truth is not None for prediction in predictions.values())


def _of_list(rows: list[Any]) -> dict[str, Prediction]:
    answer: dict[str, Prediction] = {}
    for place, row in enumerate(rows):
        clip, prediction = _of_record(row) if isinstance(row, dict) else (None, Prediction(_label(row)))
        name = str(place) if clip is None else clip
        if name in answer:
            raise ValueError(f"clip {name} comes twice")
        answer[name] = prediction
    return answer


def _of_record(row: Mapping[str, Any]) -> tuple[str | None, Prediction]:
    """One of mmaction2's, whose values may be one level down, under 'item'."""
    found = {key: value["item"] if isinstance(value, dict) else value for key, value in row.items()}

    def first(*names: str) -> Any:
        return next((found[name] for name in names if found.get(name) not in (None, "")), None)

    seen = first("label", "pred_label", "pred_labels", "pred_score", "pred_scores")
    if seen is None:
        raise ValueError(f"a record has {', '.join(row)} and no label")
    truth = first("truth", "gt_label", "gt_labels")
    clip = first("clip", "filename", "video")
    return clip, Prediction(_label(seen), None if truth is None else _label(truth))


def _label(value: Any) -> str:
    """Of a class, a list of one class, or a list of scores."""
    if not isinstance(value, list):
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise ValueError(f"{value!r} is no class")
        return str(value)
    if len(value) == 1:
        return _label(value[0])
    scores = np.asarray(value, np.float64)
    if scores.ndim != 1 or not len(scores) or not np.isfinite(scores).all():
        raise ValueError("scores are not a row of finite numbers")
    return str(int(scores.argmax()))
