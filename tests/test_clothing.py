"""Clothes are recoloured where the options say so, and faces with them, unless somebody wants it otherwise."""

from __future__ import annotations

from fractions import Fraction
from hashlib import sha256

import numpy as np
import pytest
from drawn_dressed import Person, dressed, walking
from drawn_frames import RGB, Film, Told, found, frame

from passerby import pipeline, targets
from passerby.core.errors import OptionError, WeightsError
from passerby.core.frame import Frame, MediaInfo
from passerby.core.parsing import Garment, Parsed
from passerby.core.regions import Mask
from passerby.core.tracks import Sightings
from passerby.detect.wearers import Wearers
from passerby.looking import Looking
from passerby.methods import clothing, hiding
from passerby.paint.clothes.effect import Recoloured
from passerby.paint.effects import Fill, Mosaic
from passerby.paint.several import ByLabel
from passerby.settings import Options

BOTH = {"face": "mosaic", "clothes": "recolour"}


@pytest.mark.parametrize(
    ("chosen", "methods"),
    [
        ({}, {"face": "mosaic"}),
        ({"style": "formal"}, BOTH),
        ({"method": "recolour"}, BOTH),
        ({"method": "clothes=recolour"}, BOTH),
        ({"method": "fill,clothes=recolour"}, {"face": "fill", "clothes": "recolour"}),
        ({"hide": "clothes"}, {"clothes": "recolour"}),
        ({"hide": "clothes", "style": "sport"}, {"clothes": "recolour"}),
        ({"hide": "plates", "style": "sport"}, {"plate": "mosaic"}),
        ({"hide": "faces,clothes"}, BOTH),
        ({"hide": "faces,clothes", "method": "clothes=mosaic"}, {"face": "mosaic", "clothes": "mosaic"}),
        ({"hide": "faces,clothes", "method": "fill"}, {"face": "fill", "clothes": "fill"}),
        ({"hide": "persons,clothes", "method": "recolour"}, {"person": "mosaic", "clothes": "recolour"}),
    ],
)
def test_who_is_hidden_by_what(chosen, methods):
    assert Options(**chosen).methods() == methods


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"hide": "clothes"}, True),
        ({"hide": "clothes,plates"}, True),
        ({"hide": "faces,clothes"}, False),
        ({"hide": "heads,clothes"}, False),
        ({"style": "casual"}, False),
        ({"hide": "clothes", "method": "clothes=fill"}, False),
    ],
)
def test_it_is_said_where_other_clothes_leave_faces_to_be_seen(chosen, said):
    lines = [line for line in Options(**chosen).warnings() if line.startswith("NOT EVERYONE IS HIDDEN")]
    assert len(lines) == said


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ({"style": "wild"}, "--style 'wild' is not known; choose from random, formal, sport, casual"),
        ({"style": 3}, "--style is text, got 3"),
        ({"hide": "faces,clothes", "method": "face=recolour"}, "only clothes are recoloured; add --hide clothes"),
        ({"hide": "faces", "method": "clothes=mosaic"}, "nothing that is called 'clothes' is hidden"),
    ],
)
def test_what_cannot_be_is_refused(chosen, says):
    with pytest.raises(OptionError, match=says):
        Options(**chosen).check_classes()


@pytest.mark.parametrize(
    ("chosen", "said"), [({"style": "formal"}, True), ({"style": "formal", "parser": "my.onnx"}, False), ({}, False)]
)
def test_it_is_said_that_clothes_are_told_roughly_where_no_model_tells_them(chosen, said):
    assert any("told roughly" in line for line in Options(**chosen).warnings()) == said


def test_the_record_of_options_names_a_parser_without_its_folders():
    changed = Options(hide="faces,clothes", parser="atr:/home/somebody/my.onnx").changed()
    assert changed["parser"] == "my.onnx"


def test_outlines_and_faces_are_needed_to_tell_clothes_and_only_for_that():
    street = ("yolox_nano_416", "deimv2_femto_coco")
    assert targets.models(Options(hide="clothes")) == (*street, "prisma_portrait_seg", "centerface")
    assert targets.models(Options(hide="clothes", method="clothes=fill")) == street
    assert targets.models(Options(hide="clothes", models={"person": "nanodet_m_416"}))[0] == "nanodet_m_416"


def test_a_parser_of_ones_own_takes_their_place(tmp_path):
    file = tmp_path / "my.onnx"
    file.write_bytes(b"weights")
    options = Options(hide="clothes", parser=str(file), models={"person": str(file)})
    assert targets.models(options) == ("my.onnx",)
    assert targets.checksums(options) == {"my.onnx": sha256(b"weights").hexdigest()}


def test_a_model_that_is_missing_ends_it(tmp_path):
    with pytest.raises(WeightsError, match=r"gone\.onnx"):
        clothing.parser(f"atr:{tmp_path / 'gone.onnx'}")


def test_wearers_are_the_persons_under_another_name():
    persons = Told(Film([(20, 30), None]))
    empty, full = Wearers(persons).detect([frame(index=1), frame(index=0)])
    assert (empty.labels.tolist(), full.labels.tolist()) == ([], ["clothes"])
    assert (full.boxes == persons.film.box(0)).all()


def test_faces_get_a_mosaic_and_clothes_another_colour(monkeypatch):
    monkeypatch.setattr(clothing, "parser", lambda model: object())
    effect = hiding.effect(Options(style="casual", method="fill"))
    assert isinstance(effect, ByLabel)
    assert isinstance(effect.effects["face"], Fill)
    effect = hiding.effect(Options(hide="faces,clothes"))
    assert isinstance(effect, ByLabel)
    assert isinstance(effect.effects["clothes"], Recoloured)
    assert isinstance(effect.effects["face"], Mosaic)
    assert not effect.blind


# In one pass, and by a plan


DRAWN = [dressed((320, 240), [one], noise=0) for one in walking(Person(at=(0.4, 0.04)), 6)]


def dressed_frame(i: int) -> tuple[Frame, Parsed]:
    picture = DRAWN[i].picture
    picture.flags.writeable = False
    garments = tuple(Garment(group, Mask(0, 0, alpha)) for group, alpha in DRAWN[i].garments.items())
    return Frame((picture,), RGB, i, i, Fraction(1, 25)), Parsed(garments)


class Walk:
    """Somebody walks: source, sink, detector and parser in one."""

    labels = frozenset({"face", "clothes"})
    info = MediaInfo(
        name="walk", sha256=None, container="drawn", size=(320, 240), rotation=0, sample_aspect=Fraction(1),
        frames=len(DRAWN), rate=Fraction(25), time_base=Fraction(1, 25), duration_s=None, format=RGB,
    )  # fmt: skip

    def __init__(self):
        self.written = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def __iter__(self):
        return (dressed_frame(i)[0] for i in range(len(DRAWN)))

    def write(self, frame):
        self.written.append(frame)

    def detect(self, frames):
        answers = []
        for one in (DRAWN[shown.index] for shown in frames):
            boxes = found(one.faces[0], one.boxes[0])
            answers.append(type(boxes)(boxes.boxes, boxes.scores, np.array(["face", "clothes"])))
        return answers

    def parse(self, frame, boxes):
        return [dressed_frame(frame.index)[1] for _ in boxes]


def test_a_plan_renders_to_what_one_pass_gives(monkeypatch):
    monkeypatch.setattr(clothing, "parser", lambda model: Walk())
    options = Options(style="casual")
    once, later, rows = Walk(), Walk(), []
    shapes = hiding.shapes(options)
    pipeline.run(
        Walk(), once, detector=Walk(), effect=hiding.effect(options), shapes=shapes, looking=Looking(every=1), seed=5,
        keep=rows,
    )  # fmt: skip
    pipeline.render(Walk(), later, Sightings.concat(rows), effect=hiding.effect(options), shapes=shapes, seed=5)
    for a, b, one in zip(once.written, later.written, DRAWN, strict=True):
        assert (a.planes[0] == b.planes[0]).all()
        x0, y0, x1, y1 = one.faces[0].astype(int)
        assert (a.planes[0] != one.picture)[y0:y1, x0:x1].any(axis=2).mean() > 0.9, "the face is to be seen"
        assert (a.planes[0] != one.picture)[one.garments["lower"] == 255].any(axis=1).mean() > 0.9


def test_a_folder_of_a_parser_is_known_by_its_weights(tmp_path):
    folder = tmp_path / "segformer"
    folder.mkdir()
    assert targets.models(Options(hide="clothes", parser=str(folder)))[-1] == "model.safetensors"
