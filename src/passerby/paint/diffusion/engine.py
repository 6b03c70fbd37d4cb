"""Stable Diffusion 1 at work on crops."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import count

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from passerby.core.errors import OptionError, StageError, first_line
from passerby.core.notes import notes_of
from passerby.core.stopping import unless_stopped
from passerby.paint.compiling import compiling
from passerby.paint.diffusion import guides as telling
from passerby.paint.diffusion import schedulers
from passerby.paint.diffusion.autoencoder import Autoencoder
from passerby.paint.diffusion.choice import Diffusion, Running
from passerby.paint.diffusion.contract import Crop
from passerby.paint.diffusion.guides import Guide, Telling
from passerby.paint.diffusion.loading import CELL, Loaded, load
from passerby.paint.diffusion.timeline import Timeline
from passerby.paint.diffusion.words import Words

_PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_LATENTS, _DIRECT = 4, 9
"""Channels that a U-Net reads: latents; and, trained to inpaint, those, the hole, and latents of what is known."""


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """Crops of one size, ready to be drawn in."""

    number: int
    crops: Sequence[Crop]
    cells: Tensor
    """(N, 1, h, w) float32: 1 where a latent stands for any pixel of the hole."""
    known: Tensor
    """(N, 4, h, w) float32: latents of the pictures with grey in the hole."""


class StableDiffusion:
    """An `Inpainter`.

    What lies in the hole is grey before anything sees it, so the result cannot depend on it. The noise of a crop
    comes from its own seed. While one batch is drawn, another thread encodes the next.
    """

    def __init__(
        self, loaded: Loaded, choice: Diffusion, running: Running | None = None, guides: Sequence[Guide] = ()
    ) -> None:
        """Move the networks to where they compute.

        Args:
            loaded, choice, running: the model, how it draws, and where.
            guides: what else it is told.

        Raises:
            WeightsError: a guide is for another U-Net.
            OptionError: the device is not here, or the U-Net is not for pictures.
        """
        self.choice, self.running = choice, running or Running()
        self.timeline = Timeline(self.running.device)
        channels = loaded.unet.config.in_channels
        if channels not in (_LATENTS, _DIRECT):
            raise OptionError(
                f"the U-Net reads {channels} channels, wanted are {_LATENTS} or {_DIRECT}; use another model"
            )
        try:
            self._device = torch.device(self.running.device)
            self._unet, vae = loaded.unet.to(self._device), loaded.vae.to(self._device)
        except (RuntimeError, AssertionError) as error:
            if _of_memory(error):
                raise
            raise OptionError(f"cannot compute on {self.running.device!r} ({first_line(error)})") from error
        self._direct = channels == _DIRECT
        self._schedule = loaded.schedule
        self._words = Words(loaded, choice.prompts)
        self._batch = self.running.batch
        self._numbers = count()
        self._side: AbstractContextManager[None] = nullcontext()
        if self._device.type == "cuda":
            self._unet = self._unet.to(memory_format=torch.channels_last)
            # One for all batches: every stream keeps the memory that it once had.
            self._side = torch.cuda.stream(torch.cuda.Stream(self._device))
        if self.running.small_memory:
            self._unet.set_attention_slice("auto")
            vae.enable_slicing()
            vae.enable_tiling()
        self._guides = tuple(guides)
        for guide in guides:
            guide.attach(self._unet, self._device)
        self._autoencoder = Autoencoder(vae)
        self._predict = torch.compile(self._unet, dynamic=False) if self.running.compiled else self._unet

    @classmethod
    def from_files(
        cls,
        choice: Diffusion,
        running: Running | None = None,
        labels: Sequence[str] = (),
        guides: Sequence[Guide] = (),
    ) -> StableDiffusion:
        """The model of a choice; the prompts of `labels` are read at once, others when they are met.

        Raises:
            OptionError: a library or the device is missing.
            WeightsError: a file is missing or is not what it should be.
            StageError: the memory of the device does not suffice for the model.
        """
        running = running or Running()
        try:
            made = cls(load(choice, precision(running)), choice, running, guides)
            made._words.of(labels)
        except (MemoryError, RuntimeError) as error:
            if not _of_memory(error):
                raise
            raise StageError(
                f"the memory of {running.device} does not suffice for the model; close what else uses it, or take "
                "another device"
            ) from error
        return made

    @property
    def batch(self) -> int:
        """Crops per call that are best."""
        return self._batch

    @property
    def timelines(self) -> tuple[Timeline, ...]:
        """What it did when, as those have it that are made of several."""
        return (self.timeline,)

    @property
    def notes(self) -> tuple[str, ...]:
        """What guides have to tell, each one line."""
        return notes_of(*self._guides)

    def inpaint(self, crops: Sequence[Crop]) -> list[NDArray[np.uint8]]:
        """See `Inpainter`.

        Raises:
            StageError: a crop is malformed, the memory of the device does not suffice for a single one, or the model
                gives numbers that are not finite.
            OptionError: it is to be compiled, and there is no compiler.
        """
        _check(crops)
        drawn: dict[int, NDArray[np.uint8]] = {}
        while len(drawn) < len(crops):
            if not self._fits(crops, drawn):
                self._shrink()
        return [drawn[row] for row in range(len(crops))]

    def _fits(self, crops: Sequence[Crop], drawn: dict[int, NDArray[np.uint8]]) -> bool:
        """Draw in those crops that are not `drawn` yet; False when the memory of the device did not suffice."""
        waiting = sorted((row for row in range(len(crops)) if row not in drawn), key=lambda row: _size(crops[row]))
        try:
            for rows, batch in self._encoded(crops, waiting):
                pictures = self._decoded(batch, self._drawn(batch))[: len(rows)]
                drawn.update(zip(rows, pictures, strict=True))
        except (MemoryError, RuntimeError) as error:
            if not _of_memory(error):
                raise
            return False
        return True

    def _shrink(self) -> None:
        """Take smaller batches from now on.

        Raises:
            StageError: there is no smaller one.
        """
        if self._batch == 1:
            raise StageError(
                f"the memory of {self._device} does not suffice for a single crop; close what else uses it, or take "
                "a smaller --crop, --small-memory or another --device"
            )
        self._batch //= 2
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _encoded(self, crops: Sequence[Crop], waiting: list[int]) -> Iterator[tuple[list[int], _Batch]]:
        """Batches of the rows that are `waiting`, each of one size; while one is out, the next is being made."""
        with ThreadPoolExecutor() as masks, ThreadPoolExecutor(1) as ahead:

            def begun(rows: list[int]) -> tuple[list[int], Future[_Batch]]:
                return rows, ahead.submit(self._prepared, [crops[row] for row in rows], masks)

            parts = map(begun, _parts(crops, waiting, self._batch))
            part = next(parts, None)
            while part is not None:
                rows, future = part
                batch = future.result()
                part = next(parts, None)
                yield rows, batch

    @torch.inference_mode()
    def _prepared(self, crops: list[Crop], masks: Executor) -> _Batch:
        number = next(self._numbers)
        if self.running.compiled:  # for one size of batch alone: every other would be compiled anew
            crops = [*crops, *[crops[-1]] * (self._batch - len(crops))]
        with self.timeline.span("masks", number):
            pictures, cells = zip(*masks.map(_planes, crops), strict=True)
        with self.timeline.span("encode", number), self._side:
            known = self._autoencoder.encode(torch.from_numpy(np.stack(pictures)).to(self._device))
            return _Batch(number, crops, torch.from_numpy(np.stack(cells)).to(self._device), known)

    @torch.inference_mode()
    def _drawn(self, batch: _Batch) -> Tensor:
        """Latents (N, 4, h, w) of the finished pictures."""
        meanings = self._words.of(crop.label for crop in batch.crops)
        prompts = torch.cat([meaning.wanted for meaning in meanings])
        if self._guided:
            prompts = torch.cat([*(meaning.unwanted for meaning in meanings), prompts])
        prompts = prompts.to(self._device, self._unet.dtype)
        generators = [torch.Generator().manual_seed(crop.seed) for crop in batch.crops]
        shape = (1, *batch.known.shape[1:])
        noise = torch.cat([torch.randn(shape, generator=generator) for generator in generators]).to(self._device)
        with self.timeline.span("draw", batch.number):
            latents = self._steps(batch, prompts, noise, generators)
            if not latents.isfinite().all():
                raise StageError("the U-Net gives numbers that are not finite; use other weights, or fp32")
        return latents

    @property
    def _guided(self) -> bool:
        return self.choice.guidance > 1

    def _steps(self, batch: _Batch, prompts: Tensor, noise: Tensor, generators: list[torch.Generator]) -> Tensor:
        """Noise to latents.

        A U-Net that was not trained to inpaint is told what is known by putting it back around the hole after every
        step, under as much noise as the next step expects (Lugmayr et al., RePaint, 2022, without its repetitions).
        """
        scheduler = schedulers.scheduler(self.choice, self._schedule)
        steps = schedulers.begin(scheduler, self.choice, self._device)
        extras = schedulers.extras(scheduler, self.choice, generators)
        tellings = [guide.begin(batch.crops) for guide in self._guides]
        whole = self.choice.strength == 1
        latents = (
            noise * scheduler.init_noise_sigma if whole else scheduler.add_noise(batch.known, noise, steps[0][None])
        )
        for step, following in zip(steps, [*steps[1:], None], strict=True):
            unless_stopped()
            inputs = scheduler.scale_model_input(latents, step)
            if self._direct:
                inputs = torch.cat([inputs, batch.cells, batch.known], 1)
            predicted = self._predicted(inputs, step, prompts, tellings)
            latents = scheduler.step(predicted, step, latents, **extras, return_dict=False)[0]
            if not self._direct:
                around = batch.known
                if following is not None:
                    around = scheduler.add_noise(around, noise, following[None])
                latents = torch.where(batch.cells > 0, latents, around)
        return latents

    def _predicted(self, inputs: Tensor, step: Tensor, prompts: Tensor, tellings: Sequence[Telling]) -> Tensor:
        """The noise in `inputs`, in float32, led by the prompts away from what is unwanted."""
        inputs = inputs.to(self._unet.dtype)
        if self._guided:
            inputs = torch.cat([inputs] * 2)
        more = telling.told(tellings, inputs[:, :_LATENTS], step, prompts)
        with compiling("the U-Net"):
            result: Tensor = self._predict(inputs, step, encoder_hidden_states=prompts, return_dict=False, **more)[0]
        if not self._guided:
            return result.float()
        unwanted, wanted = result.float().chunk(2)
        return unwanted + self.choice.guidance * (wanted - unwanted)

    @torch.inference_mode()
    def _decoded(self, batch: _Batch, latents: Tensor) -> NDArray[np.uint8]:
        """The pictures (N, H, W, 3) of latents."""
        with self.timeline.span("decode", batch.number):
            levels = self._autoencoder.decode(latents).add(1).mul(127.5).clamp(0, 255).round().to(torch.uint8)
            return np.asarray(levels.permute(0, 2, 3, 1).contiguous().cpu().numpy())


def precision(running: Running) -> torch.dtype:
    """What the networks compute in."""
    if running.precision == "auto":
        return torch.float16 if running.device.startswith("cuda") else torch.float32
    return _PRECISIONS[running.precision]


def _of_memory(error: Exception) -> bool:
    """Whether it says that memory did not suffice; of the processor's, PyTorch says so in words alone."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)


def _size(crop: Crop) -> tuple[int, int]:
    height, width = crop.hole.shape
    return height, width


def _check(crops: Sequence[Crop]) -> None:
    for crop in crops:
        height, width = _size(crop)
        if crop.picture.shape != (height, width, 3) or height % CELL or width % CELL or not crop.hole.size:
            raise StageError(
                f"a crop is {crop.picture.shape} with a hole {crop.hole.shape}; wanted are (H, W, 3) and (H, W), both "
                f"multiples of {CELL}"
            )


def _parts(crops: Sequence[Crop], rows: list[int], batch: int) -> Iterator[list[int]]:
    """At most `batch` rows at a time, of crops of one size; rows are sorted by it."""
    part: list[int] = []
    for row in rows:
        if part and (len(part) == batch or _size(crops[part[-1]]) != _size(crops[row])):
            yield part
            part = []
        part.append(row)
    if part:
        yield part


def _planes(crop: Crop) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A picture (3, H, W) in -1..1 with mid grey in its hole, and the cells (1, h, w) that the hole touches."""
    height, width = _size(crop)
    picture = crop.picture.astype(np.float32) / 127.5 - 1
    picture[crop.hole] = 0
    cells = crop.hole.reshape(1, height // CELL, CELL, width // CELL, CELL).max((2, 4))
    return picture.transpose(2, 0, 1), cells.astype(np.float32)
