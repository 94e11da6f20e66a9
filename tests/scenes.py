"""Scenes for code that awaits: a world, an awaiting ledger on its store, and an event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from tests.worlds import World
from wrkr_core.aio import AsyncLedger
from wrkr_core.spec import JobSpec

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from wrkr_core.store import Store

SPEC: Final = JobSpec(name="think")


class Scene:
    """A world and an awaiting ledger on its store, by the real clock."""

    def __init__(self, store: Store | None = None) -> None:
        self.world = World(store)
        self.ledger = AsyncLedger(self.world.store, actor="ann")

    def spent(self, job_id: str) -> dict[str, int]:
        return self.world.spent(job_id)


def play(scenario: Callable[[Scene], Awaitable[None]], store: Store | None = None) -> Scene:
    """Run a scenario in an event loop of its own."""
    scene = Scene(store)
    asyncio.run(run_in(scene, scenario))
    return scene


async def run_in(scene: Scene, scenario: Callable[[Scene], Awaitable[None]]) -> None:
    async with scene.ledger:
        await scenario(scene)


async def double(value: int) -> int:
    await asyncio.sleep(0)
    return 2 * value


async def forever() -> None:
    await asyncio.Event().wait()
