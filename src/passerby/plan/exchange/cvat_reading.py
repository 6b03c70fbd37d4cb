"""CVAT's XML 1.1 as rows, from videos and from images, whoever wrote it.

The parser calls `_Annotations` element by element. A track's boxes become `Key`s, which `keyframes.filled` turns into
one row per frame; what the file is not about is completed from the plan (`table.completed`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from xml.parsers import expat

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import InputError
from passerby.core.plan import Plan
from passerby.core.runs import Runs
from passerby.core.tracks import Sightings
from passerby.plan.exchange.checks import check_frame, check_id, check_label, check_sides, check_size
from passerby.plan.exchange.keyframes import Key, enclosing, filled
from passerby.plan.exchange.masks import drawn, unrolled
from passerby.plan.exchange.table import Gathered, Table, Verdict, completed, general, judged, planned
from passerby.plan.exchange.words import number, origin_of, short, truth, whole

DEEPEST = 20
"""Elements within one another."""
SHAPES = ("box", "polygon", "polyline", "points", "ellipse", "mask")
REFUSED = ("cuboid", "skeleton")
PLACE = ("left", "top", "width", "height")


def read(data: bytes, plan: Plan) -> Plan:
    """`plan` with what the file says.

    Between keyframes boxes lie on the line, as in CVAT; a track that no `outside` ends goes on to the end of the film.
    Shapes other than boxes count as the boxes around them; of images, polygons and masks keep their pixels as well.
    Frames that the file is not about (those beyond a job, deleted ones, ones between a frame step) stay as they are.

    Raises:
        InputError: it is not such a file, is about other pictures, or says what cannot be.
    """
    annotations = _Annotations(plan)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = annotations.start
    parser.EndElementHandler = annotations.end
    parser.CharacterDataHandler = annotations.characters
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise InputError(f"the file is not XML as it should be: {error}; check that it is complete") from error
    table = completed(plan, annotations.table(), annotations.told())
    return planned(plan, table, judged(table) if annotations.decided else general(plan))


def _refuse_doctype(*_: object) -> None:
    raise InputError("the file has a DOCTYPE, which CVAT never writes and which may ask for anything; remove it")


@dataclass(slots=True)
class _Open:
    """A track whose end has not come, or a shape of an image."""

    label: str
    number: int
    """What the file calls it."""
    keys: list[Key] = field(default_factory=list)
    between: list[Key] = field(default_factory=list)
    """Boxes that CVAT worked out from the keys."""
    last: Key | None = None
    """Of both."""
    mask: Runs | None = None
    """The pixels of an image's polygon or mask."""
    attributes: dict[str, str] = field(default_factory=dict)
    """As they are now: those that a shape does not name are as in the shape before."""


@dataclass(frozen=True, slots=True, eq=False)
class _Whole:
    """A track that was read."""

    number: int
    claimed: bool
    """Whether passerby gave that number, not CVAT."""
    rows: Sightings
    """Numbered 0."""
    verdict: NDArray[np.int64]


class _Annotations:
    """What was read up to now; the parser calls it element by element."""

    def __init__(self, plan: Plan) -> None:
        self.decided = False
        self._plan = plan
        self._path: list[str] = []
        self._text: list[str] = []
        self._attribute = ""
        self._image: int | None = None
        self._open: _Open | None = None
        self._size: dict[str, int] = {}
        self._span: dict[str, int] = {}
        """The first and the last frame of the task or job."""
        self._tasks = 0
        self._images: list[int] = []
        self._verdicts: dict[Verdict, int] = {Verdict(): 0}
        self._tracks: list[_Whole] = []
        self._shapes = Gathered.empty()
        """Of images; those of no track are numbered -1."""
        self._rows = 0

    # What the parser calls

    def start(self, name: str, values: dict[str, str]) -> None:
        if not self._path and name != "annotations":
            raise InputError(f"the file begins with <{name[:40]}>, not with <annotations>; it is not CVAT's XML")
        inside = self._image is not None or self._open is not None
        self._path.append(name)
        self._text.clear()
        if len(self._path) > DEEPEST:
            raise InputError("the file nests its elements too deeply to be CVAT's XML; check it")
        if name == "task":
            self._tasks += 1
            if self._tasks > 1:
                raise InputError("the file is a project of several tasks; export the task of this video alone")
        elif name == "track":
            self._open = _Open(_label(values), whole(values.get("id", "0"), "a track"))
        elif name == "image":
            self._open_image(values)
        elif name == "attribute":
            self._attribute = values.get("name", "")
        elif name in REFUSED and inside:
            raise InputError(f"the file holds a {name}, which is no flat shape; leave it out")
        elif name in SHAPES and inside:
            self._open_shape(name, values)

    def end(self, name: str) -> None:
        self._path.pop()
        text = "".join(self._text)
        self._text.clear()
        if name == "attribute" and self._open is not None:
            self._open.attributes[self._attribute] = text
        elif name in SHAPES and self._open is not None:
            self._close_shape(self._open)
        elif name == "track" and self._open is not None:
            self._close_track(self._open)
        elif name == "image":
            self._image = None
        elif name in ("width", "height") and self._path[-1:] == ["original_size"]:
            self._size[name] = whole(text, f"the picture's {name}")
            if len(self._size) == 2:
                check_size(self._size["width"], self._size["height"], self._plan)

        elif name in ("start_frame", "stop_frame") and self._path[-1:] in (["task"], ["job"]):
            self._span[name] = whole(text, name)

    def characters(self, text: str) -> None:
        self._text.append(text)

    # Pieces

    def _open_image(self, values: Mapping[str, str]) -> None:
        self._image = whole(values.get("id", ""), "an image's id")
        check_frame(self._image, self._plan)
        self._images.append(self._image)
        if "width" in values and "height" in values:
            check_size(whole(values["width"], "a width"), whole(values["height"], "a height"), self._plan)

    def _open_shape(self, name: str, values: Mapping[str, str]) -> None:
        if self._image is not None:
            self._open = _Open(_label(values), -1, mask=_pixels(name, values, self._plan.media.size))
        assert self._open is not None
        frame = self._image if self._image is not None else whole(values.get("frame", ""), "a frame")
        outside = self._image is None and values.get("outside", "0") == "1"
        if not outside:
            check_frame(frame, self._plan)
        elif not 0 <= frame < 2**53:
            raise InputError("a track ends in a frame with an impossible number; check the file")
        box = _extent(name, values)
        check_sides(box)
        key = Key(frame, box, number(values.get("rotation", "0"), "a rotation") % 360, outside)
        exact = values.get("keyframe", "1") != "0"
        (self._open.keys if exact else self._open.between).append(key)
        self._open.last = key

    def _close_shape(self, open: _Open) -> None:
        """The shape's attributes are complete."""
        told = open.attributes
        key = open.last
        assert key is not None
        key.score = number(told["score"], "a score") if told.get("score") else np.nan
        key.origin = origin_of(told.get("origin", ""))
        said = Verdict(truth(told.get("hide") or "true"), *(told.get(name, "") for name in ("method", "reason", "by")))
        self.decided |= "hide" in told
        key.verdict = self._verdicts.setdefault(said, len(self._verdicts))
        if self._image is not None:
            [box] = enclosing(np.array([key.box]), np.array([key.degrees]))
            self._shapes.add(_claimed(open), open.label, key.frame, box, key.score, key.origin, said)
            if open.mask is not None:
                self._shapes.mask(open.mask)
            self._open = None

    def _close_track(self, open: _Open) -> None:
        # CVAT itself reads keyframes alone; without any, what there is has to do.
        rows, verdict = filled(open.label, open.keys or open.between, self._plan.media.frames, self._rows)
        self._rows += len(rows)
        self._tracks.append(_Whole(_claimed(open), "track" in open.attributes, rows, verdict))
        self._open = None

    def told(self) -> NDArray[np.bool_]:
        """Which frames the file is about, (frames,)."""
        told = np.zeros(self._plan.media.frames, bool)
        if self._images and not self._tracks:
            told[self._images] = True
            return told
        first = self._span.get("start_frame", 0)
        last = max(self._span.get("stop_frame", len(told) - 1), first)
        media = self._plan.media
        if last >= media.frames and (media.start or media.fps):
            raise InputError(
                f"the file is about frames {short(first)} to {short(last)}, but this plan, made with --start or --fps, "
                f"counts {media.frames} of its own; analyze the whole video for CVAT"
            )
        if first:
            check_frame(first, self._plan)
        told[first : last + 1] = True
        return told

    def table(self) -> Table:
        """All rows, each track with the number that it was given, or a free one where another has it already."""
        shapes = self._shapes.table()
        known = [] if self.told().all() else [track.id for track in self._plan.tracks]
        if known:
            # CVAT's own numbers are those of other tracks, which go on in the frames beyond.
            self._tracks = [track if track.claimed else replace(track, number=-1) for track in self._tracks]
        numbers = [track.number for track in self._tracks]
        free = count(max([-1, *known, *numbers, *self._shapes.tracks]) + 1)
        used: set[int] = set(self._shapes.tracks)
        parts = [replace(shapes.rows, tracks=np.array([next(free) if t < 0 else t for t in self._shapes.tracks], int))]
        for track in self._tracks:
            id = next(free) if track.number < 0 or track.number in used else track.number
            used.add(id)
            parts.append(replace(track.rows, tracks=np.full(len(track.rows), id, np.int64)))
        of_shapes = np.array([self._verdicts[said] for said in shapes.verdicts], np.int64)[shapes.verdict]
        verdict = np.concatenate([of_shapes, *(track.verdict for track in self._tracks)])
        return Table(Sightings.concat(parts), tuple(self._verdicts), verdict)


def _label(values: Mapping[str, str]) -> str:
    label = values.get("label", "")
    check_label(label)
    return label


def _claimed(open: _Open) -> int:
    """The number that passerby gave it, else CVAT's own, which counts anew at every export."""
    own = open.attributes.get("track", "")
    number = whole(own, "the attribute 'track'") if own else open.number
    if own or number >= 0:
        check_id(number)
    return number


def _pixels(name: str, values: Mapping[str, str], size: tuple[int, int]) -> Runs | None:
    """Those of a polygon or a mask, as far as they are in a picture of `size`; None of other shapes."""
    if name == "polygon":
        mask = drawn([values.get("points", "").replace(";", ",").split(",")], size)
    elif name == "mask":
        left, top, width, height = (whole(values.get(key, ""), f"{key} of a mask") for key in PLACE)
        counts = [whole(count, "a run length") for count in values.get("rle", "").split(",")]
        mask = unrolled(counts, (left, top, width, height), size)
    else:
        return None
    return mask if mask.area else None


def _extent(name: str, values: Mapping[str, str]) -> tuple[float, float, float, float]:
    """The box of a shape, x0 y0 x1 y1."""

    def value(key: str) -> float:
        return number(values.get(key, ""), f"{key} of a {name}")

    match name:
        case "box":
            return value("xtl"), value("ytl"), value("xbr"), value("ybr")
        case "ellipse":
            x, y, rx, ry = value("cx"), value("cy"), abs(value("rx")), abs(value("ry"))
            return x - rx, y - ry, x + rx, y + ry
        case "mask":
            x, y = value("left"), value("top")
            return x, y, x + value("width"), y + value("height")
        case _:
            corners = [corner.split(",") for corner in values.get("points", "").split(";")]
            if not all(len(corner) == 2 for corner in corners):
                raise InputError(f"a {name} has no points as 'x,y;x,y'; check the file")
            across, down = zip(*[[number(side, "a point") for side in corner] for corner in corners], strict=True)
            return min(across), min(down), max(across), max(down)
