"""Running a folder of vectors: file -> kind -> function.

Nothing passes by being left out: a file without a sum, a sum without a file, a file that is not as
its sum says, an unknown kind and a file without cases are each a result that failed.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from wrkr_conformance.vectors.kinds import KINDS
from wrkr_conformance.vectors.report import VectorReport, VectorResult
from wrkr_core.canonical import loads
from wrkr_core.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT: Final = "wrkr.vectors/1"
SUMS: Final = "SHA256SUMS"


def run_vectors(folder: str | Path) -> VectorReport:
    """Run every vector in ``folder`` against this implementation. Never raises for what they find.

    Raises: NotFoundError: there is no such folder, or no ``SHA256SUMS`` in it.
    """
    root = Path(folder)
    if not (root / SUMS).is_file():
        raise NotFoundError(
            f"{root} holds no vectors: there is no {SUMS} in it",
            hint="name the folder conformance/vectors of a source tree",
            path=str(root),
        )
    results: list[VectorResult] = []
    sums = read_sums((root / SUMS).read_text("utf-8"))
    for name, stated in sums.items():
        reason = _flaw(root / name, stated)
        results.append(_of_file(name, reason))
        if not reason and name.endswith(".json"):
            results += _run_file(root, name)
    stray = sorted(set(vector_files(root)) - sums.keys())
    results += [_of_file(name, f"it is not listed in {SUMS}") for name in stray]
    return VectorReport(folder=str(root), results=tuple(results))


def read_sums(text: str) -> dict[str, str]:
    """Return the SHA-256 of each file by name, as ``sha256sum`` writes them: ``<hex>  <name>``."""
    pairs = (line.split("  ", 1) for line in text.split("\n") if line)
    return {pair[1]: pair[0] for pair in pairs if len(pair) == 2}


def vector_files(root: Path) -> list[str]:
    """Return the names of all vector files in a folder: JSON and packs in its sub-folders."""
    found = [path for kind in ("json", "zip") for path in root.glob(f"*/**/*.{kind}")]
    return sorted(path.relative_to(root).as_posix() for path in found)


def _flaw(path: Path, stated: str) -> str:
    if not path.is_file():
        return "the file is missing"
    found = sha256(path.read_bytes()).hexdigest()
    return "" if found == stated else f"its SHA-256 is {found}, {SUMS} says {stated}"


def _of_file(name: str, reason: str) -> VectorResult:
    return VectorResult(file=name, kind="file", case="", passed=not reason, reason=reason)


def _run_file(root: Path, name: str) -> Iterator[VectorResult]:
    """Yield a result per case, or one for the file if it cannot be run at all."""
    try:
        fields = _object(loads((root / name).read_bytes()))
    except InvalidInputError as error:
        yield _of_file(name, error.message)
        return
    kind, cases = str(fields.get("kind")), fields.get("cases")
    if fields.get("format") != FORMAT:
        yield _of_file(name, f"its format is {fields.get('format')!r}, not {FORMAT}")
    elif kind not in KINDS:
        yield _of_file(name, f"nothing here runs vectors of the kind {kind!r}")
    elif not isinstance(cases, list) or not cases:
        yield _of_file(name, "it holds no cases")
    else:
        for case in cast("list[object]", cases):
            yield _run_case(root, name, fields, _object(case))


def _object(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _run_case(root: Path, name: str, fields: dict[str, Any], case: dict[str, Any]) -> VectorResult:
    kind = str(fields["kind"])
    reason = ""
    try:
        KINDS[kind](root, fields, case)
    except Exception as error:  # noqa: BLE001  # whatever goes wrong, the case did not come out
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
    found = str(case.get("id", ""))
    return VectorResult(file=name, kind=kind, case=found, passed=not reason, reason=reason)
