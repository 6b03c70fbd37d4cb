"""Stable Diffusion at work on crops: blind to what is hidden, whatever the batch, and never without a result."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import drawn_sd
import numpy as np
import pytest
import torch

from passerby.core.errors import OptionError, StageError
from passerby.core.stopping import NobodyWaits, stop_when
from passerby.flow import ahead
from passerby.paint.diffusion import loading, schedulers
from passerby.paint.diffusion.choice import SCHEDULERS, Diffusion, Running
from passerby.paint.diffusion.engine import StableDiffusion
from passerby.paint.diffusion.files import library
from passerby.paint.diffusion.making import inpainter
from passerby.paint.diffusion.prompts import PROMPTS, Prompt, prompt

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # diffusers', of numpy


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """A checkpoint whose U-Net reads 4 channels, and one whose reads 9."""
    folders = {channels: tmp_path_factory.mktemp(f"of{channels}") for channels in (4, 9)}
    return {
        channels: drawn_sd.checkpoint(folder / "a.safetensors", channels=channels)
        for channels, folder in folders.items()
    }


@pytest.fixture
def model(files: dict[int, Path]) -> Any:
    """Makes an engine of a choice."""

    def made(channels: int = 4, running: Running | None = None, **choice: Any) -> StableDiffusion:
        return StableDiffusion.from_files(Diffusion(weights=files[channels], **{"steps": 2, **choice}), running)

    return made


@pytest.mark.parametrize("channels", [4, 9])
@pytest.mark.parametrize("strength", [1.0, 0.75])
@pytest.mark.parametrize("scheduler", ["dpm++", "lcm"])
def test_what_lies_in_the_hole_changes_nothing(model: Any, channels: int, strength: float, scheduler: str) -> None:
    """Diffusers' own inpainting lets it through, at any strength."""
    engine = model(channels, steps=4, strength=strength, scheduler=scheduler)
    one, other = engine.inpaint([drawn_sd.crop(under=0)]), engine.inpaint([drawn_sd.crop(under=255)])
    assert drawn_sd.apart(one, other) == 0
    around = drawn_sd.crop()
    around.picture[~around.hole] = 255 - around.picture[~around.hole]
    assert drawn_sd.apart(one, engine.inpaint([around])) > 0


@pytest.mark.parametrize("channels", [4, 9])
def test_a_crop_becomes_the_same_alone_and_among_others(model: Any, channels: int) -> None:
    engine = model(channels, Running(batch=3))
    crops = [drawn_sd.crop(seed) for seed in range(4)] + [
        drawn_sd.crop(9, size=(40, 24)),
        drawn_sd.crop(2, label="car"),
    ]
    together = engine.inpaint(crops)
    assert [picture.shape for picture in together] == [(*crop.hole.shape, 3) for crop in crops]
    assert all(picture.dtype == np.uint8 for picture in together)
    for crop, picture in zip(crops, together, strict=True):
        # Of other batches the last bit of float32 differs, and with it the rounding.
        assert drawn_sd.apart(engine.inpaint([crop]), [picture]) <= 1
    assert drawn_sd.apart(together, engine.inpaint(crops)) == 0
    assert drawn_sd.apart(together[::-1], engine.inpaint(crops[::-1])) <= 1


@pytest.mark.parametrize("channels", [4, 9])
@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_what_is_drawn_is_what_diffusers_own_pipeline_draws(
    files: dict[int, Path], channels: int, scheduler: str
) -> None:
    """Given the same noise, and latents of a picture whose hole is grey already."""
    choice = Diffusion(weights=files[channels], steps=4, scheduler=scheduler)
    loaded = loading.load(choice, torch.float32)
    loaded.unet.register_to_config(sample_size=64)  # the pipeline wants to know
    engine = StableDiffusion(loaded, choice)
    crop = drawn_sd.crop(3)
    crop.hole[:] = False
    crop.hole[8:24, 8:16] = True
    [picture] = engine.inpaint([crop])
    seen = torch.from_numpy(crop.picture / 127.5 - 1).float()
    seen[crop.hole] = 0
    generator = torch.Generator().manual_seed(crop.seed)
    noise = torch.randn(1, 4, 4, 4, generator=generator)
    pipeline = library("diffusers").StableDiffusionInpaintPipeline(
        unet=loaded.unet,
        vae=loaded.vae,
        text_encoder=loaded.text(),
        tokenizer=loaded.tokenizer,
        scheduler=schedulers.scheduler(choice, loaded.schedule),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    with torch.inference_mode():
        known = loaded.vae.encode(seen.permute(2, 0, 1)[None]).latent_dist.mode() * loaded.vae.config.scaling_factor
    words = prompt("face", {})
    told = {"guidance_scale": choice.guidance, "num_inference_steps": 4, "strength": 1.0, "eta": choice.eta}
    whole = pipeline(
        prompt=words.wanted,
        negative_prompt=words.unwanted,
        image=known,
        masked_image_latents=known,
        mask_image=torch.from_numpy(crop.hole.astype(np.float32))[None, None],
        latents=noise,
        generator=[generator],
        height=32,
        width=32,
        output_type="np",
        **told if scheduler == "tcd" else {**told, "eta": 0.0},
    )
    assert drawn_sd.apart([picture], [(whole.images[0] * 255).round().astype(np.uint8)]) <= 1


def test_the_noise_is_that_of_the_seed(model: Any) -> None:
    engine = model()
    one, other, again = engine.inpaint([drawn_sd.crop(1), drawn_sd.crop(2), drawn_sd.crop(1)])
    assert drawn_sd.apart([one], [again]) <= 1
    assert np.abs(one.astype(int) - other).mean() > 5
    assert engine.inpaint([drawn_sd.crop(2**64 - 1)])[0].std() > 5


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("steps", [1, 4])
def test_every_scheduler_draws_in_one_step_and_in_more(model: Any, scheduler: str, steps: int) -> None:
    [picture] = model(scheduler=scheduler, steps=steps).inpaint([drawn_sd.crop()])
    assert picture.std() > 5


def test_the_prompt_is_that_of_the_label_and_can_be_ones_own(model: Any) -> None:
    [face, car] = model(guidance=20).inpaint([drawn_sd.crop(), drawn_sd.crop(label="car")])
    assert drawn_sd.apart([face], [car]) > 1
    usual = PROMPTS["face"]
    for own in (Prompt("a plate", usual.unwanted), Prompt(usual.wanted, "a plate")):
        [mine] = model(guidance=20, prompts={"face": own}).inpaint([drawn_sd.crop()])
        assert drawn_sd.apart([face], [mine]) > 1
    unknown = model(guidance=20).inpaint([drawn_sd.crop(label="wheelbarrow")])
    assert drawn_sd.apart([face], unknown) > 1


def test_the_text_encoder_is_loaded_once_for_all_labels_that_are_known(files: dict[int, Path]) -> None:
    choice = Diffusion(weights=files[4], steps=1)
    loaded = loading.load(choice, torch.float32)
    count: list[int] = []

    def text() -> Any:
        count.append(1)
        return loaded.text()

    engine = StableDiffusion(replace(loaded, text=text), choice, Running(batch=2))
    engine.inpaint([drawn_sd.crop(), drawn_sd.crop(label="car"), drawn_sd.crop(3)])
    engine.inpaint([drawn_sd.crop(4, label="car")])
    assert len(count) == 1


class Counting(torch.nn.Module):
    """A U-Net that notes how many rows it is given, and gives what `answer` makes of its own answer."""

    def __init__(self, inner: Any, answer: Any) -> None:
        super().__init__()
        self.inner, self.answer = inner, answer
        self.rows: list[int] = []
        self.config, self.dtype = inner.config, inner.dtype

    def forward(self, inputs: Any, *arguments: Any, **named: Any) -> tuple[Any]:
        self.rows.append(len(inputs))
        return (self.answer(inputs, self.inner(inputs, *arguments, **named)[0]),)


def watched(
    files: dict[int, Path], answer: Any = lambda _, given: given, running: Running | None = None, **choice: Any
) -> tuple[StableDiffusion, Counting]:
    chosen = Diffusion(weights=files[4], **{"steps": 2, **choice})
    loaded = loading.load(chosen, torch.float32)
    unet = Counting(loaded.unet, answer)
    return StableDiffusion(replace(loaded, unet=unet), chosen, running), unet


def test_without_guidance_the_network_computes_half_as_much(files: dict[int, Path]) -> None:
    for guidance, rows in ((6.0, [4, 4]), (1.0, [2, 2]), (0.0, [2, 2])):
        engine, unet = watched(files, guidance=guidance)
        engine.inpaint([drawn_sd.crop(1), drawn_sd.crop(2)])
        assert unet.rows == rows


def test_when_nobody_waits_for_it_no_further_step_is_drawn(files: dict[int, Path]) -> None:
    gone = threading.Event()

    def answer(_: Any, given: Any) -> Any:
        gone.set()
        return given

    engine, unet = watched(files, answer, steps=8, guidance=0)

    def waited_for() -> Iterator[None]:
        stop_when(gone)
        engine.inpaint([drawn_sd.crop(1)])
        yield

    with pytest.raises(NobodyWaits):
        next(ahead(waited_for(), 1))
    assert len(unet.rows) == 1


def test_strength_leaves_out_the_first_steps(files: dict[int, Path]) -> None:
    engine, unet = watched(files, steps=8, strength=0.5, guidance=0)
    engine.inpaint([drawn_sd.crop(1)])
    assert len(unet.rows) == 4


# When memory or numbers do not suffice


OUT_OF_MEMORY = (
    torch.OutOfMemoryError("CUDA out of memory"),
    RuntimeError("[enforce fail] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
    MemoryError(),
)


def out_of_memory_above(rows: int, error: Exception = OUT_OF_MEMORY[0]) -> Any:
    def answer(inputs: Any, given: Any) -> Any:
        if len(inputs) > rows:
            raise error
        return given

    return answer


@pytest.mark.parametrize("error", OUT_OF_MEMORY)
def test_out_of_memory_takes_smaller_batches_and_loses_nobody(files: dict[int, Path], error: Exception) -> None:
    crops = [drawn_sd.crop(seed) for seed in range(7)]
    whole, _ = watched(files, guidance=0, running=Running(batch=4))
    engine, unet = watched(files, out_of_memory_above(1, error), Running(batch=4), guidance=0)
    assert drawn_sd.apart(engine.inpaint(crops), whole.inpaint(crops)) <= 1
    assert unet.rows == [4, 2, *[1] * 14]
    assert engine.batch == 1


def test_out_of_memory_for_a_single_crop_is_an_error_in_a_line(files: dict[int, Path]) -> None:
    engine, _ = watched(files, out_of_memory_above(0), Running(batch=2))
    with pytest.raises(StageError, match=r"memory of cpu does not suffice for a single crop; .*small-memory") as caught:
        engine.inpaint([drawn_sd.crop(1), drawn_sd.crop(2)])
    assert "\n" not in str(caught.value)


def test_what_fails_otherwise_is_not_tried_again(files: dict[int, Path]) -> None:
    engine, unet = watched(files, out_of_memory_above(0, RuntimeError("an illegal memory access")))
    with pytest.raises(RuntimeError, match="illegal"):
        engine.inpaint([drawn_sd.crop(1)])
    assert len(unet.rows) == 1


@pytest.mark.parametrize("error", OUT_OF_MEMORY)
@pytest.mark.parametrize("place", ["load", "StableDiffusion.__init__", "Words._learn"])
def test_out_of_memory_before_anything_is_drawn_is_an_error_in_a_line(
    files: dict[int, Path], place: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scarce(*asked: Any) -> None:
        raise error

    monkeypatch.setattr(f"passerby.paint.diffusion.engine.{place}", scarce)
    with pytest.raises(StageError, match="memory of cpu does not suffice for the model") as caught:
        StableDiffusion.from_files(Diffusion(weights=files[4]), labels=["face"])
    assert "\n" not in str(caught.value)


def test_out_of_memory_while_the_next_batch_is_encoded_is_made_good(model: Any) -> None:
    crops = [drawn_sd.crop(seed) for seed in range(4)]
    engine, whole = model(running=Running(batch=2)), model().inpaint(crops)
    encode, sizes = engine._autoencoder.encode, []

    def scarce(pictures: Any) -> Any:
        sizes.append(len(pictures))
        if len(sizes) == 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return encode(pictures)

    engine._autoencoder.encode = scarce
    assert drawn_sd.apart(engine.inpaint(crops), whole) <= 1
    assert sizes[:3] == [2, 2, 1]


def test_numbers_that_are_not_finite_are_an_error(files: dict[int, Path]) -> None:
    engine, _ = watched(files, lambda _, given: given * torch.nan)
    with pytest.raises(StageError, match="U-Net gives numbers that are not finite"):
        engine.inpaint([drawn_sd.crop()])


@pytest.mark.parametrize("direction", ["encode", "decode"])
def test_what_half_precision_does_not_hold_is_computed_in_float32(model: Any, direction: str) -> None:
    engine = model(running=Running(precision="bf16"))
    vae = engine._autoencoder._network
    compute, kinds = getattr(vae, direction), []

    def overflowing(values: Any) -> Any:
        kinds.append(values.dtype)
        scale = torch.inf if values.dtype == torch.bfloat16 else 1
        return compute(values * scale)

    setattr(vae, direction, overflowing)
    assert engine.inpaint([drawn_sd.crop()])[0].std() > 5
    assert kinds == [torch.bfloat16, torch.float32]
    setattr(vae, direction, lambda values: compute(values * torch.inf))
    with pytest.raises(StageError, match="autoencoder gives numbers that are not finite"):
        engine.inpaint([drawn_sd.crop()])


# How it runs


def test_the_next_batch_is_encoded_while_this_one_is_drawn(model: Any) -> None:
    engine = model(running=Running(batch=1))
    encode, draw = engine._autoencoder.encode, engine._drawn
    encoded = [threading.Event() for _ in range(3)]
    turns = iter(encoded)

    def encoding(pictures: Any) -> Any:
        latents = encode(pictures)
        next(turns).set()
        return latents

    def drawing(batch: Any) -> Any:
        assert encoded[min(batch.number + 1, 2)].wait(60), "the next batch waits for this one"
        return draw(batch)

    engine._autoencoder.encode, engine._drawn = encoding, drawing
    engine.inpaint([drawn_sd.crop(seed) for seed in range(3)])
    names = sorted((span.name, span.batch) for span in engine.timeline.spans)
    assert names == [(name, batch) for name in ("decode", "draw", "encode", "masks") for batch in range(3)]


def test_slices_tiles_and_bfloat16_draw_much_the_same(model: Any) -> None:
    crops = [drawn_sd.crop(1), drawn_sd.crop(2)]
    plain = model().inpaint(crops)
    assert drawn_sd.apart(plain, model(running=Running(small_memory=True)).inpaint(crops)) <= 1
    rounded = model(running=Running(precision="bf16")).inpaint(crops)
    assert np.abs(np.stack(plain).astype(int) - np.stack(rounded)).mean() < 3


def test_a_compiled_network_is_given_batches_of_one_size(
    files: dict[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "compile", lambda network, **_: network)
    engine, unet = watched(files, running=Running(batch=3, compiled=True), guidance=0)
    crops = [drawn_sd.crop(seed) for seed in range(4)]
    assert drawn_sd.apart(engine.inpaint(crops), watched(files, guidance=0)[0].inpaint(crops)) <= 1
    assert set(unet.rows) == {3}


def test_a_network_that_cannot_be_compiled_is_an_error_in_a_line(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*given: Any, **more: Any) -> None:
        raise torch._dynamo.exc.TorchDynamoException("no compiler\nand more")

    monkeypatch.setattr(torch, "compile", lambda network, **_: failing)
    with pytest.raises(OptionError, match=r"the U-Net cannot be compiled here \(no compiler\); leave --compile out"):
        model(running=Running(compiled=True)).inpaint([drawn_sd.crop()])


def test_a_malformed_crop_and_an_unknown_device_are_errors(model: Any) -> None:
    good = drawn_sd.crop()
    for crop in (replace(good, hole=good.hole[:-1]), drawn_sd.crop(size=(32, 30))):
        with pytest.raises(StageError, match="multiples of 8"):
            model().inpaint([crop])
    assert model().inpaint([]) == []
    with pytest.raises(OptionError, match="cannot compute on 'cuda:63'"):
        model(running=Running(device="cuda:63", precision="fp32"))
    with pytest.raises(OptionError, match="fp16 is for graphics cards"):
        Running(precision="fp16")


def test_the_model_of_a_choice_is_made_with_its_prompts_read(files: dict[int, Path]) -> None:
    made = inpainter(Diffusion(weights=files[9], steps=1), Running(batch=2), ["face"])
    assert made.batch == 2
    assert made.inpaint([drawn_sd.crop()])[0].shape == (32, 32, 3)
