"""Of a damaged picture only what is known to be right is passed on, and it is said what is missing."""

from __future__ import annotations

import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from drawn_pictures import ANIMATIONS, READABLE, deep_file, pixels, png, png_chunk, saved
from PIL import Image

from passerby.core.errors import DamagedMedia, LimitExceeded, PasserbyError
from passerby.media.still_limits import StillLimits
from passerby.media.stills import StillSource

PHOTO = Image.fromarray(np.random.default_rng(3).integers(0, 256, (20, 30, 3), np.uint8)).resize((300, 200))


def salvaged(folder: Path, data: bytes) -> StillSource:
    path = folder / "in.bin"
    path.write_bytes(data)
    return StillSource(path, salvage=True)


ROWS = {
    "jpeg": saved(PHOTO, "JPEG", quality=92),
    "jpeg, colour shared by fours": saved(PHOTO, "JPEG", quality=92, subsampling=2),
    "jpeg with restarts": saved(PHOTO, "JPEG", quality=92, restart_marker_blocks=7),
    "jpeg with a restart per row": saved(PHOTO, "JPEG", quality=92, restart_marker_rows=1),
    "grey jpeg": saved(PHOTO.convert("L"), "JPEG"),
    "jpeg with a thumbnail": saved(PHOTO, "JPEG", exif=b"Exif\0\0" + saved(PHOTO.resize((60, 40)), "JPEG")),
    "png": saved(PHOTO, "PNG"),
    "png with a palette": saved(PHOTO.convert("P"), "PNG"),
    "png in 16 bits": deep_file(".png", 3),
    "see-through png": saved(PHOTO.convert("RGBA"), "PNG"),
}


@pytest.mark.parametrize("share", [0.35, 0.6, 0.9, 0.99])
@pytest.mark.parametrize("data", ROWS.values(), ids=ROWS)
def test_the_upper_rows_are_kept_and_all_else_is_black(data: bytes, share: float, tmp_path: Path) -> None:
    (tmp_path / "whole.bin").write_bytes(data)
    [whole] = pixels(StillSource(tmp_path / "whole.bin"))
    source = salvaged(tmp_path, data[: int(len(data) * share)])
    [left] = pixels(source)
    [gap] = source.missing
    first = int(gap.reason.split()[1])
    assert gap.reason == f"rows {first} to {len(whole) - 1} of {len(whole)} are missing, as stored; they are black"
    assert 0 < first <= len(whole) * (share + 0.1)
    assert first > len(whole) * (share - 0.35)
    np.testing.assert_array_equal(left[:first], whole[:first])
    assert b"PLTE" in data or not left[first:].any()


@pytest.mark.parametrize("behind", range(-20, 20))
def test_wherever_it_breaks_off_no_row_is_made_up(behind: int, tmp_path: Path) -> None:
    """Right behind a marker, within one, within a code that might as well be the end of a block."""
    data = ROWS["jpeg with restarts"]
    (tmp_path / "whole.bin").write_bytes(data)
    [whole] = pixels(StillSource(tmp_path / "whole.bin"))
    marker = next(at for at in range(len(data) // 2, len(data)) if data[at] == 0xFF and 0xD0 <= data[at + 1] <= 0xD7)
    source = salvaged(tmp_path, data[: marker + behind])
    [left] = pixels(source)
    rows = (left == whole).reshape(len(whole), -1).all(axis=1)
    first = int(source.missing[0].reason.split()[1])
    assert rows[:first].all()
    assert not left[first:].any()


def test_a_jpeg_without_its_last_bytes_has_all_its_rows(tmp_path: Path) -> None:
    data = ROWS["jpeg"]
    (tmp_path / "whole.bin").write_bytes(data)
    source = salvaged(tmp_path, data[:-2])
    np.testing.assert_array_equal(pixels(source), pixels(StillSource(tmp_path / "whole.bin")))
    assert source.missing[0].reason == "its end mark is missing, but nothing of the picture"


def test_a_png_is_kept_up_to_the_chunk_of_which_the_check_sum_is_wrong(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).integers(0, 256, (64, 1 + 64), np.uint8)
    rows[:, 0] = 0
    parts = [zlib.compress(rows.tobytes(), 0)[at : at + 1000] for at in range(0, 5000, 1000)]
    head = png(64, 64, 8, 0, b"")
    at = head.index(b"IDAT") - 4
    data = bytearray(head[:at] + b"".join(png_chunk(b"IDAT", part) for part in parts) + png_chunk(b"IEND", b""))
    data[data.index(parts[2]) + 500] ^= 1
    [left] = pixels(salvaged(tmp_path, bytes(data)))
    kept = 2000 // 65
    np.testing.assert_array_equal(left[:kept], rows[:kept, 1:])
    assert not left[kept:].any()


@pytest.mark.parametrize("share", [0.75, 0.9, 0.99])
@pytest.mark.parametrize("name", [name for name, (data, _, _) in ANIMATIONS.items()])
def test_of_an_animation_whole_pictures_are_kept(name: str, share: float, tmp_path: Path) -> None:
    data = ANIMATIONS[name][0]
    (tmp_path / "whole.bin").write_bytes(data)
    whole = StillSource(tmp_path / "whole.bin")
    source = salvaged(tmp_path, data[: int(len(data) * share)])
    left = pixels(source)
    assert 0 < len(left) < len(pixels(whole))
    np.testing.assert_array_equal(left, pixels(whole)[: len(left)])
    assert source.missing[0].first_frame == len(left)
    assert source.missing[0].reason == f"it breaks off: pictures from {len(left)} on are missing"


UNTOLD = {
    "progressive jpeg": saved(PHOTO, "JPEG", progressive=True),
    "webp": saved(PHOTO, "WEBP"),
    "bmp": saved(PHOTO, "BMP"),
    "tiff": saved(PHOTO, "TIFF"),
}


@pytest.mark.parametrize("data", UNTOLD.values(), ids=UNTOLD)
def test_where_nobody_can_tell_nothing_is_written(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(DamagedMedia, match=r"in\.bin is damaged, and nobody can tell what of it is left"):
        salvaged(tmp_path, data[: int(len(data) * 0.7)])


def test_a_jpeg_that_is_damaged_within_is_refused(tmp_path: Path) -> None:
    data = ROWS["jpeg"]
    middle = len(data) // 2
    with pytest.raises(DamagedMedia, match="nobody can tell"):
        salvaged(tmp_path, data[:middle] + data[middle + 300 :])


def test_a_whole_picture_is_as_whole_as_without_salvage(tmp_path: Path) -> None:
    assert salvaged(tmp_path, READABLE[next(iter(READABLE))][0]).missing == []


def test_a_bomb_is_refused_before_it_goes_off(tmp_path: Path) -> None:
    path = tmp_path / "in.png"
    path.write_bytes(png(40_000, 40_000, 8, 2, b"")[:-30])
    with pytest.raises(LimitExceeded):
        StillSource(path, StillLimits(max_decoded_bytes=1 << 20), salvage=True)


def test_arbitrary_damage_never_ends_in_a_foreign_error(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for data in (*ROWS.values(), *(data for data, _, _ in ANIMATIONS.values())):
        for _ in range(4):
            broken = bytearray(data[: rng.integers(1, len(data))])
            broken[rng.integers(len(broken))] ^= 1 << int(rng.integers(8))
            with suppress(PasserbyError):
                salvaged(tmp_path, bytes(broken))
