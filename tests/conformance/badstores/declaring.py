"""Stores that say something else of themselves than they do (N1)."""

from __future__ import annotations

from typing import Final

from tests.conformance.badstores.bad import Bad
from wrkr_core.errors import NotSupported
from wrkr_core.memory import INFO, MemoryStore
from wrkr_core.store import StoreInfo


class Declares(MemoryStore):
    """Declares something else than it does."""

    declared = INFO

    @property
    def info(self) -> StoreInfo:
        return self.declared


class IsOneStoreForAll(MemoryStore):
    """Takes its name from what is the same for every folder, if it is told one."""

    def __init__(self, name: str) -> None:
        super().__init__("store" if name else name)


class TrimsUndeclared(Declares):
    declared = StoreInfo("memory", "0", INFO.capabilities - {"trim"}, "none")


class WaitsUndeclared(Declares):
    declared = StoreInfo("memory", "0", INFO.capabilities - {"wait"}, "none")


class SpeaksAnotherProtocol(Declares):
    declared = StoreInfo("memory", "0", protocol="wrkr.store/2", durability="none")


class ClaimsTheUnheardOf(Declares):
    declared = StoreInfo("memory", "0", frozenset({"telepathy"}), "none")


class DeclaresTrimWithoutIt(MemoryStore):
    def trim(self, stream: str, through: int) -> None:
        raise NotSupported("trim is not written yet")


class DeclaresWaitWithoutIt(MemoryStore):
    def wait(self, cursor: str, timeout: float) -> bool:
        raise NotSupported("wait is not written yet")


class DeclaresProcesses(Declares):
    declared = StoreInfo("memory", "0", INFO.capabilities | {"multi_process"}, "none")


class DeclaresThatItLasts(Declares):
    declared = StoreInfo("memory", "0", INFO.capabilities, "power")


BAD: Final = (
    Bad(IsOneStoreForAll, "S1.9", "opens the same store in every folder"),
    Bad(TrimsUndeclared, "N1.1", "trims without declaring it"),
    Bad(WaitsUndeclared, "N1.2", "waits without declaring it"),
    Bad(DeclaresTrimWithoutIt, "T2.1", "declares trim and does not have it"),
    Bad(DeclaresWaitWithoutIt, "W1.1", "declares wait and does not have it"),
    Bad(DeclaresProcesses, "S1.4", "declares multi_process and is in memory"),
    Bad(DeclaresThatItLasts, "D1.4", "declares durability power and is in memory"),
    Bad(SpeaksAnotherProtocol, "I1.1", "speaks another version of the contract"),
    Bad(ClaimsTheUnheardOf, "I1.1", "declares a capability nobody knows"),
)
