"""An evaluation in words: numbers as they are read, and how every question came out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum

from passerby.evaluate.findings import Section
from passerby.evaluate.goals import Verdict
from passerby.evaluate.statistics import CONFIDENCE, Figure

SURE = f"{CONFIDENCE:.0%}".replace("%", " %")
ABOVE_CHANCE = 0.25
"""By how much an interval may reach above chance: an attacker who is right that often again has found something."""

SHARES = {
    "any-leak rate": "people who can be seen at least once",
    "any-leak rate, clear faces": "people who can be seen at least once, of those who are clearly faces",
    "bare at least once": "people half of whose face or more can be seen at least once, of those who are clearly faces",
    "finds that may be no face": "people who may be none: the detector never sees a face clearly",
    "judge's finds on nobody": "faces that the detector finds where nobody is",
    "miss rate": "appearances that are not covered well enough",
    "recall": "what should be covered, and is",
    "coverage per person": "covered part of a person, on average",
    "faces found in the original": "faces that a detector finds in the original",
    "faces found in the output": "faces that a detector still finds",
    "of those found in the original": "faces found before that are still found",
    "Rank-1": "people found again at the first guess",
    "Rank": "people found again within as many guesses",
    "TAR at FAR": "pictures taken for the same person",
    "TPIR at FPIR": "people found again, where most who are looked up are strangers",
    "EER": "errors of a face check that errs as often either way",
    "undetected": "faces that the detector does not find",
    "worst attack": "recognized by the best of all attackers",
    "naive": "recognized by comparing with known people",
    "reverse": "recognized by comparing with known people hidden in the same way",
    "parrot": "recognized by a program trained on hidden pictures of known people",
    "inversion": "recognized after undoing what hides them",
    "chance": "recognized by guessing",
    "surroundings": "recognized by what was left as it was",
    "control: nothing hidden": "recognized where nothing is hidden",
    "control: solid fill": "recognized behind a plain colour",
    "top-1 before": "actions recognized in the original",
    "top-1 after": "actions still recognized",
    "still right of those right before": "actions recognized before that still are",
    "plates read exactly": "number plates read without a mistake",
    "characters read": "characters of number plates read rightly",
}
"""What figures that are parts of a whole stand for, by the beginnings of their names."""
OTHERS = {
    "top-1 after / before": "recognized actions, as times those recognized before",
    "exposure gap": "most sightings in a row in which one person can be seen",
    "over-hiding": "part of what is hidden that shows nobody",
    "AUC": "chance that a picture of the same person looks more alike than one of a stranger",
    "SSIM": "likeness to the original, 1 for the same",
    "SSIM, outside": "likeness to the original where nothing is hidden, 1 for the same",
    "PSNR": "likeness to the original in decibels, the higher the more alike",
    "PSNR, pooled, outside": "likeness where nothing is hidden in decibels, the higher the more alike",
    "LPIPS": "difference from the original as people see it, 0 for none",
    "FID": "difference of many pictures as a whole, 0 for none",
    "KID": "difference of many pictures as a whole, 0 for none",
    "IoU": "overlap of masks, 1 for the same",
    "boundary F": "agreement of outlines, 1 for the same",
    "flow-warped error": "flicker",
    "mask flicker": "flicker of what is hidden",
    "person mAP after / before": "persons that a detector still finds, 1 for as well as before",
    "vehicle mAP after / before": "vehicles that a detector still finds, 1 for as well as before",
    "pseudonym switches": "times that a person is taken for another one than before",
    "distance to the original": "difference of a person from the original, 0 for the same face",
    "least cosine to the first frame": "likeness of a person to how they first looked, 1 for the same, at worst",
}
PLAIN = SHARES | OTHERS
LEAK, CLEAR_LEAK = "any-leak rate", "any-leak rate, clear faces"
SIDES = {"originals": "in the original", "chance": "by guessing", "surroundings": "by what was left as it was"}
"""What a figure may be compared with, by a part of its name, and how that is said."""


class State(Enum):
    """How a question came out, the most serious first: a mark and a word."""

    INVALID = ("⚠", "invalid")
    MISSED = ("✗", "not met")
    UNSURE = ("!", "in doubt")
    MET = ("✓", "met")
    OPEN = ("·", "no goal set")
    UNKNOWN = ("–", "not measured")

    @property
    def mark(self) -> str:
        return self.value[0]

    @property
    def word(self) -> str:
        return self.value[1]


def state(section: Section) -> State:
    """The most serious of what the controls, the goals, leaks and a comparison with guessing say."""
    if section.broken:
        return State.INVALID
    answered = _answered(section)
    found = {judged(verdict) for verdict in section.verdicts} | {guessed(*pair) for pair in answered}
    found.add(leaked(section.figures))
    if all(lead.value is None for lead, _ in answered) and State.MISSED not in found:
        return State.UNKNOWN
    return min(found, key=list(State).index, default=State.OPEN)


def judged(verdict: Verdict) -> State:
    """How one goal came out. What was not measured leaves the whole in doubt."""
    if verdict.passed is None:
        return State.UNSURE
    if not verdict.passed:
        return State.MISSED
    return State.MET if verdict.sure else State.UNSURE


def leaked(figures: Sequence[Figure]) -> State:
    """Whether somebody can be seen; one is too many. That nobody was seen is told with how sure it is.

    Where all who can be seen are none that are clearly faces, it is in doubt.
    """
    rates = {kind: one.value for one in figures if (kind := _kind(one.name)) in (LEAK, CLEAR_LEAK)}
    seen = [kind for kind, value in rates.items() if value]
    if not seen:
        return State.MET if rates.get(LEAK) is not None else State.OPEN
    return State.UNSURE if rates.get(CLEAR_LEAK) == 0 else State.MISSED


def guessed(lead: Figure, sides: Mapping[str, Figure]) -> State:
    """Whether an attacker does better than by guessing, where `sides` say what that comes to."""
    chance = sides["chance"].value if "chance" in sides else None
    if chance is None or lead.value is None:
        return State.OPEN
    if lead.low is not None and lead.low > chance:
        return State.MISSED
    if lead.low is None or lead.high is None or lead.high > chance + ABOVE_CHANCE:
        return State.UNSURE
    return State.MET


GUESSED = {
    State.MISSED: "That is better than guessing.",
    State.UNSURE: "There are too few people to tell it from guessing.",
    State.MET: "That is no better than guessing, as far as can be told.",
}


def answers(section: Section) -> list[str]:
    """What answers the section's question, a line for each figure of its headline; none where a control failed."""
    if section.broken:
        return [f"Not to be believed, a control failed: {reason}" for reason in section.broken]
    return [_said(lead, sides) for lead, sides in _answered(section)] or ["Nothing was measured."]


def _answered(section: Section) -> list[tuple[Figure, Mapping[str, Figure]]]:
    """The figures that answer, each with those that it is to be compared with, by side."""
    wanted = section.headline or tuple(figure.name for figure in section.figures[:1])
    leads = [figure for figure in section.figures if figure.name in wanted and not _side(figure.name)]
    leads.sort(key=lambda figure: wanted.index(figure.name))
    return [
        (lead, {side: other for side in SIDES if (other := _compared(lead, side, section.figures))}) for lead in leads
    ]


def _compared(lead: Figure, side: str, figures: Sequence[Figure]) -> Figure | None:
    """The figure of that side: of the protocol of `lead`, or the only one of the name."""
    called = [figure for figure in figures if figure.name == _beside(lead.name, side)]
    same = [figure for figure in called if figure.protocol == lead.protocol] or called
    return same[0] if len(same) == 1 else None


def _side(name: str) -> str:
    """Of `SIDES`, the one that a figure of that name is of; '' for none."""
    return next((side for side in SIDES if side in name.split(", ")), "")


def _beside(name: str, side: str) -> str:
    """What the figure is called that one of that `name` is compared with: 'Rank-1, originals' of 'Rank-1, anonymized'.

    One that has no such parts, as the worst attack, is compared with what is called by the side alone.
    """
    parts = name.split(", ")
    return ", ".join(side if part == "anonymized" else part for part in parts) if "anonymized" in parts else side


def _said(lead: Figure, sides: Mapping[str, Figure]) -> str:
    name = named(lead)
    if lead.value is None:
        return f"{name}: not measured: {lead.missing}."
    how = f"{interval(lead)} with {SURE} confidence" if interval(lead) else "without an interval"
    cases = "1 case" if lead.n == 1 else f"{lead.n:,} cases"
    known = [f"{number(figure)} {SIDES[side]}" for side, figure in sides.items() if figure.value is not None]
    compared = f"; compared with {', '.join(known)}" if known else ""
    judgement = GUESSED.get(guessed(lead, sides), "")
    return f"{name}: {number(lead)} ({how}, {cases}){compared}. {judgement}".rstrip()


def named(figure: Figure) -> str:
    """What a figure stands for, and its name where that is another."""
    plain = PLAIN.get(_kind(figure.name))
    return f"{plain[0].upper()}{plain[1:]} ({figure.name})" if plain else figure.name


def number(figure: Figure) -> str:
    """The figure's value with its unit; a share of cases in per cent."""
    return "" if figure.value is None else _with_unit(figure, _number(figure, figure.value))


def is_share(figure: Figure) -> bool:
    """Whether it is a part of a whole, which is read in per cent."""
    return (not figure.unit and _kind(figure.name) in SHARES) or figure.unit.startswith("share of ")


def interval(figure: Figure) -> str:
    """Its interval with its unit, '' where there is none."""
    low, high = (None if end is None else _number(figure, end) for end in (figure.low, figure.high))
    if low is not None and high is not None:
        # The unit once: '8.1 to 18.2 %'.
        return _with_unit(figure, f"{low.removesuffix(' %')} to {high}")
    if low is not None:
        return _with_unit(figure, f"from {low}")
    return _with_unit(figure, f"up to {high}") if high is not None else ""


def _with_unit(figure: Figure, said: str) -> str:
    unit = figure.unit.removeprefix("share ")
    return f"{said} {unit}" if unit else said


def _number(figure: Figure, value: float) -> str:
    if is_share(figure):
        return _percent(value)
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _percent(share: float) -> str:
    """With as many digits as it takes not to call something nothing, or nearly all all."""
    for digits in (1, 2, 3, 4):
        said = f"{100 * share:.{digits}f}"
        if (share == 0) == (float(said) == 0) and (share == 1) == (float(said) == 100):
            return f"{said} %"
    return "under 0.0001 %" if share < 0.5 else "over 99.9999 %"


def _kind(name: str) -> str:
    """The longest beginning of `name` that has plain words, up to the end of a word; '' for none."""
    return max((key for key in PLAIN if re.match(rf"{re.escape(key)}(?!\w)", name)), key=len, default="")
