"""What a release wrote stays readable, and means the same, for ever.

The folders beside this file were made once by ``make.py`` and are never made again. When a test here
fails, the code has changed what is in people's stores and jobpacks: write an upcast or a new version.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Final

import pytest

from tests.golden.make import state_bytes
from tests.signers import TRUST, signed
from wrkr_core import codec
from wrkr_core.job.fold import fold_all
from wrkr_core.jobpack import export
from wrkr_core.jobpack.export import export_pack
from wrkr_core.jobpack.importing import import_pack
from wrkr_core.jobpack.merkle import Tree
from wrkr_core.jobpack.verify import verify_pack
from wrkr_core.memory import MemoryStore
from wrkr_core.record import open_lines, read_line

FOLDERS: Final = sorted(path.parent for path in Path(__file__).parent.glob("*/*/pins.json"))
NAMES: Final = [f"{folder.parent.name}-{folder.name}" for folder in FOLDERS]

each_job = pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)


def lines_in(folder: Path) -> list[bytes]:
    return (folder / "events.jsonl").read_bytes().split(b"\n")[:-1]


def pins_in(folder: Path) -> dict[str, str]:
    pins: dict[str, str] = json.loads((folder / "pins.json").read_text("utf-8"))
    return pins


def test_there_is_something_frozen() -> None:
    assert "release_0_1-completed" in NAMES
    assert "release_0_1-canceled" in NAMES
    assert "answers_2-signed" in NAMES
    assert "erasure_1-erased" in NAMES


def test_every_type_of_event_is_frozen() -> None:
    frozen = {read_line(line).type for folder in FOLDERS for line in lines_in(folder)}

    assert codec.CLASSES.keys() - frozen == set()


@each_job
def test_a_frozen_log_folds_to_its_frozen_state(folder: Path) -> None:
    """I3."""
    pins = pins_in(folder)

    state = fold_all(None, open_lines(pins["job_id"], lines_in(folder)), pins["job_id"])

    assert state is not None
    assert state_bytes(state) == (folder / "state.json").read_bytes()
    assert state.hash == pins["head_hash"]


@each_job
def test_a_frozen_event_is_written_as_it_was_read(folder: Path) -> None:
    for line in map(read_line, lines_in(folder)):
        wire_type, payload = codec.encode(codec.decode(line.type, line.payload))

        if wire_type == line.type:  # an older version is read, and written no more
            assert payload == bytes(line.payload), line.seq


@each_job
def test_a_frozen_log_has_its_frozen_root(folder: Path) -> None:
    tree = Tree()
    for line in lines_in(folder):
        tree.append(line)

    assert tree.root().hex() == pins_in(folder)["events_root"]


@each_job
def test_a_frozen_jobpack_verifies_under_its_frozen_id(folder: Path) -> None:
    with (folder / "jobpack.zip").open("rb") as file:
        found = verify_pack(file)

    assert (found.job_id, found.pack_id) == (pins_in(folder)["job_id"], pins_in(folder)["pack_id"])


def test_a_frozen_signature_is_good_as_long_as_its_key() -> None:
    folder = Path(__file__).parent / "answers_2" / "signed"
    with (folder / "signed.zip").open("rb") as file:
        found = verify_pack(file, trust=TRUST)

    assert (found.pack_id, found.signed_by) == (pins_in(folder)["pack_id"], ("ann",))
    assert (found.answers.signed, found.answers.asserted) == (2, 1)
    assert found.answers.signed_by == ("bea",)
    assert signed((folder / "jobpack.zip").read_bytes()) == (folder / "signed.zip").read_bytes()


@each_job
def test_a_frozen_job_is_exported_to_its_frozen_bytes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I7: as the release that wrote it did, which is the one thing besides the log that counts."""
    monkeypatch.setattr(export, "__version__", pins_in(folder)["producer_version"])
    store, out = MemoryStore(), io.BytesIO()
    with (folder / "jobpack.zip").open("rb") as file:
        job_id, _ = import_pack(file, store)

    export_pack(store, job_id, out)

    assert out.getvalue() == (folder / "jobpack.zip").read_bytes()
