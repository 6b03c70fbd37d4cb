"""What persons wear, told without a model for it: a person's outline, less the head, less what has the skin's colour.

This is a guess. It takes shoes and bags for the garment beside them. Clothes in the very colour of that person's skin
are left with it: skin is never to be painted, so where the two cannot be told apart, neither is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core import pixels
from passerby.core.boxes import Boxes
from passerby.core.frame import Frame
from passerby.core.parsing import Group, Parsed
from passerby.core.regions import Mask
from passerby.core.stages import Detector, Segmenter
from passerby.mask import skin
from passerby.mask.parsing import owned, seen
from passerby.mask.parsing_edges import FAINT, Area, Shares, parsed, refined
from passerby.mask.skin import Cloud, Colours, Features

FACES_HIGH = 9.7
"""Heights of a face's box that a grown person is tall."""
HEADS_HIGH = 7.5
"""The same in heads, from the crown to the chin."""
NEAR = 0.2
"""Share of a person's box around it in which faces count."""
WAIST = 0.5
"""Where the upper garment ends and the lower one begins, as a share of that height from the top."""
TRUNK_AND_THIGHS = ((0.2, WAIST - 0.04), (WAIST + 0.04, 0.7))
"""The parts of that height whose colours are those of clothes."""
HANGS = 1.5
"""Heights of a face's box that hair may hang below the chin."""
AROUND_WAIST = 0.06
"""How far from there, as a share of the height, a change of colour is looked for."""
CHANGE = 0.3
"""From which a change of colour counts; logarithms of light, see `skin.features`."""
CLEARLY = 9.0
"""Squared distance from the skin from which the colour of a trunk is one of clothes."""
UNLIKELY = 4.0
"""The same from anybody's skin."""
LONGEST = 320
"""Pixels of the longer side of the picture in which colours are compared; edges are found in the frame's own."""
CUT_LONGEST = 128
"""The same of the one in which a person is cut out."""
TRUNK = ((0.17, 0.34, 0.22), (0.34, 0.5, 0.16), (0.5, 0.8, 0.05))
"""From where to where, and how wide, trunk and thighs are at least, in heights of the body."""
LEGS_WIDE = 0.2
"""Of both legs together, in the same."""
STRIPE = 7
"""Pixels of that picture: what has the ground's colour between clothes and is no wider is a stripe of theirs."""
SPECK = 0.0008
"""Share of the box below which what has the colour of skin is none."""
MOSTLY = 0.45
"""Share of somebody without a face from which on what may be skin is none: a coat seen from behind, and not a nude."""


class ApproximateParser:
    """Tells upper and lower garments by outlines and the colour of skin. A `Parser` (see `core.stages`)."""

    def __init__(self, outlines: Segmenter, faces: Detector | None = None) -> None:
        """Without a detector of `faces`, or where it finds none in a person, the face is guessed from the box."""
        self._outlines, self._faces = outlines, faces

    def parse(self, frame: Frame, boxes: Boxes) -> Sequence[Parsed | None]:
        """One answer per box (N, 4), never exact; None for what is small, has no outline, or where nothing is worn."""
        if not len(boxes):
            return []
        outlines = self._outlines.segment(frame, boxes)
        faces = _faces(self._faces, frame, boxes) if self._faces else np.zeros((0, 4), np.float32)
        told: list[_Told | None] = []
        for row, (box, outline) in enumerate(zip(boxes, outlines, strict=True)):
            area = seen(frame, box)
            if area is None or outline is None:
                told.append(None)
                continue
            place = _Place(area, owned(boxes, row, area), pixels.placed(outline, area) > 127)
            told.append(_told(pixels.cut(frame, area), place, _Body.of(box, faces), faces))
        return [_parsed(one, [other for other in told if other and other is not one]) if one else None for one in told]


def _faces(detector: Detector, frame: Frame, boxes: Boxes) -> Boxes:
    """The faces (M, 4) near `boxes` (N, 4), which are looked at alone where that is less than half of the frame."""
    width, height = frame.size
    grown = bx.grow(boxes, NEAR)
    low, high = np.floor(grown[:, :2]).astype(int).tolist(), np.ceil(grown[:, 2:]).astype(int).tolist()
    areas = [pixels.aligned(frame, (*first, *last)) for first, last in zip(low, high, strict=True)]
    areas = [(x0, y0, x1, y1) for x0, y0, x1, y1 in areas if x0 < x1 and y0 < y1]
    if 2 * sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in areas) > width * height:
        areas = [(0, 0, width, height)]
    found = [np.zeros((0, 4), np.float32)]
    for area in areas:
        corner = np.array([*area[:2], *area[:2]], np.float32)
        found.append(detector.detect([pixels.cut(frame, area)])[0].boxes + corner)
    return np.concatenate(found)


@dataclass(frozen=True, slots=True)
class _Body:
    """Where the parts of somebody upright are."""

    face: NDArray[np.float32]
    """(4,) x0 y0 x1 y1 from the brow to the chin; guessed where `found` is not so."""
    found: bool
    height: float
    """From the crown to the soles, seen or not."""
    box: NDArray[np.float32]
    """(4,) of the person."""

    @staticmethod
    def of(box: NDArray[np.float32], faces: Boxes) -> _Body:
        """The body in `box` (4,), with the one of `faces` (N, 4) that is where its face should be."""
        x0, y0 = box[:2]
        wide, high = box[2:] - box[:2]
        across, down = (faces[:, [0, 1]] + faces[:, [2, 3]]).T / 2
        fits = (across > x0 + 0.15 * wide) & (across < x0 + 0.85 * wide) & (down > y0) & (down < y0 + 0.4 * high)
        fits &= faces[:, 2] - faces[:, 0] < 0.8 * wide
        if fits.any():
            away = np.abs(across - x0 - wide / 2) / wide + (down - y0) / high
            face = faces[np.argmin(np.where(fits, away, np.inf))]
            tall = FACES_HIGH * float(face[3] - face[1])
        else:
            head = float(np.clip(0.4 * wide, 0.1 * high, 0.3 * high))
            tall = HEADS_HIGH * head
            middle, aside = x0 + wide / 2, 0.3 * head
            face = np.array([middle - aside, y0 + 0.25 * head, middle + aside, y0 + head], np.float32)
        if 0.7 * tall < high < 1.4 * tall:  # all of somebody upright is in the box, which tells it better
            tall = float(high)
        return _Body(face, bool(fits.any()), tall, box)

    def within(self, area: pixels.Box, scale: float) -> _Body:
        """The same in the pixels of a picture of `area`, made smaller by `scale`."""
        corner = np.array([*area[:2], *area[:2]], np.float32)
        return _Body((self.face - corner) * scale, self.found, self.height * scale, (self.box - corner) * scale)

    def at(self, share: float) -> int:
        """The row at a share of the height, from the crown."""
        return round(float(self.face[1] - 0.35 * (self.face[3] - self.face[1])) + share * self.height)


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """Where somebody is looked for."""

    area: pixels.Box
    """Of the frame, aligned."""
    own: Area
    """(h, w) what is nearer to this person than to anybody else."""
    outlined: Area
    """(h, w) the outline, which may have some of others in it."""

    def seen_in(self, area: pixels.Box, what: Area) -> Area:
        """`what` (h, w) of this place, in the pixels of another area."""
        return pixels.placed(Mask(*self.area[:2], what.view(np.uint8)), area) > 0


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """What somebody wears, before others are asked."""

    place: _Place
    worn: dict[Group, Shares]
    off: Area
    """(h, w) skin, hair and heads."""
    of: Features
    """(S, S', 3) the colours of a smaller picture."""
    skin: Cloud
    """This person's."""


def _parsed(one: _Told, others: Sequence[_Told]) -> Parsed | None:
    """What one person wears: of what is nearer to another, all that this other neither wears nor has as skin or hair.

    So nothing that is in two persons' boxes is left as it was because each of them leaves it to the other.
    """
    area = one.place.area
    free = np.ones(one.place.own.shape, np.bool_)
    for other in others:
        nearer = other.place.seen_in(area, other.place.own) & ~one.place.own
        if nearer.any():
            worn = np.max(list(other.worn.values()), axis=0) >= FAINT
            alike = cv2.resize(other.skin.alike(one.of).view(np.uint8), free.shape[::-1]) > 0
            free &= ~(nearer & (alike | other.place.seen_in(area, worn | other.off)))
    return parsed({group: share * free for group, share in one.worn.items()}, area[:2], exact=False)


def _told(part: Frame, place: _Place, body: _Body, faces: Boxes) -> _Told:
    """What the person at a `place` wears, which `part` of the frame shows."""
    area, person = place.area, place.own & place.outlined
    scale = min(LONGEST / max(part.size), 1)
    size = max(round(part.size[0] * scale), 8), max(round(part.size[1] * scale), 8)
    colours = pixels.rgb(part, size)
    corner = np.array([*area[:2], *area[:2]], np.float32)
    body = body.within(area, scale)
    head = _heads([body.face, *((faces - corner) * scale)], size)
    of = skin.features(colours)
    own = _cut_out(colours, cv2.resize(person.astype(np.uint8), size, interpolation=cv2.INTER_AREA) > 0, body)
    skin_of = _own_skin(of, body, own)
    worn_colours = [one for between in TRUNK_AND_THIGHS for one in _worn(of, own & ~head, body, between)]
    inside = own | _lost(place, body, size)
    dressed = inside & ~head
    bare = _bare(of, dressed, skin_of, worn_colours, body.found)
    bare |= _hair(of, inside, head, body, [skin_of, *worn_colours])
    waist = _waist(of, own & ~head & ~bare, body)
    upper = np.arange(size[1])[:, None] < waist

    def large(small: Area) -> Shares:
        return np.asarray(cv2.resize(small.astype(np.float32), part.size, interpolation=cv2.INTER_LINEAR), np.float32)

    worn: dict[Group, Shares] = {
        "upper": large(dressed & ~bare & upper),
        "lower": large(dressed & ~bare & ~upper),
    }
    light = pixels.luma(part, part.size).astype(np.float32) / np.float32(255)
    off = large(bare | head) > 0.5
    return _Told(place, refined(worn, light, place.outlined & (large(inside) > 0), off), off, of, skin_of)


def _lost(place: _Place, body: _Body, size: tuple[int, int]) -> Area:
    """What is in the outline and in the box, but nearer to another person, in a picture of `size`."""
    lost = cv2.resize((place.outlined & ~place.own).view(np.uint8), size, interpolation=cv2.INTER_AREA) > 0
    x0, y0, x1, y1 = (float(side) for side in body.box)
    within = np.zeros_like(lost)
    within[_span(y0, y1), _span(x0, x1)] = True
    return np.asarray(lost & within, np.bool_)


def _cut_out(colours: Colours, person: Area, body: _Body) -> Area:
    """The pixels of `person` (h, w) whose colours are those of its middle rather than of what is around its box.

    GrabCut (Rother, Kolmogorov and Blake 2004): networks for portraits take ground between legs for the person.
    """
    scale = min(CUT_LONGEST / max(person.shape), 1)
    size = max(round(person.shape[1] * scale), 8), max(round(person.shape[0] * scale), 8)
    small = cv2.resize(colours, size, interpolation=cv2.INTER_AREA)
    likely = cv2.resize(person.astype(np.uint8), size, interpolation=cv2.INTER_AREA)
    marks = np.where(likely > 0, cv2.GC_PR_FGD, cv2.GC_BGD).astype(np.uint8)
    x0, y0, x1, y1 = np.rint(body.box * scale).astype(int)
    around = np.ones(marks.shape, np.bool_)
    around[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] = False
    marks[around] = cv2.GC_BGD
    core = cv2.erode(likely, np.ones((3, 3), np.uint8)) > 0
    marks[_surely(core, body, scale)] = cv2.GC_FGD
    if not (marks == cv2.GC_FGD).any() or not (marks == cv2.GC_BGD).any():
        return person
    cv2.setRNGSeed(0)  # of this thread: the same picture is always cut in the same way
    ground, figure = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(np.ascontiguousarray(small), marks, (0, 0, 1, 1), ground, figure, 2, cv2.GC_INIT_WITH_MASK)
    kept = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    closed = cv2.morphologyEx(kept, cv2.MORPH_CLOSE, np.ones((STRIPE, STRIPE), np.uint8))
    return np.asarray(cv2.resize(closed, person.shape[::-1], interpolation=cv2.INTER_LINEAR) > 0.5, np.bool_) & person


def _surely(core: Area, body: _Body, scale: float) -> Area:
    """Which pixels of the `core` (h, w) of an outline are the person's, in a picture made smaller by `scale`.

    Its face and its trunk; and all of its legs, in rows where what is told for legs is no wider than legs are.
    """
    tall = body.height * scale
    template = np.zeros(core.shape, np.bool_)
    if body.found:
        x0, y0, x1, y1 = (float(side) * scale for side in body.face)
        template[_span(y0, y1), _span(x0, x1)] = True
    head, below = (float(box[0] + box[2]) / 2 * scale for box in (body.face, body.box))
    high = float(body.box[3] - body.box[1]) * scale
    for top, bottom, wide in TRUNK:
        middle = head + (below - head) * min((top + bottom) / 2 * tall / high, 1)
        rows = _span(body.at(top) * scale, body.at(bottom) * scale)
        template[rows, _span(middle - wide / 2 * tall, middle + wide / 2 * tall)] = True
    legs = _span(body.at(WAIST) * scale, core.shape[0])
    template[legs] |= core[legs].sum(axis=1, keepdims=True) < LEGS_WIDE * tall
    return core & template


def _heads(faces: Sequence[NDArray[np.float32]], size: tuple[int, int]) -> Area:
    """Faces (4,), the hair and what is beside them."""
    inside = np.zeros(size[::-1], np.uint8)
    for x0, y0, x1, y1 in faces:
        wide, high = x1 - x0, y1 - y0
        middle = round(float(x0 + x1) / 2), round(float((y0 + y1) / 2 - 0.15 * high))
        cv2.ellipse(inside, middle, (max(round(0.9 * wide), 1), max(round(0.77 * high), 1)), 0, 0, 360, 1, -1)
    # Above the brow of the person's own nothing is worn but on the head.
    x0, y0, x1, y1 = faces[0]
    left, right = (max(round(float(side)), 0) for side in (x0 - 0.4 * (x1 - x0), x1 + 0.4 * (x1 - x0)))
    inside[: max(round(float(y1 - 0.25 * (y1 - y0))), 0), left:right] = 1
    return inside > 0


def _own_skin(of: Features, body: _Body, person: Area) -> Cloud:
    """The colours of the person's face; of anybody's skin where too little is seen of it."""
    x0, y0, x1, y1 = (float(side) for side in body.face)
    wide, high = x1 - x0, y1 - y0
    rows, columns = _span(y0 + 0.25 * high, y1 - 0.12 * high), _span(x0 + 0.2 * wide, x1 - 0.2 * wide)
    samples = of[rows, columns].reshape(-1, 3)
    if not body.found:  # hair, or the wall behind: only what may be skin counts
        samples = of[rows, columns][person[rows, columns]]
        samples = samples[skin.ANYBODY.distance(samples) <= skin.ALIKE]
    return skin.cloud(samples) or skin.ANYBODY


def _bare(of: Features, dressed: Area, own: Cloud, worn: Sequence[Cloud], face_found: bool) -> Area:
    """The skin below the head, by the person's own and the colours of what is `worn`.

    Arms and legs are lit unlike the face, so what looks like its skin is found first, and what looks like that then.
    """
    rivals = [one for one in worn if not face_found or _no_skin(one.middle.astype(np.float32), own)]

    def like(some: Cloud) -> Area:
        away = some.distance(of)
        near = dressed & (away <= skin.ALIKE)
        for rival in rivals:
            near &= away <= rival.distance(of) + 1
        return near

    bare = like(own)
    again = skin.cloud(of[bare])
    if again is not None:
        bare |= like(again)
    count, numbers, stats, _ = cv2.connectedComponentsWithStats(bare.astype(np.uint8))
    kept = stats[:, cv2.CC_STAT_AREA] >= SPECK * bare.size
    kept &= np.arange(count) > 0
    if not face_found and stats[kept, cv2.CC_STAT_AREA].sum() > MOSTLY * np.count_nonzero(dressed):
        return np.zeros_like(dressed)
    return np.asarray(kept[numbers], np.bool_)


def _hair(of: Features, inside: Area, head: Area, body: _Body, others: Sequence[Cloud]) -> Area:
    """The hair that hangs from the head: of the colour above the brow rather than of `others`, and next to the head."""
    x0, y0, x1, y1 = (float(side) for side in body.face)
    wide, high = x1 - x0, y1 - y0
    above = np.zeros(inside.shape, np.bool_)
    above[_span(y0 - 0.35 * high, y0 + 0.05 * high), _span(x0 - 0.2 * wide, x1 + 0.2 * wide)] = True
    hair = skin.cloud(of[above & inside])
    if not body.found or hair is None:
        return np.zeros(inside.shape, np.bool_)
    away = hair.distance(of)
    near = np.zeros(inside.shape, np.bool_)
    near[: max(round(y1 + HANGS * high), 0), _span(x0 - wide, x1 + wide)] = True
    near &= inside & (away <= skin.ALIKE)
    for other in others:
        near &= away < other.distance(of)
    _, numbers = cv2.connectedComponents((near | head).astype(np.uint8))
    return np.asarray(near & np.isin(numbers, np.unique(numbers[head])), np.bool_)


def _span(low: float, high: float) -> slice:
    return slice(max(round(low), 0), max(round(high), 0))


def _no_skin(colour: Features, own: Cloud) -> bool:
    """Whether a colour (3,) of the trunk or the thighs, which may be bare, is neither anybody's skin nor this one."""
    return bool(own.distance(colour) > CLEARLY and skin.ANYBODY.distance(colour) > UNLIKELY)


def _worn(of: Features, dressed: Area, body: _Body, between: tuple[float, float]) -> list[Cloud]:
    """The colours in the middle of a trunk or of thighs, `between` two shares of the height: up to three."""
    part = dressed.copy()
    part[: max(body.at(between[0]), 0)] = False
    part[max(body.at(between[1]), 0) :] = False
    columns = np.nonzero(part.any(axis=0))[0]
    if not len(columns):
        return []
    low, high = np.percentile(columns, (25, 75)).astype(int)
    part[:, :low] = part[:, high + 1 :] = False
    samples = of[part]
    if len(samples) < 4 * skin.FEWEST:
        return []
    # Begun by lightness, so that the same picture always gives the same groups.
    begun = (np.argsort(np.argsort(samples[:, 2])) * 3 // len(samples)).astype(np.int32)[:, None]
    criteria = (cv2.TERM_CRITERIA_MAX_ITER + cv2.TERM_CRITERIA_EPS, 10, 0.01)
    _, labels, _ = cv2.kmeans(samples, 3, begun, criteria, 1, cv2.KMEANS_USE_INITIAL_LABELS)
    groups = (samples[np.asarray(labels)[:, 0] == i] for i in range(3))
    clouds = (skin.cloud(group) for group in groups if len(group) > 0.12 * len(samples))
    return [worn for worn in clouds if worn]


def _waist(of: Features, worn: Area, body: _Body) -> int:
    """The row where the colour of what is worn changes most near the waist; the waist itself where it hardly does."""
    reach = max(round(AROUND_WAIST * body.height), 1)
    middle, window = body.at(WAIST), 2 * reach  # more than a stripe is wide
    best, row = CHANGE, middle
    for candidate in range(middle - reach, middle + reach + 1, max(reach // 12, 1)):
        parts = (slice(max(top, 0), max(top + window, 0)) for top in (candidate - window, candidate))
        above, below = (of[rows][worn[rows]] for rows in parts)
        if min(len(above), len(below)) < skin.FEWEST:
            continue
        change = float(np.linalg.norm((above.mean(axis=0) - below.mean(axis=0)) * (1, 1, 0.5)))
        if change > best:
            best, row = change, candidate
    return row
