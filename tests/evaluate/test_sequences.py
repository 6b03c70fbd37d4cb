"""Two folders of masks side by side."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from passerby.core.errors import InputError, NotMeasurable, OptionError
from passerby.evaluate import masks, sequences
from passerby.evaluate.sequences import MaskFolder, Window


def moving(frames: range, *, late: int = 0) -> dict[int, np.ndarray]:
    """A square that goes right by two pixels a frame."""
    answer = {}
    for frame in frames:
        area = np.zeros((20, 80), bool)
        x = 2 * (frame - late)
        area[5:15, max(x, 0) : x + 10] = True
        answer[frame] = area
    return answer


def written(folder: Path, areas: dict[int, np.ndarray], name: str = "mask_{:06d}.png") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for frame, area in areas.items():
        cv2.imwrite(str(folder / name.format(frame)), area.astype(np.uint8) * 255)
    return folder


def test_the_shift_is_found() -> None:
    alignment = sequences.aligned(moving(range(20)), moving(range(25), late=3), Window(max_shift=5))
    assert alignment.shift == 3
    assert alignment.pairs[0] == (0, 3)
    assert alignment.dice == 1 > alignment.unshifted


def test_no_shift_is_looked_for_unless_asked() -> None:
    assert sequences.aligned(moving(range(20)), moving(range(25), late=3)).shift == 0


def test_what_does_not_move_is_not_shifted() -> None:
    still = dict.fromkeys(range(20), np.ones((4, 4), bool))
    assert sequences.aligned(still, still, Window(max_shift=4)).shift == 0


def test_start_and_stop_choose_frames_of_ours() -> None:
    alignment = sequences.aligned(moving(range(20)), moving(range(20)), Window(start=5, stop=8))
    assert alignment.pairs == ((5, 5), (6, 6), (7, 7))
    assert alignment.unpaired == 0


def test_frames_that_one_side_alone_has_are_counted() -> None:
    ours, reference = moving(range(10)), moving(range(12))
    del ours[4], reference[7]
    alignment = sequences.aligned(ours, reference)
    assert len(alignment.pairs) == 8
    assert alignment.unpaired == 4


def test_sequences_without_a_common_frame_are_no_number() -> None:
    with pytest.raises(NotMeasurable, match="partner"):
        sequences.aligned(moving(range(5)), moving(range(50, 55)), Window(max_shift=3))


@pytest.mark.parametrize("options", [{"start": -1}, {"start": 4, "stop": 4}, {"max_shift": -1}])
def test_windows_without_a_frame_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(OptionError):
        Window(**options)


def test_masks_are_read_by_the_last_number_of_their_name(tmp_path: Path) -> None:
    folder = MaskFolder(written(tmp_path, moving(range(3)), "cam2_frame{:03d}_mask.png"))
    assert list(folder) == [0, 1, 2]
    np.testing.assert_array_equal(folder[2], moving(range(3))[2])


def test_anything_but_black_is_set_and_alpha_is_not(tmp_path: Path) -> None:
    colours = np.zeros((2, 3, 4), np.uint8)
    colours[..., 3] = 255
    colours[0, 1] = (0, 1, 0, 0)
    cv2.imwrite(str(tmp_path / "0.png"), colours)
    np.testing.assert_array_equal(MaskFolder(tmp_path)[0], [[0, 1, 0], [0, 0, 0]])


def test_folders_that_leave_a_doubt_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no mask"):
        MaskFolder(tmp_path)
    written(tmp_path, moving(range(1)))
    written(tmp_path, moving(range(1)), "other_{}.png")
    with pytest.raises(InputError, match="both frame 0"):
        MaskFolder(tmp_path)
    (tmp_path / "odd").mkdir()
    cv2.imwrite(str(tmp_path / "odd/face.png"), np.zeros((2, 2), np.uint8))
    with pytest.raises(InputError, match="no frame number"):
        MaskFolder(tmp_path / "odd")
    (tmp_path / "odd/face.png").rename(tmp_path / "odd/face1.png")
    (tmp_path / "odd/face1.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match="no picture"):
        MaskFolder(tmp_path / "odd")[1]


def test_two_trees_come_to_figures_per_environment(tmp_path: Path) -> None:
    for name, late in [("one", 0), ("two", 2)]:
        written(tmp_path / "ours" / name, moving(range(12)))
        written(tmp_path / "sam" / name, moving(range(12), late=late))
    (tmp_path / "map.json").write_text(json.dumps({"one": "Lab", "two": "Outside"}))
    rows, alignments = sequences.folders(
        tmp_path / "ours",
        tmp_path / "sam",
        environments=sequences.read_environments(tmp_path / "map.json"),
        window=Window(start=4, stop=8, max_shift=2),
    )
    assert {name: alignment.shift for name, alignment in alignments.items()} == {"one": 0, "two": 2}
    figures = {figure.name: figure.value for figure in masks.figures(rows)}
    assert figures["Dice, Lab"] == figures["Dice, Outside"] == figures["IoU, 1 face"] == 1


def test_trees_of_different_sequences_are_refused(tmp_path: Path) -> None:
    written(tmp_path / "ours/one", moving(range(2)))
    written(tmp_path / "sam/two", moving(range(2)))
    with pytest.raises(InputError, match="one, two"):
        sequences.folders(tmp_path / "ours", tmp_path / "sam")


def test_masks_of_two_sizes_are_refused(tmp_path: Path) -> None:
    written(tmp_path / "ours/one", moving(range(4)))
    written(tmp_path / "sam/one", {frame: mask[1:] for frame, mask in moving(range(4)).items()})
    with pytest.raises(InputError, match="masks of one size"):
        sequences.folders(tmp_path / "ours", tmp_path / "sam")


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="gone: No such file"):
        sequences.folders(tmp_path / "gone", tmp_path)


@pytest.mark.parametrize("text", ["[]", '{"one": 3}', "{"])
def test_a_map_of_anything_else_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "map.json").write_text(text)
    with pytest.raises(InputError, match=r"map\.json"):
        sequences.read_environments(tmp_path / "map.json")
