"""Bags are read through rosbags, which is an extra; here they are written with it, too."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from passerby.core.errors import DamagedMedia, InputError, OptionError, UnsupportedMedia
from passerby.rgbd.rosbag import COMPRESSED, IMAGE, RosBag

COLOUR = np.arange(36, dtype=np.uint8).reshape(3, 4, 3)
DEPTH = np.arange(12, dtype=np.uint16).reshape(3, 4)


@pytest.fixture
def rosbags() -> Any:
    return pytest.importorskip("rosbags", reason="needs the extra ros")


def image(time_s: float, picture: np.ndarray, encoding: str, *, padding: int = 0, bigendian: int = 0) -> Any:
    from rosbags.typesys.stores.ros2_humble import builtin_interfaces__msg__Time as Time
    from rosbags.typesys.stores.ros2_humble import sensor_msgs__msg__Image as Image
    from rosbags.typesys.stores.ros2_humble import std_msgs__msg__Header as Header

    height, width = picture.shape[:2]
    rows = np.ascontiguousarray(picture).view(np.uint8).reshape(height, -1)
    rows = np.pad(rows, ((0, 0), (0, padding)), constant_values=7)
    header = Header(stamp=Time(sec=int(time_s), nanosec=round(time_s % 1 * 1e9)), frame_id="camera")
    return Image(header, height, width, encoding, bigendian, rows.shape[1], rows.ravel())


def compressed(time_s: float, data: bytes) -> Any:
    from rosbags.typesys.stores.ros2_humble import sensor_msgs__msg__CompressedImage as CompressedImage

    return CompressedImage(image(time_s, DEPTH, "16UC1").header, "png", np.frombuffer(data, np.uint8))


def write(path: Path, messages: list[tuple[str, Any]]) -> Path:
    from rosbags.rosbag2 import Writer
    from rosbags.typesys import Stores, get_typestore

    store = get_typestore(Stores.ROS2_HUMBLE)
    with Writer(path, version=9) as writer:
        topics: dict[str, Any] = {}
        for number, (topic, message) in enumerate(messages):
            kind = message.__msgtype__
            if topic not in topics:
                topics[topic] = writer.add_connection(topic, kind, typestore=store)
            writer.write(topics[topic], number, store.serialize_cdr(message, kind))
    return path


def test_each_colour_picture_comes_with_the_depth_of_its_moment(rosbags: Any, tmp_path: Path) -> None:
    messages = [
        ("/colour", image(1.00, COLOUR, "bgr8")),
        ("/depth", image(1.005, DEPTH, "16UC1")),
        ("/colour", image(1.10, COLOUR + 1, "bgr8")),
        ("/other", image(1.10, DEPTH, "16UC1")),
        ("/depth", image(1.20, DEPTH + 1, "16UC1")),
        ("/colour", image(1.201, COLOUR + 2, "bgr8")),
    ]
    with RosBag(write(tmp_path / "bag", messages), "/colour", "/depth") as bag:
        first, second, third = bag
    assert [reading.time_s for reading in (first, second, third)] == pytest.approx([1.0, 1.1, 1.201])
    assert np.array_equal(first.bgr, COLOUR)
    assert np.array_equal(first.depth, DEPTH)
    assert second.depth is None
    assert np.array_equal(third.depth, DEPTH + 1)


FORMS = {
    "rgb8": (COLOUR[..., ::-1], {}),
    "bgr8": (COLOUR, {"padding": 5}),
    "rgba8": (np.dstack([COLOUR[..., ::-1], DEPTH.astype(np.uint8)]), {}),
}


@pytest.mark.parametrize("encoding", FORMS)
def test_colour_comes_in_blue_green_red(rosbags: Any, tmp_path: Path, encoding: str) -> None:
    picture, form = FORMS[encoding]
    path = write(tmp_path / "bag", [("/colour", image(1, picture, encoding, **form))])
    with RosBag(path, "/colour") as bag:
        [reading] = bag
    assert np.array_equal(reading.bgr, COLOUR)


def test_compressed_colour_is_decoded(rosbags: Any, tmp_path: Path) -> None:
    data = cv2.imencode(".png", COLOUR)[1].tobytes()
    with RosBag(write(tmp_path / "bag", [("/colour", compressed(1, data))]), "/colour") as bag:
        [reading] = bag
    assert np.array_equal(reading.bgr, COLOUR)


@pytest.mark.parametrize("bigendian", [0, 1])
@pytest.mark.parametrize(("encoding", "kind"), [("16UC1", "u2"), ("mono16", "u2"), ("32FC1", "f4")])
def test_depth_is_read_in_either_order_of_bytes(
    rosbags: Any, tmp_path: Path, encoding: str, kind: str, bigendian: int
) -> None:
    stored = DEPTH.astype(f"{'>' if bigendian else '<'}{kind}")
    messages = [
        ("/colour", image(1, COLOUR, "bgr8")),
        ("/depth", image(1, stored, encoding, bigendian=bigendian, padding=4)),
    ]
    with RosBag(write(tmp_path / "bag", messages), "/colour", "/depth") as bag:
        [reading] = bag
    assert reading.depth.dtype == np.dtype(kind)
    assert np.array_equal(reading.depth, DEPTH)


def test_what_is_no_colour_or_depth_is_refused(rosbags: Any, tmp_path: Path) -> None:
    short = image(1, COLOUR, "bgr8")
    short.data = short.data[:-1]
    cases = {
        "mono8": (image(1, COLOUR[..., 0], "mono8"), UnsupportedMedia),
        "broken": (compressed(1, b"no picture"), DamagedMedia),
        "short": (short, DamagedMedia),
    }
    for name, (message, error) in cases.items():
        path = write(tmp_path / name, [("/colour", message)])
        with pytest.raises(error, match="/colour"), RosBag(path, "/colour") as bag:
            list(bag)
    messages = [("/colour", image(1, COLOUR, "bgr8")), ("/depth", compressed(1, b""))]
    with (
        pytest.raises(UnsupportedMedia, match=f"{COMPRESSED}; name a topic of {IMAGE}"),
        RosBag(write(tmp_path / "packed", messages), "/colour", "/depth") as bag,
    ):
        list(bag)


def test_what_is_not_there_is_said(rosbags: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "bag", [("/colour", image(1, COLOUR, "bgr8"))])
    with pytest.raises(InputError, match="has no topic /depth; it has /colour"), RosBag(path, "/colour", "/depth"):
        pass
    with pytest.raises(InputError, match="there is no bag"):
        RosBag(tmp_path / "nowhere", "/colour")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="does not open"), RosBag(tmp_path / "empty", "/colour"):
        pass


def test_a_missing_library_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "rosbags.highlevel", None)
    with pytest.raises(OptionError, match="pip install rosbags"):
        RosBag(tmp_path, "/colour")


def test_bags_of_the_first_ros_are_read_as_well(rosbags: Any, tmp_path: Path) -> None:
    from rosbags.rosbag1 import Writer
    from rosbags.typesys import Stores, get_typestore

    store = get_typestore(Stores.ROS1_NOETIC)
    stamp = store.types["builtin_interfaces/msg/Time"](sec=1, nanosec=0)
    header = store.types["std_msgs/msg/Header"](seq=0, stamp=stamp, frame_id="camera")
    message = store.types[IMAGE](header, *COLOUR.shape[:2], "bgr8", 0, 12, COLOUR.ravel())
    with Writer(tmp_path / "old.bag") as writer:
        topic = writer.add_connection("/colour", IMAGE, typestore=store)
        writer.write(topic, 1, store.serialize_ros1(message, IMAGE))
    with RosBag(tmp_path / "old.bag", "/colour") as bag:
        [reading] = bag
    assert np.array_equal(reading.bgr, COLOUR)
