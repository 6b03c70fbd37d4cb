"""What may leave somebody recognizable, as the options are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from passerby.methods import clothing, generating
from passerby.options.choices import NAMES, PARTS, WORN

if TYPE_CHECKING:
    from passerby.settings import Options


def cautions(options: Options, labels: Sequence[str] = ()) -> tuple[str, ...]:
    """What about these options may leave somebody recognizable, one line each; a plan may speak of more `labels`."""
    methods = set(options.methods(labels).values())
    lines = []
    if options.outlined(labels):
        bare = "NOTHING IS HIDDEN" if methods == {"outline"} else "NOT EVERYTHING IS HIDDEN"
        drawn = ", ".join(NAMES.get(label, f"{label}s") for label in options.outlined(labels))
        lines.append(f"{bare}: outline only draws boxes around {drawn}")
    idle = [
        NAMES[label] for label in dict.fromkeys(choice.label for choice in options.models) if not _asks(options, label)
    ]
    if idle:
        lines.append(f"NOT EVERYTHING IS HIDDEN: {', '.join(idle)} have a --model and are not in --hide {options.hide}")
    lines += clothing.warnings(options.methods(labels), options.parser)
    if "blur" in methods:
        lines.append("a blur can be undone in part; mosaic, fill, noise and image leave nothing")
    if options.only_zone:
        lines.append("NOT EVERYONE IS HIDDEN: only who touches an --only-zone is")
    if options.keep_zone:
        lines.append("NOT EVERYONE IS HIDDEN: who is wholly inside a --keep-zone stays visible")
    if options.keep:
        lines.append("NOT EVERYONE IS HIDDEN: who is recognized by a --keep photograph stays visible")
    if options.only:
        lines.append("NOT EVERYONE IS HIDDEN: who is surely on no --only photograph stays visible")
    if generating.synthetic(options, labels) and options.mark == "none":
        lines.append("the output will not say that it is synthetic, which the AI Act (EU) 2024/1689, Art. 50, asks for")
    if options.visible_label and not generating.synthetic(options, labels):
        lines.append(f"no label {options.visible_label!r}: nothing is generated")
    if options.min_size is not None:
        lines.append(f"NOT EVERYONE IS HIDDEN: who is found smaller than {options.min_size:g} pixels stays visible")
    return tuple(lines)


def _asks(options: Options, label: str) -> bool:
    """Whether a model that finds things of a label is asked for anything."""
    made_of = PARTS if "head" in options.labels() and not options.models_of("head") else ()
    wearers = ("person",) if WORN in options.labels() and not options.models_of(WORN) else ()
    return label in (*options.labels(), *made_of, *wearers)
