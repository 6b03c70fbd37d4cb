"""Is the picture still as it was, where nobody had to be hidden?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from passerby import weights
from passerby.core import pixels
from passerby.core.errors import NotMeasurable, OptionError, WeightsError
from passerby.core.frame import Frame
from passerby.evaluate import distribution, goals
from passerby.evaluate.clip import Clip, Present, surely
from passerby.evaluate.findings import Section
from passerby.evaluate.lpips import Lpips, Net
from passerby.evaluate.quality import Fidelity
from passerby.evaluate.sections import crops
from passerby.evaluate.sections.answer import Answer, Asking, noted
from passerby.evaluate.sections.quality_grids import PLATE, grids
from passerby.evaluate.statistics import Figure
from passerby.evaluate.watchers import FACE, PERSON, VEHICLE

QUESTION = "Is the picture still as it was where nobody had to be hidden?"
MOST_FRAMES = 200
"""Of a clip, spread evenly: neighbours tell nothing new, and all metrics of a large frame take seconds."""
NET: Net = "alex"
BACKBONE = "alexnet-owt-7be5be79.pth"
"""As torchvision publishes it, beside whose weights LPIPS publishes its own."""


def quality(clips: Sequence[Clip], asking: Asking) -> Answer:
    """PSNR, SSIM and LPIPS of whole frames, inside and outside of what is hidden, and of each class."""
    missing: list[str] = []
    try:
        fidelity = Fidelity(perception=_lpips())
    except (WeightsError, OptionError) as error:
        missing.append(f"LPIPS: {error}")
        fidelity = Fidelity()
    protocols: list[str] = []
    said_by: dict[str, set[str]] = {}
    for clip in clips:
        hidden = asking.hidden(clip)
        protocols.append(hidden.protocol)
        plates = _plates(clip)
        for label, model in clip.watchers.models.items():
            said_by.setdefault(label, set()).add(model)
        if plates is not None:
            said_by.setdefault(PLATE, set()).add(plates.said_by)
        frames = clip.frames(asking.progress(f"{clip.name}, quality"))
        step = max(1, -(-clip.count // MOST_FRAMES))
        if step > 1:
            protocols.append(f"every {step}th frame of {clip.name}")
        for index, (one, other) in enumerate(frames):
            if index % step:
                continue
            area = hidden.area(clip.pair.fit.coarse(one), other)
            before, after = pixels.rgb(one), pixels.rgb(other)
            fidelity.add(clip.name, before, after, hidden=area, classes=_classes(clip, index, one, plates))
    try:
        heaps = _heaps(clips, asking, missing)
    except (WeightsError, OptionError) as error:
        missing.append(f"FID and KID: {error}")
        heaps = []
    figures = [*_told(noted(fidelity.figures(), *dict.fromkeys(protocols)), said_by), *heaps]
    section = Section(
        name="quality",
        question=QUESTION,
        figures=tuple(figures),
        headline=("SSIM, outside", "PSNR, pooled, outside", "SSIM"),
        verdicts=tuple(goals.judged(goals.QUALITY_GOALS, figures)),
        grids=grids(figures, said_by),
    )
    return Answer(section, tuple(missing))


def _told(figures: Sequence[Figure], said_by: Mapping[str, Collection[str]]) -> list[Figure]:
    """`figures`, those of a class with who says where it is."""
    answer: list[Figure] = []
    for figure in figures:
        mine = [label for label in said_by if label in figure.name.split(", ")]
        notes = [f"{label}s as told by {who}" for label in mine for who in sorted(said_by[label])]
        answer += noted([figure], *notes)
    return answer


def _plates(clip: Clip) -> Present | None:
    """Plates as the truth or the plan tells of them: nobody looks for them."""
    try:
        return clip.known(PLATE)
    except NotMeasurable:
        return None


def _classes(clip: Clip, index: int, frame: Frame, plates: Present | None) -> dict[str, NDArray[np.bool_]]:
    """The boxes of each class that is surely there, and of `plates`, (H, W)."""
    boxes = {}
    if clip.before:
        boxes = {label: surely([clip.before[index]], label)[0].boxes for label in (FACE, PERSON, VEHICLE)}
    if plates is not None:
        boxes[PLATE] = plates.people.boxes[plates.people.frames == index]
    width, height = frame.size
    answer = {}
    for label, mine in boxes.items():
        area = np.zeros((height, width), np.bool_)
        for x0, y0, x1, y1 in np.rint(np.clip(mine, 0, None)).astype(int):
            area[y0:y1, x0:x1] = True
        answer[label] = area
    return answer


def _lpips() -> Lpips:
    """LPIPS with AlexNet.

    Raises:
        WeightsError: its network or its heads are not here.
        OptionError: PyTorch is not here.
    """
    heads = weights.find(f"lpips_lin_{NET}")
    backbone = next((folder / BACKBONE for folder in weights.folders() if (folder / BACKBONE).is_file()), None)
    if backbone is None:
        raise WeightsError(
            f"its network is not here; put torchvision's {BACKBONE} "
            "(https://download.pytorch.org/models/) into the folder that --models names"
        )
    return Lpips(NET, backbone, heads)


def _heaps(clips: Sequence[Clip], asking: Asking, missing: list[str]) -> list[Figure]:
    """Distances of heaps of crops of each class before and after, by the features of a network that was given.

    Faces go by the plain names, as they are what FID's goal is for.

    Raises:
        OptionError: no network was given.
    """
    if asking.brought.features is None:
        raise OptionError("no network was given; give an Inception of FID's as ONNX with --features FILE")
    network = distribution.OnnxFeatures(asking.brought.features, name=distribution.called(asking.brought.features))
    figures: list[Figure] = []
    for of, label in crops.CUT.items():
        try:
            gathered = crops.gathered(clips, of, asking)
        except NotMeasurable as error:
            missing.append(f"FID and KID of {label}s: {error}")
            continue
        before = [crop for one in gathered for crop in one.views.originals]
        after = [crop for one in gathered for crop in one.views.anonymized]
        mine = noted(distribution.figures(network, before, after), f"crops of {label}s")
        figures += mine if label == FACE else (replace(one, name=f"{one.name}, {label}") for one in mine)
    return figures
