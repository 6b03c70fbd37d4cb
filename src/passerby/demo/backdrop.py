"""Backdrops for composed scenes, drawn from simple shapes and then thrown out of focus, as a long lens would."""

from __future__ import annotations

import cv2
import numpy as np

from passerby.demo.person import Picture
from passerby.demo.scene import Backdrop

Colour = tuple[int, int, int]


def street(size: tuple[int, int], seed: int = 1) -> Backdrop:
    """House fronts under a pale sky, and a low stone wall before the people."""
    width, height = size
    rng = np.random.default_rng(seed)
    picture = _gradient(size, (176, 205, 232), (236, 232, 220))
    x = -width // 20
    while x < width:
        front = int(height * rng.uniform(0.28, 0.42))
        _house(picture, (x, int(height * rng.uniform(0.02, 0.22)), x + front, int(height * 0.64)), rng)
        x += front
    picture[int(height * 0.6) :] = _gradient((width, height - int(height * 0.6)), (150, 146, 140), (112, 108, 104))
    for _ in range(6):
        _tree(picture, (int(rng.uniform(0, width)), int(height * 0.42)), int(height * rng.uniform(0.08, 0.14)), rng)
    return Backdrop(_defocused(picture, height / 130), _wall(size, rng))


def evening(size: tuple[int, int], seed: int = 2) -> Backdrop:
    """Lights of a town at dusk, far out of focus, with nothing before the people."""
    width, height = size
    rng = np.random.default_rng(seed)
    picture = _gradient(size, (38, 46, 84), (150, 96, 88))
    cv2.rectangle(picture, (0, int(height * 0.62)), (width, height), (46, 40, 52), -1)
    lights: list[Colour] = [(255, 214, 150), (255, 170, 110), (240, 240, 255), (150, 200, 255), (255, 120, 110)]
    for _ in range(46):
        spot = np.zeros_like(picture)
        at = int(rng.uniform(0, width)), int(height * rng.uniform(0.2, 0.8))
        cv2.circle(spot, at, int(height * rng.uniform(0.015, 0.05)), lights[rng.integers(len(lights))], -1, cv2.LINE_AA)
        picture = cv2.addWeighted(picture, 1.0, spot, float(rng.uniform(0.25, 0.6)), 0).astype(np.uint8)
    return Backdrop(_defocused(picture, height / 240))


def _gradient(size: tuple[int, int], top: Colour, bottom: Colour) -> Picture:
    """A picture of `size` that goes from one colour to another."""
    share = np.linspace(0, 1, size[1])[:, None, None]
    row = np.asarray(top) * (1 - share) + np.asarray(bottom) * share
    return np.ascontiguousarray(np.broadcast_to(row, (size[1], size[0], 3)).astype(np.uint8))


def _defocused(picture: Picture, sigma: float) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)


def _house(picture: Picture, box: tuple[int, int, int, int], rng: np.random.Generator) -> None:
    """A house front with rows of windows."""
    plasters: list[Colour] = [(198, 170, 140), (176, 128, 104), (206, 196, 176), (150, 148, 152), (188, 150, 120)]
    x0, y0, x1, y1 = box
    cv2.rectangle(picture, (x0, y0), (x1, y1), plasters[rng.integers(len(plasters))], -1)
    cv2.rectangle(picture, (x0, y0), (x1, y0 + (y1 - y0) // 24), (104, 84, 74), -1)
    columns, rows = 4, 4
    across, down = (x1 - x0) / columns, (y1 - y0) / rows
    for row in range(rows):
        for column in range(columns):
            left, top = int(x0 + (column + 0.28) * across), int(y0 + (row + 0.28) * down)
            glass = int(rng.uniform(50, 120))
            corner = left + int(across * 0.44), top + int(down * 0.55)
            cv2.rectangle(picture, (left, top), corner, (glass, glass + 12, glass + 26), -1)
            cv2.rectangle(picture, (left, top), corner, (228, 222, 210), max(1, int(across / 24)))


def _tree(picture: Picture, crown: tuple[int, int], radius: int, rng: np.random.Generator) -> None:
    """A trunk, and leaves as many small discs."""
    x, y = crown
    cv2.rectangle(picture, (x - radius // 10, y), (x + radius // 10, y + 2 * radius), (88, 70, 56), -1)
    for _ in range(60):
        angle, away = rng.uniform(0, 2 * np.pi), radius * np.sqrt(rng.uniform())
        at = int(x + away * np.cos(angle)), int(y + 0.9 * away * np.sin(angle))
        shade = rng.uniform(0.6, 1.1)
        leaf = int(84 * shade), int(122 * shade), int(66 * shade)
        cv2.circle(picture, at, max(1, radius // 4), leaf, -1, cv2.LINE_AA)


def _wall(size: tuple[int, int], rng: np.random.Generator) -> Picture:
    """A stone wall across the lower part, (H, W, 4) RGBA, clear above it."""
    width, height = size
    top, course = int(height * 0.7), max(4, height // 18)
    wall = np.zeros((height, width, 4), np.uint8)
    wall[top:] = (112, 104, 96, 255)
    for number, y in enumerate(range(top + course // 2, height, course)):
        x = -int(course * (1 + number % 2))
        while x < width:
            stone = int(course * rng.uniform(1.6, 2.4))
            shade = int(rng.uniform(138, 172))
            cv2.rectangle(wall, (x, y), (x + stone - 3, y + course - 3), (shade, shade - 8, shade - 18, 255), -1)
            x += stone
    wall[top:, :, :3] = _rough(wall[top:, :, :3], rng)
    cv2.rectangle(wall, (0, top - course // 4), (width, top + course // 3), (190, 184, 172, 255), -1)
    return wall


def _rough(picture: Picture, rng: np.random.Generator) -> Picture:
    """`picture` with a grain like that of stone."""
    grain = cv2.GaussianBlur(rng.normal(0, 24, picture.shape[:2]).astype(np.float32), (0, 0), 1.2)
    softened = cv2.GaussianBlur(picture, (0, 0), 0.8) + grain[..., None]
    return np.asarray(np.clip(softened, 0, 255), np.uint8)
