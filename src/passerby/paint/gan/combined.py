"""Several generators as one effect: each draws what it can, and a plain effect hides all else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from passerby.core import pixels
from passerby.core.errors import OptionError
from passerby.core.frame import Frame
from passerby.core.regions import Patch, Region
from passerby.core.stages import Anonymizer
from passerby.paint.composite import composite
from passerby.paint.gan.combination import TOLD, Combination, Draw
from passerby.paint.gan.effect import SUBJECTS, Subject, Wish, fulfilled
from passerby.paint.gan.pasting import Drawer
from passerby.paint.gan.seam import Seam, seamed
from passerby.paint.gan.steady import Steady
from passerby.paint.gan.tellers import Seen, Silent, Teller, teller
from passerby.paint.gan.windows import Window, Windows
from passerby.runtime import cards
from passerby.weights import checkpoint

if TYPE_CHECKING:
    from passerby.paint.gan.generator import Running
    from passerby.paint.gan.published import Loaded
    from passerby.paint.gan.tria import TriaSize
    from passerby.paint.gan.unet import UnetSize


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How is drawn, whoever draws."""

    truncation: float | None = None
    """See `Looks`; None is as many looks as the weights have centres, or else half-way to the mean."""
    modes: bool = False
    seam: Seam = "soft"
    smooth: float = 0
    """See `Steady`."""
    compiled: bool = False
    """See `Running`."""


@dataclass(frozen=True, slots=True, eq=False)
class Hand:
    """A generator at work for one label."""

    label: str
    drawer: Drawer
    subject: Subject
    teller: Teller


class Combined:
    """An `Anonymizer` (see `core.stages`) of several generators.

    The first hand of a region's label that can be told what it has to know draws the region; where none can, `others`
    hides it. That is done first, so that no generator is shown what another effect hides.
    """

    reach = 0
    blind = False  # the plain effect and those who tell postures see what they hide; generators do not

    def __init__(
        self,
        hands: Sequence[Hand],
        others: Anonymizer,
        *,
        steady: Steady | None = None,
        batch: int = 8,
        notes: Sequence[str] = (),
    ) -> None:
        self.batch = batch
        self.notes = tuple(notes)
        self._hands = tuple(hands)
        self._others = others
        self._windows = Windows()
        self._steady = steady or Steady()

    def paint(self, frames: Sequence[Frame], hidden: Sequence[Sequence[Region]]) -> list[list[Patch]]:
        """See `Anonymizer`."""
        wishes = [self._wishes(frame, mine) for frame, mine in zip(frames, hidden, strict=True)]
        left = [
            [mine[i] for i in range(len(mine)) if i not in wanted] for mine, wanted in zip(hidden, wishes, strict=True)
        ]
        plain = [self._others.paint([frame], [mine])[0] for frame, mine in zip(frames, left, strict=True)]
        shown = [composite(frame, mine, done) for frame, mine, done in zip(frames, left, plain, strict=True)]
        drawn = fulfilled(shown, [list(wanted.values()) for wanted in wishes], self._steady)
        answer = []
        for mine, wanted, one, other in zip(hidden, wishes, drawn, plain, strict=True):
            ours, theirs = iter(one), iter(other)
            answer.append([next(ours) if i in wanted else next(theirs) for i in range(len(mine))])
        return answer

    def _wishes(self, frame: Frame, hidden: Sequence[Region]) -> dict[int, Wish]:
        """Of each region that can be drawn, by its number, who draws it."""
        windows = self._windows.around(frame.index, hidden)
        picture = cache(partial(pixels.rgb, frame))  # once, and only if somebody has to see it
        wishes = {}
        for i, (region, window) in enumerate(zip(hidden, windows, strict=True)):
            wish = self._wish(picture, region, window)
            if wish is not None:
                wishes[i] = wish
        return wishes

    def _wish(self, picture: Seen, region: Region, window: Window) -> Wish | None:
        for hand in self._hands:
            if hand.label == region.label and not region.method:
                told = hand.teller.tell(picture, region)
                if told is not None:
                    return Wish(region, hand.drawer, hand.subject, window, told)
        return None


def combined(combination: Combination, others: Anonymizer, style: Style | None = None) -> Combined:
    """The effect of a combination; `others` hides what it does not draw.

    Raises:
        OptionError: PyTorch is not installed, or nothing tells any of its generators what it has to know.
        WeightsError: the weights of a generator are missing, or are not what they should be.
    """
    style = style or Style()
    checkpoint.torch_library()
    tellers = {kind: teller(kind, path) for kind, path in combination.tellers.items()}
    able = [draw for draw in combination.draws if not TOLD[draw.generator] or TOLD[draw.generator] in tellers]
    notes = [_untold(draw) for draw in combination.draws if draw not in able]
    if not able:
        raise OptionError(f"{combination.name}: {'; '.join(notes)}")
    drawers: dict[tuple[str, Path | None, str], Drawer] = {}
    hands = []
    for draw in able:
        key = draw.generator, draw.file, json.dumps(draw.size)
        if key not in drawers:
            drawers[key] = seamed(_drawer(draw, style, notes), style.seam)
        told = TOLD[draw.generator]
        hands.append(Hand(draw.what, drawers[key], SUBJECTS[draw.generator], tellers[told] if told else Silent()))
    return Combined(hands, others, steady=Steady(style.smooth, style.seam), notes=notes)


def _untold(draw: Draw) -> str:
    kind = TOLD[draw.generator]
    what = "keypoints" if kind == "pose" else "the surfaces of bodies"
    return f"{draw.generator} is told {what}, and no model is given that knows them: --generator {kind}=FILE.onnx"


def _drawer(draw: Draw, style: Style, notes: list[str]) -> Drawer:
    from passerby.paint.gan.generator import Generator, Looks, usual_looks

    name = draw.generator
    loaded = _loaded(name, draw.file, json.dumps(draw.size))
    if loaded.unused:
        notes.append(f"{name}: weights that are not needed are passed over: {', '.join(loaded.unused)}")
    if name == "deep_privacy1":
        looks = Looks()  # it knows none
    elif style.truncation is None and not style.modes:
        looks = usual_looks(loaded.net)
    else:
        looks = Looks(truncation=style.truncation or 0, modes=style.modes)
    if name != "deep_privacy1" and not looks.modes and looks.truncation == 0:
        notes.append(f"{name}: with truncation 0 everybody is given the same look")
    return Generator(loaded.net, looks=looks, running=_running(style))


@lru_cache(maxsize=4)
def _loaded(name: str, file: Path | None, size: str) -> Loaded:
    """A network with its weights, once for all files of a run; `size` is JSON."""
    from passerby.paint.gan.published import load

    return load(name, file, _size(name, json.loads(size)))


def _running(style: Style) -> Running:
    """On a graphics card, in half precision, where PASSERBY_RUNTIME or `--device` names one."""
    from passerby.paint.gan.generator import Running

    device = cards.first()
    return Running(device=device, precision="fp32" if device == "cpu" else "fp16", compiled=style.compiled)


def _size(name: str, given: Any) -> UnetSize | TriaSize | int | None:
    """The size of a network of one's own, as a table of a file says it.

    Raises:
        OptionError: it says something else.
    """
    from passerby.paint.gan import published

    usual = published.SIZES[name]
    if given is None or (isinstance(given, int) and isinstance(usual, int)):
        return given
    if isinstance(given, Mapping) and not isinstance(usual, int):
        lists: dict[str, Any] = {key: tuple(it) if isinstance(it, list) else it for key, it in given.items()}
        try:
            return type(usual)(**lists)
        except TypeError as error:
            raise OptionError(f"the size of {name}: {error}") from None
    raise OptionError(f"the size of {name} is {given!r}, wanted is what {usual} has, as a table")
