"""What a job may use, and what it has used.

A *meter* counts one thing in one unit: ``wall`` microseconds of running time, ``cost`` micro-USD,
``steps``, ``retries``, ``tool_calls``, ``tokens`` and any meter of one's own as plain counts. A
charge known before the act is *reserved*: refused unless spent + open + amount <= limit. So a limit
is passed only by an actual that was larger than its reservation, or was never reserved; such an
overrun is recorded and stops the job.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from wrkr_core.errors import InvalidInputError
from wrkr_core.instants import about_text, duration_text, money_text, parse_duration, parse_money

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

BUILT_IN_METERS: Final = ("wall", "steps", "retries", "tool_calls", "tokens", "cost")
LARGEST: Final = 2**53 - 1
METER_NAME: Final = r"[a-z][a-z0-9_]{0,31}"


def check_meter(name: str) -> str:
    """Return ``name`` if it can name a meter. Raises: InvalidInputError."""
    if not re.fullmatch(METER_NAME, name):
        raise InvalidInputError(
            f"{name!r} cannot name a meter",
            hint="use lower-case letters, digits and _, at most 32, starting with a letter",
        )
    return name


class Amount(msgspec.Struct, frozen=True, kw_only=True):
    """So much of one meter, in the meter's unit, never negative."""

    meter: str
    amount: int

    def __post_init__(self) -> None:
        """Refuse what cannot be an amount (by hand: this is made for every step)."""
        if type(self.amount) is not int or not 0 <= self.amount <= LARGEST:
            raise ValueError(f"an amount of {self.meter} is {self.amount}; allowed: 0 to 2^53 - 1")


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    """Amounts set aside before the act; ``id`` names them when they are settled."""

    id: str
    amounts: tuple[Amount, ...]


class Overrun(msgspec.Struct, frozen=True, kw_only=True):
    """A meter that is over, or would be: ``used`` (+ ``wanted``) against ``limit``."""

    meter: str
    used: int
    wanted: int
    limit: int


def amounts(
    *, wall: str | int | None = None, cost: str | int | None = None, **counts: int | None
) -> tuple[Amount, ...]:
    """Return what the keywords say, by meter name.

    ``wall`` is a duration ("2h", or whole seconds), ``cost`` US dollars as decimal text ("0.012", or
    whole dollars), every other keyword a count of the meter it names.

    Raises:
        InvalidInputError: A value is negative, a float, or not readable.

    """
    given: dict[str, int] = {}
    if wall is not None:
        given["wall"] = duration(wall)
    if cost is not None:
        given["cost"] = parse_money(_text("cost", cost))
    for meter, count in counts.items():
        if count is None:
            continue
        if type(count) is not int or not 0 <= count <= LARGEST:
            raise InvalidInputError(f"{meter} is {count!r}; it must be a whole number from 0 up")
        given[check_meter(meter)] = count
    return tuple(Amount(meter=meter, amount=given[meter]) for meter in sorted(given))


def duration(value: str | int) -> int:
    """Return a duration in µs from text like "30s", or from whole seconds.

    Raises: InvalidInputError.
    """
    return parse_duration(_text("a duration", value))


def _text(what: str, value: str | int) -> str:
    if type(value) is int or type(value) is str:
        return str(value)
    raise InvalidInputError(f"{what} is {value!r}; write it as text, for instance '2h' or '0.012'")


@dataclass(init=False, frozen=True, slots=True)
class Budget:
    """The limits of a job; a meter without a limit is counted but never refused."""

    limits: tuple[Amount, ...] = ()

    def __init__(
        self,
        /,
        *,
        wall: str | int | None = None,
        steps: int | None = None,
        retries: int | None = None,
        tool_calls: int | None = None,
        tokens: int | None = None,
        cost: str | int | None = None,
        **meters: int,
    ) -> None:
        """Set limits: ``wall`` a duration, ``cost`` US dollars, all else counts (see ``amounts``)."""
        limits = amounts(
            wall=wall,
            cost=cost,
            steps=steps,
            retries=retries,
            tool_calls=tool_calls,
            tokens=tokens,
            **meters,
        )
        object.__setattr__(self, "limits", limits)

    @classmethod
    def of(cls, limits: Iterable[Amount]) -> Budget:
        """Return the budget with these limits."""
        budget = cls()
        object.__setattr__(budget, "limits", tuple(sorted(limits, key=lambda each: each.meter)))
        return budget


def refused(
    limits: Mapping[str, int],
    spent: Mapping[str, int],
    reserved: Mapping[str, int],
    wanted: Iterable[Amount],
) -> tuple[Overrun, ...]:
    """Return the meters on which ``wanted`` does not fit; empty when all of it does.

    Amounts of one meter count together.
    """
    totals: dict[str, int] = {}
    for each in wanted:
        totals[each.meter] = totals.get(each.meter, 0) + each.amount
    found: list[Overrun] = []
    for meter, amount in totals.items():
        used = spent.get(meter, 0) + reserved.get(meter, 0)
        if meter in limits and used + amount > limits[meter]:
            found.append(Overrun(meter=meter, used=used, wanted=amount, limit=limits[meter]))
    return tuple(found)


def overruns(
    limits: Mapping[str, int], spent: Mapping[str, int], reserved: Mapping[str, int]
) -> tuple[Overrun, ...]:
    """Return the meters that are over their limit as things stand.

    Running time is over when it is used up: any further step would take some.
    """
    over: list[Overrun] = []
    for meter in sorted(limits):
        used = spent.get(meter, 0) + reserved.get(meter, 0)
        if used > limits[meter] or (meter == "wall" and used == limits[meter]):
            over.append(Overrun(meter=meter, used=used, wanted=0, limit=limits[meter]))
    return tuple(over)


def amount_text(meter: str, amount: int) -> str:
    """Return an amount as people read it: a duration, dollars, or the count."""
    if meter == "wall":
        return duration_text(amount)
    return f"{money_text(amount)} USD" if meter == "cost" else str(amount)


def spent_text(meter: str, amount: int) -> str:
    """Return what was spent as ``amount_text`` does, running time no finer than it is of use."""
    return about_text(amount) if meter == "wall" else amount_text(meter, amount)


def overrun_text(over: Iterable[Overrun]) -> str:
    """Return one sentence part per meter: ``steps: 2 used, 1 more wanted, limit 2``."""
    parts: list[str] = []
    for each in over:
        wanted = f", {amount_text(each.meter, each.wanted)} more wanted" if each.wanted else ""
        used, limit = amount_text(each.meter, each.used), amount_text(each.meter, each.limit)
        parts.append(f"{each.meter}: {used} used{wanted}, limit {limit}")
    return "; ".join(parts)
