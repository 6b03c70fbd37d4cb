"""Who may import whom, read from the sources.

core ← folders ← weights, providers ← runtime ← media · detect · track · mask · plan · paint ← pipeline ← all else
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import passerby

PACKAGE = Path(passerby.__file__).parent
STAGES = {"media", "detect", "track", "mask", "plan", "paint", "recognize"}
MAY_IMPORT = {
    "core": {"core"},
    "folders": set(),
    "weights": {"core", "folders", "weights"},
    "providers": {"folders"},
    "runtime": {"runtime", "core", "providers", "weights"},
    "testing": {"core", "testing"},
    "flow": {"core"},
    "one_thread": set(),
    **{stage: {stage, "core", "weights", "runtime"} for stage in STAGES},
    "rgbd": {"rgbd", "core", "detect", "media", "track", "mask", "paint"},
    "leftovers": {
        *("leftovers", "core", "detect", "flow", "mask", "media", "methods", "options", "paint", "plan", "progress"),
        *("settings", "one_thread", "targets", "track", "weights"),
    },
    "evaluate": {
        *("evaluate", "core", "detect", "leftovers", "mask", "media", "methods", "options", "paint", "plan"),
        *("progress", "runtime", "settings", "targets", "track", "weights"),
    },
    "stirring": {"core", "detect", "track"},
    "looking": {"core", "detect", "flow", "stirring", "track"},
    "looker": {"core", "detect", "flow", "looking", "track"},
    "pipeline": {*STAGES, "core", "flow", "looker", "looking", "one_thread"},
    "live": {"core", "flow", "live", "looking", "media", "methods", "options", "pipeline", "quality", "settings"},
    "arguments": {"arguments", "core", "options", "settings", "settings_file"},
    "options": {"core", "options", "paint"},
    "methods": {
        *(STAGES - {"track", "recognize"}),
        *("core", "flow", "methods", "options", "runtime", "settings", "weights"),
    },
    "settings": {"core", "methods", "options", "paint"},
    "settings_file": {"core", "options", "settings"},
}
"""The parts of passerby that a part may import. Those not listed stand above the pipeline and may import any."""


def modules(part: str) -> list[Path]:
    """The files of a part: a folder of modules, or one."""
    return sorted((PACKAGE / part).rglob("*.py")) or [PACKAGE / f"{part}.py"]


def imported(module: Path) -> Iterator[str]:
    """The full name of everything that `module` imports, also where it is used only."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively; name the module in full"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def ours(module: Path) -> set[str]:
    """The parts of passerby that `module` imports."""
    names = [name.split(".") for name in imported(module)]
    parts = {path.stem for path in PACKAGE.iterdir()} - {"__init__"}
    return {name[1] for name in names if name[0] == "passerby" and len(name) > 1 and name[1] in parts}


def others(module: Path) -> set[str]:
    """What `module` imports of other people's packages."""
    return {name.split(".")[0] for name in imported(module)} - {"passerby", "__future__"} - sys.stdlib_module_names


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_a_part_imports_only_what_stands_below_it(part: str) -> None:
    for module in modules(part):
        beyond = ours(module) - MAY_IMPORT[part]
        assert not beyond, f"{module.relative_to(PACKAGE)} imports {', '.join(sorted(beyond))}"


def test_the_core_imports_numpy_alone_and_its_pixels_opencv() -> None:
    for module in modules("core"):
        allowed = {"numpy", "cv2"} if module.name == "pixels.py" else {"numpy"}
        assert others(module) <= allowed, module.name


def test_every_folder_of_the_package_has_a_place_in_the_table() -> None:
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders - {"commands", "demo"} <= set(MAY_IMPORT)


@pytest.mark.parametrize("module", ["passerby", "passerby.cli"])
def test_importing_is_light(module: str) -> None:
    """Help, versions and usage errors are not to wait for codecs and models."""
    script = f"import sys, {module}; print(*({{'av', 'cv2', 'numpy', 'onnxruntime'}} & sys.modules.keys()))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.split() == []


def test_every_public_name_is_there() -> None:
    for name in dir(passerby):
        assert getattr(passerby, name) is not None


def test_the_names_for_type_checkers_are_those_at_run_time() -> None:
    [block] = [node for node in ast.parse((PACKAGE / "__init__.py").read_text()).body if isinstance(node, ast.If)]
    declared = {(node.names[0].asname, node.module) for node in block.body if isinstance(node, ast.ImportFrom)}
    assert declared == set(passerby._HOME.items())


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="anonymise"):
        passerby.anonymise  # noqa: B018
