"""The networks of Stable Diffusion 1 out of its files, whole or not at all. Nothing is asked of any server."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from passerby.core.errors import WeightsError, first_line
from passerby.paint.diffusion import files
from passerby.paint.diffusion.choice import Diffusion
from passerby.paint.diffusion.files import Held, library
from passerby.paint.diffusion.names import TEXT, UNET, VAE, in_text, in_unet, in_vae
from passerby.paint.diffusion.shapes import Config, configs

CELL = 8
"""Pixels along each side of what one latent stands for."""
POSITIONS = 77
"""Tokens that CLIP reads."""
SCHEDULE: Config = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
    "steps_offset": 1,
    "clip_sample": False,
    "set_alpha_to_one": False,
}
"""How Stable Diffusion 1 was trained, as its schedulers call it."""
PREDICTED = ("epsilon", "v_prediction")
"""What a U-Net may have been trained to tell of what it is shown: noise, and velocities (Salimans and Ho, 2022)."""
_UNUSED = (f"{VAE}loss.", f"{VAE}model_ema.", f"{TEXT}text_projection.")
"""How names begin that some checkpoints keep of training, or of CLIP, and that drawing has no use for."""


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """The networks, on the processor."""

    unet: Any
    vae: Any
    """AutoencoderKL, or AutoencoderTiny."""
    schedule: Config
    """What a scheduler has to know of how the U-Net was trained."""
    tokenizer: Any
    text: Callable[[], Any]
    """Loads the text encoder, which is needed only for a moment."""


def load(choice: Diffusion, dtype: torch.dtype) -> Loaded:
    """The networks of a choice; U-Net and autoencoder in `dtype`, the text encoder in float32.

    Raises:
        OptionError: a library is not installed.
        WeightsError: a file is missing, damaged, wants to run code, or holds another network.
    """
    path = files.model(choice.weights)
    loaded = _folder(path, dtype) if path.is_dir() else _checkpoint(path, choice, dtype)
    if choice.lora is not None:
        _merge(choice.lora, loaded.unet, choice.lora_scale)
    vae = loaded.vae if choice.vae is None else _small_vae(choice.vae, dtype)
    side = 2 ** (len(vae.config.block_out_channels) - 1)
    latents, wanted = vae.config.latent_channels, loaded.unet.config.out_channels
    if side != CELL or latents != wanted:
        raise WeightsError(
            f"latents of {choice.vae or path} have {latents} channels and stand for {side} pixels, wanted are {wanted} "
            f"and {CELL}; use an autoencoder of Stable Diffusion 1"
        )
    return replace(loaded, vae=vae)


# A checkpoint


def _checkpoint(path: Path, choice: Diffusion, dtype: torch.dtype) -> Loaded:
    diffusers, transformers = library("diffusers"), library("transformers")
    held = files.opened(path)
    shapes = {in_text(name.removeprefix(TEXT)) if name.startswith(TEXT) else name: s for name, s in held.shapes.items()}
    found = configs(shapes, path, choice.config)
    with torch.device("meta"):  # without weights, which come from the file
        unet = diffusers.UNet2DConditionModel(**found["unet"])
        vae = diffusers.AutoencoderKL(**found["vae"])
    attends = ["Attn" in kind for kind in found["unet"]["up_block_types"]]
    layers, levels = found["unet"]["layers_per_block"], len(found["vae"]["block_out_channels"])
    _fill(unet, {name: in_unet(name, layers, attends) for name in unet.state_dict()}, held, UNET, dtype)
    _fill(vae, {name: in_vae(name, levels) for name in vae.state_dict()}, held, VAE, dtype)
    words = found["text_encoder"]["vocab_size"]
    config = transformers.CLIPTextConfig(
        **found["text_encoder"], bos_token_id=words - 2, eos_token_id=words - 1, pad_token_id=words - 1
    )
    _check_reader(config, unet, path)
    with torch.device("meta"):
        _check(*_text_names(config, held), held, TEXT)
    folder = files.vocabulary(path, choice.tokenizer)
    files.check_vocabulary(folder, words)
    vocabulary, merges = (str(folder / name) for name in files.VOCABULARY)
    tokenizer = transformers.CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=POSITIONS)
    _check_tokenizer(tokenizer, words, folder)
    return Loaded(unet.eval(), vae.eval(), _schedule(found["scheduler"], path), tokenizer, partial(_text, path, config))


def _text(path: Path, config: Any) -> Any:
    held = files.opened(path)
    model, names = _text_names(config, held)
    _fill(model, names, held, TEXT, torch.float32)
    return model.eval()


def _text_names(config: Any, held: Held) -> tuple[Any, dict[str, str]]:
    """A text encoder and what the file calls its weights: old ones leave out `text_model.`."""
    model = library("transformers").CLIPTextModel(config)
    names = {name: in_text(name) for name in model.state_dict()}
    return model, {
        own: name if name in held.shapes else name.replace("text_model.", "", 1) for own, name in names.items()
    }


def _fill(network: Any, names: Mapping[str, str], held: Held, start: str, dtype: torch.dtype) -> None:
    """Give `network` its weights, after a `_check`."""
    _check(network, names, held, start)
    own: dict[str, torch.Tensor] = network.state_dict()
    weights = {name: held.get(names[name]).reshape(weight.shape).to(dtype) for name, weight in own.items()}
    network.load_state_dict(weights, assign=True)


def _check(network: Any, names: Mapping[str, str], held: Held, start: str) -> None:
    """Compare a file with a network.

    Args:
        network: with or without weights.
        names: what the file calls them, by the network's own names.
        held: the file.
        start: of all names that belong to this network in the file.

    Raises:
        WeightsError: one is missing or has another shape, or the file has more of such a network.
    """
    own: dict[str, torch.Tensor] = network.state_dict()
    missing = [name for name in names.values() if name not in held.shapes]
    if missing:
        raise files.wrong(held.path, f"{len(missing)} weights are missing, as {missing[0]}")
    for name, weight in own.items():
        came, wanted = held.shapes[names[name]], tuple(weight.shape)
        if came not in (wanted, (*wanted, 1, 1)):  # checkpoints keep some matrices as convolutions of one pixel
            raise files.wrong(held.path, f"{names[name]} is {came}, wanted is {wanted}")
    taken = {*names.values()}
    more = [name for name in held.shapes if name.startswith(start) and name not in taken]
    foreign = [name for name in more if not name.startswith(_UNUSED) and not name.endswith("position_ids")]
    if foreign:
        raise files.wrong(held.path, f"it has {foreign[0]}, which is of another network")


# A folder as diffusers writes it


def _folder(path: Path, dtype: torch.dtype) -> Loaded:
    diffusers, transformers = library("diffusers"), library("transformers")
    unet = pretrained(diffusers.UNet2DConditionModel, path / "unet", dtype)
    vae = pretrained(getattr(diffusers, _kind_of_vae(path / "vae")), path / "vae", dtype)
    text = partial(pretrained, transformers.CLIPTextModel, path / "text_encoder", torch.float32)
    folder = path / "tokenizer"
    try:
        reader = transformers.CLIPTextConfig.from_pretrained(path / "text_encoder", local_files_only=True)
        words = reader.vocab_size
        schedule = dict(diffusers.DDIMScheduler.load_config(path / "scheduler", local_files_only=True))
        if (folder / files.VOCABULARY[0]).is_file():
            files.check_vocabulary(folder, words)
        tokenizer = transformers.CLIPTokenizer.from_pretrained(
            folder, local_files_only=True, model_max_length=POSITIONS
        )
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path} is not whole ({first_line(error)}); get it again") from error
    _check_reader(reader, unet, path)
    _check_tokenizer(tokenizer, words, folder)
    return Loaded(unet, vae, _schedule(schedule, path), tokenizer, text)


def _kind_of_vae(folder: Path) -> str:
    """What diffusers calls it: models of one step come with a small one."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"{folder / 'config.json'} does not read ({error}); get it again") from error
    return "AutoencoderTiny" if config.get("_class_name") == "AutoencoderTiny" else "AutoencoderKL"


def pretrained(kind: Any, folder: Path, dtype: torch.dtype) -> Any:
    """A network of a folder, whole.

    Raises:
        WeightsError: the folder is missing, damaged, or holds another network.
    """
    if not (folder / "config.json").is_file():
        raise WeightsError(f"there is no {folder / 'config.json'}; give a folder as diffusers writes it")
    halved = any(".fp16." in file.name for file in folder.iterdir())
    plain = any(file.suffix in (".safetensors", ".bin") and ".fp16." not in file.name for file in folder.iterdir())
    variant = "fp16" if halved and not plain else None
    try:
        network, told = kind.from_pretrained(
            folder, local_files_only=True, torch_dtype=dtype, variant=variant, output_loading_info=True
        )
    except (OSError, ValueError, RuntimeError, UnpicklingError, library("safetensors").SafetensorError) as error:
        raise WeightsError(f"{folder} does not load ({first_line(error)}); get it again") from error
    wrong = [*told["missing_keys"], *told["mismatched_keys"]]
    if wrong:
        raise WeightsError(f"{folder} is not whole: {wrong[0]} is missing or of another shape; get it again")
    return network.eval()


# Both


def _schedule(said: Config, path: Path) -> Config:
    """How a U-Net was trained, as far as is said, and else as Stable Diffusion 1.

    Raises:
        WeightsError: it predicts something else than noise or velocities.
    """
    schedule = {**SCHEDULE, **said}
    predicted = schedule.setdefault("prediction_type", "epsilon")
    if predicted not in PREDICTED:
        raise WeightsError(
            f"the U-Net of {path} was trained to predict {predicted!r}; wanted is one of {', '.join(PREDICTED)}"
        )
    return schedule


def _check_reader(text: Any, unet: Any, path: Path) -> None:
    """Compare the configuration of a text encoder with what the U-Net is to be told.

    Raises:
        WeightsError: it reads fewer tokens, or gives another number of values for each.
    """
    told, wanted = text.hidden_size, unet.config.cross_attention_dim
    if text.max_position_embeddings < POSITIONS or told != wanted:
        raise WeightsError(
            f"the text encoder of {path} gives {told} values for each of {text.max_position_embeddings} tokens, and "
            f"the U-Net wants {wanted} for {POSITIONS}; use Stable Diffusion 1"
        )


def _check_tokenizer(tokenizer: Any, words: int, folder: Path) -> None:
    """A tokenizer without its files loads all the same, and reads nothing: every prompt becomes the same numbers.

    Raises:
        WeightsError: it is one of these, or another text encoder's.
    """
    if len(tokenizer) != words:
        raise WeightsError(
            f"the tokenizer in {folder} knows {len(tokenizer)} words, and the text encoder {words}; get "
            f"{' and '.join(files.VOCABULARY)} of this very model"
        )
    one, other = tokenizer(["a photo of a face", "a license plate"])["input_ids"]
    if one == other:
        raise WeightsError(f"the tokenizer in {folder} reads nothing; get {' and '.join(files.VOCABULARY)} again")


def _small_vae(path: Path, dtype: torch.dtype) -> Any:
    """A TAESD of a folder, or, built as the published one, out of a file."""
    kind = library("diffusers").AutoencoderTiny
    if not path.is_file():
        return pretrained(kind, path, dtype)
    with torch.device("meta"):
        network = kind()
    _fill(network, {name: name for name in network.state_dict()}, files.opened(path), "", dtype)
    return network.eval()


def _merge(path: Path, unet: Any, scale: float) -> None:
    """Add a LoRA to the weights of the U-Net; what it has for other networks is left out.

    Raises:
        WeightsError: it is missing, or for another U-Net.
    """
    if not path.is_file():
        raise WeightsError(f"there is no LoRA {path}; give the path of a .safetensors file")
    library("peft")
    pipeline = library("diffusers").StableDiffusionPipeline
    held = files.opened(path)
    try:
        weights, alphas = pipeline.lora_state_dict({name: held.get(name) for name in held.shapes})
        if not any(name.startswith("unet.") for name in weights):
            raise WeightsError(f"{path} has nothing for a U-Net; give a LoRA for Stable Diffusion 1")
        pipeline.load_lora_into_unet(weights, network_alphas=alphas, unet=unet)
    except (ValueError, RuntimeError, KeyError) as error:
        raise WeightsError(f"{path} is no LoRA for this U-Net ({first_line(error)}); give another") from error
    unet.fuse_lora(lora_scale=scale)
    unet.unload_lora()
