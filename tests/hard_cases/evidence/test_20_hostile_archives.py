"""Hard case 20: small archives that eat memory, and archives that two readers read differently."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.hard_cases.forgeries import refusal
from tests.hard_cases.jobs import ROOT
from tests.stories import contents_of, packed, repacked, small_story
from wrkr_core.canonical import dumps, loads
from wrkr_core.errors import VerifyMalformedError
from wrkr_core.jobpack import archive
from wrkr_core.jobpack.archive import Stream
from wrkr_core.jobpack.manifest import EVENTS, MANIFEST

if TYPE_CHECKING:
    from pathlib import Path

HONEST: Final = packed(small_story())
CONTENTS: Final = contents_of(HONEST)
END: Final = HONEST[-22:]
ROOM: Final = 40 * 2**20  # bytes above what an honest pack needs; what follows would need far more
# Verifies each file under a limit on all memory that the system itself keeps.
CHILD: Final = """if True:
    import json, resource, sys
    from pathlib import Path
    from wrkr_core.errors import VerifyError
    from wrkr_core.jobpack.verify import find_problems, verify_pack

    def tried(path, verify):
        with path.open("rb") as file:
            try:
                return verify(file) and "taken"
            except VerifyError as error:
                return error.code
            except MemoryError:
                return "out of memory"

    folder, room = Path(sys.argv[1]), int(sys.argv[2])
    assert tried(folder / "honest.zip", verify_pack) == "taken"
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + room
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    found = {path.stem: tried(path, verify_pack) for path in sorted(folder.glob("*.zip"))}
    listed = {path.stem: tried(path, find_problems) for path in sorted(folder.glob("*.zip"))}
    try:
        bytearray(4 * room)
        found["the limit itself"] = "ignored"
    except MemoryError:
        found["the limit itself"] = "kept"
    print(json.dumps([found, listed]))
"""


def zeros(count: int) -> Stream:
    """Return so many zeros as the content of an entry."""
    chunk, checksum = b"\0" * 2**20, 0
    for _ in range(count):
        checksum = zlib.crc32(chunk, checksum)
    return Stream(size=count * 2**20, crc32=checksum, chunks=(chunk for _ in range(count)))


def write(path: Path, contents: dict[str, Any], *, states: bool = False) -> None:
    """Write an archive in the one legal form; ``states`` gives it a manifest that fits in size."""
    if states:
        manifest = loads(CONTENTS[MANIFEST])
        for each in manifest["files"]:
            content = contents[each["path"]]
            each["size"] = content.size if isinstance(content, Stream) else len(content)
        contents[MANIFEST] = dumps(manifest)
    with path.open("wb") as file:
        archive.write(file, sorted(contents.items()))


def bomb(path: Path, name: str, version: str) -> None:
    """Write a compressed archive of which one entry is 1000 times as large as it looks."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr(MANIFEST, json.dumps({"schema_id": "wrkr.x", "schema_version": version}))
        with file.open(name, "w") as entry:
            for _ in range(96):
                entry.write(b"\0" * 2**20)


def overlapping(path: Path) -> None:
    """Write a directory of 4000 entries that all claim the same gigabyte."""
    name, count = b"%04d", 4000
    directory = b"".join(
        struct.pack(
            "<4s4B4HL2L5H2L",
            *(
                b"PK\1\2",
                20,
                3,
                20,
                0,
                0,
                0,
                0,
                33,
                0,
                2**30,
                2**30,
                4,
                0,
                0,
                0,
                0,
                0o100644 << 16,
                0,
            ),
        )
        + name % number
        for number in range(count)
    )
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(directory), 0, 0)
    path.write_bytes(directory + end)


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on memory is kept by Linux alone")
def test_20_no_archive_takes_more_memory_than_an_honest_one(tmp_path: Path) -> None:
    (tmp_path / "honest.zip").write_bytes(HONEST)
    bomb(tmp_path / "bomb-v1.zip", EVENTS, "v1")
    bomb(tmp_path / "bomb-v2.zip", EVENTS, "v2")
    bomb(tmp_path / "bomb-manifest.zip", "job.json", "v1")
    overlapping(tmp_path / "overlapping.zip")
    write(tmp_path / "line.zip", {**CONTENTS, EVENTS: zeros(80)}, states=True)
    write(tmp_path / "blob.zip", {**CONTENTS, f"blobs/{'ab' * 32}": zeros(80)})
    write(tmp_path / "document.zip", {**CONTENTS, "job.json": zeros(80)}, states=True)
    write(tmp_path / "manifest.zip", {**CONTENTS, MANIFEST: zeros(80)})
    write(tmp_path / "deep.zip", {**CONTENTS, MANIFEST: b"[" * 2**20})
    write(tmp_path / "many.zip", {**CONTENTS, MANIFEST: b"[" + b"[]," * 349_000 + b"[]]"})
    lines = b"".join(b"[" + b"[]," * 300_000 + b"[]]\n" for _ in range(8))
    write(tmp_path / "lines.zip", {**CONTENTS, EVENTS: lines}, states=True)
    assert max(path.stat().st_size for path in tmp_path.glob("bomb*.zip")) < 2**21

    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path), str(ROOM)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    found, listed = json.loads(done.stdout)
    assert found.pop("the limit itself") == "kept"
    assert found.pop("honest") == "taken"
    assert [name for name, said in found.items() if not said.startswith("E_")] == []
    assert len(found) == 11
    assert set(listed.values()) == {"taken"}  # looked through: problems are listed, none is raised


def form_of(pack: bytes) -> str:
    """Return what is wrong with the form of an archive."""
    found = refusal(pack)
    assert isinstance(found, VerifyMalformedError), found
    return str(found.details.get("reason", found.details["stage"]))


@pytest.mark.parametrize("junk", [b"\0", b"\n", b"x" * 1000, END, HONEST, b"PK\3\4"])
def test_20_trailing_junk_is_refused(junk: bytes) -> None:
    assert form_of(HONEST + junk)


@pytest.mark.parametrize("junk", [b"\0", b"#!/bin/sh\n", HONEST, b"PK\3\4"])
def test_20_leading_junk_is_refused_with_or_without_mended_offsets(junk: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(HONEST)) as plain:
        directory = plain.start_dir
    mended = bytearray(junk + HONEST)
    struct.pack_into("<L", mended, len(mended) - 6, directory + len(junk))
    at = directory + len(junk)
    while mended[at : at + 4] == b"PK\1\2":
        (offset,) = struct.unpack_from("<L", mended, at + 42)
        struct.pack_into("<L", mended, at + 42, offset + len(junk))
        at += 46 + int.from_bytes(mended[at + 28 : at + 30], "little")

    with zipfile.ZipFile(io.BytesIO(mended)) as theirs:
        assert theirs.testzip() is None, "other readers take it"
    assert form_of(bytes(mended))
    assert form_of(junk + HONEST)


def test_20_two_end_of_directory_records_are_refused() -> None:
    comment = bytearray(END)
    comment[20:22] = len(END).to_bytes(2, "little")

    assert form_of(HONEST + END)
    assert form_of(HONEST[:-22] + bytes(comment) + END)
    assert form_of(HONEST[:-22] + END + END)
    for place in range(len(END)):
        changed = END[:place] + bytes([END[place] ^ 1]) + END[place + 1 :]
        assert form_of(HONEST[:-22] + changed)


def test_20_local_and_central_headers_that_disagree_are_refused_in_any_field() -> None:
    with zipfile.ZipFile(io.BytesIO(HONEST)) as plain:
        entries, directory = plain.infolist(), plain.start_dir
    taken: list[tuple[str, int]] = []
    at = directory
    for entry in entries:
        places = [
            *((entry.header_offset + each, "local") for each in range(30 + len(entry.filename))),
            *((at + each, "central") for each in range(46 + len(entry.filename))),
        ]
        for place, which in places:
            changed = bytearray(HONEST)
            changed[place] ^= 0x01
            if refusal(bytes(changed)) is None:
                taken.append((which, place))
        at += 46 + len(entry.filename)

    assert taken == []
    assert len(entries) == 6


def test_20_a_link_is_refused() -> None:
    """An entry of mode 0120777 would be made a link by whoever extracts it."""
    mode = HONEST.index((0o100644 << 16).to_bytes(4, "little"))
    link = HONEST[:mode] + (0o120777 << 16).to_bytes(4, "little") + HONEST[mode + 4 :]

    assert zipfile.ZipFile(io.BytesIO(link)).infolist()[0].external_attr >> 16 == 0o120777
    assert form_of(link) == "header"


def renamed(names: dict[str, str]) -> bytes:
    """Return the pack with these further files, listed as any other, under any names.

    Each is written under a name of the archive's own form that is as long and stands where the
    wanted one does; then the names are exchanged, which no checksum covers.
    """
    listed = repacked({**CONTENTS, **dict.fromkeys(names, b"{}")})
    contents = contents_of(listed)
    for ours, wanted in names.items():
        contents[MANIFEST] = contents[MANIFEST].replace(ours.encode(), wanted.encode())
    out = io.BytesIO()
    archive.write(out, sorted(contents.items()))
    pack = out.getvalue()
    for ours, wanted in names.items():
        assert len(ours.encode()) == len(wanted.encode())
        pack = pack.replace(ours.encode(), wanted.encode())
    return pack


@pytest.mark.parametrize(
    "names",
    [
        {"0ob.json": "JOB.json"},
        {"0ob.jsoz": "JOB.JSON"},
        {"kzzz.json": "\u212az.json"},
    ],
    ids=["upper case", "all upper case", "kelvin sign"],
)
def test_20_names_that_are_equal_after_case_folding_are_refused(names: dict[str, str]) -> None:
    assert form_of(renamed(names)) == "name"


@pytest.mark.parametrize(
    "names",
    [
        {"jzzb.json": "j\u00f6b.json"},
        {"jozzb.json": "jo\u0308b.json"},
        {"jozzb.json": "jo\u0308b.json", "jzzb.json": "j\u00f6b.json"},
        {"jobzzzjson": "job\uff0ejson"},
    ],
    ids=["composed", "decomposed", "both", "full width"],
)
def test_20_names_that_are_equal_after_normalisation_are_refused(names: dict[str, str]) -> None:
    assert form_of(renamed(names)) == "name"


def test_20_nothing_of_an_archive_is_written_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    opened: list[tuple[Any, ...]] = []
    sys.addaudithook(lambda event, given: opened.append(given) if event == "open" else None)

    for pack in (HONEST, HONEST + END, renamed({"0ob.json": "JOB.json"})):
        refusal(pack)

    writes = [
        given for given in opened if isinstance(given[1], str) and set(given[1]) & set("wax+")
    ]
    assert (writes, list(tmp_path.iterdir())) == ([], [])
