"""The example of a check as a third party would install and use it: a package wrkr knows nothing of."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Final

import pytest

from tests.examples.packages import ROOT, installed, run

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE: Final = ROOT / "examples" / "check_json_schema"
RULES: Final = """
checks:
  - name: sound
    custom: json-schema
    with: {files: ["*.out.json"], schema: schema.json}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example's wheel in it, unpacked as an installer does."""
    return installed(PACKAGE, tmp_path_factory)


def test_the_wheel_holds_the_module_and_the_entry_point_and_nothing_else(site: Path) -> None:
    found = {path.relative_to(site).parts[0] for path in site.rglob("*")}
    declared = tomllib.loads((PACKAGE / "pyproject.toml").read_text("utf-8"))["project"]

    names = {name for name in found if not name.endswith(".dist-info")}
    assert names == {"wrkr_check_json_schema.py"}
    assert declared["entry-points"] == {
        "wrkr.checks": {"json-schema": "wrkr_check_json_schema:check"}
    }


def test_its_own_tests_pass(site: Path, tmp_path: Path) -> None:
    done = run(
        site,
        tmp_path,
        *("-m", "pytest", "-q", "-p", "no:cacheprovider"),
        *("-c", str(PACKAGE / "pyproject.toml"), str(PACKAGE / "tests")),
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout.splitlines()[-1]


def test_acceptance_finds_it_by_its_entry_point_and_only_where_it_is_installed(
    site: Path, tmp_path: Path
) -> None:
    (tmp_path / "accept.yaml").write_text(RULES, "utf-8")
    (tmp_path / "schema.json").write_text('{"required": ["rows"]}', "utf-8")
    (tmp_path / "a.out.json").write_text('{"rows": 1}', "utf-8")
    wrapped = run(site, tmp_path, "-m", "wrkr_cli", "wrap", "--job-id", "j1", "--", "true")
    assert wrapped.returncode == 0, wrapped.stderr
    accept = ("-m", "wrkr_cli", "accept", "run", "j1", "--json")

    passed = run(site, tmp_path, *accept)
    (tmp_path / "a.out.json").write_text("{}", "utf-8")
    failed = run(site, tmp_path, *accept)
    without = run(tmp_path, tmp_path, *accept)

    assert (passed.returncode, passed.stderr) == (0, "")
    last = json.loads(passed.stdout)["checks"][-1]
    assert (last["check"], last["output"]) == ("check:sound", "a.out.json: 0 mistakes\n")
    assert failed.returncode == 5
    last = json.loads(failed.stdout)["checks"][-1]
    assert (last["code"], last["message"]) == (
        "E_ACCEPT_TEST_FAIL",
        "a.out.json: $: 'rows' is a required property",
    )
    assert without.returncode == 6
    assert "'json-schema', which is not installed; installed: none" in without.stderr
