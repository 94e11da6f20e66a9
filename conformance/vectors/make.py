"""Freeze vectors that are not frozen yet: ``python conformance/vectors/make.py``.

What is frozen stays frozen. If a file that exists would come out differently, nothing is written and
the exit code is 1: the code has changed what other implementations were told. New files are added,
and ``SHA256SUMS`` with them. No test writes here.
"""  # noqa: INP001  # a script beside what it makes

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

FOLDER: Final = Path(__file__).resolve().parent
ROOT: Final = FOLDER.parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "conformance")]

from vectors.making import decisions, documents, logs, packs, trees  # noqa: E402  # found only now
from wrkr_conformance.vectors.running import SUMS, read_sums  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Mapping

PARTS: Final = (documents, logs, trees, decisions, packs)


def main(folder: Path = FOLDER) -> int:
    """Freeze what is new in ``folder``; return 1, having written nothing, if anything changed."""
    return freeze(folder, {name: data for part in PARTS for name, data in part.files().items()})


def freeze(folder: Path, made: Mapping[str, bytes]) -> int:
    """Write those of the files that are not there, and the sums of all; change none."""
    path = folder / SUMS
    sums = read_sums(path.read_text("utf-8")) if path.exists() else {}
    changed = [
        name for name in sorted(sums) if _is_changed(folder / name, sums[name], made.get(name))
    ]
    if changed:
        sys.stderr.write("frozen, and would come out differently:\n")
        sys.stderr.writelines(f"  {name}\n" for name in changed)
        return 1
    new = sorted(made.keys() - sums.keys())
    for name in new:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(made[name])
        sums[name] = sha256(made[name]).hexdigest()
    path.write_text("".join(f"{sums[name]}  {name}\n" for name in sorted(sums)), "utf-8")
    sys.stdout.write(f"{len(new)} files frozen, {len(sums) - len(new)} as they were\n")
    return 0


def _is_changed(path: Path, frozen: str, again: bytes | None) -> bool:
    """Tell whether a frozen file is gone, is damaged, or would now come out differently."""
    found = sha256(path.read_bytes()).hexdigest() if path.exists() else ""
    return found != frozen or (again is not None and sha256(again).hexdigest() != frozen)


if __name__ == "__main__":
    sys.exit(main())
