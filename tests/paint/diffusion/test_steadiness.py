"""A small Stable Diffusion with random weights, from a typed line to a film: what it changes, and how steady it is."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import drawn_sd
import footage
import numpy as np
import pytest
from drawn_frames import RGB, frame
from numpy.typing import NDArray

from passerby import cli
from passerby.core.frame import Frame
from passerby.core.regions import Region
from passerby.evaluate.temporal import warped_error
from passerby.mask.shapes import HeadOval
from passerby.media.mark import SYNTHETIC
from passerby.paint.composite import composite
from passerby.paint.diffusion.choice import Diffusion
from passerby.paint.diffusion.crops import Framing
from passerby.paint.diffusion.effect import Inpainted
from passerby.paint.diffusion.engine import StableDiffusion

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # diffusers', of numpy


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_sd.checkpoint(tmp_path_factory.mktemp("model") / "tiny.safetensors")


def place(index: int) -> Frame:
    """A place in which the light changes and there is some noise."""
    rows, columns = np.mgrid[:96, :128]
    light = 90 + index + 20 * np.sin(rows / 9) + 20 * np.cos(columns / 7)
    grain = np.random.default_rng(index).normal(0, 3, (96, 128, 3))
    colours: NDArray[np.uint8] = np.clip(light[..., None] + grain, 0, 255).astype(np.uint8)
    return frame(RGB, (128, 96), index=index).with_planes((colours,))


def error_after_motion(inpainter: StableDiffusion, every: int) -> float:
    """Of a face that walks by two pixels a frame, and whose box trembles."""
    noise = np.random.default_rng(5).normal(0, 0.7, (12, 4))
    boxes = [(np.array([30, 26, 60, 62]) + noise[i] + [2 * i, 0, 2 * i, 0]).astype(np.float32) for i in range(12)]
    hidden = [[Region(1, "face", box, HeadOval().mask(box), seed=7)] for box in boxes]
    frames = [place(i) for i in range(12)]
    effect = Inpainted(inpainter, every=every, framing=Framing(sides=(96,)))
    patches = effect.paint(frames, hidden)
    came = [composite(*one).planes[0] for one in zip(frames, hidden, patches, strict=True)]
    flow = np.zeros((96, 128, 2), np.float32)
    flow[..., 0] = 2
    errors = []
    for i, (one, other) in enumerate(pairwise(came)):
        area = np.zeros((96, 128), np.bool_)
        area[34:54, 38 + 2 * i : 52 + 2 * i] = True
        errors.append(warped_error(one, other, flow, area))
    return float(np.mean(errors))


def test_key_frames_are_far_steadier_than_frame_by_frame(model: Path) -> None:
    inpainter = StableDiffusion.from_files(Diffusion(weights=model, steps=2))
    ours, theirs = (error_after_motion(inpainter, every) for every in (12, 1))
    assert ours < theirs / 5, (ours, theirs)


def shown(path: Path) -> list[NDArray[Any]]:
    with av.open(str(path)) as container:
        return [picture.to_ndarray() for picture in container.decode(video=0)]


def test_a_film_is_made_up_where_somebody_is_hidden_and_says_so(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    footage.write(footage.standing(), tmp_path / "in.mp4")
    (tmp_path / "my.toml").write_text(f'weights = "{model.name}"\nsteps = 1\n')
    words = ["--method", "diffusion:my.toml", "--weights", str(model), "--guidance", "1", "--every", "4"]
    words += ["--encoder", "ffv1", "--end", "0.2", "--report", str(tmp_path / "report.json"), "-q"]
    monkeypatch.chdir(tmp_path)
    assert cli.main([str(tmp_path / "in.mp4"), "-o", str(tmp_path / "out.mkv"), *words]) == 0
    [told] = json.loads((tmp_path / "report.json").read_text())["files"]
    assert told["report"]["synthetic"] == ["face"]
    with av.open(str(tmp_path / "out.mkv")) as container:
        assert SYNTHETIC in container.metadata.values()
    for before, after in zip(shown(tmp_path / "in.mp4"), shown(tmp_path / "out.mkv"), strict=False):
        changed = (before != after)[:360]
        assert changed.sum() > 5000
        rows, columns = np.nonzero(changed)
        assert rows.min() > 90
        assert rows.max() < 225
        assert columns.min() > 270
        assert columns.max() < 370
