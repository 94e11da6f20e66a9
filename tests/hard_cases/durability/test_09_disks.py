"""9: a disk that is full or fails, and a store that is none or not for us, cost nothing but an error."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.hard_cases.jobs import effects, is_claimable, step, submit
from tests.hard_cases.places import ON_DISK, Place
from tests.wrkr_store_files.disks import FaultyDisk
from tests.wrkr_store_sqlite.samples import program
from tests.wrkr_store_sqlite.test_writer_failures import FailingConnection
from wrkr_core.errors import StoreError, StoreUnavailable
from wrkr_core.job.fold import fold_all
from wrkr_core.ledger import Ledger
from wrkr_core.spec import JobSpec
from wrkr_core.upkeep import check_jobs
from wrkr_run.foreground import work_on
from wrkr_store_files import FilesStore
from wrkr_store_sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.hard_cases.jobs import Until
    from tests.wrkr_cli.conftest import Wrkr
    from wrkr_core.store import Store

# Works on the job j until no file can grow any more, tells with what code that ended, and how much
# was acknowledged; then, with room again, whether the same handle still reads and writes.
FILLER = """if True:
    import resource, signal, sys
    from wrkr_core import Ledger, open_store
    from wrkr_core.errors import StoreUnavailable
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    ledger = Ledger(open_store(sys.argv[1]), actor="ada")
    soft = resource.RLIM_INFINITY
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, soft))
    told = []
    try:
        with ledger.work("j", worker="ada") as job:
            for number in range(1000):
                job.step("edit", str, "x" * 9000, key=str(number))
                told.append(number)
    except StoreUnavailable as error:
        print(error.code, len(told), bool(error.hint))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, soft))
    print(ledger.state("j").steps.done, ledger.emit("j", "progress", "there is room again") != "")
"""


def test_09_a_disk_that_fills_up_is_told_loses_nothing_and_the_job_goes_on_when_there_is_room(
    on_disk: Place,
) -> None:
    on_disk.ledger().submit(JobSpec(name="j"), job_id="j")
    on_disk.close()

    with program(FILLER, on_disk.url) as filler:
        first, second = filler.communicate()[0].splitlines()

    code, acknowledged, has_hint = first.split()
    assert (filler.returncode, code, has_hint) == (0, "E_STORE_UNAVAILABLE", "True")
    assert int(acknowledged) > 5
    assert second == f"{acknowledged} True"
    ledger = on_disk.ledger()
    assert list(check_jobs(ledger)) == []
    ran: list[int] = []
    with ledger.work("j") as job:
        for number in range(int(acknowledged) + 3):
            job.step("edit", ran.append, number, key=str(number))
        job.complete()
    assert ran == list(range(int(acknowledged), int(acknowledged) + 3))


@pytest.fixture(params=ON_DISK)
def unsteady(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Unsteady]:
    """A store whose next flush can be made to fail."""
    found = Unsteady(Place(request.param, tmp_path), monkeypatch)
    yield found
    found.disk.set("", -1)
    FailingConnection.fail("", 0)
    found.store.close()
    found.place.close()


class Unsteady:
    """A place, and a handle on it that goes through a disk that may fail."""

    def __init__(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        self.place, self.disk = place, FaultyDisk()
        if place.kind == "files":
            self.store: Store = FilesStore(str(place.path), disk=self.disk)
            return
        real = sqlite3.connect

        def connect(*names: object, **options: object) -> sqlite3.Connection:
            return real(*names, factory=FailingConnection, **options)  # type: ignore[call-overload, no-any-return]

        with monkeypatch.context() as patch:
            patch.setattr(sqlite3, "connect", connect)
            self.store = SqliteStore(str(place.path))

    def fail_next_flush(self) -> None:
        self.disk.set("flush", 0)
        FailingConnection.fail("COMMIT", sqlite3.SQLITE_IOERR_FSYNC)


def test_09_a_flush_that_fails_is_never_told_as_success_nor_believed_afterwards(
    unsteady: Unsteady,
) -> None:
    ledger = Ledger(unsteady.store, actor="ann")
    ledger.submit(JobSpec(name="j"), job_id="j")
    unsteady.fail_next_flush()

    with pytest.raises(StoreError) as caught:
        ledger.pause("j", reason="lunch")
    with pytest.raises(StoreUnavailable):
        ledger.emit("j", "progress", "on a handle that cannot know what is on the disk")

    assert caught.value.code in ("E_STORE_UNAVAILABLE", "E_STORE_UNKNOWN")
    assert caught.value.hint
    anew = unsteady.place.ledger()
    state = anew.state("j")
    assert state == fold_all(None, anew.events("j"), "j")
    go_on = {"queued": anew.pause, "paused": anew.resume}[state.status]
    assert go_on("j", reason="again").seq == state.seq + 1
    assert "handle that cannot" not in str(list(anew.events("j")))


def contents(folder: Path) -> dict[str, bytes]:
    """Return what is in the files, but for those that SQLite makes to look at a store."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    }


def a_directory(place: Place) -> None:
    """Put a folder where SQLite's file belongs, a file where the other store's folder does."""
    place.path.mkdir() if place.kind == "sqlite" else place.path.write_text("mine")


def something_else(place: Place) -> None:
    if place.kind == "files":
        place.path.mkdir()
        (place.path / "thesis.txt").write_text("mine")
    else:
        place.path.write_text("mine " * 500)


def a_database_of_something_else(place: Place) -> None:
    if place.kind == "files":
        place.path.mkdir()
        (place.path / "format").write_text('{"format":"another","version":1}\n')
        return
    with closing(sqlite3.connect(place.path)) as connection:
        connection.execute("CREATE TABLE notes(x)")


def from_a_newer_version(place: Place) -> None:
    place.ledger().submit(JobSpec(name="j"), job_id="j")
    place.close()
    if place.kind == "files":
        (place.path / "format").write_text('{"format":"wrkr.files","version":99}\n')
        return
    with closing(sqlite3.connect(place.path)) as connection:
        connection.execute("PRAGMA user_version=99")


NOT_OURS = {
    "a_directory": (a_directory, "E_STORE_UNAVAILABLE"),
    "something_else": (something_else, "E_STORE_UNAVAILABLE"),
    "a_database_of_something_else": (a_database_of_something_else, "E_STORE_UNAVAILABLE"),
    "from_a_newer_version": (from_a_newer_version, "E_STORE_TOO_NEW"),
}


@pytest.mark.parametrize("command", [["submit", "job.yaml"], ["list"], ["status", "j"]])
@pytest.mark.parametrize("what", NOT_OURS)
def test_09_a_store_path_that_is(
    on_disk: Place, what: str, command: list[str], wrkr_command: Wrkr
) -> None:
    """...is refused with its code and a way out, and not a byte of it changes."""
    make, code = NOT_OURS[what]
    make(on_disk)
    before = contents(on_disk.folder)

    for options in ("", "?mode=ro"):
        said = wrkr_command(*command, "--json", "--store", on_disk.url + options)

        assert (said.code, said.out) == (1, "")
        assert (said.envelope["code"], said.envelope["exit_code"]) == (code, 1)
        assert str(on_disk.folder) in said.envelope["message"]
        assert said.envelope["hint"]
        assert contents(on_disk.folder) == before


# Whoever may do everything gives that up first. Says what came of it, for each store.
READER = """if True:
    import os, sys
    from wrkr_core import JobSpec, Ledger, open_store
    from wrkr_core.errors import StoreUnavailable
    url = sys.argv[1]
    Ledger(open_store(url + "?mode=ro"), actor="ada").state("j")  # all is loaded
    if os.geteuid() == 0:
        os.setresuid(65534, 65534, 65534)
    try:
        Ledger(open_store(url), actor="ada").submit(JobSpec(name="other"))
    except StoreUnavailable as error:
        print(error.code, bool(error.hint))
    print(Ledger(open_store(url + "?mode=ro"), actor="ada").state("j").status)
"""


@pytest.mark.parametrize("kind", ON_DISK)
def test_09_a_store_that_is_read_only_is_told_so_and_can_be_read(kind: str) -> None:
    with tempfile.TemporaryDirectory(prefix="wrkr-shared-") as shared:
        Path(shared).chmod(0o755)
        place = Place(kind, Path(shared))
        place.ledger().submit(JobSpec(name="j"), job_id="j")
        place.close()
        for path in place.folder.rglob("*"):
            path.chmod(0o555 if path.is_dir() else 0o444)
        place.folder.chmod(0o555)
        before = contents(place.folder)

        with program(READER, place.url) as reader:
            said = reader.communicate()[0].splitlines()

        place.folder.chmod(0o755)
        assert said == ["E_STORE_UNAVAILABLE True", "queued"]
        assert contents(place.folder) == before


def test_09_a_job_whose_store_fails_under_a_command_is_resumed_without_repeating_what_is_recorded(
    unsteady: Unsteady, workspace: Path, until: Until
) -> None:
    ledger = Ledger(unsteady.store, actor="ann")
    submit(ledger, workspace, step("one"), step("two", "touch under-way"))
    seen = unsteady.store.append

    def append(*args: object, **given: object) -> object:
        if (workspace / "under-way").exists():
            unsteady.fail_next_flush()
        return seen(*args, **given)  # type: ignore[arg-type]

    unsteady.store.append = append  # type: ignore[method-assign, assignment]
    with pytest.raises(StoreError):
        work_on(ledger, "j", ttl=200_000)

    anew = unsteady.place.ledger()
    until(lambda: is_claimable(anew))
    assert work_on(anew, "j").status == "completed"

    assert effects(workspace) in (["one 1", "two 1"], ["one 1", "two 1", "two 2"])
