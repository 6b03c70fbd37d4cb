"""ICC profiles, rebuilt: the numbers that carry the colour are kept, everything that can carry text is not.

A profile can name a person's screen, a scanner's serial number or a company. So the ones that come in are not copied:
a fresh one is written from the primaries and the tone curves alone. Reference: ICC.1:2022, sections 7 to 10.
"""

from __future__ import annotations

import struct

import numpy as np

_D50 = struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
_PARAMETERS = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}
_MAX_TAGS, _MAX_CURVE = 100, 4096


def rebuilt(profile: bytes) -> bytes | None:
    """A profile with the same colours as `profile` and nothing else of it.

    None when its colours are not plain primaries and tone curves (tables for printing inks, for one), or when it is
    broken: a picture is better off without it then.
    """
    try:
        tags = _tags(profile)
        space = profile[16:20]
        if profile[20:24] != b"XYZ " or b"A2B0" in tags:
            return None
        if space == b"GRAY":
            kept = {b"kTRC": _curve(tags[b"kTRC"])}
        elif space == b"RGB ":
            kept = {name: _point(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")}
            kept |= {name: _curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC")}
        else:
            return None
    except (KeyError, ValueError, struct.error):
        return None
    kept |= {b"desc": _text("colour"), b"cprt": _text("none"), b"wtpt": b"XYZ \0\0\0\0" + _D50}
    return _profile(space, kept)


def _tags(profile: bytes) -> dict[bytes, bytes]:
    if profile[36:40] != b"acsp":
        raise ValueError("not an ICC profile")
    (count,) = struct.unpack_from(">I", profile, 128)
    entries = (struct.unpack_from(">4sII", profile, 132 + 12 * i) for i in range(min(count, _MAX_TAGS)))
    return {name: profile[at : at + size] for name, at, size in entries}


def _point(tag: bytes) -> bytes:
    kind, x, y, z = struct.unpack_from(">4s4x3i", tag)
    if kind != b"XYZ ":
        raise ValueError("not a point in XYZ")
    return struct.pack(">4s4x3i", kind, x, y, z)


def _curve(tag: bytes) -> bytes:
    """A tone curve, written anew from its numbers."""
    if tag[:4] == b"para":
        (function,) = struct.unpack_from(">H", tag, 8)
        count = _PARAMETERS[function]
        return struct.pack(f">4s4xHxx{count}i", b"para", function, *struct.unpack_from(f">{count}i", tag, 12))
    kind, count = struct.unpack_from(">4s4xI", tag)
    values = struct.unpack_from(f">{min(count, _MAX_CURVE)}H", tag, 12)
    # Tone curves rise; numbers that do not are something else in the place of one.
    if kind != b"curv" or count > _MAX_CURVE or (np.diff(values) < 0).any():
        raise ValueError("not a tone curve")
    return struct.pack(f">4s4xI{count}H", kind, count, *values)


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return struct.pack(">4s4xII4sII", b"mluc", 1, 12, b"enUS", len(encoded), 28) + encoded


def _profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """A display profile of version 4.3 with these tags."""
    start = 132 + 12 * len(tags)
    table, body, places = [], b"", dict[bytes, int]()
    for name, data in tags.items():
        if data not in places:
            places[data] = start + len(body)
            body += data + bytes(-len(data) % 4)
        table.append(struct.pack(">4sII", name, places[data], len(data)))
    head = struct.pack(
        ">I4sI4s4s4s6H4s24xI12s48x",
        start + len(body), b"", 0x04300000, b"mntr", space, b"XYZ ", 2000, 1, 1, 0, 0, 0, b"acsp", 0, _D50,
    )  # fmt: skip
    return head + struct.pack(">I", len(tags)) + b"".join(table) + body
