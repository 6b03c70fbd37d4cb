"""What the options say of new clothes that a model draws. A `generating.Family`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from passerby.core.errors import OptionError, WeightsError
from passerby.methods import by_diffusion
from passerby.options.choices import REDRESS, WORN
from passerby.options.redressing import RELIEFS, control
from passerby.paint.diffusion.choice import Diffusion, Running

if TYPE_CHECKING:
    from passerby.core.stages import Anonymizer
    from passerby.paint.diffusion.contract import Inpainter
    from passerby.paint.diffusion.controls import Shapes, Skeletons
    from passerby.paint.diffusion.guides import Guide
    from passerby.settings import Options

FORM = f"{REDRESS}[:FILE.toml]"
ADAPTERS = ("ip-adapter_sd15.safetensors", "ip-adapter_sd15.bin")
"""What an IP-Adapter is called where it was published; `ENCODER` is the folder of its image encoder beside it."""
ENCODER = "image_encoder"
TELLERS = {"openpose": "pose", "depth": "depth", "normal": "normal"}
"""Of each kind of ControlNet that is shown what another model tells: what that is called in `--generator`."""


@dataclass(frozen=True)
class Guiding:
    """What a model is told besides words, by files."""

    controlnet: tuple[str, Path] | None = None
    """Its kind, and where it lies."""
    ip_adapter: Path | None = None
    garments: tuple[Path, ...] = ()


def named(method: str) -> bool:
    """Whether a method draws new clothes."""
    return method.partition(":")[0] == REDRESS


def check_method(method: str) -> None:
    """Refuse a file that is none, or says something else than a choice of a model."""
    by_diffusion.chosen(method)


def check(options: Options, labels: Sequence[str] = ()) -> None:
    """Refuse choices that do not go together."""
    told = {
        "--garment": options.garments,
        "--controlnet": options.controlnet,
        "--ip-adapter": options.ip_adapter,
        "--try-on": options.try_on,
    }
    given = [option for option, value in told.items() if value]
    if given and not synthetic(options, labels):
        raise OptionError(f"{given[0]} is for clothes that are drawn anew; add --method clothes={REDRESS}")
    if options.try_on:
        if len(options.garments) != 1:
            raise OptionError(f"a try-on puts on one garment, got {len(options.garments)}; give one with --garment")
        if options.controlnet or options.ip_adapter is not None:
            raise OptionError("a try-on takes the place of the model, with what it is told; leave out one or the other")
    elif options.ip_adapter is not None and not options.garments:
        raise OptionError("--ip-adapter draws after a photograph of a garment; give one with --garment")
    kind = _shown(options)
    if kind and _telling(options, TELLERS[kind]) is None:
        what = "skeletons" if kind == "openpose" else "pictures of a person's shape"
        raise OptionError(
            f"{'an' if kind == 'openpose' else 'a'} {kind} ControlNet is shown {what}; give a model that tells them "
            f"with --generator {TELLERS[kind]}=FILE.onnx"
        )


def check_files(options: Options, labels: Sequence[str] = ()) -> None:
    """Refuse models and garments that are not there."""
    if not synthetic(options, labels):
        return
    for photo in options.garments:
        if not photo.is_file():
            raise OptionError(f"there is no {photo}; check the name")
    if options.try_on:
        return
    by_diffusion.check_model(_choice(options, labels))
    guiding = _guiding(options)
    kind = _shown(options)
    telling = _telling(options, TELLERS[kind]) if kind else None
    for path in (guiding.controlnet and guiding.controlnet[1], guiding.ip_adapter, telling):
        if path and not path.exists():
            raise WeightsError(f"there is no {path}; check the name")


def synthetic(options: Options, labels: Sequence[str] = ()) -> tuple[str, ...]:
    """Clothes, where they are drawn anew."""
    return (WORN,) if named(options.methods(labels).get(WORN, "")) else ()


def effect(options: Options, others: Anonymizer, labels: Sequence[str] = ()) -> Anonymizer:
    """New clothes, and `others` for all else; `others` alone where clothes are not drawn anew."""
    if not synthetic(options, labels):
        return others
    from passerby.mask.parsing_steady import Steady
    from passerby.methods import clothing
    from passerby.methods.dividing import Once
    from passerby.paint.clothes.redress import Redressed
    from passerby.paint.effects import Mosaic

    controls = _controls(options)
    model = _try_on(options) if options.try_on else _drawing(options, labels)
    return Redressed(
        clothing.parser(options.parser),
        by_diffusion.inpainted(options, model, controls),
        others=Once(others),
        cover=Mosaic(cells=options.cells),
        steady=Steady,
        witness=controls,
    )


def _choice(options: Options, labels: Sequence[str]) -> Diffusion:
    """The model, with the style's words unless others are given."""
    from passerby.paint.clothes.redress import PROMPTS

    choice = by_diffusion.chosen(options.methods(labels)[WORN])
    words: Mapping[str, object] = choice.prompts
    if WORN not in words:
        choice = replace(choice, prompts={**choice.prompts, WORN: PROMPTS[options.style or "random"]})
    return by_diffusion.with_options(choice, options)


def _guiding(options: Options) -> Guiding:
    """What the model is told besides.

    Raises:
        WeightsError: there are garments, and no IP-Adapter.
    """
    controlnet = control(options.controlnet) if options.controlnet else None
    if not options.garments:
        return Guiding(controlnet)
    from passerby.paint.diffusion import files

    there = (folder / name for name in ADAPTERS for folder in files.folders())
    adapter = options.ip_adapter or next((path for path in there if path.is_file()), None)
    if adapter is None:
        raise WeightsError(
            f"--garment wants an IP-Adapter, and there is no {' or '.join(ADAPTERS)} in "
            f"{', '.join(map(str, files.folders()))}; give one with --ip-adapter, with the folder {ENCODER} beside it"
        )
    return Guiding(controlnet, adapter, options.garments)


def _shown(options: Options) -> str:
    """The kind of ControlNet that is shown what another model tells; '' where there is none."""
    kind = control(options.controlnet)[0] if options.controlnet else ""
    return kind if kind in TELLERS else ""


def _telling(options: Options, name: str) -> Path | None:
    """The model that tells it."""
    return next((file.path for file in options.generators if file.name == name), None)


def _controls(options: Options) -> Skeletons | Shapes | None:
    """What sees persons, and draws what a ControlNet is shown of them."""
    from passerby.paint.diffusion.controls import Shapes, Skeletons, told_by
    from passerby.paint.diffusion.relief import EMPTY, Estimator
    from passerby.paint.gan.tellers import Poses

    kind = _shown(options)
    path = _telling(options, TELLERS[kind]) if kind else None
    if path is None:
        return None
    relief = next((one for one in RELIEFS if one == kind), None)
    return Shapes(Estimator(path, relief), EMPTY[relief]) if relief else Skeletons(told_by(Poses(path)))


def _try_on(options: Options) -> Inpainter:
    from passerby.media.stills import picture
    from passerby.paint.clothes.tryon import Dressed, External

    return Dressed(External(options.try_on), picture(options.garments[0]))


def _drawing(options: Options, labels: Sequence[str]) -> Inpainter:
    return _models(_choice(options, labels), _guiding(options), by_diffusion.places(options))


@lru_cache(maxsize=2)
def _models(choice: Diffusion, guiding: Guiding, where: tuple[Running, ...]) -> Inpainter:
    """A model with its weights in each place, once for all files of a run, as one."""
    from passerby.paint.diffusion.devices import opened
    from passerby.paint.diffusion.making import check_libraries, inpainter

    check_libraries()
    return opened(where, lambda running: inpainter(choice, running, (WORN,), _guides(guiding)))


def _guides(guiding: Guiding) -> list[Guide]:
    from passerby.media.stills import picture
    from passerby.paint.diffusion.controlnet import ControlNet
    from passerby.paint.diffusion.ip_adapter import Reference

    guides: list[Guide] = []
    if guiding.controlnet is not None:
        kind, path = guiding.controlnet
        guides.append(ControlNet(path, "shape" if kind in RELIEFS else "inpaint" if kind == "inpaint" else "openpose"))
    if guiding.ip_adapter is not None:
        photos = [picture(path) for path in guiding.garments]
        guides.append(Reference(guiding.ip_adapter, guiding.ip_adapter.parent / ENCODER, photos, label=WORN))
    return guides
