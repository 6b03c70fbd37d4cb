"""Were clothes changed well, quickly and in the right place? A table of targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from passerby.core.errors import NotMeasurable, OptionError, WeightsError
from passerby.evaluate import cost, distribution, goals, masks
from passerby.evaluate.clip import Clip
from passerby.evaluate.findings import Section
from passerby.evaluate.sections import crops
from passerby.evaluate.sections.answer import Answer, Asking, noted
from passerby.evaluate.sections.masks import compared_folders
from passerby.evaluate.sections.quality import quality
from passerby.evaluate.statistics import Figure

QUESTION = "Were clothes changed well, quickly and in the right place?"
GOALS = (*goals.QUALITY_GOALS, *goals.COST_GOALS, *goals.MASK_GOALS)
COSTS = {"time a frame": "ms", "throughput": "frames/s", cost.VRAM: "MiB"}
LEAST_CROPS = 2000
"""Of persons: an FID of fewer is too high by its sample size alone, and is held against no target."""
CLOSE = "the whole frame is near the original where people are small: the areas apart say more"


def clothes(clips: Sequence[Clip], asking: Asking) -> Answer:
    """Every target with its figure, or with the reason why there is none here."""
    pictures = quality(clips, replace(asking, brought=replace(asking.brought, features=None))).section
    assert pictures is not None  # it always gives one
    kinds = ("SSIM", "LPIPS", "PSNR, pooled, outside")
    likeness = [figure for figure in pictures.figures if figure.name.startswith(kinds)]
    figures = [
        *(replace(figure, notes=(*figure.notes, CLOSE)) if "," not in figure.name else figure for figure in likeness),
        *_heaps(clips, asking),
        *_costs(asking.run_report),
        *_masks(asking.masks),
    ]
    verdicts = tuple(goals.judged(GOALS, figures))
    return Answer(
        Section(
            name="clothes",
            question=QUESTION,
            figures=tuple(figures),
            headline=tuple(goal.figure for goal in GOALS),
            verdicts=verdicts,
        )
    )


def _heaps(clips: Sequence[Clip], asking: Asking) -> list[Figure]:
    """FID and KID of crops of persons."""
    if asking.brought.features is None:
        return [_none("FID", "no network was given; give an Inception of FID's as ONNX with --features FILE")]
    try:
        network = distribution.OnnxFeatures(asking.brought.features, name=distribution.called(asking.brought.features))
        gathered = crops.gathered(clips, "body", asking)
    except (WeightsError, NotMeasurable, OptionError) as error:
        return [_none("FID", str(error))]
    before = [crop for one in gathered for crop in one.views.originals]
    after = [crop for one in gathered for crop in one.views.anonymized]
    figures = noted(distribution.figures(network, before, after), "crops of persons")
    if network.name != distribution.INCEPTION:
        other = (
            f"{asking.brought.features.name} is not called an Inception, so that its distance is no FID; see the others"
        )
        return [_none("FID", other), *figures]
    few = f"not meaningful for {len(before)} crops of persons, {LEAST_CROPS} are wanted; read KID instead"
    return [_none("FID", few) if one.name == "FID" and len(before) < LEAST_CROPS else one for one in figures]


def _costs(report: Path | None) -> list[Figure]:
    if report is None:
        why = "no report of the run; change clothes with --report RUN.json, and give it with --run-report"
        return [_none(name, why, unit) for name, unit in COSTS.items()]
    return cost.figures(report)


def _masks(folders: tuple[Path, Path] | None) -> list[Figure]:
    if folders is None:
        why = "no masks drawn by hand; give them with --truth-masks, and those that were found with --masks"
        return [_none(goal.figure, why) for goal in goals.MASK_GOALS]
    rows, _ = compared_folders(*folders)
    return masks.figures(rows, cautions=())


def _none(name: str, why: str, unit: str = "") -> Figure:
    return Figure(name=name, value=None, n=0, unit=unit, missing=why)
