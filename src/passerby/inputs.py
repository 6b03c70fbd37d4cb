"""A file as options want it read: its frames, how many there will be, and the seed that is drawn from it."""

from __future__ import annotations

from pathlib import Path

from passerby.core.frame import MediaInfo
from passerby.core.zones import check_in_picture
from passerby.media.reading import Reading
from passerby.media.stills import StillSource, is_still
from passerby.media.video import VideoSource
from passerby.settings import Options


def opened(path: Path, options: Options) -> VideoSource | StillSource:
    """The frames of a file, as far as `options` want them.

    Raises:
        OptionError: a zone lies outside of its pictures: with an only-zone, nobody would be hidden.
    """
    still = is_still(path)
    source = StillSource(path, salvage=options.salvage) if still else VideoSource(path, reading(options))
    for zone in (*options.only_zone, *options.keep_zone):
        check_in_picture(zone, source.info.size)
    return source


def reading(options: Options) -> Reading:
    """How a video is read."""
    return Reading(start_s=options.start, end_s=options.end, fps=options.fps, salvage=options.salvage)


def expected(info: MediaInfo, options: Options) -> int | None:
    """How many frames there will be, where it is known."""
    part = options.start is not None or options.end is not None or options.fps is not None
    return None if part else info.frames


def chosen_seed(options: Options, info: MediaInfo) -> int:
    """The run's seed: the chosen one, or one that only who has the input can tell.

    The same input gives the same output, and yet nobody who sees the output alone can subtract its noise.
    """
    if options.seed is not None:
        return options.seed
    return int(info.sha256 or "0", 16) % 2**63
