"""Generated faces and persons as an effect: what takes the place of hidden regions, made up by a network.

The frames that it is shown are blanked where they are hidden. A network is told that these pixels are unknown, so
neither they nor the grey in their place play a part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import OptionError
from passerby.core.frame import Frame
from passerby.core.regions import Mask, Patch, Region
from passerby.paint.blank import blank, inside, patch, reached, touched
from passerby.paint.gan import boxes as rules
from passerby.paint.gan.boxes import Box, Size
from passerby.paint.gan.combination import TOLD
from passerby.paint.gan.cutting import Rule, as_faces, clipped, smoothly
from passerby.paint.gan.pasting import Drawer, Job, Target
from passerby.paint.gan.persons import joined
from passerby.paint.gan.resizing import bicubic_float
from passerby.paint.gan.seam import Seam, seamed
from passerby.paint.gan.steady import Along, Steady
from passerby.paint.gan.told import NOTHING, Told
from passerby.paint.gan.windows import Window, Windows
from passerby.weights import checkpoint

if TYPE_CHECKING:
    from passerby.paint.gan.generator import Looks, Running

LEAST = 8
"""Pixels that a box has at least before a rule grows it."""
SHARE = 0.01
"""Of an area in a pixel of the crop from which on the pixel belongs to it."""
SEEDS = 1 << 32
"""Looks that there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """How something is shown to the network that draws it."""

    around: Callable[[Box, int, Size], Box]
    """What is shown around a box, in which so many pixels are hidden, of a picture of (height, width)."""
    unknown: Callable[[Mask, Box], tuple[Mask, NDArray[np.bool_]]]
    """What the network makes up besides what is hidden, of a window's hole and a box around it."""
    rule: Rule


def whole(mask: Mask, box: Box) -> tuple[Mask, NDArray[np.bool_]]:
    """All of the box: networks for faces were trained so."""
    every = Mask(box[0], box[1], np.full((box[3] - box[1], box[2] - box[0]), 255, np.uint8))
    return every, touched(every)


def outlined(mask: Mask, box: Box) -> tuple[Mask, NDArray[np.bool_]]:
    """What was hidden a moment ago."""
    return mask, touched(mask)


def faces_fdf256(box: Box, hidden: int, picture: Size) -> Box:
    """As FDF256 shows faces."""
    return rules.face_simple(box)


def faces_fdf128(box: Box, hidden: int, picture: Size) -> Box:
    """As FDF128 shows faces."""
    inside = clipped(box, picture)
    return rules.face_fdf128(inside, picture) if inside == box else rules.face_simple(box, 0.7)


def persons_fdh(box: Box, hidden: int, picture: Size) -> Box:
    """As FDH shows persons."""
    return rules.person(box, hidden, picture, 1.8)


SUBJECTS = {
    "stylegan_fdf128": Subject(around=faces_fdf128, unknown=whole, rule=as_faces),
    "stylegan": Subject(around=faces_fdf256, unknown=whole, rule=as_faces),
    "deep_privacy1": Subject(around=faces_fdf128, unknown=whole, rule=as_faces),
    "styleganL_nocse": Subject(around=persons_fdh, unknown=outlined, rule=smoothly),
    "styleganL": Subject(around=persons_fdh, unknown=outlined, rule=smoothly),
    "triagan_L_im288": Subject(around=persons_fdh, unknown=outlined, rule=smoothly),
}
"""What the published networks draw."""


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """One region, and who draws it."""

    region: Region
    drawer: Drawer
    subject: Subject
    window: Window
    """Where it is drawn: steadier than its mask."""
    told: Told = NOTHING
    """What the drawer has to know besides."""


class Generated:
    """An `Anonymizer` (see `core.stages`) that draws regions anew, each track with one look.

    The regions of all frames of a call are drawn together, but for those of a frame that overlap: the larger one comes
    later and sees the smaller one as it was drawn. Frames come in order: what is shown around somebody moves with
    them evenly.
    """

    reach = 0
    blind = True

    def __init__(
        self,
        drawer: Drawer,
        subject: Subject,
        *,
        seam: Seam = "soft",
        smooth: float = 0,
        batch: int = 8,
        notes: Sequence[str] = (),
    ) -> None:
        """Draw by `drawer`.

        Args:
            drawer: a network at work.
            subject: what it draws.
            seam: whether colours are made to agree at the edge, or left as the network drew them.
            smooth: how much of what was shown before is held on to (see `Steady`).
            batch: frames per call.
            notes: what a user should know, each one line.
        """
        self.batch = batch
        self.notes = tuple(notes)
        self._drawer = seamed(drawer, seam)
        self._subject = subject
        self._windows = Windows()
        self._steady = Steady(smooth, seam)

    def paint(self, frames: Sequence[Frame], hidden: Sequence[Sequence[Region]]) -> list[list[Patch]]:
        """See `Anonymizer`."""
        return fulfilled(
            frames,
            [
                [
                    Wish(region, self._drawer, self._subject, window)
                    for region, window in zip(mine, self._windows.around(frame.index, mine), strict=True)
                ]
                for frame, mine in zip(frames, hidden, strict=True)
            ],
            self._steady,
        )


def fulfilled(frames: Sequence[Frame], wishes: Sequence[Sequence[Wish]], steady: Steady) -> list[list[Patch]]:
    """What takes the place of each wish's region, drawn together where they do not overlap."""
    scenes = [_scene(frame, mine) for frame, mine in zip(frames, wishes, strict=True)]
    busy = [i for i, scene in enumerate(scenes) if scene]
    blanks = [blank(frames[i], [wish.region for wish in wishes[i]]) for i in busy]
    done = steady.paint([frames[i].index for i in busy], blanks, [scenes[i] for i in busy])
    painted = dict(zip(busy, done, strict=True))
    return [
        [patch(frame, wish.region, painted.get(i)) for wish in mine]
        for i, (frame, mine) in enumerate(zip(frames, wishes, strict=True))
    ]


def _scene(frame: Frame, wishes: Sequence[Wish]) -> list[Along]:
    """What is to be drawn in a frame, the smallest first, as it is put together (`composite`)."""
    left = sorted((w for w in wishes if inside(frame, w.region)), key=lambda wish: wish.region.mask.alpha.size)
    scene = []
    for i, wish in enumerate(left):
        target = _target(frame, wish, [later.region for later in left[i + 1 :]])
        job = Job(wish.drawer, target, wish.region.seed % SEEDS)
        scene.append(Along(job, (wish.region.track_id, wish.region.label), wish.window))
    return scene


def _target(frame: Frame, wish: Wish, later: Sequence[Region]) -> Target:
    mask, picture, size = wish.region.mask, frame.size[::-1], wish.drawer.size
    share = float(touched(mask).mean())
    inner = joined(_at_least(wish.window.box), mask.box)
    shown = wish.subject.around(inner, round(share * (inner[2] - inner[0]) * (inner[3] - inner[1])), picture)
    box = joined(shown, mask.box)
    mine, others = (mask, touched(mask)), [(other.mask, touched(other.mask)) for other in later]  # grey still
    unknown = reached(frame, [wish.subject.unknown(wish.window.hole, inner), mine, *others], box)
    target = Target(
        box=box,
        known=_free(unknown, size),
        rule=wish.subject.rule,
        written=reached(frame, [mine], clipped(box, picture)),
        kept=_free(reached(frame, [mine, *others], box) | _beyond(box, picture), size),
    )
    return wish.told.added(target)


def _free(area: NDArray[np.bool_], size: Size) -> NDArray[np.bool_]:
    """The pixels of a crop of `size` in which no pixel of an `area` of its box has a share."""
    return np.asarray(np.abs(bicubic_float(area.astype(np.float32), size)) < SHARE)


def generated(
    name: str,
    path: Path | None = None,
    *,
    looks: Looks | None = None,
    running: Running | None = None,
    seam: Seam = "soft",
) -> Generated:
    """The effect that draws with the published network `name`, from its file, or from one at `path`.

    Args:
        name: one of `SUBJECTS` that needs to be told nothing but what a frame shows.
        path: a checkpoint of yours, instead of the one in the folders for models.
        looks: how far they may differ; None takes the centres that the weights have, or else half-way to the mean.
        running: where and how the network computes.
        seam: see `Generated`.

    Raises:
        OptionError: there is no such effect, or PyTorch is not installed.
        WeightsError: the weights are missing, or are not what they should be.
    """
    if TOLD.get(name, "?"):
        able = ", ".join(name for name, told in TOLD.items() if not told)
        raise OptionError(f"there is no effect that draws with {name!r} alone; there is {able}")
    checkpoint.torch_library()
    from passerby.paint.gan.generator import Generator, usual_looks
    from passerby.paint.gan.published import load

    loaded = load(name, path)
    looks = looks or usual_looks(loaded.net)
    notes = (
        [f"{name}: weights that are not needed are passed over: {', '.join(loaded.unused)}"] if loaded.unused else []
    )
    if not looks.modes and looks.truncation == 0:
        notes.append(f"{name}: with truncation 0 everybody is given the same look")
    return Generated(Generator(loaded.net, looks=looks, running=running), SUBJECTS[name], seam=seam, notes=notes)


def _at_least(box: Box) -> Box:
    """`box` with sides that rules do not round away."""
    x, y = (max(LEAST - (box[i + 2] - box[i]), 0) for i in (0, 1))
    return box[0] - x // 2, box[1] - y // 2, box[2] + x - x // 2, box[3] + y - y // 2


def _beyond(box: Box, picture: Size) -> NDArray[np.bool_]:
    """What of `box` lies outside of the picture."""
    left, top, right, bottom = clipped(box, picture)
    answer = np.ones((box[3] - box[1], box[2] - box[0]), bool)
    answer[top - box[1] : bottom - box[1], left - box[0] : right - box[0]] = False
    return answer
