"""Documents that people may write as specs, drawn at random, and the same with mistakes in them."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

from tests.strategies import JSON_VALUES, TEXTS
from wrkr_core.checkpoint import KINDS
from wrkr_core.spec import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wrkr_core.spec_file.problems import Path

LARGEST: Final = 2**53 - 1

NAMES: Final = st.from_regex(r"\A[a-z0-9][a-z0-9._-]{0,9}\Z").filter(lambda name: ".." not in name)
LABELS: Final = st.from_regex(r"\A[A-Za-z0-9_][A-Za-z0-9._-]{0,9}\Z")
ARGUMENTS: Final = TEXTS.filter(lambda text: "\0" not in text)
LINES: Final = st.sampled_from(["echo done\n", "a\nb\n", "true", "x # y", "- x", "a: b"]) | (
    ARGUMENTS.filter(lambda text: bool(text.strip()))
)
PLACES: Final = st.sampled_from(["out/*.txt", ".", "a/b", "a..b", "~", "*", "[ab]?", "{}", "ü/1 2"])
DURATIONS: Final = st.integers(1, 10**6) | st.sampled_from(["30s", "1h30m", "1.5h", "90", "2us"])
MONEY: Final = st.integers(0, 10**6) | st.sampled_from(
    ["5.00", "0.000001", "0", "9007199254.740991"]
)
COUNTS: Final = st.integers(0, LARGEST)
RULES: Final = st.sampled_from(
    ["os", "cwd", "env:CI", "command:git --version", "file:a b", "git:HEAD"]
)
RUNS: Final = LINES | st.tuples(ARGUMENTS.filter(bool), st.lists(ARGUMENTS, max_size=2)).map(
    lambda pair: [pair[0], *pair[1]]
)
VARIABLES: Final = st.dictionaries(
    st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,4}\Z"), ARGUMENTS, max_size=3
)
AROUND: Final[dict[str, st.SearchStrategy[Any]]] = {
    "cwd": PLACES,
    "env": VARIABLES,
    "timeout": DURATIONS,
}
STEPS: Final = st.lists(
    st.fixed_dictionaries(
        {"id": LABELS, "run": RUNS},
        optional={
            **AROUND,
            "retries": COUNTS,
            "artifacts": st.lists(PLACES, max_size=2),
            "gate": LINES,
            "at_most_once": st.booleans(),
        },
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda step: str(step["id"]),
)
CHECKS: Final = st.lists(
    st.fixed_dictionaries({"name": LABELS, "run": RUNS}, optional=AROUND),
    min_size=1,
    max_size=2,
    unique_by=lambda check: str(check["name"]),
)
WORK: Final = st.one_of(
    st.fixed_dictionaries({"steps": STEPS}),
    st.fixed_dictionaries(
        {"command": RUNS | st.fixed_dictionaries({"run": RUNS}, optional=AROUND)}
    ),
    st.fixed_dictionaries({"python": st.sampled_from(["a:b", "a.b_1.c:_run"])}),
)
INPUTS: Final = st.tuples(
    st.dictionaries(
        TEXTS.filter(lambda key: key not in {"workspace", "references"}), JSON_VALUES, max_size=3
    ),
    st.fixed_dictionaries(
        {}, optional={"workspace": LINES, "references": st.lists(ARGUMENTS, max_size=2)}
    ),
).map(lambda pair: {**pair[0], **pair[1]})
BUDGETS: Final = st.fixed_dictionaries(
    {},
    optional={
        "wall": DURATIONS,
        "cost": MONEY,
        **dict.fromkeys(("steps", "retries", "tool_calls", "tokens", "self", "pages_read"), COUNTS),
    },
)
REST: Final = st.fixed_dictionaries(
    {"name": NAMES},
    optional={
        "objective": TEXTS,
        "inputs": INPUTS,
        "expected_artifacts": st.lists(PLACES, max_size=2),
        "budget": BUDGETS,
        "checkpoints": st.fixed_dictionaries(
            {},
            optional={
                "min_interval": DURATIONS,
                "required": st.lists(st.sampled_from(KINDS), max_size=2),
            },
        ),
        "environment": st.lists(RULES, min_size=1, max_size=3),
        "acceptance": st.fixed_dictionaries({"checks": CHECKS}),
    },
)
DOCUMENTS: Final = st.tuples(REST, WORK).map(lambda pair: {**pair[0], **pair[1]})

JUNK: Final = st.sampled_from(
    [
        *(None, True, False, 0, 1, -1, 1.5, 10.0, 2**53, LARGEST),
        *("", " ", "x", "yes", "5m", "0", "0s", "1..2", "a\n", "\0", "../x", "/x", "a\\b", "a/.."),
        *(
            "plan",
            "os",
            "env:",
            "env:A",
            "file: ",
            "a:b",
            ":",
            "1m1h",
            "1.5h1m",
            "s",
            "é",
            "a" * 101,
        ),
        *("x" * 2001, "9007199254.740992", "9999999999", "0.0000001s"),
    ]
) | st.builds(
    copy.deepcopy, st.sampled_from([[], {}, [""], [[]], ["x", 1], {"a": 1}, {"run": "x"}])
)
KEYS: Final = st.sampled_from(
    [
        "name",
        "id",
        "run",
        "steps",
        "command",
        "python",
        "tokens",
        "token",
        "max_tokens",
        "tiemout",
        "A B",
    ]
)


@st.composite
def mistaken(
    draw: st.DrawFn, documents: st.SearchStrategy[dict[str, Any]] = DOCUMENTS
) -> dict[str, Any]:
    """Draw a document in which up to three values were replaced, added or taken away."""
    document: dict[str, Any] = copy.deepcopy(draw(documents))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(sorted(paths(document), key=repr)))
        target: Any = document
        for part in path[:-1]:
            target = target[part]
        way = draw(st.sampled_from(["replace", "replace", "remove", "add"]))
        if way == "add":
            holder = target[path[-1]]
            if isinstance(holder, dict):
                holder[draw(KEYS)] = draw(JUNK)
            elif isinstance(holder, list):
                holder.append(
                    draw(JUNK) if not holder or draw(st.booleans()) else copy.deepcopy(holder[0])
                )
        elif way == "remove":
            del target[path[-1]]
        else:
            target[path[-1]] = draw(JUNK)
        if not document:
            return document
    return document


def shell(text: str, **rest: Any) -> Command:  # noqa: ANN401  # as Command takes them
    """Return the command that is one line for the shell."""
    return Command(shell=text, **rest)


def paths(value: object, path: Path = ()) -> list[Path]:
    """Return the path of every value in a document but the document itself."""
    found: list[Path] = [path] if path else []
    if isinstance(value, dict):
        for key, member in value.items():
            found += paths(member, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += paths(item, (*path, index))
    return found


def json_bytes(document: Mapping[str, Any], indent: int | None = None) -> bytes:
    return json.dumps(document, indent=indent, ensure_ascii=False).encode()


def toml_bytes(document: Mapping[str, Any]) -> bytes:
    """Return a document without nulls as TOML, a line for each key at the top."""
    return "".join(f"{toml(key)} = {toml(value)}\n" for key, value in document.items()).encode()


def toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def holds_null(value: object) -> bool:
    if isinstance(value, dict | list):
        return any(map(holds_null, value.values() if isinstance(value, dict) else value))
    return value is None
