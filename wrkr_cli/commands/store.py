"""``wrkr store``: info, check, scan, prune, backup."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import click

from wrkr_cli.framing import command as make
from wrkr_cli.framing import group
from wrkr_cli.scanning import scan
from wrkr_core.budget import duration
from wrkr_core.errors import Corrupt, NotSupported, StoreError
from wrkr_core.instants import to_text
from wrkr_core.upkeep import check_jobs, prune, stream_names
from wrkr_core.views import plain

if TYPE_CHECKING:
    from wrkr_cli.session import Session
    from wrkr_core.store import Store


@runtime_checkable
class Compactable(Protocol):
    """A store that keeps the space of what was removed until it is told to give it back."""

    def compact(self) -> None:
        """Give back the space of what was removed; may need as much free space as the store has."""
        ...


@runtime_checkable
class Maintained(Protocol):
    """A store that can be looked after; the shipped ones on disk can."""

    def check(self) -> list[str]:
        """Return what is wrong with the store itself."""
        ...

    def backup(self, path: str) -> None:
        """Copy the store, consistently, to a path that does not exist."""
        ...

    def size(self) -> int:
        """Return its bytes on disk."""
        ...


def _explain_info(session: Session) -> list[str]:
    return [f"open {session.url} and say what it is and what is in it"]


@make("store info", examples=["wrkr store info --json"], explain=_explain_info)
def info(session: Session) -> None:
    """Say what kind of store it is, what it promises and how much is in it."""
    store, about = session.store, session.store.info
    view: dict[str, object] = {
        "url": session.url,
        "name": about.name,
        "version": about.version,
        "protocol": about.protocol,
        "durability": about.durability,
        "capabilities": sorted(about.capabilities),
        "jobs": sum(1 for _ in stream_names(store)),
    }
    if isinstance(store, Maintained):
        view["bytes"] = store.size()
    lines = [f"{key:<13} {value}" for key, value in view.items() if key != "capabilities"]
    lines.append(f"{'capabilities':<13} {' '.join(sorted(about.capabilities))}")
    session.result(view, lines, brief=session.url)


def _explain_check(session: Session) -> list[str]:
    return [f"read every record of {session.url} and check chains, histories and the store itself"]


@make("store check", examples=["wrkr store check"], explain=_explain_check)
def check(session: Session) -> None:
    """Read everything and check it: the store's own structure, every chain, every history."""
    store = session.store
    problems = store.check() if isinstance(store, Maintained) else []
    problems += [
        f"job {each.job_id}: {each.code}: {each.message}" for each in check_jobs(session.ledger)
    ]
    jobs = sum(1 for _ in stream_names(store))
    if problems:
        raise Corrupt(
            f"{session.url} has {len(problems)} problems; the first: {problems[0]}",
            hint="restore from a backup, or import the affected jobs from their jobpacks",
            problems=problems,
            jobs=jobs,
        )
    session.result({"ok": True, "jobs": jobs, "problems": []}, [f"ok: {jobs} jobs"], brief="ok")


def _explain_prune(session: Session, older_than: str, yes: bool) -> list[str]:  # a click flag
    verb = "remove" if yes else "show, without removing,"
    said = [f"{verb} jobs of {session.url} that are over for more than {older_than}"]
    return [*said, "give their space back to the file system"] if yes else said


@make(
    "store prune",
    examples=["wrkr store prune --older-than 30d", "wrkr store prune --older-than 30d --yes"],
    explain=_explain_prune,
)
@click.option("--older-than", required=True, metavar="TIME", help="Over for longer than this.")
@click.option("--yes", is_flag=True, help="Really remove them.")
def prune_(session: Session, older_than: str, yes: bool) -> None:  # a click flag
    """Remove jobs that were completed or canceled long ago; without --yes only show them.

    Export what you want to keep before. The ids of removed jobs cannot be used again. A job that
    cannot be read stays, and with it every large result, because nobody knows to which it refers.
    """
    before = session.ledger.machine.now() - duration(older_than)
    damaged: list[str] = []
    found = prune(
        session.ledger,
        before=before,
        dry_run=not yes,
        on_damage=lambda job_id, error: damaged.append(f"{job_id}: {error.code}: {error.message}"),
    )
    compacted = _compact(session.store) if yes and found else ""
    view: dict[str, object] = {
        "removed": yes,
        "jobs": [
            {
                "job_id": each.job_id,
                "status": each.status,
                "records": each.records,
                "ended_at": to_text(each.ended_at),
            }
            for each in found
        ],
    }
    verb = "removed" if yes else "would be removed (--yes removes them)"
    lines = [f"{plain(each.job_id)}  {each.status}  {to_text(each.ended_at)}" for each in found]
    lines.append(f"{len(found)} jobs {verb}")
    if damaged:
        view["damaged"] = damaged
        lines += [plain(f"damaged, so it stays with all results: {each}") for each in damaged]
    if compacted:
        view["not_compacted"] = compacted
        lines.append(plain(f"their space was not given back: {compacted}"))
    session.result(view, lines, brief=str(len(found)))


def _compact(store: Store) -> str:
    """Give back the space of what was removed; return why not, empty when it was."""
    try:
        if isinstance(store, Compactable):
            store.compact()
    except StoreError as error:  # what is removed is removed; this can be done the next time
        return f"{error.code}: {error.message}"
    return ""


def _explain_backup(session: Session, path: Path) -> list[str]:
    return [f"copy {session.url}, consistently, to {path}"]


@make("store backup", examples=["wrkr store backup backups/monday.db"], explain=_explain_backup)
@click.argument("path", type=click.Path(path_type=Path))
def backup(session: Session, path: Path) -> None:
    """Copy the store to PATH while it is in use; the copy is a store of its own."""
    store = session.store
    if not isinstance(store, Maintained):
        raise NotSupported(
            f"the {store.info.name} store cannot copy itself",
            hint="export its jobs instead: wrkr export JOB",
        )
    store.backup(str(path))
    session.result({"path": str(path)}, [f"copied {session.url} to {path}"], brief=str(path))


command = group("store", "Look after the store.", [info, check, scan, prune_, backup])
