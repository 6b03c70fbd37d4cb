"""A machine without a compiler is told of in a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from passerby.core.errors import OptionError

torch = pytest.importorskip("torch", reason="needs passerby[generate]")


def test_a_network_that_finds_no_compiler_is_an_error_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torch._inductor import config

    from passerby.paint.compiling import compiling

    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))  # what was compiled before needs no compiler
    monkeypatch.setattr(config.cpp, "cxx", (None, str(tmp_path / "none")))
    compiled = torch.compile(lambda numbers: (numbers * 3).sin() + 1, dynamic=False)
    with (
        pytest.raises(OptionError, match=r"the network cannot be compiled here .*leave --compile out") as told,
        compiling("the network"),
    ):
        compiled(torch.ones(5))
    assert "\n" not in str(told.value)
