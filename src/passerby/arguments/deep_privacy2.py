"""What can be written behind `passerby deep-privacy2`: the options of DeepPrivacy2's anonymize.py."""

from __future__ import annotations

import argparse

from passerby.arguments.groups import named
from passerby.arguments.parser import Parser, parser


def deep_privacy2() -> Parser:
    command = parser("deep-privacy2", "Do what DeepPrivacy2's anonymize.py does, by its options (docs/generate.md).")
    add = command.add_argument
    add("configuration", metavar="CONFIG", help="FB_cse, a path to FB_cse.py (which is not read), or a .toml file")
    add("-i", "--input_path", "--input-path", type=named, metavar="PATH", help="picture, video, or folder of them")
    add("-o", "--output_path", "--output-path", type=named, metavar="PATH", help="(default: NAME_anonymized beside it)")
    add("-v", "--visualize", action="store_true", help="open what -o names when it is done")
    add("--max-res", type=int, metavar="N", help="longest side of the output in pixels")
    add("--start-time", "--st", type=int, metavar="S", help="leave out what lies before this second")
    add("--end-time", "--et", type=int, metavar="S", help="leave out what lies at or after it")
    add("--fps", metavar="N", help="frames per second, at most")
    add("--detection-score-threshold", "--dst", type=_share, default=0.3, metavar="F", help="(default: %(default)s)")
    add("--visualize-detection", "--vd", action="store_true", help="draw boxes only; hides nobody")
    add("--multi-modal-truncation", "--mt", action="store_true", help="as many looks as the weights have centres")
    add("--cache", action="store_true", help="keep what was found as plans beside the output, and use it again")
    add("--amp", action="store_true", help="always so on a graphics card, never elsewhere")
    add("-t", "--truncation_value", "--truncation-value", type=_share, default=0.0, metavar="F", help="(default: 0)")
    add("--track", action="store_true", help="always so: who is followed keeps one look")
    add("--seed", type=int, metavar="N", help="of the looks (default: from the input's own bytes)")
    add("--person-generator", metavar="CONFIG", help="draws persons whose surfaces are not known; its name counts")
    add("--cse-person-generator", metavar="CONFIG", help="draws persons whose surfaces are known; its name counts")
    add("--webcam", action="store_true", help="hide what the first camera sees, and show it")
    ours = command.add_argument_group("what the original does not have").add_argument
    ours("--generator", action="append", default=[], metavar="NAME=FILE", help="as of `passerby anonymize`")
    ours("--model", action="append", default=[], metavar="CLASS=MODEL", help="as of `passerby anonymize`")
    ours("--device", metavar="NAME", help="what computes: cuda, cpu, …")
    ours("-q", "--quiet", action="store_true", help="say nothing but errors")
    return command


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"a number from 0 to 1 is wanted, got {text}")
    return value
