"""Sources break off, come back, send damage and change: what comes of it is whole pictures, or news of a loss."""

from __future__ import annotations

import gc
import io
from fractions import Fraction
from itertools import islice

import numpy as np
import pytest
from av.video.frame import VideoFrame
from drawn_clips import Clip, draw, frames_of
from drawn_frames import frame
from live_fakes import FakeClock

from passerby.core.errors import InputError, OptionError
from passerby.live.sources import FIRST_PAUSE_S, LONGEST_PAUSE_S, Film, Lost, Picture, Raw, Wire, reconnected
from passerby.live.statistics import Statistics

TS = Clip(frames=50, options={"g": "10", "bf": "0"})


def never():
    return False


def film(path, statistics=None, clock=None):
    return Film(path, statistics or Statistics(), clock or FakeClock(), never)


class Flaky:
    """A feed whose attempts end as told: after a number of pictures, or by an error."""

    name, ends = "flaky", False

    def __init__(self, *attempts, ends=False):
        self.attempts, self.ends = list(attempts), ends

    def pictures(self):
        told = self.attempts.pop(0) if self.attempts else InputError("nobody there")
        if isinstance(told, Exception):
            raise told
        yield from (Picture(frame(), None, None) for _ in range(told))


def test_a_stream_that_breaks_off_is_opened_again():
    statistics = Statistics()
    items = reconnected(Flaky(2, InputError("refused"), 1), FakeClock(), statistics, never)
    kinds = [item.reason if isinstance(item, Lost) else "picture" for item in islice(items, 6)]
    assert kinds == ["picture", "picture", "it ended", "refused", "picture", "it ended"]
    assert statistics.lost == 3


def test_the_pauses_grow_and_begin_anew_after_a_picture():
    clock = FakeClock()
    items = reconnected(Flaky(*[InputError("no")] * 8, 1), clock, Statistics(), never)
    losses = [clock.now() for item in islice(items, 11)]
    pauses = np.diff(losses)
    assert pauses[0] == pytest.approx(FIRST_PAUSE_S)
    assert (pauses[1:5] > pauses[:4]).all()
    assert pauses[6] == pytest.approx(LONGEST_PAUSE_S)
    assert pauses[9] == pytest.approx(FIRST_PAUSE_S)


def test_what_ends_is_not_opened_again():
    assert len(list(reconnected(Flaky(3, ends=True), FakeClock(), Statistics(), never))) == 3
    with pytest.raises(InputError, match="broken"):
        list(reconnected(Flaky(InputError("broken"), ends=True), FakeClock(), Statistics(), never))


def test_a_stopped_run_does_not_wait_for_a_source():
    clock = FakeClock()
    items = reconnected(Flaky(), clock, Statistics(), lambda: clock.now() > 1)
    assert len(list(items)) <= 3


def test_a_file_takes_as_long_as_it_lasts(tmp_path):
    clock = FakeClock(7.0)
    pictures = film(draw(tmp_path / "film.mp4", Clip(frames=25)), clock=clock).pictures()
    times = [clock.now() for _ in pictures]
    assert np.diff(times) == pytest.approx(np.full(24, 0.04), abs=1e-3)


def test_the_pictures_of_a_file_are_the_decoders_own(tmp_path):
    path = draw(tmp_path / "film.mp4", Clip(frames=12))
    pairs = zip(film(path).pictures(), frames_of(path), strict=True)
    assert all(np.array_equal(live.frame.planes[0], known.planes[0]) for live, known in pairs)


def test_after_damage_nothing_comes_before_the_next_key_picture(tmp_path):
    path = draw(tmp_path / "film.ts", TS)
    whole = [each.frame.planes[0].copy() for each in film(path).pictures()]
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 188 * 188
    data[middle : middle + 188 * 4] = b"\xff" * 188 * 4
    damaged = tmp_path / "damaged.ts"
    damaged.write_bytes(data)
    statistics = Statistics()
    pictures = [(each.stamp, each.frame.planes[0].copy()) for each in film(damaged, statistics).pictures()]
    assert statistics.spoilt > 0
    assert 25 < len(pictures) < 50
    known = [plane.tobytes() for plane in whole]
    places = [known.index(plane.tobytes()) for _, plane in pictures]
    [gap] = [place for place, step in zip(places[1:], np.diff(places), strict=True) if step > 1]
    assert gap % 10 == 0


@pytest.mark.parametrize("seed", range(4))
def test_noise_in_a_stream_ends_nothing(tmp_path, seed):
    path = draw(tmp_path / "film.ts", TS)
    rng = np.random.default_rng(seed)
    data = np.frombuffer(path.read_bytes(), np.uint8).copy()
    at = rng.integers(2000, len(data), 20)
    data[at] = rng.integers(0, 256, 20)
    path.write_bytes(data.tobytes())
    assert all(each.frame.size == (64, 48) for each in film(path).pictures())


def test_a_stream_may_change_its_size(tmp_path):
    parts = [
        draw(tmp_path / f"{i}.ts", Clip(frames=20, size=size, options={"bf": "0"}))
        for i, size in enumerate([(64, 48), (96, 80)])
    ]
    both = tmp_path / "both.ts"
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    sizes = [each.frame.size for each in film(both).pictures()]
    # The counters of the packets do not go on: what was being sent at that moment counts as damaged.
    assert sizes.count((64, 48)) >= 18
    assert sizes.count((96, 80)) == 20


def test_a_source_that_is_opened_again_lets_go_of_what_it_had_open(tmp_path):
    """A single picture that stays keeps the memory of its whole decoder."""
    source = film(draw(tmp_path / "film.mp4", Clip()))
    gc.collect()
    gc.disable()
    try:
        counts = []
        for _ in range(4):
            kept = list(source.pictures())
            counts.append(sum(isinstance(each, VideoFrame) for each in gc.get_objects()))
    finally:
        gc.enable()
    assert len(kept) == 12
    assert counts[-1] == counts[1]


@pytest.mark.parametrize(("pixels", "planes"), [("yuv420p", 3), ("rgb24", 1)])
def test_raw_frames(pixels, planes):
    size, rng = (6, 4), np.random.default_rng(0)
    length = 6 * 4 * 3 // (2 if planes == 3 else 1)
    data = rng.integers(0, 256, 3 * length, np.uint8).tobytes()
    clock = FakeClock()
    raw = Raw(io.BytesIO(data), size, Fraction(10), pixels, clock, never)
    frames = [each.frame for each in raw.pictures()]
    assert b"".join(plane.tobytes() for each in frames for plane in each.planes) == data
    assert len(frames[0].planes) == planes
    assert clock.now() == pytest.approx(0.2)


def test_raw_frames_that_break_off_say_so():
    raw = Raw(io.BytesIO(bytes(30)), (4, 4), Fraction(10), "yuv420p", FakeClock(), never)
    with pytest.raises(InputError, match="6 bytes of 24"):
        list(raw.pictures())


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("rtsp://me:secret@camera:554/live?key=1", "rtsp://camera:554/live"),
        ("udp://239.0.0.1:1234", "udp://239.0.0.1:1234"),
        ("/dev/video0", "/dev/video0"),
    ],
)
def test_a_name_tells_no_password(address, name):
    assert Wire(address, Statistics()).name == name


def test_nobody_there_is_an_error_that_names_the_address():
    with pytest.raises(InputError, match=r"tcp://127\.0\.0\.1:9"):
        list(Wire("tcp://127.0.0.1:9", Statistics()).pictures())


def test_an_address_that_ffmpeg_cannot_speak_is_not_waited_for():
    feed = Wire("nosuch://key@there/", Statistics())
    with pytest.raises(OptionError, match=r"built without nosuch, which nosuch://there/ wants"):
        list(reconnected(feed, FakeClock(), Statistics(), lambda: False))


def test_a_stream_must_not_open_files(tmp_path):
    path = draw(tmp_path / "film.mp4", Clip())
    with pytest.raises(InputError):
        list(Wire(f"file://{path}", Statistics()).pictures())
