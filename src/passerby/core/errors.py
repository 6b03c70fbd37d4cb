"""Everything that can go wrong, as a caller may want to tell it apart.

    PasserbyError
    ├── OptionError            an option or argument makes no sense                          exit 2
    ├── InputError             this input cannot be worked on
    │   ├── UnsupportedMedia   no picture in it, or one that passerby does not handle
    │   ├── DamagedMedia       it breaks off or does not decode (`frame` and `time_s` say where)
    │   ├── LimitExceeded      larger than the limits allow
    │   ├── NotMeasurable      too little in it for what is to be measured
    │   └── PlanError          a plan is damaged, newer than this passerby, or made from another medium
    ├── OutputError            the result cannot be written (exists, full disk, encoder failed)
    ├── StageError             a detector, tracker or anonymizer broke its contract
    ├── WeightsError           a model file is missing or is not the one it should be
    └── LeftoversFound         a finished file still shows what should be hidden (`anonymize --verify`)  exit 3

Every message is one line: what came, what was wanted, what to do next.
"""

from __future__ import annotations


class PasserbyError(Exception):
    """The base of all errors that passerby raises on purpose."""


class OptionError(PasserbyError, ValueError):
    """An option or argument makes no sense."""


class InputError(PasserbyError):
    """This input cannot be worked on."""


class UnsupportedMedia(InputError):
    """There is no picture in the input, or one that passerby does not handle."""


class DamagedMedia(InputError):
    """The input breaks off or does not decode.

    `frame` is the index of the first frame that is missing and `time_s` its time in seconds, where known.
    """

    def __init__(self, message: str, *, frame: int | None = None, time_s: float | None = None) -> None:
        super().__init__(message)
        self.frame = frame
        self.time_s = time_s


class LimitExceeded(InputError):
    """The input is larger than the limits allow."""


class NotMeasurable(InputError):
    """There is too little in the input for what is to be measured: a number would say nothing."""


class PlanError(InputError):
    """A plan is damaged, newer than this passerby, or made from another medium."""


class OutputError(PasserbyError):
    """The result cannot be written."""


class StageError(PasserbyError):
    """A detector, tracker or anonymizer broke its contract."""


class WeightsError(PasserbyError):
    """A model file is missing or is not the one it should be."""


class LeftoversFound(PasserbyError):
    """A second look found in a finished file what should be hidden in it; its message has several lines."""


def first_line(error: BaseException) -> str:
    """What a library's error says first, the head of a list with its first item; its kind where it says nothing."""
    lines = [line.strip() for line in str(error).strip().splitlines()] or [type(error).__name__]
    return " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]
