"""Several models, each for some classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import StageError
from passerby.paint.diffusion.contract import Crop, Inpainter
from passerby.paint.diffusion.timeline import Timeline, timelines_of


class ByClass:
    """An `Inpainter` that has one for each class; what has the same is drawn together."""

    def __init__(self, models: Mapping[str, Inpainter]) -> None:
        """Draw crops of each label by its model."""
        self._models = dict(models)

    @property
    def batch(self) -> int:
        """That of the model that takes the fewest."""
        return min((model.batch for model in self._models.values()), default=1)

    @property
    def timelines(self) -> tuple[Timeline, ...]:
        """What models did when, of those that tell it."""
        return timelines_of(*self._models.values())

    def inpaint(self, crops: Sequence[Crop]) -> list[NDArray[np.uint8]]:
        """See `Inpainter`.

        Raises:
            StageError: a crop has a class that no model is for.
        """
        drawn: dict[int, NDArray[np.uint8]] = {}
        for model in {id(model): model for model in self._models.values()}.values():
            mine = [i for i, crop in enumerate(crops) if self._models.get(crop.label) is model]
            if mine:
                drawn.update(zip(mine, model.inpaint([crops[i] for i in mine]), strict=True))
        left = {crop.label for i, crop in enumerate(crops) if i not in drawn}
        if left:
            raise StageError(f"no model makes up {', '.join(sorted(left))}; there is one for {', '.join(self._models)}")
        return [drawn[i] for i in range(len(crops))]
