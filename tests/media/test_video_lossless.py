"""Without loss means without loss: what cannot be kept exactly is refused, and what can is."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from drawn_clips import Clip, arrays, copied, draw, frames_of, seen

from passerby.core.errors import OptionError
from passerby.media.video import VideoSource
from passerby.media.write import Encoding, VideoSink

SIZE = (66, 50)


def noise(path: Path, codec: str, pixels: str) -> Path:
    """Three frames in which every byte is another."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = SIZE
        stream.pix_fmt = pixels
        for number in range(3):
            frame = VideoFrame(*SIZE, pixels)
            for plane in frame.planes:
                data = np.random.default_rng(number).integers(0, 256, plane.buffer_size, np.uint8)
                plane.update(data.tobytes())
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "pixels", "stored"),
    [
        ("in.mkv", "libx264rgb", "rgb24", "gbrp"),
        ("in.mkv", "ffv1", "bgr0", "bgr0"),
        ("in.avi", "rawvideo", "bgr24", "bgr24"),
        ("in.avi", "rawvideo", "pal8", "pal8"),
        ("in.mov", "qtrle", "rgb24", "rgb24"),
        ("in.mkv", "ffv1", "yuv420p16le", "yuv420p16le"),
    ],
)
def test_pixels_that_would_be_rounded_are_not_called_lossless(
    name: str, codec: str, pixels: str, stored: str, tmp_path: Path
) -> None:
    source = VideoSource(noise(tmp_path / name, codec, pixels))
    with pytest.raises(OptionError, match=f"{re.escape(name)} stores {stored}, .*use --crf 1, or leave --crf out"):
        VideoSink(tmp_path / "out.mkv", source.info, Encoding(crf=0, encoder="ffv1"))
    VideoSink(tmp_path / "out.mkv", source.info, Encoding(crf=1))


@pytest.mark.parametrize("pixels", ["yuv410p", "yuv411p"])
def test_colour_that_many_pixels_share_is_repeated_and_never_blended(pixels: str, tmp_path: Path) -> None:
    path = noise(tmp_path / "in.avi", "ffv1", pixels)
    with av.open(str(path)) as container:
        truth = [[plane.copy() for plane in arrays(frame)] for frame in container.decode(video=0)]
    copied(path, tmp_path / "out.mkv", Encoding(crf=0, encoder="ffv1"))
    with av.open(str(tmp_path / "out.mkv")) as container:
        written = [[plane.copy() for plane in arrays(frame)] for frame in container.decode(video=0)]
    assert len(written) == len(truth) == 3
    for before, after in zip(truth, written, strict=True):
        for coarse, fine in zip(before, after, strict=True):
            down, across = (-(-a // b) for a, b in zip(fine.shape, coarse.shape, strict=True))
            repeated = coarse.repeat(down, 0).repeat(across, 1)
            assert np.array_equal(repeated[: fine.shape[0], : fine.shape[1]], fine)


@pytest.mark.parametrize(("encoder", "worst"), [("libx264", 51), ("libx265", 51), ("libvpx-vp9", 63)])
def test_a_quality_beyond_the_encoders_range_is_refused(encoder: str, worst: int, tmp_path: Path) -> None:
    source = VideoSource(draw(tmp_path / "in.mp4"))
    VideoSink(tmp_path / "out.mp4", source.info, Encoding(encoder=encoder, crf=worst))
    if worst < 63:
        with pytest.raises(OptionError, match=rf"crf of {encoder} goes from 0 \(lossless\) to {worst}, got 52"):
            VideoSink(tmp_path / "out.mp4", source.info, Encoding(encoder=encoder, crf=52))


@pytest.mark.parametrize("codec", ["libvpx", "libvpx-vp9"])
def test_alpha_that_is_left_out_is_told_of(codec: str, tmp_path: Path) -> None:
    def mark(_: object, stream: VideoStream) -> None:
        stream.metadata["alpha_mode"] = "1"

    path = draw(tmp_path / "in.webm", Clip(codec=codec, pixels="yuva420p", prepare=mark, options={"auto-alt-ref": "0"}))
    source = VideoSource(path)
    assert source.info.notes == ("parts of the picture can be seen through (alpha): it is written opaque",)
    assert len(frames_of(path)) == len(seen(path).times)
