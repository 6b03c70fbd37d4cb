"""The measure of the generators."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

import footage
import pytest

pytest.importorskip("torch", reason="needs the extra generate")
# Benchmarks are scripts that find each other in their own folder.
sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks"))
gan = import_module("gan")


def test_ways_take_turns_and_the_fastest_turn_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, rates = [], iter([1.0, 4.0, 2.0, 3.0])

    def measured(generator: str, way: str, chosen: argparse.Namespace) -> float:
        asked.append(way)
        return next(rates)

    monkeypatch.setattr(gan, "_in_a_process", measured)
    rows = gan.compare("stylegan", argparse.Namespace(ways=["fp32", "bf16"], repeat=2))
    assert asked == ["fp32", "bf16", "fp32", "bf16"]
    assert [(row.way, row.crops_per_s, row.ratio) for row in rows] == [("fp32", 2.0, 1.0), ("bf16", 4.0, 2.0)]


@pytest.mark.parametrize("way", ["fp32", "bf16, channels last"])
@pytest.mark.parametrize("kind", ["stylegan", "styleganL", "deep_privacy1", "triagan_L_im288"])
def test_a_turn_measures_every_generator(monkeypatch: pytest.MonkeyPatch, kind: str, way: str) -> None:
    small = {
        "stylegan": gan.published.UnetSize(imsize=(32, 32), cnum=4, max_cnum_mul=2),
        "styleganL": gan.published.UnetSize(imsize=(36, 20), cnum=4, max_cnum_mul=2, cse_nc=16),
        "deep_privacy1": 16,
        "triagan_L_im288": gan.published.TriaSize(imsize=(36, 20), dim=4, dim_mults=(1, 2, 2)),
    }
    monkeypatch.setitem(gan.published.SIZES, kind, small[kind])
    chosen = argparse.Namespace(one=(kind, way), threads=1, device="cpu", batch=2, seconds=0)
    assert gan.turn(chosen) > 0


def test_the_encoder_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        gan.published.SIZES, "stylegan", gan.published.UnetSize(imsize=(32, 32), cnum=4, max_cnum_mul=2)
    )
    way = ("stylegan", "encoder kept")
    assert gan.turn(argparse.Namespace(one=way, threads=1, device="cpu", batch=2, seconds=0)) > 0


def test_what_is_shown_again_is_counted(tmp_path: Path) -> None:
    footage.write(footage.standing(), tmp_path / "still.mkv", footage.Coding(codec="ffv1"))
    name, drawings, same, near = gan.repeats(tmp_path / "still.mkv")
    assert (name, drawings) == ("still.mkv", 10)
    assert 0.5 < float(same.rstrip("%")) / 100 <= float(near.rstrip("%")) / 100
