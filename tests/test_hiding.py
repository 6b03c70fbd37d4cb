"""Options as stages: a method for everything, and others for those that were decided on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from drawn_frames import frame

from passerby.core.errors import StageError
from passerby.core.regions import Region
from passerby.methods.hiding import effect, shapes
from passerby.paint.effects import ByLabel
from passerby.settings import Options
from passerby.testing import check_anonymizer

BOX = np.array([20, 16, 44, 40], np.float32)


def region(method="", label="face", track=1):
    mask = shapes(Options())["face"].mask(BOX)
    return Region(track, label, BOX, mask, seed=track, method=method)


def painted(chosen, *regions):
    [patches] = chosen.paint([frame()], [list(regions)])
    return [[plane.tolist() for plane in patch.planes] for patch in patches]


def test_an_effect_for_some_is_an_anonymizer_like_others():
    check_anonymizer(effect(Options(), (), ("fill", "noise")))


def test_who_has_no_method_of_their_own_gets_the_labels():
    mosaic, fill = (effect(Options(method=method)) for method in ("mosaic", "fill"))
    mixed = effect(Options(), (), ("fill",))
    [one, two, three] = painted(mixed, region("fill"), region(), region("fill", track=3))
    assert [one] == painted(fill, region())
    assert [two] == painted(mosaic, region())
    assert [three] == painted(fill, region(track=3))


def test_the_hidden_is_seen_only_where_some_effect_needs_it():
    assert effect(Options(method="fill"), (), ("noise",)).blind
    assert not effect(Options(method="fill"), (), ("blur",)).blind
    assert not effect(Options(method="blur"), (), ("fill",)).blind


def test_without_methods_nothing_is_added():
    assert isinstance(effect(Options()), ByLabel)


@pytest.mark.parametrize(("method", "plates"), [("fill", "fill"), ("face=fill", "mosaic")])
def test_a_label_that_only_the_plan_knows_is_hidden_too(method, plates):
    mixed, alone = effect(Options(method=method), ("plate",)), effect(Options(method=plates))
    assert painted(mixed, region(label="plate")) == painted(alone, region())


def test_faces_are_hidden_with_the_head_around_them_and_other_things_as_they_are():
    chosen = shapes(Options(hide="faces,persons,text"))
    face, *others = (chosen[label].mask(BOX).alpha for label in ("face", "person", "text"))
    assert all(face.size > other.size for other in others)
    assert (face == 0).any()
    assert all((np.asarray(other[4:-4, 4:-4]) == 255).all() for other in others)


def test_a_method_that_nobody_prepared_is_a_broken_contract():
    with pytest.raises(StageError, match="'blur'"):
        painted(effect(Options(), (), ("fill",)), replace(region(), method="blur"))


def test_shape_and_growth_may_be_of_one_class():
    chosen = shapes(Options(hide="faces,persons", shape="person=oval", grow="person=1"))
    face, person = (chosen[label].mask(BOX).alpha for label in ("face", "person"))
    assert (person == 0).any()
    assert person.size > 2 * face.size
