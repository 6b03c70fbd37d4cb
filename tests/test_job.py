"""From file to file: every face covered, everything else the source's to the bit, and nothing at all after an error."""

from __future__ import annotations

import shutil
import threading
from fractions import Fraction

import av
import footage
import numpy as np
import pytest
from drawn_frames import found

from passerby import anonymize, load_plan
from passerby.core import pixels
from passerby.core.detections import Detections
from passerby.core.errors import OptionError, OutputError, PasserbyError, StageError, WeightsError
from passerby.job import Job
from passerby.looking import Looking
from passerby.mask.shapes import HeadOval
from passerby.media.video import VideoSource
from passerby.pipeline import analyze
from passerby.quality import Finders, finders
from passerby.settings import Options


def decoded(path):
    """(time, planes) of every frame, as a decoder without any of our code gives them."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        for frame in container.decode(stream):
            wide = 2 if "10le" in frame.format.name else 1
            kind = np.uint16 if wide == 2 else np.uint8
            planes = [
                np.frombuffer(plane, kind).reshape(plane.height, -1)[:, : plane.width].copy() for plane in frame.planes
            ]
            yield frame.pts * stream.time_base, planes


def hidden(plan, frame):
    """The masks of everything that `plan` hides in `frame`."""
    masks = []
    for track in plan.tracks:
        masks += [HeadOval().mask(box) for box in track.boxes[track.frames == frame.index]]
    return masks


def coverage(masks, box, size):
    """The share of a face box, as far as it lies in the picture, that is hidden."""
    x0, y0, x1, y1 = (int(min(max(side, 0), size[i % 2])) for i, side in enumerate(box))
    shown = np.zeros((size[1], size[0]), bool)
    for mask in masks:
        left, top = max(mask.x, 0), max(mask.y, 0)
        right, bottom = min(mask.box[2], size[0]), min(mask.box[3], size[1])
        if left < right and top < bottom:
            inner = mask.alpha[top - mask.y : bottom - mask.y, left - mask.x : right - mask.x]
            shown[top:bottom, left:right] |= inner == 255
    return shown[y0:y1, x0:x1].mean() if x1 > x0 and y1 > y0 else 1.0


def exposed(plan, source, truth, least_px=16):
    """(frame, person) of every face that is seen for the most part and not covered to nine tenths."""
    bare = []
    for frame in source:
        masks = hidden(plan, frame)
        for face in truth.faces[frame.index]:
            large = min(face.box[2] - face.box[0], face.box[3] - face.box[1]) >= least_px
            if large and face.visible >= 0.6 and coverage(masks, face.box, frame.size) < 0.9:
                bare.append((frame.index, face.person))
    return bare


@pytest.mark.parametrize("name", footage.CODINGS)
def test_faces_are_covered_and_the_rest_is_the_sources_to_the_bit(name, tmp_path):
    suffix, coding = footage.CODINGS[name]
    before, after, plan_file = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}", tmp_path / "its.plan"
    truth = footage.write(footage.walking(), before, coding)
    report = anonymize(before, after, crf=0, plan=plan_file)
    plan = load_plan(plan_file)
    assert report.frames == len(truth.times)

    with VideoSource(before) as source:
        old, new = decoded(before), decoded(after)
        for frame, (was_at, was), (is_at, now) in zip(source, old, new, strict=True):
            # AVI has no presentation times; PyAV makes them up, for H.264 one frame late.
            late = Fraction(1, 25) if suffix == ".avi" else 0
            assert abs(was_at + late - is_at) < Fraction(1, 1000)
            whole = pixels.aligned(frame, (0, 0, *frame.size))
            weights = [pixels.alphas(frame, mask, whole) for mask in hidden(plan, frame)]
            for i, (a, b) in enumerate(zip(was, now, strict=True)):
                untouched = np.ones(a.shape, bool)
                for weight in weights:
                    untouched &= pixels.stored(weight[i], frame.turn) == 0
                assert np.array_equal(a[untouched], b[untouched])
                assert untouched.mean() < 1 or not weights
        assert exposed(plan, source, truth) == []


@pytest.mark.parametrize("name", footage.SCENES)
def test_nobody_is_exposed(name, tmp_path):
    """Occlusion, crossing, motion, scale, edges, shaking, cuts, fades and flashes: the truth is known."""
    before = tmp_path / "in.mp4"
    truth = footage.write(footage.SCENES[name](), before)
    anonymize(before, tmp_path / "out.mp4", plan=tmp_path / "its.plan")
    plan = load_plan(tmp_path / "its.plan")
    with VideoSource(before) as source:
        assert exposed(plan, source, truth) == []


def test_an_empty_street_stays_as_it_is(tmp_path):
    before, after = tmp_path / "in.mp4", tmp_path / "out.mp4"
    footage.write(footage.empty(), before)
    report = anonymize(before, after, crf=0)
    assert report.hidden == 0
    for (_, was), (_, now) in zip(decoded(before), decoded(after), strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(was, now, strict=True))


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "in.mp4"
    footage.write(footage.walking(), path)
    return path


class Breaking:
    """A detector that breaks in the middle of the video."""

    labels = frozenset({"face"})

    def __init__(self, answer):
        self.answer = answer

    def detect(self, frames):
        return self.answer() if frames[0].index > 10 else [Detections.none()]


def out_of_memory():
    raise MemoryError


@pytest.mark.parametrize(
    ("answer", "error"),
    [(out_of_memory, MemoryError), (list, StageError), (lambda: [found(np.full(4, np.nan, np.float32))], StageError)],
    ids=["raises", "answers short", "returns NaN"],
)
def test_a_detector_that_breaks_leaves_no_output(clip, tmp_path, answer, error):
    before = set(threading.enumerate())
    with pytest.raises(error):
        Job(clip, tmp_path / "out.mp4", Options()).run(look=lambda *_: Finders(Breaking(answer), None, Looking()))
    assert list(tmp_path.iterdir()) == []
    assert set(threading.enumerate()) <= before


def test_a_model_file_that_went_away_leaves_no_output(clip, tmp_path):
    nothing = Finders(Breaking(lambda: [Detections.none()]), None, Looking())
    with pytest.raises(WeightsError, match=r"gone\.onnx"):
        Job(clip, tmp_path / "out.mp4", Options(models="face=gone.onnx")).run(look=lambda *_: nothing)
    assert list(tmp_path.iterdir()) == []


def test_a_plan_that_cannot_be_written_leaves_no_output(clip, tmp_path):
    with pytest.raises(OutputError, match="nowhere"):
        anonymize(clip, tmp_path / "out.mp4", plan=tmp_path / "nowhere" / "plan.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["in.mp4", "out.mp4"])
def test_a_plan_takes_the_place_of_no_video(clip, tmp_path, name):
    shutil.copy(clip, tmp_path / "in.mp4")
    with pytest.raises(OptionError, match="input or the output"):
        anonymize(tmp_path / "in.mp4", tmp_path / "out.mp4", plan=tmp_path / name, force=True)
    assert (tmp_path / "in.mp4").read_bytes() == clip.read_bytes()


def test_noise_cannot_be_told_from_the_output_but_is_the_same_again(clip, tmp_path):
    one, same = (anonymize(clip, tmp_path / f"{name}.mp4", method="noise") for name in "ab")
    assert one.seed == same.seed != 0
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    other = anonymize(clip, tmp_path / "c.mp4", method="noise", seed=one.seed + 1)
    assert other.hidden == one.hidden
    assert (tmp_path / "c.mp4").read_bytes() != (tmp_path / "a.mp4").read_bytes()


def test_options_have_the_command_lines_names(clip, tmp_path):
    with pytest.raises(OptionError, match="no option cell"):
        anonymize(clip, tmp_path / "out.mp4", cell=4)
    assert list(tmp_path.iterdir()) == []


def test_every_error_of_a_run_can_be_caught_at_once(tmp_path):
    with pytest.raises(PasserbyError):
        anonymize(tmp_path / "missing.mp4")


def test_the_default_finders_find_large_and_small_faces(tmp_path):
    """The small whole picture has the large ones, the parts the small ones."""
    before = tmp_path / "in.mp4"
    truth = footage.write(footage.sizes(), before)
    with VideoSource(before) as source:
        found_by = finders(source.info, Options())
        keep = []
        analyze(source, detector=found_by.detector, closer=found_by.closer, looking=found_by.looking, keep=keep)
    large_enough = [face for face in truth.faces[0] if face.box[2] - face.box[0] >= 16]
    assert len(keep[0]) >= len(large_enough) > 2
