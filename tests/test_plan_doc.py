"""What docs/plan.md tells people to type works."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import footage
import pytest

from passerby import cli, settings_file
from passerby.arguments.plan import EDITS
from passerby.plan.store import COLUMNS

TEXT = (Path(__file__).resolve().parents[1] / "docs" / "plan.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"```(\w+)\n(.*?)```", TEXT, re.DOTALL))


def test_the_commands_work_in_their_order(tmp_path, monkeypatch):
    footage.write(footage.walking(), tmp_path / "street.mp4")
    monkeypatch.chdir(tmp_path)
    for line in BLOCKS["sh"].splitlines():
        program, *words = shlex.split(line, comments=True)
        assert (program, cli.main(words)) == ("passerby", 0)
    assert {"street.plan", "street.html", "street_anonymized.mp4"} <= {path.name for path in tmp_path.iterdir()}


def test_the_settings_file_is_one(tmp_path):
    (tmp_path / "passerby.toml").write_text(BLOCKS["toml"])
    assert len(settings_file.read(tmp_path / "passerby.toml")["keep_zone"]) == 2


@pytest.mark.parametrize("name", [*(f"--{edit}" for edit in EDITS), *(f"{column}.npy" for column in COLUMNS)])
def test_every_edit_and_every_member_is_described(name):
    assert f"`{name}" in TEXT
