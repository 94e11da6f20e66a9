"""The contract's page holds all of the contract, and the guide's own code does what it says."""

from __future__ import annotations

import importlib.util
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

import pytest

from wrkr_conformance import Target, all_clauses, check
from wrkr_conformance.command_line import parser
from wrkr_core import errors
from wrkr_core.errors import StoreError
from wrkr_core.store import CAPABILITIES, KEY_BYTES, NAME_BYTES, PROTOCOL, Durability, Store

if TYPE_CHECKING:
    from types import ModuleType

ROOT: Final = Path(__file__).resolve().parents[2]
DOCS: Final = ROOT / "docs"
CONTRACT: Final = (DOCS / "contracts" / "store.md").read_text("utf-8")
GUIDE: Final = (DOCS / "how-to" / "write-a-store.md").read_text("utf-8")
METHODS: Final = [
    name for name, each in vars(Store).items() if inspect.isfunction(each) and name[0] != "_"
]


def module(path: Path) -> ModuleType:
    """Load a module that is in no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def signature(method: object) -> str:
    """Return the signature as a reader sees it, without types of arguments."""
    assert callable(method)
    found = inspect.signature(method)
    plain = [each.replace(annotation=inspect.Parameter.empty) for each in found.parameters.values()]
    told = str(found.replace(parameters=plain[1:], return_annotation=inspect.Signature.empty))
    return f"{told} -> {found.return_annotation}".replace("'", '"')


def first_cells(page: str, heading: str) -> list[str]:
    """Return the first cell of each row of the first table behind a heading."""
    behind = page.partition(f"\n{heading}\n")[2]
    table = re.search(r"^\|[^\n]*\n\|[-|]+\n((?:\|[^\n]*\n)+)", behind, re.MULTILINE)
    assert table is not None, heading
    return [row.split("|")[1].strip() for row in table[1].splitlines()]


def test_every_clause_of_the_suite_stands_on_the_page_in_its_order() -> None:
    rows = re.findall(r"^\| ([A-Z]\d+\.\d+) \| (\w+) \|", CONTRACT, re.MULTILINE)

    assert rows == [(clause.id, clause.level) for clause in all_clauses()]
    assert all(clause.sentence.replace("|", "\\|") in CONTRACT for clause in all_clauses())


def test_the_articles_are_those_that_the_clauses_belong_to() -> None:
    named = {clause.article for clause in all_clauses() if re.match(r"[A-Z]\d", clause.article)}

    assert set(first_cells(CONTRACT, "## Articles")) == named


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_explained_under_its_signature(name: str) -> None:
    assert f"### `{name}{signature(getattr(Store, name))}`\n" in CONTRACT


def test_every_capability_and_durability_is_explained() -> None:
    page = CONTRACT.partition("### What a store declares\n")[2]
    capabilities = page.partition("`info.capabilities`")[2]

    assert PROTOCOL in page
    assert first_cells(f"\n{page}", "") == [f"`{name}`" for name in get_args(Durability)]
    assert set(first_cells(f"\n{capabilities}", "")) == {f"`{name}`" for name in CAPABILITIES}


def test_every_error_of_a_store_is_explained_once() -> None:
    classes = {
        each.__name__
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, StoreError) and each is not StoreError
    }

    rows = [cell.strip("`").partition("(")[0] for cell in first_cells(CONTRACT, "## Errors")]

    assert sorted(rows) == sorted(classes)


def test_the_sizes_of_names_and_keys_are_those_that_are_checked() -> None:
    assert f"| stream name | 1 to {NAME_BYTES} bytes" in CONTRACT
    assert f"| cell key | 1 to {KEY_BYTES} bytes" in CONTRACT


@pytest.mark.parametrize("name", METHODS)
def test_the_skeleton_has_every_method_as_the_contract_has_it(name: str) -> None:
    skeleton = module(DOCS / "how-to" / "store_skeleton.py").MyStore

    assert signature(getattr(skeleton, name)) == signature(getattr(Store, name))


def test_the_skeleton_describes_itself_and_is_otherwise_incompatible(tmp_path: Path) -> None:
    skeleton = module(DOCS / "how-to" / "store_skeleton.py")
    assert isinstance(skeleton.open_in(tmp_path), Store)

    report = check(Target.from_factory(skeleton.open_in), only=("info", "A1"))

    assert report.verdict == "incompatible"
    assert {out.clause.id for out in report.passed} == {"I1.1", "I1.2", "I1.3"}
    assert {out.clause.article for out in report.failed} == {"A1"}


def test_the_store_with_a_fault_has_just_the_fault_that_the_guide_shows() -> None:
    store = module(DOCS / "how-to" / "store_with_a_fault.py")

    report = check(Target.from_factory(store.open_in), only=("A1", "A2", "A3", "read", "T1"))

    assert "P1.1" in {out.clause.id for out in report.failed}
    assert {out.clause.article for out in report.failed} == {"read"}
    assert "came      ['r1', 'r2']" in GUIDE


def test_the_guide_asks_only_for_clauses_and_options_that_there_are() -> None:
    known = {name for clause in all_clauses() for name in (clause.id, clause.article)}
    asked = set(re.findall(r"--only ([\w.]+)", GUIDE.partition("## Run the suite")[0]))
    offered = {name for action in parser()._actions for name in action.option_strings}
    named = re.findall(r"^\| `(--\w+)[^`]*` \| `(--wrkr-\w+)", GUIDE, re.MULTILINE)
    described = subprocess.run(
        [sys.executable, "-m", "pytest", "--help", "-p", "wrkr_conformance.plugin"],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'conformance'}"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert len(asked) > 10
    assert asked <= known
    assert len(named) == 8
    assert {ours for ours, _theirs in named} <= offered
    assert [theirs for _ours, theirs in named if theirs not in described] == []


def test_a_page_without_the_marks_of_a_part_is_refused() -> None:
    generate = module(DOCS / "generate.py")

    with pytest.raises(ValueError, match="no part 'clauses'"):
        generate.with_part("# A page\n", "clauses", "| made |\n")


def test_a_part_replaces_what_stood_between_its_marks_and_nothing_else() -> None:
    generate = module(DOCS / "generate.py")
    begin, end = "<!-- x: made by docs/generate.py -->\n", "<!-- end of x -->\n"

    once = generate.with_part(f"before\n{begin}old\n{end}after\n", "x", "new\n")

    assert once == f"before\n{begin}\nnew\n\n{end}after\n"
    assert generate.with_part(once, "x", "new\n") == once
