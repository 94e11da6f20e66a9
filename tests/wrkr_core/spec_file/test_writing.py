"""A spec that is written as a file reads as the same spec."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.values import is_value
from tests.wrkr_core.spec_file.documents import DOCUMENTS, json_bytes, shell
from wrkr_core.errors import InvalidInputError, NotSupportedHereError
from wrkr_core.spec import Check, Command, JobSpec, StepSpec, Variable
from wrkr_core.spec_file import TEMPLATE, read_spec, spec_text
from wrkr_core.spec_file.writing import written


@given(DOCUMENTS)
def test_a_spec_written_as_a_file_reads_as_the_same_spec(document: dict[str, Any]) -> None:
    spec = read_spec(json_bytes(document), name="a.json")

    text = spec_text(spec)

    assert read_spec(text.encode(), name="a.yaml") == spec
    assert spec_text(read_spec(text.encode(), name="a.yaml")) == text


@given(
    st.lists(st.sampled_from(["yes", "010", "0o7", "1e3", "12:30", "2024-01-01", "<<", "", "~"]))
)
def test_other_readers_of_yaml_take_a_written_text_for_text_too(texts: list[str]) -> None:
    spec = JobSpec(name="a", command=Command(argv=("x", *texts)))

    loaded = yaml.safe_load(spec_text(spec))

    assert loaded == {"name": "a", "command": {"run": ["x", *texts]}}


def test_what_has_its_default_is_left_out() -> None:
    spec = JobSpec(name="a", steps=[StepSpec(id="one", command=shell("echo\ntrue\n"))])

    assert spec_text(spec) == "name: a\nsteps:\n- id: one\n  run: |\n    echo\n    true\n"


def test_the_template_loses_its_comments_and_nothing_else() -> None:
    spec = read_spec(TEMPLATE.encode(), name="job.yaml")

    text = spec_text(spec)

    assert "#" not in text
    assert read_spec(text.encode(), name="job.yaml") == spec


def test_variables_come_back_in_the_order_of_their_names() -> None:
    variables = (Variable(name="B", value="2"), Variable(name="A", value="1"))
    check = Check(name="c", command=shell("x", env=variables))
    spec = JobSpec(name="a", command=shell("x", env=variables), acceptance=[check])

    again = read_spec(spec_text(spec).encode(), name="a.yaml")

    assert again.command == shell("x", env=variables[::-1])


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        (JobSpec(name="a"), "a job needs one of the keys"),
        (JobSpec(name="a", command=Command(argv=("a", "\0"))), "U+0000"),
        (JobSpec(name="a", objective="\ud800", python="a:b"), "half a surrogate pair"),
        (JobSpec(name="a", steps=[StepSpec(id="a b", command=shell("x"))]), "is not an id"),
    ],
)
def test_a_spec_that_no_file_can_say_is_not_written(spec: JobSpec, why: str) -> None:
    with pytest.raises(InvalidInputError, match="cannot be written as a file") as caught:
        spec_text(spec)

    assert any(why in problem for problem in caught.value.problems)


@pytest.mark.parametrize(
    "command",
    [
        shell("b", argv=("a",)),
        shell("x", env=(Variable(name="A", value="1"), Variable(name="A", value="2"))),
    ],
)
def test_a_spec_that_says_something_twice_cannot_be_made(command: Command) -> None:
    with pytest.raises(InvalidInputError, match=r"twice|not both"):
        JobSpec(name="a", command=command)


def test_without_pyyaml_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)

    with pytest.raises(NotSupportedHereError) as caught:
        spec_text(JobSpec(name="a", python="a:b"))

    assert "pip install 'wrkr[cli]'" in caught.value.hint


def test_what_a_person_would_write_is_plain_json() -> None:
    spec = read_spec(TEMPLATE.encode(), name="job.yaml")

    values = json.loads(json.dumps(written(spec)))

    assert values["budget"]["cost"] == "5"
    assert values["budget"]["wall"] == "10m"
    assert is_value(type(spec))
