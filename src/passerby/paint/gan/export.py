"""Generators as ONNX files, for whatever runs these: TensorRT, OpenVINO, a program of one's own."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from importlib.util import find_spec

import numpy as np
import torch
from torch import Tensor, nn

from passerby.core.errors import OptionError, StageError
from passerby.paint.gan import msg, pose
from passerby.paint.gan.msg import MSGGenerator
from passerby.paint.gan.tria import TriaGAN
from passerby.paint.gan.unet import StyleGANUnet
from passerby.runtime import onnx_runtime

TOLERANCE = 1e-3
"""Of what is drawn, in [-1, 1]: an eighth of a level of 255."""
OPSET = 18
CROPS = 2
"""That the network is shown when it is exported; the file takes any number."""
DRAWN = "drawn"
"""The only output. Inputs are called as those of the network's `forward`."""


def exported(net: nn.Module) -> tuple[bytes, float]:
    """A generator that has its weights, as the contents of an ONNX file, and how much it draws otherwise at worst.

    The file takes w (DeepPrivacy 1's takes z), as `Generator` makes it of a seed, and any number of crops. It is run by
    onnxruntime on the processor, on noise, and compared with what PyTorch draws of the same.

    Raises:
        OptionError: it is no generator, or a package that export needs is not installed.
        StageError: what it draws differs by more than `TOLERANCE`.
    """
    if not isinstance(net, StyleGANUnet | MSGGenerator | TriaGAN):
        raise OptionError(f"a {type(net).__name__} is no generator; use one of published.load")
    missing = [name for name in ("onnx", "onnxscript") if find_spec(name) is None]
    if missing:
        raise OptionError(f"export needs {' and '.join(missing)}, not here: pip install 'passerby[export]'")
    shown = noise(net, CROPS)
    crops = torch.export.Dim("crops", min=1)
    loud = logging.getLogger("torch.onnx")
    level = loud.level
    loud.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what PyTorch will change one day in exporting
            program = torch.onnx.export(
                net,
                kwargs=shown,
                input_names=list(shown),
                output_names=[DRAWN],
                dynamic_shapes={name: {0: crops} for name in shown},
                opset_version=OPSET,
                dynamo=True,
                verbose=False,
            )
    finally:
        loud.setLevel(level)
    assert program is not None
    contents: bytes = program.model_proto.SerializeToString()
    return contents, _difference(net, contents)


def noise(net: StyleGANUnet | MSGGenerator | TriaGAN, crops: int) -> dict[str, Tensor]:
    """What a network takes, by name, for so many crops."""
    rng = torch.Generator().manual_seed(crops)

    def numbers(*shape: int) -> Tensor:
        return torch.randn(crops, *shape, generator=rng)

    height, width = (msg.SIZES[-1],) * 2 if isinstance(net, MSGGenerator) else net.size.imsize
    mask = (numbers(1, height, width) > 0).float()
    shown = {"condition": numbers(3, height, width) * mask, "mask": mask}
    if isinstance(net, MSGGenerator):
        return shown | {"z": numbers(msg.Z_DIM), "keypoints": numbers(msg.POINTS, 2)}
    shown["w"] = numbers(net.size.w_dim)
    if isinstance(net, TriaGAN):
        return shown | {"body_mask": mask, "pose": (numbers(pose.PLANES, height, width) > 2).float()}
    if net.size.cse_nc:
        where = (numbers(1, height, width) > 0).float()
        shown |= {"embedding": numbers(net.size.cse_nc, height, width) * where, "embedding_mask": where}
    return shown


def _difference(net: StyleGANUnet | MSGGenerator | TriaGAN, contents: bytes) -> float:
    """The worst between PyTorch and onnxruntime."""
    session = onnx_runtime.quiet().InferenceSession(contents, providers=["CPUExecutionProvider"])
    shown: Mapping[str, Tensor] = noise(net, CROPS + 1)
    with torch.inference_mode():
        wanted = net(**shown).numpy()
    [drawn] = session.run([DRAWN], {name: numbers.numpy() for name, numbers in shown.items()})
    worst = float(np.abs(drawn - wanted).max()) if drawn.shape == wanted.shape else np.inf
    if not worst <= TOLERANCE:
        raise StageError(
            f"what was exported draws otherwise by {worst:.2g}, wanted is {TOLERANCE:g} at most, so there is no file; "
            "try another version of PyTorch"
        )
    return worst
