"""Claims on what an engine said: each accepts what is right and says what is not."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from wrkr_conformance.engine.bench import Bench
from wrkr_conformance.engine.claiming import (
    checkpoints,
    ended,
    has,
    has_status,
    inner,
    objects,
    ran_only,
    refused,
    resume,
    run,
    stands,
    status_of,
)
from wrkr_conformance.engine.invocation import Said
from wrkr_conformance.expect import Broken

if TYPE_CHECKING:
    from pathlib import Path


def said(ends_with: int = 0, **envelope: object) -> Said:
    return Said(arguments=("run", "x"), code=ends_with, out="", err=json.dumps(envelope))


def answering(folder: Path, **result: object) -> Bench:
    """Return a bench whose engine always prints this result."""
    code = f"print({json.dumps(result)!r})"
    return Bench([sys.executable, "-I", "-c", code], folder)


def test_an_exit_code_is_required() -> None:
    assert ended(said(4), 4).code == 4
    with pytest.raises(Broken, match=r"run x must end with 0: exit 4"):
        ended(said(4), 0)


def test_a_refusal_needs_exit_code_and_reason_code() -> None:
    assert refused(said(6, code="E_X"), "E_X", 6) == {"code": "E_X"}
    for wrong in (said(1, code="E_X"), said(6, code="E_Y"), said(6)):
        with pytest.raises(Broken):
            refused(wrong, "E_X", 6)


def test_keys_are_required_and_more_may_come() -> None:
    has({"a": 1, "b": 2}, ("a",), "it")
    with pytest.raises(Broken, match="it lacks b, c: it has a"):
        has({"a": 1}, ("a", "c", "b"), "it")


def test_a_status_is_required() -> None:
    stands({"status": "queued"}, "queued", "run")
    with pytest.raises(Broken, match="the status in run"):
        stands({}, "queued", "run")


def test_what_is_inside_a_result_has_its_type() -> None:
    assert inner({"a": {"b": 1}}, "a", "it") == {"b": 1}
    assert objects({"a": [{}]}, "a", "it") == [{}]
    wrong: tuple[object, ...] = (None, 1, "x", [1], [{}, None])
    for value in wrong:
        with pytest.raises(Broken, match="no list of objects"):
            objects({"a": value}, "a", "it")
    others: tuple[object, ...] = (None, 1, "x", [{}])
    for value in others:
        with pytest.raises(Broken, match="no object"):
            inner({"a": value}, "a", "it")


def test_what_an_engine_answers_is_handed_on(tmp_path: Path) -> None:
    bench = answering(tmp_path, status="queued", checkpoints=[{"kind": "plan"}])

    assert run(bench, "j") == resume(bench, "j") == status_of(bench, "j")
    assert has_status(bench, "j", "queued")["status"] == "queued"
    assert checkpoints(bench, "j") == [{"kind": "plan"}]
    with pytest.raises(Broken):
        has_status(bench, "j", "paused")
    with pytest.raises(Broken):
        run(bench, "j", code=4)
    assert bench.transcript[0] == "run job.json --job-id j --json  # exit 0"


def test_what_the_steps_did_is_compared_in_order(tmp_path: Path) -> None:
    bench = answering(tmp_path)
    ran_only(bench)
    bench.write("ran.txt", "a\nb\n")

    ran_only(bench, "a", "b")
    for wrong in ((), ("a",), ("b", "a"), ("a", "b", "b")):
        with pytest.raises(Broken):
            ran_only(bench, *wrong)
