"""`passerby models convert`: the weights of a checkpoint and nothing else of it, whole or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs the extra diffusion")
safetensors = pytest.importorskip("safetensors.torch", reason="needs the extra diffusion")

from passerby import cli  # noqa: E402
from passerby.core.boxes import grow  # noqa: E402


def saved(path: Path, **more: Any) -> Path:
    whole = torch.arange(12, dtype=torch.float32).reshape(3, 4)
    weights = {"a": whole, "turned": whole.T, "part": whole[1:], "tied": whole, "ids": torch.arange(3)}
    torch.save({"state_dict": weights, "epoch": 3, **more}, path)
    return path


def convert(*arguments: str | Path) -> int:
    return cli.main(["models", "convert", *map(str, arguments)])


def test_weights_are_written_as_they_are_and_the_checksum_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = saved(tmp_path / "a.ckpt"), tmp_path / "a.safetensors"
    assert convert(source, target) == 0
    assert capsys.readouterr().out == f"{hashlib.sha256(target.read_bytes()).hexdigest()}  {target}\n"
    before, after = torch.load(source, weights_only=True)["state_dict"], safetensors.load_file(target)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) and before[name].dtype == after[name].dtype for name in before)


def test_checkpoints_at_the_top_and_in_the_format_before_1_6_are_read(tmp_path: Path) -> None:
    source = tmp_path / "a.pt"
    torch.save({"a": torch.ones(2, 3)}, source, _use_new_zipfile_serialization=False)
    assert convert(source, tmp_path / "a.safetensors") == 0
    assert torch.equal(safetensors.load_file(tmp_path / "a.safetensors")["a"], torch.ones(2, 3))


def test_half_precision_halves_numbers_and_leaves_counts(tmp_path: Path) -> None:
    assert convert(saved(tmp_path / "a.ckpt"), tmp_path / "a.safetensors", "--fp16") == 0
    kinds = {name: value.dtype for name, value in safetensors.load_file(tmp_path / "a.safetensors").items()}
    assert kinds == {**dict.fromkeys(("a", "turned", "part", "tied"), torch.float16), "ids": torch.int64}


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        ({"callback": grow}, 1, "wants to run passerby.core.boxes.grow"),
        ({"state_dict": {"epoch": 3}}, 1, "holds no weights by name"),
        (None, 1, "there is no checkpoint"),
    ],
)
def test_what_holds_code_or_no_weights_leaves_nothing_behind(
    content: dict[str, Any] | None, code: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "a.ckpt"
    if content is not None:
        saved(source, **content)
    assert convert(source, tmp_path / "a.safetensors") == code
    assert said in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} <= {"a.ckpt"}


def test_a_file_is_replaced_only_by_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = saved(tmp_path / "a.ckpt"), tmp_path / "a.safetensors"
    target.write_text("mine")
    assert convert(source, target) == 1
    assert "exists already" in capsys.readouterr().err
    assert target.read_text() == "mine"
    assert convert(source, target, "-y") == 0
    assert "a" in safetensors.load_file(target)
    assert convert(source, tmp_path / "a.pt") == 2
