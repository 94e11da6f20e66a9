"""The shipped JSON Schema says the same as the reader, but for what it says it cannot say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.wrkr_core.spec_file.documents import DOCUMENTS, mistaken
from wrkr_core import schemas
from wrkr_core.errors import InvalidInputError, NotFoundError
from wrkr_core.schemas import NAMES, json_schema
from wrkr_core.spec_file import TEMPLATE, read_spec, shape
from wrkr_core.spec_file.document import LARGEST_BYTES, read_document
from wrkr_core.spec_file.flaws import DEEPEST, MOST_VALUES
from wrkr_core.spec_file.kinds import KINDS_OF_VALUE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SCHEMA: Final[dict[str, Any]] = json_schema()
# The documents of a jobpack, which are of its format.
OF_A_JOBPACK: Final = {
    "accept_result",
    "approval_record",
    "artifacts_manifest",
    "checkpoint",
    "job",
    "jobpack_manifest",
}
VALIDATOR: Final = Draft202012Validator(SCHEMA)
# What the description of the schema names, as the reader's problems say it.
BEYOND_A_SCHEMA: Final = re.compile(
    r": '.*' is the (id|name) of .* already$"
    r"|: name: '.*\.\..*' is not a job name"
    r"|: '.*' is easily taken for the meter"
    r"|: '.*' (is finer than a microsecond|is too long a duration)"
    r"|: '[0-9]{10}(\.[0-9]+)?' is not an amount of money"
    r"|: [0-9]+\.0 is a (number|float)"
    r"|: an integer beyond 2\^53-1"
)


def mistakes(document: object) -> tuple[str, ...]:
    try:
        read_spec(json.dumps(document).encode(), name="a.json")
    except InvalidInputError as error:
        return error.problems
    return ()


def is_valid(document: object) -> bool:
    return bool(VALIDATOR.is_valid(document))


def test_the_schema_is_a_schema_and_names_itself_by_a_urn() -> None:
    Draft202012Validator.check_schema(SCHEMA)

    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["$id"] == "urn:wrkr:jobspec:v1"


def test_every_schema_that_is_shipped_is_one_and_is_named() -> None:
    folder = Path(schemas.__file__).parent
    shipped = {path.name.removesuffix(".schema.json") for path in folder.glob("*.json")}

    assert shipped == set(NAMES)
    for name in NAMES:
        schema = json_schema(name)
        Draft202012Validator.check_schema(schema)
        version = "v2" if name in OF_A_JOBPACK else "v1"
        assert schema["$id"] == f"urn:wrkr:{name.replace('_', '-')}:{version}"


def test_a_schema_there_is_not_is_refused_with_those_there_are() -> None:
    with pytest.raises(NotFoundError, match=r"no schema '\.\./jobspec'") as caught:
        json_schema("../jobspec")

    assert "jobspec" in caught.value.hint


def test_every_call_returns_a_schema_of_its_own() -> None:
    json_schema().clear()

    assert json_schema() == SCHEMA


@given(DOCUMENTS)
def test_what_people_may_write_is_valid_and_reads(document: dict[str, Any]) -> None:
    assert is_valid(document)
    assert mistakes(document) == ()


@given(mistaken())
def test_schema_and_reader_agree_on_documents_with_mistakes(document: dict[str, Any]) -> None:
    found = mistakes(document)

    if is_valid(document):
        assert [problem for problem in found if not BEYOND_A_SCHEMA.search(problem)] == []
    else:
        assert found


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


BASE: Final[dict[str, Any]] = {"name": "a", "command": "x"}
STEP: Final = {"id": "one", "run": "x"}
CHECK: Final = {"name": "one", "run": "x"}


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({"name": "a", "steps": [STEP, STEP]}, "same id for two steps"),
        ({**BASE, "acceptance": {"checks": [CHECK, CHECK]}}, "same name for two checks"),
        ({**BASE, "name": "a..b"}, "two dots in a row in the name"),
        ({**BASE, "budget": {"token": 1}}, "nearly that of a built-in one"),
        ({**BASE, "budget": {"wall": "104250d"}}, "beyond 2^53-1 microseconds"),
        (
            {**BASE, "budget": {"cost": "9007199254.740992"}},
            "beyond 2^53-1 microseconds or micro-USD",
        ),
        ({**BASE, "budget": {"wall": "0.0000001s"}}, "finer than a microsecond"),
        ({**BASE, "budget": {"steps": 10.0}}, "whole numbers written with a fraction (10.0)"),
        ({**BASE, "inputs": {"a": 2**53}}, "integers beyond 2^53-1"),
        ({**BASE, "objective": "\ud800"}, "half surrogate pairs"),
        ({**BASE, "inputs": {"a": nested(DEEPEST)}}, "nesting deeper than 64"),
        ({**BASE, "inputs": {"a": [0] * MOST_VALUES}}, "more than 100000 values"),
        ({**BASE, "objective": "x" * LARGEST_BYTES}, "files larger than 1 MiB"),
    ],
)
def test_what_only_the_reader_can_refuse_is_named_in_the_schema(
    document: dict[str, Any], named: str
) -> None:
    assert is_valid(document)
    assert mistakes(document) != ()
    assert named in SCHEMA["description"]


def test_keys_written_twice_are_refused_and_named_too() -> None:
    with pytest.raises(InvalidInputError, match="mistake"):
        read_spec(b'{"name": "a", "command": "x", "name": "a"}', name="a.json")

    assert "keys written twice" in SCHEMA["description"]


DIGITS: Final = st.from_regex(r"\A[0-9]{1,3}(\.[0-9]{1,3})?\Z")
TEXTS: Final[dict[str, tuple[Any, st.SearchStrategy[str]]]] = {
    "duration": (
        shape.Duration,
        st.lists(
            DIGITS | st.sampled_from(["d", "h", "m", "s", "ms", "us", "", "."]), max_size=8
        ).map("".join),
    ),
    "timeout": (shape.Timeout, st.from_regex(r"\A[01](\.0{0,2}1?)?(ms?|us|s)?(0us)?\n?\Z")),
    "money": (shape.Money, st.text("019.-+ \n\u0661", max_size=9)),
    "place": (shape.Place, st.text("ab./\\~\n\0", max_size=7)),
    "label": (
        shape.Label,
        st.text("aZ9._- \né", max_size=4) | st.text("a", min_size=99, max_size=102),
    ),
    "argument": (shape.Argument, st.text("a\n\0\u2028 ", max_size=4)),
}


@pytest.mark.parametrize("kind", TEXTS)
@given(data=st.data())
def test_a_text_is_allowed_by_both_or_by_none(kind: str, data: st.DataObject) -> None:
    hook, texts = TEXTS[kind]
    text = data.draw(texts)
    definition = VALIDATOR.evolve(schema={"$ref": f"#/$defs/{kind}", "$defs": SCHEMA["$defs"]})

    assert definition.is_valid(text) == reads(KINDS_OF_VALUE[hook], text)


def reads(read: Callable[[object], object], text: str) -> bool:
    try:
        read(text)
    except InvalidInputError as error:
        return "finer than" in error.message or "too long" in error.message
    return True


@given(
    st.text("osenv:abcdfilmgtHEAD 1_\n", max_size=12)
    | st.sampled_from(["env:A", "file: ", "file:a\r"])
)
def test_environment_rules_are_the_same_to_both(rule: str) -> None:
    assert is_valid({**BASE, "environment": [rule]}) == (
        mistakes({**BASE, "environment": [rule]}) == ()
    )


@given(st.text("ab.:_1 \n", max_size=8))
def test_function_names_are_the_same_to_both(name: str) -> None:
    document = {"name": "a", "python": name}

    assert is_valid(document) == (mistakes(document) == ())


@given(st.text("ab.-_A1\n", max_size=5) | st.text("a", min_size=99, max_size=102))
def test_job_names_are_the_same_to_both(name: str) -> None:
    document = {**BASE, "name": name}

    assert (is_valid(document) and ".." not in name) == (mistakes(document) == ())


def test_the_template_is_valid_and_shows_every_key_there_is() -> None:
    document = read_document(TEMPLATE.encode(), name="job.yaml").value

    assert is_valid(document)
    words = set(re.findall(r"[a-z_]+", TEMPLATE))
    assert {key for key in keys(SCHEMA) if key not in words} == set()


def keys(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        properties = schema.get("properties")
        yield from properties if isinstance(properties, dict) else ()
        for each in schema.values():
            yield from keys(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from keys(each)


def test_the_longest_duration_in_whole_seconds_is_the_same_to_both() -> None:
    assert mistakes({**BASE, "budget": {"wall": 9_007_199_254}}) == ()
    assert not is_valid({**BASE, "budget": {"wall": 9_007_199_255}})
    assert mistakes({**BASE, "budget": {"wall": 9_007_199_255}})
