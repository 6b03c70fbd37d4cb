"""The page for a quick check of a plan, with pictures from its medium: see `plan.sheet`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import closing

import cv2
import numpy as np

from passerby.core import boxes as bx
from passerby.core import pixels
from passerby.core.boxes import Boxes
from passerby.core.frame import Frame
from passerby.core.plan import Plan
from passerby.core.stages import Anonymizer, Source
from passerby.flow import Stream, ahead
from passerby.mask.shapes import Shape
from passerby.pipeline import FRAMES_AHEAD, hidden, joined
from passerby.plan.sheet import Thumbnail, page, wanted

HEIGHT = 96
"""Of thumbnails in pixels."""
AROUND = 1.2
"""Share of a box's width and height that is shown on each side of it."""
JPEG_QUALITY = 75
MAX_PICTURES = 2500
"""Above these, about 4 MB, tracks are shown in fewer than five pictures, but in two at least."""
FACES_SHOWN = "Everybody is shown as they are: this page is for your eyes only."

Wanted = Mapping[int, list[tuple[int, Boxes]]]
"""Frame → the tracks' ids and boxes (4,) to show of it."""


def write_sheet(
    plan: Plan, source: Source, effect: Anonymizer, shapes: Mapping[str, Shape], *, show_faces: bool = False
) -> str:
    """The page of `plan`, with thumbnails of `source` in which is hidden what rendering the plan hides.

    Reads the source once, up to the last frame that is shown.

    Args:
        plan: what is hidden.
        source: the frames that the plan was made from, opened; entering and leaving it is the caller's part.
        effect: what takes the place of each label.
        shapes: the shape that hides each label.
        show_faces: show everybody as they are.

    Raises:
        StageError: the effect broke its contract. Errors of the source come through as they are.
    """
    wish = by_frame(plan)
    with closing(ahead(_until_last(source, wish), FRAMES_AHEAD)) as frames:
        shown = frames if show_faces else _hidden(plan, frames, wish, effect, shapes)
        thumbnails: dict[int, list[Thumbnail]] = defaultdict(list)
        with closing(shown):
            for frame in shown:
                for track, box in wish.get(frame.index, ()):
                    thumbnails[track].append(Thumbnail(frame.index, thumbnail(frame, box)))
    return page(plan, thumbnails, FACES_SHOWN if show_faces else "")


def by_frame(plan: Plan) -> Wanted:
    """What is to be shown of which frame."""
    wish: dict[int, list[tuple[int, Boxes]]] = defaultdict(list)
    per_track = max(2, min(5, MAX_PICTURES // max(len(plan.tracks), 1)))
    for track, places in wanted(plan, per_track).items():
        for frame, box in places:
            wish[frame].append((track, box))
    return wish


def _until_last(source: Iterable[Frame], wish: Wanted) -> Stream[Frame]:
    last = max(wish, default=-1)
    if last < 0:
        return
    for frame in source:
        yield frame
        if frame.index >= last:
            return


def _hidden(
    plan: Plan, frames: Iterable[Frame], wish: Wanted, effect: Anonymizer, shapes: Mapping[str, Shape]
) -> Stream[Frame]:
    """Frames as rendering shows them: those that are wished, or all where the effect needs their neighbours."""
    needed = (frame for frame in frames if effect.reach or frame.index in wish)
    known = joined(needed, plan.rows())
    with closing(hidden(known, effect, shapes, plan.seed, plan.decisions)) as done:
        for frame, _ in done:
            yield frame


def thumbnail(frame: Frame, box: Boxes) -> bytes:
    """A JPEG of `box` (4,) in `frame` and of what is around it, `HEIGHT` pixels high."""
    [around] = bx.clip(bx.grow(box[None], AROUND), frame.size)
    x0, y0, x1, y1 = (int(side) for side in (*np.floor(around[:2]), *np.ceil(around[2:])))
    # A box beyond the picture's edge shows the nearest part of the picture.
    x0, y0 = min(x0, frame.size[0] - 1), min(y0, frame.size[1] - 1)
    window = pixels.aligned(frame, (x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)))
    wide, high = window[2] - window[0], window[3] - window[1]
    width = max(1, min(3 * HEIGHT, round(HEIGHT * wide * float(frame.sample_aspect) / high)))
    picture = pixels.rgb(frame.with_planes(pixels.crop(frame, window)), (width, HEIGHT))
    _, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return data.tobytes()
