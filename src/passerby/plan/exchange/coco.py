"""Plans as COCO object detection JSON, with what CVAT and others put into `attributes`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import count, repeat
from typing import Any, BinaryIO

import numpy as np

from passerby.core.errors import InputError
from passerby.core.plan import Plan
from passerby.plan.exchange.checks import check_frame, check_id, check_sides, check_size
from passerby.plan.exchange.json_file import loaded
from passerby.plan.exchange.keyframes import enclosing
from passerby.plan.exchange.masks import told, understood
from passerby.plan.exchange.table import Gathered, Table, Verdict, completed, general, judged, planned, tabled
from passerby.plan.exchange.words import ORIGINS, number, origin_of, texts, truth, whole


def write(plan: Plan, file: BinaryIO) -> None:
    """`plan` as a COCO object: one image per frame, one annotation per track and frame, masks as run lengths."""
    media, table = plan.media, tabled(plan)
    labels = sorted({track.label for track in plan.tracks})
    categories = [{"id": number, "name": label, "supercategory": ""} for number, label in enumerate(labels, 1)]
    info = {"description": f"passerby: boxes in {media.name}", "version": "1.0"}
    file.write(f'{{"info":{json.dumps(info)},\n"licenses":[],\n"categories":{json.dumps(categories)},\n'.encode())
    width, height = media.size
    seconds = plan.seconds(np.arange(media.frames)).tolist()
    images = (
        f'{{"id":{frame + 1},"file_name":"frame_{frame:06d}.png","width":{width},"height":{height},'
        f'"frame_id":{frame},"time_s":{time:.6f}}}'
        for frame, time in enumerate(seconds)
    )
    file.write(b'"images":[\n' + ",\n".join(images).encode() + b'\n],\n"annotations":[\n')
    ids = count(1)
    for place, part in enumerate(table.chunks()):
        file.write(b",\n" if place else b"")
        file.write(",\n".join(_annotations(part, labels, ids)).encode())
    file.write(b"\n]}\n")


def _annotations(part: Table, labels: list[str], ids: Iterator[int]) -> Iterator[str]:
    rows = part.rows
    # The sides' lengths in double precision, so that the far corner comes out exactly when it is added up again.
    boxes = rows.boxes.astype(np.float64)
    sizes = boxes[:, 2:] - boxes[:, :2]
    said = [_attributes(verdict) for verdict in part.verdicts]
    names = [json.dumps(name) for name in ORIGINS]
    columns = zip(
        rows.tracks.tolist(),
        (np.searchsorted(labels, rows.labels) + 1).tolist(),
        rows.frames.tolist(),
        texts(rows.boxes[:, 0]),
        texts(rows.boxes[:, 1]),
        sizes.tolist(),
        texts(rows.scores),
        rows.origins.tolist(),
        part.verdict.tolist(),
        repeat(None, len(rows)) if rows.masks is None else rows.masks,
        ids,  # last: an endless one must not give a number for no row
        strict=False,
    )
    for track, category, frame, x, y, (w, h), score, origin, verdict, mask, id in columns:
        measured = f'"score":{score},' if score else ""
        yield (
            f'{{"id":{id},"image_id":{frame + 1},"category_id":{category},"bbox":[{x},{y},{w!r},{h!r}],'
            f'"area":{mask.area if mask else w * h!r},"iscrowd":0,"segmentation":{told(mask)},{measured}'
            f'"attributes":{{"track_id":{track},"origin":{names[origin]},{said[verdict]}}}}}'
        )


def _attributes(verdict: Verdict) -> str:
    """The fields of an object, without its braces."""
    told = {"hide": verdict.hide, "method": verdict.method, "reason": verdict.reason, "by": verdict.by}
    return json.dumps({name: value for name, value in told.items() if value != ""})[1:-1]


def read(data: bytes, plan: Plan) -> Plan:
    """`plan` with what the file says. Annotations that no track is named for become tracks of one frame each.

    Frames of which no image is listed stay as they are.

    Raises:
        InputError: it is not such a file, is about other pictures, or says what cannot be.
    """
    content = loaded(data)
    frames = {image.get("id"): _frame(image, plan) for image in _objects(content, "images")}
    if len(frames) < len(content["images"]):
        raise InputError("two images of the file have one id; check the file")
    labels = {category.get("id"): str(category.get("name", "")) for category in _objects(content, "categories")}
    gathered, turns, decided = Gathered.empty(), [], False
    for annotation in _objects(content, "annotations"):
        image, category = _key(annotation, "image_id"), _key(annotation, "category_id")
        if image not in frames or category not in labels:
            raise InputError(
                f"{_named(annotation)} is of an image or a category that the file does not list; check the file"
            )
        attributes = annotation.get("attributes") or {}
        if not isinstance(attributes, dict):
            raise InputError(f"{_named(annotation)} has attributes that are no object; check the file")
        decided |= "hide" in attributes
        turns.append(number(attributes.get("rotation", 0), "a rotation") % 360)
        score = annotation.get("score", attributes.get("score"))
        gathered.add(
            _track(annotation, attributes),
            labels[category],
            frames[image],
            _box(annotation),
            np.nan if score is None else number(score, "a score"),
            origin_of(str(attributes.get("origin", ""))),
            _verdict(attributes),
        )
        mask = understood(annotation.get("segmentation"), plan.media.size)
        if mask is not None:
            gathered.mask(mask)
    about = np.isin(np.arange(plan.media.frames), list(frames.values()))
    others = [] if about.all() else [track.id for track in plan.tracks]
    free = count(max((*gathered.tracks, *others), default=0) + 1)
    gathered.tracks = [next(free) if track < 0 else track for track in gathered.tracks]
    table = completed(plan, _turned(gathered.table(), np.array(turns)), about)
    return planned(plan, table, judged(table) if decided else general(plan))


def _objects(told: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """A list of objects with ids."""
    values = told.get(name)
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise InputError(f"the file has no list of {name}; it is not COCO for object detection")
    for value in values:
        _key(value, "id")
    return values


def _key(value: dict[str, Any], name: str) -> int | str | None:
    """Something that other parts of the file refer to by."""
    key = value.get(name)
    if not isinstance(key, (int, str, type(None))):
        raise InputError(f"{name} is {str(key)[:40]}; a number is wanted")
    return key


def _frame(image: dict[str, Any], plan: Plan) -> int:
    """The frame that an image is: its `frame_id`, or the number at the end of its name."""
    if "width" in image and "height" in image:
        check_size(whole(image["width"], "a width"), whole(image["height"], "a height"), plan)
    told = image.get("frame_id")
    if told is None:
        name = str(image.get("file_name", ""))
        digits = re.search(r"(\d+)(\.\w+)?$", name[-100:])
        if digits is None:
            raise InputError(f"image {name[-40:]!r} has no number; name images as frame_000012.png, counting from 0")
        told = digits[1]
    frame = whole(told, "an image's frame")
    check_frame(frame, plan)
    return frame


def _track(annotation: dict[str, Any], attributes: dict[str, Any]) -> int:
    """Its number, or -1."""
    for holder, name in ((attributes, "track_id"), (annotation, "track_id"), (annotation, "instance_id")):
        if holder.get(name) is not None:
            track = whole(holder[name], "a track")
            check_id(track)
            return track
    return -1


def _box(annotation: dict[str, Any]) -> tuple[float, float, float, float]:
    box = annotation.get("bbox")
    if not isinstance(box, list) or len(box) != 4:
        raise InputError(f"{_named(annotation)} has no bbox of four numbers; export it with boxes")
    x, y, w, h = (number(side, "a side of a bbox") for side in box)
    if min(w, h) < 0:
        raise InputError(f"{_named(annotation)} has a bbox of negative size; it is to be x, y, width, height")
    check_sides((x, y, w, h))
    x, y = float(np.float32(x)), float(np.float32(y))  # as they were when the lengths were taken
    return x, y, x + w, y + h


def _verdict(attributes: dict[str, Any]) -> Verdict:
    told = [str(attributes.get(name) or "") for name in ("method", "reason", "by")]
    return Verdict(truth(attributes.get("hide", True)), *told)


def _turned(table: Table, degrees: np.ndarray) -> Table:
    """The same with boxes that hold the turned ones too, whether the file gives these or their upright kin."""
    rows = table.rows
    around = enclosing(rows.boxes.astype(np.float64), degrees)
    low = np.minimum(rows.boxes[:, :2], around[:, :2])
    high = np.maximum(rows.boxes[:, 2:], around[:, 2:])
    grown = replace(rows, boxes=np.concatenate([low, high], axis=1).astype(np.float32))
    return Table(grown, table.verdicts, table.verdict)


def _named(annotation: dict[str, Any]) -> str:
    return f"annotation {str(annotation.get('id'))[:40]}"
