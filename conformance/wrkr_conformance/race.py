"""Real processes that write one store at the same time, and a reader that follows beside them."""

from __future__ import annotations

import multiprocessing
import traceback
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from wrkr_conformance.expect import (
    PATIENCE,
    Broken,
    claim,
    drain,
    head_of,
    ids,
    insist,
    read_all,
    records,
    same,
)
from wrkr_core.errors import Conflict, Unknown

if TYPE_CHECKING:
    from collections.abc import Generator
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    from wrkr_conformance.target import Site, Target
    from wrkr_core.store import Appended, Event, Store

    Acks = list[tuple[int, int, str]]

STREAM: Final = "raced"
COUNTER: Final = "counted"


class PipeEnded(Broken):
    """A process died before it had reported all."""


class Child(NamedTuple):
    """A process at work and the end of the pipe on which it reports."""

    process: BaseProcess
    pipe: Connection


@contextmanager
def spawned(site: Site, work: str, *arguments: object) -> Generator[Child]:
    """Run a function of this package, ``module:name``, in a new process; killed in the end.

    It is called with a handle on the site's store, the pipe and the arguments.
    """
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(
        target=_child, args=(work, *site.for_processes(), sending, arguments), daemon=True
    )
    try:
        process.start()
        sending.close()
        yield Child(process, receiving)
    finally:
        if process.pid is not None:
            process.kill()
            process.join()
        receiving.close()


def _child(
    work: str, target: Target, directory: Path, pipe: Connection, arguments: tuple[object, ...]
) -> None:
    """Open a handle and work; send a failure as a text."""
    module, _, name = work.partition(":")
    try:
        pipe.send(("started", None))
        store = target.open(directory)
        getattr(import_module(module), name)(store, pipe, *arguments)
        store.close()
    except BrokenPipeError:
        return  # the parent has seen enough
    except BaseException:  # noqa: BLE001  # the parent raises it
        pipe.send(("failed", traceback.format_exc()))


def run(site: Site, *, writers: int, appends: int) -> None:
    """Let processes append ``appends`` batches each to one stream and count up one cell.

    Raises: Broken unless what they were told is what is there, and the feed was stable throughout.
    """
    reader = site.open()
    with ExitStack() as stack:
        children = [
            stack.enter_context(spawned(site, f"{__name__}:racer", number, appends))
            for number in range(writers)
        ]
        followed, acked = _follow(reader, children)
    _compare(site.open(), followed, acked)
    cell = reader.get(COUNTER)
    same(cell and int(cell.data), writers * appends, "what the processes counted")


def _follow(reader: Store, children: list[Child]) -> tuple[list[Event], Acks]:
    """Follow the feed until every child has reported; return what it gave and their acks."""
    pending = [*children]
    followed: list[Event] = []
    acked: Acks = []
    cursor = ""
    while pending:
        page, cursor = reader.feed(cursor, 16)
        followed += page
        ready = wait([child.pipe for child in pending], timeout=0 if page else 0.002)
        for child in [child for child in pending if child.pipe in ready]:
            kind, value = receive(child)
            if kind == "acked":
                acked += cast("Acks", value)
                pending.remove(child)
    page, _cursor = drain(reader, cursor)
    return followed + page, acked


def receive(child: Child) -> tuple[str, object]:
    """Return the child's next message: what kind, and what.

    Raises: Broken with its traceback if it failed; PipeEnded if it died, also in mid-message.
    """
    claim(child.pipe.poll(PATIENCE), f"a writing process was silent for {PATIENCE:g} seconds")
    try:
        kind, value = child.pipe.recv()
    except (EOFError, OSError) as error:
        raise PipeEnded("a writing process died") from error
    claim(kind != "failed", f"a writing process failed: {value}")
    return kind, value


def _compare(store: Store, followed: list[Event], acked: Acks) -> None:
    found = read_all(store, STREAM)
    same(len({event.id for event in found}), len(found), "different ids in the raced stream")
    last_of = {event.id: (event.seq, event.pos) for event in found}
    told = {name: (seq, pos) for seq, pos, name in acked}
    same({name: last_of.get(name) for name in told}, told, "where acknowledged batches are")
    batches = [name.split(".")[:2] for name in ids(found)]
    whole = sorted(name for _seq, _pos, name in acked)
    lasts = sorted(
        event.id
        for event, here, following in zip(found, batches, [*batches[1:], None], strict=True)
        if here != following
    )
    same(lasts, whole, "the batches in the stream, and those that were acknowledged")
    same([event.seq for event in found], list(range(1, len(found) + 1)), "seq in the raced stream")
    final, _cursor = drain(store)
    same(followed, final, "what the reader followed, and what the feed is now")
    same(len(final), len(found), "records in the feed")


def racer(store: Store, pipe: Connection, number: int, appends: int) -> None:
    """Append and count ``appends`` times, then report where each batch went."""
    acks: Acks = []
    for turn in range(appends):
        names = [f"{number}.{turn}.{index}" for index in range(1 + turn % 3)]
        result = _win(store, names)
        acks.append((result.seq, result.pos, names[-1]))
        _count(store)
    pipe.send(("acked", acks))


def _win(store: Store, names: list[str]) -> Appended:
    """Append at the head until it is accepted."""
    head, unsure = head_of(store, STREAM), False
    while True:
        try:
            result = insist(store.append, STREAM, head, records(*names))
        except Conflict as error:
            claim(error.head != head, f"Conflict at {head} says that the head is {error.head}")
            head, unsure = head_of(store, STREAM), False
            continue
        except Unknown:
            unsure = True
            continue
        claim(unsure or not result.replayed, "Busy was raised though the batch was written (A4)")
        same(result.seq, head + len(names), "seq of an acknowledged batch")
        return result


def _count(store: Store) -> None:
    while True:
        cell = store.get(COUNTER)
        value, version = (int(cell.data), cell.version) if cell is not None else (0, 0)
        with suppress(Conflict):
            insist(store.put, COUNTER, b"%d" % (value + 1), version)
            return


@contextmanager
def append_elsewhere(site: Site, stream: str) -> Generator[None]:
    """Let another process append one record to a new stream, while the body runs."""
    with spawned(site, f"{__name__}:append_once", stream) as child:
        yield
        while receive(child)[0] != "done":
            pass


def append_once(store: Store, pipe: Connection, stream: str) -> None:
    """Append one record."""
    store.append(stream, 0, records("elsewhere"))
    pipe.send(("done", None))
