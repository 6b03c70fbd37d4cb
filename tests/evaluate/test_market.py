"""Crops as folders in the layout of Market-1501, and back."""

from __future__ import annotations

import numpy as np
import onnx_models
import pytest

from passerby.core.errors import InputError, OutputError
from passerby.evaluate import market
from passerby.evaluate.pairs import Views


def views():
    """Track 0 in two frames and track 7 in one; bright before and dark after."""
    light, dark = (tuple(np.full((32, 16, 3), (value, 100, 20 * i), np.uint8) for i in range(3)) for value in (250, 30))
    return Views(np.array([0, 7, 0]), np.array([1, 1, 40]), light, dark)


def test_the_layout(tmp_path):
    market.organize(views(), tmp_path / "set")
    names = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.jpg"))
    assert names == [
        "set/bounding_box_test/0001_c1s1_000001_00.jpg",
        "set/bounding_box_test/0001_c1s1_000040_00.jpg",
        "set/bounding_box_test/0008_c1s1_000001_00.jpg",
        "set/query/0001_c2s1_000001_00.jpg",
        "set/query/0001_c2s1_000040_00.jpg",
        "set/query/0008_c2s1_000001_00.jpg",
    ]


def test_numbers_do_not_depend_on_who_else_was_found(tmp_path):
    whole = views()
    alone = Views(whole.identities[1:2], whole.frames[1:2], whole.originals[1:2], whole.anonymized[1:2])
    market.organize(alone, tmp_path / "set")
    assert [path.name for path in (tmp_path / "set/query").iterdir()] == ["0008_c2s1_000001_00.jpg"]


def test_what_is_written_is_read_again(tmp_path):
    market.organize(views(), tmp_path / "set")
    queries = market.read(tmp_path / "set/query")
    assert queries.identities.tolist() == [1, 1, 8]
    assert queries.cameras.tolist() == [2, 2, 2]
    assert queries.frames.tolist() == [1, 40, 1]
    assert np.abs(queries.crops[2].astype(int) - views().anonymized[1]).max() <= 4


def test_nothing_is_written_over_and_nothing_half(tmp_path):
    (tmp_path / "set").mkdir()
    with pytest.raises(OutputError, match="exists already"):
        market.organize(views(), tmp_path / "set")
    broken = Views(np.array([1]), np.array([0, 1]), views().originals[:1], views().anonymized[:1])
    with pytest.raises(ValueError, match="zip"):
        market.organize(broken, tmp_path / "other")
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
    with pytest.raises(OutputError, match="cannot write"):
        market.organize(views(), tmp_path / "no" / "set")


def test_junk_is_not_looked_at_and_distractors_are_nobody(tmp_path):
    market.organize(views(), tmp_path / "set")
    gallery = tmp_path / "set/bounding_box_test"
    (gallery / "0008_c1s1_000001_00.jpg").rename(gallery / "-1_c1s1_000001_00.jpg")
    (gallery / "0001_c1s1_000040_00.jpg").rename(gallery / "0000_c1s1_000040_00.jpg")
    assert market.read(gallery).identities.tolist() == [0, 1]


@pytest.mark.parametrize("name", ["photo.jpg", "1_c1s1_000001_00.jpg", "0001_c1s1_000001.jpg"])
def test_other_names_are_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(InputError, match=name):
        market.read(tmp_path)


def test_what_is_no_picture_is_refused(tmp_path):
    for data in (b"", b"no picture"):
        (tmp_path / "0001_c1s1_000001_00.jpg").write_bytes(data)
        with pytest.raises(InputError, match="no picture"):
            market.read(tmp_path)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no \.jpg"):
        market.read(tmp_path)


def test_published_crops_are_read():
    folder = onnx_models.DATA / "reid/market"
    if not folder.is_dir():
        pytest.skip("no ../shared/data beside the repository")
    crops = market.read(folder)
    assert crops.identities.tolist() == [22, 27, 32, 48, 65]
    assert crops.cameras.tolist() == [6, 2, 6, 1, 6]
    assert {crop.shape for crop in crops.crops} == {(128, 64, 3)}
