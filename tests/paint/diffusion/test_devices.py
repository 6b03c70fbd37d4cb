"""Crops are spread over several devices, and come back as if there were one."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.core.errors import OptionError, StageError
from passerby.core.stopping import NobodyWaits, stop_when, unless_stopped
from passerby.paint.diffusion.choice import Running
from passerby.paint.diffusion.contract import Crop, Inpainter
from passerby.paint.diffusion.devices import Spread, opened


class Fake:
    """Fills a crop with a number of its seed, and remembers what it was given."""

    def __init__(self, batch: int = 2, fault: str = "", short: int = 0) -> None:
        self.batch, self.fault, self.short = batch, fault, short
        self.calls: list[list[int]] = []
        self.threads: set[int] = set()

    def inpaint(self, crops: Sequence[Crop]) -> list[NDArray[np.uint8]]:
        self.calls.append([crop.seed for crop in crops])
        self.threads.add(threading.get_ident())
        if self.fault:
            raise StageError(self.fault)
        return [np.full_like(crop.picture, crop.seed) for crop in crops][self.short :]


def crops(*seeds: int) -> list[Crop]:
    return [
        Crop(np.full((8, 8 * (1 + i % 2), 3), 128, np.uint8), np.ones((8, 8 * (1 + i % 2)), bool), "clothes", seed)
        for i, seed in enumerate(seeds)
    ]


def test_results_come_in_the_order_of_the_crops() -> None:
    given = crops(5, 1, 9, 1, 5, 7, 3)
    made = Spread({"cuda:0": Fake(), "cuda:1": Fake()}).inpaint(given)
    assert [picture.shape for picture in made] == [crop.picture.shape for crop in given]
    assert [int(picture[0, 0, 0]) for picture in made] == [crop.seed for crop in given]


def test_one_device_and_two_make_the_same_pictures() -> None:
    given = crops(4, 2, 4, 2, 8, 6)
    alone, both = Fake().inpaint(given), Spread({"a": Fake(), "b": Fake()}).inpaint(given)
    assert all(np.array_equal(one, other) for one, other in zip(alone, both, strict=True))


def test_every_device_gets_its_share_and_a_track_stays_with_one() -> None:
    one, other = Fake(), Fake()
    Spread({"a": one, "b": other}).inpaint(crops(1, 2, 1, 2, 1, 2))
    assert (one.calls, other.calls) == ([[1, 1, 1]], [[2, 2, 2]])


def test_a_device_that_takes_larger_batches_gets_more() -> None:
    small, large = Fake(batch=1), Fake(batch=3)
    both = Spread({"a": small, "b": large})
    both.inpaint(crops(*range(8)))
    assert both.batch == 4
    assert [len(model.calls[0]) for model in (small, large)] == [2, 6]


def test_who_does_what_is_the_same_every_time() -> None:
    """Else a run could not be repeated to the byte on devices that round differently."""
    parts = []
    for _ in range(5):
        one, other = Fake(), Fake()
        Spread({"a": one, "b": other}).inpaint(crops(3, 1, 2, 5, 4))
        parts.append((one.calls, other.calls))
    assert all(part == parts[0] for part in parts)


def test_every_device_stops_when_nobody_waits_any_more() -> None:
    """As after Ctrl-C: a device that went on would keep the program for minutes."""
    gone, begun = threading.Event(), threading.Barrier(3)

    class Long(Fake):
        def inpaint(self, crops: Sequence[Crop]) -> list[NDArray[np.uint8]]:
            begun.wait(60)
            assert gone.wait(60)
            unless_stopped()
            return super().inpaint(crops)

    both = Spread({"a": Long(), "b": Long()})

    def working() -> list[NDArray[np.uint8]]:
        stop_when(gone)
        return both.inpaint(crops(1, 2))

    with ThreadPoolExecutor(1) as thread:
        made = thread.submit(working)
        begun.wait(60)
        gone.set()
        with pytest.raises(NobodyWaits):
            made.result()


def test_no_crops_and_fewer_than_devices_are_no_trouble() -> None:
    one, other = Fake(), Fake()
    both = Spread({"a": one, "b": other})
    assert both.inpaint([]) == []
    assert len(both.inpaint(crops(1))) == 1
    assert len(one.calls) + len(other.calls) == 1


@pytest.mark.parametrize("failing", ["cuda:0", "cuda:1"])
def test_a_failure_of_one_ends_it_all_in_a_line_with_its_name(failing: str) -> None:
    models = {name: Fake(fault="out of memory, take --batch 1" * (name == failing)) for name in ("cuda:0", "cuda:1")}
    with pytest.raises(StageError, match=f"^{failing}: out of memory, take --batch 1$"):
        Spread(models).inpaint(crops(1, 2))
    assert all(model.calls for model in models.values()), "the other one was to finish what it had"


def test_a_short_answer_is_a_failure() -> None:
    with pytest.raises(StageError, match=r"^b: 2 crops gave 1 pictures"):
        Spread({"a": Fake(), "b": Fake(short=1)}).inpaint(crops(1, 2, 3, 4))


@pytest.mark.parametrize("fault", ["", "gone"])
def test_no_thread_is_left_behind(fault: str) -> None:
    before = set(threading.enumerate())
    both = Spread({"a": Fake(), "b": Fake(fault=fault)})
    if fault:
        with pytest.raises(StageError):
            both.inpaint(crops(1, 2))
    else:
        both.inpaint(crops(1, 2))
    assert set(threading.enumerate()) == before


def test_each_device_works_in_a_thread_of_its_own() -> None:
    started = threading.Barrier(2, timeout=10)

    class Waiting(Fake):
        def inpaint(self, crops: Sequence[Crop]) -> list[NDArray[np.uint8]]:
            started.wait()  # goes on only when both are at work
            return super().inpaint(crops)

    Spread({"a": Waiting(), "b": Waiting()}).inpaint(crops(1, 2))


def test_one_model_is_opened_for_each_device() -> None:
    asked: list[str] = []

    def open_in(place: Running) -> Inpainter:
        asked.append(place.device)
        return Fake()

    assert isinstance(opened([Running(device="cuda:0"), Running(device="cuda:1")], open_in), Spread)
    assert asked == ["cuda:0", "cuda:1"]
    assert isinstance(opened([Running()], open_in), Fake), "one alone needs nobody in front of it"


@pytest.mark.parametrize("devices", [[], ["cuda:0", "cuda:0"]])
def test_devices_are_named_once_each(devices: list[str]) -> None:
    with pytest.raises(OptionError, match="name each once"):
        opened([Running(device=device) for device in devices], lambda place: Fake())
