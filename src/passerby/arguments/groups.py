"""Options that several commands share, in groups. Names and defaults are those of `settings.Options`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from passerby import settings_file
from passerby.arguments.parser import AMBIGUOUS, Ambiguous, Anew
from passerby.options.choices import AUDIO, LABEL, MARKS, METHODS, QUALITIES, REDRESS, SEAMS, SHAPES, STYLES, TARGETS
from passerby.settings import DEFAULTS

EACH = "; or one per class, as in face=…,plate=…"


def named(text: str) -> Path:
    """A file or folder. An empty name, as of a variable that is not set, does not mean the folder we are in."""
    if not text:
        raise argparse.ArgumentTypeError("the name is empty; give a file or folder")
    return Path(text)


def add_inputs(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("inputs", nargs="*", type=named, metavar="INPUT", help="videos, pictures, or folders of them")
    add("-i", dest="more_inputs", action="append", default=[], type=named, help=argparse.SUPPRESS)
    add("-o", "--output", type=named, help="file, or folder for several inputs (default: NAME_anonymized.EXT)")
    for name in AMBIGUOUS:
        add(name, action=Ambiguous, nargs="?", help=argparse.SUPPRESS)


def add_medium(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--media", type=Path, metavar="FILE", help="what the plan was made from (default: where the plan says)"
    )


def add_reading(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("--start", metavar="TIME", help="leave out what lies before; seconds or h:m:s")
    add("--end", metavar="TIME", help="leave out what lies at or after it")
    add("--fps", metavar="N", help="frames per second, at most")
    add("--salvage", action="store_true", help="of a damaged video or picture, take what decodes instead of stopping")


def add_looking(command: argparse.ArgumentParser) -> None:
    add = command.add_argument_group("what is hidden").add_argument
    add("--hide", default=DEFAULTS.hide, help=f"{', '.join(TARGETS)} (default: %(default)s)")
    add_models(add)
    add(
        "--conf",
        default=DEFAULTS.conf,
        metavar="F",
        help=f"least score; lower hides more{EACH} (default: %(default)s)",
    )
    add("--device", metavar="NAME", help="computes: tensorrt, cuda, openvino, coreml, directml, cpu; or cuda:0,cuda:1")
    add("--quality", default=DEFAULTS.quality, help=f"{', '.join(QUALITIES)} (default: %(default)s)")
    add("--min-face", type=int, metavar="PX", help="longer side of the smallest face to be found (default: by quality)")
    zone = "(may be given again)"
    add("--keep-zone", action=Anew, default=(), metavar="ZONE", help=f"who is wholly in 'x,y x,y x,y' stays {zone}")
    add("--only-zone", action=Anew, default=(), metavar="ZONE", help=f"only who touches it is hidden {zone}")
    add("--min-size", type=float, metavar="PX", help="who is found smaller than this stays visible")
    photo = "(a photograph; may be given again)"
    add("--keep", action=Anew, default=(), metavar="PHOTO", help=f"never hide this person {photo}")
    add("--only", action=Anew, default=(), metavar="PHOTO", help=f"hide just this person {photo}")
    add("--same-person", action="store_true", help="let who comes back after an absence be the same track")
    add(
        "--recognizer",
        default=DEFAULTS.recognizer,
        metavar="NAME[=FILE]",
        help="recognizes faces: mobilefacenet, sface=FILE or arcface=FILE (default: %(default)s)",
    )
    add("--seed", type=int, metavar="N", help="of all that is random (default: from the input's own bytes)")
    add_config(add)


def add_models(add: Callable[..., argparse.Action]) -> None:
    add(
        "--model",
        dest="models",
        action=Anew,
        default=(),
        metavar="CLASS=MODEL",
        help="what finds a class: a name of `passerby models list`, FILE or FAMILY:FILE (may be given again)",
    )


def add_config(add: Callable[..., argparse.Action]) -> None:
    add("--config", type=Path, metavar="FILE", help=f"options by their names (default: {settings_file.NAME}, if there)")


def add_painting(command: argparse.ArgumentParser) -> None:
    add = command.add_argument_group("how it is hidden").add_argument
    add(
        "--method",
        default=DEFAULTS.method,
        help=f"{', '.join(METHODS)}, gan:NAME, diffusion, {REDRESS} (docs/generate.md, diffusion.md, redress.md){EACH} "
        "(default: %(default)s)",
    )
    add_shape(add)
    add("--grow", default=DEFAULTS.grow, metavar="F", help=f"share added on each side{EACH} (default: %(default)s)")
    add("--pad", type=int, default=DEFAULTS.pad, metavar="PX", help="pixels added besides (default: %(default)s)")
    add("--feather", type=int, metavar="PX", help="pixels of the soft edge outside (default: by size)")
    add("--cells", type=int, default=DEFAULTS.cells, metavar="N", help="mosaic cells across (default: %(default)s)")
    add("--colour", "--color", default=DEFAULTS.colour, metavar="RRGGBB", help="of fill (default: %(default)s)")
    add("--image", type=Path, metavar="FILE", help="the picture that `--method image` puts over faces")
    add_dressing(command)
    add_generating(command)
    add_diffusing(command)
    add_marking(command)


def add_dressing(command: argparse.ArgumentParser) -> None:
    add = command.add_argument_group("how clothes are changed (docs/clothes.md)").add_argument
    add("--style", help=f"of new clothes: {', '.join(STYLES)}; without --hide, of everybody whose face is hidden")
    add(
        "--garment",
        dest="garments",
        action=Anew,
        default=(),
        metavar="PHOTO",
        help="of --method clothes=redress: drawn after this (docs/redress.md; may be given again)",
    )
    kinds = "openpose, inpaint, depth or normal"
    add("--controlnet", default=DEFAULTS.controlnet, metavar="KIND=PATH", help=f"likewise: {kinds}")
    add("--ip-adapter", type=Path, metavar="FILE", help="likewise: what draws after garments")
    add("--try-on", default=DEFAULTS.try_on, metavar="COMMAND", help="likewise: a try-on that is installed here")
    add(
        "--parser", default=DEFAULTS.parser, metavar="FAMILY:FILE", help="tells clothes (default: by outlines and skin)"
    )


def add_generating(command: argparse.ArgumentParser) -> None:
    add = command.add_argument_group("how generators draw (--method gan:NAME)").add_argument
    add("--truncation", type=float, metavar="F", help="how far looks differ, 0 to 1 (default: by the weights)")
    add("--multi-modal", action="store_true", help="let looks differ around the centres that the weights have")
    add(
        "--smooth",
        type=float,
        default=DEFAULTS.smooth,
        metavar="F",
        help="how much is held on to of what was shown before, 0 to 0.9 (default: %(default)s)",
    )
    add("--seam", default=DEFAULTS.seam, help=f"{' or '.join(SEAMS)} (default: %(default)s)")
    add(
        "--generator",
        dest="generators",
        action=Anew,
        default=(),
        metavar="NAME=FILE",
        help="weights of yours; also pose, surfaces, depth and normal=FILE (may be given again)",
    )
    add("--person-generator", metavar="NAME", help="draws persons whose surfaces are not known")
    add("--cse-person-generator", metavar="NAME", help="draws persons whose surfaces are known")


def add_diffusing(command: argparse.ArgumentParser) -> None:
    add = command.add_argument_group("how diffusion paints (--method diffusion)").add_argument
    add("--weights", type=Path, metavar="FILE", help="a checkpoint or a folder of diffusers (default: SD 1.5's files)")
    add("--steps", type=int, metavar="N", help="of drawing; more are slower and finer (default: 20)")
    add(
        "--guidance", type=float, metavar="F", help="how strongly the prompt counts; 1 or less halves time (default: 6)"
    )
    add("--strength", type=float, metavar="F", help="how much noise is put over the grey, up to 1 (default: 1)")
    add("--scheduler", metavar="NAME", help="ddim, dpm++, unipc, euler, lcm or tcd (default: dpm++)")
    add("--crop", type=int, default=DEFAULTS.crop, metavar="PX", help="side of crops, at most (default: %(default)s)")
    add("--small-memory", action="store_true", help="slower, for graphics cards of less than 8 GB")
    add("--compile", action="store_true", help="faster, after minutes of compiling; generators too")
    add("--every", type=int, default=DEFAULTS.every, metavar="N", help="frames from key to key (default: %(default)s)")
    words = "CLASS=TEXT"
    add("--prompt", dest="prompts", action=Anew, default=(), metavar=words, help="what is drawn of a class")
    add("--negative-prompt", dest="negative_prompts", action=Anew, default=(), metavar=words, help="what is not")
    add("--lora", type=Path, metavar="FILE", help="for the model, as LCM-LoRA")
    add("--taesd", type=Path, metavar="FILE", help="a small autoencoder in place of the model's own")


def add_marking(command: argparse.ArgumentParser) -> None:
    add = command.add_argument_group("how output says that generators drew in it (docs/marking.md)").add_argument
    add("--mark", default=DEFAULTS.mark, help=f"{', '.join(MARKS)} (default: %(default)s)")
    add("--c2pa-cert", type=Path, metavar="PEM", help="certificates that sign it (default: one is made for each file)")
    add("--c2pa-key", type=Path, metavar="PEM", help="the key of the first of them")
    label = command.add_mutually_exclusive_group()
    label.add_argument(
        "--visible-label",
        action="store_const",
        const=LABEL,
        default=DEFAULTS.visible_label,
        help=f"write {LABEL!r} into a corner as well",
    )
    label.add_argument(
        "--label-text", dest="visible_label", default=DEFAULTS.visible_label, metavar="TEXT", help="write this there"
    )


def add_shape(add: Callable[..., argparse.Action]) -> None:
    """The one option that looking and painting share: of what is to be a silhouette, the pixels must be found."""
    add("--shape", default=DEFAULTS.shape, help=f"{', '.join(SHAPES)}{EACH} (default: %(default)s)")


def add_output(command: argparse.ArgumentParser) -> None:
    add = command.add_argument_group("the output").add_argument
    add("--audio", default=DEFAULTS.audio, help=f"{' or '.join(AUDIO)} (default: %(default)s; a voice identifies)")
    add("--max-res", type=int, metavar="N", help="longest side in pixels, at most")
    add("--encoder", metavar="NAME", help="libx264, libx265, libsvtav1, libvpx-vp9, ffv1, … (default: by container)")
    add("--crf", type=float, metavar="N", help="quality, lower is better, 0 is lossless (default: by encoder)")
    add("--preset", metavar="NAME", help="speed of the encoder, in its own words")
    add("-y", "--force", action="store_true", help="replace existing outputs")


def add_saying(command: argparse.ArgumentParser) -> Callable[..., argparse.Action]:
    """Lets the caller add more to the group."""
    add = command.add_argument_group("what is said").add_argument
    add("--report", type=Path, metavar="FILE", help="write down what was done, as JSON")
    add("--profile", type=Path, metavar="FILE", help="write down what was done when, for ui.perfetto.dev")
    add("--json", action="store_true", help="print the report to standard output")
    add("-q", "--quiet", action="store_true", help="say nothing but errors")
    add("-v", "--verbose", action="store_true", help="say more")
    return add
