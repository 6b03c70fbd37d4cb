"""Pictures and folders of them come out in the layout in which they came, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_depth import Taken, takes

from passerby.core.errors import DamagedMedia, InputError, OutputError, UnsupportedMedia
from passerby.rgbd import FaceMasker, Style

DATA = Path(__file__).resolve().parents[2] / "../shared/data/rgbd"


@pytest.fixture(scope="module")
def taken() -> list[Taken]:
    return list(takes(3, 110))


@pytest.fixture(scope="module")
def masker() -> FaceMasker:
    return FaceMasker(enable_depth_anon=True, style=Style(seed=1))


def tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def write(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".npy":
        np.save(path, picture)
    else:
        assert cv2.imwrite(str(path), picture)


def folders(root: Path, taken: list[Taken]) -> None:
    for i, one in enumerate(taken):
        write(root / f"rgb/{i:04}.png", one.bgr)
        write(root / f"depth/{i:04}.png", one.depth)


def beside(root: Path, taken: list[Taken]) -> None:
    for i, one in enumerate(taken):
        write(root / f"street_{i}_color.png", one.bgr)
        write(root / f"street_{i}_depth.png", one.depth)


def before(root: Path, taken: list[Taken]) -> None:
    for i, one in enumerate(taken):
        write(root / f"rgb_{i}.png", one.bgr)
        write(root / f"depth_{i}.png", one.depth)


def arrays(root: Path, taken: list[Taken]) -> None:
    for i, one in enumerate(taken):
        write(root / f"color/{i}.png", one.bgr)
        write(root / f"depth/{i}.npy", np.where(one.depth > 0, one.depth / 1000, np.nan).astype(np.float32))


def several(root: Path, taken: list[Taken]) -> None:
    folders(root / "monday", taken[:1])
    beside(root / "tuesday", taken[1:2])
    tum(root / "wednesday", taken[2:])


def tum(root: Path, taken: list[Taken]) -> None:
    rows: dict[str, list[str]] = {"rgb": ["# color images"], "depth": ["# depth maps"]}
    for i, one in enumerate(taken):
        colour, depth = 10 + i / 30, 10.004 + i / 30
        write(root / f"rgb/{colour:.6f}.png", one.bgr)
        write(root / f"depth/{depth:.6f}.png", one.depth * np.uint16(5))
        rows["rgb"].append(f"{colour:.6f} rgb/{colour:.6f}.png")
        rows["depth"].append(f"{depth:.6f} depth/{depth:.6f}.png")
    for name, lines in rows.items():
        (root / f"{name}.txt").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("layout", [folders, beside, before, arrays, several, tum], ids=lambda layout: layout.__name__)
def test_a_folder_comes_out_as_it_came_in(layout, taken: list[Taken], masker: FaceMasker, tmp_path: Path) -> None:
    layout(tmp_path / "in", taken)
    done = masker.process_paths(tmp_path / "in", out_dir=tmp_path / "out")
    assert tree(tmp_path / "out") == tree(tmp_path / "in")
    assert (done.frames, done.faces) == (3, 3)
    assert {str(path.relative_to(tmp_path / "out")) for path in done.written} == tree(tmp_path / "out")
    assert done.notes == ()
    for path in (path for path in done.written if path.suffix == ".png"):
        came, went = (
            cv2.imread(str(tmp_path / side / path.relative_to(tmp_path / "out")), -1) for side in ("in", "out")
        )
        assert came.dtype == went.dtype
        changed = came != went
        assert 0 < np.count_nonzero(changed) < changed.size / 4


def test_one_picture_and_its_depth(taken: list[Taken], masker: FaceMasker, tmp_path: Path) -> None:
    write(tmp_path / "a.jpg", taken[0].bgr)
    write(tmp_path / "a_depth.png", taken[0].depth)
    masker.process_paths(tmp_path / "a.jpg", tmp_path / "a_depth.png", tmp_path / "new/out")
    assert tree(tmp_path / "new") == {"out/a.jpg", "out/a_depth.png"}


def test_pictures_without_depth(taken: list[Taken], masker: FaceMasker, tmp_path: Path) -> None:
    write(tmp_path / "in/a.png", taken[0].bgr)
    assert masker.process_paths(tmp_path / "in", None, tmp_path / "out").faces == 1
    assert tree(tmp_path / "out") == {"a.png"}


def test_two_folders_that_belong_together(taken: list[Taken], masker: FaceMasker, tmp_path: Path) -> None:
    write(tmp_path / "left/1.png", taken[0].bgr)
    write(tmp_path / "far/1.png", taken[0].depth)
    masker.process_paths(tmp_path / "left", tmp_path / "far", tmp_path / "out")
    assert tree(tmp_path / "out") == {"color/1.png", "depth/1.png"}


def test_depth_without_a_picture_is_left_out_and_named(taken: list[Taken], masker: FaceMasker, tmp_path: Path) -> None:
    """Nobody looked for faces at that moment."""
    tum(tmp_path / "in", taken)
    lines = (tmp_path / "in/rgb.txt").read_text().splitlines()
    (tmp_path / "in/rgb.txt").write_text("\n".join(lines[:-1]))
    (tmp_path / "in/groundtruth.txt").write_text("# poses\n")
    done = masker.process_paths(tmp_path / "in", out_dir=tmp_path / "out")
    last = "depth/10.070667.png"
    assert last in tree(tmp_path / "in") - tree(tmp_path / "out")
    assert last not in (tmp_path / "out/depth.txt").read_text()
    assert done.notes[0] == f"{last} is left out: it belongs to no colour picture"
    assert "groundtruth.txt" in done.notes[1]


def test_noise_on_depth_is_in_the_unit_of_the_layout(taken: list[Taken], masker: FaceMasker, tmp_path: Path) -> None:
    """A tenth of a metre is 500 steps there, and 100 of millimetres."""
    tum(tmp_path / "in", taken[:1])
    masker.process_paths(tmp_path / "in", out_dir=tmp_path / "out")
    came, went = (cv2.imread(str(tmp_path / side / "depth/10.004000.png"), -1).astype(int) for side in ("in", "out"))
    assert 300 < (went - came)[went != came].std() < 700


def test_a_damaged_picture_leaves_nothing_of_its_sequence(
    taken: list[Taken], masker: FaceMasker, tmp_path: Path
) -> None:
    folders(tmp_path / "in", taken)
    last = tmp_path / "in/rgb/0002.png"
    last.write_bytes(last.read_bytes()[:-5000])
    with pytest.raises(DamagedMedia):
        masker.process_paths(tmp_path / "in", out_dir=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def refused() -> dict[str, tuple[type[Exception], str]]:
    return {
        "colour of one channel": (UnsupportedMedia, "gray"),
        "depth of 8 bits": (UnsupportedMedia, "16 bits"),
        "depth of another size": (UnsupportedMedia, "320x240"),
        "a pickle": (DamagedMedia, "NumPy"),
        "an array of another kind": (UnsupportedMedia, "no array"),
    }


@pytest.mark.parametrize("name", refused())
def test_what_cannot_be_worked_on_is_refused(name: str, taken: list[Taken], masker: FaceMasker, tmp_path: Path) -> None:
    bgr, depth = taken[0].bgr, taken[0].depth
    suffix = ".npy" if "array" in name or "pickle" in name else ".png"
    write(tmp_path / "in/rgb/1.png", bgr[..., 0] if "one channel" in name else bgr)
    path = tmp_path / f"in/depth/1{suffix}"
    if name == "a pickle":
        write(path, np.array([{}], object))
    else:
        made = {"depth of 8 bits": depth.astype(np.uint8), "depth of another size": depth[::2, ::2]}
        write(path, made.get(name, depth.astype(np.int64) if suffix == ".npy" else depth))
    error, told = refused()[name]
    with pytest.raises(error, match=told):
        masker.process_paths(tmp_path / "in", out_dir=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_originals_are_never_replaced(taken: list[Taken], masker: FaceMasker, tmp_path: Path) -> None:
    folders(tmp_path / "in", taken[:1])
    came = (tmp_path / "in/rgb/0000.png").read_bytes()
    with pytest.raises(OutputError, match="original"):
        masker.process_paths(tmp_path / "in", out_dir=tmp_path / "in", force=True)
    assert (tmp_path / "in/rgb/0000.png").read_bytes() == came


def test_results_are_replaced_only_by_force(taken: list[Taken], masker: FaceMasker, tmp_path: Path) -> None:
    folders(tmp_path / "in", taken[:1])
    masker.process_paths(tmp_path / "in", out_dir=tmp_path / "out")
    with pytest.raises(OutputError, match="exists"):
        masker.process_paths(tmp_path / "in", out_dir=tmp_path / "out")
    assert tree(tmp_path / "out") == tree(tmp_path / "in"), "what an earlier run made stays"
    masker.process_paths(tmp_path / "in", out_dir=tmp_path / "out", force=True)


@pytest.mark.parametrize("line", ["10.0 ../secret.png", "10.0 /etc/passwd", "ten rgb/1.png", "10.0"])
def test_lists_that_name_what_is_not_in_their_folder_are_refused(line: str, masker: FaceMasker, tmp_path: Path) -> None:
    (tmp_path / "rgb.txt").write_text(line)
    with pytest.raises(UnsupportedMedia, match=r"rgb\.txt, line 1"):
        masker.process_paths(tmp_path, out_dir=tmp_path / "out")


def test_a_folder_without_pictures_and_none_at_all(masker: FaceMasker, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedMedia, match="no pictures"):
        masker.process_paths(tmp_path, out_dir=tmp_path / "out")
    with pytest.raises(InputError, match="there is no"):
        masker.process_paths(tmp_path / "nowhere", out_dir=tmp_path / "out")


@pytest.mark.skipif(not DATA.exists(), reason="needs the real pictures beside the repository")
def test_real_pictures_without_faces_stay_as_they_are(masker: FaceMasker, tmp_path: Path) -> None:
    for name in ("office_color.png", "office_depth.png"):
        (tmp_path / name).write_bytes((DATA / name).read_bytes())
    masker.process_paths(tmp_path / "office_color.png", tmp_path / "office_depth.png", tmp_path / "out")
    for name in ("office_color.png", "office_depth.png"):
        assert np.array_equal(*(cv2.imread(str(folder / name), -1) for folder in (tmp_path, tmp_path / "out")))
