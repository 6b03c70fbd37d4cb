"""Model files that passerby can use but has never had in its hands: whoever wants them brings them.

So there is no checksum of ours here, and nothing to fetch. What is known is what the publisher says.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from passerby.core.errors import WeightsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What is known of a file that nobody here has seen."""

    name: str
    task: str
    """What it does, in a few words."""
    file: str
    """Its file name in the folders where models are looked for."""
    md5: str
    """Of the whole file, as the publisher's configuration states it; '' where it states none."""
    origin: str
    """Where the publisher says how it is had."""
    terms: str
    """What is known of licence and use, in a few words."""


_DEEP_PRIVACY2 = "https://github.com/hukkelas/deep_privacy2 (its configs name the address)"
_FLICKR = (
    "no licence of its own; trained on Flickr photographs under mixed CC licences, which its authors "
    "allow for academic and open source projects: take it as non-commercial"
)


def _generator(name: str, task: str, md5: str) -> Brought:
    return Brought(name=name, task=task, file=f"{name}.ckpt", md5=md5, origin=_DEEP_PRIVACY2, terms=_FLICKR)


_ENTRIES = (
    _generator("stylegan_fdf128", "draws faces, 128x128", "bccd4403e7c9bca682566ff3319e8176"),
    _generator("stylegan", "draws faces, 256x256", "e8e32190528af2ed75f0cb792b7f2b07"),
    _generator("deep_privacy1", "draws faces by seven keypoints, 128x128", "6cc8b285bdc1fcdfc64f5db7c521d0a6"),
    _generator("styleganL_nocse", "draws persons, 160x288", "fda0d809741bc67487abada793975c37"),
    _generator("styleganL", "draws persons by surface embeddings, 160x288", "3411478b5ec600a4219cccf4499732bd"),
    _generator("triagan_L_im288", "draws persons by keypoints, 160x288", "b649410e831b45f7800a89c738b411ce"),
    Brought(
        name="dsfd",
        task="finds faces",
        file="dsfd.pth",
        md5="",
        origin="https://github.com/hukkelas/DSFD-Pytorch-Inference (its code names the address)",
        terms="code Apache-2.0; no licence of its own; trained on WIDER FACE, a data set for research",
    ),
)

BROUGHT = {entry.name: entry for entry in _ENTRIES}
"""By name."""


def how(entry: Brought, folder: Path) -> str:
    """What to do where the file is missing: part of a sentence."""
    return (
        f"passerby has none and fetches none; get it from {entry.origin} and put it into {folder} as {entry.file}, "
        f"or give its path; licence: {entry.terms}"
    )


def check(entry: Brought, path: Path) -> None:
    """Compare a file with what its publisher says of it, as far as anything is said.

    Raises:
        WeightsError: it is another one.
    """
    if not entry.md5:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if found != entry.md5:
        raise WeightsError(
            f"{path} is not the file that was published as {entry.name} (md5 {found[:12]}…, wanted {entry.md5[:12]}…); "
            "give its path explicitly if it is one of your own"
        )
