"""What a diffusion model is told to draw, and what not, by class.

Nothing is read off the person who is hidden: everybody of a class gets the same words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prompt:
    """What to draw, in English, which is what CLIP reads; it takes in some 75 words or parts of them."""

    wanted: str
    unwanted: str = ""
    """Steers away from these; without guidance (1 or less) it is not read."""


_PERSON = Prompt(
    "photo of a pedestrian in plain clothes, full body, street", "nude, celebrity, logo, text, deformed limbs, blurry"
)
_HEAD = "natural skin, neutral expression, street camera"
_NO_HEAD = "celebrity, text, watermark, deformed, blurry, extra eyes"
_NO_VEHICLE = "logo, text, letters, digits, license plate, deformed, blurry"

PROMPTS: Mapping[str, Prompt] = {
    "face": Prompt(f"photo of a face of an unremarkable adult, {_HEAD}", _NO_HEAD),
    "head": Prompt(f"photo of the head of an unremarkable adult, {_HEAD}", _NO_HEAD),
    "person": _PERSON,
    "plate": Prompt("blank white license plate, no characters", "text, letters, digits, numbers"),
    "text": Prompt("a blank plain surface", "text, letters, digits, numbers, logo"),
    "vehicle": Prompt("photo of a car, plain paint, street", _NO_VEHICLE),
    "car": Prompt("photo of a car, plain paint, street", _NO_VEHICLE),
    "bus": Prompt("photo of a bus, plain paint, street", _NO_VEHICLE),
    "truck": Prompt("photo of a truck, plain paint, street", _NO_VEHICLE),
    "motorcycle": Prompt("photo of a motorcycle, plain paint, street", _NO_VEHICLE),
    "bicycle": Prompt("photo of a plain bicycle, street", "logo, text, deformed, blurry"),
}
"""By label."""


def prompt(label: str, own: Mapping[str, Prompt]) -> Prompt:
    """For `label`: the user's own, else that of `PROMPTS`, else one made of its name."""
    made = Prompt(f"photo of a {label}, plain, unremarkable, street", "text, letters, logo, deformed, blurry")
    return own.get(label) or PROMPTS.get(label) or made
