"""Looking at an installation: what is there, what is missing, what to mend and how."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

import attrs

from wrkr_core.erasing import unfinished
from wrkr_core.errors import StoreError, WrkrError
from wrkr_core.finding import BUILT_IN, open_store, path_of
from wrkr_core.machine import ThisMachine, user_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wrkr_core.store import Store

OLDEST_PYTHON: Final = (3, 11)
LITTLE_SPACE: Final = 64 << 20  # bytes; a long job's log and one export of it
PACKAGES: Final = {
    "attrs": "wrkr",
    "cattrs": "wrkr",
    "msgspec": "wrkr",
    "rfc8785": "wrkr",
    "sqlite-utils": "wrkr[sqlite]",
    "pynacl": "wrkr[sign]",
    "click": "wrkr[cli]",
    "psutil": "wrkr[cli]",
    "pyyaml": "wrkr[cli]",
    "detect-secrets": "wrkr[cli]",
}


@attrs.frozen(kw_only=True)
class Finding:
    """One thing that was looked at; ``mend`` says how to put it right, empty when all is well."""

    check: str
    ok: bool
    said: str
    mend: str = ""


@runtime_checkable
class _TellsFacts(Protocol):
    def doctor(self) -> list[tuple[str, str]]: ...


def examine(url: str) -> list[Finding]:
    """Return what was found out about this installation and the store at ``url``.

    A store that does not exist yet is not created.
    """
    return [_python(), *_packages(), _platform(), _git(), _user(), *_store(url)]


def _python() -> Finding:
    said = f"Python {platform.python_version()}"
    if sys.version_info < OLDEST_PYTHON:
        return Finding(check="python", ok=False, said=said, mend="use Python 3.11 or newer")
    return Finding(check="python", ok=True, said=said)


def _packages() -> Iterator[Finding]:
    missing: list[str] = []
    extras: set[str] = set()
    found: list[str] = []
    for package, extra in PACKAGES.items():
        try:
            found.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            missing.append(package)
            extras.add(extra)
    if missing:
        wanted = " ".join(f"'{extra}'" for extra in sorted(extras))
        yield Finding(
            check="packages",
            ok=False,
            said=f"missing: {', '.join(missing)}",
            mend=f"pip install {wanted}",
        )
    else:
        yield Finding(check="packages", ok=True, said=", ".join(found))


def _platform() -> Finding:
    said = f"{platform.system()} {platform.machine()}"
    if platform.system() == "Linux":
        return Finding(check="platform", ok=True, said=f"{said}: everything is guaranteed")
    if platform.system() == "Darwin":
        return Finding(check="platform", ok=True, said=f"{said}: process ownership is best effort")
    return Finding(check="platform", ok=True, said=f"{said}: commands run without process groups")


def _git() -> Finding:
    path = shutil.which("git")
    if path is None:
        return Finding(
            check="git",
            ok=False,
            said="not found",
            mend="install git; the demo and the environment rule git:HEAD need it",
        )
    return Finding(check="git", ok=True, said="found")


def _user() -> Finding:
    name = user_name()
    if not name:
        return Finding(
            check="user",
            ok=False,
            said="the system has no name for this user",
            mend="name who acts: --by NAME, or WRKR_APPROVED_BY for decisions",
        )
    return Finding(check="user", ok=True, said=f"acts are recorded as {name}")


def _store(url: str) -> Iterator[Finding]:
    scheme = url.partition(":")[0]
    path = Path(path_of(url).partition("?")[0]) if scheme in ("sqlite", "files") else None
    if path is not None and not path.exists():
        yield Finding(
            check="store", ok=True, said=f"{url} does not exist yet; it is made when used"
        )
        yield _space(path)
        return
    try:
        store = open_store(url)
    except WrkrError as error:
        mend = error.hint or f"known stores: {', '.join(sorted(BUILT_IN))}"
        yield Finding(check="store", ok=False, said=f"{error.code}: {error.message}", mend=mend)
        return
    try:
        about = store.info
        yield Finding(
            check="store", ok=True, said=f"{url}: {about.name}, survives {about.durability}"
        )
        if isinstance(store, _TellsFacts):
            for name, said in store.doctor():
                yield Finding(check=name, ok=True, said=said)
        yield from _erasures(store)
    except StoreError as error:
        yield Finding(
            check="store", ok=False, said=f"{error.code}: {error.message}", mend=error.hint
        )
    finally:
        store.close()
    if path is not None:
        yield _space(path)
    if not ThisMachine().boot_id():
        yield Finding(
            check="takeover", ok=True, said="no boot id here: a dead worker's lease lapses by time"
        )


def _erasures(store: Store) -> Iterator[Finding]:
    """Yield a finding for each job whose erasure was recorded and not finished."""
    for state in unfinished(store, ThisMachine()):
        yield Finding(
            check="erasure",
            ok=False,
            said=f"job {state.job_id} is recorded as erased, and its key is still in the store",
            mend=f"wrkr job erase {state.job_id} --reason 'finish it' --yes",
        )


def _space(path: Path) -> Finding:
    folder = next(each for each in (path, *path.absolute().parents) if each.exists())
    free = shutil.disk_usage(folder).free
    said = f"{free // (1 << 20)} MiB free"
    if free < LITTLE_SPACE:
        return Finding(check="disk", ok=False, said=said, mend=f"make room on the disk of {folder}")
    if not os.access(folder, os.W_OK):
        return Finding(check="disk", ok=False, said=f"{folder} is not writable", mend="use --store")
    return Finding(check="disk", ok=True, said=said)
