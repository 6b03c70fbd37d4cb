"""What an ONNX file says of itself: inputs, outputs, metadata. Read without its weights, and without a library.

The sessions of `passerby.runtime` do not tell, and loading a model a second time to ask would double its memory.
The layout: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path

from passerby.core.errors import WeightsError

TYPES = {1: "float32", 2: "uint8", 6: "int32", 7: "int64", 10: "float16", 11: "float64"}
"""ONNX's numbers of the types that pictures, boxes and sizes come in."""

Span = tuple[int, int]
"""Where a message begins and ends in the file."""


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output."""

    name: str
    dtype: str
    """NumPy's name; '' for one that is not in `TYPES`."""
    shape: tuple[int | None, ...]
    """None where any length will do, or where it depends on the input."""


@dataclass(frozen=True, slots=True)
class Header:
    """What goes into a model and comes out, and what its maker wrote beside it."""

    inputs: tuple[Port, ...]
    """Without those that the file itself holds values for."""
    outputs: tuple[Port, ...]
    metadata: Mapping[str, str]


def read(path: Path) -> Header:
    """The header of the ONNX file at `path`.

    Raises:
        WeightsError: it cannot be read, or is no ONNX file.
    """
    try:
        with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
            return _model(data)
    except OSError as error:
        raise WeightsError(f"cannot read the model file {path}: {error.strerror}; check the path") from error
    except (ValueError, LookupError) as error:
        raise WeightsError(f"{path} is no ONNX model, or a damaged one; export it again") from error


def _model(data: mmap) -> Header:
    graph: Span = (0, 0)
    metadata = {}
    for field, value in _messages(data, (0, len(data))):
        if field == 7:
            graph = value
        elif field == 14:
            pair = dict(_messages(data, value))
            metadata[_text(data, pair[1])] = _text(data, pair.get(2, (0, 0)))
    if graph == (0, 0):
        raise ValueError("there is no graph in it")
    parts = list(_messages(data, graph))
    held = {_text(data, dict(_messages(data, value)).get(8, (0, 0))) for field, value in parts if field == 5}
    inputs = tuple(_port(data, value) for field, value in parts if field == 11)
    outputs = tuple(_port(data, value) for field, value in parts if field == 12)
    return Header(tuple(port for port in inputs if port.name not in held), outputs, metadata)


def _port(data: mmap, span: Span) -> Port:
    parts = dict(_messages(data, span))
    tensor = dict(_messages(data, parts[2])).get(1, (0, 0)) if 2 in parts else (0, 0)
    numbers = dict(_numbers(data, tensor))
    shape = dict(_messages(data, tensor)).get(2, (0, 0))
    sides = (dict(_numbers(data, value)).get(1, 0) for field, value in _messages(data, shape) if field == 1)
    # Some write 0 or -1 for any length, and a negative number reads as a huge one.
    lengths = tuple(side if 0 < side < 1 << 32 else None for side in sides)
    return Port(_text(data, parts[1]), TYPES.get(numbers.get(1, 0), ""), lengths)


def _messages(data: mmap, span: Span) -> Iterator[tuple[int, Span]]:
    """Number and place of every field that has a length: texts and messages."""
    return ((field, value) for field, value in _fields(data, span) if isinstance(value, tuple))


def _numbers(data: mmap, span: Span) -> Iterator[tuple[int, int]]:
    """Number and value of every field that is a whole number."""
    return ((field, value) for field, value in _fields(data, span) if isinstance(value, int))


def _fields(data: mmap, span: Span) -> Iterator[tuple[int, int | Span]]:
    """The fields of a message: see https://protobuf.dev/programming-guides/encoding."""
    at, end = span
    while at < end:
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
        elif kind == 2:
            length, at = _varint(data, at)
            if at + length > end:
                raise ValueError("a field is longer than what it lies in")
            yield key >> 3, (at, at + length)
            at += length
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            raise ValueError(f"there are no fields of kind {kind}")


def _varint(data: mmap, at: int) -> tuple[int, int]:
    """The number that begins at `at`, seven bits a byte, and where it ends."""
    value = 0
    for shift in range(0, 64, 7):
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise ValueError("a number does not end")


def _text(data: mmap, span: Span) -> str:
    return data[span[0] : span[1]].decode()
