"""Finds faces in a colour picture and hides them, with the help of depth where it can be trusted."""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from passerby.core.errors import OptionError
from passerby.core.frame import Frame, PixelFormat
from passerby.core.stages import Detector
from passerby.detect.faces import CenterFace
from passerby.mask.shapes import HeadOval, Rectangle, Shape
from passerby.rgbd import depth as depths
from passerby.rgbd import files, layouts, mosaic
from passerby.rgbd.areas import Area, Bits, dilated, remaining, united
from passerby.rgbd.depth import Depth
from passerby.rgbd.inputs import FaceBoxes, available, check_numbers, checked_boxes, checked_picture, inside
from passerby.rgbd.mosaic import Picture
from passerby.rgbd.style import Style
from passerby.rgbd.tracks import Faces

_RGB = PixelFormat("rgb24", ((1, 1),), 8, "rgb", True)


class _Five(NamedTuple):
    rgb_anon: Picture
    """(H, W, 3) uint8, channels in the order in which they came: blue, green, red."""
    depth_anon: Depth | None
    """(H, W) of the type that came; None when none came."""
    mask: Bits
    """(H, W) uint8: 1 where the picture is hidden, else 0."""
    boxes: FaceBoxes
    """(N, 4) int32 x1 y1 x2 y2 of the faces, half-open, inside the picture."""
    times: dict[str, float]
    """Seconds of 'detect', 'mask', 'anonymize', 'depth' and 'total'."""


class Masked(_Five):
    """What `FaceMasker.process_arrays` gives: unpacks into five, and has these attributes besides."""

    tracks: NDArray[np.int64]
    """(N,) number of each face, the same while it is followed."""
    depth_used: NDArray[np.bool_]
    """(N,) whether depth shaped the face's mask; where not, all of its box mask is hidden."""
    notes: tuple[str, ...]
    """One line for every face of which the depth was not to be trusted, and why."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """How masks are made."""

    pad_ratio: float
    oval_boxes: bool
    use_depth: bool
    unit_m: float

    def __post_init__(self) -> None:
        if not 0 <= self.pad_ratio <= 5:
            raise OptionError(f"pad_ratio is a share of the box, added on each side, in 0..5, got {self.pad_ratio}")

    @property
    def outline(self) -> Shape:
        kind = HeadOval if self.oval_boxes else Rectangle
        return kind(grow=self.pad_ratio, feather=0)


@dataclass(frozen=True, slots=True, eq=False)
class _Hidden:
    """What is hidden in one picture."""

    bits: Bits
    areas: tuple[Area, ...]
    """Of every face that was found, then of those that are held."""
    doubts: tuple[str, ...]
    """Of every face that was found, why depth was not used; '' where it was."""


class FaceMasker:
    """Hides the faces in pictures with or without depth. Keeps track from call to call: use one for each stream."""

    def __init__(
        self,
        device: str = "cpu",
        conf_thresh: float = 0.5,
        anon_block: int = 24,
        anon_noise: int = 20,
        dilate_kernel: int = 13,
        det_size: tuple[int, int] | int = (640, 640),
        verbose: bool = False,
        enable_depth_anon: bool = False,
        *,
        style: Style | None = None,
        detector: Detector | None = None,
        hold: int = 0,
    ) -> None:
        """Load the face detector.

        Args:
            device: 'cpu', or 'cuda' to prefer a GPU: without one, a `DeviceWarning` says so and the CPU computes.
                The attribute `device` holds what does.
            conf_thresh: faces with a score above this are hidden, in (0, 1). 0.2 misses fewer.
            anon_block: pixels across a cell of the mosaic, at least.
            anon_noise: each cell is off its mean by up to this much, 0..255.
            dilate_kernel: masks grow by half of this on every side, in pixels; 1 and less leave them as they are.
            det_size: (width, height), or one number for both, that larger pictures are made to fit in for the detector.
                None is enlarged.
            verbose: write a line for every picture to standard error.
            enable_depth_anon: hide the depth under the mask, too: a face's shape identifies.
            style: what is random, and what becomes of depth.
            detector: another one than CenterFace; `det_size` is not for it.
            hold: pictures for which a face that is not found again stays hidden where it was, 0 and up. For streams;
                pictures that have nothing to do with each other want 0.

        Raises:
            OptionError: an argument makes no sense.
            WeightsError: the model file is missing or broken.
        """
        det_size = (det_size, det_size) if isinstance(det_size, int) else det_size
        check_numbers(anon_block, anon_noise, dilate_kernel, det_size, hold)
        self.device = available(device)
        self.style = style or Style()
        self._conf, self._block, self._noise = conf_thresh, anon_block, anon_noise
        self._kernel, self._det_size = dilate_kernel, det_size
        self._verbose, self._hide_depth = verbose, enable_depth_anon
        self._detector = detector
        if detector is None:
            CenterFace(conf=conf_thresh)  # a wrong threshold or a missing model is to show now
        self._seed = secrets.randbits(63) if self.style.seed is None else self.style.seed
        self._rng = np.random.default_rng(self._seed)
        self._faces = Faces(hold)
        self._grids = mosaic.Grids(anon_block)
        self._size = (0, 0)

    def reset(self) -> None:
        """Forget the faces seen so far: the next picture has nothing to do with the last one."""
        self._faces.forget()

    def process_arrays(
        self,
        bgr: Picture,
        depth: Depth | None = None,
        use_depth_for_mask: bool = False,
        pad_ratio: float = 0.25,
        oval_boxes: bool = True,
    ) -> Masked:
        """Hide the faces of one picture: `rgb_anon, depth_anon, mask, boxes, times`; see `Masked`.

        Args:
            bgr: (H, W, 3) uint8, as cv2.imread gives it.
            depth: (H, W) uint16 in millimetres (see `Style.depth_unit_m`) or float in metres, aligned to the colour;
                0, NaN and infinity are no reading.
            use_depth_for_mask: leave out of a face's mask what depth says is behind the head. Where depth is missing
                or not to be trusted, the mask without depth is used, and `notes` says so.
            pad_ratio: share of a face's width and height that its mask is larger on each side.
            oval_boxes: masks are ovals around the head; else rectangles.

        Raises:
            OptionError: a picture is of another type or size.
            StageError: the detector failed.
        """
        return self._processed(bgr, depth, _Wanted(pad_ratio, oval_boxes, use_depth_for_mask, self._unit(None)))

    def process_paths(
        self,
        rgb_path: str | Path,
        depth_path: str | Path | None = None,
        out_dir: str | Path = "anonymized",
        *,
        use_depth_for_mask: bool = True,
        pad_ratio: float = 0.25,
        oval_boxes: bool = True,
        force: bool = False,
    ) -> files.Processed:
        """Hide the faces of a picture, of a sequence, or of a folder of sequences; `out_dir` gets the same layout.

        Args:
            rgb_path: a picture; or a folder in one of the layouts that docs/rgbd.md lists.
            depth_path: the picture's depth, or a folder with a depth for each picture in `rgb_path`.
            out_dir: made where it is missing. After an error nothing of this run is in it.
            use_depth_for_mask: as in `process_arrays`, where there is depth.
            pad_ratio: as in `process_arrays`.
            oval_boxes: as in `process_arrays`.
            force: replace what is there already; never the originals.

        Raises:
            InputError: nothing to work on, or a file is damaged or of a kind that is not handled.
            OutputError: a result exists or cannot be written.
        """
        found = layouts.recordings(Path(rgb_path), None if depth_path is None else Path(depth_path))

        def hide(picture: Picture, depth: Depth | None, unit_m: float | None) -> Masked:
            use = use_depth_for_mask and depth is not None
            return self._processed(picture, depth, _Wanted(pad_ratio, oval_boxes, use, self._unit(unit_m)))

        return files.process(found, Path(out_dir), hide, self.reset, force=force)

    def detect_faces(self, bgr: Picture) -> FaceBoxes:
        """The faces of a picture (H, W, 3) uint8, (N, 4) int32: x1 y1 x2 y2, half-open, inside the picture."""
        picture = checked_picture(bgr)
        height, width = picture.shape[:2]
        rgb = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
        rgb.flags.writeable = False
        shrink = max(width / self._det_size[0], height / self._det_size[1], 1)
        detector = self._detector or CenterFace(conf=self._conf, shrink=shrink)
        [found] = detector.detect([Frame((rgb,), _RGB, 0, 0, Fraction(1, 30))])
        return inside(found.boxes[found.scores > self._conf], (height, width))

    def build_mask_numpy(
        self, depth: Depth, boxes: ArrayLike, pad_ratio: float = 0.25, oval_boxes: bool = True
    ) -> Bits:
        """The mask of `boxes` (N, 4) by the depth around each face, (H, W) uint8, 1 = hidden.

        A face of which the depth is not to be trusted is hidden as by `build_mask_from_boxes`.
        """
        if not isinstance(depth, np.ndarray) or depth.ndim < 2:
            raise OptionError("build_mask_numpy needs a depth (H, W); build_mask_from_boxes does without")
        depth = depths.checked(depth, (depth.shape[1], depth.shape[0]))
        within = inside(boxes, (depth.shape[0], depth.shape[1]))
        return self._hidden(within, depth.shape, depth, _Wanted(pad_ratio, oval_boxes, True, self._unit(None))).bits

    def build_mask_from_boxes(
        self, shape: tuple[int, ...], boxes: ArrayLike, pad_ratio: float = 0.25, oval_boxes: bool = True
    ) -> Bits:
        """The mask of `boxes` (N, 4) in a picture of `shape` (H, W, …) without depth, (H, W) uint8, 1 = hidden."""
        size = shape[0], shape[1]
        return self._hidden(inside(boxes, size), size, None, _Wanted(pad_ratio, oval_boxes, False, 0)).bits

    def fast_pixelate(self, bgr: Picture, mask: NDArray[Any], boxes: ArrayLike | None = None) -> Picture:
        """A copy of `bgr` (H, W, 3) with a mosaic where `mask` (H, W) is not 0.

        Each of `boxes` (N, 4), what is hidden of one face, gets a grid of its own; what is hidden beside them gets
        one together. With `Style(noise='fresh')` there is one grid for the whole picture.
        """
        picture = checked_picture(bgr)
        if mask.shape != picture.shape[:2]:
            raise OptionError(f"the mask is {mask.shape} and the picture {picture.shape[:2]}; give one of its size")
        bits = (mask != 0).astype(np.uint8)
        areas = tuple(Area(*(int(side) for side in box)) for box in checked_boxes([] if boxes is None else boxes))
        return self._pixelated(picture, bits, areas, -np.arange(1, len(areas) + 1))

    def _processed(self, bgr: Picture, depth: Depth | None, wanted: _Wanted) -> Masked:
        clock = [time.perf_counter()]
        tick = partial(_ticked, clock)
        picture = checked_picture(bgr)
        size = height, width = picture.shape[0], picture.shape[1]
        if depth is not None:
            depth = depths.checked(depth, (width, height))
        boxes = self.detect_faces(picture)
        if size != self._size:  # another stream
            self._faces.forget()
            self._size = size
        seen = self._faces.step(boxes)
        tracks = np.concatenate([seen.ids, seen.held_ids])
        tick()
        hidden = self._hidden(boxes, size, depth if wanted.use_depth else None, wanted, seen.held)
        tick()
        painted = self._pixelated(picture, hidden.bits, hidden.areas, tracks)
        tick()
        shifted = depth
        if depth is not None:
            shifted = self._shifted(depth, hidden, tracks, wanted.unit_m) if self._hide_depth else depth.copy()
        tick()
        steps = [after - before for before, after in pairwise(clock)]
        times = dict(zip(("detect", "mask", "anonymize", "depth"), steps, strict=True)) | {"total": sum(steps)}
        answer = Masked(painted, shifted, hidden.bits, boxes, times)
        answer.tracks = seen.ids
        answer.depth_used = np.array([wanted.use_depth and not doubt for doubt in hidden.doubts], bool)
        answer.notes = tuple(
            f"face {track}: {doubt}; all of its box mask is hidden"
            for track, doubt in zip(seen.ids, hidden.doubts, strict=True)
            if wanted.use_depth and doubt
        )
        if self._verbose:
            _tell(answer)
        return answer

    def _hidden(
        self,
        boxes: FaceBoxes,
        size: tuple[int, ...],
        depth: Depth | None,
        wanted: _Wanted,
        held: FaceBoxes | None = None,
    ) -> _Hidden:
        """What is hidden of `boxes`, and of `held` without asking depth, in a picture of `size` (H, W)."""
        height, width = size[:2]
        masks, doubts = [], []
        for box in boxes:
            mask, doubt = wanted.outline.mask(box.astype(np.float32), (width, height)), "there is no depth"
            if depth is not None:
                mask, doubt = depths.guided(mask, box, depth, wanted.unit_m)
            masks.append(dilated(mask, self._kernel))
            doubts.append(doubt)
        outlines = [
            wanted.outline.mask(box.astype(np.float32), (width, height)) for box in (() if held is None else held)
        ]
        masks += [dilated(mask, self._kernel) for mask in outlines]
        return _Hidden(united(masks, (height, width)), tuple(Area(*mask.box) for mask in masks), tuple(doubts))

    def _pixelated(self, picture: Picture, bits: Bits, areas: Sequence[Area], tracks: NDArray[np.int64]) -> Picture:
        if self.style.noise == "fresh":
            return mosaic.fresh(picture, bits, self._block, self._noise, self._rng)
        seeds = self._seeds("colour", tracks)
        counts = [self._grids.of(track, area) for track, area in zip(tracks.tolist(), areas, strict=True)]
        self._grids.keep(self._faces.known)
        left = remaining(bits, areas)
        if left is not None:
            areas, seeds, counts = (*areas, left), [*seeds, self._seed], [*counts, self._grids.first(left)]
        return mosaic.steady(picture, bits, areas, counts, self._noise, seeds)

    def _shifted(self, depth: Depth, hidden: _Hidden, tracks: NDArray[np.int64], unit_m: float) -> Depth:
        if self.style.depth == "flat":
            return depths.flat(depth, hidden.bits, hidden.areas, unit_m)
        sigma_m = self.style.depth_noise_m
        if self.style.noise == "fresh":
            return depths.newly_noisy(depth, hidden.bits, sigma_m, unit_m, self._rng)
        return depths.noisy(depth, hidden.bits, hidden.areas, sigma_m, unit_m, self._seeds("depth", tracks))

    def _seeds(self, use: str, tracks: NDArray[np.int64]) -> list[int]:
        """Numbers that stay with a track and tell nothing of each other."""
        texts = (f"{self._seed}:{use}:{track}" for track in tracks)
        return [int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) for text in texts]

    def _unit(self, of_files: float | None) -> float:
        return self.style.depth_unit_m or of_files or depths.MILLIMETRE


AVPrivacyMasker = FaceMasker


def _ticked(clock: list[float]) -> None:
    clock.append(time.perf_counter())


def _tell(answer: Masked) -> None:
    steps = ", ".join(f"{name} {1000 * spent:.1f} ms" for name, spent in answer.times.items())
    print("; ".join((f"{len(answer.boxes)} faces: {steps}", *answer.notes)), file=sys.stderr)
