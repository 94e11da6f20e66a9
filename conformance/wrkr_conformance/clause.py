"""A clause: a sentence of the contract and the function that finds out whether a store keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import attrs

from wrkr_core.store import CAPABILITIES

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_conformance.target import Site
    from wrkr_core.store import StoreInfo

    Check = Callable[[Site], None]

CHAPTERS: Final = f"{__package__}.clauses."
Level = Literal["must", "should"]


@attrs.frozen(kw_only=True)
class Clause:
    """One testable sentence.

    Attributes:
        id: Its name, such as ``A2.1``; never reused for another sentence.
        article: The paragraph of the contract it belongs to, such as ``A2``.
        sentence: What is true of a store that keeps it.
        level: A compatible store keeps every ``must``; ``should`` is advice.
        needs: Capabilities without which the sentence says nothing about a store.
        lacks: Capabilities with which it says nothing.
        outlives: It says something only about stores whose data outlives the process.
        check: Returns if the store keeps it. Raises: anything else means that it does not.

    """

    id: str
    article: str
    sentence: str
    level: Level
    needs: frozenset[str]
    lacks: frozenset[str]
    outlives: bool
    check: Check

    def view(self) -> dict[str, object]:
        """Return the clause as JSON values."""
        return {
            "id": self.id,
            "article": self.article,
            "level": self.level,
            "sentence": self.sentence,
            "needs": sorted(self.needs),
            "lacks": sorted(self.lacks),
            "outlives": self.outlives,
        }

    def why_not(self, info: StoreInfo) -> str:
        """Return why the clause says nothing about such a store, empty if it does."""
        if missing := self.needs - info.capabilities:
            return f"the store does not declare {', '.join(sorted(missing))}"
        if declared := self.lacks & info.capabilities:
            return f"the store declares {', '.join(sorted(declared))}"
        if self.outlives and info.durability == "none":
            return "the store's durability is none"
        return ""


_registered: dict[str, Clause] = {}


def clause(
    name: str,
    article: str,
    *,
    level: Level = "must",
    needs: tuple[str, ...] = (),
    lacks: tuple[str, ...] = (),
    outlives: bool = False,
) -> Callable[[Check], Check]:
    """Register a function as the clause ``name``; the first line of its docstring is the sentence.

    Raises: ValueError for a name that is taken, a sentence that is missing, an unknown capability,
    and for a function from elsewhere: which clauses there are is the suite's to say.
    """

    def register(check: Check) -> Check:
        if not check.__module__.startswith(CHAPTERS):
            raise ValueError(f"clause {name} is defined in {check.__module__}, not in the suite")
        sentence = (check.__doc__ or "").strip().partition("\n")[0]
        if name in _registered or not sentence or not {*needs, *lacks} <= CAPABILITIES:
            raise ValueError(
                f"clause {name} is registered twice, says nothing or needs the unknown"
            )
        _registered[name] = Clause(
            id=name,
            article=article,
            sentence=sentence,
            level=level,
            needs=frozenset(needs),
            lacks=frozenset(lacks),
            outlives=outlives,
            check=check,
        )
        return check

    return register


def registered() -> tuple[Clause, ...]:
    """Return every clause registered so far, in the order of their files."""
    return tuple(_registered.values())
