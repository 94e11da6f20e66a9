"""Vectors of the Merkle tree over the lines of a log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wrkr_conformance.vectors.outcomes import compare, lines_of
from wrkr_core.jobpack.merkle import (
    Tree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    proves_consistency,
    proves_inclusion,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    Fields = Mapping[str, Any]


def check_root(_root: Path, fields: Fields, case: Fields) -> None:
    """Take the root over the first lines of the file's log."""

    def found() -> dict[str, Any]:
        tree = Tree()
        for line in lines_of(fields["lines"])[: case["size"]]:
            tree.append(line)
        return {"root": tree.root().hex()}

    compare(case, found)


def check_inclusion_proof(_root: Path, fields: Fields, case: Fields) -> None:
    """Make the proof that a line is in the tree."""
    leaves = _leaves(fields)
    compare(
        case,
        lambda: _proof(inclusion_proof(leaves, index=case["index"], size=case["size"])),
    )


def check_consistency_proof(_root: Path, fields: Fields, case: Fields) -> None:
    """Make the proof that a longer tree begins with a shorter one."""
    leaves = _leaves(fields)
    compare(
        case,
        lambda: _proof(consistency_proof(leaves, old_size=case["old_size"], size=case["size"])),
    )


def check_inclusion(_root: Path, _fields: Fields, case: Fields) -> None:
    """Judge a proof of inclusion that came from elsewhere."""

    def found() -> dict[str, Any]:
        leaf, root = bytes.fromhex(case["leaf"]), bytes.fromhex(case["root"])
        proof, index, size = _hashes(case["proof"]), case["index"], case["size"]
        return {"valid": proves_inclusion(proof, leaf=leaf, index=index, size=size, root=root)}

    compare(case, found)


def check_consistency(_root: Path, _fields: Fields, case: Fields) -> None:
    """Judge a proof of consistency that came from elsewhere."""

    def found() -> dict[str, Any]:
        is_valid = proves_consistency(
            _hashes(case["proof"]),
            old_size=case["old_size"],
            old_root=bytes.fromhex(case["old_root"]),
            size=case["size"],
            root=bytes.fromhex(case["root"]),
        )
        return {"valid": is_valid}

    compare(case, found)


def _leaves(fields: Fields) -> list[bytes]:
    return [leaf_hash(line) for line in lines_of(fields["lines"])]


def _proof(hashes: tuple[bytes, ...]) -> dict[str, Any]:
    return {"proof": [each.hex() for each in hashes]}


def _hashes(texts: list[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]
