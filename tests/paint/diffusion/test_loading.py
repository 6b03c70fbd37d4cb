"""Stable Diffusion loads from its files alone, in every layout, and what is not whole is refused in a line."""

from __future__ import annotations

import json
import shutil
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import drawn_sd
import pytest
import torch
from safetensors.torch import load_file, save_file

from passerby.core.errors import OptionError, WeightsError
from passerby.paint.diffusion import files, loading, shapes
from passerby.paint.diffusion.choice import Diffusion, Running
from passerby.paint.diffusion.engine import StableDiffusion
from passerby.paint.diffusion.files import library
from passerby.paint.diffusion.names import in_text, in_unet, in_vae

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # diffusers', of numpy
SHARED = Path(__file__).resolve().parents[3] / "../shared/models"

ROUNDING = 1
"""Levels: the last bit of float32 depends on how weights lie in memory, and so on the file they are mapped from."""


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No network, and none of this machine's models."""

    def refuse(*asked: Any) -> None:
        raise AssertionError(f"somebody asked the network: {asked}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setenv("PASSERBY_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def drawn(choice: Diffusion) -> list[Any]:
    return StableDiffusion.from_files(choice).inpaint([drawn_sd.crop(1), drawn_sd.crop(2, label="plate")])


def steps(path: Path, **more: Any) -> Diffusion:
    return Diffusion(weights=path, steps=2, **more)


def load(path: Path, **more: Any) -> loading.Loaded:
    return loading.load(steps(path, **more), torch.float32)


@pytest.mark.parametrize("channels", [4, 9])
def test_every_layout_draws_the_same(channels: int, tmp_path: Path) -> None:
    pickled = drawn(steps(drawn_sd.checkpoint(tmp_path / "a.ckpt", channels=channels)))
    assert pickled[0].std() > 5
    assert (
        drawn_sd.apart(pickled, drawn(steps(drawn_sd.checkpoint(tmp_path / "a.safetensors", channels=channels)))) == 0
    )
    assert drawn_sd.apart(pickled, drawn(steps(drawn_sd.folder(tmp_path / "whole", channels=channels)))) == 0
    halved = drawn_sd.checkpoint(tmp_path / "half.safetensors", channels=channels, half=True)
    assert drawn_sd.apart(pickled, drawn(steps(halved))) <= 2


@pytest.mark.parametrize("name", ["v1-5-pruned-emaonly.ckpt", "v1-5-pruned-emaonly-fp16.safetensors"])
@pytest.mark.parametrize("place", ["data", "models"])
def test_published_names_are_found_in_data_and_in_the_folders_for_models(name: str, place: str, tmp_path: Path) -> None:
    (tmp_path / place).mkdir()
    path = drawn_sd.checkpoint(tmp_path / place / name)
    assert files.model(None).resolve() == path
    assert drawn(Diffusion(steps=1))[0].std() > 5


def test_without_any_model_a_line_says_which_to_get_and_where_to_put_it() -> None:
    with pytest.raises(WeightsError) as caught:
        files.model(None)
    said = str(caught.value)
    assert "\n" not in said
    for fact in ("data, ", "v1-5-pruned-emaonly-fp16.safetensors", "Comfy-Org", "2132696762 bytes", "sha256 e9476a13"):
        assert fact in said
    with pytest.raises(
        WeightsError, match=r"get v1-5-pruned-emaonly\.ckpt from https://\S+ \(4265380512 bytes, sha256"
    ):
        files.model(Path("somewhere/v1-5-pruned-emaonly.ckpt"))


def without(name: str) -> Any:
    return lambda held: held.pop(name)


def reshaped(name: str) -> Any:
    return lambda held: held.update({name: torch.zeros(3, 5)})


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (without("model.diffusion_model.out.0.weight"), "1 weights are missing, as model.diffusion_model.out.0.weight"),
        (without("first_stage_model.decoder.norm_out.bias"), "1 weights are missing, as first_stage_model.decoder"),
        (without("model.diffusion_model.input_blocks.0.0.weight"), "input_blocks.0.0.weight is missing in it"),
        (
            reshaped("model.diffusion_model.time_embed.0.weight"),
            r"time_embed.0.weight is \(3, 5\), wanted is \(64, 16\)",
        ),
        (
            lambda held: held.update({"model.diffusion_model.label_emb.0.0.weight": torch.zeros(1)}),
            "label_emb.0.0.weight",
        ),
        (lambda held: held.clear() or held.update({"a": torch.zeros(1)}), "no whole checkpoint of Stable Diffusion 1"),
    ],
)
def test_a_checkpoint_that_is_not_whole_is_refused_in_a_line(spoil: Any, said: str, tmp_path: Path) -> None:
    """Diffusers warns, and goes on with random weights."""
    path = drawn_sd.checkpoint(tmp_path / "v1-5-pruned-emaonly.safetensors")
    held = load_file(path)
    spoil(held)
    save_file(held, path)
    with pytest.raises(WeightsError, match=said) as caught:
        load(path)
    assert "\n" not in str(caught.value)
    assert path.name in str(caught.value)


@pytest.mark.parametrize(
    ("suffix", "published"), [("safetensors", r"4265146304 bytes, sha256 6ce01616"), ("ckpt", "4265380512 bytes, sha")]
)
def test_a_file_that_broke_off_is_refused_with_what_was_published(suffix: str, published: str, tmp_path: Path) -> None:
    path = drawn_sd.checkpoint(tmp_path / f"v1-5-pruned-emaonly.{suffix}")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(WeightsError, match=rf"published is .*\({published}") as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_that_wants_to_run_code_is_refused(tmp_path: Path) -> None:
    path = drawn_sd.checkpoint(tmp_path / "a.ckpt")
    held = torch.load(path, weights_only=True)
    torch.save({**held, "callbacks": {Running: {}}}, path)
    with pytest.raises(
        WeightsError, match=r"a\.ckpt .*it wants to run passerby\.paint\.diffusion\.choice\.Running"
    ) as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    whole = drawn_sd.folder(tmp_path / "whole")
    path = whole / "unet" / "diffusion_pytorch_model.safetensors"
    held = load_file(path)
    held.pop("conv_out.bias")
    save_file(held, path, {"format": "pt"})
    with pytest.raises(WeightsError, match=r"unet .*conv_out.bias"):
        load(whole)
    path.write_bytes(b"PK")
    with pytest.raises(WeightsError, match="unet does not load"):
        load(whole)
    (whole / "unet" / "config.json").unlink()
    with pytest.raises(WeightsError, match=r"no unet/config\.json"):
        load(whole)


@pytest.mark.parametrize("part", ["vae", "text_encoder", "tokenizer", "scheduler"])
def test_a_folder_without_one_of_its_parts_is_refused(part: str, tmp_path: Path) -> None:
    whole = drawn_sd.folder(tmp_path / "whole")
    shutil.rmtree(whole / part)
    with pytest.raises(WeightsError, match=r"whole") as caught:
        load(whole)
    assert "\n" not in str(caught.value)


def test_a_folder_whose_weights_want_to_run_code_is_refused(tmp_path: Path) -> None:
    whole = drawn_sd.folder(tmp_path / "whole")
    path = whole / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save({**load_file(path), "callback": Running}, path.with_suffix(".bin"))
    path.unlink()
    with pytest.raises(WeightsError, match="unet does not load") as caught:
        load(whole)
    assert "\n" not in str(caught.value)


def test_the_files_of_the_specification_load_and_draw_the_same(tmp_path: Path) -> None:
    """Made by somebody else's script, with names that are not written down here a second time."""
    script = SHARED / "make_tiny_sd.py"
    if not script.is_file():
        pytest.skip("make_tiny_sd.py is not beside this repository")
    subprocess.run([sys.executable, script, tmp_path, "--seed", "5"], capture_output=True, check=True)
    for suffix in ("", "-inpaint"):
        plain = drawn(steps(tmp_path / f"tiny{suffix}.ckpt"))
        assert plain[0].std() > 5
        for name in (f"tiny{suffix}.safetensors", f"diffusers{suffix}"):
            assert drawn_sd.apart(plain, drawn(steps(tmp_path / name))) <= ROUNDING
    halved = drawn(steps(tmp_path / "tiny-fp16.safetensors"))
    assert drawn_sd.apart(drawn(steps(tmp_path / "tiny.ckpt")), halved) <= 2
    assert drawn(steps(tmp_path / "tiny.ckpt", vae=tmp_path / "taesd"))[0].shape == plain[0].shape
    with pytest.raises(WeightsError, match=r"wants to run \S*Callback"):
        load(tmp_path / "tiny-callbacks.ckpt")


# The tokenizer


def test_a_tokenizer_reads_words_up_to_what_the_text_encoder_takes(tmp_path: Path) -> None:
    """Without its limit, transformers fails at the first prompt."""
    tokenizer = load(drawn_sd.checkpoint(tmp_path / "a.safetensors")).tokenizer
    rows = tokenizer(["a photo of a face " * 40, "x"], padding="max_length", truncation=True)["input_ids"]
    assert [len(row) for row in rows] == [77, 77]


@pytest.mark.parametrize(
    ("vocabulary", "said"),
    [
        ('{"<|startoftext|>": 0, "<|endoftext|>": 1}', "knows 2 words, and the text encoder"),
        ("{}", "knows 0 words, and the text encoder"),
        ("no JSON", "vocab.json and merges.txt in .* do not read"),
        ("numbered by text", "does not number its words"),
        ("numbered alike", "does not number its words"),
        ("numbered from 5", "does not number its words"),
        ("numbered backwards", "does not number its words"),
    ],
)
def test_a_tokenizer_that_is_empty_or_another_ones_is_refused(vocabulary: str, said: str, tmp_path: Path) -> None:
    """It loads all the same, and every prompt becomes the same numbers."""
    path = drawn_sd.checkpoint(tmp_path / "a.safetensors")
    words = json.loads((tmp_path / "vocab.json").read_text())
    numbers = {
        "numbered by text": words,
        "numbered alike": [0] * len(words),
        "numbered from 5": range(5, len(words) + 5),
        "numbered backwards": range(len(words))[::-1],
    }
    if vocabulary in numbers:
        vocabulary = json.dumps(dict(zip(words, numbers[vocabulary], strict=True)))
    (tmp_path / "vocab.json").write_text(vocabulary)
    with pytest.raises(WeightsError, match=said):
        load(path)


@pytest.mark.parametrize("kept", [0, 1, 8])
def test_merges_that_are_empty_or_broke_off_are_refused(kept: int, tmp_path: Path) -> None:
    """The tokenizer would read every prompt letter by letter, which no model was trained with."""
    path = drawn_sd.checkpoint(tmp_path / "a.safetensors")
    lines = (tmp_path / "merges.txt").read_text().splitlines(keepends=True)
    (tmp_path / "merges.txt").write_text("".join(lines[:kept]))
    with pytest.raises(WeightsError, match="or broke off: nothing joins"):
        load(path)


def test_a_tokenizer_that_tells_no_prompts_apart_is_refused(tmp_path: Path) -> None:
    """As many words as wanted are no proof that it reads any."""
    path = drawn_sd.checkpoint(tmp_path / "a.safetensors")
    names = json.loads((tmp_path / "vocab.json").read_text())
    others = [*(chr(0x4E00 + row) for row in range(len(names) - 2)), *files.ENDS]
    (tmp_path / "vocab.json").write_text(json.dumps({name: row for row, name in enumerate(others)}))
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    with pytest.raises(WeightsError, match="reads nothing"):
        load(path)


def test_merges_of_another_vocabulary_are_refused(tmp_path: Path) -> None:
    path = drawn_sd.checkpoint(tmp_path / "a.safetensors")
    (tmp_path / "merges.txt").write_text("#version: 0.2\nqq zz</w>\n")
    with pytest.raises(WeightsError, match="not of one model: qq zz"):
        load(path)


def test_a_missing_tokenizer_is_told_with_where_to_get_it(tmp_path: Path) -> None:
    path = drawn_sd.checkpoint(tmp_path / "a.safetensors")
    (tmp_path / "merges.txt").unlink()
    with pytest.raises(WeightsError, match=r"merges\.txt .*huggingface.co/.*/tokenizer .*beside a\.saf"):
        load(path)
    drawn_sd.vocabulary(tmp_path / "elsewhere")
    assert load(path, tokenizer=tmp_path / "elsewhere").tokenizer


# How networks are built


def test_the_widths_come_from_the_weights_and_the_rest_from_a_folder_beside_them(tmp_path: Path) -> None:
    path = drawn_sd.checkpoint(tmp_path / "a.safetensors")
    unet = load(path).unet.config
    assert (tuple(unet.block_out_channels), unet.cross_attention_dim) == ((16, 32), 24)
    assert (unet.attention_head_dim, unet.norm_num_groups) == (2, 8)


def test_without_that_folder_heads_and_groups_are_the_published_ones_as_far_as_they_fit(tmp_path: Path) -> None:
    path = drawn_sd.checkpoint(tmp_path / "a.safetensors")
    (tmp_path / "config").rename(tmp_path / "away")
    loaded = load(path)
    assert (loaded.unet.config.attention_head_dim, loaded.unet.config.norm_num_groups) == (8, 16)
    assert loaded.vae.config.norm_num_groups == 8
    assert drawn(steps(path))[0].std() > 5
    assert load(path, config=tmp_path / "away").unet.config.attention_head_dim == 2


def test_a_folder_of_another_model_is_passed_over_and_refused_where_it_is_given(tmp_path: Path) -> None:
    path = drawn_sd.checkpoint(tmp_path / "a.safetensors")
    config = tmp_path / "config" / "unet" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"in_channels": 9}))
    assert load(path).unet.config.attention_head_dim == 8
    with pytest.raises(WeightsError, match="in_channels of its unet is 9, and the weights have 4"):
        load(path, config=tmp_path / "config")


def test_a_model_of_velocities_is_told_by_its_file_or_by_the_folder_beside_it(tmp_path: Path) -> None:
    path = drawn_sd.checkpoint(tmp_path / "a.safetensors")
    plain, held = drawn(steps(path)), load_file(path)
    save_file({**held, "v_pred": torch.zeros(0)}, path)
    by_file = drawn(steps(path))
    assert drawn_sd.apart(plain, by_file) > 5
    save_file(held, path)
    (tmp_path / "config" / "scheduler").mkdir()
    said = tmp_path / "config" / "scheduler" / "scheduler_config.json"
    said.write_text(json.dumps({"prediction_type": "v_prediction"}))
    assert drawn_sd.apart(by_file, drawn(steps(path))) <= ROUNDING
    said.write_text(json.dumps({"prediction_type": "flow"}))
    with pytest.raises(WeightsError, match="was trained to predict 'flow'; wanted is one of epsilon, v_prediction"):
        load(path)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("cond_stage_model.model.positional_embedding", "Stable Diffusion 2"),
        ("conditioner.embedders.0.transformer.text_model.final_layer_norm.weight", "Stable Diffusion XL"),
        ("model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight", "Stable Diffusion 3"),
    ],
)
def test_a_checkpoint_of_another_model_is_called_by_its_name(name: str, model: str, tmp_path: Path) -> None:
    save_file({name: torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(WeightsError, match=rf"other.safetensors is {model}.*; give a checkpoint of Stable Diffusion 1"):
        load(tmp_path / "other.safetensors")


def test_at_full_size_the_names_and_shapes_are_those_of_the_published_checkpoint() -> None:
    path = SHARED / "sd15_keys.json"
    if not path.is_file():
        pytest.skip("sd15_keys.json is not beside this repository")
    wanted = {name: tuple(shape) for name, shape in json.loads(path.read_text())["tensors"].items()}
    told = shapes.configs(wanted, path)
    diffusers, transformers = library("diffusers"), library("transformers")
    with torch.device("meta"):
        unet, vae = diffusers.UNet2DConditionModel(**told["unet"]), diffusers.AutoencoderKL(**told["vae"])
        text = transformers.CLIPTextModel(transformers.CLIPTextConfig(**told["text_encoder"]))
    attends = ["Attn" in kind for kind in told["unet"]["up_block_types"]]
    named = {in_unet(name, 2, attends): tuple(it.shape) for name, it in unet.state_dict().items()}
    named |= {in_vae(name, 4): tuple(it.shape) for name, it in vae.state_dict().items()}
    named |= {in_text(name): tuple(it.shape) for name, it in text.state_dict().items()}
    assert {name for name in wanted if name not in named} == {f"{in_text('embeddings.position_ids')}"}
    assert all(wanted[name] in (shape, (*shape, 1, 1)) for name, shape in named.items())
    assert sum(p.numel() for p in unet.parameters()) == 859_520_964
    assert (told["unet"]["attention_head_dim"], told["unet"]["norm_num_groups"]) == (8, 32)
    assert told["text_encoder"]["num_attention_heads"] == 12


@pytest.mark.parametrize(
    "name",
    [
        "cond_stage_model.transformer.text_projection.weight",
        "cond_stage_model.logit_scale",
        "first_stage_model.model_ema.decay",
        "first_stage_model.loss.logvar",
        "model_ema.diffusion_modelinput_blocks00weight",
    ],
)
def test_what_checkpoints_keep_of_training_is_left_aside(name: str, tmp_path: Path) -> None:
    path = drawn_sd.checkpoint(tmp_path / "a.safetensors")
    plain = drawn(steps(path))
    save_file({**load_file(path), name: torch.ones(3)}, path)
    assert drawn_sd.apart(plain, drawn(steps(path))) <= ROUNDING


def test_a_text_encoder_of_another_model_is_refused(tmp_path: Path) -> None:
    """Otherwise the first crop would end in the middle of PyTorch."""
    path = drawn_sd.checkpoint(tmp_path / "a.safetensors")
    held = load_file(path)
    places = f"{in_text('embeddings')}.position_embedding.weight"
    held[places] = held[places][:40].clone()
    save_file(held, path)
    with pytest.raises(WeightsError, match="values for each of 40 tokens, and the U-Net wants 24 for 77"):
        load(path)
    whole = drawn_sd.folder(tmp_path / "whole")
    unet = {**drawn_sd.UNET_CONFIG, "cross_attention_dim": 40}
    library("diffusers").UNet2DConditionModel(in_channels=4, **unet).save_pretrained(whole / "unet")
    with pytest.raises(WeightsError, match="24 values for each of 77 tokens, and the U-Net wants 40 for 77"):
        load(whole)


def test_for_small_memory_pictures_are_cut_into_tiles_only_when_they_are_larger_than_usual(tmp_path: Path) -> None:
    path = drawn_sd.checkpoint(tmp_path / "a.safetensors")
    shutil.rmtree(tmp_path / "config")
    crops = [drawn_sd.crop(1, size=(64, 64))]
    plain, small = (
        StableDiffusion.from_files(steps(path), Running(small_memory=one)).inpaint(crops) for one in (False, True)
    )
    assert drawn_sd.apart(plain, small) <= 1


# What may be put in


def test_a_lora_changes_what_is_drawn_and_one_for_other_networks_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("peft", reason="needs the extra diffusion")
    path = drawn_sd.checkpoint(tmp_path / "a.safetensors")
    lora = drawn_sd.lora(tmp_path / "lora.safetensors")
    plain = drawn(steps(path))
    assert drawn_sd.apart(plain, drawn(steps(path, lora=lora))) > 0
    assert drawn_sd.apart(plain, drawn(steps(path, lora=lora, lora_scale=0.0))) <= ROUNDING
    save_file({"lora_te_a.lora_down.weight": torch.zeros(4, 4)}, lora)
    with pytest.raises(WeightsError, match=r"lora\.safetensors"):
        load(path, lora=lora)
    with pytest.raises(WeightsError, match="there is no LoRA"):
        load(path, lora=tmp_path / "nowhere.safetensors")


def test_a_small_autoencoder_takes_the_place_of_the_models_own(tmp_path: Path) -> None:
    path = drawn_sd.checkpoint(tmp_path / "a.safetensors")
    small = drawn_sd.small_vae(tmp_path / "taesd")
    assert drawn_sd.apart(drawn(steps(path)), drawn(steps(path, vae=small))) > 0
    with pytest.raises(WeightsError, match=r"config\.json"):
        load(path, vae=tmp_path / "nowhere")


def test_the_published_small_autoencoder_loads_from_its_file_alone(tmp_path: Path) -> None:
    path = drawn_sd.checkpoint(tmp_path / "a.safetensors")
    published = library("diffusers").AutoencoderTiny()
    save_file(published.state_dict(), tmp_path / "taesd.safetensors")
    published.save_pretrained(tmp_path / "taesd")
    alone = drawn(steps(path, vae=tmp_path / "taesd.safetensors"))
    assert drawn_sd.apart(alone, drawn(steps(path, vae=tmp_path / "taesd"))) <= ROUNDING
    with pytest.raises(WeightsError, match=r"a\.safetensors .* weights are missing, as encoder\."):
        load(path, vae=path)
    library("diffusers").AutoencoderTiny(latent_channels=16).save_pretrained(tmp_path / "taesd")
    with pytest.raises(WeightsError, match=r"taesd have 16 channels and stand for 8 pixels, wanted are 4 and 8"):
        load(path, vae=tmp_path / "taesd")


def test_a_folder_may_come_with_a_small_autoencoder_of_its_own(tmp_path: Path) -> None:
    whole = drawn_sd.folder(tmp_path / "whole")
    shutil.rmtree(whole / "vae")
    drawn_sd.small_vae(whole / "vae")
    assert type(load(whole).vae).__name__ == "AutoencoderTiny"
    assert drawn(steps(whole))[0].shape == (32, 32, 3)


@pytest.mark.parametrize("content", [b"", b"some text", struct.pack("<Q", 1 << 60)])
@pytest.mark.parametrize("name", ["a.ckpt", "a.safetensors"])
def test_what_is_no_checkpoint_at_all_is_refused_in_a_line(name: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=name) as caught:
        load(path)
    assert "\n" not in str(caught.value)
    assert "weights_only" not in str(caught.value)


def test_a_missing_library_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "diffusers", None)
    with pytest.raises(OptionError, match=r"needs diffusers.*pip install 'passerby\[diffusion\]'"):
        library("diffusers")
