"""Can hidden people be recognized again? Four attackers, two controls, and the worst of it as the headline.

- *naive*: looks hidden faces up among the originals of known people.
- *reverse*: hides the known people in the same way first.
- *parrot*: trains on hidden pictures of known people, a linear head or the nearest one on a frozen embedding
  (the attack of McPherson et al. 2016 and Oh et al. 2016, arXiv 1609.00408, 1607.08438).
- *inversion*: undoes what was done, and then looks up as the naive one does. With a known operator in each frame, and
  over all frames of a track; without, by a filter learned from pictures of known people before and after, in each
  frame, and on the mean of a track, in which noise averages away.

An attacker has other pictures of the people than those that he is asked about. In every run nothing hidden has to be
recognized, and a solid fill has to come out at chance; else the run says nothing and is marked invalid.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import NotMeasurable
from passerby.evaluate import heads
from passerby.evaluate.embedders import Crop, CropEmbedder
from passerby.evaluate.inversion import Linear, undone
from passerby.evaluate.learned import learned
from passerby.evaluate.operators import Nothing, Operator, Solid
from passerby.evaluate.statistics import Figure, mean

SEEDS = 3
"""How often the parrot hides what it trains on: the noise of a track is not known, so it learns to see past it."""
ROUNDS = 5
"""How often what is drawn is drawn anew for everybody: once, a pattern may happen to look like the right person's."""
RECOGNIZED = 0.5
"""Share of queries that the attackers have to recognize when nothing is hidden, at least, for a run to be valid."""
UNDONE = "inversion, frame by frame", "inversion, whole track"
"""What is called so who undoes what he knows."""
PROTOCOL = "Rank-1 of a closed set, mean over people, ties by lot; other pictures of the same people are known"


@dataclass(frozen=True, eq=False)
class Tracks:
    """Pictures of people: row i of each is one track, crops in order of time and all of one size."""

    people: NDArray[np.int64]
    """(T,) who it is, numbers from 0."""
    crops: tuple[tuple[Crop, ...], ...]

    def __post_init__(self) -> None:
        if len(self.people) != len(self.crops) or not all(self.crops):
            raise ValueError(f"{len(self.people)} people for {len(self.crops)} tracks, each of a crop at least")
        sizes = {crop.shape for track in self.crops for crop in track}
        if len(sizes) > 1:
            raise ValueError(f"crops have shapes {sorted(sizes)}; bring them to one size")

    def whose(self) -> NDArray[np.int64]:
        """Whose each crop is, (N,)."""
        return np.repeat(self.people, [len(track) for track in self.crops])


@dataclass(frozen=True)
class Look:
    """What of a hidden crop is shown to the model: all but `margin`, a share of its sides on every side."""

    embedder: CropEmbedder
    margin: float = 0.0

    def of(self, tracks: Sequence[Sequence[Crop]]) -> NDArray[np.float32]:
        """A row for each crop, (N, D)."""
        crops = [crop for track in tracks for crop in track]
        height, width = crops[0].shape[:2]
        y, x = round(height * self.margin), round(width * self.margin)
        return self.embedder.embed([np.ascontiguousarray(crop[y : height - y, x : width - x]) for crop in crops])


@dataclass(frozen=True, kw_only=True)
class Attacked:
    """How well one way to hide withstood."""

    operator: str
    attacks: tuple[Figure, ...]
    """One for each attacker; `missing` says why one could not be tried."""
    worst: Figure
    """The headline."""
    chance: float
    """What a guess comes to: 1 / number of known people."""
    controls: tuple[Figure, Figure]
    """The worst with nothing hidden, and with a solid fill."""
    invalid: tuple[str, ...]
    """Why the run says nothing; empty when the controls hold."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Hidden:
    """What became of the pictures of an attack."""

    name: str
    asked: Sequence[Sequence[Crop]]
    """Track by track, as in the `Tracks` asked about."""
    known: Sequence[Sequence[Sequence[Crop]]]
    """The known ones, hidden once or several times."""
    unknown: str = "nothing linear is known to undo"
    """Why `models` lack one."""
    models: Sequence[Sequence[Linear] | None] = ()
    """What is known of how each track asked about came to be, frame by frame; empty or None where nothing is."""


def attack(known: Tracks, asked: Tracks, operators: Sequence[Operator], look: Look) -> list[Attacked]:
    """Hide `asked` by each of `operators`, and try to recognize who it is with `known`, pictures of the same people.

    Raises:
        NotMeasurable: fewer than two people are known, or others are asked about.
    """
    return _attacked(known, asked, [(operator.name, _by(operator, known, asked)) for operator in operators], look)


def attack_hidden(known: Tracks, asked: Tracks, hidden: Sequence[Hidden], look: Look) -> list[Attacked]:
    """The same for pictures that are hidden already, such as the crops of a finished file by the original's boxes."""
    return _attacked(known, asked, [(pictures.name, [pictures]) for pictures in hidden], look)


def _attacked(
    known: Tracks, asked: Tracks, hidden: Sequence[tuple[str, Iterable[Hidden]]], look: Look
) -> list[Attacked]:
    """The answer to each of `hidden`: what it is called, and its rounds."""
    people = np.unique(known.people)
    if len(people) < 2 or not np.array_equal(np.unique(asked.people), people):
        raise NotMeasurable(f"{len(people)} people are known; an attack needs two, and to be asked about the same ones")
    if not np.array_equal(people, np.arange(len(people))):
        raise ValueError("people are numbered from 0 without gaps; number them anew")
    run = _Run(known, asked, look, look.of(known.crops))
    open_, filled = (worst(run.attacks(_by(control, known, asked))) for control in (Nothing(), Solid()))
    chance = 1 / len(people)
    invalid = tuple(_broken(open_, filled, chance))
    answer = []
    for name, rounds in hidden:
        attacks = run.attacks(rounds)
        answer.append(
            Attacked(
                operator=name,
                attacks=attacks,
                worst=worst(attacks),
                chance=chance,
                controls=(open_, filled),
                invalid=invalid,
            )
        )
    return answer


def _by(operator: Operator, known: Tracks, asked: Tracks) -> Iterator[Hidden]:
    """Rounds in which every track is hidden with a seed of its own; one is enough where that makes no difference."""
    for number in range(ROUNDS):
        first, *others = (1_000_000 * (number * (SEEDS + 1) + n) for n in range(SEEDS + 1))
        versions = [_each(operator, known, seed) for seed in others]
        random = not all(np.array_equal(a, b) for a, b in zip(versions[0], versions[1], strict=True))
        yield Hidden(
            name=operator.name,
            asked=_each(operator, asked, first),
            known=versions if random else versions[:1],
            models=[operator.known(len(track), first + n) for n, track in enumerate(asked.crops)],
        )
        if not random:
            return


def _each(operator: Operator, tracks: Tracks, first_seed: int) -> list[list[Crop]]:
    return [operator.hide(track, first_seed + number) for number, track in enumerate(tracks.crops)]


def worst(attacks: Sequence[Figure]) -> Figure:
    """The attack that recognizes most; where several do, the first."""
    tried = [figure for figure in attacks if figure.value is not None]
    if not tried:
        raise NotMeasurable("no attack could be tried")
    return max(tried, key=lambda figure: figure.value or 0.0)


def _broken(open_: Figure, filled: Figure, chance: float) -> list[str]:
    """What is wrong with the controls."""
    reasons = []
    seen, blind = open_.value or 0.0, filled.value or 0.0
    if seen < RECOGNIZED or open_.low is None or open_.low <= chance:
        reasons.append(f"with nothing hidden only {seen:.0%} are recognized: the model cannot tell these people apart")
    if abs(blind - chance) > 1e-6:
        reasons.append(f"with a solid fill {blind:.1%} are recognized, and chance is {chance:.1%}: something leaks")
    return reasons


@dataclass(frozen=True)
class _Run:
    """The people, and what was made of them already."""

    known: Tracks
    asked: Tracks
    look: Look
    gallery: NDArray[np.float32]
    """Embeddings of the known as they are."""

    def attacks(self, rounds: Iterable[Hidden]) -> tuple[Figure, ...]:
        """All attackers on what one operator made."""
        answers = [self._round(hidden) for hidden in rounds]
        return tuple(self._figure(of_one) for of_one in zip(*answers, strict=True))

    def _round(self, hidden: Hidden) -> list[_Answer]:
        """What each attacker achieves, in one order."""
        queries = self.look.of(hidden.asked)
        trained = np.concatenate([self.look.of(tracks) for tracks in hidden.known])
        plain = self.known.whose()
        whose = np.tile(plain, len(hidden.known))
        return [
            self._answer("naive", heads.nearest(self.gallery, plain, queries)),
            self._answer("reverse", heads.nearest(trained[: len(plain)], plain, queries)),
            self._answer("parrot, linear head", heads.linear(trained, whose, queries)),
            self._answer("parrot, nearest", heads.nearest(trained, whose, queries)),
            *self._inversions(hidden),
            *self._learned(hidden),
        ]

    def _inversions(self, hidden: Hidden) -> list[_Answer]:
        """What is known undone in each frame on its own, and in all frames of a track together."""
        models = [each for each in hidden.models if each is not None]
        if len(models) < len(hidden.asked):
            return [_Answer(name, missing=hidden.unknown) for name in UNDONE]
        by_frame, by_track = [], []
        for track, each in zip(hidden.asked, models, strict=True):
            by_frame.append([undone([crop], [way]) for crop, way in zip(track, each, strict=True)])
            by_track.append([undone(track, each)] * len(track))
        plain = self.known.whose()
        return [
            self._answer(name, heads.nearest(self.gallery, plain, self.look.of(restored)))
            for name, restored in zip(UNDONE, (by_frame, by_track), strict=True)
        ]

    def _learned(self, hidden: Hidden) -> list[_Answer]:
        """The same by a filter that knows nothing but pairs of the known people."""
        undo = learned(*([crop for track in side for crop in track] for side in (hidden.known[0], self.known.crops)))
        by_frame = [[undo.undone(np.asarray(crop, np.float64)) for crop in track] for track in hidden.asked]
        by_track = [[undo.undone(np.mean(track, axis=0, dtype=np.float64))] * len(track) for track in hidden.asked]
        plain = self.known.whose()
        names = "inversion, learned, frame by frame", "inversion, learned, mean of the track"
        return [
            self._answer(name, heads.nearest(self.gallery, plain, self.look.of(restored)))
            for name, restored in zip(names, (by_frame, by_track), strict=True)
        ]

    def _answer(self, name: str, scores: heads.Scores) -> _Answer:
        whose = self.asked.whose()
        recognized = heads.hits(scores, whose)
        # By person: who answers with one name always is right for one of them, whoever is asked about most often.
        return _Answer(name, [float(recognized[whose == person].mean()) for person in np.unique(whose)])

    def _figure(self, rounds: Sequence[_Answer]) -> Figure:
        """What one attacker achieves in all rounds."""
        name, missing, model = rounds[0].name, rounds[0].missing, self.look.embedder.model
        if missing:
            return Figure(name=name, value=None, n=0, protocol=PROTOCOL, model=model, missing=missing)
        shares = np.mean([each.shares for each in rounds], axis=0)
        return mean(name, shares, np.unique(self.asked.people), protocol=PROTOCOL, model=model)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one attacker achieves in one round."""

    name: str
    shares: Sequence[float] = ()
    """Of everybody's crops, those given to the right person."""
    missing: str = ""
    """Why the attack could not be tried."""
