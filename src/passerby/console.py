"""What is said to people, on standard error, and what was asked for, on standard output."""

from __future__ import annotations

import os
import sys

from passerby.core.errors import OutputError


def say(line: str) -> None:
    """A line for people."""
    print(printable(line), file=sys.stderr, flush=True)


def answer(text: str) -> None:
    """To standard output; a reader that has gone away is no failure of ours, a full disk is."""
    try:
        print(printable(text), flush=True)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  or Python complains once more when it ends
    except OSError as error:
        raise OutputError(f"cannot write to standard output: {error.strerror}") from error


def printable(text: str) -> str:
    """`text` without what would steer a terminal or cannot be written: names and plans may come from anybody."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text)
