"""1: a process that dies in the middle of writing a line does not spoil what is written after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.wrkr_store_sqlite.samples import program
from wrkr_core import events as e
from wrkr_core.job.fold import fold_all
from wrkr_core.spec import JobSpec
from wrkr_core.upkeep import check_jobs

if TYPE_CHECKING:
    from tests.hard_cases.places import Place

# Dies by the system's own signal when a file of the store would pass a limit: what of that write
# fits is there, the rest is not. Says what was acknowledged before.
WRITER = """if True:
    import resource, signal, sys
    from pathlib import Path
    from wrkr_core import Ledger, open_store
    url, folder, room = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    ledger = Ledger(open_store(url), actor="ada")
    ledger.emit("j", "progress", "before")
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (max(sizes) + room,) * 2)
    while True:
        print(ledger.emit("j", "progress", "é" * 700), flush=True)
"""


@pytest.mark.parametrize("room", [1, 700, 1999, 9001])
def test_01_a_torn_last_line_never_fuses_with_the_next_append(on_disk: Place, room: int) -> None:
    on_disk.ledger().submit(JobSpec(name="j"), job_id="j")
    on_disk.close()
    for _ in range(2):
        with program(WRITER, on_disk.url, on_disk.folder, room) as writer:
            acknowledged = writer.communicate()[0].split()
        assert writer.returncode < 0

        ledger = on_disk.ledger()
        before = ledger.state("j")
        named = [f"cp_{each.seq}" for each in ledger.events("j")]
        assert set(acknowledged) <= set(named)
        after = ledger.emit("j", "progress", "after")

        # What was being written may be there, whole; nobody was told that it is not.
        assert after in (f"cp_{before.seq + 1}", f"cp_{before.seq + 2}")
        assert list(ledger.events("j", after=before.seq))[-1].event.summary == "after"  # type: ignore[union-attr]
        on_disk.close()
    ledger = on_disk.ledger()
    events = list(ledger.events("j"))
    assert fold_all(None, events, "j") == ledger.state("j")
    said = [each.event.summary for each in events if isinstance(each.event, e.CheckpointRecorded)]
    assert [each for each in said if each != "é" * 700] == ["before", "after"] * 2
    assert list(check_jobs(ledger)) == []
    assert ledger.store.check() == []  # type: ignore[attr-defined]  # both stores can


def test_01_half_a_line_at_the_end_of_a_file_is_no_damage(on_disk: Place) -> None:
    ledger = on_disk.ledger()
    ledger.submit(JobSpec(name="j"), job_id="j")
    whole = ledger.state("j")
    on_disk.close()
    torn = on_disk.segment("j") if on_disk.kind == "files" else on_disk.path.with_name("store-wal")
    with torn.open("ab") as file:
        file.write(b'{"seq":2,"id":"x.1","type":"checkpoint_recorded/1","at":17')

    for turn in range(2):
        ledger = on_disk.ledger()
        assert ledger.state("j").seq == whole.seq + turn
        ledger.emit("j", "progress", "after")
        on_disk.close()
    assert on_disk.ledger().state("j").seq == whole.seq + 2
