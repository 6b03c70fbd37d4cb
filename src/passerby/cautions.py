"""What about options may leave somebody recognizable: warned of before a run, and noted in its report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from passerby import generating
from passerby.choices import DEFAULT_CELLS, PARTS, SAFE_CELLS

if TYPE_CHECKING:
    from passerby.settings import Options


def cautions(options: Options, labels: Sequence[str] = ()) -> Iterator[str]:
    """One line each; a plan may speak of more `labels` than the options."""
    methods = set(options.methods(labels).values())
    if outlined := options.outlined(labels):
        bare = "NOTHING IS HIDDEN" if methods == {"outline"} else "NOT EVERYTHING IS HIDDEN"
        drawn = ", ".join(f"{label}s" for label in outlined)
        yield f"{bare}: outline only draws boxes around {drawn}"
    if idle := ", ".join(f"{label}s" for label in _idle(options)):
        yield f"NOT EVERYTHING IS HIDDEN: {idle} have a --model and are not in --hide {options.hide}"
    if "blur" in methods:
        yield "a blur can be undone in part; fill, noise and image leave nothing"
    if "mosaic" in methods and options.cells > SAFE_CELLS:
        yield f"a mosaic of {options.cells} cells can leave a face recognizable; {DEFAULT_CELLS} is the default"
    if options.only_zone:
        yield "NOT EVERYONE IS HIDDEN: only who touches an --only-zone is"
    if options.keep_zone:
        yield "NOT EVERYONE IS HIDDEN: who is wholly inside a --keep-zone stays visible"
    if options.keep:
        yield "NOT EVERYONE IS HIDDEN: who is recognized by a --keep photograph stays visible"
    if options.only:
        yield "NOT EVERYONE IS HIDDEN: who is surely on no --only photograph stays visible"
    synthetic = generating.synthetic(options, labels)
    if synthetic and options.mark == "none":
        yield "the output will not say that it is synthetic, which the AI Act (EU) 2024/1689, Art. 50, asks for"
    if options.visible_label and not synthetic:
        yield f"no label {options.visible_label!r}: nothing is generated"
    if options.min_size is not None:
        yield f"NOT EVERYONE IS HIDDEN: who is found smaller than {options.min_size:g} pixels stays visible"


def _idle(options: Options) -> tuple[str, ...]:
    """The labels that a model is chosen for, and of which nobody asks it anything."""
    asked = set(options.labels())
    if "head" in asked and not options.models_of("head"):
        asked.update(PARTS)
    return tuple(dict.fromkeys(choice.label for choice in options.models if choice.label not in asked))
