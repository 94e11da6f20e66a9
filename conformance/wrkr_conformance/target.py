"""What is tested: how to get a fresh store, and how to open handles on it."""

from __future__ import annotations

import pickle
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

import attrs

from wrkr_conformance.expect import NotRun
from wrkr_core.finding import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from wrkr_conformance.call_log import CallLog, Reproduction
    from wrkr_core.store import Store

    Factory = Callable[[Path], Store]

DIRECTORY = "{directory}"
NAME = "{name}"
UNPICKLABLE = (pickle.PicklingError, AttributeError, TypeError)


@attrs.frozen(kw_only=True)
class Target:
    """A kind of store: ``opener`` opens a handle on the one store that belongs to a folder.

    Every clause gets an empty folder of its own, and with it a store of its own. Opening the same
    folder again, here or in another process, must give another handle on the same store.

    Attributes:
        name: What reports call it.
        opener: A function of the folder, or a store URL with ``{directory}`` (the folder's absolute
            path) or ``{name}`` (a text unique to the folder) in it.
        spec: What names it on a command line: the URL, or ``module:function``; empty for a
            function that belongs to no module.
        log: Where the calls on its handles are recorded, None if they are not.

    """

    name: str
    opener: str | Factory
    spec: str = ""
    log: CallLog | None = attrs.field(default=None, eq=False)

    @classmethod
    def from_url(cls, template: str) -> Target:
        """Return the target behind a URL, such as ``sqlite:///{directory}/wrkr.db``.

        Raises: ValueError if the URL would name the same store for every folder.
        """
        if DIRECTORY not in template and NAME not in template:
            raise ValueError(
                f"{template!r} must hold {DIRECTORY} or {NAME}: each clause needs a store"
            )
        return cls(name=template, opener=template, spec=template)

    @classmethod
    def from_factory(cls, factory: Factory) -> Target:
        """Return the target behind a function of a folder.

        Clauses that start processes need one that can be pickled: a function of a module.
        """
        spec = _place_of(factory)
        name = spec or str(getattr(factory, "__qualname__", repr(factory)))
        return cls(name=name, opener=factory, spec=spec)

    @classmethod
    def of(cls, what: Target | str | Factory) -> Target:
        """Return the target for a target, a URL template or a factory."""
        if isinstance(what, Target):
            return what
        return cls.from_url(what) if isinstance(what, str) else cls.from_factory(what)

    def open(self, directory: Path) -> Store:
        """Return a new handle on the store of ``directory``."""
        if isinstance(self.opener, str):
            url = self.opener.replace(DIRECTORY, str(directory)).replace(NAME, directory.name)
            handle = open_store(url)
        else:
            handle = self.opener(directory)
        return self.log.logged(handle) if self.log is not None else handle

    def recorded(self, log: CallLog | None) -> Target:
        """Return the same target whose calls are recorded in ``log``; with None, not recorded."""
        return attrs.evolve(self, log=log)

    def needs_script(self) -> bool:
        """Tell whether another process must import the program's main script to open the store."""
        try:
            return b"__main__" in pickle.dumps(self.recorded(None))
        except UNPICKLABLE:
            return False

    def script(self) -> Reproduction:
        """Return the recorded calls as lines to paste. Raises: ValueError if none are recorded."""
        if self.log is None:
            raise ValueError(f"the calls on {self.name} are not recorded")
        if isinstance(self.opener, str):
            return self.log.script("", repr(self.opener))
        module, _, path = self.spec.partition(":")
        if not module:
            return self.log.script("# factory is the function that was tested", "factory")
        return self.log.script(f"from {module} import {path.partition('.')[0]}", path)

    @contextmanager
    def fresh(self, *, quick: bool = True, seed: int = 0) -> Generator[Site]:
        """Give a new store; its handles are closed and its folder is removed in the end.

        The folder has a name that no other has, for stores that are kept elsewhere and named by it.
        """
        with tempfile.TemporaryDirectory(prefix="wrkr-", ignore_cleanup_errors=True) as outer:
            directory = Path(outer).resolve() / Path(outer).name
            directory.mkdir()
            if self.log is not None:
                self.log.restart()
            with Site(target=self, directory=directory, quick=quick, seed=seed) as site:
                yield site


class Site:
    """One fresh store, the handles opened on it, and how thorough to be with it.

    Attributes:
        target: How the store is opened.
        directory: The store's folder; nothing else is in the folder around it.
        quick: True for a run of seconds, False for a run of minutes.
        seed: Decides every random choice.

    """

    def __init__(
        self, *, target: Target, directory: Path, quick: bool = True, seed: int = 0
    ) -> None:
        """Open nothing yet."""
        self.target = target
        self.directory = directory
        self.quick = quick
        self.seed = seed
        self._handles = ExitStack()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_details: object) -> None:
        """Close every handle."""
        if self.target.log is not None:
            self.target.log.is_over = True
        self.close()

    def open(self) -> Store:
        """Return a new handle on the store."""
        handle = self.target.open(self.directory)
        self._handles.callback(handle.close)
        return handle

    def close(self) -> None:
        """Close every handle; more may be opened."""
        self._handles.close()

    def reopen(self) -> Store:
        """Close every handle and return a new one."""
        self.close()
        return self.open()

    def size(self, quick: int, thorough: int) -> int:
        """Return the first number for a quick run, the second for a thorough one."""
        return quick if self.quick else thorough

    def for_processes(self) -> tuple[Target, Path]:
        """Return what another process needs to open the store. Raises: NotRun."""
        target = self.target.recorded(None)
        try:
            pickle.dumps(target)
        except UNPICKLABLE as error:
            raise NotRun(f"the factory cannot be handed to another process: {error}") from error
        if self.target.log is not None:
            self.target.log.has_processes = True
        return target, self.directory


def _place_of(factory: Factory) -> str:
    """Return ``module:name`` if another program finds the factory there, otherwise nothing."""
    module, name = getattr(factory, "__module__", ""), getattr(factory, "__qualname__", "")
    found: object = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return f"{module}:{name}" if found is factory and module != "__main__" else ""
