"""A clause of the engine profile: a sentence, and the function that finds out whether it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_conformance.engine.bench import Bench

    Check = Callable[[Bench], None]

Level = Literal["must", "should"]
CHAPTERS: Final = f"{__package__}.clauses."


@attrs.frozen(kw_only=True)
class EngineClause:
    """One testable sentence about a command line.

    Attributes:
        id: Its name, such as ``L3.1``; never reused for another sentence.
        article: The paragraph it belongs to, such as ``L3``.
        sentence: What is true of an engine that keeps it.
        level: A compatible engine keeps every ``must``; ``should`` is advice.
        check: Returns if the engine keeps it. Raises: anything else means that it does not.

    """

    id: str
    article: str
    sentence: str
    level: Level
    check: Check

    def view(self) -> dict[str, object]:
        """Return the clause as JSON values."""
        return {
            "id": self.id,
            "article": self.article,
            "level": self.level,
            "sentence": self.sentence,
        }


_registered: dict[str, EngineClause] = {}


def engine_clause(name: str, *, level: Level = "must") -> Callable[[Check], Check]:
    """Register a function as the clause ``name``; the first line of its docstring is the sentence.

    Raises: ValueError for a name that is taken, a sentence that is missing, and a function from
    elsewhere: which clauses there are is the suite's to say.
    """

    def register(check: Check) -> Check:
        if not check.__module__.startswith(CHAPTERS):
            raise ValueError(f"clause {name} is defined in {check.__module__}, not in the suite")
        sentence = (check.__doc__ or "").strip().partition("\n")[0]
        if name in _registered or not sentence:
            raise ValueError(f"clause {name} is registered twice or says nothing")
        _registered[name] = EngineClause(
            id=name,
            article=name.partition(".")[0],
            sentence=sentence,
            level=level,
            check=check,
        )
        return check

    return register


def registered() -> tuple[EngineClause, ...]:
    """Return every clause registered so far, in the order of their files."""
    return tuple(_registered.values())
