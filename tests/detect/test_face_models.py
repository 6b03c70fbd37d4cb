"""What SCRFD, YuNet, RetinaFace and DSFD files say is read as the published code reads it, one box after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import drawn_models
import numpy as np
import one_by_one
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from passerby import runtime, weights
from passerby.core import boxes as bx
from passerby.core.detections import Detections
from passerby.core.errors import OptionError, PasserbyError, StageError, WeightsError
from passerby.core.frame import Frame
from passerby.core.stages import Detector
from passerby.detect.faces import CenterFace
from passerby.detect.retinaface import DSFD, RETINAFACE, RetinaFace
from passerby.detect.scrfd import SCRFD
from passerby.detect.yunet import YuNet
from passerby.runtime import Session
from passerby.testing import FORMATS, check_detector

SHARED = Path(__file__).resolve().parents[2] / "../shared"
IMAGES, MODELS = SHARED / "data/images", SHARED / "models"
FAMILIES: dict[str, tuple[type[SCRFD] | type[YuNet] | type[RetinaFace], Callable[[Path], Path]]] = {
    "SCRFD": (SCRFD, drawn_models.scrfd),
    "SCRFD without points": (SCRFD, lambda path: drawn_models.scrfd(path, points=False)),
    "SCRFD with a batch": (SCRFD, lambda path: drawn_models.scrfd(path, batched=True)),
    "SCRFD of one size": (SCRFD, lambda path: drawn_models.scrfd(path, size=(160, 128))),
    "YuNet": (YuNet, drawn_models.yunet),
    "YuNet of one size": (YuNet, lambda path: drawn_models.yunet(path, size=(160, 128))),
    "RetinaFace": (RetinaFace, drawn_models.retinaface),
    "RetinaFace without points": (RetinaFace, lambda path: drawn_models.retinaface(path, points=False)),
    "DSFD": (RetinaFace, drawn_models.dsfd),
}
READING = {
    "SCRFD": (one_by_one.scrfd, 32, lambda rgb: (rgb.astype(np.float32) - 127.5) / 128),
    "YuNet": (one_by_one.yunet, 32, lambda rgb: rgb[..., ::-1].astype(np.float32)),
    "RetinaFace": (one_by_one.retinaface, 1, lambda rgb: rgb[..., ::-1] - np.float32([104, 117, 123])),
    "DSFD": (one_by_one.dsfd, 1, lambda rgb: rgb[..., ::-1] - np.float32([104, 117, 123])),
}
"""How each family's outputs are read, its steps of size, and what its models are shown of an RGB picture."""

Picture = NDArray[np.uint8]


@pytest.fixture(autouse=True)
def in_32_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(runtime.VARIABLE, "onnxruntime")
    monkeypatch.setattr("passerby.detect.model.shared", Session)


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def framed(picture: Picture, aspect: Fraction = Fraction(1)) -> Frame:
    return Frame((picture,), FORMATS["rgb24"], 0, 0, Fraction(1, 25), sample_aspect=aspect)


def clouds(size: tuple[int, int], seed: int = 0) -> Picture:
    """A picture with something else everywhere."""
    rough = np.random.default_rng(seed).integers(0, 256, (-(-size[1] // 12), -(-size[0] // 12), 3)).astype(np.uint8)
    return np.asarray(cv2.resize(rough, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def same(found: Detections, wanted: Sequence[one_by_one.Found], atol: float = 2e-3) -> None:
    assert len(found) == len(wanted)
    np.testing.assert_allclose(found.scores, [one.score for one in wanted], atol=1e-4)
    np.testing.assert_allclose(found.boxes, [one.box for one in wanted], atol=atol, rtol=1e-4)
    if wanted[0].points:
        assert found.landmarks is not None
        np.testing.assert_allclose(found.landmarks.reshape(len(found), -1), [one.points for one in wanted], atol=atol)
    else:
        assert found.landmarks is None


# One after the other


@pytest.mark.parametrize("shape", [(160, 128), (150, 123), (31, 90)])
def test_a_frame_in_its_own_size_is_read_as_published(family: str, shape: tuple[int, int], tmp_path: Path) -> None:
    make, draw = FAMILIES[family]
    model = draw(tmp_path / "model.onnx")
    read, step, prepared = READING[family.split()[0]]
    picture = clouds(shape)
    if "one size" in family:
        shown, across, down = one_by_one.fitted(picture, (160, 128))
    else:
        shown, across, down = np.pad(picture, ((0, -shape[1] % step), (0, -shape[0] % step), (0, 0))), 1.0, 1.0
    size = shown.shape[1], shown.shape[0]
    wanted = one_by_one.back(read(one_by_one.given(model, prepared(shown)), size, 0.75), across, down, shape)
    [found] = make(model, conf=0.75).detect([framed(picture)])
    assert len(wanted) >= 3
    same(found, wanted)


@pytest.mark.parametrize("shape", [(300, 200), (200, 250), (160, 90), (97, 61)])
@pytest.mark.parametrize("family", ["SCRFD", "SCRFD without points", "YuNet", "RetinaFace", "DSFD"])
def test_a_frame_is_fitted_into_a_size_as_published(family: str, shape: tuple[int, int], tmp_path: Path) -> None:
    """By less than half: from there on, `pixels.rgb` averages areas, where the published code skips pixels."""
    make, draw = FAMILIES[family]
    model = draw(tmp_path / "model.onnx")
    read, _, prepared = READING[family.split()[0]]
    shown, across, down = one_by_one.fitted(clouds(shape), (160, 128))
    wanted = one_by_one.back(read(one_by_one.given(model, prepared(shown)), (160, 128), 0.75), across, down, shape)
    [found] = make(model, conf=0.75, size=(160, 128)).detect([framed(clouds(shape))])
    assert len(wanted) >= 3
    same(found, wanted)


def test_a_shrunken_look_answers_in_the_frames_pixels(family: str, tmp_path: Path) -> None:
    if "one size" in family:
        pytest.skip("it is always shown the same size")
    make, draw = FAMILIES[family]
    model = draw(tmp_path / "model.onnx")
    picture = clouds((256, 128))
    large = np.repeat(np.repeat(picture, 2, axis=0), 2, axis=1)
    [whole] = make(model, conf=0.75).detect([framed(picture)])
    [found] = make(model, conf=0.75, shrink=2).detect([framed(large)])
    assert len(whole) >= 3
    np.testing.assert_allclose(found.boxes, 2 * whole.boxes, atol=1e-2)


def test_boxes_of_a_squeezed_picture_are_in_its_own_pixels(family: str, tmp_path: Path) -> None:
    if "one size" in family:
        pytest.skip("it is shown the squeezed picture scaled once, and the square one twice")
    make, draw = FAMILIES[family]
    detector = make(draw(tmp_path / "model.onnx"), conf=0.75)
    picture = clouds((256, 128))
    stretched = np.asarray(cv2.resize(picture, (256, 256)), np.uint8)
    [whole] = detector.detect([framed(stretched)])
    [found] = detector.detect([framed(picture, Fraction(1, 2))])
    assert len(whole) >= 3
    np.testing.assert_allclose(found.boxes, whole.boxes * np.float32([1, 0.5, 1, 0.5]), atol=1e-2)


def test_the_contract_is_kept(family: str, tmp_path: Path) -> None:
    make, draw = FAMILIES[family]
    detector: Detector = make(draw(tmp_path / "model.onnx"), conf=0.75)
    check_detector(detector)
    check_detector(detector, [framed(clouds((200, 150), seed)) for seed in range(2)])


# DSFD's own numbers


@pytest.fixture(scope="module")
def recorded() -> dict[str, NDArray[np.float32]]:
    """What the published DSFD computed: see the README beside the file."""
    path = SHARED / "parity/dp2/dsfd.npz"
    if not path.exists():
        pytest.skip("no ../shared/parity beside the repository")
    with np.load(path) as file:
        return dict(file)


def test_the_anchors_are_those_of_the_published_dsfd(recorded: dict[str, NDArray[np.float32]]) -> None:
    wanted = recorded["priors_cxcywh"] * np.float32([160, 128, 160, 128])
    np.testing.assert_allclose(DSFD.boxes((160, 128)), wanted, atol=1e-3)


@pytest.mark.parametrize("conf", [0.3, 0.5])
def test_faces_are_chosen_as_the_published_dsfd_does(
    recorded: dict[str, NDArray[np.float32]], conf: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its boxes are told as a model would, and come back; the last numbers of a box get lost on the way."""
    scale = np.float32([160, 128, 160, 128])
    raw = recorded["boxes_xyxy_norm_and_score"][0].astype(np.float64)
    boxes, anchors = raw[:, :4] * scale, DSFD.boxes((160, 128)).astype(np.float64)
    off = ((boxes[:, :2] + boxes[:, 2:]) / 2 - anchors[:, :2]) / anchors[:, 2:] / 0.1
    sides = np.log((boxes[:, 2:] - boxes[:, :2]) / anchors[:, 2:]) / 0.2
    loc = np.concatenate([off, sides], axis=1)[None].astype(np.float32)
    scores = np.stack([1 - raw[:, 4], raw[:, 4]], axis=1)[None].astype(np.float32)
    monkeypatch.setattr(Session, "run", lambda self, inputs: (loc, scores))
    [found] = RetinaFace(drawn_models.dsfd(tmp_path / "dsfd.onnx"), conf=conf).detect([framed(clouds((160, 128)))])
    wanted = recorded[f"filtered/threshold_{conf}_nms_0.3_clipped"]
    wanted = wanted[np.argsort(-wanted[:, 4], kind="stable")]
    seen = bx.area(np.asarray(wanted[:, :4] * scale, np.float32)) > 0
    np.testing.assert_allclose(bx.clip(found.boxes, (160, 128)), (wanted[:, :4] * scale)[seen], atol=2e-2)
    np.testing.assert_allclose(found.scores, wanted[seen, 4], atol=1e-6)


def test_retinaface_and_dsfd_are_told_apart_by_their_anchors() -> None:
    for size in ((32, 32), (640, 480), (1001, 333)):
        assert len(RETINAFACE.boxes(size)) != len(DSFD.boxes(size))


# Real weights


def real(name: str) -> Path:
    for folder in (MODELS, *weights.folders()):
        if (folder / name).exists():
            return folder / name
    pytest.skip(f"{name} is neither in ../shared/models beside the repository nor where passerby looks for models")


def photograph(name: str) -> Picture:
    if not (IMAGES / name).exists():
        pytest.skip("no ../shared/data/images beside the repository")
    return np.asarray(cv2.cvtColor(cv2.imread(str(IMAGES / name)), cv2.COLOR_BGR2RGB), np.uint8)


PHOTOGRAPHS = ("crosswalk_city.jpg", "group_30_steps.jpg", "group_8_lawn.jpg", "police_road_text.jpg")


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_yunet_finds_what_opencv_finds_with_the_same_file(name: str) -> None:
    """OpenCV compares boxes cut to whole pixels, so that one may stay here that goes there, and the other way round."""
    model, picture = real("yunet_n_dynamic.onnx"), photograph(name)
    size = picture.shape[1], picture.shape[0]
    reference = cv2.FaceDetectorYN.create(str(model), "", size, score_threshold=0.5, nms_threshold=0.3)
    wanted = reference.detect(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1]
    wanted = wanted[np.argsort(-wanted[:, 14], kind="stable")]
    [found] = YuNet(model, conf=0.5).detect([framed(picture)])
    assert len(found) == len(wanted)
    corners = np.concatenate([wanted[:, :2], wanted[:, :2] + wanted[:, 2:4]], axis=1)
    np.testing.assert_allclose(found.scores, wanted[:, 14], atol=1e-3)
    np.testing.assert_allclose(found.boxes, corners, atol=0.05)
    assert found.landmarks is not None
    np.testing.assert_allclose(found.landmarks.reshape(-1, 10), wanted[:, 4:14], atol=0.05)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_scrfd_finds_what_insightface_finds_with_the_same_file(name: str) -> None:
    model, picture = real("scrfd_500m_bnkps.onnx"), photograph(name)
    shown, across, down = one_by_one.fitted(picture, (640, 640))
    outputs = one_by_one.given(model, READING["SCRFD"][2](shown))
    size = picture.shape[1], picture.shape[0]
    [found] = SCRFD(model, conf=0.3, size=(640, 640)).detect([framed(picture)])
    same(found, one_by_one.back(one_by_one.scrfd(outputs, (640, 640), 0.3), across, down, size), atol=0.01)


@pytest.mark.parametrize("model", ["yunet_n_dynamic.onnx", "yunet_n_640.onnx", "yunet_s_640.onnx"])
@pytest.mark.parametrize("name", ["group_8_lawn.jpg", "five_women_night.jpg", "woman_office_glasses.jpg"])
def test_yunet_finds_the_large_faces_that_are_known(model: str, name: str) -> None:
    detector, picture = YuNet(real(model)), photograph(name)
    [found] = detector.detect([framed(picture)])
    [known] = CenterFace(conf=0.5).detect([framed(picture)])
    large = known.boxes[bx.area(known.boxes) > 40**2]
    assert len(large)
    assert (bx.iou(large, found.boxes).max(axis=1) > 0.5).all()


# What is refused


@pytest.mark.parametrize("conf", [0, 1, -0.5, float("nan")])
def test_a_score_outside_of_0_to_1_is_refused(conf: float, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="conf"):
        SCRFD(drawn_models.scrfd(tmp_path / "model.onnx"), conf=conf)


@pytest.mark.parametrize("size", [(0, 0), (-32, 32), (640, 650), (33, 64)])
def test_a_size_that_the_maps_do_not_divide_is_refused(size: tuple[int, int], tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="in steps of 32"):
        SCRFD(drawn_models.scrfd(tmp_path / "model.onnx"), size=size)


def test_a_model_of_one_size_takes_no_other(tmp_path: Path) -> None:
    model = drawn_models.yunet(tmp_path / "model.onnx", size=(320, 256))
    YuNet(model, size=(320, 256))
    with pytest.raises(OptionError, match=r"pictures of \(320, 256\) only"):
        YuNet(model, size=(256, 320))
    with pytest.raises(OptionError, match="leave shrink out"):
        YuNet(model, shrink=2)


@pytest.mark.parametrize("shrink", [0, 0.5, float("nan"), float("inf")])
def test_a_picture_is_never_enlarged_by_shrinking(shrink: float, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="shrink"):
        RetinaFace(drawn_models.retinaface(tmp_path / "model.onnx"), shrink=shrink)


@pytest.mark.parametrize("make", [SCRFD, YuNet, RetinaFace])
def test_a_missing_model_is_named(make: type[SCRFD], tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"nothing\.onnx"):
        make(tmp_path / "nothing.onnx")


def test_a_model_of_something_else_than_a_picture_is_refused(tmp_path: Path) -> None:
    taken = helper.make_tensor_value_info("words", TensorProto.FLOAT, [1, 77])
    given = helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 77])
    graph = helper.make_graph([helper.make_node("Identity", ["words"], ["out"])], "other", [taken], [given])
    opset = [helper.make_opsetid("", 13)]
    onnx.save_model(helper.make_model(graph, opset_imports=opset, ir_version=8), tmp_path / "other.onnx")
    with pytest.raises(WeightsError, match="wanted is one picture"):
        SCRFD(tmp_path / "other.onnx")


@pytest.mark.parametrize(
    ("make", "draw"),
    [
        (SCRFD, drawn_models.yunet),
        (SCRFD, drawn_models.retinaface),
        (YuNet, drawn_models.scrfd),
        (YuNet, drawn_models.dsfd),
        (RetinaFace, drawn_models.yunet),
        (RetinaFace, drawn_models.scrfd),
    ],
)
def test_another_familys_file_is_refused(make: type[SCRFD], draw: Callable[[Path], Path], tmp_path: Path) -> None:
    with pytest.raises(StageError, match="use a file"):
        make(draw(tmp_path / "model.onnx")).detect([framed(clouds((64, 64)))])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_number_that_is_not_finite_ends_the_run(
    family: str, value: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, draw = FAMILIES[family]
    detector = make(draw(tmp_path / "model.onnx"))
    run = Session.run

    def broken(self: Session, inputs: runtime.Arrays) -> runtime.Outputs:
        outputs = tuple(output.copy() for output in run(self, inputs))
        outputs[-1].flat[3] = value
        return outputs

    monkeypatch.setattr(Session, "run", broken)
    with pytest.raises(StageError, match="not finite"):
        detector.detect([framed(clouds((64, 64)))])


@pytest.mark.parametrize("change", [lambda rows: rows[:-1], lambda rows: rows + 2], ids=["a row short", "no scores"])
def test_outputs_that_do_not_fit_end_the_run(
    change: Callable[[NDArray[np.float32]], NDArray[np.float32]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector = SCRFD(drawn_models.scrfd(tmp_path / "model.onnx"))
    run = Session.run
    monkeypatch.setattr(
        Session, "run", lambda self, inputs: tuple(map(change, run(self, inputs)[:3])) + run(self, inputs)[3:]
    )
    with pytest.raises(PasserbyError, match="use a file"):
        detector.detect([framed(clouds((64, 64)))])
