"""Roots and proofs of the Merkle tree, each computed once more here by the letter of the RFCs."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from vectors.making.writing import Case, expected, hold, vectors
from wrkr_core.jobpack.merkle import (
    Tree,
    consistency_proof,
    inclusion_proof,
    proves_consistency,
    proves_inclusion,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

LINES: Final = (
    *(f'{{"seq":{seq}}}' for seq in range(1, 15)),
    "",
    "\u00fc\u2028\U0001f600",
    "same",
    "same",
    "the last",
)
SIZES: Final = len(LINES)
PLACES: Final = ((0, 1), (0, 2), (1, 2), (2, 3), (0, 7), (5, 7), (6, 7), (3, 8), (16, 19), (18, 19))
GROWTHS: Final = ((1, 1), (1, 2), (2, 3), (3, 4), (4, 4), (4, 7), (3, 7), (6, 8), (8, 16), (7, 19))
LEAVES: Final = [sha256(b"\x00" + line.encode()).digest() for line in LINES]


def files() -> dict[str, bytes]:
    """Return the files of this group by name."""
    lines = list(LINES)
    return {
        "merkle/roots.json": vectors(
            "merkle_root",
            "Take the root over the first lines of a log.",
            [_root(size) for size in range(SIZES + 1)],
            lines=lines,
        ),
        "merkle/inclusion_proofs.json": vectors(
            "inclusion_proof",
            "Make the proof that a line, counted from 0, is among the first lines of a log.",
            _inclusion_proofs(),
            lines=lines,
        ),
        "merkle/consistency_proofs.json": vectors(
            "consistency_proof",
            "Make the proof that the log of one size begins the log of another.",
            _consistency_proofs(),
            lines=lines,
        ),
        "merkle/inclusion.json": vectors(
            "inclusion", "Judge a proof of inclusion.", list(_inclusions())
        ),
        "merkle/consistency.json": vectors(
            "consistency", "Judge a proof of consistency.", list(_consistencies())
        ),
    }


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash over two hashes."""
    return sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Return MTH of RFC 6962, section 2.1."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node(root(leaves[:split]), root(leaves[split:]))


def is_included(proof: Sequence[bytes], leaf: bytes, index: int, size: int, top: bytes) -> bool:
    """Verify by RFC 9162, section 2.1.3.2."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for each in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node(each, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node(found, each)
        at, last = at >> 1, last >> 1
    return last == 0 and found == top


def is_consistent(proof: Sequence[bytes], old: int, old_top: bytes, size: int, top: bytes) -> bool:
    """Verify by RFC 9162, section 2.1.4.2; an empty old tree proves nothing."""
    if not 1 <= old <= size:
        return False
    if old == size:
        return not proof and old_top == top
    path = [old_top, *proof] if old & (old - 1) == 0 else list(proof)
    if not path or not proof:
        return False
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = path[0]
    for each in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before, after = node(each, before), node(each, after)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            after = node(after, each)
        at, last = at >> 1, last >> 1
    return last == 0 and before == old_top and after == top


def _root(size: int) -> Case:
    tree = Tree()
    for line in LINES[:size]:
        tree.append(line.encode())
    hold(tree.root(), root(LEAVES[:size]), f"root of {size}")
    return {"id": f"size-{size}", "size": size, "expect": {"root": tree.root().hex()}}


def _text(number: int) -> str:
    return f"minus-{-number}" if number < 0 else str(number)


def _inclusion_proofs() -> list[Case]:
    pairs = [(index, size) for size in range(1, 9) for index in range(size)]
    wrong = [(0, 0), (1, 1), (9, 8), (-1, 3), (0, SIZES + 1)]
    return [
        {
            "id": f"line-{_text(index)}-of-{size}",
            "index": index,
            "size": size,
            "expect": expected(
                partial(_proof, partial(inclusion_proof, LEAVES, index=index, size=size))
            ),
        }
        for index, size in (*pairs, *PLACES[8:], *wrong)
    ]


def _consistency_proofs() -> list[Case]:
    pairs = [(old, size) for size in range(1, 9) for old in range(1, size + 1)]
    wrong = [(0, 0), (0, 5), (4, 3), (-1, 3), (3, SIZES + 1)]
    return [
        {
            "id": f"{_text(old)}-to-{size}",
            "old_size": old,
            "size": size,
            "expect": expected(
                partial(_proof, partial(consistency_proof, LEAVES, old_size=old, size=size))
            ),
        }
        for old, size in (*pairs, *GROWTHS[8:], *wrong)
    ]


def _proof(make: Callable[[], tuple[bytes, ...]]) -> Case:
    return {"proof": [each.hex() for each in make()]}


def _changed_proofs(proof: Sequence[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    yield "one-hash-more", [*proof, LEAVES[0]]
    yield "one-hash-more-in-front", [LEAVES[0], *proof]
    if proof:
        yield "last-hash-missing", list(proof[:-1])
        yield "first-hash-missing", list(proof[1:])
        yield "no-hash", []
        yield "one-bit-flipped", [bytes([proof[0][0] ^ 1]) + proof[0][1:], *proof[1:]]
        yield "short-hash", [proof[0][:-1], *proof[1:]]
        yield "long-hash", [proof[0] + b"\0", *proof[1:]]
        yield "last-hash-twice", [*proof, proof[-1]]
    if len(proof) > 1:
        yield "reversed", list(reversed(proof))


def _inclusions() -> Iterator[Case]:
    for index, size in PLACES:
        proof = inclusion_proof(LEAVES, index=index, size=size)
        leaf, top = LEAVES[index], root(LEAVES[:size])
        name = f"line-{index}-of-{size}"
        yield _inclusion(name, proof, leaf, index, size, top)
        for said, other in _changed_proofs(proof):
            yield _inclusion(f"{name}-{said}", other, leaf, index, size, top)
        yield _inclusion(f"{name}-another-leaf", proof, LEAVES[size % SIZES], index, size, top)
        yield _inclusion(f"{name}-another-root", proof, leaf, index, size, LEAVES[-2])
        yield _inclusion(f"{name}-node-as-leaf", proof, node(leaf, leaf), index, size, top)
        for said, at, of in (
            ("next-index", index + 1, size),
            ("index-before", index - 1, size),
            ("size-is-index", index, index),
            ("size-zero", index, 0),
            ("larger-size", index, size + 1),
            ("smaller-size", index, size - 1),
            ("twice-the-size", index, size * 2),
            ("far-index", index + 2**40, size + 2**40),
        ):
            yield _inclusion(f"{name}-{said}", proof, leaf, at, of, top)
        yield _inclusion(f"{name}-short-root", proof, leaf, index, size, top[:-1])


def _inclusion(  # noqa: PLR0917  # the columns of a table
    name: str, proof: Sequence[bytes], leaf: bytes, index: int, size: int, top: bytes
) -> Case:
    found = proves_inclusion(proof, leaf=leaf, index=index, size=size, root=top)
    sound = all(len(each) == 32 for each in (*proof, leaf, top))
    hold(found, sound and is_included(proof, leaf, index, size, top), name)
    return {
        "id": name,
        "leaf": leaf.hex(),
        "index": index,
        "size": size,
        "root": top.hex(),
        "proof": [each.hex() for each in proof],
        "expect": {"valid": found},
    }


def _consistencies() -> Iterator[Case]:
    for old, size in GROWTHS:
        proof = consistency_proof(LEAVES, old_size=old, size=size)
        old_top, top = root(LEAVES[:old]), root(LEAVES[:size])
        name = f"{old}-to-{size}"
        yield _consistency(name, proof, old, old_top, size, top)
        for said, other in _changed_proofs(proof):
            yield _consistency(f"{name}-{said}", other, old, old_top, size, top)
        yield _consistency(f"{name}-another-old-root", proof, old, LEAVES[-2], size, top)
        yield _consistency(f"{name}-another-root", proof, old, old_top, size, LEAVES[-2])
        yield _consistency(f"{name}-roots-exchanged", proof, old, top, size, old_top)
        for said, before, after in (
            ("old-size-zero", 0, size),
            ("old-size-negative", -1, size),
            ("sizes-exchanged", size, old - 1),
            ("larger-old-size", old + 1, size),
            ("larger-size", old, size + 1),
            ("smaller-size", old, size - 1),
            ("far-sizes", old + 2**40, size + 2**40),
        ):
            yield _consistency(f"{name}-{said}", proof, before, old_top, after, top)
        yield _consistency(f"{name}-short-root", proof, old, old_top, size, top[:-1])


def _consistency(  # noqa: PLR0917  # the columns of a table
    name: str, proof: Sequence[bytes], old: int, old_top: bytes, size: int, top: bytes
) -> Case:
    found = proves_consistency(proof, old_size=old, old_root=old_top, size=size, root=top)
    sound = all(len(each) == 32 for each in (*proof, old_top, top))
    hold(found, sound and is_consistent(proof, old, old_top, size, top), name)
    return {
        "id": name,
        "old_size": old,
        "old_root": old_top.hex(),
        "size": size,
        "root": top.hex(),
        "proof": [each.hex() for each in proof],
        "expect": {"valid": found},
    }
