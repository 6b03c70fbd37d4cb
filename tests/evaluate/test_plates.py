"""Whether plates can be read."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from onnx_models import DATA, helper, numpy_helper, onnx, real

from passerby.core.errors import OptionError, StageError
from passerby.evaluate import plates, reader
from passerby.evaluate.plates import Agreement, PlateTrack, Reading
from passerby.evaluate.reader import PlateReader


@pytest.mark.parametrize(
    ("truth", "read", "right", "edits"),
    [
        ("ABC123", "ABC133", 5, 1),
        ("ABC123", "ABC123", 6, 0),
        ("ABC123", "", 0, 6),
        ("ABC123", "BC123", 5, 1),
        ("ABC123", "ABC1234", 6, 1),
        ("ABC123", "XABC12", 5, 2),
        ("AB", "XXXXX", 0, 5),
        ("51G-123.45", "51g 12345", 8, 0),
        ("AB", "BA", 1, 2),
    ],
)
def test_readings_by_hand(truth: str, read: str, right: int, edits: int) -> None:
    found = plates.agreement(truth, read)
    assert (found.right, found.edits) == (right, edits)


def test_one_wrong_character_of_six() -> None:
    """T25"""
    found = plates.agreement("ABC123", "ABC133")
    assert (found.exact, found.characters, found.cer) == (False, 5 / 6, 1 / 6)


@pytest.mark.filterwarnings("ignore")  # theirs, of their own dependencies
def test_edits_are_those_of_torchmetrics() -> None:
    text = pytest.importorskip("torchmetrics.functional.text")
    random = np.random.default_rng(1)
    for _ in range(50):
        truth, read = ("".join(random.choice(list("AB12"), random.integers(1, 9))) for _ in range(2))
        assert plates.agreement(truth, read).cer == pytest.approx(float(text.char_error_rate([read], [truth])))


def test_a_plate_without_text_is_refused() -> None:
    for refuse in (lambda: plates.agreement("-", "A"), lambda: PlateTrack("a", " ", ())):
        with pytest.raises(ValueError, match="text"):
            refuse()


READINGS = (Reading("ABC", 0.9), Reading("ABC128", 0.5), Reading("XYZ999", 0.95))


def test_one_good_frame_gives_a_plate_away() -> None:
    assert plates.best("ABC123", READINGS) == Agreement(6, 5, 1)
    assert plates.surest("ABC123", READINGS) == plates.agreement("ABC123", "XYZ999")
    assert plates.best("ABC123", ()) == plates.surest("ABC123", ()) == Agreement(6, 0, 6)


def test_a_report_has_every_frame_the_best_and_the_surest() -> None:
    tracks = [
        PlateTrack("a", "ABC123", READINGS),
        PlateTrack("a", "AB", (Reading("AB", 0.1),)),
        PlateTrack("b", "CD", ()),
    ]
    figures = {figure.name: figure for figure in plates.figures(tracks, model="m")}
    assert figures["plates read exactly, each frame"].value == 0.25
    assert figures["characters read, each frame"].value == pytest.approx((3 + 5 + 0 + 2) / 20)
    assert figures["CER, a track's best frame"].value == pytest.approx((1 + 0 + 2) / 10)
    assert figures["plates read exactly, a track's best frame"].n == 3
    assert figures["plates read exactly, a track's surest frame"].value == pytest.approx(1 / 3)
    assert figures["CER, each frame"].low is not None


def test_without_a_plate_there_is_no_figure() -> None:
    assert {figure.value for figure in plates.figures([])} == {None}


def test_repeats_are_one_letter_unless_nothing_lies_between() -> None:
    letters = ("", "A", "B")
    steps = np.eye(3, dtype=np.float32)[[0, 1, 1, 0, 1, 2, 2, 0]] * np.float32(0.8)
    assert reader.decoded(steps, letters) == Reading("AAB", pytest.approx(0.8))
    assert reader.decoded(steps[:1], letters) == Reading("", 0)


def test_a_narrow_picture_stands_on_grey_and_blue_comes_first() -> None:
    array = reader._input(np.full((24, 50, 3), (255, 0, 0), np.uint8))
    assert array.shape == (1, 3, 48, 320)
    assert array[0, :, 0, [99, 100]].tolist() == [[-1, -1, 1], [0, 0, 0]]


def test_a_model_without_an_alphabet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="alphabet"):
        PlateReader(answering(tmp_path / "m.onnx", np.zeros((1, 4, 3))))


def test_an_alphabet_of_another_model_is_refused(tmp_path: Path) -> None:
    path = answering(tmp_path / "m.onnx", np.eye(4)[None])
    assert PlateReader(path, ("A", "B")).read(np.zeros((20, 60, 3), np.uint8)).text == "AB "
    with pytest.raises(StageError, match="another alphabet"):
        PlateReader(path, ("A", "B", "C")).read(np.zeros((20, 60, 3), np.uint8))


def answering(path: Path, scores: np.ndarray) -> Path:
    """A model that gives the same answer to every picture."""
    port = helper.make_tensor_value_info("x", 1, [1, 3, 48, None])
    answer = helper.make_tensor_value_info("y", 1, list(scores.shape))
    weights = numpy_helper.from_array(scores.astype(np.float32), "weights")
    graph = helper.make_graph([helper.make_node("Identity", ["weights"], ["y"])], "same", [port], [answer], [weights])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return path


def test_the_published_reader_reads_real_plates_and_no_mosaic() -> None:
    """European plates of ../shared/data, cut out along their rough boxes."""
    network = PlateReader(real("ppocr_v4_rec.onnx"))
    listed = [row for row in json.loads((DATA / "plates/plates.json").read_text())["images"] if row["region"] == "eu"]
    clear, hidden = [], []
    for row in listed[:8]:
        picture = cv2.cvtColor(cv2.imread(str(DATA / "plates" / row["file"])), cv2.COLOR_BGR2RGB)
        x0, y0, x1, y1 = row["box"]
        crop = picture[y0:y1, x0:x1]
        cells = cv2.resize(cv2.resize(crop, (4, 1), interpolation=cv2.INTER_AREA), crop.shape[1::-1])
        clear.append(plates.agreement(row["text"], network.read(crop).text))
        hidden.append(plates.agreement(row["text"], network.read(cells).text))
    assert np.mean([one.characters for one in clear]) > 0.6
    assert np.mean([one.characters for one in hidden]) < 0.1
