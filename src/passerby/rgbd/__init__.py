"""Faces in colour-and-depth pictures: hidden in the colour, and in the depth as well where that is asked for.

    from passerby.rgbd import FaceMasker

    masker = FaceMasker(device="cpu", enable_depth_anon=True)
    rgb_anon, depth_anon, mask, boxes, times = masker.process_arrays(bgr, depth, use_depth_for_mask=True)

`AVPrivacyMasker` is another name of `FaceMasker`.
"""

from __future__ import annotations

from passerby.rgbd.files import Processed
from passerby.rgbd.inputs import DeviceWarning
from passerby.rgbd.masker import AVPrivacyMasker, FaceMasker, Masked
from passerby.rgbd.style import Style

__all__ = ["AVPrivacyMasker", "DeviceWarning", "FaceMasker", "Masked", "Processed", "Style"]
