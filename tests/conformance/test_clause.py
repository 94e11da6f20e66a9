"""Clauses as values, and the list of them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Final

import attrs
import pytest

from wrkr_conformance import Clause, all_clauses
from wrkr_conformance.clause import clause
from wrkr_core.store import CAPABILITIES, StoreInfo

if TYPE_CHECKING:
    from wrkr_conformance import Site

CLAUSES: Final = all_clauses()
ARTICLES: Final = {
    *("A1", "A2", "A3", "A4", "A5", "C1", "C2", "D1", "E1", "F1", "F2", "N1", "N2", "R1", "R2"),
    *("S1", "T1", "T2", "X1", "close", "exchange", "info", "ledger", "model", "read", "streams"),
    "wait",
}


def test_every_clause_is_a_sentence_with_a_name_of_its_own() -> None:
    assert len({each.id for each in CLAUSES}) == len(CLAUSES)
    for each in CLAUSES:
        assert each.sentence.endswith("."), each.id
        assert each.needs | each.lacks <= CAPABILITIES


def test_every_article_of_the_contract_has_a_clause_that_must_be_kept() -> None:
    assert {each.article for each in CLAUSES if each.level == "must"} == ARTICLES


def test_every_optional_method_has_a_clause_for_stores_without_it() -> None:
    assert {name for each in CLAUSES for name in each.lacks} == {"trim", "wait"}


def test_the_order_of_clauses_is_that_of_the_chapters() -> None:
    assert (CLAUSES[0].id, CLAUSES[-1].id) == ("I1.1", "M1.1")
    assert all_clauses() == CLAUSES


def test_the_order_of_clauses_does_not_depend_on_which_chapter_was_imported_first() -> None:
    code = "from wrkr_conformance import all_clauses; print(*(each.id for each in all_clauses()))"

    told = [
        subprocess.run([sys.executable, "-c", f"{first}{code}"], capture_output=True, check=True)
        for first in ("", "import wrkr_conformance.clauses.waiting; ")
    ]

    assert told[0].stdout.split() == [each.id.encode() for each in CLAUSES]
    assert told[1].stdout == told[0].stdout


def keeps_quiet(site: Site) -> None: ...


keeps_quiet.__module__ = "wrkr_conformance.clauses.info"


@pytest.mark.parametrize(
    ("name", "needs"), [(CLAUSES[0].id, ()), ("Z9.1", ()), ("Z9.1", ("telepathy",))]
)
def test_a_clause_needs_a_new_name_a_sentence_and_known_capabilities(
    name: str, needs: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError, match=f"clause {name} is registered twice"):
        clause(name, "Z9", needs=needs)(keeps_quiet)

    assert all_clauses() == CLAUSES


def test_only_the_suite_itself_defines_clauses() -> None:
    def mine(site: Site) -> None:
        """It is mine."""

    with pytest.raises(ValueError, match=r"clause Z9\.1 is defined in tests\.conformance"):
        clause("Z9.1", "Z9")(mine)

    assert all_clauses() == CLAUSES


def test_a_clause_can_be_written_as_json() -> None:
    (trimmed,) = [each for each in CLAUSES if each.id == "T2.3"]

    assert trimmed.view() == {
        "id": "T2.3",
        "article": "T2",
        "level": "must",
        "sentence": trimmed.sentence,
        "needs": ["trim"],
        "lacks": [],
        "outlives": True,
    }


PLAIN: Final = attrs.evolve(CLAUSES[0], needs=frozenset(), lacks=frozenset(), outlives=False)


@pytest.mark.parametrize(
    ("plain", "why"),
    [
        (attrs.evolve(PLAIN, needs=frozenset({"trim"})), "the store does not declare trim"),
        (attrs.evolve(PLAIN, lacks=frozenset({"wait"})), "the store declares wait"),
        (attrs.evolve(PLAIN, outlives=True), "the store's durability is none"),
        (PLAIN, ""),
    ],
)
def test_a_clause_tells_why_it_says_nothing_about_a_store(plain: Clause, why: str) -> None:
    info = StoreInfo("s", "0", frozenset({"wait"}), "none")

    assert plain.why_not(info) == why
