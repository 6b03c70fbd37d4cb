"""Virtual try-on: a garment of a photograph put on a person, by a program that the user has installed.

passerby ships none. CatVTON and IDM-VTON are under CC BY-NC-SA 4.0, LaDI-VTON is under CC BY-NC 4.0: their code and
weights may not be used commercially, and it is for the user to see to that.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import OptionError, StageError
from passerby.paint.diffusion.contract import Crop

Picture = NDArray[np.uint8]
"""RGB (H, W, 3)."""
FILES = ("person", "mask", "garment", "output")
"""What a command is told, each as the path of a PNG file."""


class TryOn(Protocol):
    """Puts a garment on a person. `passerby.testing_inpainting` checks one in one line."""

    def wear(self, person: Picture, mask: NDArray[np.bool_], garment: Picture) -> Picture:
        """The person with the garment on, (H, W, 3); outside of the mask it does not matter.

        Args:
            person: (H, W, 3) RGB, sides multiples of 8, grey (128) wherever the garment is to be.
            mask: (H, W) where the garment is to be.
            garment: (h, w, 3) RGB, of any size.
        """
        ...


class Dressed:
    """An `Inpainter` that fills what is hidden with one garment."""

    batch = 1

    def __init__(self, try_on: TryOn, garment: Picture) -> None:
        self._try_on = try_on
        self._garment = garment

    def inpaint(self, crops: Sequence[Crop]) -> list[Picture]:
        """See `Inpainter`.

        Raises:
            StageError: an answer is no picture of the crop's size.
        """
        return [self._dressed(crop) for crop in crops]

    def _dressed(self, crop: Crop) -> Picture:
        answer = self._try_on.wear(crop.picture, crop.hole, self._garment)
        if answer.shape != crop.picture.shape or answer.dtype != np.uint8:
            raise StageError(
                f"the try-on gave {answer.dtype} {answer.shape} for a person of {crop.picture.shape}; "
                "wanted is an 8-bit RGB picture of that size"
            )
        return answer


class External:
    """A `TryOn` by another program, started once for every crop, in a process of its own.

    What it is shown lies in a folder that only this user can read, as long as it runs, and is removed whatever happens.
    """

    def __init__(self, command: str, *, timeout_s: float = 600) -> None:
        """Check the command.

        Args:
            command: words of a command line with {person}, {mask}, {garment} and {output} in it, as in
                'python run.py --person {person} --mask {mask} --cloth {garment} --out {output}'. There is no shell.
                The mask is white where the garment is to be; the output has to be as large as the person.
            timeout_s: how long it may take for one crop.

        Raises:
            OptionError: a file is not named in it, or something else is, or there is no such program.
        """
        if timeout_s <= 0:
            raise OptionError(f"a try-on takes more than 0 seconds, got {timeout_s}")
        self._words = _words(command)
        self._timeout_s = timeout_s
        if shutil.which(self._words[0]) is None:
            raise OptionError(f"there is no program {self._words[0]!r}; install it, or give its path")
        _filled(self._words, dict.fromkeys(FILES, Path("file.png")))

    def wear(self, person: Picture, mask: NDArray[np.bool_], garment: Picture) -> Picture:
        """See `TryOn`.

        Raises:
            StageError: the program failed, took too long, or left no picture of the person's size.
        """
        with tempfile.TemporaryDirectory(prefix="passerby_try_on_") as folder:
            files = {name: Path(folder) / f"{name}.png" for name in FILES}
            shown = {"person": person, "mask": np.where(mask, 255, 0).astype(np.uint8), "garment": garment}
            for name, picture in shown.items():
                _write(files[name], picture)
            _run(_filled(self._words, files), self._timeout_s)
            return _read(files["output"], person.shape)


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise OptionError(f"the command {command!r} cannot be read ({error}); close its quotes") from error
    missing = [f"{{{name}}}" for name in FILES if f"{{{name}}}" not in command]
    if not words or missing:
        raise OptionError(
            f"the command {command!r} lacks {', '.join(missing)}; name all files that it reads and writes"
        )
    return words


def _filled(words: Sequence[str], files: Mapping[str, Path]) -> list[str]:
    try:
        return [word.format(**{name: str(path) for name, path in files.items()}) for word in words]
    except (LookupError, ValueError, AttributeError) as error:
        known = ", ".join(f"{{{name}}}" for name in FILES)
        raise OptionError(
            f"the command has braces that mean nothing ({error}); known are {known}, and {{{{ stands for a brace"
        ) from error


def _run(words: Sequence[str], timeout_s: float) -> None:
    name = Path(words[0]).name
    # Libraries of models ask their hubs for what they lack, and tell them what they are asked for.
    offline = {**os.environ, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    try:
        with subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=offline,
            start_new_session=True,
        ) as process:
            try:
                said, _ = process.communicate(timeout=timeout_s)
            finally:
                _end(process)
    except subprocess.TimeoutExpired:
        raise StageError(f"the try-on {name} took more than {timeout_s:g} s for a crop; give it more time") from None
    except OSError as error:
        raise StageError(f"the try-on {name} does not start: {error.strerror or error}") from error
    if process.returncode:
        lines = said.decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
        raise StageError(f"the try-on {name} failed with {process.returncode}: {last[:200]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop a process that still runs, and those that it started, where the system knows them."""
    if process.poll() is not None:
        return
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def _write(path: Path, picture: NDArray[np.uint8]) -> None:
    if not cv2.imwrite(str(path), picture[..., ::-1] if picture.ndim == 3 else picture):
        raise StageError(f"cannot write {path.name} for the try-on; is the disk full?")


def _read(path: Path, shape: tuple[int, ...]) -> Picture:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR) if path.is_file() else None
    if picture is None:
        raise StageError("the try-on left no picture at {output}; see what it writes, and where")
    if picture.shape != shape:
        sizes = " and not ".join(f"{width}x{height}" for height, width, *_ in (picture.shape, shape))
        raise StageError(f"the try-on left a picture of {sizes}; let it write the size of the person")
    return np.ascontiguousarray(picture[..., ::-1], np.uint8)
