"""Whatever is written with a ``schema_id`` has a JSON Schema that is shipped, and keeps it."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from jsonschema import Draft202012Validator

from tests.conformance.vectors.folders import MOVE, folder, vectors
from tests.wrkr_cli.conftest import url, wrkr_command  # noqa: F401  # fixtures
from wrkr_conformance.report import Report, gathered
from wrkr_core.schemas import NAMES, json_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.wrkr_cli.conftest import Wrkr

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("wrkr_core", "wrkr_cli", "wrkr_run", "conformance/wrkr_conformance")
ID: Final = re.compile(r"wrkr\.([a-z][a-z0-9_]*)")
# Of the published v1 contract, whose schemas are not ours to ship.
FOREIGN: Final = "wrkr_core/jobpack/v1"
RULES: Final = "checks: [{name: three, run: 'echo looked; test $(cat count.txt) = 3'}]"


def written() -> Iterator[str]:
    """Yield every id that a module gives a document: in a literal key, or in a constant."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if not path.is_relative_to(ROOT / FOREIGN):
                yield from ids_in(ast.parse(path.read_text("utf-8")))


def ids_in(tree: ast.AST) -> Iterator[str]:
    text = ast.unparse(tree)
    if "schema_id" not in text and "SCHEMA" not in text:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found = ID.fullmatch(node.value)
            if found is not None:
                yield found[1]


def test_every_id_that_is_written_has_a_schema() -> None:
    ids = set(written())

    assert len(ids) > 12  # so the search finds them
    assert ids - set(NAMES) == set()


def test_every_schema_of_a_document_states_the_id_it_is_of() -> None:
    for name in NAMES:
        properties: Any = json_schema(name).get("properties", {})
        if "schema_id" in properties:
            assert the_one(properties["schema_id"]) == f"wrkr.{name}"
            assert the_one(properties["schema_version"]) in {"v1", "v2"}


def the_one(allowed: dict[str, Any]) -> object:
    """Return the only value that a schema allows."""
    values = allowed.get("enum", [allowed.get("const")])
    assert len(values) == 1
    return values[0]


def check(document: dict[str, Any]) -> str:
    """Hold a document against the schema of its id, and return the id without ``wrkr.``."""
    name = str(document["schema_id"]).removeprefix("wrkr.")
    Draft202012Validator(json_schema(name)).validate(document)
    return name


def refused(document: dict[str, Any], *keys: str) -> None:
    """Require that the document is invalid without each of these keys, and with another id."""
    validator = Draft202012Validator(json_schema(check(document)))
    for key in keys:
        assert not validator.is_valid({name: document[name] for name in document if name != key})
        assert not validator.is_valid({**document, key: [None]})
    assert not validator.is_valid({**document, "schema_version": "v0"})


@pytest.fixture
def finished(wrkr_command: Wrkr) -> Wrkr:  # noqa: F811  # the fixture
    """A finished job, with rules it meets."""
    wrkr_command("run", "job.yaml", "--job-id", "j1")
    wrkr_command("approve", "j1", "--reason", "looked at the count")
    assert wrkr_command("resume", "j1").code == 0
    Path("accept.yaml").write_text(RULES, "utf-8")
    return wrkr_command


def test_where_a_job_stands_keeps_its_schema(wrkr_command: Wrkr) -> None:  # noqa: F811  # the fixture
    wrkr_command("submit", "job.yaml", "--job-id", "j0")
    wrkr_command("run", "job.yaml", "--job-id", "j1")
    wrkr_command("job", "fork", "j1", "--at", "3", "--job-id", "j2")

    for job in ("j0", "j1", "j2"):
        assert check(wrkr_command("status", job, "--json").json) == "status_response"
    waiting = wrkr_command("status", "j1", "--json").json
    assert waiting["open_decisions"]
    refused(waiting, "status", "open_decisions", "head", "budget", "steps")


def test_how_acceptance_came_out_keeps_its_schema(finished: Wrkr) -> None:
    passed = finished("accept", "run", "j1", "--json").json
    Path("count.txt").write_text("4", "utf-8")
    failed = finished("accept", "run", "j1", "--json").json

    assert check(passed) == "acceptance"
    assert passed["checks"][-1]["output"] == "looked\n"
    refused(failed, "accepted", "checks", "config_digest", "checks_run")


def test_what_other_rules_would_have_said_keeps_its_schema(finished: Wrkr) -> None:
    unknown = finished("accept", "plan", "j1", "--simulate", "accept.yaml", "--json").json
    finished("accept", "run", "j1")
    ran = finished("accept", "plan", "j1", "--simulate", "accept.yaml", "--json").json

    assert check(unknown) == "accept_simulation"
    assert ran["checks"][-1]["recorded"]["passed"] is True
    refused(ran, "verdict", "checks", "counts", "pack_id")


def test_an_error_keeps_its_schema(finished: Wrkr) -> None:
    for arguments in (
        ["status", "nobody"],
        ["no-such-command"],
        ["run", "--nonsense"],
        ["approve"],
    ):
        assert check(finished(*arguments, "--json").envelope) == "error_envelope"
    refused(finished("status", "nobody", "--json").envelope, "code", "exit_code", "details")


def test_a_report_of_the_suite_keeps_its_schema(wrkr_command: Wrkr) -> None:  # noqa: F811  # the fixture
    run = ("conformance", "run", "memory://", "--quick", "--only", "A2", "--json")
    passed = wrkr_command(*run).json
    unopened = Report(
        target="x", store="it did not open", quick=False, seed=1, outcomes=gathered((), missing="y")
    )

    assert {each["status"] for each in passed["outcomes"]} == {"passed", "not_run"}
    assert check(passed) == "conformance_report"
    assert check(json.loads(json.dumps(unopened.view()))) == "conformance_report"
    refused(passed, "verdict", "outcomes", "counts", "mode", "store")


def test_a_report_of_vectors_keeps_its_schema(wrkr_command: Wrkr, tmp_path: Path) -> None:  # noqa: F811  # the fixture
    other = {**MOVE, "id": "b", "expect": {"status": "queued"}}
    root = tmp_path / "vectors"
    root.mkdir()
    folder(root, good=vectors("moves", MOVE, other), broken=b"{")

    said = wrkr_command("conformance", "vectors", str(root), "--json")

    assert said.json["cases"] == 2
    assert [bool(each["case"]) for each in said.json["failed"]] == [True, False]
    refused(said.json, "ok", "failed", "kinds", "cases")


def test_a_report_of_an_engine_keeps_its_schema(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "conformance"))),
    }
    engine = ("-m", "wrkr_cli", "conformance", "engine", "--only", "L1.1", "--json", "--")
    done = subprocess.run(
        [sys.executable, *engine, sys.executable, "-m", "wrkr_cli"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    report = json.loads(done.stdout)
    assert report["counts"]["passed"] == 1
    refused(report, "verdict", "outcomes", "counts", "engine")
