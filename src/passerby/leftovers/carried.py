"""What a video file carries besides the pictures that are looked at: sound, streams, words, dates, places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

import av
from av.bitstream import BitStreamFilterContext
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from passerby.leftovers.boxes_mp4 import C2PA, unknown_boxes
from passerby.leftovers.marks import marks
from passerby.leftovers.verdict import Carried
from passerby.media.container import NO_FILM, Limits, opened, packets_of
from passerby.media.manifest import AVI, is_ours
from passerby.media.mark import SYNTHETIC
from passerby.media.walk_avi import top_chunks

TECHNICAL = frozenset(
    {"major_brand", "minor_version", "compatible_brands", "language", "vendor_id", "duration", "rotate", "bps"}
    | {"number_of_frames", "number_of_bytes", "variant_bitrate", "alpha_mode", "stereo_mode", "software"}
)
"""Names of metadata, in lower case, that say how a file is made and nothing of who or where."""
_OF_TOOLS = re.compile(r"Lavf|Lavc|x26[45]|(L-SMASH |GPAC |Core Media )?(Video|Audio|Sound) ?(Media )?(Handler)?$|\s*$")
"""How values begin that libraries write of themselves."""
_LIBRARY = re.compile(rb"x26[45]\b|Lavc|SVT|libvpx")
_START = re.compile(rb"\x00\x00\x01")
ANNEX_B = {"h264": "h264_mp4toannexb", "hevc": "hevc_mp4toannexb"}
"""The filters that write packets with start codes, which are easy to find."""
USER_DATA = {4: "registered user data (captions, …)", 5: "user data"}
"""Payloads of SEI messages that are free for anything: ITU-T H.264, D.1, and H.265 likewise."""
PACKETS = 250
"""Packets that are searched for messages between the pictures: who writes some, writes them from the beginning."""


def carried_by_video(path: Path, *, sound: bool) -> list[Carried]:
    """What lies in the file; `sound` says that it may have one.

    Raises:
        InputError: it cannot be read.
    """
    with opened(path, Limits()) as container:
        found = [*_streams(container, sound), *_words(container)]
        film = next((stream for stream in container.streams.video if not stream.disposition & NO_FILM), None)
        if film is not None:
            found += [Carried("data", f"{what} between the pictures") for what in _messages(container, film)]
    found += [
        Carried("data", f"a box {kind!r} of {size} bytes")
        for kind, size in unknown_boxes(path)
        if not (kind == C2PA and is_ours(path))
    ]
    if path.suffix.lower() == ".avi" and _has_manifest(path) and not is_ours(path):
        found.append(Carried("data", "a C2PA manifest"))
    return list(dict.fromkeys([*found, *(Carried("data", what) for what in marks(path))]))


def _has_manifest(film: Path) -> bool:
    """Whether there is one in an AVI."""
    with film.open("rb") as file:
        return AVI in top_chunks(file, film.stat().st_size)


def _streams(container: InputContainer, sound: bool) -> Iterator[Carried]:
    """Everything but the first film."""
    films = [stream for stream in container.streams.video if not stream.disposition & NO_FILM]
    for stream in container.streams:
        name = f"stream {stream.index}"
        if stream in films[:1]:
            continue
        if stream.type == "audio":
            if not sound:
                yield Carried("sound", f"{name}, {_codec(stream)}: a voice identifies")
        elif stream.type == "video":
            kind = "a second film" if stream in films else "a picture beside the film (cover, thumbnail)"
            yield Carried("stream", f"{name}, {kind}, {_codec(stream)}: not looked at")
        else:
            yield Carried("stream", f"{name}, {stream.type}, {_codec(stream)}")


def _codec(stream: Stream) -> str:
    codec = stream.codec_context
    return "unknown codec" if codec is None else codec.codec.canonical_name


def _words(container: InputContainer) -> Iterator[Carried]:
    """Metadata of the file, its streams and its chapters that is more than technical."""
    places: list[tuple[str, Mapping[str, str]]] = [("the file", container.metadata)]
    places += [(f"stream {stream.index}", stream.metadata) for stream in container.streams]
    places += [(f"chapter {n}", chapter["metadata"]) for n, chapter in enumerate(container.chapters())]
    for place, metadata in places:
        for key, value in metadata.items():
            # Matroska's writers put '_STATISTICS_…' and a language behind names.
            plain = key.lower().split("-")[0]
            if plain not in TECHNICAL and not plain.startswith("_statistics") and not _of_ours(value):
                yield Carried("metadata", f"{key} of {place}: {_short(value)}")


def _of_ours(value: str) -> bool:
    """Whether libraries write so of themselves, or passerby of what it made up."""
    return bool(_OF_TOOLS.match(value)) or value == SYNTHETIC


def _short(value: str) -> str:
    line = " ".join(value.split())
    return line if len(line) <= 60 else f"{line[:57]}…"


def _messages(container: InputContainer, film: VideoStream) -> list[str]:
    """What is written between the pictures of H.264 and HEVC, besides what encoders say of themselves."""
    codec = film.codec_context.codec.canonical_name if film.codec_context else ""
    if codec not in ANNEX_B:
        return []
    found: list[str] = []
    strip = BitStreamFilterContext(ANNEX_B[codec], film)
    try:
        for packet in islice(packets_of(container, film), PACKETS):
            for plain in strip.filter(packet) if packet.size else ():
                found += _user_data(bytes(plain), codec)
    except av.error.FFmpegError:
        found.append("something that does not parse")
    return list(dict.fromkeys(found))


def _user_data(packet: bytes, codec: str) -> Iterator[str]:
    """The kinds of user data in a packet with start codes."""
    starts = [match.end() for match in _START.finditer(packet)]
    for start, end in zip(starts, [*starts[1:], len(packet)], strict=True):
        unit = packet[start:end]
        if codec == "h264":
            is_message, body = unit[:1] and unit[0] & 0x1F == 6, unit[1:]
        else:
            is_message, body = unit[:1] and unit[0] >> 1 & 0x3F in (39, 40), unit[2:]
        if is_message:
            for kind, payload in _payloads(body):
                # 16 bytes say who wrote it.
                if kind in USER_DATA and not (kind == 5 and _LIBRARY.match(payload[16:])):
                    yield USER_DATA[kind]


def _payloads(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and content of each message in an SEI unit, H.264 7.3.2.3.1."""
    at = 0
    while at + 2 < len(body):
        kind, at = _number(body, at)
        size, at = _number(body, at)
        yield kind, body[at : at + size]
        at += size


def _number(body: bytes, at: int) -> tuple[int, int]:
    """A number written as so many 255s and a rest, and where it ends."""
    value = 0
    while at < len(body) and body[at] == 255:
        value, at = value + 255, at + 1
    return (value + body[at], at + 1) if at < len(body) else (value, at)
