"""`passerby deep-privacy2`: what was typed for the original's anonymize.py, in passerby's own words."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator
from pathlib import Path

from passerby.core.errors import InputError, OptionError
from passerby.job import Job
from passerby.paint.gan.combination import NAMED, PREFIX, Combination, combination
from passerby.settings import Options

CACHE = ".passerby_detections"
"""The folder for plans, beside the output."""
LEAST_SCORE = 0.001
"""How near a threshold comes to 0 and 1, which the original allows."""


def commands(chosen: argparse.Namespace) -> Iterator[list[str]]:
    """The commands that do what `chosen` asks for, as they could be typed behind `passerby`.

    Raises:
        OptionError: the configuration is unknown, or the options do not go together.
        InputError: the input is not there.
    """
    if chosen.webcam:
        if chosen.input_path is not None:
            raise OptionError("--webcam takes no input; leave -i out")
        if chosen.cache or chosen.start_time is not None or chosen.end_time is not None:
            raise OptionError("what a camera sees has no times and comes once; leave --st, --et and --cache out")
        to = ["--to", str(chosen.output_path)] if chosen.output_path else []
        words = [*_reading(chosen), *_looking(chosen), *_painting(chosen), *_size(chosen), *_said(chosen)]
        yield ["live", "0", "--show", *to, *words]
        return
    if chosen.input_path is None:
        raise OptionError("no input; give a picture, a video or a folder with -i, or --webcam")
    if not chosen.input_path.exists():
        raise InputError(f"{chosen.input_path} does not exist; check the name")
    if not chosen.cache:
        output = ["-o", str(chosen.output_path)] if chosen.output_path else []
        options = [*_reading(chosen), *_looking(chosen), *_painting(chosen), *_size(chosen), *_said(chosen)]
        yield ["anonymize", *options, *output, "--", str(chosen.input_path)]
        return
    for job in _jobs(chosen):
        yield _remembering(job, chosen)


def _remembering(job: Job, chosen: argparse.Namespace) -> list[str]:
    """The command that uses the plan of an earlier run, or the one that leaves it."""
    plan = job.output.parent / CACHE / f"{job.output.name}.{_fingerprint(job.input, chosen)}.plan"
    if plan.is_file():
        options = [*_painting(chosen), *_size(chosen), *_said(chosen)]
        return ["render", str(plan), "--media", str(job.input), "-o", str(job.output), *options]
    plan.parent.mkdir(parents=True, exist_ok=True)
    options = [*_reading(chosen), *_looking(chosen), *_painting(chosen), *_size(chosen), *_said(chosen)]
    return ["anonymize", *options, "--plan", str(plan), "-o", str(job.output), "--", str(job.input)]


def _fingerprint(path: Path, chosen: argparse.Namespace) -> str:
    """Of all that what is found depends on."""
    stat = path.stat()
    words = [str(path.resolve()), str(stat.st_size), str(stat.st_mtime_ns), *_reading(chosen), *_looking(chosen)]
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:16]


def _jobs(chosen: argparse.Namespace) -> list[Job]:
    from passerby import batch

    planned = batch.assign([chosen.input_path], chosen.output_path, Options(force=True))
    return [item for item in planned if isinstance(item, Job) and CACHE not in item.input.parts]


def combined(chosen: argparse.Namespace) -> tuple[str, Combination]:
    """The name and the combination of a configuration; no Python file is ever run.

    Raises:
        OptionError: there is none of that name.
    """
    written = str(chosen.configuration)
    if not written.lower().endswith(".toml"):
        written = Path(written).stem
        if written not in NAMED:
            raise OptionError(f"{chosen.configuration} is no configuration known here; there is {', '.join(NAMED)}")
    return written, combination(written)


def _reading(chosen: argparse.Namespace) -> list[str]:
    given = (("--start", chosen.start_time), ("--end", chosen.end_time), ("--fps", chosen.fps))
    return [word for option, value in given if value is not None for word in (option, str(value))]


def _looking(chosen: argparse.Namespace) -> list[str]:
    labels = combined(chosen)[1].labels
    score = min(max(chosen.detection_score_threshold, LEAST_SCORE), 1 - LEAST_SCORE)
    words = ["--hide", ",".join(f"{label}s" for label in labels), "--conf", str(score)]
    words += ["--seed", str(chosen.seed)] if chosen.seed is not None else []
    for model in chosen.model:
        words += ["--model", model]
    return words


def _shape(labels: tuple[str, ...]) -> list[str]:
    """Persons are drawn within their outlines, and faces then as boxes, as the original does."""
    return ["--shape", "silhouette"] if "person" in labels else []


def _painting(chosen: argparse.Namespace) -> list[str]:
    written, meant = combined(chosen)
    if chosen.visualize_detection:
        return ["--method", "outline"]
    words = [*_shape(meant.labels), "--method", f"{PREFIX}{written}", "--truncation", str(chosen.truncation_value)]
    words += ["--multi-modal"] if chosen.multi_modal_truncation else []
    for option in ("person_generator", "cse_person_generator"):
        if getattr(chosen, option) is not None:
            words += [f"--{option.replace('_', '-')}", Path(getattr(chosen, option)).stem]
    for file in chosen.generator:
        words += ["--generator", file]
    return words


def _size(chosen: argparse.Namespace) -> list[str]:
    return ["--max-res", str(chosen.max_res)] if chosen.max_res is not None else []


def _said(chosen: argparse.Namespace) -> list[str]:
    """As the original, it replaces outputs of an earlier run."""
    return ["-y", *(["-q"] if chosen.quiet else [])]
