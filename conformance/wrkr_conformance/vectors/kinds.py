"""Which function runs which kind of vector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wrkr_conformance.vectors import decisions, documents, logs, packs, trees

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Fields = Mapping[str, Any]
    Check = Callable[[Path, Fields, Fields], None]

KINDS: Final[Mapping[str, Check]] = {
    "canonical_json": documents.check_canonical_json,
    "canonical_number": documents.check_canonical_number,
    "strict_json": documents.check_strict_json,
    "fingerprint": documents.check_fingerprint,
    "receipt": documents.check_receipt,
    "log_line": logs.check_log_line,
    "chain": logs.check_chain,
    "moves": logs.check_moves,
    "fold": logs.check_fold,
    "merkle_root": trees.check_root,
    "inclusion_proof": trees.check_inclusion_proof,
    "consistency_proof": trees.check_consistency_proof,
    "inclusion": trees.check_inclusion,
    "consistency": trees.check_consistency,
    "decision": decisions.check_decision,
    "jobpack": packs.check_jobpack,
    "export": packs.check_export,
}
"""Kind -> function of the folder, the whole file and one case, which raises what is not as stated."""
