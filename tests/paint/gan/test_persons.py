"""What a generator of persons is told, as the original tells it."""

from __future__ import annotations

import deep_privacy2
import numpy as np
import pytest
from deep_privacy2 import rows_first
from numpy.typing import NDArray

from passerby.paint.gan import persons, surface, targets
from passerby.paint.gan.cutting import as_persons, cut
from passerby.paint.gan.surface import Surface

SIZE = (144, 80)


@pytest.fixture(scope="module")
def recorded() -> deep_privacy2.Recorded:
    return deep_privacy2.Recorded("persons")


@pytest.fixture(scope="module")
def masks(recorded: deep_privacy2.Recorded) -> NDArray[np.bool_]:
    return recorded.bits("masks_in", "masks_shape")


def surfaces(recorded: deep_privacy2.Recorded) -> list[Surface]:
    parts = zip(recorded["cse/S"], recorded["cse/E"], recorded["cse/bbox"].tolist(), strict=True)
    return [Surface(spots, rows_first(embedding), tuple(box)) for spots, embedding, box in parts]


def test_kernels_are_the_originals(recorded: deep_privacy2.Recorded) -> None:
    assert persons.radius(SIZE) == recorded["disk_radius"]
    assert np.array_equal(persons.disk(2), recorded["disk_kernel"])
    assert np.array_equal(persons.disk(persons.radius((288, 160))), recorded["disk_kernel_288x160"])


def test_places_are_the_originals(recorded: deep_privacy2.Recorded, masks: NDArray[np.bool_]) -> None:
    assert [list(around(mask)) for mask in masks] == recorded["masks_to_boxes"].tolist()
    found = targets.of_persons(list(masks), SIZE)
    by_row = sorted(found, key=lambda one: one.row)
    assert [list(one.widened) for one in by_row] == recorded["person/dilated_boxes_unsorted"].tolist()
    assert [one.row for one in by_row] == [0, 1, 2, 3, 4]  # the last is too small
    picture = rows_first(recorded["image_chw"])
    for i, target in enumerate(one.target for one in found):
        assert list(target.box) == recorded["person/boxes"][i].tolist()
        assert np.array_equal(target.known, recorded["person/mask_known1"][i, 0])
        assert np.array_equal(target.body_known, recorded["person/maskrcnn_mask_known1"][i, 0])
        came = cut(picture, target.box, SIZE, as_persons)
        assert np.array_equal(came, rows_first(recorded[f"person/{i}/img"][0]))


def around(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    box = persons.around(mask)
    assert box
    return box


def test_two_detectors_agree_as_in_the_original(recorded: deep_privacy2.Recorded, masks: NDArray[np.bool_]) -> None:
    theirs = np.stack([persons.pasted(one.spots, one.box, masks.shape[1:]) for one in surfaces(recorded)])
    assert np.array_equal(theirs, recorded.bits("cse/im_segmentation", "cse/im_segmentation_shape"))
    iou = persons.overlaps(masks, theirs)
    assert np.allclose(iou, recorded["cse/pairwise_iou"], atol=1e-6)
    pairs = persons.matched(iou)
    assert [list(pair) for pair in pairs] == recorded["cse/match_maskidx_cseidx"].tolist()
    whole = np.stack([masks[i] | theirs[j] for i, j in pairs])
    assert np.array_equal(whole, recorded.bits("cse/combined_segmentation", "cse/combined_shape"))
    joined = [persons.joined(around(masks[i]), surfaces(recorded)[j].box) for i, j in pairs]
    assert [list(box) for box in joined] == recorded["cse/initialized_boxes"].tolist()


def test_surfaces_are_the_originals(recorded: deep_privacy2.Recorded, masks: NDArray[np.bool_]) -> None:
    table = recorded["cse/embed_map"]
    both, without = targets.with_surfaces(masks, surfaces(recorded))
    assert [row for row, _, _ in both] + without == [1, 2, 3, 0, 4, 5]
    wholes, known = [whole for _, whole, _ in both], [one for _, _, one in both]
    found = targets.of_surfaces(wholes, known, SIZE, table)
    by_row = sorted(found, key=lambda one: one.row)
    assert [list(one.widened) for one in by_row] == recorded["cse/dilated_boxes_unsorted"].tolist()
    for i, one in enumerate(found):
        target = one.target
        assert list(target.box) == recorded["cse/boxes"][i].tolist()
        assert np.array_equal(target.known, recorded["cse/mask_known1"][i, 0])
        assert np.array_equal(target.embedding_known, recorded["cse/E_mask"][i, 0])
        shown = surface.shown(known[one.row], target.box, SIZE, table)
        assert np.array_equal(shown.vertices, recorded["cse/vertices"][i, 0])
        if i == 0:
            assert np.allclose(target.embedding, rows_first(recorded["cse/0/embedding"][0]), atol=1e-6)
            even = shown.embedding(surface.normalized(table))
            assert np.allclose(even, rows_first(recorded["cse/0/embedding_normalized"][0]), atol=1e-5)


def test_embeddings_move_as_in_the_original(recorded: deep_privacy2.Recorded) -> None:
    at = {name: recorded[f"transform_embedding/{name}"] for name in ("exp_box", "E_bbox", "E_in", "S_in")}
    one = Surface(at["S_in"], rows_first(at["E_in"]), tuple(at["E_bbox"].tolist()))
    embedding, known = surface.moved(one, tuple(at["exp_box"].tolist()), SIZE)
    assert np.allclose(embedding[..., :4], rows_first(recorded["transform_embedding/E_out_first4"]), atol=1e-6)
    assert np.array_equal(known, recorded["transform_embedding/S_out"])


def test_faces_of_bodies_are_the_originals(recorded: deep_privacy2.Recorded) -> None:
    came = persons.inside(recorded["inside/face_boxes"], recorded["inside/body_boxes"])
    assert np.array_equal(came, recorded["inside/out"])


def test_keypoints_find_their_faces_as_in_the_original(recorded: deep_privacy2.Recorded) -> None:
    faces, keypoints = recorded["kpmatch/boxes"], recorded["kpmatch/keypoints"]
    whose = persons.with_keypoints(faces, keypoints)
    has = [i for i, who in enumerate(whose) if who is not None]
    assert np.array_equal(faces[has], recorded["kpmatch/out_boxes"])
    assert np.array_equal(keypoints[[whose[i] for i in has]], recorded["kpmatch/out_keypoints"])


def silhouette(box: tuple[int, int, int, int]) -> NDArray[np.bool_]:
    mask = np.zeros((200, 160), bool)
    mask[box[1] : box[3], box[0] : box[2]] = True
    return mask


def test_nobody_and_those_too_small_have_no_place() -> None:
    assert persons.place(silhouette((0, 0, 0, 0)), SIZE) is None
    assert persons.place(silhouette((50, 50, 53, 56)), SIZE) is None
    assert persons.place(silhouette((50, 50, 80, 120)), SIZE) is not None


def test_what_is_not_known_is_more_than_the_body() -> None:
    place = persons.place(silhouette((50, 50, 80, 120)), SIZE)
    assert place
    assert not (place.known & ~place.body_known).any()
    assert (~place.known).sum() > (~place.body_known).sum() > 0
    assert place.widened[0] <= 50
    assert place.widened[3] >= 120


def test_a_detectors_person_is_taken_once() -> None:
    iou = np.array([[0.5, 0.9], [0.6, 0.0], [0.0, 0.41]], np.float32)
    assert persons.matched(iou) == [(0, 0), (2, 1)]


def test_the_nearest_point_of_the_body_is_found_in_any_number_of_pixels() -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(50, 16)).astype(np.float32)
    rows = rng.integers(0, 50, surface.CHUNK + 3)
    assert np.array_equal(surface.nearest_points(table[rows] + 0.01, table), rows)
    assert len(surface.nearest_points(table[:0], table)) == 0


def test_a_surface_that_leaves_the_crop_is_cut() -> None:
    one = Surface(np.ones((4, 4), np.uint8), np.ones((4, 4, 2), np.float32), (-10, -10, 20, 20))
    embedding, known = surface.moved(one, (0, 0, 40, 40), (40, 40))
    assert known[:20, :20].all()
    assert known.sum() == 400
    assert embedding.sum() == pytest.approx(800)


def test_nobody_has_no_surface_and_nobody_is_lost() -> None:
    assert targets.with_surfaces(np.zeros((0, 9, 9), bool), []) == ([], [])
    assert targets.with_surfaces(np.ones((2, 9, 9), bool), []) == ([], [0, 1])
    assert targets.of_persons([], SIZE) == []
