"""Faces in colour-and-depth pictures are hidden in both, and nothing else is touched."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_depth import Taken, takes
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby import rgbd
from passerby.core.detections import Detections
from passerby.core.errors import OptionError
from passerby.core.frame import Frame
from passerby.rgbd import AVPrivacyMasker, DeviceWarning, FaceMasker, Style
from passerby.rgbd.areas import Area
from passerby.rgbd.mosaic import Grids

EXAMPLE = """
import cv2

mp = AVPrivacyMasker(
    device="cuda",              # or "cpu"
    conf_thresh=0.5,
    anon_block=24, anon_noise=20,
    dilate_kernel=13,
    det_size=(640, 640),
    verbose=False,
    enable_depth_anon=False     # set True to add noise to depth where masked
)

bgr = cv2.imread("sample_rgb.jpg")         # 640×480 recommended
depth = cv2.imread("sample_depth.png", -1) # optional (z16 or float), can be None

rgb_anon, depth_anon, mask, boxes, times = mp.process_arrays(
    bgr, depth,
    use_depth_for_mask=bool(depth is not None),
    pad_ratio=0.25,
    oval_boxes=True,
)
print("Timings (s):", times)
cv2.imwrite("out_anon.jpg", rgb_anon)
"""
"""As its authors wrote it for the class of which `AVPrivacyMasker` has the name; the import aside."""


class Found:
    """A detector that finds what it is told to."""

    labels = frozenset({"face"})

    def __init__(self, boxes: Sequence[Sequence[float]]) -> None:
        corners = np.array(boxes, np.float32).reshape(-1, 2, 2)
        self._boxes = np.sort(corners, axis=1).reshape(-1, 4)

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        count = len(self._boxes)
        return [Detections(self._boxes, np.ones(count, np.float32), np.full(count, "face")) for _ in frames]


@pytest.fixture(scope="module")
def taken() -> Taken:
    [one] = takes()
    return one


def core(box: np.ndarray) -> tuple[slice, slice]:
    """The middle of a face."""
    x0, y0, x1, y1 = (round(float(side)) for side in box)
    return slice(y0 + (y1 - y0) // 4, y1 - (y1 - y0) // 4), slice(x0 + (x1 - x0) // 4, x1 - (x1 - x0) // 4)


@pytest.mark.parametrize("with_depth", [True, False])
def test_the_example_of_the_old_class_runs_as_it_is(
    taken: Taken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_depth: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("sample_rgb.jpg", taken.bgr)
    if with_depth:
        cv2.imwrite("sample_depth.png", taken.depth)
    names = {"AVPrivacyMasker": AVPrivacyMasker}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeviceWarning)  # there may be no GPU here
        exec(EXAMPLE, names)
    assert names["mask"][core(taken.box)].all()
    assert set(names["times"]) == {"detect", "mask", "anonymize", "depth", "total"}
    assert (names["depth_anon"] is None) == (not with_depth)
    assert cv2.imread("out_anon.jpg").shape == taken.bgr.shape


def test_a_face_is_hidden_and_everything_else_is_as_it_was(taken: Taken) -> None:
    before = taken.bgr.copy()
    rgb_anon, depth_anon, mask, boxes, _ = FaceMasker(enable_depth_anon=True).process_arrays(
        taken.bgr, taken.depth, use_depth_for_mask=True
    )
    assert boxes.shape == (1, 4)
    assert mask[core(taken.box)].all()
    assert np.array_equal(rgb_anon[mask == 0], taken.bgr[mask == 0])
    assert np.array_equal(depth_anon[mask == 0], taken.depth[mask == 0])
    assert np.array_equal(taken.bgr, before), "the picture that came must not be written to"
    face = core(taken.box)
    assert len(np.unique(rgb_anon[face].reshape(-1, 3), axis=0)) <= 16
    assert (np.abs(depth_anon[face].astype(int) - taken.depth[face]) > 20).mean() > 0.5


@pytest.mark.parametrize("oval", [True, False])
@pytest.mark.parametrize("pad", [0, 0.25, 1])
def test_the_whole_box_of_a_face_is_hidden_however_little_it_is_to_grow(oval: bool, pad: float) -> None:
    mask = FaceMasker(dilate_kernel=0).build_mask_from_boxes((480, 640), [[100, 80, 180, 190]], pad, oval)
    assert mask[80:190, 100:180].all()
    assert mask.dtype == np.uint8
    assert mask.max() == 1


def test_masks_grow_by_half_the_kernel() -> None:
    small, large = (
        FaceMasker(dilate_kernel=kernel).build_mask_from_boxes((480, 640), [[100, 80, 180, 190]], 0, False)
        for kernel in (1, 13)
    )
    assert cv2.boundingRect(small) == (100, 80, 80, 110)
    assert cv2.boundingRect(large) == (94, 74, 92, 122)


def test_depth_leaves_the_wall_beside_a_head_visible(taken: Taken) -> None:
    masker = FaceMasker()
    plain = masker.build_mask_from_boxes(taken.bgr.shape, [taken.box], 0.5)
    guided = masker.build_mask_numpy(taken.depth, [taken.box], 0.5)
    assert np.count_nonzero(guided) < 0.85 * np.count_nonzero(plain)
    assert not (guided & ~plain).any()
    outline = FaceMasker(dilate_kernel=0).build_mask_from_boxes(taken.bgr.shape, [taken.box], 0.5)
    head = (taken.depth < 1400) & (taken.depth > 0) & (outline > 0)
    assert guided[head].all()


def unreliable() -> dict[str, np.ndarray]:
    [one] = takes()
    middle = core(one.box)
    hand = one.depth.copy()
    hand[middle] = 500
    split = one.depth.copy()
    rows, columns = middle
    split[rows, columns.start : (columns.start + columns.stop) // 2] = 9000
    return {
        "no readings": np.zeros_like(one.depth),
        "not a number": np.full(one.depth.shape, np.nan, np.float32),
        "infinite": np.full(one.depth.shape, np.inf),
        "millimetres as if metres": one.depth.astype(np.float32),
        "a hand before the face": hand,
        "two distances": split,
    }


@pytest.mark.parametrize("name", unreliable())
def test_unreliable_depth_gives_the_mask_without_depth_and_says_so(taken: Taken, name: str) -> None:
    plain = FaceMasker().process_arrays(taken.bgr)
    result = FaceMasker().process_arrays(taken.bgr, unreliable()[name], use_depth_for_mask=True)
    assert np.array_equal(result.mask, plain.mask)
    assert not result.depth_used.any()
    [note] = result.notes
    assert note.startswith("face 1: ")


def test_no_depth_at_all_is_said_as_well(taken: Taken) -> None:
    result = FaceMasker().process_arrays(taken.bgr, None, use_depth_for_mask=True)
    assert result.notes == ("face 1: there is no depth; all of its box mask is hidden",)
    assert result.depth_anon is None


def test_depth_that_was_used_is_told(taken: Taken) -> None:
    result = FaceMasker().process_arrays(taken.bgr, taken.depth, use_depth_for_mask=True)
    assert result.depth_used.all()
    assert result.notes == ()


def test_metres_and_millimetres_mean_the_same(taken: Taken) -> None:
    metres = np.where(taken.depth > 0, taken.depth / 1000, np.nan)
    masks = [
        FaceMasker().process_arrays(taken.bgr, depth, use_depth_for_mask=True).mask
        for depth in (taken.depth, metres, metres.astype(np.float32))
    ]
    assert np.array_equal(masks[0], masks[1])
    assert np.array_equal(masks[0], masks[2])


BAD_DEPTHS = {
    "another size": (np.zeros((240, 320), np.uint16), "320x240"),
    "8 bits": (np.zeros((480, 640), np.uint8), "uint8"),
    "three channels": (np.zeros((480, 640, 3), np.uint16), r"\(480, 640, 3\)"),
    "signed": (np.zeros((480, 640), np.int16), "int16"),
    "a list": ([[0]], "list"),
}


@pytest.mark.parametrize("name", BAD_DEPTHS)
def test_what_is_no_depth_is_refused(taken: Taken, name: str) -> None:
    depth, told = BAD_DEPTHS[name]
    with pytest.raises(OptionError, match=told):
        FaceMasker().process_arrays(taken.bgr, depth)


@pytest.mark.parametrize(
    "picture", [None, np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)]
)
def test_what_is_no_picture_is_refused(picture: object) -> None:
    with pytest.raises(OptionError, match="picture"):
        FaceMasker().process_arrays(picture)


WRONG = {
    "device": "tpu",
    "conf_thresh": 1.5,
    "anon_block": 0,
    "anon_noise": 300,
    "dilate_kernel": -1,
    "det_size": (640, 8),
    "hold": -1,
}


@pytest.mark.parametrize("name", WRONG)
def test_arguments_that_make_no_sense_are_refused(name: str) -> None:
    with pytest.raises(OptionError):
        FaceMasker(**{name: WRONG[name]})


def test_a_missing_gpu_is_said() -> None:
    with pytest.warns(DeviceWarning, match="'cuda' is not available"):
        masker = FaceMasker(device="cuda")
    assert masker.device == "cpu"


def test_cells_and_noise_stay_the_same_while_a_face_stands_still(taken: Taken) -> None:
    masker = FaceMasker(enable_depth_anon=True)
    first, second = (masker.process_arrays(taken.bgr, taken.depth) for _ in range(2))
    assert np.array_equal(first.rgb_anon, second.rgb_anon)
    assert np.array_equal(first.depth_anon, second.depth_anon)


def test_fresh_noise_comes_on_request_and_averages_away(taken: Taken) -> None:
    """Why it is not the default."""
    steady, fresh = (
        FaceMasker(enable_depth_anon=True, style=Style(noise=noise, seed=5)) for noise in ("track", "fresh")
    )
    at = core(taken.box)
    off = {}
    for name, masker in (("steady", steady), ("fresh", fresh)):
        shots = [masker.process_arrays(taken.bgr, taken.depth).depth_anon[at].astype(float) for _ in range(40)]
        known = taken.depth[at] > 0
        off[name] = np.abs(np.mean(shots, axis=0) - taken.depth[at])[known].mean()
    assert off["fresh"] < off["steady"] / 3


def test_a_face_keeps_its_number_while_it_walks() -> None:
    masker = FaceMasker()
    numbers = [tuple(masker.process_arrays(one.bgr).tracks) for one in takes(6)]
    assert set(numbers) == {(1,)}
    masker.reset()
    [after] = [masker.process_arrays(one.bgr).tracks for one in takes()]
    assert tuple(after) == (2,), "a number, and so its noise, is never given to somebody else"


def test_a_face_that_is_not_found_again_stays_hidden_as_long_as_it_is_held(taken: Taken) -> None:
    masker = FaceMasker(hold=2)
    masker.process_arrays(taken.bgr)
    blank = np.full_like(taken.bgr, 90)
    hidden = [masker.process_arrays(blank).mask[core(taken.box)].all() for _ in range(3)]
    assert hidden == [True, True, False]


def test_flat_depth_has_no_shape_left(taken: Taken) -> None:
    masker = FaceMasker(enable_depth_anon=True, style=Style(depth="flat"))
    result = masker.process_arrays(taken.bgr, taken.depth, use_depth_for_mask=True)
    [distance] = np.unique(result.depth_anon[result.mask > 0])
    assert abs(int(distance) - 1250) < 80
    assert np.array_equal(result.depth_anon[result.mask == 0], taken.depth[result.mask == 0])


@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("noise", ["track", "fresh"])
def test_noise_makes_readings_and_takes_none_away(taken: Taken, dtype: type, noise: str) -> None:
    depth = taken.depth if dtype == np.uint16 else (taken.depth / 1000).astype(dtype)
    masker = FaceMasker(enable_depth_anon=True, style=Style(noise=noise, depth_noise_m=5))
    result = masker.process_arrays(taken.bgr, depth)
    assert result.depth_anon.dtype == depth.dtype
    assert np.array_equal(result.depth_anon > 0, depth > 0)


def test_depth_is_left_alone_unless_it_is_to_be_hidden(taken: Taken) -> None:
    result = FaceMasker().process_arrays(taken.bgr, taken.depth, use_depth_for_mask=True)
    assert np.array_equal(result.depth_anon, taken.depth)
    assert not np.shares_memory(result.depth_anon, taken.depth)


@pytest.mark.parametrize("noise", ["track", "fresh"])
def test_pixelating_hides_all_of_a_mask_and_nothing_else(noise: str) -> None:
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (90, 130, 3), np.uint8)
    mask = (rng.random((90, 130)) < 0.3).astype(np.uint8)
    painted = FaceMasker(style=Style(noise=noise)).fast_pixelate(picture, mask, [[10, 10, 60, 70], [-30, 40, 20, 200]])
    assert np.array_equal(painted[mask == 0], picture[mask == 0])
    assert (painted != picture).any(axis=2)[mask > 0].mean() > 0.97
    assert np.array_equal(FaceMasker().fast_pixelate(picture, 0 * mask), picture)


def test_noise_on_cells_is_bounded() -> None:
    picture = np.full((200, 200, 3), 120, np.uint8)
    painted = FaceMasker(anon_noise=20).fast_pixelate(picture, np.ones((200, 200), np.uint8))
    assert 100 <= painted.min() < painted.max() <= 140


def test_a_grid_gets_coarser_with_its_face_and_never_finer() -> None:
    """A grid that flickers between two sizes tells more than either."""
    grids = Grids(block=24)
    sizes = (200, 100, 96, 100, 95, 100, 60, 30, 10, 200)
    counts = [grids.of(1, Area(0, 0, size, 2 * size)) for size in sizes]
    assert counts == [(4, 4), (4, 4), (4, 4), (4, 4), (4, 3), (4, 3), (4, 2), (2, 1), (1, 1), (1, 1)]
    assert grids.of(2, Area(0, 0, 200, 200)) == (4, 4)
    grids.keep([2])
    assert grids.of(1, Area(0, 0, 200, 200)) == (4, 4)


def test_no_face_leaves_the_picture_as_it_is() -> None:
    blank = np.full((480, 640, 3), 90, np.uint8)
    result = FaceMasker(enable_depth_anon=True).process_arrays(blank, np.full((480, 640), 900, np.uint16), True)
    assert np.array_equal(result.rgb_anon, blank)
    assert not result.mask.any()
    assert result.boxes.shape == (0, 4)


def test_the_names_are_one_class() -> None:
    assert AVPrivacyMasker is FaceMasker
    assert set(rgbd.__all__) >= {"AVPrivacyMasker", "FaceMasker"}


def test_every_picture_is_told_of_on_request(taken: Taken, capsys: pytest.CaptureFixture[str]) -> None:
    FaceMasker(verbose=True).process_arrays(taken.bgr)
    assert "1 faces: detect" in capsys.readouterr().err


def test_large_pictures_are_made_to_fit_for_the_detector(taken: Taken) -> None:
    doubled = cv2.resize(taken.bgr, None, fx=2, fy=2)
    full, small = (FaceMasker(det_size=size).detect_faces(doubled) for size in ((1280, 1280), 320))
    assert full.shape == small.shape == (1, 4)
    assert np.abs(full - small).max() < 30


@settings(max_examples=60, deadline=None)
@given(
    boxes=st.lists(st.tuples(*[st.floats(-60, 160)] * 4), max_size=3),
    size=st.tuples(st.integers(1, 120), st.integers(1, 120)),
    seed=st.integers(0, 99),
    style=st.builds(Style, noise=st.sampled_from(["track", "fresh"]), depth=st.sampled_from(["noise", "flat"])),
)
def test_whatever_comes_faces_are_covered_and_all_else_is_left_alone(boxes, size, seed, style) -> None:
    rng = np.random.default_rng(seed)
    masker = FaceMasker(style=style, enable_depth_anon=True, detector=Found(boxes), dilate_kernel=seed % 15)
    bgr = rng.integers(0, 256, (*size, 3), np.uint8)
    depth = rng.choice(np.array([[np.nan, np.inf, -1, 0], [0.5, 1, 1.1, 4], [1, 1, 1, 1]])[seed % 3], size)
    result = masker.process_arrays(bgr, depth, use_depth_for_mask=True)
    beside = result.mask == 0
    assert np.array_equal(result.rgb_anon[beside], bgr[beside])
    assert np.array_equal(result.depth_anon[beside], depth[beside], equal_nan=True)
    for x0, y0, x1, y1 in result.boxes:
        assert result.mask[(y0 + y1) // 2, (x0 + x1) // 2]
        plain = masker.build_mask_from_boxes(size, [(x0, y0, x1, y1)])
        assert plain[y0:y1, x0:x1].all()
