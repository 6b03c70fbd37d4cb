"""What libjpeg says on the console while it decodes. OpenCV offers no other way to hear it.

FFmpeg's decoder does not hear of it at all: data that runs out within the last block, or is left over after it, or
belongs to another place, is fine with FFmpeg as long as every code in it is one.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_CONSOLE = Lock()
_ERROR_OUTPUT = 2
_COMPLAINT = re.compile(
    rb"^(?:Corrupt JPEG data|Premature end of JPEG|Inconsistent progression|Invalid SOS|Invalid SOF|"
    rb"Warning: unknown JFIF|Unknown Adobe color transform|Application transferred too many)[^\n]*\n?",
    re.MULTILINE,
)


@contextmanager
def complaints() -> Iterator[list[str]]:
    """What libjpeg complains of inside of the block; filled in at its end. All else is printed then.

    The console belongs to the whole process, so one block at a time.
    """
    heard: list[str] = []
    with _CONSOLE, tempfile.TemporaryFile() as ear:
        try:
            console = os.dup(_ERROR_OUTPUT)
        except OSError:  # there is none
            yield heard
            return
        sys.stderr.flush()
        os.dup2(ear.fileno(), _ERROR_OUTPUT)
        try:
            yield heard
        finally:
            os.dup2(console, _ERROR_OUTPUT)
            os.close(console)
            ear.seek(0)
            said = ear.read()
            heard += [line.decode("ascii", "replace").strip() for line in _COMPLAINT.findall(said)]
            rest = _COMPLAINT.sub(b"", said)
            if rest:
                os.write(_ERROR_OUTPUT, rest)
