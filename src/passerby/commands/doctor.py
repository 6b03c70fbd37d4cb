"""What to paste into a bug report: versions, codecs, how models run, and which model files are there.

Names no user and no machine: folders in the user's home begin with ~.
"""

from __future__ import annotations

import os
import platform
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

import av
import cv2
import numpy as np
from av.codec.codec import UnknownCodecError

import passerby
from passerby import machine, targets, weights
from passerby.core.errors import OptionError, WeightsError
from passerby.detect.families import FAMILIES, Use, detector, recognised
from passerby.runtime import Description, Session, choice, onnx_runtime
from passerby.settings import DEFAULTS, Options
from passerby.weights.entry import PACKAGE

ENCODERS = (
    "libx264",
    "libx265",
    "libsvtav1",
    "libvpx-vp9",
    "libvpx",
    "ffv1",
    "mpeg4",
    "mjpeg",
    "h264_nvenc",
    "hevc_nvenc",
    "av1_nvenc",
    "h264_qsv",
    "h264_amf",
    "h264_videotoolbox",
)
DECODERS = ("h264", "hevc", "av1", "vp9", "vp8", "mpeg4", "mpeg2video", "msmpeg4v3", "mjpeg", "prores", "dnxhd", "vvc")


@dataclass(frozen=True, slots=True)
class Model:
    """One model file of `weights.TABLE`, as it is on this machine."""

    name: str
    task: str
    licence: str
    commercial: bool
    sha256: str
    """The one it should have."""
    path: str | None
    """Where it lies; None where it is missing or another one."""
    state: str
    """'verified', or what is wrong."""
    runs: Description | None
    """How it runs, tried out; None where it does not."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A model that is chosen to find things of a class, by `--model` or in the settings file."""

    label: str
    name: str
    family: str | None
    """The family that reads it; None where none does."""
    sha256: str | None
    """Of its file; None where it is not here."""
    state: str
    """'works', or what is wrong."""
    runs: Description | None
    """How it runs, tried out; None where it does not."""


@dataclass(frozen=True, slots=True)
class Doctor:
    """The state of an installation."""

    passerby: str
    python: str
    platform: str
    cores: int
    """That this process may use."""
    libraries: dict[str, str]
    """Versions, of FFmpeg's parts as well."""
    encoders: dict[str, bool]
    """Of those that passerby names: whether this build of FFmpeg has them."""
    decoders: dict[str, bool]
    """Of common ones: the same."""
    providers: tuple[str, ...]
    """What onnxruntime could compute with."""
    runtime: str
    """What runs models and why, or what is wrong with the choice."""
    models: tuple[Model, ...]
    chosen: tuple[Choice, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain lists, strings and numbers, for JSON."""
        return asdict(self)


def report(options: Options = DEFAULTS) -> Doctor:
    """Look at this installation, and at the models that `options` choose. Files are read, nothing is changed."""
    return Doctor(
        passerby=passerby.__version__,
        python=f"{platform.python_implementation()} {platform.python_version()}",
        platform=f"{platform.system()} {platform.release()} {platform.machine()}",
        cores=machine.cores(),
        libraries=_libraries(),
        encoders={name: _has(name, "w") for name in ENCODERS},
        decoders={name: _has(name, "r") for name in DECODERS},
        providers=tuple(onnx_runtime.quiet().get_available_providers()),
        runtime=_runtime(),
        models=tuple(_model(entry) for entry in weights.TABLE.values() if _concerns(entry)),
        chosen=tuple(_chosen(one.label, targets.Chosen(one.model)) for one in options.models),
    )


def text(report: Doctor) -> str:
    """The same for people to read."""
    lines = [
        f"passerby {report.passerby}",
        f"{report.python} on {report.platform}, {report.cores} cores",
        "",
        *(f"{name:<12} {version}" for name, version in report.libraries.items()),
        "",
        f"encoders     {_listed(report.encoders)}",
        f"decoders     {_listed(report.decoders)}",
        f"inference    {report.runtime}",
        f"providers    {', '.join(report.providers)}",
        "",
    ]
    for model in report.models:
        use = "commercial use allowed" if model.commercial else "no commercial use"
        lines += [
            f"model        {model.name}: {model.task}; {model.licence}, {use}",
            f"             {model.path or 'not there'}",
            f"             sha256 {model.sha256}",
            f"             {model.state}{_running(model.runs)}",
        ]
    for one in report.chosen:
        lines += [
            f"chosen       {one.label}: {one.name}, read as {one.family or 'nothing'}",
            f"             sha256 {one.sha256 or 'unknown'}",
            f"             {one.state}{_running(one.runs)}",
        ]
    return "\n".join(lines)


def _libraries() -> dict[str, str]:
    parts = " ".join(f"{name} {'.'.join(map(str, version))}" for name, version in av.library_versions.items())
    return {
        "numpy": np.__version__,
        "av": av.__version__,
        "FFmpeg": f"{av.ffmpeg_version_info} ({parts})",
        "onnxruntime": onnx_runtime.quiet().__version__,
        "opencv": cv2.__version__,
        **_extra("openvino"),
    }


def _extra(name: str) -> dict[str, str]:
    """The version of a package that need not be there."""
    try:
        return {name: version(name)}
    except PackageNotFoundError:
        return {}


def _runtime() -> str:
    try:
        chosen = choice()
    except OptionError as error:
        return _anonymous(str(error))
    return _anonymous(f"{chosen.name}: {chosen.reason}")


def _has(codec: str, mode: Literal["r", "w"]) -> bool:
    try:
        av.Codec(codec, mode)
    except UnknownCodecError:
        return False
    return True


def _listed(codecs: dict[str, bool]) -> str:
    missing = [name for name, there in codecs.items() if not there]
    there = " ".join(name for name, there in codecs.items() if there) or "none"
    return f"{there}; missing: {' '.join(missing)}" if missing else there


def _running(runs: Description | None) -> str:
    return f"; runs on {runs.runtime}, threads a call: {runs.threads}" if runs else ""


def _concerns(entry: weights.Weights) -> bool:
    """The model should be here, or is here and can be tried out."""
    return entry.source == PACKAGE or (entry.file.endswith(".onnx") and weights.lies(entry) is not None)


def _model(entry: weights.Weights) -> Model:
    try:
        found = weights.find(entry.name)
        path, state, runs = _anonymous(str(found)), "verified", Session(found).describe()
    except WeightsError as error:
        path, state, runs = None, _anonymous(str(error)), None
    except OptionError:  # told once, as the report's `runtime`
        path, state, runs = _anonymous(str(found)), "verified", None
    return Model(entry.name, entry.task, entry.licence, entry.commercial, entry.sha256, path, state, runs)


def _chosen(label: str, chosen: targets.Chosen) -> Choice:
    family = sha256 = runs = None
    try:
        path = chosen.path()
        sha256 = weights.sha256(path)
        family = chosen.family or recognised(path, [label])
        detector(family, Use(path, (label,), conf=0.5, shrink=1))
        state, runs = "works", Session(path).describe() if FAMILIES[family].fits else None
    except (WeightsError, OptionError) as error:
        state = _anonymous(str(error))
    return Choice(label, chosen.name, family, sha256, state, runs)


def _anonymous(line: str) -> str:
    """`line` with the user's home, which bears a name, as ~."""
    home = os.path.expanduser("~")
    return line.replace(home, "~") if len(home) > 1 else line
