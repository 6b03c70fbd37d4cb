"""Model files that only the user can bring."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from passerby import weights
from passerby.core.errors import WeightsError


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No models of this machine's user count here."""
    monkeypatch.setenv("PASSERBY_MODELS", str(tmp_path))
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "LOCALAPPDATA", "APPDATA", "HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / name))


@pytest.mark.parametrize("name", weights.BROUGHT)
def test_a_missing_file_is_one_line_with_its_origin_and_licence(name: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError) as caught:
        weights.brought(name)
    said, entry = str(caught.value), weights.BROUGHT[name]
    assert "\n" not in said
    for fact in (entry.file, entry.origin, entry.terms, str(tmp_path)):
        assert fact in said


def test_a_file_of_that_name_has_to_be_the_published_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "stylegan.ckpt"
    path.write_bytes(b"something else")
    with pytest.raises(WeightsError, match="not the file that was published"):
        weights.brought("stylegan")
    published = replace(weights.BROUGHT["stylegan"], md5=hashlib.md5(b"something else").hexdigest())
    monkeypatch.setitem(weights.BROUGHT, "stylegan", published)
    assert weights.brought("stylegan") == path


def test_a_path_is_the_users_own_choice(tmp_path: Path) -> None:
    path = tmp_path / "mine.ckpt"
    path.write_bytes(b"mine")
    assert weights.brought("stylegan", path) == path
    with pytest.raises(WeightsError, match="no model file"):
        weights.brought("stylegan", tmp_path / "other.ckpt")


def test_asking_for_what_nobody_can_fetch_says_how_it_is_had() -> None:
    with pytest.raises(WeightsError, match=r"no checksum of stylegan: .* get it from https"):
        weights.entry("stylegan")


def test_a_name_is_either_fetched_or_brought() -> None:
    assert not set(weights.BROUGHT) & set(weights.TABLE)
