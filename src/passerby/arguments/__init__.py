"""What can be written on the command line, command by command."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import passerby
from passerby import settings_file
from passerby.arguments import deep_privacy2, evaluate, live, models, plan, run, verify
from passerby.arguments.parser import EXIT_CODES, Parser
from passerby.core.errors import OptionError

HELP = (
    """passerby: makes everyone in a video a passer-by.

  passerby INPUT... [options]             hide every face; writes NAME_anonymized.EXT (short for `passerby anonymize`)
  passerby analyze INPUT                  look, and write down who is where in INPUT.plan; hides nobody yet
  passerby plan show|edit|sheet PLAN      review who will be hidden; also export and import
  passerby render PLAN                    hide what a plan says
  passerby verify FILE...                 look once more at finished files, with another model, for what is left over
  passerby evaluate ORIGINAL ANONYMIZED   measure who can be seen, who is recognized, and what is left of the picture
  passerby live SOURCE --to SINK          hide faces in a stream, a camera or a pipe, as it comes
  passerby deep-privacy2 CONFIG -i INPUT  what DeepPrivacy2's anonymize.py does, by its own options
  passerby demo                           compose a short clip with faces and anonymize it
  passerby doctor                         print what to paste into a bug report
  passerby models list|show|pull          model files: which there are, their licences; verify, path, export, convert
  passerby COMMAND --help                 all options of a command
  passerby --version

"""
    + EXIT_CODES
)


COMMANDS: Mapping[str, Callable[[], argparse.ArgumentParser]] = {
    "anonymize": run.anonymize,
    "analyze": run.analyze,
    "render": run.render,
    "plan show": plan.show,
    "plan edit": plan.edit,
    "plan export": plan.export,
    "plan import": plan.import_,
    "plan sheet": plan.sheet,
    "verify": verify.verify,
    "evaluate": evaluate.evaluate,
    **{f"evaluate {name}": partial(evaluate.part, name) for name in evaluate.ABOUT},
    "evaluate clothes": evaluate.clothes,
    "evaluate masks": evaluate.masks,
    "live": live.live,
    "deep-privacy2": deep_privacy2.deep_privacy2,
    "demo": run.demo,
    "doctor": run.doctor,
    "models list": models.list_,
    "models show": models.show,
    "models pull": models.pull,
    "models verify": models.verify,
    "models path": models.path,
    "models export": models.export,
    "models convert": models.convert,
}

GROUPS = {"plan": "plan show street.plan", "models": "models list"}
"""First words of commands that have two, and an example of each."""

CONFIGURED = ("anonymize", "analyze", "render", "live", "doctor")
"""The commands that read the settings file."""


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The command and its options; options may stand before, between and after the inputs.

    Raises:
        OptionError: something is not known or does not fit.
        SystemExit: help or the version was asked for, and printed.
    """
    first = words[0] if words else "--help"
    if first in ("-h", "--help", "--version") or (first in GROUPS and list(words[1:]) in (["-h"], ["--help"])):
        print(f"passerby {passerby.__version__}" if first == "--version" else HELP)
        raise SystemExit(0)
    command, rest = _command(words)
    # What follows `--` are inputs, whatever they begin with.
    end = list(rest).index("--") if "--" in rest else len(rest)
    parser = COMMANDS[command]()
    config = _settings_file(parser, rest[:end]) if command in CONFIGURED else None
    of_file = {} if config is None else settings_file.read(config)
    # It says what is not said on the command line.
    parser.set_defaults(**of_file)
    chosen = parser.parse_intermixed_args(rest[:end])
    if end < len(rest):
        if not hasattr(chosen, "inputs"):
            parser.error(f"{command} takes no inputs behind --")
        chosen.inputs = [*chosen.inputs, *map(Path, rest[end + 1 :])]
    chosen.command, chosen.config, chosen.of_file = command, config, of_file
    return chosen


def _command(words: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The command's name and what follows it."""
    command = " ".join(words[:2])
    if len(words) > 1 and command in COMMANDS:
        return command, words[2:]
    if words[0] in COMMANDS:
        return words[0], words[1:]
    if words[0] not in GROUPS:
        return "anonymize", words
    group = words[0]
    actions = ", ".join(name.removeprefix(f"{group} ") for name in COMMANDS if name.startswith(f"{group} "))
    raise OptionError(f"passerby {group} does one of {actions}, as in: passerby {GROUPS[group]}")


def _settings_file(parser: argparse.ArgumentParser, words: Sequence[str]) -> Path | None:
    first = Parser(prog=parser.prog, add_help=False, allow_abbrev=False)
    first.add_argument("--config", type=Path)
    return settings_file.find(first.parse_known_args(words)[0].config)
