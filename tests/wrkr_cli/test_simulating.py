"""``wrkr accept plan --simulate``: what other rules would have said of a jobpack, running nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.wrkr_core.jobpack.v1.forging import APPROVED, FIXTURES

if TYPE_CHECKING:
    from tests.wrkr_cli.conftest import Wrkr

RULES: Final = """
artifacts: ["count.txt"]
checks:
  - {name: three, run: "touch ran-again; test $(cat count.txt) = 3"}
  - {name: sizes, custom: not-installed-here, with: {most: 5}}
budget: {steps: 3}
"""
STRICTER: Final = """
artifacts: ["count.txt", "dist/*.whl"]
budget: {steps: 2}
"""
PACK: Final = "wrkr-out/jobpacks/jobpack_j1.zip"
SIMULATE: Final = ("accept", "plan", PACK, "--simulate")


@pytest.fixture
def packed(wrkr_command: Wrkr) -> Wrkr:
    """A finished job with its jobpack, and rules beside it that look no file up."""
    wrkr_command("run", "job.yaml", "--job-id", "j1")
    wrkr_command("approve", "j1", "--reason", "looked at the count")
    assert wrkr_command("resume", "j1").code == 0
    assert wrkr_command("export", "j1").code == 0
    Path("rules.yaml").write_text(RULES, "utf-8")
    Path("stricter.yaml").write_text(STRICTER, "utf-8")
    Path("count.txt").unlink()
    return wrkr_command


def test_a_pack_is_judged_by_other_rules_with_5_and_every_reason(packed: Wrkr) -> None:
    said = packed(*SIMULATE, "stricter.yaml", "--json")

    assert (said.code, said.envelope["code"]) == (5, "E_ACCEPT_MISSING_ARTIFACT")
    assert (
        "would not be accepted by stricter.yaml: artifact:dist/*.whl, budget:steps failed"
        in (said.envelope["message"])
    )
    assert (said.json["verdict"], said.json["counts"]) == (
        "would_fail",
        {"passed": 4, "failed": 2, "not_known": 0},
    )
    codes = {each["check"]: each["code"] for each in said.json["checks"] if each["code"]}
    assert codes == {
        "artifact:dist/*.whl": "E_ACCEPT_MISSING_ARTIFACT",
        "budget:steps": "E_BUDGET_EXCEEDED",
    }


def test_what_needs_the_workspace_is_not_known_and_nothing_runs_or_is_recorded(
    packed: Wrkr,
) -> None:
    before = packed("log", "j1").out

    said = packed(*SIMULATE, "rules.yaml")

    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "ok      schema",
        "ok      status",
        "ok      decisions",
        "ok      artifact:count.txt",
        "ok      budget:steps",
        "unknown check:three: not known from the records; it never ran",
        "unknown check:sizes: not known from the records; it never ran",
        "5 checks passed, 0 failed, 2 not known",
        "whether it would be accepted is not known from its records",
    ]
    assert packed(*SIMULATE, "rules.yaml", "--quiet").out == "not_known\n"
    assert not Path("ran-again").exists()
    assert packed("log", "j1").out == before


def test_how_the_same_check_came_out_is_told(packed: Wrkr) -> None:
    Path("one.yaml").write_text("checks: [{name: three, run: 'test $(cat count.txt) = 3'}]")
    assert packed("accept", "run", "j1", "--config", "one.yaml", "--by", "ann").code == 5
    failed = packed("accept", "plan", "j1", "--simulate", "one.yaml")
    assert failed.code == 5
    assert "FAILED  check:three: E_ACCEPT_TEST_FAIL exit code" in failed.out
    assert "(when it ran, in record " in failed.out

    Path("count.txt").write_text("3", "utf-8")
    assert packed("accept", "run", "j1", "--config", "one.yaml", "--by", "ann").code == 0
    passed = packed("accept", "plan", "j1", "--simulate", "one.yaml", "--json")
    assert passed.code == 0
    last = passed.json["checks"][-1]
    assert (last["outcome"], last["recorded"]["by"], last["recorded"]["passed"]) == (
        "not_known",
        "ann",
        True,
    )
    assert "it passed in record" in packed("accept", "plan", "j1", "--simulate", "one.yaml").out


def test_the_pack_and_the_job_it_is_of_are_judged_alike(packed: Wrkr) -> None:
    of_pack = packed(*SIMULATE, "rules.yaml", "--json").json

    assert packed("accept", "plan", "j1", "--simulate", "rules.yaml", "--json").json == of_pack


def test_what_does_not_verify_is_judged_by_no_rules(packed: Wrkr) -> None:
    data = bytearray(Path(PACK).read_bytes())
    data[len(data) // 2] ^= 1
    Path(PACK).write_bytes(data)

    assert packed(*SIMULATE, "rules.yaml", "--json").code in {2, 6}
    unsigned = packed("accept", "plan", "j1", "--simulate", "rules.yaml", "--require-signature")
    assert (unsigned.code, unsigned.out) == (2, "")


def test_a_pack_of_v1_is_said_to_have_no_history_to_judge(packed: Wrkr) -> None:
    Path("v1.zip").write_bytes((FIXTURES / "jobpacks" / f"{APPROVED}.zip").read_bytes())

    said = packed("accept", "plan", "v1.zip", "--simulate", "rules.yaml", "--json")

    assert (said.code, said.envelope["code"]) == (1, "E_NOT_SUPPORTED")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["j1"], "a plan is of rules alone"),
        (["--require-signature"], "a plan is of rules alone"),
        (["--max-size", "1MiB"], "a plan is of rules alone"),
        (["--trust", "trust.toml"], "a plan is of rules alone"),
        (["--simulate", "rules.yaml"], "name the job or the jobpack"),
        (["j1", "--simulate", "rules.yaml", "--config", "rules.yaml"], "leave out --config"),
        (["j1", "--simulate", "rules.yaml", "--max-size", "1MiB"], "are for jobpacks"),
    ],
)
def test_options_that_would_do_nothing_are_refused(
    packed: Wrkr, arguments: list[str], said: str
) -> None:
    found = packed("accept", "plan", *arguments, "--json")

    assert (found.code, found.envelope["code"]) == (6, "E_INVALID_INPUT_SCHEMA")
    assert said in found.envelope["message"] + found.envelope["hint"]


def test_a_pack_larger_than_is_said_is_refused(packed: Wrkr) -> None:
    assert packed(*SIMULATE, "rules.yaml", "--max-entries", "2").code == 6
    assert packed(*SIMULATE, "rules.yaml", "--max-entries", "20").code == 0


def test_a_trust_file_of_other_commands_does_not_keep_a_plan_from_being_shown(
    packed: Wrkr, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRKR_TRUST_FILE", "not-there.toml")

    assert packed("accept", "plan", "--config", "stricter.yaml").code == 0
    assert packed(*SIMULATE, "stricter.yaml", "--json").envelope["code"] == "E_NOT_FOUND"


def test_it_explains_itself(packed: Wrkr) -> None:
    said = packed(*SIMULATE, "stricter.yaml", "--explain")

    assert said.code == 0
    assert f"would verify {PACK}" in said.out
    assert packed("accept", "plan", "j1", "--explain").code == 6


def test_a_plan_refuses_a_check_that_is_not_installed_and_a_simulation_does_not(
    packed: Wrkr,
) -> None:
    said = packed("accept", "plan", "--config", "rules.yaml", "--json")

    assert (said.code, said.envelope["code"]) == (6, "E_INVALID_INPUT_SCHEMA")
    assert "'not-installed-here', which is not installed" in said.envelope["message"]
    assert packed("accept", "run", "j1", "--config", "rules.yaml").code == 6
    assert not Path("ran-again").exists()
