"""The shipped JSON Schema of acceptance rules says the same as their reader."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.strategies import JSON_VALUES, TEXTS
from tests.wrkr_core.spec_file.documents import (
    BUDGETS,
    CHECKS,
    DURATIONS,
    LABELS,
    PLACES,
    mistaken,
)
from tests.wrkr_core.test_schemas import BEYOND_A_SCHEMA, keys
from wrkr_core.acceptance.config import read_config
from wrkr_core.acceptance.template import TEMPLATE
from wrkr_core.errors import InvalidInputError
from wrkr_core.schemas import json_schema
from wrkr_core.spec_file.document import read_document

SCHEMA: Final[dict[str, Any]] = json_schema("accept_rules")
VALIDATOR: Final = Draft202012Validator(SCHEMA)
FIXTURES: Final = Path(__file__).parents[2] / "fixtures" / "accept_rules"

DIGESTS: Final = st.from_regex(r"\A[0-9a-f]{64}\Z")
GLOBS: Final = st.lists(TEXTS.filter(bool), min_size=1, max_size=2)
CUSTOM: Final = st.lists(
    st.fixed_dictionaries(
        {"name": LABELS.map("custom-{}".format).filter(lambda name: len(name) <= 100)}
        | {"custom": LABELS},
        optional={"with": st.dictionaries(TEXTS, JSON_VALUES, max_size=2), "timeout": DURATIONS},
    ),
    max_size=2,
    unique_by=lambda check: str(check["name"]),
)
ALL_CHECKS: Final = (
    st.tuples(CHECKS, CUSTOM).map(lambda pair: [*pair[0], *pair[1]]).flatmap(st.permutations)
)
RULES: Final = st.fixed_dictionaries(
    {},
    optional={
        "artifacts": st.lists(PLACES, max_size=2),
        "contents": st.dictionaries(PLACES, DIGESTS, max_size=2),
        "checks": ALL_CHECKS,
        "paths": st.fixed_dictionaries({}, optional={"allowed": GLOBS, "forbidden": GLOBS}),
        "budget": BUDGETS,
        "decisions": st.sampled_from(["answered", "approved"]),
    },
)


def mistakes(document: object) -> tuple[str, ...]:
    try:
        read_config(json.dumps(document).encode(), name="a.json")
    except InvalidInputError as error:
        return tuple(error.problems)
    return ()


def is_valid(document: object) -> bool:
    return bool(VALIDATOR.is_valid(document))


@given(RULES)
def test_rules_without_mistakes_are_valid_and_are_read(document: dict[str, Any]) -> None:
    assert mistakes(document) == ()
    assert is_valid(document)


@given(mistaken(RULES.filter(bool)))
def test_rules_are_valid_where_the_reader_finds_no_mistakes(document: dict[str, Any]) -> None:
    found = mistakes(document)

    if is_valid(document):
        assert [problem for problem in found if not BEYOND_A_SCHEMA.search(problem)] == []
    else:
        assert found


@given(st.text("ab./\\~\n\0", max_size=7))
def test_a_path_is_allowed_by_both_or_by_none(path: str) -> None:
    document = {"contents": {path: "ab" * 32}}

    assert is_valid(document) == (mistakes(document) == ())


@pytest.mark.parametrize("document", [{}, [], None, "a", {"paths": {}}, {"checks": []}])
def test_what_is_nearly_nothing_is_the_same_to_both(document: object) -> None:
    assert is_valid(document) == (mistakes(document) == ())


def test_what_job_specs_have_too_is_the_same_in_both_schemas() -> None:
    shared = json_schema("jobspec")["$defs"]
    assert isinstance(shared, dict)

    own = {"digest", "command_check", "custom_check"}
    assert {name: shared[name] for name in SCHEMA["$defs"].keys() - own} == {
        name: SCHEMA["$defs"][name] for name in SCHEMA["$defs"].keys() - own
    }


def test_the_template_is_valid_and_shows_every_key_there_is() -> None:
    assert is_valid(read_document(TEMPLATE.encode(), name="accept.yaml").value)

    words = set(re.findall(r"[a-z_]+", TEMPLATE))
    meters = {"steps", "retries", "tool_calls", "tokens", "wall"}  # 'wrkr init' explains them
    assert set(keys(SCHEMA)) - words == meters


def fixtures(kind: str) -> list[Path]:
    return sorted(path for path in (FIXTURES / kind).iterdir() if path.suffix != ".txt")


@pytest.mark.parametrize("path", fixtures("valid"), ids=lambda path: path.name)
def test_a_valid_file_is_valid_to_both(path: Path) -> None:
    data = path.read_bytes()

    assert is_valid(read_document(data, name=path.name).value)
    wanted = (FIXTURES / "valid" / f"{path.stem}.digest.txt").read_text().strip()
    assert read_config(data, name=path.name).digest == wanted


@pytest.mark.parametrize("path", fixtures("broken"), ids=lambda path: path.name)
def test_a_broken_file_is_broken_to_both_with_these_words(path: Path) -> None:
    data = path.read_bytes()

    with pytest.raises(InvalidInputError) as caught:
        read_config(data, name=path.name)

    assert "\n".join(caught.value.problems) + "\n" == path.with_name(f"{path.name}.txt").read_text()
    if path.stem == "nothing_written":
        return  # no document that a schema could be held against
    document = read_document(data, name=path.name).value
    beyond = all(BEYOND_A_SCHEMA.search(problem) for problem in caught.value.problems)
    assert is_valid(document) == beyond
