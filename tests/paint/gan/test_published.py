"""Published checkpoints load, as they are published, and others are refused in a line."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from typing import Any

import deep_privacy2
import pytest

torch = pytest.importorskip("torch", reason="needs the extra generate")
torch.set_num_threads(1)

from passerby import weights  # noqa: E402
from passerby.core.errors import OptionError, WeightsError  # noqa: E402
from passerby.paint.gan import published  # noqa: E402
from passerby.paint.gan.msg import MSGGenerator  # noqa: E402
from passerby.paint.gan.tria import TriaSize  # noqa: E402
from passerby.paint.gan.unet import StyleGANUnet, UnetSize  # noqa: E402

SMALL = UnetSize(imsize=(32, 32), cnum=4, max_cnum_mul=2, z_channels=8, w_dim=6)
SMALL_TRIA = TriaSize(imsize=(36, 20), dim=4, dim_mults=(1, 2, 2), z_channels=8, w_dim=6)
STYLED = ("stylegan", "stylegan_fdf128", "styleganL", "styleganL_nocse")


def saved(path: Path, contents: Any) -> Path:
    torch.save(contents, path)
    return path


def small() -> dict[str, Any]:
    torch.manual_seed(0)
    return StyleGANUnet(SMALL).state_dict()


@pytest.mark.parametrize("name", published.SIZES)
def test_a_network_has_the_names_and_shapes_of_its_published_checkpoint(name: str) -> None:
    record = deep_privacy2.keys(name)
    with torch.device("meta"):
        own = published.build(published.SIZES[name])
    unused = record.get("unused_keys", [])
    wanted = {key: tuple(shape) for key, shape, _, _ in record["keys"] if key not in unused}
    assert {key: tuple(value.shape) for key, value in own.state_dict().items()} == wanted
    passed_over = sum(math.prod(shape) for key, shape, _, _ in record["keys"] if key in unused)
    assert sum(p.numel() for p in own.parameters()) == record["num_parameters"] - passed_over
    if "constructor" in record:
        assert UnetSize.from_record(record["constructor"]) == published.SIZES[name]


@pytest.mark.parametrize("name", [*STYLED, "deep_privacy1"])
def test_at_full_size_pictures_are_the_originals(name: str, tmp_path: Path) -> None:
    """With weights that a recipe gives, out of a file as it is published."""
    recorded, record = deep_privacy2.Recorded("fullsize_recipe"), deep_privacy2.keys(name)
    spec = importlib.util.spec_from_file_location("recipe", deep_privacy2.FOLDER / "recipe.py")
    assert spec
    assert spec.loader
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    unused, seed = record.get("unused_keys", []), recorded.meta["seed"]
    shapes = {key: shape for key, shape, _, _ in record["keys"] if key not in unused}
    numbers = recipe.generator_weights(seed, name, shapes)
    assert recipe.sha256(numbers) == recorded.meta["weights_sha256"][name]
    held = published.build(published.SIZES[name]).state_dict() | {k: torch.from_numpy(v) for k, v in numbers.items()}
    holder = "running_average_generator" if name == "deep_privacy1" else "EMA_generator"
    net = published.load(name, saved(tmp_path / "a.ckpt", {holder: held, "step": 3})).net
    wanted = torch.from_numpy(recorded[f"{name}/img"])
    height, width = wanted.shape[2:]
    box = recorded.meta["mask_boxes_xyxy"][f"{height}x{width}"]
    given = {k: torch.from_numpy(v) for k, v in recipe.generator_inputs(seed, name, (height, width), box).items()}
    with torch.inference_mode():
        told = [given[key] for key in ("embedding", "E_mask", "keypoints") if key in given]
        w = given["z"]
        if name in STYLED:
            w = net.style_net.truncated(net.style_net(w), recorded.meta["truncation"])
            assert torch.allclose(w, torch.from_numpy(recorded[f"{name}/w"]), **deep_privacy2.NETWORK)
        came = net(given["img"] * given["mask"], given["mask"], w, *told)
    assert torch.allclose(came, wanted, **deep_privacy2.NETWORK)


@pytest.mark.parametrize(
    "wrapped",
    [lambda held: held, lambda held: {"EMA_generator": held}, lambda held: {"running_average_generator": held, "d": 1}],
    ids=["plain", "EMA", "running average"],
)
def test_weights_are_found_where_checkpoints_keep_them(wrapped: Any, tmp_path: Path) -> None:
    held = small()
    came = published.load("stylegan", saved(tmp_path / "a.ckpt", wrapped(held)), SMALL)
    assert came.unused == ()
    bias = came.net.state_dict()["encoder.0.conv0.bias"]
    assert torch.equal(bias, held["encoder.0.conv0.bias"])


@pytest.mark.parametrize("place", ["top", "inside"])
def test_centres_are_found_in_both_places(place: str, tmp_path: Path) -> None:
    held, centres = small(), torch.randn(5, SMALL.w_dim)
    contents = {"EMA_generator": held} | ({"w_centers": centres} if place == "top" else {})
    if place == "inside":
        held["style_net.w_centers"] = centres
    net = published.load("stylegan", saved(tmp_path / "a.ckpt", contents), SMALL).net
    assert torch.equal(net.style_net.w_centers, centres)


def test_what_a_network_has_no_use_for_is_told(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.ckpt", small() | {"discriminator.weight": torch.zeros(1)})
    assert published.load("stylegan", path, SMALL).unused == ("discriminator.weight",)


def test_old_names_of_deep_privacy_1_are_known(tmp_path: Path) -> None:
    torch.manual_seed(0)
    new = MSGGenerator(16).state_dict()
    old = {}
    for name, value in new.items():
        for number, side in enumerate((4, 8, 16, 32, 64, 128)):
            if name.startswith(f"encoder.basic_block{side}."):
                name = name.replace(f"block{side}.", f"block{number}.")
                break
        old[name.replace("from_rgb.0.", "from_rgb.conv.layers.0.")] = value
    old["decoder.to_rgb.weight"] = torch.zeros(3)
    came = published.load("deep_privacy1", saved(tmp_path / "a.ckpt", {"running_average_generator": old}), 16)
    assert came.unused == ("decoder.to_rgb.weight",)
    assert all(torch.equal(came.net.state_dict()[name], new[name]) for name in new if name.endswith("bias"))


def test_the_last_output_of_a_grown_triagan_counts(tmp_path: Path) -> None:
    held = published.build(SMALL_TRIA).state_dict()
    outputs = {part: held.pop(f"decoder.to_rgb.{part}") for part in ("weight", "bias")}
    outputs["bias"] += 1
    for i in range(3):
        held |= {f"decoder.to_rgb.{i}.{part}": value * (i == 2) for part, value in outputs.items()}
    net = published.load("triagan_L_im288", saved(tmp_path / "a.ckpt", held), SMALL_TRIA).net
    assert torch.equal(net.decoder.to_rgb.bias, outputs["bias"])


def without(name: str) -> dict[str, Any]:
    held = small()
    del held[name]
    return held


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        (lambda: without("to_rgb.weight"), "to_rgb.weight missing"),
        (lambda: small() | {"to_rgb.weight": torch.zeros(3, 9, 1, 1)}, r"to_rgb.weight is \(3, 9, 1, 1\), wanted"),
        (lambda: small() | {"to_rgb.bias": torch.full((3,), torch.nan)}, "not finite in to_rgb.bias"),
        (lambda: small() | {"w_centers": torch.zeros(5, 7)}, r"has w_centers \(5, 7\), wanted is \(any, 6\)"),
        (lambda: {"EMA_generator": {}}, "holds no generator"),
        (lambda: {"EMA_generator": torch.zeros(3)}, "holds no generator"),
        (lambda: [1, 2], "holds a list"),
        (lambda: {"EMA_generator": small(), "callback": Path("x")}, "does not load as weights alone"),
    ],
)
def test_wrong_weights_are_refused_in_a_line(contents: Any, said: str, tmp_path: Path) -> None:
    """The original warns and goes on with random ones; whoever is painted with these is hidden by chance only."""
    with pytest.raises(WeightsError, match=said) as caught:
        published.load("stylegan", saved(tmp_path / "a.ckpt", contents()), SMALL)
    assert "\n" not in str(caught.value)
    assert "a.ckpt" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"no weights at all, but some text", b"PK\x03\x04 half an archive"])
def test_a_file_that_is_no_checkpoint_is_refused_in_a_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.ckpt"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="does not load as weights alone") as caught:
        published.load("stylegan", path, SMALL)
    assert "\n" not in str(caught.value)


def test_an_unknown_generator_is_an_option_that_makes_no_sense() -> None:
    with pytest.raises(OptionError, match="stylegan_fdf128"):
        published.load("stylegan3")


@pytest.mark.parametrize("name", published.SIZES)
def test_every_generator_is_known_to_be_brought(name: str) -> None:
    assert weights.BROUGHT[name].md5
