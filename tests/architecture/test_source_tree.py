"""The source keeps its promises: short files, every module explained, nothing unfinished."""

from __future__ import annotations

import ast
import os
import re
import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
WALL: Final = 400
ELSEWHERE: Final = {
    "build",
    "dist",
    "_build",
    "wrkr-out",
    "__pycache__",
    "node_modules",
    "fixtures",
}
TEXT: Final = {".py", ".md", ".toml", ".yaml", ".yml", ".json", ".txt", ".cfg", ".sh", ".css", ""}
PACKAGES: Final = {
    "wrkr_core": "tests/wrkr_core",
    "wrkr_run": "tests/wrkr_run",
    "wrkr_store_sqlite": "tests/wrkr_store_sqlite",
    "wrkr_store_files": "tests/wrkr_store_files",
    "wrkr_cli": "tests/wrkr_cli",
    "conformance/wrkr_conformance": "tests/conformance",
    ".ci/devtools": "tests/devtools",
}
# Modules and folders without test files of their own, each with the reason.
TESTED_ELSEWHERE: Final = {
    ".ci/devtools/errors.py": "one exception, raised and read in the tests of lock and environment",
    "conformance/wrkr_conformance/clauses": "clauses are tests; tests/conformance runs them all",
    "wrkr_cli": "it is tested as it is used: test_main.py and test_commands.py type command lines",
    "wrkr_core/async_job.py": "test_aio.py: the awaiting face is tested as a whole",
    "wrkr_core/threads.py": "test_aio.py and test_aio_canceling.py",
}
# Joined, so that this file does not hold what it forbids.
UNFINISHED: Final = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b")
ONE_MACHINE: Final = re.compile(r"(^|[^\w.])/(work|root|home)/[A-Za-z.]")
REGISTRY: Final = re.compile("|".join([r"pypi\." + "org", r"python" + r"hosted\.org"]))


def files() -> list[Path]:
    """Return every text file that belongs to the project, as paths from its root."""
    found: list[Path] = []
    for folder, names, files_here in os.walk(ROOT):
        names[:] = [
            name
            for name in names
            if name not in ELSEWHERE and (not name.startswith(".") or name == ".ci")
        ]
        here = Path(folder).relative_to(ROOT)
        found += [here / name for name in files_here if Path(name).suffix in TEXT]
    return sorted(path for path in found if not path.name.startswith(".coverage"))


def modules() -> list[Path]:
    return [path for path in files() if path.suffix == ".py"]


def source(path: Path) -> str:
    return (ROOT / path).read_text("utf-8")


def lines_matching(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate(source(path).split("\n"), start=1)
        if pattern.search(line)
    ]


def test_no_source_file_is_longer_than_the_wall() -> None:
    too_long = {
        str(path): length
        for path in modules()
        if (length := len(source(path).split("\n")) - 1) > WALL
    }

    assert too_long == {}


def test_every_module_says_what_it_is() -> None:
    silent = [str(path) for path in modules() if ast.get_docstring(ast.parse(source(path))) is None]

    assert silent == []


def test_nothing_unfinished_has_landed() -> None:
    assert lines_matching(UNFINISHED, modules()) == []


def test_no_file_names_a_folder_of_one_machine() -> None:
    assert lines_matching(ONE_MACHINE, files()) == []


def test_no_file_but_the_lock_names_a_package_registry() -> None:
    assert lines_matching(REGISTRY, [path for path in files() if path.name != "uv.lock"]) == []


def test_every_module_has_a_test_file_of_the_same_name() -> None:
    missing = [
        f"{path} wants {wanted}"
        for path in modules()
        if (wanted := test_file(path)) is not None
        and not any(path.is_relative_to(name) for name in TESTED_ELSEWHERE)
        and not (ROOT / wanted).exists()
    ]

    assert missing == []


def test_the_list_of_exceptions_names_only_modules_that_need_it() -> None:
    needless = [
        name
        for name in TESTED_ELSEWHERE
        if not any(
            (wanted := test_file(path)) is not None and not (ROOT / wanted).exists()
            for path in modules()
            if path.is_relative_to(name)
        )
    ]

    assert needless == []


def test_file(path: Path) -> Path | None:
    """Return where the tests of a module belong, or None for one that holds no code."""
    package = next((name for name in PACKAGES if path.is_relative_to(name)), None)
    # What an `__init__` does is offer names: test_public_names asks for each of them.
    if package is None or path.stem == "__init__" or not holds_code(path):
        return None
    inside = path.relative_to(package)
    return Path(PACKAGES[package]) / inside.parent / f"test_{path.stem.strip('_')}.py"


test_file.__test__ = False  # type: ignore[attr-defined]  # it asks nothing


def holds_code(path: Path) -> bool:
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for node in ast.parse(source(path)).body
    )


def test_every_exception_from_the_linter_has_its_reason_beside_it() -> None:
    text = source(Path("pyproject.toml"))
    tables = re.findall(
        r"^ignore = \[\n(.*?)^\]|per-file-ignores\]\n(.*?)\n\n", text, re.MULTILINE | re.DOTALL
    )
    rows = [row for pair in tables for block in pair for row in block.split("\n") if row.strip()]

    assert len(rows) > 10
    assert [row for row in rows if " # " not in row] == []


def test_every_package_that_is_built_is_checked_everywhere() -> None:
    tool = tomllib.loads(source(Path("pyproject.toml")))["tool"]
    built = {Path(name).name for name in tool["hatch"]["build"]["targets"]["wheel"]["packages"]}
    checked_as_folder = {"conformance" if name == "wrkr_conformance" else name for name in built}

    assert set(tool["importlinter"]["root_packages"]) == built
    assert set(tool["coverage"]["run"]["source_pkgs"]) == built
    assert checked_as_folder <= set(tool["mypy"]["files"])
    assert checked_as_folder <= set(tool["pyright"]["include"])
