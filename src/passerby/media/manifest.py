"""C2PA manifests: signed words in a file that say how it came to be, and that nobody has changed it since.

Nothing goes over the network, and nothing of the input goes in: no ingredient, no thumbnail, no time. Reference: C2PA
Technical Specification, actions. By c2pa-python, which is the extra `c2pa`.
"""

from __future__ import annotations

import io
import json
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, BinaryIO

import cv2
import numpy as np

from passerby.core.errors import OptionError, OutputError
from passerby.media.certificate import Signer
from passerby.media.walk_avi import top_chunks
from passerby.media.xmp import SOURCE_TYPE

SIGNED = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".apng": "image/png",
    ".webp": "image/webp",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".gif": "image/gif",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".qt": "video/quicktime",
    ".avi": "video/avi",
}
"""The files that take a manifest, by their suffixes, and what c2pa-python calls them."""
# A manifest has to begin with one of created and opened, and opened would name the original.
ACTIONS = [{"action": action, "digitalSourceType": SOURCE_TYPE} for action in ("c2pa.created", "c2pa.edited")]
_GENERATOR = "passerby"
_MANIFEST = {
    "claim_generator_info": [{"name": _GENERATOR}],
    "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": ACTIONS}}],
}
AVI = b"C2PA"
"""The chunk of an AVI file that holds a manifest: C2PA Technical Specification, embedding manifests into RIFF."""
_KEYS = {"claim_generator_info", "instance_id", "assertions", "signature_info", "label", "claim_version"}
"""What c2pa-python reads of a manifest that says no more."""
# By default c2pa-python holds a film in memory twice: what it copies, and what it hashes, which is all of it at once.
_SETTINGS = {
    "core": {
        "backing_store_memory_threshold_in_mb": 8,
        "merkle_tree_chunk_size_in_kb": 1024,
        "merkle_tree_max_proofs": 0,
    },
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": False},
}


def is_there() -> bool:
    """Whether manifests can be written and read: the extra `c2pa` is installed."""
    return find_spec("c2pa") is not None and find_spec("cryptography") is not None


def check(signer: Signer) -> None:
    """Refuse who could not sign, by signing a picture of one colour: better before the work than after it.

    Raises:
        OptionError: so it is.
    """
    _, jpeg = cv2.imencode(".jpg", np.zeros((8, 8), np.uint8))
    try:
        _sign(io.BytesIO(jpeg.tobytes()), io.BytesIO(), SIGNED[".jpg"], signer)
    except _Refused as error:
        raise OptionError(f"--c2pa-cert does not do ({error}); give one for C2PA with those above it") from error


def takes(file: BinaryIO, path: Path) -> bool:
    """Whether a complete `file` that is to be called `path` can hold a manifest.

    An AVI of more than a gigabyte cannot: it is of several parts, and its index says where in the file they begin
    (OpenDML AVI File Format Extensions, 1996). The manifest comes before the second.
    """
    if SIGNED[path.suffix.lower()] != "video/avi":
        return True
    with Path(file.name).open("rb") as written:
        return list(top_chunks(written, written.seek(0, 2))).count(b"RIFF") < 2


def sign(file: BinaryIO, path: Path, signer: Signer) -> None:
    """Put a manifest into a `file` that is complete and has a name in the file system; it is to be called `path`.

    Raises:
        OutputError: it cannot be signed, and is as it was.
    """
    if not takes(file, path):
        raise OutputError(
            f"{path.name} cannot hold a C2PA manifest: it is an AVI of more than a gigabyte; write .mp4, or use "
            "--mark tag"
        )
    with Path(file.name).open("rb") as plain, tempfile.TemporaryFile(dir=path.parent) as signed:
        try:
            _sign(plain, signed, SIGNED[path.suffix.lower()], signer)
        except _Refused as error:
            raise OutputError(
                f"{path.name} cannot be signed ({error}); use --mark tag, or another certificate"
            ) from error
        signed.seek(0)
        file.seek(0)
        file.truncate()
        shutil.copyfileobj(signed, file, 1 << 20)


class _Refused(Exception):
    """What c2pa-python says against it, on one line."""


def _sign(plain: IO[bytes], signed: IO[bytes], kind: str, signer: Signer) -> None:
    import c2pa

    try:
        with (
            c2pa.Context.from_dict(_SETTINGS) as context,
            c2pa.Signer.from_info(c2pa.C2paSignerInfo(signer.algorithm, signer.chain, signer.key, None)) as by,
            c2pa.Builder(_MANIFEST, context=context) as builder,
        ):
            builder.sign(by, kind, plain, signed)
    except c2pa.C2paError as error:
        raise _Refused(" ".join(str(error).split())) from error


def is_ours(path: Path) -> bool:
    """Whether the manifest in a file says what passerby writes, and not a word more. Without the extra nobody knows."""
    if not is_there() or path.suffix.lower() not in SIGNED:
        return False
    import c2pa

    try:
        with (
            path.open("rb") as file,
            c2pa.Context.from_dict(_SETTINGS) as context,
            c2pa.Reader(SIGNED[path.suffix.lower()], file, context=context) as reader,
        ):
            store: dict[str, Any] = json.loads(reader.json())
    except c2pa.C2paError:
        return False
    manifests = list(store.get("manifests", {}).values())
    whole = store.get("validation_state") in ("Valid", "Trusted")
    return whole and len(manifests) == 1 and manifests[0].keys() == _KEYS and _says_ours(manifests[0])


def _says_ours(manifest: dict[str, Any]) -> bool:
    makers = [info.get("name") for info in manifest["claim_generator_info"]]
    said = [(it["label"], it["data"]) for it in manifest["assertions"]]
    # How a film is hashed is listed among the words, how a picture is hashed is not.
    others = [(label, data) for label, data in said if not label.startswith("c2pa.hash.bmff.")]
    names = {data.get("name") for label, data in said if label.startswith("c2pa.hash.bmff.")}
    told = others == [("c2pa.actions.v2", {"actions": ACTIONS})]
    return told and makers == [_GENERATOR] and names <= {"jumbf manifest"}
