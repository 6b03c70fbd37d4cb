"""Persons keep all but the colours of their clothes, which stay what they have become; in doubt they are hidden."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
import pytest
from drawn_dressed import Dressed, Person, dressed, walking
from drawn_frames import RGBA_16, YUV420, YUV422_10, YUV444_FULL

from passerby.core import pixels
from passerby.core.errors import StageError
from passerby.core.frame import Frame, PixelFormat
from passerby.core.parsing import Garment, Parsed
from passerby.core.regions import Mask, Patch, Region
from passerby.mask.parsing_steady import Smoothing, Steady
from passerby.paint.clothes import oklab
from passerby.paint.clothes.effect import Recoloured
from passerby.paint.composite import composite
from passerby.paint.effects import Mosaic, Outline
from passerby.paint.several import ByLabel

SIZE = (320, 360)
HELD = Smoothing().hold_frames


def filmed(picture: np.ndarray, pixel_format: PixelFormat = YUV420, index: int = 0) -> Frame:
    height, width = picture.shape[:2]
    channels = () if pixel_format.channels == 1 else (pixel_format.channels,)
    planes = tuple(
        np.zeros((-(-height // sy), -(-width // sx), *channels), pixel_format.dtype)
        for sx, sy in pixel_format.subsampling
    )
    empty = Frame(planes, pixel_format, index, index, Fraction(1, 25))
    return empty.with_planes(pixels.to_planes(picture, empty, (0, 0, width, height)))


def region(box: np.ndarray, track: int = 1, label: str = "clothes", grow: int = 8) -> Region:
    x0, y0, x1, y1 = np.rint(box).astype(int).tolist()
    alpha = np.full((y1 - y0 + 2 * grow, x1 - x0 + 2 * grow), 255, np.uint8)
    return Region(track, label, box, Mask(x0 - grow, y0 - grow, alpha), seed=70 + track)


@dataclass
class Truth:
    """A `Parser` that knows how frames were drawn; in those that are `unknown` it cannot tell."""

    drawn: dict[int, list[Dressed]]
    """Of every frame, each person alone."""
    unknown: set[int] = field(default_factory=set)

    def parse(self, frame: Frame, boxes: np.ndarray) -> list[Parsed | None]:
        if frame.index in self.unknown:
            return [None] * len(boxes)
        return [
            Parsed(tuple(Garment(group, Mask(0, 0, alpha)) for group, alpha in one.garments.items()))
            for one in self.drawn[frame.index]
        ]


def recoloured(parser: Truth, **changes) -> Recoloured:
    return Recoloured(parser, **{"style": "casual", "fallback": Mosaic(), "steady": Steady(), **changes})


def walked(count: int = 6, **changes) -> tuple[list[Frame], list[Region], Truth]:
    """Somebody who walks through a frame."""
    drawn = [dressed(SIZE, [one], seed=i) for i, one in enumerate(walking(Person(at=(0.4, 0.04), **changes), count))]
    frames = [filmed(one.picture, index=i) for i, one in enumerate(drawn)]
    return frames, [region(one.boxes[0]) for one in drawn], Truth({i: [one] for i, one in enumerate(drawn)})


def painted(effect: Recoloured, frame: Frame, *regions: Region) -> Frame:
    [patches] = effect.paint([frame], [regions])
    return composite(frame, regions, patches)


@pytest.mark.parametrize("pixel_format", [YUV420, YUV422_10, YUV444_FULL, RGBA_16])
@pytest.mark.parametrize("size", [SIZE, (321, 359)])
def test_outside_of_clothes_every_sample_is_the_decoders_own(pixel_format, size):
    drawn = dressed(size, [Person(pattern="logo")])
    frame = filmed(drawn.picture, pixel_format)
    result = painted(recoloured(Truth({0: [drawn]})), frame, region(drawn.boxes[0]))
    worn = Mask(0, 0, np.max(list(drawn.garments.values()), axis=0))
    touched = pixels.alphas(frame, worn, (0, 0, *size))
    for before, after, alpha in zip(frame.planes, result.planes, touched, strict=True):
        assert (before[alpha == 0] == after[alpha == 0]).all()
        assert (before[alpha == 255] != after[alpha == 255]).mean() > 0.3
    if pixel_format.channels == 4:
        assert (result.planes[0][..., 3] == frame.planes[0][..., 3]).all()


def test_colours_stay_the_same_along_a_track():
    frames, regions, truth = walked(12)
    effect = recoloured(truth)
    seen = []
    for frame, mine in zip(frames, regions, strict=True):
        lab = oklab.from_picture(pixels.rgb(painted(effect, frame, mine)))
        [drawn] = truth.drawn[frame.index]
        seen.append([lab[drawn.garments[group] == 255].mean(axis=0) for group in ("upper", "lower", "shoes")])
    assert np.array(seen).std(axis=0).max() < 0.02


def test_two_tracks_seldom_wear_the_same():
    drawn = dressed(SIZE)
    frame, truth = filmed(drawn.picture), Truth({0: [drawn]})
    tops = set()
    for track in range(12):
        lab = oklab.from_picture(pixels.rgb(painted(recoloured(truth), frame, region(drawn.boxes[0], track))))
        tops.add(tuple(np.round(lab[drawn.garments["upper"] == 255].mean(axis=0), 1).tolist()))
    assert len(tops) > 3


def two() -> tuple[Frame, list[Dressed], list[Region]]:
    """Two who overlap; what is seen of the one behind is known."""
    back, front = Person(at=(0.42, 0.04), upper=(200, 30, 30)), Person(at=(0.56, 0.1), upper=(30, 160, 40), height=0.8)
    both, alone = dressed(SIZE, [back, front], noise=0), dressed(SIZE, [front], noise=0)
    hidden = alone.each[0]
    seen = {group: np.where(hidden > 0, 0, share) for group, share in dressed(SIZE, [back]).garments.items()}
    return (
        filmed(both.picture),
        [both._replace(garments=seen), alone],
        [region(box, i) for i, box in enumerate(both.boxes)],
    )


@pytest.mark.parametrize("order", [1, -1])
def test_nobody_brings_back_what_another_one_wore(order):
    frame, drawn, regions = two()
    result = painted(recoloured(Truth({0: drawn[::order]})), frame, *regions[::order])
    before, after = oklab.from_picture(pixels.rgb(frame)), oklab.from_picture(pixels.rgb(result))
    for one in drawn:
        where = one.garments["upper"] == 255
        assert where.sum() > 500
        assert (oklab.distance(before, after)[where] < 0.05).mean() < 0.01


def test_what_hides_a_face_stays_on_top():
    """The clothes' region is larger and holds the face: its patch must not bring the face back."""
    drawn = dressed(SIZE)
    frame, clothes = filmed(drawn.picture), region(drawn.boxes[0])
    face = region(drawn.faces[0], 9, "face", grow=3)
    [[worn]] = recoloured(Truth({0: [drawn]})).paint([frame], [[clothes]])
    [[mosaic]] = Mosaic().paint([frame], [[face]])
    [[lines]] = Outline().paint([frame], [[region(drawn.boxes[0], 5, "person", grow=30)]])
    big = region(drawn.boxes[0], 5, "person", grow=30)
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        pairs = [((clothes, worn), (face, mosaic), (big, lines))[i] for i in order]
        result = composite(frame, [pair[0] for pair in pairs], [pair[1] for pair in pairs])
        at = pixels.window(frame.format, mosaic.box)
        inside = pixels.alphas(frame, face.mask, mosaic.box)
        for plane, patch, window, alpha in zip(result.planes, mosaic.planes, at, inside, strict=True):
            assert (plane[window] == patch)[alpha == 255].all()
        where = drawn.garments["upper"] == 255
        before, after = oklab.from_picture(pixels.rgb(frame)), oklab.from_picture(pixels.rgb(result))
        assert (oklab.distance(before, after)[where] > 0.05).mean() > 0.9


def hides(patch: Patch) -> bool:
    return patch.hides


def test_clothes_that_cannot_be_told_for_a_moment_are_where_they_were():
    frames, regions, truth = walked(HELD + 4)
    truth.unknown = set(range(2, HELD + 4))
    effect = recoloured(truth)
    kinds = [hides(effect.paint([frame], [[mine]])[0][0]) for frame, mine in zip(frames, regions, strict=True)]
    assert kinds == [False] * (2 + HELD) + [True] * 2


def test_clothes_of_before_an_absence_are_nowhere():
    """Frames in which nobody is count as well, whatever else is hidden in them: who comes back stands otherwise."""
    frames, regions, truth = walked(12)
    truth.unknown = {11}
    effect = ByLabel({"clothes": recoloured(truth), "face": Mosaic()})
    present = [[mine] if i in (0, 1, 11) else [region(mine.box, 9, "face")] for i, mine in enumerate(regions)]
    painted = [effect.paint([frame], [mine])[0] for frame, mine in zip(frames, present, strict=True)]
    assert [hides(painted[i][0]) for i in (0, 1, 11)] == [False, False, True]


def test_moved_clothes_hide_what_was_worn():
    frames, regions, truth = walked(4)
    truth.unknown = {2, 3}
    effect = recoloured(truth)
    for frame, mine in zip(frames, regions, strict=True):
        before, after = (oklab.from_picture(pixels.rgb(it)) for it in (frame, painted(effect, frame, mine)))
        where = truth.drawn[frame.index][0].garments["upper"] == 255
        assert (oklab.distance(before, after)[where] > 0.05).mean() > 0.9


@pytest.mark.parametrize("nothing", [None, Parsed(()), "a thread"])
def test_who_cannot_be_told_from_the_start_is_hidden_whole(nothing):
    drawn = dressed(SIZE)
    frame, mine = filmed(drawn.picture), region(drawn.boxes[0])
    thread = np.zeros(drawn.picture.shape[:2], np.uint8)
    thread[100:105, 150:155] = 255
    answer = Parsed((Garment("upper", Mask(0, 0, thread)),)) if nothing == "a thread" else nothing

    class Helpless:
        def parse(self, frame, boxes):
            return [answer for _ in boxes]

    [[patch]] = Recoloured(Helpless(), fallback=Mosaic()).paint([frame], [[mine]])
    [[mosaic]] = Mosaic().paint([frame], [[mine]])
    assert patch.hides
    assert all((a == b).all() for a, b in zip(patch.planes, mosaic.planes, strict=True))


@pytest.mark.parametrize("corner", [(-400, 10), (10, -500), (330, 0), (0, 365), (-150, -200), (170, 180)])
def test_clothes_beyond_the_edges_of_the_frame_are_no_trouble(corner):
    drawn = dressed(SIZE)
    shirt = Mask(0, 0, drawn.garments["upper"])
    lost = Mask(*corner, np.full(drawn.picture.shape[:2], 255, np.uint8))

    class Odd:
        def parse(self, frame, boxes):
            return [Parsed((Garment("upper", shirt), Garment("lower", lost))) for _ in boxes]

    [[patch]] = Recoloured(Odd(), fallback=Mosaic()).paint([filmed(drawn.picture)], [[region(drawn.boxes[0])]])
    assert patch.alters


@pytest.mark.parametrize("most", [252, 200, 90])
def test_a_parser_that_is_never_quite_sure_is_believed(most):
    drawn = dressed(SIZE)
    doubted = drawn._replace(
        garments={group: (alpha * (most / 255)).astype(np.uint8) for group, alpha in drawn.garments.items()}
    )
    frame = filmed(drawn.picture)
    result = painted(recoloured(Truth({0: [doubted]})), frame, region(drawn.boxes[0]))
    before, after = oklab.from_picture(pixels.rgb(frame)), oklab.from_picture(pixels.rgb(result))
    assert (oklab.distance(before, after)[drawn.garments["upper"] == 255] > 0.05).mean() > 0.9


def test_a_parser_that_forgets_somebody_ends_the_run():
    drawn = dressed(SIZE)
    mine = region(drawn.boxes[0])
    with pytest.raises(StageError, match="of 1 persons in frame 0, of 2"):
        painted(recoloured(Truth({0: [drawn]})), filmed(drawn.picture), mine, replace(mine, track_id=2))


def test_a_parser_that_gives_something_else_ends_the_run(monkeypatch):
    frames, people, truth = walked(1)
    monkeypatch.setattr(truth, "parse", lambda frame, boxes: [np.zeros((8, 8))])
    with pytest.raises(StageError, match="ndarray in frame 0; wanted is a Parsed"):
        recoloured(truth).paint([frames[0]], [[people[0]]])


def test_at_night_new_clothes_are_no_lighter_than_all_else():
    drawn = dressed(SIZE, [Person(upper=(20, 20, 24), tone=(110, 80, 60))], background=(12, 12, 16))
    brightest = np.percentile(oklab.from_picture(drawn.picture)[..., 0], 99)
    frame, truth = filmed(drawn.picture), Truth({0: [drawn]})
    for track in range(8):
        new = painted(recoloured(truth, style="sport"), frame, region(drawn.boxes[0], track))
        lab = oklab.from_picture(pixels.rgb(new))[drawn.garments["upper"] == 255]
        assert np.median(lab[:, 0]) < brightest + 0.1


def test_a_flash_lights_new_clothes_as_it_did_the_old_ones():
    frames, regions, truth = walked(2)
    dark = filmed((pixels.rgb(frames[1]) * 0.6).astype(np.uint8), index=1)
    effect = recoloured(truth)
    before, after = (
        oklab.from_picture(pixels.rgb(painted(effect, frame, regions[i])))[truth.drawn[i][0].garments["lower"] == 255]
        for i, frame in enumerate((frames[0], dark))
    )
    assert after[:, 0].mean() < 0.9 * before[:, 0].mean()


def test_two_sightings_of_one_person_are_looked_at_as_one():
    """What is followed and what is found anew lie a little apart: each would be given half of the person."""
    drawn = dressed(SIZE)
    frame, truth, asked = filmed(drawn.picture), Truth({0: [drawn]}), []
    found, followed = region(drawn.boxes[0]), region(drawn.boxes[0] - np.float32([3, 2, 3, 2]))

    class Asked:
        def parse(self, frame, boxes):
            asked.append(boxes)
            return truth.parse(frame, boxes)

    result = painted(recoloured(Asked()), frame, found, followed)
    [[[x0, y0, x1, y1]]] = asked
    assert (x0, y0) == tuple(followed.box[:2])
    assert (x1, y1) == tuple(found.box[2:])
    before, after = oklab.from_picture(pixels.rgb(frame)), oklab.from_picture(pixels.rgb(result))
    assert (oklab.distance(before, after)[drawn.garments["upper"] == 255] < 0.05).mean() < 0.01
