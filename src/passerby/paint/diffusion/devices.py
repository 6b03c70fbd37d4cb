"""Several graphics cards at work together: a model on each, and the crops spread over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import OptionError, PasserbyError, StageError
from passerby.core.notes import notes_of
from passerby.core.stopping import stopping_alike
from passerby.paint.diffusion.choice import Running
from passerby.paint.diffusion.contract import Crop, Inpainter
from passerby.paint.diffusion.timeline import Timeline, timelines_of

Picture = NDArray[np.uint8]
"""RGB (H, W, 3)."""


def opened(places: Sequence[Running], open_in: Callable[[Running], Inpainter]) -> Inpainter:
    """One model for each of `places`, as `open_in` loads it there; a single one comes as it is.

    Raises:
        OptionError: there is no place, or a device is named twice.
    """
    devices = [place.device for place in places]
    if not devices or len(set(devices)) < len(devices):
        raise OptionError(f"devices are {', '.join(devices) or 'none'}; name each once, as in cuda:0,cuda:1")
    models = {place.device: open_in(place) for place in places}
    return models[devices[0]] if len(models) == 1 else Spread(models)


class Spread:
    """An `Inpainter` of several that have the same weights.

    Who does which crop depends on the call alone, never on which device is quicker, and the noise comes with the crop:
    on devices of one kind, the result is that of one of them. Where one fails, the run ends: the others finish what
    they have, no crop is handed on, and nothing is left uncovered.
    """

    def __init__(self, models: Mapping[str, Inpainter]) -> None:
        """A model for each device, by its name. They are used in threads of their own, each in one at a time."""
        self._models = dict(models)

    @property
    def batch(self) -> int:
        """As many crops as keep every device busy once."""
        return sum(model.batch for model in self._models.values())

    @property
    def notes(self) -> tuple[str, ...]:
        """What the models have to tell, each line once."""
        return notes_of(*self._models.values())

    @property
    def timelines(self) -> tuple[Timeline, ...]:
        """What models did when, of those that tell it."""
        return timelines_of(*self._models.values())

    def inpaint(self, crops: Sequence[Crop]) -> list[Picture]:
        """See `Inpainter`.

        Raises:
            StageError: a device failed, which is named, or did not give one picture for each of its crops.
        """
        parts = self._parts(crops)
        with ThreadPoolExecutor(len(self._models), "device") as threads:
            waiting: list[Future[list[Picture]]] = [
                threads.submit(stopping_alike(partial(_made, device, model, [crops[i] for i in part])))
                for (device, model), part in zip(self._models.items(), parts, strict=True)
            ]
        made = (future.result() for future in waiting)
        pictures = dict(zip(chain(*parts), chain(*made), strict=True))
        return [pictures[i] for i in range(len(crops))]

    def _parts(self, crops: Sequence[Crop]) -> list[list[int]]:
        """Row numbers for each device, in proportion to its batch; a track stays with one as far as that goes."""
        rows = sorted(range(len(crops)), key=lambda i: crops[i].seed)
        shares = np.cumsum([0, *(model.batch for model in self._models.values())])
        edges = np.rint(shares / shares[-1] * len(rows)).astype(int).tolist()
        return [rows[first:last] for first, last in pairwise(edges)]


def _made(device: str, model: Inpainter, crops: Sequence[Crop]) -> list[Picture]:
    if not crops:
        return []
    try:
        made = model.inpaint(crops)
    except PasserbyError as error:
        raise StageError(f"{device}: {error}") from error
    if len(made) != len(crops):
        raise StageError(
            f"{device}: {len(crops)} crops gave {len(made)} pictures; one each is needed, nothing is written"
        )
    return made
