"""New clothes that a model draws: it never sees the old ones, and nothing but clothes is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from drawn_dressed import Dressed, Person, dressed, walking
from drawn_frames import YUV420, YUV444_FULL
from drawn_inpainters import Moody

from passerby.core import pixels
from passerby.core.errors import StageError
from passerby.core.frame import Frame, PixelFormat
from passerby.core.parsing import Garment, Parsed
from passerby.core.regions import Mask, Patch, Region
from passerby.mask.parsing_steady import Smoothing, Steady
from passerby.methods.dividing import Once
from passerby.paint.clothes.redress import PROMPTS, Redressed, worn
from passerby.paint.composite import composite
from passerby.paint.diffusion.effect import Inpainted
from passerby.paint.effects import Blur, Fill, Mosaic
from passerby.testing import check_anonymizer

SIZE = (320, 360)
CARRIED = Smoothing().hold_frames
Picture = np.ndarray[Any, np.dtype[np.uint8]]


def filmed(picture: Picture, pixel_format: PixelFormat = YUV420, index: int = 0) -> Frame:
    height, width = picture.shape[:2]
    planes = tuple(np.zeros((-(-height // y), -(-width // x)), np.uint8) for x, y in pixel_format.subsampling)
    empty = Frame(planes, pixel_format, index, index, Fraction(1, 25))
    return empty.with_planes(pixels.to_planes(picture, empty, (0, 0, width, height)))


def region(box: np.ndarray[Any, Any], track: int = 1, label: str = "clothes", grow: int = 8) -> Region:
    x0, y0, x1, y1 = np.rint(box).astype(int).tolist()
    alpha = np.full((y1 - y0 + 2 * grow, x1 - x0 + 2 * grow), 255, np.uint8)
    return Region(track, label, box, Mask(x0 - grow, y0 - grow, alpha), seed=70 + track)


@dataclass
class Truth:
    """A `Parser` that knows how frames were drawn; in those that are `unknown` it cannot tell."""

    drawn: Sequence[Dressed]
    unknown: set[int] = field(default_factory=set)
    asked: list[int] = field(default_factory=list)

    def parse(self, frame: Frame, boxes: np.ndarray[Any, Any]) -> list[Parsed | None]:
        self.asked.append(frame.index)
        garments = self.drawn[frame.index].garments.items()
        told = Parsed(tuple(Garment(group, Mask(0, 0, alpha)) for group, alpha in garments))
        return [None if frame.index in self.unknown else told for _ in boxes]


def redressed(parser: Any, model: Any = None, **changes: Any) -> Redressed:
    painter = Inpainted(model or Moody(), every=changes.pop("every", 4), controls=changes.pop("controls", None))
    return Redressed(parser, painter, **{"others": Once(Mosaic()), "cover": Mosaic(), "steady": Steady, **changes})


def painted(effect: Redressed, frames: Sequence[Frame], regions: Sequence[Sequence[Region]]) -> list[Frame]:
    patches = effect.paint(frames, regions)
    return [composite(*one) for one in zip(frames, regions, patches, strict=True)]


def walked(count: int = 6, **changes: Any) -> tuple[list[Frame], list[list[Region]], Truth]:
    """Somebody who walks through a frame."""
    drawn = [dressed(SIZE, [one], seed=i) for i, one in enumerate(walking(Person(at=(0.4, 0.04), **changes), count))]
    frames = [filmed(one.picture, index=i) for i, one in enumerate(drawn)]
    return frames, [[region(one.boxes[0])] for one in drawn], Truth(drawn)


def clothes_of(drawn: Dressed) -> Picture:
    return np.asarray(np.max(list(drawn.garments.values()), axis=0), np.uint8)


@pytest.mark.parametrize("pixel_format", [YUV420, YUV444_FULL])
@pytest.mark.parametrize("size", [SIZE, (321, 359)])
def test_outside_of_clothes_and_their_edge_every_sample_is_the_decoders_own(
    pixel_format: PixelFormat, size: tuple[int, int]
) -> None:
    drawn = dressed(size, [Person(pattern="logo", tone=(60, 40, 30))])
    frame, mine = filmed(drawn.picture, pixel_format), region(drawn.boxes[0])
    [after] = painted(redressed(Truth([drawn])), [frame], [[mine]])
    told = Parsed(tuple(Garment(group, Mask(0, 0, alpha)) for group, alpha in drawn.garments.items()))
    clothes = worn(mine, told)
    assert clothes is not None
    touched = pixels.alphas(frame, clothes.mask, (0, 0, *size))
    for old, new, alpha in zip(frame.planes, after.planes, touched, strict=True):
        assert np.array_equal(old[alpha == 0], new[alpha == 0])
        assert (old[alpha == 255] != new[alpha == 255]).mean() > 0.3


def test_the_edge_that_is_written_is_no_wider_than_a_few_pixels() -> None:
    drawn = dressed(SIZE)
    told = Parsed(tuple(Garment(group, Mask(0, 0, alpha)) for group, alpha in drawn.garments.items()))
    clothes = worn(region(drawn.boxes[0]), told)
    assert clothes is not None
    whole = np.zeros(SIZE[::-1], np.uint8)
    x0, y0, x1, y1 = clothes.mask.box
    inside = slice(max(y0, 0), min(y1, SIZE[1])), slice(max(x0, 0), min(x1, SIZE[0]))
    whole[inside] = clothes.mask.alpha[
        inside[0].start - y0 : inside[0].stop - y0, inside[1].start - x0 : inside[1].stop - x0
    ]
    assert (whole[clothes_of(drawn) > 0] == 255).all()
    skin = drawn.skin == 255
    assert (whole[skin] > 0).mean() < 0.25, "hands and faces are no clothes"
    face = tuple(slice(*sorted(side)) for side in np.rint(drawn.faces[0].reshape(2, 2).T[::-1]).astype(int).tolist())
    assert not whole[face].any()


def test_the_model_never_sees_what_was_worn() -> None:
    """Two who wear different things come out the same, to the last sample of their clothes."""
    results, models = [], []
    for colour, pattern in (((200, 30, 30), "logo"), ((20, 160, 60), "stripes")):
        drawn = dressed(SIZE, [Person(upper=colour, lower=colour[::-1], pattern=pattern)], noise=0)
        models.append(Moody())
        frame = filmed(drawn.picture, YUV444_FULL)
        results += painted(redressed(Truth([drawn]), models[-1]), [frame], [[region(drawn.boxes[0])]])
    for one, other in zip(models[0].crops, models[1].crops, strict=True):
        assert np.array_equal(one.picture, other.picture)
        assert (one.picture[one.hole] == 128).all()
    solid = clothes_of(drawn) == 255
    for old, new in zip(results[0].planes, results[1].planes, strict=True):
        assert np.array_equal(old[solid], new[solid])


def test_the_model_is_shown_no_face_that_is_hidden() -> None:
    drawn = dressed(SIZE)
    frame, face = filmed(drawn.picture), region(drawn.faces[0], 9, "face", grow=3)
    shown = []
    for colour in ((0, 0, 0), (255, 255, 255)):
        other = drawn.picture.copy()
        x0, y0, x1, y1 = np.rint(drawn.faces[0]).astype(int).tolist()
        other[y0 + 2 : y1 - 2, x0 + 2 : x1 - 2] = colour
        model = Moody()
        effect = redressed(Truth([drawn]), model, others=Once(Fill()))
        [after] = painted(effect, [filmed(other)], [[region(drawn.boxes[0]), face]])
        shown.append(model.crops[0].picture)
        at = pixels.rgb(after)[y0 + 4 : y1 - 4, x0 + 4 : x1 - 4]
        assert np.ptp(at.reshape(-1, 3), axis=0).max() <= 2, "the patch of the person brings the face back"
    assert np.array_equal(*shown)
    assert frame.size == SIZE


def test_frames_that_come_again_as_context_are_told_once_and_look_the_same() -> None:
    frames, regions, truth = walked(9)
    effect = redressed(truth)
    first = painted(effect, frames[:6], regions[:6])
    again = painted(effect, frames[3:9], regions[3:9])
    assert truth.asked == list(range(9))
    for one, other in zip(first[3:6], again[:3], strict=True):
        # What lies between key frames leans towards the next one, once that is known.
        apart = [np.abs(a.astype(int) - b).mean() for a, b in zip(one.planes, other.planes, strict=True)]
        assert max(apart) < 3


def test_a_new_film_begins_anew() -> None:
    frames, regions, truth = walked(4)
    effect = redressed(truth)
    painted(effect, frames, regions)
    fresh = [[region(mine.box, 1) for mine in scene] for scene in regions]
    painted(effect, frames[:1], fresh[:1])
    assert truth.asked == [0, 1, 2, 3, 0]


def hides(patches: Sequence[Sequence[Patch]]) -> list[bool]:
    return [patch.hides for mine in patches for patch in mine]


def test_clothes_that_cannot_be_told_are_where_they_were_and_then_the_person_is_covered() -> None:
    frames, regions, truth = walked(CARRIED + 4)
    truth.unknown = set(range(2, CARRIED + 4))
    assert hides(redressed(truth).paint(frames, regions)) == [False] * (2 + CARRIED) + [True] * 2


def test_clothes_of_before_an_absence_are_nowhere() -> None:
    frames, regions, truth = walked(12)
    truth.unknown = {11}
    present = [mine if i in (0, 1, 11) else [] for i, mine in enumerate(regions)]
    assert hides(redressed(truth).paint(frames, present)) == [False, False, True]


@pytest.mark.parametrize("nothing", [None, Parsed(())])
def test_who_cannot_be_told_from_the_start_is_covered_whole(nothing: Parsed | None) -> None:
    drawn = dressed(SIZE)
    frame, mine = filmed(drawn.picture), region(drawn.boxes[0])

    class Helpless:
        def parse(self, frame: Frame, boxes: np.ndarray[Any, Any]) -> list[Parsed | None]:
            return [nothing for _ in boxes]

    [[patch]] = redressed(Helpless()).paint([frame], [[mine]])
    [[mosaic]] = Mosaic().paint([frame], [[mine]])
    assert patch.hides
    assert all(np.array_equal(a, b) for a, b in zip(patch.planes, mosaic.planes, strict=True))


def test_a_parser_that_forgets_somebody_ends_the_run() -> None:
    drawn = dressed(SIZE)

    class Forgetful:
        def parse(self, frame: Frame, boxes: np.ndarray[Any, Any]) -> list[Parsed | None]:
            return []

    with pytest.raises(StageError, match="of 0 persons in frame 0, of 1"):
        redressed(Forgetful()).paint([filmed(drawn.picture)], [[region(drawn.boxes[0])]])


def test_a_model_that_fails_ends_the_run() -> None:
    drawn = dressed(SIZE)

    class Failing:
        batch = 4

        def inpaint(self, crops: Sequence[Any]) -> list[Picture]:
            raise StageError("out of memory")

    with pytest.raises(StageError, match="out of memory"):
        redressed(Truth([drawn]), Failing()).paint([filmed(drawn.picture)], [[region(drawn.boxes[0])]])


def test_what_draws_must_be_blind() -> None:
    with pytest.raises(ValueError, match="blind"):
        Redressed(Truth([]), Blur(), others=Mosaic(), cover=Mosaic())


def test_who_stands_how_is_seen_before_anything_is_covered_and_shown_to_the_model() -> None:
    frames, regions, truth = walked(3)
    seen: list[tuple[int, list[int]]] = []

    class Witnessing:
        def see(self, frame: Frame, covered: Frame, persons: Sequence[Region]) -> None:
            assert np.array_equal(frame.planes[0], frames[frame.index].planes[0])
            seen.append((frame.index, [person.track_id for person in persons]))

        def control(self, frame: int, tracks: Sequence[int], box: object, side: int) -> Picture:
            assert (frame, list(tracks)) in seen
            return np.full((side, side, 3), 10 + frame, np.uint8)

    witness, model = Witnessing(), Moody()
    painted(redressed(truth, model, every=1, controls=witness, witness=witness), frames, regions)
    assert seen == [(0, [1]), (1, [1]), (2, [1])]
    assert [int(crop.control[0, 0, 0]) for crop in model.crops if crop.control is not None] == [10, 11, 12]


def test_the_model_and_who_tells_shapes_are_shown_nobody_who_is_covered_whole() -> None:
    """One's clothes cannot be told, and other's can: whatever the first looks like, the second gets the same."""
    drawn = dressed(SIZE, [Person(at=(0.4, 0.04))])
    hers = region(drawn.boxes[0])
    his = region(drawn.boxes[0] + np.float32([60, 0, 60, 0]), 2)
    x0, y0, x1, y1 = his.mask.box
    under = slice(max(y0, 0) + 2, y1 - 2), slice(x0 + 2, x1 - 2)

    class Half:
        def parse(self, frame: Frame, boxes: np.ndarray[Any, Any]) -> list[Parsed | None]:
            left = np.where(np.arange(SIZE[0]) < x0 - 8, clothes_of(drawn), 0).astype(np.uint8)
            return [Parsed((Garment("upper", Mask(0, 0, left)),)), None]

    class Witnessing:
        def see(self, frame: Frame, covered: Frame, persons: Sequence[Region]) -> None:
            seen.append(pixels.rgb(covered))

    seen: list[Picture] = []
    models = []
    for level in (0, 255):
        picture = drawn.picture.copy()
        picture[under] = level
        models.append(Moody())
        effect = redressed(
            Half(), models[-1], cover=Fill(colour=(9, 90, 9)), witness=Witnessing(), controls=NoControls(), steady=None
        )
        effect.paint([filmed(picture, YUV444_FULL)], [[hers, his]])
    assert len(models[0].crops) == 1
    assert (models[0].crops[0].picture == models[1].crops[0].picture).all()
    assert (seen[0][under] == seen[1][under]).all()


class NoControls:
    def control(self, frame: int, tracks: Sequence[int], box: object, side: int) -> None:
        return None


def everywhere(frame: Frame, boxes: np.ndarray[Any, Any]) -> list[Parsed | None]:
    """Whoever is in the picture wears their whole box."""
    answer: list[Parsed | None] = []
    for x0, y0, x1, y1 in np.rint(boxes).astype(int).tolist():
        inside = x0 < frame.size[0] and y0 < frame.size[1] and x1 > 0 and y1 > 0
        alpha = np.full((y1 - y0, x1 - x0), 255, np.uint8)
        answer.append(Parsed((Garment("upper", Mask(x0, y0, alpha)),)) if inside else None)
    return answer


@dataclass
class Answering:
    parse: Callable[[Frame, np.ndarray[Any, Any]], list[Parsed | None]]


@pytest.mark.parametrize("label", ["clothes", "face"])
def test_it_keeps_the_contract(label: str) -> None:
    check_anonymizer(redressed(Answering(everywhere)), label)


def test_every_style_has_words_of_its_own() -> None:
    assert set(PROMPTS) == {"random", "formal", "sport", "casual"}
    assert len({prompt.wanted for prompt in PROMPTS.values()}) == len(PROMPTS)
    assert all("nude" in prompt.unwanted for prompt in PROMPTS.values())
