"""The XMP packet that says that a file is synthetic, and where each kind of file keeps it.

References: XMP specification parts 1 and 3 (Adobe, 2012 and 2020); IPTC Photo Metadata, Digital Source Type.
"""

from __future__ import annotations

import struct

from passerby.core.frame import Plane
from passerby.media import tiff_tags as tiff
from passerby.media.chunks import png_chunk, riff_chunk, riff_chunks
from passerby.media.picture_header import Kind

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""IPTC's name for what is put together of photographs and of what a trained model made."""
PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    f'Iptc4xmpExt:DigitalSourceType="{SOURCE_TYPE}"/>'
    '</rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
).encode()
"""Always the same: it tells nothing of this file but that."""

KINDS: frozenset[Kind] = frozenset({"jpeg", "png", "webp", "tiff", "gif"})
"""The pictures that have room for it."""
JPEG_NAME = b"http://ns.adobe.com/xap/1.0/\0"
PNG_NAME = b"XML:com.adobe.xmp" + bytes(5)
"""The keyword, and that the text is neither compressed nor in a language nor translated."""
WEBP_FLAG = 0x04
GIF_NAME = b"XMP DataXMP"
TIFF_TAG = 700
UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
"""Of the box in MP4 and QuickTime files."""
# A GIF reader that takes the packet for a row of blocks, each with its length before it, lands in this at last, and
# whichever byte it hits leads it to the end.
_LANDING = bytes([1, *range(255, -1, -1), 0])


def added(file: bytes, kind: Kind, picture: Plane) -> bytes:
    """A JPEG, PNG, WebP or TIFF file of one `picture` with the packet in it."""
    match kind:
        case "jpeg":
            return _behind_jfif(file)
        case "png":
            # After the signature and the chunk that has to be first (PNG specification, 5.6 and 11.3.3.4).
            return file[:33] + png_chunk(b"iTXt", PNG_NAME + PACKET) + file[33:]
        case "webp":
            return _extended(file, picture)
        case "tiff":
            directory = tiff.read_directory(file)
            return tiff.with_tags(file, directory.order, {**directory.tags, TIFF_TAG: tiff.Tag(1, PACKET)})
        case _:
            raise ValueError(f"a {kind} file takes no XMP at once")


def gif_extension() -> bytes:
    """The packet as an extension of a GIF."""
    return b"\x21\xff\x0b" + GIF_NAME + PACKET + _LANDING


def box() -> bytes:
    """The packet as a box that may stand at the end of MP4 and QuickTime files."""
    return struct.pack(">I", 24 + len(PACKET)) + b"uuid" + UUID + PACKET


def _behind_jfif(file: bytes) -> bytes:
    end = 2
    while file[end : end + 2] == b"\xff\xe0":  # JFIF has to be first
        end += 2 + struct.unpack_from(">H", file, end + 2)[0]
    body = JPEG_NAME + PACKET
    return file[:end] + b"\xff\xe1" + struct.pack(">H", 2 + len(body)) + body + file[end:]


def _extended(file: bytes, picture: Plane) -> bytes:
    """A WebP whose header says that there is XMP; the simple kind of file has no such header yet. RFC 9649, 2.7."""
    chunks = list(riff_chunks(file))
    if chunks[0][0] == b"VP8X":
        header = chunks.pop(0)[1]
    else:
        height, width = picture.shape[:2]
        sides = b"".join((side - 1).to_bytes(3, "little") for side in (width, height))
        header = struct.pack("<I", 0x10 if picture.shape[2:] == (4,) else 0) + sides
    header = bytes([header[0] | WEBP_FLAG]) + header[1:]
    body = b"WEBP" + b"".join(riff_chunk(*chunk) for chunk in [(b"VP8X", header), *chunks, (b"XMP ", PACKET)])
    return b"RIFF" + struct.pack("<I", len(body)) + body
