"""Commands tried one after the other, at random but not blindly, and the logs that come of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

from tests.actors import World
from tests.commands import COMMANDS
from wrkr_core.errors import WrkrError

if TYPE_CHECKING:
    from tests.actors import Events, Worker
    from tests.histories import Journal

ANY: Final = tuple(COMMANDS)
# What somebody would do next in each status, so that long histories come about too.
LIKELY: Final[dict[str, tuple[str, ...]]] = {
    "queued": ("take", "take", "take", "retake", "ask", "advance"),
    "running": (
        *("start", "finish", "reserve", "settle") * 3,
        *("start", "fail", "charge", "settle_above", "ask", "ask", "ask", "block_on_decisions"),
        *(
            "checkpoint",
            "check_budget",
            "pause",
            "sleep",
            "release",
            "take",
            "advance",
            "beat",
            "die",
        ),
    ),
    "paused": ("resume", "resume", "finish", "settle_above", "ask", "release"),
    "blocked_decision": ("approve", "approve", "refuse", "refuse", "ask", "ask", "ask", "release"),
    "blocked_budget": ("raise_limit", "raise_limit", "resume", "settle", "release"),
    "blocked_error": ("resume", "resume", "accept_environment", "release"),
    "completed": ANY,
    "canceled": ANY,
}
NUMBERS: Final = 41
WORKERS: Final = 12


def act(world: World, command: str, who: Worker, number: int) -> Events | WrkrError:
    """Try a command; return what was recorded, or why it was refused.

    Raises: MoveNotAllowedError: it was decided, but cannot be folded.
    """
    try:
        events = COMMANDS[command][0](world, who, number)
    except WrkrError as error:
        return error
    world.append(who, events)
    return events


def likely(world: World, number: int) -> str:
    """Return a command that makes sense in the job's status."""
    names = LIKELY[world.state.status]
    return names[number % len(names)]


def run(numbers: list[int]) -> Journal:
    """Return the log after commands named by numbers, every third one out of the blue."""
    world = World()
    for number in numbers:
        rest, choice = divmod(number, 3 * len(ANY) * 27)
        worker, amount = divmod(rest, NUMBERS)
        chosen, blind = divmod(choice, 3)
        command = ANY[chosen % len(ANY)] if blind == 0 else likely(world, chosen)
        act(world, command, world.who(worker % WORKERS), amount)
    return world.journal


HISTORIES: Final = st.lists(
    st.integers(0, 3 * len(ANY) * 27 * NUMBERS * WORKERS - 1), max_size=60
).map(run)
"""Logs that came about by commands."""
