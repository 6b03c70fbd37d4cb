"""Picture files to upright RGB(A) or grey pixels, and pixels to picture files that hold nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import DamagedMedia, OutputError, UnsupportedMedia
from passerby.core.frame import Plane
from passerby.media import tiff_tags as tiff
from passerby.media.overheard import complaints
from passerby.media.picture_header import Kind, PictureHeader

# Compressions of TIFF (LZW, deflate) and photometric interpretations that FFmpeg can look at as well.
_CHECKED_COMPRESSIONS, _CHECKED_COLOURS = frozenset({5, 8, 32946}), frozenset({0, 1, 2, 3, 5})
_LOG_LEVEL = Lock()
_ABOUT_DATA = ("Corrupt JPEG", "Premature end", "Inconsistent progression")
_FEW = 2
"""So many bytes at the end of a JPEG are beyond suspicion."""


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """What was in a picture file."""

    pictures: tuple[Plane, ...]
    """Upright, read-only: (H, W) grey, (H, W, 3) RGB or (H, W, 4) RGBA with straight alpha; uint8 or uint16."""
    durations_ms: tuple[int, ...]
    """Of each picture of an animation, as stored; empty for a still."""
    plays: int
    """How often an animation is shown; 0 for ever."""


def decode(data: bytes, header: PictureHeader, name: str) -> Decoded:
    """The pixels of the picture file `data`; `name` is for messages.

    Raises:
        DamagedMedia: it does not decode in full.
        UnsupportedMedia: it decodes to something else than 8 or 16 bits of grey, RGB or RGBA.
    """
    data = data[: header.end]
    if not _is_sound(data, header):
        raise DamagedMedia(f"{name} is damaged or breaks off inside of its picture; get a whole copy of it")
    try:
        with _silent(), complaints() as heard:
            pictures, durations, plays = _animation(data, header) if header.animated else (_still(data, header), (), 0)
    except cv2.error as error:
        raise DamagedMedia(f"{name} does not decode; get a whole copy of it") from error
    if any(_is_damage(complaint, data) for complaint in heard):
        raise DamagedMedia(f"{name} is damaged or breaks off inside of its picture; get a whole copy of it")
    if len(pictures) != header.frames or any(picture.shape[1::-1] != header.size for picture in pictures):
        raise DamagedMedia(f"{name} does not decode to the pictures that it announces; get a whole copy of it")
    if any(picture.dtype not in (np.uint8, np.uint16) for picture in pictures):
        raise UnsupportedMedia(f"{name} has {pictures[0].dtype} samples; convert it to 8 or 16 bits first")
    return Decoded(tuple(finished(picture, header) for picture in pictures), durations, plays)


def decode_what_is_there(data: bytes, header: PictureHeader) -> tuple[NDArray[Any] | None, list[str]]:
    """The stored pixels of the still `data`, made up where it is damaged, and what libjpeg says to that.

    None: not even that can be had.
    """
    try:
        with _silent(), complaints() as heard:
            pictures = _still(data, header)
    except cv2.error:
        return None, []
    return (pictures[0] if pictures else None), heard


def _is_sound(data: bytes, header: PictureHeader) -> bool:
    """Whether FFmpeg's strict decoders have nothing to say against a picture.

    The libraries in OpenCV fill what is missing from a JPEG or TIFF with grey, and warn on the console only.
    """
    directory = header.directory
    if header.kind == "jpeg":
        decoder = av.CodecContext.create("mjpeg", "r")
    elif directory is not None and _is_checked(directory):
        decoder = av.CodecContext.create("tiff", "r")
        data = tiff.with_tags(data, directory.order, _needed(directory))
    else:
        return True
    decoder.options = {"err_detect": "explode"}
    try:
        frames = [*decoder.decode(av.Packet(data)), *decoder.decode(None)]
    except av.error.PatchWelcomeError:  # a layout that FFmpeg does not know
        return True
    except av.error.FFmpegError:
        return False
    return len(frames) == 1 and not frames[0].is_corrupt


def _is_damage(complaint: str, data: bytes) -> bool:
    """Whether what libjpeg complains of costs part of the picture."""
    if not complaint.startswith(_ABOUT_DATA):
        return False
    left = re.search(r"(\d+) extraneous bytes before marker 0xd9", complaint)
    if left is None:
        return True
    # Some cameras fill up with bytes of one value before the end.
    count, end = int(left[1]), data.rfind(b"\xff\xd9")
    return count > _FEW and len(set(data[end - count : end])) > 1


@contextmanager
def _silent() -> Iterator[None]:
    """OpenCV keeps to itself what becomes an error here. Its log level is the whole process's, hence the lock."""
    with _LOG_LEVEL:
        before = cv2.utils.logging.getLogLevel()
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        try:
            yield
        finally:
            cv2.utils.logging.setLogLevel(before)


def _is_checked(directory: tiff.Directory) -> bool:
    compression, colours = directory.number(tiff.COMPRESSION, 1), directory.number(tiff.PHOTOMETRIC)
    return compression in _CHECKED_COMPRESSIONS and colours in _CHECKED_COLOURS


def _needed(directory: tiff.Directory) -> dict[int, tiff.Tag]:
    return {number: tag for number, tag in directory.tags.items() if number in tiff.DECODING}


def _still(data: bytes, header: PictureHeader) -> list[NDArray[Any]]:
    if header.directory is not None:
        # OpenCV would turn the picture and multiply it by its alpha. It leaves what it takes for multiplied as it is.
        multiplied = tiff.short(header.directory.order, 1)
        extra = (
            {tiff.EXTRA_SAMPLES: multiplied} if header.directory.number(tiff.SAMPLES) == 4 and not header.inks else {}
        )
        data = tiff.with_tags(data, header.directory.order, _needed(header.directory) | extra)
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    return [] if picture is None else [np.asarray(picture)]


def _animation(data: bytes, header: PictureHeader) -> tuple[list[NDArray[Any]], tuple[int, ...], int]:
    whole, animation = cv2.imdecodeanimation(np.frombuffer(data, np.uint8), 0, header.frames)
    pictures = [np.asarray(picture) for picture in animation.frames] if whole else []
    return pictures, tuple(int(duration) for duration in animation.durations), int(animation.loop_count)


def finished(picture: NDArray[Any], header: PictureHeader) -> Plane:
    """OpenCV's picture, as it is stored, as RGB(A) or grey and upright: as `Decoded` has it."""
    channels = picture.shape[2] if picture.ndim == 3 else 1
    if header.inks:
        picture = np.ascontiguousarray(picture[..., :3])
    if picture.ndim == 3:
        order = cv2.COLOR_BGRA2RGBA if picture.shape[2] == 4 else cv2.COLOR_BGR2RGB
        picture = np.asarray(cv2.cvtColor(picture, order))
    if header.key is not None and channels == 1:
        peak = np.iinfo(picture.dtype).max
        alpha = np.where(picture == header.key, 0, peak).astype(picture.dtype)
        picture = np.dstack([picture, picture, picture, alpha])
    if header.directory and channels == 4 and header.directory.number(tiff.EXTRA_SAMPLES) == 1:
        picture = _straight(picture)
    picture = np.ascontiguousarray(_turned(picture, header.orientation))
    picture.flags.writeable = False
    return picture


def _straight(picture: NDArray[Any]) -> NDArray[Any]:
    """RGBA of which the colours were stored multiplied by alpha."""
    peak = np.iinfo(picture.dtype).max
    alpha = np.maximum(picture[..., 3:], 1).astype(np.float32)
    colours = np.minimum(np.rint(picture[..., :3] * (peak / alpha)), peak).astype(picture.dtype)
    return np.concatenate([colours, picture[..., 3:]], axis=2)


def _turned(picture: NDArray[Any], orientation: int) -> NDArray[Any]:
    """A stored picture as it is to be seen, by EXIF's orientation 1..8."""
    if orientation >= 5:
        picture = picture.swapaxes(0, 1)
    across, down = {2: (-1, 1), 3: (-1, -1), 4: (1, -1), 6: (-1, 1), 7: (-1, -1), 8: (1, -1)}.get(orientation, (1, 1))
    return picture[::down, ::across]


# Encoding


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How pixels become a file."""

    kind: Kind
    quality: int = 95
    """1..100, of JPEG and of WebP that is not lossless."""
    lossless: bool = True
    """Of WebP."""
    sampling: str | None = None
    """How a JPEG shares colour between pixels: '420', '444', …; None shares none."""
    profile: bytes | None = None
    """An ICC profile, of kinds that hold one."""
    cicp: tuple[int, int, int, int] | None = None
    """PNG's (primaries, transfer, matrix, full range)."""


_SAMPLINGS = {
    "411": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_411,
    "420": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
    "422": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
    "440": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_440,
    "444": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
}


def encode(picture: Plane, encoding: Encoding) -> bytes:
    """A picture file, anything but GIF, of uint8 or uint16 pixels (H, W), (H, W, 3) or (H, W, 4).

    Raises:
        OutputError: the picture does not fit into this kind of file.
    """
    kind = encoding.kind
    if picture.ndim == 3:
        order = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
        picture = np.asarray(cv2.cvtColor(picture, order))
    described: dict[int, bytes] = {}
    if encoding.profile and kind in ("jpeg", "png", "webp"):
        described[cv2.IMAGE_METADATA_ICCP] = encoding.profile
    if encoding.cicp and kind == "png":
        described[cv2.IMAGE_METADATA_CICP] = bytes(encoding.cicp)
    blobs = [np.frombuffer(blob, np.uint8) for blob in described.values()]
    try:
        done, data = cv2.imencodeWithMetadata(f".{kind}", picture, list(described), blobs, _settings(encoding))
    except cv2.error as error:
        raise OutputError(f"a {kind} file cannot hold this picture; choose PNG") from error
    if not done:
        height, width = picture.shape[:2]
        raise OutputError(f"a {kind} file cannot hold a picture of {width}x{height}; choose PNG")
    return _described(data.tobytes(), picture, encoding) if kind == "tiff" else data.tobytes()


def _settings(encoding: Encoding) -> list[int]:
    if encoding.kind == "jpeg":
        sampling = _SAMPLINGS[encoding.sampling or "444"]
        return [cv2.IMWRITE_JPEG_QUALITY, encoding.quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    if encoding.kind == "webp" and encoding.lossless:
        return [cv2.IMWRITE_WEBP_LOSSLESS_MODE, cv2.IMWRITE_WEBP_LOSSLESS_PRESERVE_COLOR]
    if encoding.kind == "webp":
        return [cv2.IMWRITE_WEBP_QUALITY, encoding.quality]
    return []


def _described(data: bytes, picture: NDArray[Any], encoding: Encoding) -> bytes:
    """A TIFF with what OpenCV leaves out of it: that a fourth sample is straight alpha, and the ICC profile."""
    directory = tiff.read_directory(data)
    tags = dict(directory.tags)
    if picture.shape[2:] == (4,):
        tags[tiff.EXTRA_SAMPLES] = tiff.short(directory.order, 2)
    if encoding.profile:
        tags[tiff.PROFILE] = tiff.Tag(tiff.UNDEFINED, encoding.profile)
    return data if tags == directory.tags else tiff.with_tags(data, directory.order, tags)
