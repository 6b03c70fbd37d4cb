"""What the options say of generators: which of them draw what is hidden. A `generating.Family`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING

from passerby import weights
from passerby.core.errors import OptionError
from passerby.paint.gan.combination import PREFIX, TOLD, Combination, combination

if TYPE_CHECKING:
    from passerby.core.stages import Anonymizer
    from passerby.settings import Options

FORM = f"{PREFIX}NAME"


def named(method: str) -> bool:
    """Whether a method names generators."""
    return method.startswith(PREFIX)


def check_method(method: str) -> None:
    """Refuse a method that names generators which there are not."""
    combination(method.removeprefix(PREFIX))


def check(options: Options, labels: Sequence[str] = ()) -> None:
    """Refuse generators that would have nothing to draw of what is hidden, or of `labels`."""
    methods = {chosen for chosen in options.methods(labels).values() if named(chosen)}
    if methods and drawn(options, labels) is None:
        able = sorted({label for chosen in methods for label in _meant(chosen, options).labels})
        classes = [f"{label}s" for label in able]
        written = ", ".join(PREFIX + _meant(chosen, options).name for chosen in methods)
        raise OptionError(
            f"--method {written} draws {' and '.join(classes)}, and none of these are hidden; "
            f"add --hide {','.join(classes)}"
        )


def check_files(options: Options, labels: Sequence[str] = ()) -> None:
    """Refuse generators whose weights are not there, or are not what they should be."""
    together = drawn(options, labels)
    if together is None:
        return
    for draw in together.draws:
        if not TOLD[draw.generator] or TOLD[draw.generator] in together.tellers:  # others are not asked to draw
            weights.brought(draw.generator, draw.file)


def synthetic(options: Options, labels: Sequence[str] = ()) -> tuple[str, ...]:
    """The labels that generators draw."""
    together = drawn(options, labels)
    return together.labels if together else ()


def effect(options: Options, others: Anonymizer, labels: Sequence[str] = ()) -> Anonymizer:
    """Generators, and `others` for what they do not draw; `others` alone where they draw nothing."""
    together = drawn(options, labels)
    if together is None:
        return others
    from passerby.paint.gan.combined import Style, combined

    style = Style(
        truncation=options.truncation,
        modes=options.multi_modal,
        seam=options.seam,
        smooth=options.smooth,
        compiled=options.compile,
    )
    return combined(together, others, style)


def drawn(options: Options, labels: Sequence[str] = ()) -> Combination | None:
    """Who draws what of each label that is hidden, and of `labels` besides; None where nothing is drawn."""
    parts = [_meant(chosen, options).of(label) for label, chosen in options.methods(labels).items() if named(chosen)]
    together = reduce(Combination.joined, parts) if parts else None
    return together if together and together.draws else None


def _meant(method: str, options: Options) -> Combination:
    """What a method stands for that names generators, with what is chosen of it."""
    chosen = combination(method.removeprefix(PREFIX))
    if options.person_generator is not None:
        chosen = chosen.with_generator("", options.person_generator)
    if options.cse_person_generator is not None:
        chosen = chosen.with_generator("surfaces", options.cse_person_generator)
    return chosen.with_files({file.name: file.path for file in options.generators})
