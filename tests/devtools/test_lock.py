"""A lock becomes a complete list for pip, each package under the markers that lead to it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.errors import SetupError
from devtools.lock import requirements

WINDOWS = "sys_platform == 'win32'"
OLD = "python_full_version < '3.12'"
NEW = "python_full_version >= '3.12'"


def package(name: str, *needs: dict[str, Any], version: str = "1", **more: Any) -> dict[str, Any]:  # noqa: ANN401  # any field of a lock
    wheel = {"hash": f"sha256:{name}{version}"}
    return {"name": name, "version": version, "dependencies": needs, "wheels": [wheel], **more}


def project(*needs: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401  # any field of a lock
    return {"name": "wrkr", "source": {"editable": "."}, "dependencies": needs, **more}


def edge(name: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401  # any field of a lock
    return {"name": name, **more}


def test_what_a_package_needs_is_listed_with_it() -> None:
    lock = {"package": [project(edge("a")), package("a", edge("b")), package("b"), package("c")]}

    assert requirements(lock) == ["a==1 --hash=sha256:a1", "b==1 --hash=sha256:b1"]


def test_extras_and_groups_are_listed_only_when_asked_for() -> None:
    lock = {
        "package": [
            project(
                **{
                    "optional-dependencies": {"cli": [edge("a")]},
                    "dev-dependencies": {"test": [edge("b")]},
                }
            ),
            package("a"),
            package("b"),
        ]
    }

    assert requirements(lock) == []
    assert requirements(lock, extras=["cli"]) == ["a==1 --hash=sha256:a1"]
    assert requirements(lock, groups=["test"]) == ["b==1 --hash=sha256:b1"]


def test_an_extra_of_a_dependency_brings_what_it_adds() -> None:
    more: dict[str, Any] = {"optional-dependencies": {"node": [edge("b")]}}
    lock = {"package": [project(edge("a", extra=["node"])), package("a", **more), package("b")]}

    assert [line.split()[0] for line in requirements(lock)] == ["a==1", "b==1"]


def test_a_marker_on_the_way_holds_for_all_behind_it() -> None:
    lock = {
        "package": [
            project(edge("a", marker=WINDOWS)),
            package("a", edge("b", marker=OLD)),
            package("b"),
        ]
    }

    assert requirements(lock)[1] == f"b==1 ; (({OLD}) and ({WINDOWS})) --hash=sha256:b1"


def test_a_way_without_markers_lifts_the_markers_of_others() -> None:
    lock = {
        "package": [
            project(edge("a"), edge("b", marker=OLD)),
            package("a", edge("b")),
            package("b"),
        ]
    }

    assert requirements(lock)[1] == "b==1 --hash=sha256:b1"


def test_two_versions_of_a_package_keep_their_markers() -> None:
    lock = {
        "package": [
            project(edge("a", version="1", marker=OLD), edge("a", version="2", marker=NEW)),
            package("a"),
            package("a", version="2"),
        ]
    }

    assert [line.split(" --")[0] for line in requirements(lock)] == [
        f"a==1 ; (({OLD}))",
        f"a==2 ; (({NEW}))",
    ]


@pytest.mark.parametrize("wanted", [{"extras": ["x"]}, {"groups": ["x"]}])
def test_an_unknown_extra_or_group_is_refused_by_name(wanted: dict[str, list[str]]) -> None:
    with pytest.raises(SetupError, match="'x'") as caught:
        requirements({"package": [project()]}, **wanted)

    assert "dev.py lock" in caught.value.hint


def test_a_lock_of_another_project_is_refused() -> None:
    with pytest.raises(SetupError, match="has no package 'wrkr'"):
        requirements({"package": [package("a")]})


def test_a_lock_with_a_hole_is_refused() -> None:
    with pytest.raises(SetupError, match="needs 'a' but does not hold it"):
        requirements({"package": [project(edge("a"))]})


NAMES = st.sampled_from("abcdef")
EDGES = st.lists(st.tuples(NAMES, NAMES, st.booleans()), max_size=12)


@given(st.lists(st.tuples(NAMES, st.booleans()), max_size=4), EDGES)
def test_a_package_is_unconditional_exactly_when_some_way_to_it_is(
    roots: list[tuple[str, bool]], edges: list[tuple[str, str, bool]]
) -> None:
    def linked(name: str, marked: bool) -> dict[str, Any]:  # noqa: FBT001  # one drawn value
        return edge(name, marker=OLD) if marked else edge(name)

    lock = {
        "package": [
            project(*(linked(name, marked) for name, marked in roots)),
            *(
                package(name, *(linked(to, marked) for of, to, marked in edges if of == name))
                for name in "abcdef"
            ),
        ]
    }

    listed = {line[0]: " ; " in line for line in requirements(lock)}

    reached = closure({name for name, _ in roots}, {(of, to) for of, to, _ in edges})
    free = closure(
        {name for name, marked in roots if not marked},
        {(of, to) for of, to, marked in edges if not marked},
    )
    assert set(listed) == reached
    assert {name for name, conditional in listed.items() if not conditional} == free


def closure(start: set[str], edges: set[tuple[str, str]]) -> set[str]:
    reached = set(start)
    while more := {to for of, to in edges if of in reached} - reached:
        reached |= more
    return reached


def test_the_lock_of_this_project_gives_a_pinned_and_hashed_list_for_every_task() -> None:
    lock = tomllib.loads((Path(__file__).resolve().parents[2] / "uv.lock").read_text("utf-8"))
    groups = ["build", "test", "lint", "docs", "lock"]

    small = requirements(lock, extras=["cli"], groups=["build"])
    large = requirements(lock, extras=["cli", "conformance"], groups=groups)

    assert {line.split("==")[0] for line in small} >= {"attrs", "click", "psutil", "hatchling"}
    assert set(small) < set(large)
    assert all("==" in line and "--hash=sha256:" in line for line in large)
