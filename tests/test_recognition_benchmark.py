"""The measure of recognition: it says from where on two faces are one person's, so it is judged here."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

import footage
from recognize_models import by_light

from passerby.demo.person import Look
from passerby.demo.scene import Key, Person

# Benchmarks are scripts that find each other in their own folder.
sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks"))
recognition = import_module("recognition")


def test_persons_are_held_against_persons_and_strangers_against_strangers(tmp_path):
    """Two light photographs of one person and a dark one of another, with a model that goes by the light."""
    people, strangers = tmp_path / "people", tmp_path / "strangers"
    for name, lights in {"ana": (1.0, 0.95), "ben": (0.6,)}.items():
        (people / name).mkdir(parents=True)
        for light in lights:
            person = Person(0, (Key(0, 300, 150, 120), Key(1, 300, 150, 120)), Look(light=light))
            footage.draw(footage._scene(person, frames=1), people / name / f"{light}.png")
    strangers.mkdir()
    footage.draw(footage.crossing(), strangers / "two.png")
    words = [str(people), str(strangers), "--recognizer", f"mobilefacenet={by_light(tmp_path / 'model.onnx')}"]
    assert recognition.main([*words, "--results", str(tmp_path)]) == 0
    measured = json.loads((tmp_path / "recognition.json").read_text())
    row = measured["people"][0]
    assert (row["clear"], row["pairs of one person"], row["pairs of two persons"]) == ("3 of 3", 2, 4)
    assert row["least"] > 0.9
    assert row["most"] < 0
    assert [row["count"] for row in measured["strangers"]][-2:] == [2, 2]
