"""A clause of the engine profile: registered once, by the suite alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wrkr_conformance.engine import all_engine_clauses, clause_table
from wrkr_conformance.engine.clause import CHAPTERS, engine_clause

if TYPE_CHECKING:
    from wrkr_conformance.engine.bench import Bench


def test_every_clause_says_a_sentence_of_its_own() -> None:
    clauses = all_engine_clauses()

    assert len(clauses) > 70
    assert len({clause.id for clause in clauses}) == len(clauses)
    assert len({clause.sentence for clause in clauses}) == len(clauses)
    for clause in clauses:
        assert clause.sentence.endswith("."), clause.id
        assert clause.id.startswith(f"{clause.article}.")


def test_the_clauses_of_an_article_are_numbered_without_gaps() -> None:
    articles: dict[str, list[int]] = {}
    for clause in all_engine_clauses():
        articles.setdefault(clause.article, []).append(int(clause.id.partition(".")[2]))

    assert list(articles) == [f"L{number}" for number in range(1, 11)]
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in articles.values())


def test_asking_again_registers_nothing_again() -> None:
    assert all_engine_clauses() == all_engine_clauses()


def test_a_clause_has_a_view() -> None:
    clause = all_engine_clauses()[0]

    assert clause.view() == {
        "id": "L1.1",
        "article": "L1",
        "level": "must",
        "sentence": clause.sentence,
    }
    assert f"| L1.1 | must | {clause.sentence} |" in clause_table().split("\n")


def is_kept(_bench: Bench) -> None:
    """It is kept."""


def test_nobody_adds_a_clause_from_elsewhere() -> None:
    with pytest.raises(ValueError, match="not in the suite"):
        engine_clause("L99.1")(is_kept)


@pytest.mark.parametrize(("name", "sentence"), [("L1.1", "Once more."), ("L99.1", "")])
def test_a_clause_is_registered_once_and_says_something(
    name: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_engine_clauses()

    def check(_bench: Bench) -> None:
        pass

    monkeypatch.setattr(check, "__module__", f"{CHAPTERS}answers")
    monkeypatch.setattr(check, "__doc__", sentence)

    with pytest.raises(ValueError, match="registered twice or says nothing"):
        engine_clause(name)(check)
