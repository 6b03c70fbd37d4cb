"""What the options say of marks: how output tells that generators drew in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from passerby.core.errors import OptionError
from passerby.core.stages import Sink
from passerby.media.certificate import Signer, self_made, signer_of
from passerby.media.manifest import SIGNED, check, is_there
from passerby.media.mark import Mark
from passerby.methods import generating
from passerby.paint.label import Labelled
from passerby.settings import Options


def mark(options: Options, output: Path, labels: Sequence[str] = ()) -> Mark | None:
    """How `output` is to say it; None where nothing is generated, of what is hidden or of `labels`, or it is not to.

    Raises:
        OptionError: a C2PA manifest is asked for and cannot be.
    """
    if options.mark == "none" or not generating.synthetic(options, labels):
        return None
    return Mark(_signer(options, output), needed=options.signs)


def labelled(sink: Sink, options: Options, labels: Sequence[str] = ()) -> Sink:
    """`sink`, with the visible label in what comes to it, where there is to be one and something is generated."""
    if options.visible_label and generating.synthetic(options, labels):
        return Labelled(sink, options.visible_label)
    return sink


def _signer(options: Options, output: Path) -> Signer | None:
    if options.mark == "tag":
        return None
    takes = output.suffix.lower() in SIGNED
    if options.signs and not takes:
        kinds = ", ".join(SIGNED)
        raise OptionError(f"{output.name} cannot hold a C2PA manifest; write one of {kinds}, or use --mark tag")
    if options.signs and not is_there():
        raise OptionError("C2PA manifests need c2pa-python; run: pip install 'passerby[c2pa]', or use --mark tag")
    if not takes or not is_there():
        return None
    if options.c2pa_cert is not None and options.c2pa_key is not None:
        signer = signer_of(options.c2pa_cert, options.c2pa_key)
        check(signer)
        return signer
    return self_made()
