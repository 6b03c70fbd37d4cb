"""Files in which generators drew say so, to readers that know nothing of passerby; and they say nothing else."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import av
import footage
import numpy as np
import pytest
from drawn_pictures import animation

from passerby.core.errors import OptionError, OutputError
from passerby.leftovers.carried import carried_by_video
from passerby.leftovers.carried_stills import carried_by_still
from passerby.media import certificate, manifest, xmp
from passerby.media.manifest import SIGNED, check, is_ours, is_there, sign
from passerby.media.mark import SYNTHETIC, Mark, says_synthetic
from passerby.media.still_sink import StillSink
from passerby.media.stills import StillSource
from passerby.media.video import VideoSource
from passerby.media.write import VideoSink
from passerby.media.xmp import PACKET, SOURCE_TYPE, UUID

Image = pytest.importorskip("PIL.Image", reason="needs Pillow")
needs_c2pa = pytest.mark.skipif(not is_there(), reason="needs the extra c2pa")
STILLS = [".png", ".jpg", ".webp", ".tif", ".gif"]
MOVING = [".png", ".webp", ".gif"]
FILMS = [".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts", ".m2ts"]


def picture(suffix: str, tmp_path: Path, mark: Mark | None, moves: bool = False, force: bool = False) -> Path:
    source, output = tmp_path / f"in{suffix if moves else '.png'}", tmp_path / f"out{suffix}"
    if moves:
        source.write_bytes(animation({".png": "PNG", ".webp": "WEBP", ".gif": "GIF"}[suffix], loop=0))
    else:
        footage.draw(footage.standing(), source)
    with StillSource(source) as frames, StillSink(output, frames.info, mark=mark, force=force) as sink:
        for frame in frames:
            sink.write(frame)
    return output


def film(suffix: str, tmp_path: Path, mark: Mark | None) -> Path:
    source, output = tmp_path / "in.mp4", tmp_path / f"out{suffix}"
    footage.write(footage.standing(size=(96, 64)), source)
    with VideoSource(source) as frames, VideoSink(output, frames.info, mark=mark, force=True) as sink:
        for frame in frames:
            sink.write(frame)
    return output


def shown(path: Path) -> list[np.ndarray]:
    with Image.open(path) as opened:
        frames = getattr(opened, "n_frames", 1)
        return [np.asarray(opened.convert("RGBA")) for i in range(frames) if opened.seek(i) is None]


def told(path: Path) -> str:
    """What Pillow finds of XMP."""
    with Image.open(path) as opened:
        if path.suffix == ".gif":
            opened.seek(opened.n_frames - 1)
            return PACKET.decode() if PACKET in path.read_bytes() else ""
        packet = ElementTree.fromstring(opened.info.get("xmp") or b"<nothing/>")
    return " ".join(value for node in packet.iter() for value in (node.text or "", *node.attrib.values()))


@pytest.mark.parametrize(("suffix", "moves"), [(it, False) for it in STILLS] + [(it, True) for it in MOVING])
def test_a_picture_says_it_in_xmp_and_looks_the_same(suffix: str, moves: bool, tmp_path: Path) -> None:
    plain = shown(picture(suffix, tmp_path, None, moves))
    path = picture(suffix, tmp_path, Mark(), moves, force=True)
    assert SOURCE_TYPE in told(path)
    marked = shown(path)
    assert len(marked) == len(plain)
    assert all(np.array_equal(a, b) for a, b in zip(marked, plain, strict=True))
    assert carried_by_still(path) == []


def test_a_picture_without_a_mark_says_nothing(tmp_path: Path) -> None:
    assert b"xmp" not in picture(".jpg", tmp_path, None).read_bytes()


def test_a_see_through_webp_stays_see_through(tmp_path: Path) -> None:
    """Its simple kind of file becomes an extended one, which says so anew."""
    source, output = tmp_path / "in.png", tmp_path / "out.webp"
    pixels = np.full((12, 16, 4), 90, np.uint8)
    Image.fromarray(pixels).save(source)
    with StillSource(source) as frames, StillSink(output, frames.info, mark=Mark()) as sink:
        sink.write(next(iter(frames)))
    assert np.array_equal(shown(output)[0], pixels)
    assert output.read_bytes()[20] & 0x10
    assert SOURCE_TYPE in told(output)


@pytest.mark.parametrize("suffix", FILMS)
def test_a_film_says_it(suffix: str, tmp_path: Path) -> None:
    path = film(suffix, tmp_path, Mark())
    with av.open(str(path)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 10
        words = {key.lower(): value for key, value in container.metadata.items()}
    if suffix in (".ts", ".m2ts"):
        assert service(path.read_bytes(), 192 if suffix == ".m2ts" else 188) == ("synthetic", SOURCE_TYPE)
    else:
        assert words["comment"] == SYNTHETIC
    if suffix in (".mp4", ".mov"):
        assert (b"uuid", UUID + PACKET) in list(boxes(path.read_bytes()))
    assert carried_by_video(path, sound=False) == []


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of the boxes of a file: ISO/IEC 14496-12, 4.2."""
    while data:
        size = int.from_bytes(data[:4], "big")
        yield data[4:8], data[8:size]
        data = data[size:]


def service(data: bytes, step: int) -> tuple[str, str]:
    """Provider and name in the service description of a transport stream: ETSI EN 300 468, 5.2.3 and 6.2.33."""
    packets = (data[i + step - 188 : i + step] for i in range(0, len(data), step))
    table = next(it for it in packets if it[1] & 0x1F == 0 and it[2] == 0x11)
    at = table.index(b"\x48", 5 + 11)
    provider = table[at + 4 : at + 4 + table[at + 3]]
    name = table[at + 5 + len(provider) : at + 5 + len(provider) + table[at + 4 + len(provider)]]
    return provider.decode(), name.decode()


# Left-overs


@pytest.mark.parametrize("change", [(b"<rdf:RDF ", b"<rdf:RDF x='Jane Doe' "), (SOURCE_TYPE.encode(), b"Jane Doe")])
@pytest.mark.parametrize("suffix", [*STILLS, ".mp4"])
def test_a_mark_with_another_word_in_it_is_a_leftover(
    suffix: str, change: tuple[bytes, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as writing:
        writing.setattr(xmp, "PACKET", PACKET.replace(*change))
        path = (picture if suffix in STILLS else film)(suffix, tmp_path, Mark())
    assert b"Jane Doe" in path.read_bytes()
    found = carried_by_still(path) if suffix in STILLS else carried_by_video(path, sound=False)
    assert len(found) == 2, "the place that it is in, and the words themselves"
    assert any("XMP at byte" in it.what for it in found)


def test_a_mark_with_something_behind_it_in_its_box_is_a_leftover(tmp_path: Path) -> None:
    path = film(".mp4", tmp_path, Mark())
    data = path.read_bytes()
    longer = (24 + len(PACKET) + 8).to_bytes(4, "big") + b"uuid" + UUID + PACKET + b"Jane Doe"
    path.write_bytes(data[: -24 - len(PACKET)] + longer)
    assert [it.what for it in carried_by_video(path, sound=False)] == [f"a box 'uuid' of {len(longer) - 8} bytes"]


# C2PA


@pytest.fixture(scope="module")
def signer() -> certificate.Signer:
    return certificate.self_made()


def read(path: Path) -> dict:
    import c2pa

    with path.open("rb") as file, c2pa.Reader(SIGNED[path.suffix], file) as reader:
        return json.loads(reader.json())


@needs_c2pa
@pytest.mark.parametrize("suffix", [*STILLS, ".mp4", ".mov", ".avi"])
def test_a_manifest_is_valid_and_says_that_and_no_more(suffix: str, tmp_path: Path, signer: certificate.Signer) -> None:
    path = (picture if suffix in STILLS else film)(suffix, tmp_path, Mark(signer))
    store = read(path)
    assert store["validation_state"] == "Valid"
    [claim] = store["manifests"].values()
    [actions] = [it["data"]["actions"] for it in claim["assertions"] if it["label"] == "c2pa.actions.v2"]
    assert [(it["action"], it["digitalSourceType"]) for it in actions] == [
        ("c2pa.created", SOURCE_TYPE),
        ("c2pa.edited", SOURCE_TYPE),
    ]
    assert not {"ingredients", "thumbnail", "title"} & claim.keys()
    assert "time" not in claim["signature_info"]
    assert b"in.png" not in path.read_bytes()
    assert (carried_by_still(path) if suffix in STILLS else carried_by_video(path, sound=False)) == []


@needs_c2pa
def test_a_signed_avi_plays_as_before_and_another_manifest_in_it_is_a_leftover(
    tmp_path: Path, signer: certificate.Signer
) -> None:
    path = film(".avi", tmp_path, Mark())
    with av.open(str(path)) as container:
        before = [bytes(packet) for packet in container.demux()]
    path = film(".avi", tmp_path, Mark(signer))
    with av.open(str(path)) as container:
        assert [bytes(packet) for packet in container.demux()] == before
    data = bytearray(path.read_bytes())
    assert data.count(b"C2PA") == 1
    data[data.index(b"movi") + 40] ^= 1
    path.write_bytes(data)
    assert read(path)["validation_state"] == "Invalid"
    assert any(it.what == "a C2PA manifest" for it in carried_by_video(path, sound=False))


@needs_c2pa
def test_an_avi_of_several_parts_has_the_tag_alone_or_is_refused(tmp_path: Path, signer: certificate.Signer) -> None:
    """A manifest would move those behind it away from where the index says that they are."""
    path = film(".avi", tmp_path, Mark())
    data = path.read_bytes() + b"RIFF" + (4).to_bytes(4, "little") + b"AVIX"
    path.write_bytes(data)
    with path.open("r+b") as file:
        Mark(signer).finish(file, path, "avi")
        assert path.read_bytes() == data
        with pytest.raises(OutputError, match="more than a gigabyte"):
            Mark(signer, needed=True).finish(file, path, "avi")
    assert path.read_bytes() == data


@needs_c2pa
def test_a_long_film_is_sealed_piece_by_piece(tmp_path: Path, signer: certificate.Signer) -> None:
    """Hashed in one piece, all of it would lie in memory at once."""
    path, rng = tmp_path / "noise.mp4", np.random.default_rng(0)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "1", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for _ in range(8):
            noise = av.VideoFrame.from_ndarray(rng.integers(0, 256, (540, 640), np.uint8), "yuv420p")
            container.mux(stream.encode(noise))
        container.mux(stream.encode(None))
    with path.open("r+b") as file:
        sign(file, path, signer)
    store = read(path)
    [claim] = store["manifests"].values()
    [hashed] = [it["data"] for it in claim["assertions"] if it["label"].startswith("c2pa.hash.bmff")]
    assert len(hashed["merkle"][0]["hashes"]) >= 3
    assert store["validation_state"] == "Valid"
    assert is_ours(path)


@needs_c2pa
@pytest.mark.parametrize("suffix", [".png", ".webp", ".gif"])
def test_a_signed_animation_plays_as_before(suffix: str, tmp_path: Path, signer: certificate.Signer) -> None:
    plain = shown(picture(suffix, tmp_path, None, moves=True))
    marked = shown(picture(suffix, tmp_path, Mark(signer), moves=True, force=True))
    assert len(marked) == len(plain) > 1
    assert all(np.array_equal(a, b) for a, b in zip(marked, plain, strict=True))


@needs_c2pa
def test_a_changed_pixel_breaks_the_seal(tmp_path: Path, signer: certificate.Signer) -> None:
    path = picture(".jpg", tmp_path, Mark(signer))
    data = bytearray(path.read_bytes())
    data[-100] ^= 1
    path.write_bytes(data)
    assert read(path)["validation_state"] == "Invalid"
    assert not is_ours(path)


@needs_c2pa
def test_no_two_files_are_tied_to_each_other(tmp_path: Path) -> None:
    """A certificate that was kept would tell which files one machine has made."""
    one, two = certificate.self_made(), certificate.self_made()
    assert one.chain != two.chain
    assert "PRIVATE" not in repr(one)


OURS = {
    "claim_generator_info": [{"name": "passerby"}],
    "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": manifest.ACTIONS}}],
}
NOTE = {"label": "org.example.note", "data": {"name": "Jane Doe"}}


@needs_c2pa
@pytest.mark.parametrize(
    ("more", "ours"),
    [
        ({}, True),
        ({"title": "Jane Doe"}, False),
        ({"claim_generator_info": [{"name": "Jane Doe"}]}, False),
        ({"assertions": [*OURS["assertions"], NOTE]}, False),
    ],
)
def test_a_manifest_that_says_more_is_a_leftover(
    more: dict, ours: bool, tmp_path: Path, signer: certificate.Signer
) -> None:
    import c2pa

    path, signed = picture(".jpg", tmp_path, Mark()), io.BytesIO()
    settings = {"builder": {"thumbnail": {"enabled": False}}}
    by = c2pa.Signer.from_info(c2pa.C2paSignerInfo(signer.algorithm, signer.chain, signer.key, None))
    with c2pa.Context.from_dict(settings) as context, by, c2pa.Builder(OURS | more, context=context) as builder:
        builder.sign(by, "image/jpeg", io.BytesIO(path.read_bytes()), signed)
    path.write_bytes(signed.getvalue())
    assert [it.what for it in carried_by_still(path)] == ([] if ours else ["a C2PA manifest"])


@needs_c2pa
def test_what_cannot_be_signed_is_not_there(tmp_path: Path, signer: certificate.Signer) -> None:
    broken = replace(signer, chain=signer.chain.split(b"-----END CERTIFICATE-----")[1] + b"-----END CERTIFICATE-----\n")
    with pytest.raises(OutputError, match=r"out.png cannot be signed \(.+\); use --mark tag"):
        picture(".png", tmp_path, Mark(broken))
    assert [it.name for it in tmp_path.iterdir()] == ["in.png"]


@needs_c2pa
def test_a_certificate_of_the_users_signs(tmp_path: Path, signer: certificate.Signer) -> None:
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(signer.chain)
    key.write_bytes(signer.key)
    mine = certificate.signer_of(chain, key)
    assert mine == signer
    check(mine)
    assert read(picture(".png", tmp_path, Mark(mine)))["validation_state"] == "Valid"


@needs_c2pa
def test_a_certificate_that_does_not_do_is_refused_before_any_work(signer: certificate.Signer) -> None:
    """One without those above it."""
    end = b"-----END CERTIFICATE-----\n"
    with pytest.raises(OptionError, match=r"--c2pa-cert does not do \(.*self-signed.*\)"):
        check(replace(signer, chain=signer.chain.split(end)[1] + end))


@needs_c2pa
def test_keys_that_do_not_do_are_told_in_one_line(tmp_path: Path, signer: certificate.Signer) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(signer.chain)
    other = certificate.self_made().key
    locked = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
    for given, why in ((other, "is not the key of the first certificate"), (b"nothing", "PEM"), (locked, "password")):
        key.write_bytes(given)
        with pytest.raises(OptionError, match=why):
            certificate.signer_of(chain, key)
    with pytest.raises(OptionError, match="cannot read"):
        certificate.signer_of(tmp_path / "none.pem", key)


@pytest.mark.parametrize(
    ("write", "suffix"), [*((picture, kind) for kind in STILLS), *((film, kind) for kind in FILMS)]
)
def test_whether_a_file_is_marked_can_be_read_from_every_kind_that_takes_one(
    write, suffix: str, tmp_path: Path
) -> None:  # type: ignore[no-untyped-def]
    bare, marked = (write(suffix, tmp_path / name, mark) for name, mark in folders(tmp_path))
    assert not says_synthetic(bare)
    assert says_synthetic(marked)


def folders(tmp_path: Path) -> list[tuple[str, Mark | None]]:
    """A folder for a file without a mark, and one for a file with it."""
    for name in ("bare", "marked"):
        (tmp_path / name).mkdir()
    return [("bare", None), ("marked", Mark())]
