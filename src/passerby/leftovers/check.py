"""`passerby.verify`: one finished file, read anew and searched for what identifies people."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from passerby import targets, weights
from passerby.core.errors import InputError, OptionError, PlanError
from passerby.core.frame import MediaInfo
from passerby.core.plan import Plan
from passerby.flow import ahead
from passerby.leftovers.carried import carried_by_video
from passerby.leftovers.carried_stills import carried_by_still
from passerby.leftovers.judges import ByOriginal, ByPlan
from passerby.leftovers.look import Judges, Seen, longest, look
from passerby.leftovers.seekers import Seekers, seekers, sums
from passerby.leftovers.verdict import Carried, Verdict
from passerby.media.mark import says_synthetic
from passerby.media.reading import Reading
from passerby.media.stills import StillSource, is_still
from passerby.media.video import VideoSource
from passerby.methods import hiding
from passerby.one_thread import one_thread
from passerby.plan import store
from passerby.progress import Progress, Silent
from passerby.settings import DEFAULTS, Options

FRAMES_AHEAD = 2
UNMARKED = Carried("mark", "generators drew in it, and nothing in the file says that it is synthetic")
CONF = 0.6
"""Least score of a find. In the original half of that is enough: there it only confirms."""

BLIND_SPOTS = (
    "faces that the model misses: very small, very dark, from behind or masked ones",
    "what is hidden in the pixels on purpose (steganography), and words inside of the picture",
)
HEADS = (
    "heads of persons whom the model misses, and heads that are not in the upper part of a person: no model finds "
    "heads as such"
)
BODIES = (
    "whether a head is hidden already: below one that is, the model finds a body, whose upper part then counts as left "
    "over; --original tells the two apart"
)

Seek = Callable[[Collection[str], Collection[str]], Seekers]
"""Chooses who looks for which labels, by the SHA-256 sums of the models that hid."""


@dataclass(frozen=True, kw_only=True)
class Checking:
    """How a finished file is looked at, and what is known of how it was made."""

    plan: Plan | None = None
    """What was hidden where."""
    original: Path | None = None
    every: int = 1
    """Frames from one look to the next; 1 looks at every one."""
    conf: float = CONF
    """Least score of a find, in (0, 1)."""
    sound: bool = False
    """It may have sound."""
    synthetic: bool = False
    """Generators drew in it: then it has to say so."""
    hidden_by: tuple[str, ...] = ()
    """Models that did the hiding, by name in the registry or file, besides passerby's own and those of the `plan`."""
    options: Options = DEFAULTS
    """How things were hidden (`shape`, `grow`) where there is a `plan`, and how the original was read."""

    def __post_init__(self) -> None:
        if self.every < 1:
            raise OptionError(f"--every is a number of frames from 1 up, got {self.every}")
        if not 0 < self.conf < 1:
            raise OptionError(f"--conf is a score between 0 and 1, got {self.conf}")


def verify(
    path: str | Path,
    plan: Plan | str | Path | None = None,
    original: str | Path | None = None,
    *,
    every: int = 1,
    conf: float = CONF,
    sound: bool = False,
    synthetic: bool = False,
    hidden_by: Collection[str] = (),
) -> Verdict:
    """Look once more at a finished file, of passerby or any other tool, for what identifies people.

        verdict = passerby.verify("street_anonymized.mp4", plan="street.plan")
        for leftover in verdict.leftovers:
            print(leftover.line())

    Args:
        path: the finished file, a video or a picture.
        plan: what was hidden where, if passerby did it: what is found there counts as hidden.
        original: what the file was made from: only what is there as well, and looks the same, is left over.
        every: frames from one look to the next; 1 looks at every one.
        conf: least score of a find, in (0, 1).
        sound: the file may have sound.
        synthetic: generators drew in it, so that it has to say so.
        hidden_by: models that did the hiding, by name or file, if other than passerby's own or those of the plan; they
            do not look.

    Raises:
        PasserbyError: see `core.errors`.
    """
    checking = Checking(
        plan=store.load(Path(plan)) if isinstance(plan, str | Path) else plan,
        original=None if original is None else Path(original),
        every=every,
        conf=conf,
        sound=sound,
        synthetic=synthetic,
        hidden_by=tuple(hidden_by),
    )
    return checked(Path(path), checking)


def checked(path: Path, checking: Checking, progress: Progress | None = None, seek: Seek = seekers) -> Verdict:
    """`verify`, with who looks chosen by `seek`."""
    if not path.is_file():
        raise InputError(f"{path} does not exist or is no file; check the name")
    still = is_still(path)
    carried = carried_by_still(path) if still else carried_by_video(path, sound=checking.sound)
    if checking.synthetic and not says_synthetic(path):
        carried.append(UNMARKED)
    source = _opened(path)
    _check_other(path, source.info.sha256, checking)
    labels = {"face", *(checking.plan.labels if checking.plan else ())}
    found_by = seek(labels, _hid(labels, checking))
    with one_thread(), source:
        seen = _seen(source, checking, found_by, progress or Silent())
    return Verdict(
        file=path.name,
        sha256=source.info.sha256,
        size=source.info.size,
        frames=seen.frames,
        looked=seen.looked,
        models=tuple(found_by.models),
        leftovers=longest(seen.leftovers),
        carried=carried,
        others=seen.others,
        unchecked=tuple(found_by.unchecked),
        blind_spots=(*_blind_spots(checking, labels), *found_by.doubts),
    )


def _opened(path: Path, reading: Reading | None = None) -> VideoSource | StillSource:
    return StillSource(path) if is_still(path) else VideoSource(path, reading)


def _check_other(path: Path, sha256: str | None, checking: Checking) -> None:
    """Refuse the original in the place of the output: everybody in it would lie under what the plan hides.

    Raises:
        PlanError: `path` is what the plan was made from.
        OptionError: it is the original itself.
    """
    if checking.plan is not None and sha256 == checking.plan.media.sha256:
        raise PlanError(f"{path.name} is what the plan was made from, not what was made with it; give the output")
    if checking.original is not None and checking.original.exists() and checking.original.samefile(path):
        raise OptionError(f"--original {checking.original} is the file to verify itself; give what it was made from")


def _hid(labels: Collection[str], checking: Checking) -> frozenset[str]:
    """The SHA-256 sums of models that never look: passerby's own for `labels`, and those that are known to have hid."""
    planned = checking.plan.models.values() if checking.plan else ()
    return frozenset(weights.entry(name).sha256 for name in targets.usual(labels)).union(
        sums(checking.hidden_by), planned
    )


def _seen(source: VideoSource | StillSource, checking: Checking, found_by: Seekers, progress: Progress) -> Seen:
    info, plan = source.info, checking.plan
    if found_by.detector is None:
        return Seen(frames=info.frames or 0, looked=0, leftovers=(), others={})
    by_plan = None if plan is None else ByPlan(plan, hiding.shapes(checking.options, plan.labels))
    if plan is not None and info.frames not in (None, plan.media.frames):
        raise PlanError(
            f"the plan is of {plan.media.frames} frames of {plan.media.name}, and {info.name} has {info.frames}; "
            "give the plan that this very file was made with"
        )
    with ExitStack() as stack:
        by_original = None
        if checking.original is not None:
            original = _opened(checking.original, _as_then(checking))
            _check_original(original, info, checking)
            stack.enter_context(original)
            by_original = ByOriginal(original, found_by.detector(original.info.size, checking.conf / 2))
        frames = stack.enter_context(closing(ahead(source, FRAMES_AHEAD)))
        seen = look(
            frames,
            found_by.detector(info.size, checking.conf),
            Judges(plan=by_plan, original=by_original),
            every=checking.every,
            total=info.frames,
            progress=progress,
        )
        # With a plan of the original there is no doubt, and all of every frame may be hidden.
        if by_original is not None and plan is None and by_original.resemblance.none:
            raise InputError(
                f"nothing in {info.name} looks as in {original.info.name}: who is in it could not be found in another "
                "film; give what this very file was made from, or the plan, or no --original if all of it is hidden"
            )
        return seen


def _check_original(original: VideoSource | StillSource, info: MediaInfo, checking: Checking) -> None:
    """Refuse an original that is not the plan's, or that is compared frame by frame and has more or fewer frames.

    Raises:
        PlanError: the plan is of another file.
        InputError: the numbers of frames differ, and no plan says which of them were taken.
    """
    if checking.plan is not None and checking.plan.media.sha256 != original.info.sha256:
        raise PlanError(
            f"the plan is for {checking.plan.media.name} ({checking.plan.media.sha256[:8]}), and the original is "
            f"{original.info.name} ({(original.info.sha256 or '')[:8]}); give the two that belong together"
        )
    theirs, ours = original.info.frames, info.frames
    if checking.plan is None and None not in (theirs, ours) and theirs != ours:
        raise InputError(
            f"{original.info.name} has {theirs} frames and {info.name} {ours}, which cannot be compared one by one; "
            "give the plan as well, or cut the original as it was cut"
        )


def _as_then(checking: Checking) -> Reading:
    """How the original was read for the output."""
    then = checking.plan.media if checking.plan is not None else checking.options
    return Reading(start_s=then.start, end_s=then.end, fps=then.fps, salvage=then.salvage)


def _blind_spots(checking: Checking, labels: Collection[str]) -> list[str]:
    looked_for = ", ".join(f"{label}s" for label in sorted(labels))
    spots = [f"who is known by clothes, gait, place, company or voice; what is looked for: {looked_for}", *BLIND_SPOTS]
    if checking.every > 1:
        skipped = f"{checking.every - 1} of {checking.every} frames are not looked at"
        spots.insert(0, f"who is there for a short time: {skipped}")
    if "head" in labels:
        spots.append(HEADS)
    if checking.plan is not None and checking.original is None:
        spots.append("whether what the plan hides was really painted; --original compares the pixels")
        if "head" in labels:
            spots.append(BODIES)
    return spots
