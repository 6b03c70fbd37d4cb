"""passerby hides faces in videos and pictures.

    import passerby

    passerby.anonymize("street.mp4", "street_anonymized.mp4")

The names below are loaded when they are first used, so importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0.dev0"

if TYPE_CHECKING:
    from passerby.core.detections import Detections as Detections
    from passerby.core.errors import DamagedMedia as DamagedMedia
    from passerby.core.errors import InputError as InputError
    from passerby.core.errors import LeftoversFound as LeftoversFound
    from passerby.core.errors import LimitExceeded as LimitExceeded
    from passerby.core.errors import NotMeasurable as NotMeasurable
    from passerby.core.errors import OptionError as OptionError
    from passerby.core.errors import OutputError as OutputError
    from passerby.core.errors import PasserbyError as PasserbyError
    from passerby.core.errors import PlanError as PlanError
    from passerby.core.errors import StageError as StageError
    from passerby.core.errors import UnsupportedMedia as UnsupportedMedia
    from passerby.core.errors import WeightsError as WeightsError
    from passerby.core.frame import Frame as Frame
    from passerby.core.frame import MediaInfo as MediaInfo
    from passerby.core.frame import PixelFormat as PixelFormat
    from passerby.core.plan import Change as Change
    from passerby.core.plan import Decision as Decision
    from passerby.core.plan import Plan as Plan
    from passerby.core.regions import Mask as Mask
    from passerby.core.regions import Patch as Patch
    from passerby.core.regions import Region as Region
    from passerby.core.tracks import Sightings as Sightings
    from passerby.core.tracks import Track as Track
    from passerby.detect.compose import Either as Either
    from passerby.detect.compose import Outlined as Outlined
    from passerby.detect.compose import Tiled as Tiled
    from passerby.detect.faces import CenterFace as CenterFace
    from passerby.evaluate.ask import evaluation as evaluation
    from passerby.evaluate.findings import Evaluation as Evaluation
    from passerby.job import anonymize as anonymize
    from passerby.leftovers.check import verify as verify
    from passerby.leftovers.verdict import Verdict as Verdict
    from passerby.looking import Looking as Looking
    from passerby.mask.shapes import HeadOval as HeadOval
    from passerby.mask.shapes import Rectangle as Rectangle
    from passerby.mask.shapes import Silhouette as Silhouette
    from passerby.mask.shapes import WholeHead as WholeHead
    from passerby.media.still_sink import StillSink as StillSink
    from passerby.media.stills import StillSource as StillSource
    from passerby.media.video import VideoSource as VideoSource
    from passerby.media.write import VideoSink as VideoSink
    from passerby.paint.effects import Blur as Blur
    from passerby.paint.effects import Fill as Fill
    from passerby.paint.effects import Image as Image
    from passerby.paint.effects import Mosaic as Mosaic
    from passerby.paint.effects import Noise as Noise
    from passerby.paint.effects import Outline as Outline
    from passerby.paint.several import ByLabel as ByLabel
    from passerby.pipeline import run as run
    from passerby.plans import analyze as analyze
    from passerby.plans import load_plan as load_plan
    from passerby.plans import render as render
    from passerby.plans import save_plan as save_plan
    from passerby.report import Report as Report
    from passerby.settings import Options as Options

_MODULES = {
    "passerby.core.detections": ("Detections",),
    "passerby.core.errors": (
        "DamagedMedia",
        "InputError",
        "LeftoversFound",
        "LimitExceeded",
        "NotMeasurable",
        "OptionError",
        "OutputError",
        "PasserbyError",
        "PlanError",
        "StageError",
        "UnsupportedMedia",
        "WeightsError",
    ),
    "passerby.core.frame": (
        "Frame",
        "MediaInfo",
        "PixelFormat",
    ),
    "passerby.core.plan": (
        "Change",
        "Decision",
        "Plan",
    ),
    "passerby.core.regions": (
        "Mask",
        "Patch",
        "Region",
    ),
    "passerby.core.tracks": (
        "Sightings",
        "Track",
    ),
    "passerby.detect.compose": (
        "Either",
        "Outlined",
        "Tiled",
    ),
    "passerby.detect.faces": ("CenterFace",),
    "passerby.evaluate.ask": ("evaluation",),
    "passerby.evaluate.findings": ("Evaluation",),
    "passerby.job": ("anonymize",),
    "passerby.leftovers.check": ("verify",),
    "passerby.leftovers.verdict": ("Verdict",),
    "passerby.looking": ("Looking",),
    "passerby.mask.shapes": (
        "HeadOval",
        "Rectangle",
        "Silhouette",
        "WholeHead",
    ),
    "passerby.media.still_sink": ("StillSink",),
    "passerby.media.stills": ("StillSource",),
    "passerby.media.video": ("VideoSource",),
    "passerby.media.write": ("VideoSink",),
    "passerby.paint.effects": (
        "Blur",
        "Fill",
        "Image",
        "Mosaic",
        "Noise",
        "Outline",
    ),
    "passerby.paint.several": ("ByLabel",),
    "passerby.pipeline": ("run",),
    "passerby.plans": (
        "analyze",
        "load_plan",
        "render",
        "save_plan",
    ),
    "passerby.report": ("Report",),
    "passerby.settings": ("Options",),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'passerby' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
