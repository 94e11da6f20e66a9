"""Freeze what is written now: ``python tests/golden/make.py release_0_1 completed canceled``.

Run once whenever what is written changes, by hand, and commit what comes out: a folder named after
the release, or after what changed before there was one, with those stories that show it. What is
frozen stays frozen: a folder that exists is never written to again. No test runs this.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Final

import msgspec

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

from tests.sealed_jobs import erased_story  # noqa: E402  # found only now
from tests.signers import signed, signed_story  # noqa: E402  # found only now
from tests.stories import Story, canceled_story, whole_story  # noqa: E402  # found only now
from wrkr_core._version import __version__  # noqa: E402
from wrkr_core.job.fold import fold_all  # noqa: E402
from wrkr_core.jobpack.export import export_pack  # noqa: E402
from wrkr_core.record import open_lines  # noqa: E402

STORIES: Final = {
    "completed": whole_story,
    "canceled": canceled_story,
    "signed": signed_story,
    "erased": erased_story,
}


def main(release: str, *names: str) -> None:
    """Write a folder that is not frozen yet."""
    folder = Path(__file__).parent / release
    folder.mkdir()
    for name in names:
        freeze(folder / name, STORIES[name]())
    if "signed" in names:
        pack = folder / "signed" / "jobpack.zip"
        pack.with_name("signed.zip").write_bytes(signed(pack.read_bytes()))


def freeze(folder: Path, story: Story) -> None:
    """Write the log of a story, its jobpack, its state, and the digests that follow from them."""
    pack = io.BytesIO()
    exported = export_pack(story.store, story.job_id, pack)
    pins = {
        "job_id": story.job_id,
        "producer_version": __version__,
        "head_hash": exported.head_hash,
        "events_root": exported.events_root,
        "pack_id": exported.pack_id,
    }
    lines = [record.data + b"\n" for record in story.store.read(story.job_id)]
    log = open_lines(story.job_id, [line[:-1] for line in lines])
    folder.mkdir()
    (folder / "events.jsonl").write_bytes(b"".join(lines))
    (folder / "jobpack.zip").write_bytes(pack.getvalue())
    (folder / "state.json").write_bytes(state_bytes(fold_all(None, log, story.job_id)))
    (folder / "pins.json").write_text(json.dumps(pins, indent=1) + "\n", "utf-8")


def state_bytes(state: object) -> bytes:
    """Return a state as JSON that is read and compared by people too."""
    return msgspec.json.format(msgspec.json.encode(state, order="sorted"), indent=1) + b"\n"


if __name__ == "__main__":
    main(*sys.argv[1:])
