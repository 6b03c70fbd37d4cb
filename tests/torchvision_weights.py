"""State dicts of torchvision's R-CNNs as it publishes them, with random weights that find something anywhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs the extra rcnn")
detection = pytest.importorskip("torchvision.models.detection", reason="needs the extra rcnn")

CLASSES = {"MaskRCNN": 91, "KeypointRCNN": 2}
EARLIER = (
    (r"(backbone\.fpn\.(?:inner|layer)_blocks\.\d)\.0\.", r"\1."),
    (r"rpn\.head\.conv\.0\.0\.", "rpn.head.conv."),
    (r"roi_heads\.mask_head\.(\d)\.0\.", lambda found: f"roi_heads.mask_head.mask_fcn{int(found[1]) + 1}."),
)
"""The names that layers have in the published files, which are older than today's."""


def network(kind: str, side: int, **given: Any) -> Any:
    """One of torchvision's, for pictures made `side` pixels high; it finds persons, and if it knows cars, these."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    backbone = detection.backbone_utils.resnet_fpn_backbone(backbone_name="resnet50", weights=None)
    net = getattr(detection, kind)(
        backbone, CLASSES[kind], min_size=side, max_size=round(side * 1333 / 800), **given
    ).eval()
    detection._utils.overwrite_eps(net, 0.0)
    with torch.no_grad():
        for name, values in net.state_dict().items():
            if name.endswith("running_var"):
                values.uniform_(0.5, 2)
            elif name.endswith("bn3.weight"):
                values.fill_(0.2)
        # So small that 1e-5 beneath the root, which the published network goes without, would show.
        net.backbone.body.bn1.running_var *= 1e-5
        net.backbone.body.bn1.weight *= 0.003
        likely = net.roi_heads.box_predictor.cls_score
        likely.bias[1] = 4
        if kind == "MaskRCNN":
            likely.bias[3], likely.weight[3] = 3.999, likely.weight[1].clone()
    return net


def earlier(net: Any) -> dict[str, Any]:
    """Its weights by the names of the published file."""
    weights = {}
    for name, values in net.state_dict().items():
        for now, then in EARLIER:
            name = re.sub(now, then, name)
        weights[name] = values
    return weights


def save(net: Any, path: Path) -> Path:
    torch.save(earlier(net), path)
    return path
