"""Running what blocks in threads, for code that awaits, and never abandoning it half done."""

from __future__ import annotations

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

T = TypeVar("T")


class Threads:
    """Runs blocking calls in threads, each to its end even if the task that waits is cancelled."""

    def __init__(self, most: int) -> None:
        """Use at most so many threads."""
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="wrkr-async")

    async def run(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:  # noqa: ANN401  # whatever it takes
        """Return ``function(*args, **kwargs)``, run in a thread with this task's context."""
        call = partial(contextvars.copy_context().run, partial(function, *args, **kwargs))
        future = asyncio.get_running_loop().run_in_executor(self._pool, call)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await _settled(future)
            raise

    async def enter(self, manager: AbstractContextManager[T]) -> T:
        """Enter a context in a thread; a task cancelled meanwhile leaves it again before it ends."""
        call = partial(contextvars.copy_context().run, manager.__enter__)
        future = asyncio.get_running_loop().run_in_executor(self._pool, call)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError as error:
            await _settled(future)
            if not future.cancelled() and future.exception() is None:
                with suppress(asyncio.CancelledError):
                    await self.run(manager.__exit__, type(error), error, error.__traceback__)
            raise

    def close(self) -> None:
        """Wait for what is under way and end the threads."""
        self._pool.shutdown(wait=True)


async def _settled(future: asyncio.Future[Any]) -> None:
    """Wait until ``future`` has an outcome, however often this task is cancelled meanwhile."""
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError:
            continue
    if not future.cancelled():
        future.exception()  # seen: the cancellation is what the caller gets
