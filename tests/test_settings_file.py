"""`passerby.toml`: the options' own names, typos found out, and the command line having the last word."""

from __future__ import annotations

import pytest

from passerby import settings_file
from passerby.arguments import parse
from passerby.core.errors import OptionError
from passerby.settings import Options


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def options(*words):
    chosen = parse(["street.mp4", *words])
    return Options(**{name: getattr(chosen, name) for name in Options.names()})


ZONE, OTHER = "0,0 9,0 9,9", "1,1 8,1 8,8"
MEANT = [
    ("grow = 0.5", [], {"grow": 0.5}),
    ('grow = "face=.5"', [], {"grow": "face=.5"}),
    ('hide = "faces,plates"', ["--grow", ".5,plate=.1"], {"hide": "faces,plates", "grow": ".5,plate=.1"}),
    ("max-res = 640", [], {"max_res": 640}),
    ("max_res = 640", [], {"max_res": 640}),
    ("grow = 0.5\nconf = 0.1", ["--grow", "0.2"], {"grow": 0.2, "conf": 0.1}),
    ('start = "0:02"', [], {"start": 2}),
    ("start = 2", ["--start", "1"], {"start": 1}),
    ("start = 00:00:02", [], {"start": 2}),
    ('audio = "keep"', [], {"audio": "keep"}),
    ("salvage = true", [], {"salvage": True}),
    (f'keep-zone = "{ZONE}"', [], {"keep_zone": ZONE}),
    (f'keep-zone = ["{ZONE}", "{OTHER}"]', [], {"keep_zone": [ZONE, OTHER]}),
    (f'keep-zone = ["{ZONE}"]', ["--keep-zone", OTHER], {"keep_zone": OTHER}),
    (f'keep-zone = "{ZONE}"', ["--keep-zone", OTHER], {"keep_zone": OTHER}),
    ("only-zone = [[[0, 0], [9, 0], [9, 9.0]]]", [], {"only_zone": ZONE}),
    ("", ["--keep-zone", ZONE, "--keep-zone", OTHER], {"keep_zone": [ZONE, OTHER]}),
    ("# nothing", [], {}),
]


@pytest.mark.parametrize(("text", "words", "meant"), MEANT)
def test_a_file_of_the_folder_gives_what_is_not_typed(here, text, words, meant):
    (here / "passerby.toml").write_text(text)
    assert options(*words) == Options(**meant)


STANDING = {
    "hide": "faces,plates",
    "conf": "person=.4",
    "grow": ".5,person=.2,plate=.1",
    "method": "fill,vehicles=mosaic",
    "models": {"person": "p.onnx", "face": ["f.onnx", "g.onnx"], "plate": "q.onnx"},
}
SETTLED = [
    ({}, ["face", "plate"], {"conf": 0.2, "grow": ".5,plate=.1", "method": "fill"}),
    ({"conf": "person=.3"}, ["face"], {"conf": "person=.3", "grow": ".5"}),
    ({}, ["head"], {"models": ("person=p.onnx", "face=f.onnx", "face=g.onnx")}),
    ({}, ["plate"], {"models": ("plate=q.onnx",)}),
    ({"models": ["face=h.onnx"]}, ["face", "plate"], {"models": ("plate=q.onnx", "face=h.onnx")}),
    ({"models": ["person=h.onnx"]}, ["plate"], {"models": ("plate=q.onnx", "person=h.onnx")}),
]


@pytest.mark.parametrize(("typed", "labels", "meant"), SETTLED)
def test_a_file_is_for_many_runs_and_what_is_typed_is_for_this_one(typed, labels, meant):
    settled = settled_options(STANDING | typed, labels)
    assert {name: settled[name] for name in meant} == meant


def settled_options(given, labels):
    settled = settings_file.settled(given, STANDING, labels)
    return settled | {"models": tuple(map(str, settled["models"]))}


def test_a_class_that_nobody_knows_is_refused_from_a_file_too():
    file = {"grow": "plaet=.4"}
    with pytest.raises(OptionError, match="nothing that is called 'plaet' is hidden"):
        Options(**settings_file.settled(file, file, ["face"])).check_classes()


def test_another_file_takes_the_place_of_the_folders(here):
    (here / "passerby.toml").write_text("grow = 0.5")
    (here / "studio.toml").write_text("conf = 0.1")
    assert options("--config", "studio.toml") == options("--config=studio.toml") == Options(conf=0.1)


def test_nothing_of_one_run_is_left_in_the_next(here):
    (here / "passerby.toml").write_text(f'keep-zone = ["{ZONE}"]\ngrow = 0.5')
    options("--keep-zone", OTHER)
    (here / "passerby.toml").unlink()
    assert options() == Options()


WRONG = [
    ("conff = 0.1", r"no option 'conff' in passerby.toml; did you mean conf\?"),
    ("maxres = 640", r"no option 'maxres' in passerby.toml; did you mean max_res\?"),
    ("xyzzy = 1", "no option 'xyzzy' in passerby.toml; there are hide, method"),
    ("[hiding]\ngrow = 0.5", "no option 'hiding'"),
    ("max-res = 640\nmax_res = 640", "twice"),
    ("grow = ", "passerby.toml is not TOML"),
    ("grow = 0.5\ngrow = 0.6", "not TOML"),
    ('grow = "face=9"', "--grow is a share from 0 to 5, got 9"),
    ("grow = 9", "--grow is a share from 0 to 5, got 9"),
    ('grow = "much"', "--grow"),
    ("hide = 3", "--hide is text"),
    ("colour = 0", "--colour is text"),
    ("keep-zone = 3", "--keep-zone"),
    ('force = "no"', "--force is true or false"),
    ("cells = 4.5", "--cells is a whole number"),
]


@pytest.mark.parametrize(("text", "said"), WRONG, ids=[row[0] for row in WRONG])
def test_a_typo_is_told_in_one_line(here, text, said):
    (here / "passerby.toml").write_text(text)
    with pytest.raises(OptionError, match=said) as refused:
        options()
    assert len(str(refused.value).splitlines()) == 1


def test_a_file_that_cannot_be_read_is_told(here):
    with pytest.raises(OptionError, match=r"cannot read the settings file missing\.toml"):
        options("--config", "missing.toml")
    (here / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(OptionError, match="is not TOML"):
        options("--config", "bytes.toml")
