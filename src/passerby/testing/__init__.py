"""Does my plug-in keep its contract? One line in its tests says so.

    from passerby.testing import check_detector

    def test_my_detector():
        check_detector(MyDetector())

Every check raises AssertionError with a sentence on what is broken. The frames are drawn (see `testing.frames`): small,
of 8 bits and more, with shared and full colour, of odd sizes, turned, and as pictures.
"""

from __future__ import annotations

from passerby.testing.anonymizers import check_anonymizer
from passerby.testing.detectors import check_detector
from passerby.testing.frames import CASES, FORMATS, described, drawn, regions
from passerby.testing.sinks import check_sink
from passerby.testing.sources import check_source
from passerby.testing.trackers import check_tracker

__all__ = [
    "CASES",
    "FORMATS",
    "check_anonymizer",
    "check_detector",
    "check_sink",
    "check_source",
    "check_tracker",
    "described",
    "drawn",
    "regions",
]
