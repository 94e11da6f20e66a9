"""The Merkle tree over the lines of a log (RFC 6962, section 2.1, with SHA-256).

One root stands for the whole log. An inclusion proof shows that one line is under that root, a
consistency proof that a longer log begins with a shorter one, both without showing any other line.
Leaves and nodes are hashed with different prefixes, so neither can pass for the other.

Building needs O(log n) memory: of all lines seen, only the roots of the perfect subtrees they make
up are kept, one for each set bit of their number. A proof is a handful of such roots over ranges of
leaves, which one pass over the leaf hashes yields.
"""

from __future__ import annotations

from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, Final

from wrkr_core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

EMPTY_ROOT: Final = sha256(b"").digest()
"""The root over no lines at all."""
_HASH_BYTES: Final = 32


def leaf_hash(line: bytes) -> bytes:
    """Return the 32-byte hash of one line, without its newline."""
    return sha256(b"\x00" + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the 32-byte hash of the node over two hashes."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that grows by one line at a time; not for use by two threads at once."""

    __slots__ = ("_size", "_subtrees")

    def __init__(self) -> None:
        """Begin without lines."""
        self._size = 0
        self._subtrees: list[bytes] = []

    @property
    def size(self) -> int:
        """How many lines were appended."""
        return self._size

    def append(self, line: bytes) -> None:
        """Add a line, given without its newline."""
        self.append_hash(leaf_hash(line))

    def append_hash(self, leaf: bytes) -> None:
        """Add a line of which only the ``leaf_hash`` is known."""
        carried, count = leaf, self._size
        while count & 1:
            carried = node_hash(self._subtrees.pop(), carried)
            count >>= 1
        self._subtrees.append(carried)
        self._size += 1

    def extend(self, lines: Iterable[bytes]) -> None:
        """Add lines in order, each without its newline: as ``append``, in less time.

        Whole levels are hashed at once, from the leaves up. What has no sibling on a level waits
        there for one, as it does when lines come one by one.
        """
        nodes = [sha256(b"\x00" + line).digest() for line in lines]
        size, self._size = self._size, self._size + len(nodes)
        waiting: list[bytes] = []
        while nodes:
            if size & 1:
                nodes.insert(0, self._subtrees.pop())
            size >>= 1
            if len(nodes) & 1:
                waiting.append(nodes.pop())
            halves = iter(nodes)
            nodes = [
                sha256(b"\x01" + left + right).digest()
                for left, right in zip(halves, halves, strict=True)
            ]
        self._subtrees += reversed(waiting)

    def root(self) -> bytes:
        """Return the 32-byte root over all lines so far; more may follow."""
        if not self._subtrees:
            return EMPTY_ROOT
        *rest, root = self._subtrees
        for subtree in reversed(rest):
            root = node_hash(subtree, root)
        return root


def inclusion_proof(leaves: Iterable[bytes], *, index: int, size: int) -> tuple[bytes, ...]:
    """Return the proof that line ``index``, from 0, is in the tree of the first ``size`` lines.

    ``leaves`` are leaf hashes in order and are read once (RFC 6962, section 2.1.1).

    Raises:
        InvalidInputError: There is no such line in a tree of that size, or too few leaves.

    """
    if not 0 <= index < size:
        raise InvalidInputError(f"a tree of {size} lines has no line {index}; they count from 0")
    first, end = 0, size
    siblings: list[tuple[int, int]] = []
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            siblings.append((middle, end))
            end = middle
        else:
            siblings.append((first, middle))
            first = middle
    return _roots(leaves, siblings)


def consistency_proof(leaves: Iterable[bytes], *, old_size: int, size: int) -> tuple[bytes, ...]:
    """Return the proof that the tree of ``size`` lines begins with that of ``old_size`` lines.

    ``leaves`` are leaf hashes in order and are read once (RFC 6962, section 2.1.2).

    Raises:
        InvalidInputError: Not 1 <= old_size <= size (an empty log proves nothing), or too few
            leaves.

    """
    if not 1 <= old_size <= size:
        raise InvalidInputError(
            f"a tree of {old_size} lines cannot be proven to begin one of {size}"
        )
    first, end = 0, size
    ranges: list[tuple[int, int]] = []
    while end != old_size:
        middle = first + _split(end - first)
        if old_size <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((first, middle))
            first = middle
    # The verifier knows the root of the old tree itself, unless it is a subtree farther right.
    if first:
        ranges.append((first, end))
    return _roots(leaves, ranges)


def proves_inclusion(
    proof: Sequence[bytes], *, leaf: bytes, index: int, size: int, root: bytes
) -> bool:
    """Tell whether ``proof`` shows the leaf hash at ``index`` under ``root`` (RFC 9162, 2.1.3.2).

    False for anything malformed; never raises for bytes that came from elsewhere.
    """
    if not 0 <= index < size or any(len(each) != _HASH_BYTES for each in (leaf, root, *proof)):
        return False
    turns = _turns(index, size - 1)
    if len(proof) != len(turns):
        return False
    computed = leaf
    for sibling, is_left in zip(proof, turns, strict=True):
        computed = node_hash(sibling, computed) if is_left else node_hash(computed, sibling)
    return computed == root


def proves_consistency(
    proof: Sequence[bytes], *, old_size: int, old_root: bytes, size: int, root: bytes
) -> bool:
    """Tell whether ``proof`` shows that the new tree begins with the old one (RFC 9162, 2.1.4.2).

    False for anything malformed, and for an old tree without lines, which proves nothing.
    """
    if not 1 <= old_size <= size or any(
        len(each) != _HASH_BYTES for each in (old_root, root, *proof)
    ):
        return False
    if old_size == size:
        return not proof and old_root == root
    # Where the old tree is one perfect subtree of the new one, its root stands in no proof.
    is_perfect = old_size & (old_size - 1) == 0
    hashes = (old_root, *proof) if is_perfect else tuple(proof)
    levels = (~(old_size - 1) & old_size).bit_length() - 1
    turns = _turns((old_size - 1) >> levels, (size - 1) >> levels)
    if len(hashes) != len(turns) + 1:
        return False
    old_computed = computed = hashes[0]
    for sibling, is_left in zip(hashes[1:], turns, strict=True):
        if is_left:
            old_computed = node_hash(sibling, old_computed)
            computed = node_hash(sibling, computed)
        else:
            computed = node_hash(computed, sibling)
    return old_computed == old_root and computed == root


def _turns(place: int, last: int) -> list[bool]:
    """Return, level by level up to the root, whether the sibling on the way is on the left.

    ``place`` is the node's number in its level, ``last`` that of the level's last node.
    """
    turns: list[bool] = []
    while last:
        is_left = bool(place & 1) or place == last
        turns.append(is_left)
        # The last node of a level may have no sibling; it is then its own parent.
        while is_left and place and not place & 1:
            place >>= 1
            last >>= 1
        place >>= 1
        last >>= 1
    return turns


def _split(size: int) -> int:
    """Return the size of the left subtree: the largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1


def _roots(leaves: Iterable[bytes], ranges: Sequence[tuple[int, int]]) -> tuple[bytes, ...]:
    """Return the roots over disjoint ranges of leaves, the last range first."""
    rest = iter(leaves)
    seen = 0
    roots: dict[tuple[int, int], bytes] = {}
    for first, end in sorted(ranges):
        tree = Tree()
        for leaf in islice(rest, first - seen, end - seen):
            tree.append_hash(leaf)
        if tree.size != end - first:
            raise InvalidInputError(f"a proof over {end} lines cannot be made from fewer leaves")
        roots[first, end] = tree.root()
        seen = end
    return tuple(roots[each] for each in reversed(ranges))
