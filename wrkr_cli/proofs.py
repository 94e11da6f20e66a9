"""Receipts and proofs that a person hands in: read from where they lie, and checked back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from wrkr_cli.reporting import is_file, require_file
from wrkr_cli.session import in_ascii_where_unseen
from wrkr_core.errors import InvalidInputError, VerifyHashError, VerifyMalformedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wrkr_cli.session import Session
    from wrkr_core.jobpack.archive import Limits
    from wrkr_core.jobpack.proofs import PackState, Proof
    from wrkr_core.jobpack.verify import Verification
    from wrkr_core.signing.trust import Trust

_BEGINS: Final = "WRKR"
_LONGEST_RECEIPT: Final = 4096


def given_receipt(text: str) -> str:
    """Return the receipt a person gave, as a line or as the name of a file that holds the line.

    Raises: InvalidInputError: neither. OSError: the file cannot be read.
    """
    if text.lstrip().startswith(_BEGINS):
        return text
    path = Path(text)
    if not is_file(path):
        raise InvalidInputError(
            f"{text[:200]!r} is neither a receipt nor a file that holds one",
            hint='a receipt reads: WRKR job_id=… manifest=sha256:… verify="wrkr verify …"',
        )
    with path.open("rb") as file:
        return file.read(_LONGEST_RECEIPT).decode("utf-8", "replace")


def is_receipt(text: str) -> bool:
    """Tell whether a person means a receipt: the line, or a file that begins like one."""
    path = Path(text)
    if text.lstrip().startswith(_BEGINS):
        return True
    if not is_file(path):
        return False
    with path.open("rb") as file:
        return file.read(_LONGEST_RECEIPT).lstrip().startswith(_BEGINS.encode())


def verified_pack(
    path: Path,
    *,
    limits: Limits | None = None,
    receipt: str | None = None,
    trust: Trust | None = None,
    require_signature: bool = False,
) -> Verification:
    """Return what was verified of the jobpack at ``path``.

    Raises: NotFoundError: there is none. VerifyError: it does not verify. InvalidInputError.
    """
    from wrkr_core.jobpack.verify import verify_pack

    with require_pack(path).open("rb") as file:
        return verify_pack(
            file,
            limits=limits,
            expect_receipt=receipt,
            trust=trust,
            require_signature=require_signature,
        )


def require_pack(path: Path) -> Path:
    """Return ``path`` if a jobpack can be there. Raises: NotFoundError, VerifyMalformedError."""
    if path.exists() and not path.is_file():
        raise VerifyMalformedError(f"{path} is not a regular file", path=str(path))
    return require_file(path)


def check_proof(
    session: Session, path: Path, *, receipt: str | None, pack: Verification | None
) -> None:
    """Check the proof in a file and print what it shows, and by what it is held.

    Raises: VerifyError: it shows nothing, or is of other packs than the receipt or the jobpack.
        NotFoundError. InvalidInputError.
    """
    from wrkr_core.jobpack.proofs import LARGEST, InclusionProof, read_proof
    from wrkr_core.jobpack.receipt import read_receipt

    wanted = None if receipt is None else read_receipt(receipt)
    with require_file(path).open("rb") as file:
        proof = read_proof(file.read(LARGEST + 1))
    proof.check()
    held: dict[str, str] = {}
    if wanted is not None:
        _require_among(proof, "receipt", wanted.job_id, wanted.pack_id)
        held["receipt"] = wanted.pack_id
    if pack is not None:
        _require_among(proof, "jobpack", pack.job_id, pack.pack_id or "")
        held["jobpack"] = pack.pack_id or ""
    said = _inclusion_said(proof) if isinstance(proof, InclusionProof) else _since_said(proof.packs)
    session.result(
        {"ok": True, **proof_view(proof), "held_by": list(held)},
        [*said, *_held_said(proof, held)],
        brief="ok",
    )


def _require_among(proof: Proof, what: str, job_id: str, pack_id: str) -> None:
    """Require that the proof speaks of this pack. Raises: VerifyHashError."""
    of = [(each.manifest.job_id, each.pack_id) for each in proof.packs]
    if (job_id, pack_id) not in of:
        others = " and ".join(f"sha256:{found} of job {job}" for job, found in dict.fromkeys(of))
        raise VerifyHashError(
            f"the {what} is for jobpack sha256:{pack_id} of job {job_id}; the proof is of {others}"
            if what == "receipt"
            else f"the jobpack is sha256:{pack_id} of job {job_id}; the proof is of {others}",
            expected=pack_id,
            found=[found for _job, found in of],
        )


def _held_said(proof: Proof, held: Mapping[str, str]) -> list[str]:
    """Return what the proof is held by, and which of its two states is only said by it."""
    if not held:
        alone = "held by nothing but itself: whoever makes a whole log can prove it"
        return [f"{alone}; give --receipt or the jobpack"]
    lines = [f"held by the {' and the '.join(held)}"]
    for when, pack in zip(("before", "after"), proof.packs, strict=False):
        if pack.pack_id not in held.values():
            lines.append(
                f"the state {when} is held by nothing but this proof; give its receipt or jobpack, too"
            )
    return lines


def _inclusion_said(proof: Proof) -> list[str]:
    [pack], view = proof.packs, proof_view(proof)
    return [
        f"record {view['seq']} of {pack.manifest.event_count} of job {pack.manifest.job_id} is:",
        in_ascii_where_unseen(str(view["line"])),
        f"jobpack: sha256:{pack.pack_id}",
    ]


def _since_said(packs: tuple[PackState, ...]) -> list[str]:
    old, new = packs
    before, after = old.manifest.event_count, new.manifest.event_count
    return [
        f"the {after} records of job {new.manifest.job_id} begin with the {before} it had before",
        f"before: jobpack sha256:{old.pack_id}",
        f"after:  jobpack sha256:{new.pack_id}",
    ]


def proof_view(proof: Proof) -> dict[str, object]:
    """Return the proof without manifests and path, and its kind, as JSON values."""
    from wrkr_core.canonical import loads

    view: dict[str, object] = loads(proof.file_bytes())
    for name in ("pack", "old", "new"):
        pack = view.get(name)
        if isinstance(pack, dict):
            pack.pop("manifest")  # pyright: ignore[reportUnknownMemberType]
    kind = str(view.pop("schema_id")).removeprefix("wrkr.").removesuffix("_proof")
    del view["schema_version"], view["path"]
    return {**view, "kind": kind}
