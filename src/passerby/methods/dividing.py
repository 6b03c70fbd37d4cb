"""What is hidden, divided among two effects, so that neither sees what the other one hides."""

from __future__ import annotations

from collections.abc import Sequence

from passerby.core.frame import Frame
from passerby.core.notes import notes_of
from passerby.core.regions import Patch, Region, same
from passerby.core.stages import Anonymizer
from passerby.flow import windowed
from passerby.paint.composite import blanked, composite
from passerby.paint.diffusion.timeline import timelines_of


class Divided:
    """An `Anonymizer` (see `core.stages`): one effect makes up things of some labels, others hide all else.

    The others come first, and what is made up later is grey for them. Then it is made up beside what they painted.
    """

    def __init__(self, making_up: Anonymizer, labels: Sequence[str], others: Anonymizer) -> None:
        """Let `making_up` paint what has one of `labels` and no method of its own."""
        self.timelines = timelines_of(making_up, others)
        self.batch = making_up.batch
        self.reach = making_up.reach
        self.blind = making_up.blind and others.blind
        self.notes = notes_of(making_up, others)
        self._making_up = making_up
        self._labels = frozenset(labels)
        self._others = Once(others)

    def paint(self, frames: Sequence[Frame], hidden: Sequence[Sequence[Region]]) -> list[list[Patch]]:
        """See `Anonymizer`."""
        mine = [[region for region in regions if self._is_made_up(region)] for regions in hidden]
        theirs = [[region for region in regions if not self._is_made_up(region)] for regions in hidden]
        covered = [blanked(frame, regions) for frame, regions in zip(frames, mine, strict=True)]
        plain = self._others.paint(covered, theirs)
        shown = [composite(*one) for one in zip(covered, theirs, plain, strict=True)]
        answer = []
        for regions, ours, others in zip(hidden, self._making_up.paint(shown, mine), plain, strict=True):
            made_up, left = iter(ours), iter(others)
            answer.append([next(made_up) if self._is_made_up(region) else next(left) for region in regions])
        return answer

    def _is_made_up(self, region: Region) -> bool:
        return region.label in self._labels and not region.method


class Once:
    """An `Anonymizer` (see `core.stages`) to which frames may come again, as context: it sees each once, in order.

    Its patches are remembered as long as the frames come again.
    """

    def __init__(self, effect: Anonymizer) -> None:
        self.batch, self.reach, self.blind = effect.batch, effect.reach, effect.blind
        self.notes = notes_of(effect)
        self.timelines = timelines_of(effect)
        self._effect = effect
        self._done: dict[int, tuple[list[Region], list[Patch]]] = {}

    def paint(self, frames: Sequence[Frame], hidden: Sequence[Sequence[Region]]) -> list[list[Patch]]:
        """See `Anonymizer`."""
        again = {frame.index for frame, regions in zip(frames, hidden, strict=True) if self._knows(frame, regions)}
        new = [
            (frame, list(regions)) for frame, regions in zip(frames, hidden, strict=True) if frame.index not in again
        ]
        self._done = {index: done for index, done in self._done.items() if index in again}
        for context, body in windowed(new, self._effect.batch, self._effect.reach):
            patches = self._effect.paint([frame for frame, _ in context], [regions for _, regions in context])
            for (frame, regions), painted in zip(context[body], patches[body], strict=True):
                self._done[frame.index] = regions, list(painted)
        return [self._done[frame.index][1] for frame in frames]

    def _knows(self, frame: Frame, regions: Sequence[Region]) -> bool:
        before, _ = self._done.get(frame.index, (None, None))
        return same(before, regions)
