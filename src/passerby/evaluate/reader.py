"""A reader of short texts, plates for one: an ONNX model of PaddleOCR's recognisers (PP-OCR)."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import OptionError, StageError
from passerby.evaluate.model_files import fingerprint
from passerby.evaluate.plates import Reading
from passerby.runtime import Session

HEIGHT, NARROW, WIDE = 48, 320, 1600
"""Pixels: the height that the model reads, and the least and greatest width; what is narrower stands on grey."""


class PlateReader:
    """Reads one line of text in each picture. Two-line plates come out short: the model reads lines."""

    def __init__(self, path: Path, alphabet: tuple[str, ...] = ()) -> None:
        """Load `path`; without an `alphabet`, the one under 'character' in the file counts, one character a line.

        Raises:
            WeightsError: it does not load.
            OptionError: it has no alphabet, or more than one input.
        """
        self.name, self.model = path.stem, fingerprint(path)
        self._session = Session(path)
        letters = alphabet or tuple(self._session.metadata.get("character", "").splitlines())
        if not letters or len(self._session.inputs) != 1:
            raise OptionError(f"{path.name} is no text reader with an alphabet in it; give its alphabet")
        # Class 0 is "nothing", and PaddleOCR puts a space behind its list.
        self._letters = ("", *letters, " ")

    def read(self, picture: NDArray[np.uint8]) -> Reading:
        """The text in an RGB picture (H, W, 3) cut out along the plate's edges.

        Raises:
            StageError: the model's answer does not fit the alphabet.
        """
        [port] = self._session.inputs
        scores = self._session.run({port.name: _input(picture)})[0]
        if scores.ndim != 3 or scores.shape[2] != len(self._letters):
            raise StageError(f"{self.name} gave {scores.shape}, wanted (1, T, {len(self._letters)}): another alphabet")
        return decoded(scores[0], self._letters)


def decoded(scores: NDArray[np.float32], letters: tuple[str, ...]) -> Reading:
    """The text of CTC scores (T, C) in [0, 1]: the best class of each step, repeats joined, class 0 left out.

    Graves et al., "Connectionist temporal classification", 2006, best path. Confidence is the mean of the scores of the
    steps that gave a letter; 0 where none did.
    """
    classes = scores.argmax(axis=1)
    new = np.concatenate([[True], classes[1:] != classes[:-1]]) & (classes != 0)
    steps = np.flatnonzero(new)
    confidence = float(scores[steps, classes[steps]].mean()) if len(steps) else 0.0
    return Reading("".join(letters[index] for index in classes[steps]), confidence)


def _input(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    height, width = picture.shape[:2]
    wanted = min(max(round(width * HEIGHT / height), 1), WIDE)
    scaled = cv2.resize(picture, (wanted, HEIGHT), interpolation=cv2.INTER_LINEAR)
    array = np.zeros((1, 3, HEIGHT, max(wanted, NARROW)), np.float32)
    # The model was trained on pictures as OpenCV reads them: blue first.
    array[0, :, :, :wanted] = scaled[..., ::-1].transpose(2, 0, 1) / np.float32(127.5) - 1
    return array
