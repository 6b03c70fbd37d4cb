"""Two effects, each for its part of what is hidden."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from drawn_frames import RGB, frame
from drawn_inpainters import Moody

from passerby.core.errors import StageError
from passerby.core.frame import Frame
from passerby.core.regions import Patch, Region
from passerby.mask.shapes import Rectangle
from passerby.methods.dividing import Divided
from passerby.paint.composite import composite
from passerby.paint.diffusion.contract import Crop
from passerby.paint.diffusion.effect import Inpainted
from passerby.paint.diffusion.several import ByClass
from passerby.paint.effects import Fill


def region(box: Sequence[float], label: str, track: int = 1) -> Region:
    where = np.array(box, np.float32)
    return Region(track, label, where, Rectangle(grow=0, feather=0).mask(where), seed=track)


class Watched(Fill):
    """Remembers which frames it was shown, and their pixels."""

    def __init__(self) -> None:
        super().__init__(colour=(255, 0, 0))
        self.shown: list[Frame] = []
        self.notes: tuple[str, ...] = ()

    def paint(self, frames: Sequence[Frame], hidden: Sequence[Sequence[Region]]) -> list[list[Patch]]:
        self.shown += frames
        return super().paint(frames, hidden)


def test_each_hides_its_own_and_sees_nothing_of_the_others() -> None:
    picture = frame(RGB, (160, 120))
    face, plate = region((40, 30, 70, 60), "face"), region((75, 35, 105, 50), "plate", 2)
    model, others = Moody(), Watched()
    [patches] = Divided(Inpainted(model), ("face",), others).paint([picture], [[plate, face]])
    came = composite(picture, [plate, face], patches).planes[0]
    assert (came[35:50, 75:105] == (255, 0, 0)).all()
    assert not (came[30:60, 40:70] == picture.planes[0][30:60, 40:70]).all(2).any()
    [crop] = model.crops
    red = (crop.picture == (255, 0, 0)).all(2)
    assert red.any()  # the plate, as it was filled
    assert (others.shown[0].planes[0][30:60, 40:70] == 128).all()


def test_who_has_a_method_of_their_own_is_left_to_the_others() -> None:
    picture = frame(RGB, (160, 120))
    face = region((40, 30, 70, 60), "face")
    chosen = Region(2, "face", face.box, face.mask, seed=2, method="fill")
    model = Moody()
    Divided(Inpainted(model), ("face",), Fill()).paint([picture], [[chosen]])
    assert model.crops == []


def test_the_others_see_every_frame_once_and_in_order() -> None:
    """Though frames come again, as context of those after them: what they remember of tracks must not be upset."""
    frames = [frame(RGB, (160, 120), index=i) for i in range(6)]
    plates = [[region((75, 35, 105, 50), "plate", 2)] for _ in frames]
    others = Watched()
    effect = Divided(Inpainted(Moody()), ("face",), others)
    effect.paint(frames[:4], plates[:4])
    effect.paint(frames[2:], plates[2:])
    assert [shown.index for shown in others.shown] == [0, 1, 2, 3, 4, 5]


def test_what_each_of_them_has_to_tell_is_told_once() -> None:
    others = Watched()
    others.notes = ("both", "others")
    assert Divided(Inpainted(Moody(), notes=["made up", "both"]), ("face",), others).notes == (
        "made up",
        "both",
        "others",
    )


def crop(label: str) -> Crop:
    return Crop(np.full((64, 64, 3), 90, np.uint8), np.ones((64, 64), np.bool_), label, 1)


def test_each_class_is_drawn_by_its_model_and_what_has_the_same_together() -> None:
    one, other = Moody(), Moody()
    model = ByClass({"face": one, "plate": other, "person": one})
    answers = model.inpaint([crop("plate"), crop("face"), crop("person")])
    assert [[shown.label for shown in each.crops] for each in (one, other)] == [["face", "person"], ["plate"]]
    assert one.calls == [2]
    assert len(answers) == 3


def test_a_class_without_a_model_ends_the_run() -> None:
    with pytest.raises(StageError, match="no model makes up text; there is one for face"):
        ByClass({"face": Moody()}).inpaint([crop("text")])
