"""The commands around model files: `passerby models ...`. Each returns whether it went well, for every model named."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from passerby import weights
from passerby.console import answer, say
from passerby.core.errors import OptionError, OutputError, WeightsError
from passerby.media.commit import check_free, committed
from passerby.weights import checkpoint
from passerby.weights.pull import check_accepted, pull


def show_all(chosen: argparse.Namespace) -> Sequence[bool]:
    """Print every model in a line."""
    entries = list(weights.TABLE.values())
    answer(json.dumps([_told(entry) for entry in entries], indent=1) if chosen.json else _table(entries))
    return ()


def show(chosen: argparse.Namespace) -> Sequence[bool]:
    """Print all that is known of a model."""
    [entry] = _entries([chosen.name])
    answer(json.dumps(_told(entry), indent=1) if chosen.json else _page(entry))
    return ()


def path(chosen: argparse.Namespace) -> Sequence[bool]:
    """Print where a model lies, verified."""
    [entry] = _entries([chosen.name])
    answer(str(weights.find(entry.name)))
    return ()


def verify(chosen: argparse.Namespace) -> Sequence[bool]:
    """Compare the named models, or all that are there, with their checksums."""
    entries = _entries(chosen.names) or [entry for entry in weights.TABLE.values() if weights.lies(entry)]

    def one(entry: weights.Weights) -> None:
        found = weights.find(entry.name)
        answer(f"{entry.name}: verified, {found}")

    return _each(entries, one)


def fetch(chosen: argparse.Namespace) -> Sequence[bool]:
    """Fetch models that are not there, after telling what they are."""
    entries = _entries(chosen.names)
    if chosen.source and len(entries) > 1:
        raise OptionError(f"--from is the place of one model, and {len(entries)} are named; pull them one by one")

    def one(entry: weights.Weights) -> None:
        if weights.lies(entry):
            say(f"{entry.name}: there already, verified, {weights.find(entry.name)}")
            return
        check_accepted(entry, chosen.accepted)
        say(f"{entry.name}: {_described(entry)}; from {chosen.source or entry.source}")
        say(f"{entry.name}: verified, {pull(entry, weights.pulled_to(), chosen.accepted, chosen.source)}")

    return _each(entries, one)


def export(chosen: argparse.Namespace) -> Sequence[bool]:
    """Write a generator as an ONNX file, once that draws as it should."""
    checkpoint.torch_library()
    from passerby.paint.gan import published
    from passerby.paint.gan.export import exported

    check_free(chosen.output, force=chosen.force)
    name, _, file = chosen.generator.partition("=")
    contents, worst = exported(published.load(name, Path(file) if file else None).net)
    with committed(chosen.output, force=chosen.force) as output:
        output.write(contents)
    said = f"of levels in -1..1 it draws as {name} does within {worst:.1g}"
    say(f"{chosen.output}: {len(contents) / 1e6:.1f} MB; {said}")
    return ()


def convert(chosen: argparse.Namespace) -> Sequence[bool]:
    """Write the weights of a checkpoint of PyTorch, and nothing else of it, as safetensors; print the checksum."""
    if chosen.target.suffix.lower() != ".safetensors":
        raise OptionError(f"{chosen.target} is no name for the result; it ends in .safetensors")
    check_free(chosen.target, force=chosen.force)
    if not chosen.source.is_file():
        raise WeightsError(f"there is no checkpoint {chosen.source}; give the path of one")
    try:
        from safetensors import SafetensorError
        from safetensors.torch import save_file
    except ImportError as error:
        raise OptionError(f"this needs safetensors: pip install 'passerby[diffusion]' ({error})") from error
    held = checkpoint.tensors(chosen.source)
    memory = set()
    for name, value in held.items():
        mine = (value.half() if chosen.fp16 and value.is_floating_point() else value).contiguous()
        place = mine.untyped_storage()
        # Those that share their memory are refused by safetensors; others stay in the file until they are written.
        held[name] = mine.clone() if place.data_ptr() in memory or place.nbytes() != mine.nbytes else mine
        memory.add(place.data_ptr())
    with committed(chosen.target, force=chosen.force) as file, TemporaryDirectory(dir=chosen.target.parent) as folder:
        written = Path(folder) / chosen.target.name
        try:
            save_file(held, written, {"format": "pt"})
        except SafetensorError as error:
            raise OutputError(f"cannot write in {chosen.target.parent}: {error}") from error
        with written.open("rb") as whole:
            shutil.copyfileobj(whole, file)
    answer(f"{weights.sha256(chosen.target)}  {chosen.target}")
    return ()


def _entries(names: Sequence[str]) -> list[weights.Weights]:
    """What is known of each of `names`; one that nobody knows is wrong usage."""
    try:
        return [weights.entry(name) for name in dict.fromkeys(names)]
    except WeightsError as error:
        raise OptionError(str(error)) from error


def _each(entries: Sequence[weights.Weights], act: Callable[[weights.Weights], None]) -> list[bool]:
    """Whether `act` went well for each; one that fails is told of and does not keep the next from its turn."""
    went = []
    for entry in entries:
        try:
            act(entry)
            went.append(True)
        except WeightsError as error:
            say(f"passerby: {error}")
            went.append(False)
    return went


# Showing


def _described(entry: weights.Weights) -> str:
    return f"{entry.task}; {entry.licence}, {entry.use} ({entry.licence_url}); {_megabytes(entry)} MB"


def _megabytes(entry: weights.Weights) -> str:
    return f"{entry.size / 1e6:.2f}"


def _told(entry: weights.Weights) -> dict[str, Any]:
    """For JSON: what is known of a model, and where it lies, if anywhere."""
    found = weights.lies(entry)
    return {**asdict(entry), "file": entry.file, "restricted": entry.restricted, "path": found and str(found)}


def _table(entries: Sequence[weights.Weights]) -> str:
    rows = [("name", "here", "MB", "input", "licence", "commercial", "task")]
    for entry in entries:
        here = "yes" if weights.lies(entry) else "-"
        commercial = ("yes" if entry.commercial else "no") + ("*" if entry.restricted else "")
        rows.append((entry.name, here, _megabytes(entry), entry.input_size, entry.licence, commercial, entry.task))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    lines += ["", "* wants --accept-licence NAME; more of a model: passerby models show NAME"]
    return "\n".join(lines)


def _page(entry: weights.Weights) -> str:
    try:
        state = f"verified, {weights.find(entry.name)}"
    except WeightsError as error:
        state = str(error)
    facts = {
        "task": entry.task,
        "input": entry.input_size,
        "licence": f"{entry.licence}, {entry.use}, {entry.licence_url}",
        "remark": entry.remark,
        "file": f"{entry.file}, {entry.size} bytes",
        "sha256": entry.sha256,
        "source": entry.source,
        "here": state,
    }
    return "\n".join([entry.name, *(f"  {key:<8} {fact}" for key, fact in facts.items() if fact)])
