"""What callers hand over, checked; whatever is wrong with it is an `OptionError`."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray

from passerby.core.errors import OptionError
from passerby.rgbd.mosaic import Picture

FaceBoxes = NDArray[np.int32]
"""(N, 4) x1 y1 x2 y2 in whole pixels, half-open, inside the picture."""


class DeviceWarning(UserWarning):
    """The device that was asked for is not there; another one computes."""


def check_numbers(block: int, noise: int, kernel: int, det_size: tuple[int, int], hold: int) -> None:
    if block < 1:
        raise OptionError(f"anon_block is a number of pixels from 1 up, got {block}; 24 suits most pictures")
    if not 0 <= noise <= 255:
        raise OptionError(f"anon_noise must lie in 0..255, got {noise}")
    if not 0 <= kernel <= 999:
        raise OptionError(f"dilate_kernel is a number of pixels in 0..999, got {kernel}")
    if len(det_size) != 2 or min(det_size) < 32:
        raise OptionError(f"det_size is (width, height) in pixels from 32 up, got {det_size}")
    if hold < 0:
        raise OptionError(f"hold is a number of pictures from 0 up, got {hold}")


def available(device: str) -> str:
    """The device that computes when `device` is asked for."""
    if device not in ("cpu", "cuda"):
        raise OptionError(f"device is 'cpu' or 'cuda', got {device!r}")
    if device == "cuda":
        warnings.warn(
            "device 'cuda' is not available: passerby's runtime has the CPU only, which computes now; "
            "ask for device='cpu' to agree",
            DeviceWarning,
            stacklevel=3,
        )
    return "cpu"


def checked_picture(bgr: object) -> Picture:
    """`bgr` in one piece of memory.

    Raises:
        OptionError: it is no colour picture.
    """
    if not isinstance(bgr, np.ndarray):
        raise OptionError(f"a picture is an array (H, W, 3), got {type(bgr).__name__}; was the file there to be read?")
    if bgr.ndim != 3 or bgr.shape[2] != 3 or bgr.dtype != np.uint8 or bgr.size == 0:
        raise OptionError(f"a picture is uint8 (H, W, 3) in BGR, got {bgr.dtype} {bgr.shape}; convert it first")
    return np.ascontiguousarray(bgr)


def checked_boxes(boxes: ArrayLike) -> NDArray[np.float64]:
    """Boxes from outside as (N, 4)."""
    answer = np.asarray(boxes, np.float64)
    if answer.size == 0:
        return np.empty((0, 4))
    if answer.ndim != 2 or answer.shape[1] != 4 or not np.isfinite(answer).all():
        raise OptionError(f"boxes are finite numbers (N, 4), x1 y1 x2 y2; got {answer.shape}")
    return answer


def inside(boxes: ArrayLike, shape: tuple[int, int]) -> FaceBoxes:
    """Boxes from outside in whole pixels, rounded outwards and cut to a picture of `shape` (H, W)."""
    sides = checked_boxes(boxes)
    whole = np.concatenate([np.floor(sides[:, :2]), np.ceil(sides[:, 2:])], axis=1)
    cut = np.clip(whole, 0, (shape[1], shape[0]) * 2).astype(np.int32)
    return np.asarray(cut[(cut[:, 2:] > cut[:, :2]).all(axis=1)], np.int32)
