"""Whether a video is still good for action recognition."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_models import helper, numpy_helper, onnx

from passerby.core.errors import InputError, NotMeasurable, OptionError, StageError
from passerby.evaluate import actions, predictions
from passerby.evaluate.predictions import Prediction
from passerby.evaluate.video_models import ClipInput, OnnxVideo


def right(*counts: tuple[int, bool]) -> np.ndarray:
    return np.concatenate([np.full(n, value) for n, value in counts])


def test_retention_by_hand() -> None:
    """T26: Ten clips, eight right before, six of these after."""
    counts = actions.retention(right((8, True), (2, False)), right((6, True), (4, False)))
    assert (counts.before, counts.after, counts.ratio, counts.kept, counts.p) == (0.8, 0.6, 0.75, 0.75, 0.5)


def test_clips_gained_by_luck_do_not_count_as_kept() -> None:
    counts = actions.retention(right((8, True), (2, False)), right((2, False), (8, True)))
    assert (counts.ratio, counts.kept, counts.p) == (1, 0.75, 1)


@pytest.mark.parametrize(
    ("lost", "gained", "p"), [(0, 0, 1), (2, 0, 0.5), (1, 1, 1), (5, 0, 0.0625), (10, 2, 158 / 4096)]
)
def test_mcnemar_by_hand(lost: int, gained: int, p: float) -> None:
    """T26"""
    assert actions.mcnemar(lost, gained) == pytest.approx(p, abs=1e-15)


def test_mcnemar_is_that_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    for lost, gained in np.random.default_rng(1).integers(0, 60, (50, 2)):
        expected = stats.binomtest(lost, lost + gained).pvalue if lost + gained else 1
        assert actions.mcnemar(int(lost), int(gained)) == pytest.approx(expected)


def test_a_model_that_never_knew_has_no_ratio() -> None:
    counts = actions.retention(right((3, False)), right((3, True)))
    with pytest.raises(NotMeasurable):
        _ = counts.ratio
    figures = {figure.name: figure for figure in actions.figures(counts)}
    assert figures["top-1 after / before"].value is None
    assert figures["still right of those right before"].value is None
    assert figures["top-1 after"].value == 1


def test_answers_to_other_clips_are_refused() -> None:
    with pytest.raises(ValueError, match="same order"):
        actions.retention(right((3, True)), right((4, True)))


def test_figures_say_what_was_taken_as_right() -> None:
    counts = actions.retention(right((8, True)), right((6, True), (2, False)))
    [before, *_] = actions.figures(counts, truth="original")
    assert "agreement" in before.protocol
    share = actions.figures(counts)[1]
    assert share.low is not None
    assert share.low < 0.75 < share.high


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"a": 3, "b": "run"}, {"a": Prediction("3"), "b": Prediction("run")}),
        ({"a": [0.1, 0.7, 0.2]}, {"a": Prediction("1")}),
        ([[0.1, 0.9], [0.8, 0.2]], {"0": Prediction("1"), "1": Prediction("0")}),
        ([{"pred_label": [4], "pred_score": [0.1, 0.9], "gt_label": [2]}], {"0": Prediction("4", "2")}),
        ([{"pred_scores": {"item": [0, 1.0]}, "gt_labels": {"item": [1]}}], {"0": Prediction("1", "1")}),
        ([{"filename": "x.mp4", "pred_score": [0, 1.0], "gt_label": 0}], {"x.mp4": Prediction("1", "0")}),
    ],
)
def test_predictions_are_read_as_they_are_written(
    tmp_path: Path, content: Any, expected: dict[str, Prediction]
) -> None:
    (tmp_path / "p.json").write_text(json.dumps(content))
    assert predictions.read(tmp_path / "p.json") == expected


def test_predictions_are_read_from_a_table(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("clip,label,truth\na,3,3\nb,run,walk\n")
    assert predictions.read(tmp_path / "p.csv") == {"a": Prediction("3", "3"), "b": Prediction("run", "walk")}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("p.json", "{", "holds no predictions"),
        ("p.json", '[{"clip": "a"}]', "no label"),
        ("p.json", '{"a": [0.1, NaN]}', "finite"),
        ("p.json", '{"a": null}', "no class"),
        ("p.csv", "clip,label\na,1\na,2\n", "twice"),
        ("gone.json", None, "No such file"),
    ],
)
def test_files_of_anything_else_are_refused(tmp_path: Path, name: str, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=message):
        predictions.read(tmp_path / name)


def test_a_pickle_is_refused_unread_with_the_way_out(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "sprung",)

    (tmp_path / "result.pkl").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(InputError, match="turn it into JSON"):
        predictions.read(tmp_path / "result.pkl")
    assert not (tmp_path / "sprung").exists()


def test_two_files_are_compared_clip_by_clip() -> None:
    before = {"a": Prediction("1", "1"), "b": Prediction("2", "2"), "c": Prediction("1", "3")}
    after = {"c": Prediction("3"), "b": Prediction("1"), "a": Prediction("1")}
    assert predictions.paired(before, after) == actions.Retention(1, 1, 1, 0)
    assert predictions.has_truth(before)
    assert not predictions.has_truth(after)


def test_without_labels_the_answers_before_are_right() -> None:
    before, after = {"a": Prediction("1"), "b": Prediction("2")}, {"a": Prediction("1"), "b": Prediction("1")}
    assert predictions.paired(before, after) == actions.Retention(1, 1, 0, 0)


def test_files_of_other_clips_are_refused() -> None:
    with pytest.raises(InputError, match="b"):
        predictions.paired({"a": Prediction("1")}, {"a": Prediction("1"), "b": Prediction("1")})
    with pytest.raises(InputError, match="1 of 2"):
        predictions.paired(*[{"a": Prediction("1", "1"), "b": Prediction("1")}] * 2)


def test_two_truths_of_one_clip_are_refused() -> None:
    with pytest.raises(InputError, match="what is right of b"):
        predictions.paired(
            {"a": Prediction("1", "1"), "b": Prediction("1", "1")},
            {"a": Prediction("1", "1"), "b": Prediction("1", "2")},
        )


def network(path: Path, axes: int) -> Path:
    """A model that answers the mean of each channel of a clip: which of red, green and blue it is."""
    shape = [1, 3, 4, 8, 8] if axes == 5 else [1, 1, 3, 4, 8, 8]
    over = numpy_helper.from_array(np.array([i for i in range(axes) if shape[i] != 3], np.int64), "over")
    node = helper.make_node("ReduceMean", ["clip", "over"], ["scores"], keepdims=0)
    ports = helper.make_tensor_value_info("clip", 1, shape), helper.make_tensor_value_info("scores", 1, [3])
    graph = helper.make_graph([node], "colours", [ports[0]], [ports[1]], [over])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return path


def coloured(channel: int, value: int = 250) -> list[np.ndarray]:
    frames = np.full((6, 12, 20, 3), 100, np.uint8)
    frames[..., channel] = value
    return list(frames)


@pytest.mark.parametrize(("layout", "axes"), [("NCTHW", 5), ("NSCTHW", 6)])
def test_a_network_of_a_file_names_a_class(tmp_path: Path, layout: str, axes: int) -> None:
    video = OnnxVideo(network(tmp_path / "colours.onnx", axes), ClipInput(layout=layout, frames=4, side=8))
    np.testing.assert_array_equal(video.classes([coloured(0), coloured(2), coloured(1)]), [0, 2, 1])
    assert video.name == "colours"
    assert "sha256" in video.model


def test_clips_are_taken_evenly_and_from_the_middle() -> None:
    takes = ClipInput(layout="NTCHW", frames=3, side=4, mean=(0, 0, 0), std=(1, 1, 1))
    clip = [np.full((4, 8, 3), i, np.uint8) for i in range(9)]
    clip[4][:, :2] = 200
    array = takes.array(clip)
    assert array.shape == (1, 3, 3, 4, 4)
    np.testing.assert_array_equal(array[0, :, 0, 0, 0], [1, 4, 7])
    with pytest.raises(NotMeasurable):
        takes.array([])


def test_a_network_that_takes_other_clips_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="NSCTHW"):
        OnnxVideo(network(tmp_path / "colours.onnx", 5), ClipInput(layout="NSCTHW"))
    with pytest.raises(OptionError, match="std"):
        ClipInput(std=(1, 0, 1))


def test_scores_that_are_no_number_are_refused(tmp_path: Path) -> None:
    takes = ClipInput(frames=4, side=8, mean=(float("nan"), 0, 0))
    with pytest.raises(StageError, match="finite"):
        OnnxVideo(network(tmp_path / "colours.onnx", 5), takes).classes([coloured(0)])


def test_the_ratio_has_the_interval_of_drawing_clips_again() -> None:
    """Whoever is right after was right before: it is the share of a binomial of 80."""
    counts = actions.retention(right((80, True), (20, False)), right((60, True), (40, False)))
    ratio = {figure.name: figure for figure in actions.figures(counts)}["top-1 after / before"]
    assert (ratio.value, ratio.n) == (0.75, 100)
    assert ratio.low == pytest.approx(0.75 - 1.96 * np.sqrt(0.75 * 0.25 / 80), abs=0.02)
    assert ratio.high == pytest.approx(0.75 + 1.96 * np.sqrt(0.75 * 0.25 / 80), abs=0.02)
