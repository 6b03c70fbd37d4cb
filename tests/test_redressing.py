"""`--method clothes=redress`: from what is typed to new clothes, through every model file, without a network."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx_models
import pytest
from drawn_dressed import dressed
from drawn_frames import YUV444_FULL
from parsing_models import PERSON, parsing_model

from passerby import cli
from passerby.core import pixels
from passerby.core.errors import OptionError, WeightsError
from passerby.core.frame import Frame
from passerby.core.regions import Mask, Region
from passerby.mask.parsing_families import FAMILIES
from passerby.methods import by_diffusion, by_redress, clothing, generating, hiding
from passerby.paint.clothes.redress import PROMPTS
from passerby.paint.composite import composite
from passerby.paint.diffusion import making
from passerby.paint.diffusion.timeline import Timeline, timelines_of
from passerby.paint.effects import Mosaic
from passerby.settings import Options

SIZE = (160, 180)
Picture = np.ndarray[Any, np.dtype[np.uint8]]


@pytest.fixture(autouse=True)
def nothing_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("PASSERBY_MODELS", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    monkeypatch.delenv("PASSERBY_RUNTIME", raising=False)
    monkeypatch.chdir(tmp_path)

    def refused(*where: object) -> None:
        raise AssertionError("somebody asks the network")

    monkeypatch.setattr(socket.socket, "connect", refused)


@pytest.mark.parametrize(
    ("chosen", "methods"),
    [
        ({"method": "redress"}, {"face": "mosaic", "clothes": "redress"}),
        ({"method": "fill,clothes=redress"}, {"face": "fill", "clothes": "redress"}),
        ({"hide": "clothes", "method": "redress"}, {"clothes": "redress"}),
        ({"hide": "persons,clothes", "method": "redress"}, {"person": "mosaic", "clothes": "redress"}),
    ],
)
def test_it_is_for_clothes_alone_and_faces_are_hidden_too(chosen: dict[str, str], methods: dict[str, str]) -> None:
    options = Options(**chosen)
    assert options.methods() == methods
    assert generating.synthetic(options) == ("clothes",)


def test_it_is_said_where_faces_stay() -> None:
    assert any("do not hide a face" in line for line in Options(hide="clothes", method="redress").warnings())
    assert not any("do not hide a face" in line for line in Options(method="redress").warnings())


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({"method": "mosaic", "garments": "coat.png"}, "--garment is for clothes that are drawn anew"),
        ({"method": "mosaic", "controlnet": "folder"}, "--controlnet is for clothes that are drawn anew"),
        ({"method": "face=redress"}, "only clothes are redressed"),
        ({"method": "redress:none.toml"}, "cannot read none.toml"),
        ({"controlnet": "canny=folder"}, "write KIND=PATH, with one of openpose, inpaint, depth, normal"),
        ({"controlnet": "openpose="}, "write KIND=PATH"),
        ({"controlnet": "openpose=folder"}, "--generator pose=FILE"),
        ({"controlnet": "depth=folder"}, "a depth ControlNet is shown .* --generator depth=FILE"),
        ({"controlnet": "normal=folder"}, "--generator normal=FILE"),
        ({"controlnet": 3}, "--controlnet is text"),
        ({"ip_adapter": 3}, "--ip-adapter: "),
        ({"ip_adapter": "a.bin"}, "give one with --garment"),
        ({"try_on": "x {person}"}, "puts on one garment, got 0"),
        ({"try_on": "x", "garments": ("a.png", "b.png")}, "puts on one garment, got 2"),
        ({"try_on": "x", "garments": "a.png", "ip_adapter": "a.bin"}, "leave out one or the other"),
    ],
)
def test_options_that_make_no_sense_are_refused_in_a_line(chosen: dict[str, Any], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        generating.check(Options(**{"method": "redress", **chosen}))


def test_a_garment_wants_an_adapter_and_finds_it_in_the_folders_for_models(tmp_path: Path) -> None:
    for name in ("coat.png", "mine.safetensors", "vocab.json", "merges.txt"):
        (tmp_path / name).touch()
    options = Options(method="redress", garments="coat.png", weights="mine.safetensors")
    with pytest.raises(WeightsError, match=r"ip-adapter_sd15.safetensors.*--ip-adapter"):
        generating.check_files(options)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ip-adapter_sd15.bin").touch()
    generating.check_files(options)
    with pytest.raises(OptionError, match=r"there is no hat.png"):
        generating.check_files(Options(method="redress", garments="hat.png", weights="mine.safetensors"))


@pytest.mark.parametrize("told", [{}, {"controlnet": "inpaint=folder"}])
def test_a_missing_library_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, Any]
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(OptionError, match=r"this needs torch.*pip install 'passerby\[diffusion\]'"):
        by_redress.effect(Options(method="clothes=redress", **told), Mosaic())


def test_the_style_chooses_the_words_unless_others_are_given() -> None:
    choice = by_redress._choice(Options(method="redress", style="formal", prompts="face=x"), ())
    assert choice.prompts["clothes"] == PROMPTS["formal"]
    own = by_redress._choice(Options(method="redress", style="formal", prompts={"clothes": "a red coat"}), ())
    assert own.prompts["clothes"].wanted == "a red coat"
    assert own.prompts["clothes"].unwanted == PROMPTS["formal"].unwanted
    by_diffusion.check(Options(method="face=diffusion,clothes=redress", prompts={"clothes": "a red coat"}))


def test_reports_name_no_folders() -> None:
    options = Options(
        method="redress",
        garments="/home/x/coat.png",
        controlnet="inpaint=/home/x/control",
        try_on="/home/x/run.sh --key s3cret {person} {mask} {garment} {output}",
    )
    changed = options.changed()
    assert changed["controlnet"] == "inpaint=control"
    assert changed["try_on"] == "run.sh"
    assert "/home" not in " ".join(changed.values())


def test_live_cannot_wait_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["live", "0", "--to", "null", "--hide", "clothes", "--method", "redress"]) == 2
    assert "live cannot wait" in capsys.readouterr().err


# Painted


def region(box: np.ndarray[Any, Any], track: int, label: str) -> Region:
    x0, y0, x1, y1 = np.rint(box).astype(int).tolist()
    return Region(track, label, box, Mask(x0 - 6, y0 - 6, np.full((y1 - y0 + 12, x1 - x0 + 12), 255, np.uint8)), seed=8)


class Scene:
    """Somebody in a frame, and the models to draw new clothes with."""

    def __init__(self, folder: Path) -> None:
        self.drawn = dressed(SIZE, [PERSON], noise=0)
        planes = tuple(np.zeros(SIZE[::-1], np.uint8) for _ in range(3))
        empty = Frame(planes, YUV444_FULL, 0, 0, Fraction(1, 25))
        self.frame = empty.with_planes(pixels.to_planes(self.drawn.picture, empty, (0, 0, *SIZE)))
        self.regions = [region(self.drawn.boxes[0], 1, "clothes"), region(self.drawn.faces[0], 2, "face")]
        parser = parsing_model(folder / "parser.onnx", FAMILIES["segformer"])
        self.options: dict[str, Any] = {"hide": "faces,clothes", "method": "redress", "parser": f"segformer:{parser}"}

    def after(self, **options: Any) -> tuple[Picture, tuple[str, ...]]:
        """What becomes of the frame, RGB, and the effect's notes."""
        effect = hiding.effect(Options(**{**self.options, **options}))
        [patches] = effect.paint([self.frame], [self.regions])
        return pixels.rgb(composite(self.frame, self.regions, patches)), tuple(effect.notes)  # type: ignore[attr-defined]

    def check(self, after: Picture) -> None:
        """Clothes and faces changed, and nothing else."""
        changed = (after != pixels.rgb(self.frame)).any(axis=2)
        clothes = np.max(list(self.drawn.garments.values()), axis=0)
        assert changed[clothes == 255].mean() > 0.9
        person = np.max(self.drawn.each, axis=0)
        x0, y0, x1, y1 = np.rint(self.drawn.faces[0]).astype(int).tolist()
        hand = self.drawn.skin == 255
        hand[: y1 + 8] = False
        assert changed[y0:y1, x0:x1].mean() > 0.9
        assert changed[hand].mean() < 0.4, "arms are no clothes"
        far = np.ones_like(changed)
        far[max(y0 - 20, 0) : y1 + 20, max(x0 - 20, 0) : x1 + 20] = False
        assert not changed[(person == 0) & far & ~near(person)].any()


def near(share: Picture) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Within a few pixels of it."""
    answer = share > 0
    for axis in (0, 1):
        answer = np.any([np.roll(answer, step, axis) for step in range(-4, 5)], axis=0)
    return answer


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_a_model_draws_them_after_a_garment_and_a_skeleton(scene: Scene, tmp_path: Path) -> None:
    drawn_guides = pytest.importorskip("drawn_guides", reason="needs the extra diffusion")
    drawn_sd = pytest.importorskip("drawn_sd", reason="needs the extra diffusion")
    row = np.zeros((1, 56, 3), np.float32)
    row[0, 4, 1] = 0.9
    row[0, 5:, 1] = np.array([(32 + 6 * (i % 3 - 1), 12 + 2.5 * i, 0.9) for i in range(17)], np.float32).ravel()
    pose = onnx_models.model(tmp_path / "pose.onnx", {"output0": row}, shape=(1, 3, 64, 64))
    for name, colour in (("red.png", (200, 20, 20)), ("blue.png", (20, 20, 200))):
        cv2.imwrite(str(tmp_path / name), np.full((40, 30, 3), colour[::-1], np.uint8))
    drawn_guides.image_encoder(tmp_path / "image_encoder")
    told = {
        "weights": drawn_sd.checkpoint(tmp_path / "tiny.safetensors"),
        "steps": 1,
        "guidance": 1,
        "taesd": drawn_sd.small_vae(tmp_path / "taesd"),
        "scheduler": "ddim",
        "controlnet": f"openpose={drawn_guides.controlnet_folder(tmp_path / 'controlnet')}",
        "generators": f"pose={pose}",
        "ip_adapter": drawn_guides.ip_adapter(tmp_path / "ip-adapter_sd15.bin"),
    }
    red, notes = scene.after(**told, garments="red.png")
    scene.check(red)
    blue, _ = scene.after(**told, garments="blue.png")
    assert not np.array_equal(red, blue)
    assert any(note.startswith("garments: ") for note in notes)


@pytest.mark.parametrize(("kind", "channels"), [("depth", 1), ("normal", 3)])
def test_a_model_is_told_the_shape_of_who_wears_them_and_says_so(
    scene: Scene, tmp_path: Path, kind: str, channels: int
) -> None:
    drawn_guides = pytest.importorskip("drawn_guides", reason="needs the extra diffusion")
    drawn_sd = pytest.importorskip("drawn_sd", reason="needs the extra diffusion")
    control = drawn_guides.controlnet_file(tmp_path / "control.safetensors", published=True)
    told = {
        "weights": drawn_sd.checkpoint(tmp_path / "tiny.safetensors"),
        "taesd": drawn_sd.small_vae(tmp_path / "taesd"),
        "steps": 1,
        "guidance": 1,
        "scheduler": "ddim",
        "controlnet": f"{kind}={control}",
    }
    afters = []
    for seed in (1, 2):
        shape = np.random.default_rng(seed).normal(size=(1, channels, 16, 16)).astype(np.float32)
        model = onnx_models.model(tmp_path / f"{kind}{seed}.onnx", {"told": shape}, shape=(1, 3, 64, 64))
        after, notes = scene.after(**told, generators=f"{kind}={model}")
        scene.check(after)
        assert any("the very shape" in note for note in notes)
        afters.append(after)
    assert not np.array_equal(*afters)


def test_a_try_on_puts_a_garment_on(scene: Scene, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "red.png"), np.full((40, 30, 3), (20, 20, 200), np.uint8))
    script = tmp_path / "dress.py"
    script.write_text(
        "import sys, cv2\nperson, garment = cv2.imread(sys.argv[1]), cv2.imread(sys.argv[3])\n"
        "person[cv2.imread(sys.argv[2], 0) > 0] = garment[0, 0]\ncv2.imwrite(sys.argv[4], person)\n"
    )
    command = f"{sys.executable} {script} {{person}} {{mask}} {{garment}} {{output}}"
    after, _ = scene.after(try_on=command, garments="red.png", seam="original")
    scene.check(after)
    solid = scene.drawn.garments["lower"] == 255
    assert np.abs(after[solid].astype(int) - (200, 20, 20)).mean() < 12


class Opened:
    """A model that was opened somewhere."""

    batch = 2

    def __init__(self, device: str) -> None:
        self.timelines = (Timeline(device),)

    def inpaint(self, crops: Any) -> Any:
        return [crop.picture for crop in crops]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Where models of faces were opened, none of which is real."""
    where: list[str] = []

    def inpainter(choice: Any, running: Any, labels: Any) -> Opened:
        where.append(running.device)
        return Opened(running.device)

    monkeypatch.setattr(making, "inpainter", inpainter)
    by_diffusion._models.cache_clear()
    yield where
    by_diffusion._models.cache_clear()


def test_what_every_model_did_on_every_card_is_told_for_a_profile(
    monkeypatch: pytest.MonkeyPatch, opened: list[str]
) -> None:
    monkeypatch.setenv("PASSERBY_RUNTIME", "cuda:0,cuda:1")
    monkeypatch.setattr(clothing, "parser", lambda model: None)
    monkeypatch.setattr(by_redress, "_models", lambda choice, guiding, where: Opened("all clothes"))
    effect = hiding.effect(Options(hide="faces,clothes", method="face=diffusion,clothes=redress"))
    assert [timeline.device for timeline in timelines_of(effect)] == ["all clothes", "cuda:0", "cuda:1"]
    assert opened == ["cuda:0", "cuda:1"]


def test_however_many_cards_there_are_each_gets_a_model_once_for_all_files(
    monkeypatch: pytest.MonkeyPatch, opened: list[str]
) -> None:
    many = [f"cuda:{i}" for i in range(8)]
    monkeypatch.setenv("PASSERBY_RUNTIME", ",".join(many))
    for _ in range(3):
        by_diffusion.effect(Options(hide="faces", method="diffusion"), Mosaic())
    assert opened == many


def test_several_graphics_cards_get_a_model_each(monkeypatch: pytest.MonkeyPatch) -> None:
    from passerby.runtime import cards

    for named, wanted in (("cuda:0,cuda:1", ["cuda:0", "cuda:1"]), ("cuda", ["cuda"]), ("cpu", ["cpu"]), ("", ["cpu"])):
        monkeypatch.setenv("PASSERBY_RUNTIME", named)
        assert [place.device for place in by_diffusion.places(Options())] == wanted
    assert cards.runtime("cuda:1,cuda:3") == "cuda"
    assert cards.runtime("cuda:x") == "cuda:x"
