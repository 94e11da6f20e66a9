"""What is said of a bad store: how it is opened, what is wrong with it, which clause names that."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import attrs

from wrkr_core.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wrkr_core.store import Store


@attrs.frozen
class Bad:
    """A wrong store.

    Attributes:
        kind: Its class.
        clause: The clause that is about its fault.
        fault: What its author did, for people.

    """

    kind: Callable[..., Store]
    clause: str
    fault: str

    @property
    def name(self) -> str:
        """Return what tests and tables call it."""
        return f"{self.title}-{self.clause}"

    @property
    def title(self) -> str:
        """Return the name of its class."""
        return self.kind.__name__

    @property
    def factory(self) -> Callable[[Path], Store]:
        """Return what opens it, in this process or another."""
        return Opener(self.kind)


@attrs.frozen
class Opener:
    """Opens a store of a class in a folder; one in memory under the folder's name."""

    kind: Callable[..., Store]

    def __call__(self, directory: Path) -> Store:
        """Return a handle."""
        in_memory = isinstance(self.kind, type) and issubclass(self.kind, MemoryStore)
        return self.kind(str(directory) if in_memory else directory)


def pause() -> None:
    """Let other threads in between, so that a race that may be lost is lost."""
    threading.Event().wait(0.002)
