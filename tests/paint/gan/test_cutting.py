"""Cutting out and resizing, to the bit as the generators were trained with."""

from __future__ import annotations

from typing import Any

import deep_privacy2
import numpy as np
import pytest
from deep_privacy2 import rows_first
from numpy.typing import NDArray

from passerby.paint.gan import boxes, cutting, resizing

CASES = range(59)


@pytest.fixture(scope="module")
def crops() -> deep_privacy2.Recorded:
    return deep_privacy2.Recorded("crops")


@pytest.fixture(scope="module")
def faces() -> deep_privacy2.Recorded:
    return deep_privacy2.Recorded("face_crops")


@pytest.mark.parametrize("i", CASES)
def test_crops_are_the_originals(crops: deep_privacy2.Recorded, i: int) -> None:
    case, picture = crops.meta["cases"][i], rows_first(crops["image_chw"])
    box, size = tuple(case["box"]), tuple(case["target_hw"])
    wanted = rows_first(crops[f"crop{i}/out"])
    match case["kind"]:
        case "uint8":
            rule = cutting.as_faces if case["fdf_resize"] else cutting.as_persons
            assert np.array_equal(cutting.cut(picture, box, size, rule), wanted)
        case "bool":
            came = cutting.cut(crops["mask_1hw"][0], box, size, cutting.as_mask)
            assert np.array_equal(came, wanted[..., 0])
        case _:
            came = cutting.cut(np.float32(picture / 255), box, size, cutting.as_numbers)
            assert np.allclose(came, wanted, atol=1e-6)


@pytest.mark.parametrize(("kind", "target"), [("fdf256", 64), ("fdf128", 48)])
def test_faces_are_cut_out_as_the_originals(faces: deep_privacy2.Recorded, kind: str, target: int) -> None:
    picture, size = rows_first(faces["image_chw"]), (target, target)
    for i, face in enumerate(faces[f"{kind}/sorted_boxes"].tolist()):
        box = boxes.face_simple(face) if kind == "fdf256" else boxes.face_fdf128(face, picture.shape[:2])
        assert [list(box)] == faces[f"{kind}/{i}/expanded_box"].tolist()
        came = cutting.cut(picture, box, size, cutting.as_faces)
        assert np.array_equal(came, rows_first(faces[f"{kind}/{i}/img"][0]))
        assert np.array_equal(cutting.hole(face, box, size), faces[f"{kind}/{i}/mask"][0, 0])


@pytest.mark.parametrize("kind", ["fdf256", "fdf128"])
def test_keypoints_move_with_the_crop_as_the_originals(faces: deep_privacy2.Recorded, kind: str) -> None:
    given = faces["boxes_in"].tolist()
    for i, face in enumerate(faces[f"{kind}/sorted_boxes"].tolist()):
        [box] = faces[f"{kind}/{i}/expanded_box"].tolist()
        came = cutting.keypoints(faces["keypoints_in"][given.index(face)], box)
        assert np.array_equal(came, faces[f"{kind}_kp/{i}/keypoints"][0])


def drawn(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)


@pytest.mark.parametrize("resize", [resizing.bicubic, resizing.area, resizing.nearest])
@pytest.mark.parametrize("size", [(7, 11), (40, 30), (20, 30), (13, 64)])
def test_an_even_picture_stays_even_and_an_unchanged_size_unchanged(resize: Any, size: tuple[int, int]) -> None:
    even = np.full((20, 30, 3), 77, np.uint8)
    assert (resize(even, size) == 77).all()
    picture = drawn(20, 30)
    assert np.array_equal(resize(picture, (20, 30)), picture)


@pytest.mark.parametrize("size", [(7, 11), (40, 30), (33, 64), (21, 29)])
@pytest.mark.parametrize("mode", ["bicubic", "bilinear"])
def test_resizing_is_pytorchs(size: tuple[int, int], mode: str) -> None:
    torch = pytest.importorskip("torch", reason="needs the extra generate")
    picture = drawn(20, 30).astype(np.float32)
    planes = torch.from_numpy(np.moveaxis(picture, -1, 0).copy())[None]
    wanted = torch.nn.functional.interpolate(planes, size, mode=mode, antialias=True)[0].numpy()
    mine = resizing.bicubic_float if mode == "bicubic" else resizing.bilinear_float
    assert np.allclose(mine(picture, size), np.moveaxis(wanted, 0, -1), atol=1e-4)


def test_what_lies_outside_the_picture_is_black() -> None:
    picture = np.full((20, 30, 3), 9, np.uint8)
    part = cutting.padded(picture, (-4, -3, 33, 21))
    assert part.shape == (24, 37, 3)
    assert part.sum() == picture.sum()
    assert (part[3:23, 4:34] == 9).all()
    assert cutting.padded(picture, (40, 40, 45, 46)).sum() == 0


def test_a_hole_is_where_the_face_is() -> None:
    known = cutting.hole((20, 30, 40, 50), (10, 20, 50, 60), (80, 80))
    assert not known[20:60, 20:60].any()
    assert known.sum() == 80 * 80 - 40 * 40
    assert cutting.hole((-5, -5, 5, 5), (0, 0, 10, 10), (10, 10))[:5, :5].sum() == 0
