"""Several effects, each for some of what is hidden: faces this way, plates that way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter

from passerby.core.errors import StageError
from passerby.core.frame import Frame
from passerby.core.notes import notes_of
from passerby.core.regions import Patch, Region
from passerby.core.stages import Anonymizer


class _Several:
    """An `Anonymizer` (see `core.stages`) of several, by their names."""

    def __init__(self, effects: Mapping[str, Anonymizer], name: Callable[[Region], str]) -> None:
        """`name` tells which of them paints a region."""
        self.effects = dict(effects)
        self.batch = min((effect.batch for effect in self.effects.values()), default=1)
        self.reach = max((effect.reach for effect in self.effects.values()), default=0)
        self.blind = all(effect.blind for effect in self.effects.values())
        self.drawn = all(getattr(effect, "drawn", False) for effect in self.effects.values())
        self.notes = notes_of(*self.effects.values())
        self._name = name

    def paint(self, frames: Sequence[Frame], hidden: Sequence[Sequence[Region]]) -> list[list[Patch]]:
        """See `Anonymizer`. Each of them is shown every frame: what remembers has to know how much time went by.

        Raises:
            StageError: there is a region that none of them paints.
        """
        strange = sorted({self._name(region) for regions in hidden for region in regions} - self.effects.keys())
        if strange:
            raise StageError(f"no effect for {strange[0]!r}; there is one for {', '.join(filter(None, self.effects))}")
        painted: list[dict[int, Patch]] = [{} for _ in hidden]
        for name, effect in self.effects.items():
            mine = [[i for i, region in enumerate(regions) if self._name(region) == name] for regions in hidden]
            chosen = [[regions[i] for i in rows] for regions, rows in zip(hidden, mine, strict=True)]
            for done, rows, patches in zip(painted, mine, effect.paint(frames, chosen), strict=True):
                done.update(zip(rows, patches, strict=True))
        return [[done[i] for i in range(len(regions))] for done, regions in zip(painted, hidden, strict=True)]


class ByLabel(_Several):
    """An effect for each label."""

    def __init__(self, effects: Mapping[str, Anonymizer]) -> None:
        super().__init__(effects, attrgetter("label"))


class ByMethod(_Several):
    """An effect for each of the `methods` that regions may have of their own, and one for all the others."""

    def __init__(self, others: Anonymizer, methods: Mapping[str, Anonymizer]) -> None:
        super().__init__({"": others, **methods}, attrgetter("method"))
