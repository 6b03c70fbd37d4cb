"""Keypoint R-CNN tells generators how somebody stands, by what torchvision's own finds with the same weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from passerby.core.errors import WeightsError
from passerby.core.regions import Region
from passerby.mask.shapes import Rectangle
from passerby.paint.gan import keypointrcnn
from passerby.paint.gan.keypointrcnn import KeypointRCNN
from passerby.paint.gan.tellers import Poses
from passerby.paint.gan.told import FACE_POINTS, BodyPose, FacePose

SIDE = 64
PICTURE = np.random.default_rng(1).integers(0, 255, (120, 160, 3), np.uint8)


@pytest.fixture(scope="module")
def net() -> Any:
    import torchvision_weights as made

    return made.network("KeypointRCNN", SIDE, box_detections_per_img=4)


@pytest.fixture(scope="module")
def published(net: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file in the published format: 240 MB, so it goes when the tests are through."""
    import torchvision_weights as made

    path = made.save(net, tmp_path_factory.mktemp("rcnn") / "keypointrcnn.pth")
    yield path
    path.unlink()


def region(label: str, box: tuple[int, int, int, int]) -> Region:
    where = np.array(box, np.float32)
    return Region(1, label, where, Rectangle().mask(where), 1)


def test_the_surest_persons_keypoints_are_torchvisions(
    net: Any, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torchvision_weights as made

    shown = PICTURE[:SIDE, :SIDE]
    with made.torch.inference_mode():
        [wanted] = net([made.torch.from_numpy(shown.transpose(2, 0, 1) / np.float32(255))])
    sure = wanted["keypoints_scores"][0].numpy()
    monkeypatch.setattr(keypointrcnn, "SHOWS", float(np.median(sure)))
    points = KeypointRCNN(published, conf=0.3, side=SIDE).points(shown)
    assert points is not None
    assert np.allclose(points[:, :2], wanted["keypoints"][0, :, :2].numpy(), atol=1e-3)
    assert points[:, 2].tolist() == (sure >= np.median(sure)).tolist()
    assert 0 < points[:, 2].sum() < 17


def test_somebody_who_is_not_sure_is_nobody(published: Path) -> None:
    assert KeypointRCNN(published, conf=0.999, side=SIDE).points(PICTURE[:SIDE, :SIDE]) is None


def test_a_checkpoint_tells_poses_in_pixels_of_the_picture(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body's, and a face's where nose and eyes are in it: of these DeepPrivacy 1 takes seven points."""
    poses = Poses(published)
    put = np.column_stack([np.linspace(230, 250, 17), np.linspace(240, 300, 17), np.ones(17)]).astype(np.float32)
    monkeypatch.setattr(KeypointRCNN, "points", lambda self, shown: put.copy())
    body = poses.tell(lambda: PICTURE, region("person", (40, 20, 80, 100)))
    assert isinstance(body, BodyPose)
    # The square shown is 96 pixels of the picture wide, from (12, 12) on, and 480 of what the network sees.
    assert np.allclose(body.points[0, :2], (12 + 230 / 5, 12 + 240 / 5))
    face = poses.tell(lambda: PICTURE, region("face", (70, 50, 80, 60)))
    assert isinstance(face, FacePose)
    assert face.points[:FACE_POINTS].shape == (7, 3)
    put[:, 0] = 5
    assert poses.tell(lambda: PICTURE, region("face", (70, 50, 80, 60))) is None


def test_weights_that_mask_rcnn_has_are_refused(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="needs the extra rcnn")
    pytest.importorskip("torchvision", reason="needs the extra rcnn")
    torch.save({"roi_heads.mask_head.mask_fcn1.weight": torch.zeros(3)}, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match="wanted is keypointrcnn_resnet50_fpn as torchvision publishes it"):
        Poses(tmp_path / "a.pth")
