"""Other processes: started with a handle on the store, listened to, and never left behind."""

from __future__ import annotations

import multiprocessing
import traceback
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from wrkr_conformance.expect import PATIENCE, Broken, NotRun, claim, is_the_suites_own

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from multiprocessing.synchronize import Event as Go
    from pathlib import Path

    from wrkr_conformance.target import Site, Target


class PipeEnded(Broken):
    """A process died before it had reported all."""


class Child(NamedTuple):
    """A process at work, the end of the pipe on which it reports, and what lets it begin."""

    process: BaseProcess
    pipe: Connection
    go: Go


@attrs.frozen(kw_only=True)
class Errand:
    """What a process is sent to do: a function, ``module:name``, and what it is called with.

    With ``opened`` it gets a handle on the store and the pipe to report on, else the target and the
    store's folder, and what it returns is reported.
    """

    work: str
    target: Target
    directory: Path
    arguments: tuple[object, ...]
    opened: bool


@contextmanager
def spawned(site: Site, work: str, *arguments: object, held: bool = False) -> Generator[Child]:
    """Run a function of this package, ``module:name``, in a new process; killed in the end.

    It is called with a handle on the site's store, the pipe and the arguments; if ``held``, once
    ``let_go`` was called.
    """
    target, directory = site.for_processes()
    errand = Errand(work=work, target=target, directory=directory, arguments=arguments, opened=True)
    with _started(errand, held=held) as child:
        yield child


def elsewhere(site: Site, work: str, *arguments: object, seconds: float = PATIENCE) -> Any:  # noqa: ANN401  # whatever that function returns
    """Return what a function of this package returns, called in a new process.

    It is called with the target, the store's folder and the arguments. Raises: Broken and NotRun as
    it does; Broken if it fails otherwise, dies, or does not return within ``seconds``.
    """
    target, directory = site.for_processes()
    errand = Errand(
        work=work, target=target, directory=directory, arguments=arguments, opened=False
    )
    with _started(errand) as child:
        answer = await_message(child, "returned", seconds)
        child.process.join(PATIENCE)  # so that it ends by itself
    return answer


def beside(directory: Path, name: str) -> Path:
    """Return the folder, not made yet, of another store beside one, in a folder of its own.

    Its name, which names a store that is not kept in its folder, is another one in every run.
    """
    own = f"{directory.name}-{name}"
    return directory.parent / own / own


@contextmanager
def _started(errand: Errand, *, held: bool = False) -> Generator[Child]:
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    go = context.Event()
    if not held:
        go.set()
    process = context.Process(target=_child, args=(errand, sending, go), daemon=True)
    try:
        process.start()
        sending.close()
        yield Child(process, receiving, go)
    finally:
        if process.pid is not None:
            process.kill()
            process.join()
        receiving.close()


def _child(errand: Errand, pipe: Connection, go: Go) -> None:
    """Do the errand; send a failure as a text."""
    try:
        pipe.send(("started", None))
        _run(errand, pipe, go)
    except BrokenPipeError:
        return  # the parent has seen enough
    except BaseException as error:  # noqa: BLE001  # the parent raises it
        if isinstance(error, NotRun) and is_the_suites_own(error):
            pipe.send(("not run", (str(error), error.applies)))
        else:
            pipe.send(("failed", traceback.format_exc()))


def _run(errand: Errand, pipe: Connection, go: Go) -> None:
    module, _, name = errand.work.partition(":")
    if not errand.opened:
        work = getattr(import_module(module), name)
        pipe.send(("returned", work(errand.target, errand.directory, *errand.arguments)))
        return
    store = errand.target.open(errand.directory)
    if not go.is_set():
        pipe.send(("ready", None))
        go.wait(PATIENCE)
    getattr(import_module(module), name)(store, pipe, *errand.arguments)
    store.close()


def let_go(children: Sequence[Child]) -> None:
    """Wait until every held child has its handle, then have them begin together."""
    for child in children:
        await_message(child, "ready")
    for child in children:
        child.go.set()


def await_message(child: Child, wanted: str, seconds: float = PATIENCE) -> object:
    """Return what the child says under the kind ``wanted``, passing over other messages."""
    while True:
        kind, value = receive(child, seconds)
        if kind == wanted:
            return value


def receive(child: Child, seconds: float = PATIENCE) -> tuple[str, Any]:
    """Return the child's next message: what kind, and what.

    Raises: Broken with its traceback if it failed; PipeEnded if it died, also in mid-message;
    NotRun if it could not do it there.
    """
    claim(child.pipe.poll(seconds), f"a process at work was silent for {seconds:g} seconds")
    try:
        kind, value = child.pipe.recv()
    except (EOFError, OSError) as error:
        raise PipeEnded("a process at work died") from error
    if kind == "not run":
        reason, applies = value
        raise NotRun(reason, applies=applies)
    claim(kind != "failed", f"a process at work failed: {value}")
    return kind, value
