"""Does a source keep its contract?"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice, pairwise

from passerby.core import pixels
from passerby.core.frame import Frame, MediaInfo
from passerby.core.stages import Source
from passerby.testing.claims import Stopped, claim, claim_untouched, copies, equal


def check_source(make: Callable[[], Source], most: int = 32) -> None:
    """Check the source that every call of `make` opens anew, on its first `most` frames.

    Raises:
        AssertionError: it breaks the contract of `core.stages.Source`.
    """
    with make() as source:
        info = source.info
        frames, before = [], []
        for frame in islice(source, most):
            frames.append(frame)
            before += copies([frame])
    claim(bool(frames), "a source gives one frame at least; one with nothing to give raises InputError")
    claim_untouched(frames, before)
    for index, frame in enumerate(frames):
        _check_frame(frame, index, info)
    for first, second in pairwise(frames):
        claim(first.time < second.time, f"times must rise; frame {second.index} comes at {second.time} s again")
    with make() as source:
        again = list(islice(source, most))
    claim(equal(before, copies(again)), "opened again, it gives other frames")
    _check_left(make)


def _check_frame(frame: Frame, index: int, info: MediaInfo) -> None:
    claim(frame.index == index, f"frame {index} calls itself {frame.index}")
    claim(frame.format == info.format, f"frame {index} has the format {frame.format}, announced was {info.format}")
    claim(frame.size == info.size, f"frame {index} has the size {frame.size}, announced was {info.size}")
    aspects = frame.sample_aspect, info.sample_aspect
    claim(aspects[0] == aspects[1] > 0, f"frame {index} has the sample aspect {aspects[0]}, announced was {aspects[1]}")
    claim(0 <= frame.turn <= 3, f"turn is a number of quarters, 0..3, is {frame.turn}")
    wanted = [(at[0].stop, at[1].stop, frame.format.dtype) for at in pixels.window(frame.format, (0, 0, *frame.size))]
    came = [(*plane.shape[:2], plane.dtype) for plane in frame.planes]
    claim(came == wanted, f"frame {index} has planes {came}, its format needs {wanted}")
    claim(not any(plane.flags.writeable for plane in frame.planes), f"the planes of frame {index} can be written to")


def _check_left(make: Callable[[], Source]) -> None:
    """A source can be left after one frame, and lets an error through."""
    try:
        with make() as source:
            next(iter(source))
            raise Stopped
    except Stopped:
        return
    raise AssertionError("leaving the source by an error swallowed that error")
