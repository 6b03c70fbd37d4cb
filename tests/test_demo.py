"""The demo's film: what it shows, that it can be heard, and that nothing but passerby is needed to make it."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from importlib.resources import files
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from passerby import demo
from passerby.core import boxes
from passerby.core.frame import Frame, PixelFormat
from passerby.demo.film import SAMPLE_RATE
from passerby.demo.scene import Truth
from passerby.detect.faces import CenterFace

RGB = PixelFormat("rgb24", ((1, 1),), 8, "rgb", True)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "demo.mp4"


@pytest.fixture(scope="module")
def truth(clip: Path) -> Truth:
    return demo.compose(clip)


def life(truth: Truth, person: int) -> list[demo.Face]:
    return [face for faces in truth.faces for face in faces if face.person == person]


def height(face: demo.Face) -> float:
    return face.box[3] - face.box[1]


def sound(clip: Path) -> NDArray[np.float32]:
    with av.open(str(clip)) as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])


def test_it_is_a_short_hd_film_with_sound(clip: Path, truth: Truth) -> None:
    with av.open(str(clip)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec.name, audio.codec.name) == ("h264", "aac")
        assert (video.width, video.height) == truth.size == (1280, 720)
        assert video.average_rate == 25
        pictures = [frame.time for frame in container.decode(video)]
    assert pictures == pytest.approx([float(time) for time in truth.times])
    assert 6 <= len(pictures) / 25 <= 8


def test_a_click_is_heard_at_every_full_second(clip: Path, truth: Truth) -> None:
    loudness = np.abs(sound(clip))
    for second in range(1, len(truth.times) // 25):
        click = second * SAMPLE_RATE
        before = loudness[click - SAMPLE_RATE // 4 : click - SAMPLE_RATE // 20]
        assert loudness[click : click + SAMPLE_RATE // 50].max() > 3 * before.max()


def test_two_people_cross_and_one_hides_the_other(truth: Truth) -> None:
    visible = [face.visible for face in life(truth, 1)]
    middle = visible[40:60]
    assert visible[30] == visible[70] == 1
    assert min(middle) < 0.3


def test_somebody_comes_from_far_away(truth: Truth) -> None:
    comer = life(truth, 0)
    assert height(comer[0]) < 40
    assert height(comer[-1]) > 100


def test_after_a_cut_there_is_another_place_with_other_people(truth: Truth) -> None:
    [start] = truth.cuts
    before = {face.person for face in truth.faces[start - 1]}
    after = {face.person for face in truth.faces[start]}
    assert before
    assert after
    assert not before & after


def test_the_detector_finds_every_face_that_is_in_full_view(clip: Path, truth: Truth) -> None:
    detector = CenterFace(conf=0.5)
    checked = 0
    with av.open(str(clip)) as container:
        pictures = islice(container.decode(video=0), 0, None, 25)
        for picture, faces in zip(pictures, truth.faces[::25], strict=True):
            seen = np.array([face.box for face in faces if face.visible == 1], np.float32).reshape(-1, 4)
            [found] = detector.detect([Frame((picture.to_ndarray(format="rgb24"),), RGB, 0, 0, Fraction(1))])
            assert (boxes.iou(seen, found.boxes).max(axis=1, initial=0) > 0.6).all()
            checked += len(seen)
    assert checked > 10


def test_the_portrait_is_small_and_its_origin_is_told() -> None:
    folder = files("passerby.demo")
    assert len(folder.joinpath("astronaut.webp").read_bytes()) <= 100_000
    note = folder.joinpath("astronaut.txt").read_text(encoding="utf-8")
    assert "NASA" in note
    assert "public domain" in note


def test_it_needs_only_what_passerby_needs() -> None:
    needed = {"passerby", "numpy", "cv2", "av"}
    code = "import sys, passerby.demo; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    third_party = {name for name in loaded if name not in sys.stdlib_module_names and not name.startswith("_")}
    assert needed <= third_party
    assert not third_party & {"skimage", "PIL", "scipy", "imageio", "onnxruntime"}
