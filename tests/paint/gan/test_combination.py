"""Which generator draws what: by name, or by a small file; whatever makes no sense is refused in a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from passerby.core.errors import OptionError
from passerby.paint.gan.combination import NAMED, Combination, Draw, combination

TWO = """
surfaces = "cse.onnx"
[[draw]]
what = "person"
generator = "styleganL"
[[draw]]
what = "face"
generator = "stylegan"
file = "mine.ckpt"
size = {cnum = 4}
"""


def drawn(it: Combination) -> list[tuple[str, str]]:
    return [(draw.what, draw.generator) for draw in it.draws]


def test_the_originals_are_known_by_name() -> None:
    assert list(NAMED)[:7] == [
        "face_fdf128",
        "face",
        "deep_privacy1",
        "FB_nocse",
        "FB_cse",
        "FB_cse_mask",
        "FB_cse_mask_face",
    ]
    order = [("person", "styleganL"), ("person", "styleganL_nocse"), ("face", "stylegan")]
    assert drawn(combination("FB_cse_mask_face")) == order


def test_a_file_says_who_draws_what_in_which_order(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(TWO)
    came = combination(str(tmp_path / "my.toml"))
    assert drawn(came) == [("person", "styleganL"), ("face", "stylegan")]
    assert came.tellers == {"surfaces": tmp_path / "cse.onnx"}
    assert came.draws[1].file == tmp_path / "mine.ckpt"
    assert came.draws[1].size == {"cnum": 4}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "says of nothing who draws it"),
        ("draw = 3", "says of nothing who draws it"),
        ("[[draw]", "is no TOML"),
        ("[[draw]]\nwhat = 'plate'\ngenerator = 'stylegan'", "what is 'plate'; choose from face, head, person"),
        ("[[draw]]\ngenerator = 'stylegan'", "what is None"),
        ("[[draw]]\nwhat = 'face'", "who draws a face is not said"),
        ("[[draw]]\nwhat = 'face'\ngenerator = 'dcgan'", "no generator called 'dcgan'"),
        ("[[draw]]\nwhat = 'face'\ngenerator = 'stylegan'\nfile = 3", "file is the name of a file, got 3"),
        ("[[draw]]\nwhat = 'face'\ngenerator = 'stylegan'\nseed = 3", "seed in a .*draw.* is not known"),
        ("pose = ''\n[[draw]]\nwhat = 'face'\ngenerator = 'stylegan'", "pose is the name of a file"),
        ("poses = 'a'\n[[draw]]\nwhat = 'face'\ngenerator = 'stylegan'", "poses is not known"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_in_a_line(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(text)
    with pytest.raises(OptionError, match=told) as refused:
        combination(str(tmp_path / "my.toml"))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["FB_csee", "missing.toml", "", "configs/anonymizers/FB_cse.py"])
def test_a_name_or_file_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(OptionError):
        combination(name)


def test_another_generator_takes_the_place_of_one_for_persons() -> None:
    whole = NAMED["FB_cse_mask_face"]
    by_pose = whole.with_generator("", "FB_triagan")
    assert drawn(by_pose) == [("person", "styleganL"), ("person", "triagan_L_im288"), ("face", "stylegan")]
    assert drawn(whole.with_generator("surfaces", "styleganL_nocse"))[0] == ("person", "styleganL_nocse")
    with pytest.raises(OptionError, match="draws no persons"):
        NAMED["face"].with_generator("", "styleganL_nocse")


@pytest.mark.parametrize("generator", ["stylegan", "stylegan_fdf128", "deep_privacy1"])
def test_a_generator_of_faces_takes_no_place_of_one_for_persons(generator: str) -> None:
    for told in ("", "surfaces"):
        with pytest.raises(
            OptionError, match=f"^{generator} draws faces, .*; there is styleganL_nocse, styleganL, tri"
        ):
            NAMED["FB_cse_mask_face"].with_generator(told, generator)


def test_one_that_a_combination_of_ones_own_has_for_persons_draws_them() -> None:
    own = Draw("person", "stylegan", Path("mine.ckpt"), {"imsize": [288, 160]})
    whole = Combination(name="mine", draws=(Draw("person", "styleganL"), own))
    assert whole.with_generator("surfaces", "stylegan").draws == (own, own)


def test_a_generator_that_draws_persons_already_keeps_its_file_and_size_in_another_place() -> None:
    own = Draw("person", "styleganL_nocse", Path("mine.ckpt"), {"cnum": 4})
    whole = Combination(name="mine", draws=(Draw("person", "styleganL"), own))
    assert whole.with_generator("surfaces", "styleganL_nocse").draws == (own, own)
    assert whole.with_generator("", "styleganL_nocse").draws == whole.draws


def test_parts_join_and_files_replace() -> None:
    parts = NAMED["face"].of("face").joined(NAMED["FB_nocse"].of("person"))
    assert parts.labels == ("face", "person")
    filed = parts.with_files({"stylegan": Path("a.ckpt"), "pose": Path("b.onnx")})
    assert [draw.file for draw in filed.draws] == [Path("a.ckpt"), None]
    assert filed.tellers == {"pose": Path("b.onnx")}
