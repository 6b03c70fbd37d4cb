"""Parsing models of every published layout are told apart, shown persons as they want them, and read rightly."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from drawn_dressed import dressed
from onnx_models import TensorProto, framed, helper, model, numpy_helper, save
from parsing_models import COLOURS, PERSON, parsing_model

from passerby.core.errors import OptionError, StageError, WeightsError
from passerby.core.pixels import placed
from passerby.core.regions import Mask
from passerby.mask.parsing import ModelParser, Shown
from passerby.mask.parsing_families import ATR, FAMILIES, FASHN, PART_OF, PARTS, of_names
from passerby.mask.parsing_network import opened

SIZE = (320, 360)


@dataclass(frozen=True)
class Published:
    """How files of a family look."""

    family: str
    groups: frozenset[str]
    options: dict[str, Any] = field(default_factory=dict)


ALL = frozenset({"upper", "lower", "shoes", "headwear", "bag"})
SCHP = {"outputs": ("parsing", "fusion", "edge"), "right": 1, "picture": "input.1"}
U2NET = {"outputs": ("d0", "d1", "d2", "d3", "d4", "d5", "d6"), "quarter": False, "picture": "input.1"}
NAMES = {"id2label": json.dumps({str(i): name.title() for i, name in enumerate(ATR)})}
LAYOUTS = (
    Published("segformer", ALL),
    Published("segformer", ALL, {"fixed": False, "metadata": NAMES}),
    Published("segformer", ALL, {"fixed": False, "metadata": {"names": repr(dict(enumerate(ATR)))}}),
    Published("segformer", ALL, {"fixed": False, "metadata": {"labels": ", ".join(ATR)}}),
    Published("segformer", ALL, {"shares": True}),
    Published("fashn", frozenset({"upper", "lower", "headwear", "bag"})),
    Published("schp-atr", ALL, SCHP),
    Published("schp-atr", ALL, {"picture": "input", "outputs": ("parsing",)}),
    Published("schp-lip", ALL - {"bag"}, SCHP),
    Published("schp-lip", ALL - {"bag"}, {**SCHP, "fixed": False}),
    Published("schp-pascal", frozenset({"upper", "lower"}), SCHP),
    Published("selfie-multiclass", frozenset({"whole"}), {"last": True, "quarter": False, "picture": "input_29"}),
    Published("selfie-multiclass", frozenset({"whole"}), {"quarter": False, "picture": "input_29"}),
    Published("u2net-cloth", frozenset({"upper", "lower"}), U2NET),
)


def identified(layout):
    return f"{layout.family} {' '.join(layout.options)}"


def made(layout, path):
    colours = {}
    if layout.family == "selfie-multiclass":
        colours = {"clothes": PERSON.upper}
    elif layout.family == "schp-pascal":
        colours = {"head": PERSON.tone, "torso": PERSON.upper}
    return parsing_model(path, FAMILIES[layout.family], {**COLOURS, **colours}, **layout.options)


def overlap(garment, truth):
    ours = placed(garment.mask, (0, 0, *SIZE)) > 127
    return (ours & (truth > 127)).sum() / (ours | (truth > 127)).sum()


@pytest.mark.parametrize("layout", LAYOUTS, ids=identified)
def test_a_published_layout_is_recognised_and_its_garments_are_found(layout, tmp_path):
    drawn = dressed(SIZE, [PERSON], light=0, noise=0)
    parser = ModelParser(made(layout, tmp_path / "parser.onnx"))
    [parsed] = parser.parse(framed(drawn.picture), drawn.boxes)
    assert parser.family == layout.family
    assert {garment.group for garment in parsed.garments} == layout.groups
    assert parsed.exact == (layout.family != "schp-pascal")
    for garment in parsed.garments:
        truth = drawn.garments.get(garment.group, drawn.garments["upper"])
        least = 0.65 if garment.group in ("headwear", "shoes", "bag") else 0.9  # small ones are mostly edge
        assert overlap(garment, truth) > least, garment.group
        touched = placed(garment.mask, (0, 0, *SIZE))[drawn.skin == 255]
        assert touched.mean() < (0.001 if "skin" in FAMILIES[layout.family].parts else 0.02) * 255, garment.group


def test_masks_share_pixels_only_at_their_edges(tmp_path):
    drawn = dressed(SIZE, [PERSON], light=0, noise=0)
    [parsed] = ModelParser(made(LAYOUTS[0], tmp_path / "a.onnx")).parse(framed(drawn.picture), drawn.boxes)
    total = sum(placed(garment.mask, (0, 0, *SIZE)).astype(int) for garment in parsed.garments)
    assert total.max() <= 255 + len(parsed.garments)


def test_persons_are_parsed_in_any_number_and_each_in_its_own_place(tmp_path):
    persons = [PERSON.moved(across, 0) for across in (-0.38, -0.13, 0.12, 0.37)]
    drawn = dressed((960, 360), persons, light=0, noise=0)
    parser = ModelParser(made(LAYOUTS[1], tmp_path / "a.onnx"))
    together = parser.parse(framed(drawn.picture), drawn.boxes)
    for i, (parsed, whole) in enumerate(zip(together, drawn.each, strict=True)):
        for garment in parsed.garments:
            mask = placed(garment.mask, (0, 0, 960, 360))
            assert mask[whole == 0].sum() < 0.03 * mask.sum(), (i, garment.group)
            assert not any(mask[other == 255].any() for j, other in enumerate(drawn.each) if j != i)


def test_of_two_who_overlap_a_pixel_belongs_to_the_nearer_one(tmp_path):
    drawn = dressed((480, 360), [PERSON.moved(-0.06), PERSON.moved(0.06)], light=0, noise=0)
    parser = ModelParser(made(LAYOUTS[0], tmp_path / "a.onnx"))
    both = [
        {garment.group: placed(garment.mask, (0, 0, 480, 360)) for garment in parsed.garments}
        for parsed in parser.parse(framed(drawn.picture), drawn.boxes)
    ]
    for group in both[0].keys() & both[1].keys():
        assert not ((both[0][group] > 0) & (both[1][group] > 0)).any(), group
    mine, other = (both[i]["upper"] > 127 for i in (0, 1))
    assert mine[drawn.each[0] == 255].sum() > 3 * mine[drawn.each[1] == 255].sum()
    assert other[drawn.each[1] == 255].sum() > 3 * other[drawn.each[0] == 255].sum()


def test_outlines_keep_garments_inside_of_them(tmp_path):
    class LeftHalf:
        labels = frozenset({"person"})

        def segment(self, frame, boxes):
            return [Mask(0, 0, np.full((360, 160), 255, np.uint8)) for _ in boxes]

    drawn = dressed(SIZE, [PERSON], light=0, noise=0)
    parser = ModelParser(made(LAYOUTS[0], tmp_path / "a.onnx"), outlines=LeftHalf())
    [parsed] = parser.parse(framed(drawn.picture), drawn.boxes)
    assert all(garment.mask.box[2] <= 160 for garment in parsed.garments)


@pytest.mark.parametrize(
    "box", [[10, 10, 30, 40], [-300, 0, -10, 300], [400, 0, 600, 300]], ids=["small", "left of it", "right of it"]
)
def test_what_is_too_small_or_outside_is_not_told(box, tmp_path):
    drawn = dressed(SIZE, [PERSON])
    parser = ModelParser(made(LAYOUTS[0], tmp_path / "a.onnx"))
    assert parser.parse(framed(drawn.picture), np.array([box], np.float32)) == [None]
    assert parser.parse(framed(drawn.picture), np.zeros((0, 4), np.float32)) == []


def test_who_wears_nothing_that_is_known_is_not_told(tmp_path):
    drawn = dressed(SIZE, [PERSON], light=0, noise=0)
    naked = {"background": (150, 158, 150), "face": PERSON.tone}
    parser = ModelParser(parsing_model(tmp_path / "a.onnx", FAMILIES["segformer"], naked))
    assert parser.parse(framed(drawn.picture), drawn.boxes) == [None]


@pytest.mark.parametrize(("family", "around"), [("schp-lip", 0.5), ("segformer", 0.0), ("selfie-multiclass", 0.0)])
def test_a_family_that_keeps_proportions_is_shown_black_beside_a_person(family, around, tmp_path):
    """Somebody half as wide as high leaves half of a square."""
    network = opened(f"{family}:{parsing_model(tmp_path / 'a.onnx', FAMILIES[family])}")
    frame = framed(np.full((400, 200, 3), 255, np.uint8))
    shown = Shown.of(frame, (0, 0, 200, 400), network)
    black = shown.picture[0] < shown.picture[0].max() - 1e-3
    assert black.mean() == pytest.approx(around, abs=0.01)
    assert not black[:, network.size[0] // 2].any()


# Files


def test_eighteen_classes_of_unknown_names_are_refused_until_they_are_named(tmp_path):
    """ATR's hat is FASHN's face: taking one for the other would paint faces."""
    path = parsing_model(tmp_path / "a.onnx", FAMILIES["segformer"], fixed=False)
    with pytest.raises(WeightsError, match=r"write FAMILY:a\.onnx"):
        ModelParser(path)
    assert ModelParser(f"segformer:{path}").family == "segformer"


def test_the_config_beside_an_export_of_hugging_face_names_its_classes(tmp_path):
    path = parsing_model(tmp_path / "model.onnx", FAMILIES["fashn"], fixed=False)
    (tmp_path / "config.json").write_text(json.dumps({"id2label": dict(enumerate(FASHN))}))
    assert ModelParser(path).family == "fashn"
    (tmp_path / "config.json").write_text(json.dumps({"id2label": {str(i): f"LABEL_{i}" for i in range(18)}}))
    with pytest.raises(WeightsError, match="does not tell whose classes"):
        ModelParser(path)


def test_a_named_family_has_to_have_as_many_classes(tmp_path):
    path = parsing_model(tmp_path / "a.onnx", FAMILIES["segformer"])
    with pytest.raises(WeightsError, match="wanted are 20 channels"):
        ModelParser(f"schp-lip:{path}")


@pytest.mark.parametrize(
    ("outputs", "shape", "complaint"),
    [
        ({"labels": np.zeros((1, 512, 512), np.int64)}, (1, 3, 512, 512), "does not tell whose classes"),
        ({"logits": np.zeros((1, 11, 128, 128))}, (1, 3, 512, 512), "does not tell whose classes"),
        ({"logits": np.zeros((1, 1000))}, (1, 3, 224, 224), "does not tell whose classes"),
        ({"logits": np.zeros((1, 18, 128, 128))}, (1, 512), "wanted is one picture"),
    ],
    ids=["labels chosen already", "eleven classes", "a classifier", "no picture"],
)
def test_other_files_are_refused_in_one_line(outputs, shape, complaint, tmp_path):
    path = model(tmp_path / "other.onnx", outputs, shape=shape)
    with pytest.raises(WeightsError, match=complaint) as caught:
        ModelParser(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_a_weights_error(tmp_path):
    with pytest.raises(WeightsError, match=r"gone\.onnx"):
        ModelParser(tmp_path / "gone.onnx")


def test_an_answer_that_is_of_another_family_after_all_is_an_error(tmp_path):
    shape = numpy_helper.from_array(np.array([1, -1, 64, 64]), "shape")
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, sides)
        for name, sides in (("pixel_values", (1, 3, "h", "w")), ("logits", (1, "c", 64, 64)))
    ]
    path = save(
        tmp_path / "a.onnx", [helper.make_node("Reshape", ["pixel_values", "shape"], ["logits"])], ports[:1], ports[1:],
        [shape], None,
    )  # fmt: skip
    drawn = dressed(SIZE, [PERSON])
    with pytest.raises(StageError, match=r"\(1, 192, 64, 64\) for 1 persons, wanted \(1, 18, h, w\)"):
        ModelParser(f"segformer:{path}").parse(framed(drawn.picture), drawn.boxes)


def test_numbers_that_are_not_finite_are_an_error(tmp_path):
    path = model(
        tmp_path / "a.onnx", {"logits": np.full((1, 18, 9, 9), np.nan)}, picture="pixel_values", shape=(1, 3, 512, 512)
    )
    drawn = dressed(SIZE, [PERSON])
    with pytest.raises(StageError, match="not finite"):
        ModelParser(path).parse(framed(drawn.picture), drawn.boxes)


@pytest.mark.parametrize("kind", ["float32", "float16"])
@pytest.mark.parametrize("at_once", [1, 4])
def test_files_of_several_pictures_and_of_half_precision_answer_for_each_person(kind, at_once, tmp_path):
    logits = np.random.default_rng(0).normal(0, 1, (at_once, 20, 9, 9))
    path = model(tmp_path / "a.onnx", {"parsing": logits}, shape=(at_once, 3, 473, 473), kind=kind)
    answer = opened(path).run(np.zeros((6, 3, 473, 473), np.float32))
    assert answer.shape == (6, 20, 9, 9)
    assert np.abs(answer - logits[np.arange(6) % at_once]).max() < 0.01


# Tables


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_every_class_of_a_family_has_its_part(family):
    assert len(family.parts) == len(family.classes)
    assert set(family.parts) <= set(PARTS)
    assert family.parts[0] == "background"


@pytest.mark.parametrize(
    ("family", "worn", "bare"),
    [
        ("segformer", {1: "headwear", 4: "upper", 5: "lower", 6: "lower", 7: "whole", 9: "shoes", 16: "bag"}, {11, 14}),
        ("schp-lip", {1: "headwear", 5: "upper", 6: "whole", 9: "lower", 10: "whole", 12: "lower", 19: "shoes"}, {13}),
        ("fashn", {3: "upper", 4: "whole", 5: "lower", 6: "lower", 8: "bag", 9: "headwear"}, {1, 12, 13, 14, 15, 16}),
        ("selfie-multiclass", {4: "whole", 5: "accessory"}, {2, 3}),
        ("u2net-cloth", {1: "upper", 2: "lower", 3: "whole"}, set()),
        ("schp-pascal", {2: "upper", 3: "upper", 4: "upper", 5: "lower", 6: "lower"}, set()),
    ],
)
def test_classes_stand_where_their_publishers_put_them(family, worn, bare):
    parts = FAMILIES[family].parts
    assert {i: parts[i] for i in worn} == worn
    assert all(parts[i] == "skin" for i in bare)


def test_skin_is_never_a_garment():
    bare = {"face", "left-arm", "right-arm", "left-leg", "right-leg", "arms", "hands", "legs", "feet", "body-skin"}
    assert {PART_OF[name] for name in bare} == {"skin"}


def test_names_are_known_however_they_are_written():
    assert of_names([name.replace("-", "_").upper() for name in ATR]) is FAMILIES["segformer"]
    assert of_names(["Background", "cat"]) is None


# Safetensors


@pytest.fixture
def segformer(tmp_path):
    """A tiny SegFormer with the classes of ATR, as Hugging Face saves it, and random weights."""
    torch = pytest.importorskip("torch", reason="needs PyTorch, of the extra diffusion")
    transformers = pytest.importorskip("transformers", reason="needs transformers, of the extra diffusion")
    torch.manual_seed(0)
    config = transformers.SegformerConfig(
        depths=[1, 1, 1, 1], hidden_sizes=[8, 16, 24, 32], num_attention_heads=[1, 1, 2, 2], decoder_hidden_size=16,
        id2label={i: name.title() for i, name in enumerate(ATR)},
    )  # fmt: skip
    transformers.SegformerForSemanticSegmentation(config).save_pretrained(tmp_path / "segformer")
    return tmp_path / "segformer"


def test_a_segformer_of_safetensors_is_read_from_its_folder_without_a_net(segformer, monkeypatch):
    def refused(*_):
        raise AssertionError("asks the net")

    monkeypatch.setattr("socket.socket.connect", refused)
    drawn = dressed(SIZE, [PERSON])
    by_folder, by_file = (ModelParser(path) for path in (segformer, segformer / "model.safetensors"))
    assert by_folder.family == by_file.family == "segformer"
    answers = [parser.parse(framed(drawn.picture), drawn.boxes) for parser in (by_folder, by_file)]
    assert len(answers[0]) == len(answers[1]) == 1


def test_a_segformer_gives_what_transformers_gives(segformer):
    import torch
    import transformers

    network = opened(segformer)
    pictures = np.random.default_rng(0).normal(0, 1, (10, 3, 64, 64)).astype(np.float32)
    plain = transformers.SegformerForSemanticSegmentation.from_pretrained(segformer).eval()
    with torch.inference_mode():
        wanted = plain(pixel_values=torch.from_numpy(pictures)).logits.numpy()
    assert np.abs(network.run(pictures) - wanted).max() < 1e-4


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors"])
def test_a_folder_that_lacks_a_file_is_refused_in_one_line(segformer, missing):
    (segformer / missing).unlink()
    with pytest.raises(WeightsError) as caught:
        ModelParser(segformer)
    assert "\n" not in str(caught.value)


def test_weights_that_are_not_all_there_are_refused(segformer):
    """Those that lack would be made up at random, with no more than a warning."""
    from safetensors.numpy import load_file, save_file

    held = load_file(segformer / "model.safetensors")
    held.pop(next(name for name in held if "classifier" in name))
    save_file(held, segformer / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(WeightsError, match="lacks 1 weights"):
        ModelParser(segformer)


def test_a_segformer_of_another_number_of_classes_is_refused(segformer):
    with pytest.raises(WeightsError, match=r"has 18 classes and lacks 0 weights .* wanted are 20"):
        ModelParser(f"schp-lip:{segformer}")


def test_classes_that_nobody_knows_are_refused(segformer):
    told = json.loads((segformer / "config.json").read_text())
    told["id2label"] = {str(i): f"LABEL_{i}" for i in range(18)}
    (segformer / "config.json").write_text(json.dumps(told))
    with pytest.raises(WeightsError, match="names the classes LABEL_0"):
        ModelParser(segformer)
    assert ModelParser(f"segformer:{segformer}").family == "segformer"


def test_safetensors_without_what_reads_them_say_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "config.json").write_text(json.dumps({"id2label": dict(enumerate(ATR))}))
    (tmp_path / "model.safetensors").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "transformers", None)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(OptionError, match=r"pip install 'passerby\[diffusion\]'"):
        ModelParser(tmp_path)
