"""The Merkle tree: the roots and proofs of RFC 6962, and a verifier that forgeries do not pass."""

import base64
import json
import pathlib
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.errors import InvalidInputError
from wrkr_core.jobpack.merkle import (
    EMPTY_ROOT,
    Tree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    proves_consistency,
    proves_inclusion,
)

FIXTURES = pathlib.Path(__file__).parents[2] / "fixtures" / "merkle"
PROBES: list[dict[str, Any]] = json.loads((FIXTURES / "probes.json").read_bytes())

SIZES = st.integers(1, 70)


def probes(kind: str) -> list[Any]:
    found = [each for each in PROBES if each["file"].startswith(f"{kind}/")]
    return [pytest.param(each["probe"], id=each["file"]) for each in found]


def decoded(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def decoded_proof(probe: dict[str, Any]) -> list[bytes]:
    return [decoded(each) for each in probe["proof"] or ()]


def leaves(size: int) -> list[bytes]:
    return [leaf_hash(b"%d" % number) for number in range(size)]


def tree_over(hashes: list[bytes]) -> Tree:
    tree = Tree()
    for each in hashes:
        tree.append_hash(each)
    return tree


def root_by_definition(hashes: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    left, right = root_by_definition(hashes[:k]), root_by_definition(hashes[k:])
    return sha256(b"\x01" + left + right).digest()


@given(st.lists(st.binary(max_size=40), max_size=70))
def test_a_growing_tree_always_has_the_root_of_the_recursive_definition(lines: list[bytes]) -> None:
    tree = Tree()
    for count, line in enumerate(lines):
        assert tree.size == count
        assert tree.root() == root_by_definition([leaf_hash(each) for each in lines[:count]])
        tree.append(line)

    assert tree.root() == root_by_definition([leaf_hash(each) for each in lines])


def test_the_roots_of_a_known_log_are_the_published_ones() -> None:
    # The eight entries and roots of the Certificate Transparency test data.
    tree = Tree()
    assert tree.root() == EMPTY_ROOT
    for entry in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657"):
        tree.append(bytes.fromhex(entry))
    tree.append(bytes.fromhex("606162636465666768696a6b6c6d6e6f"))

    assert EMPTY_ROOT.hex().startswith("e3b0c44298fc1c149afb")
    assert tree.root().hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_neither_a_leaf_passes_for_a_node_nor_a_node_for_a_leaf() -> None:
    left, right = leaves(2)

    assert node_hash(left, right) != leaf_hash(left + right)
    assert node_hash(left, right) != node_hash(right, left)


def test_a_tree_keeps_one_hash_for_each_power_of_two_in_its_size() -> None:
    tree = tree_over(leaves(1000))

    assert len(tree._subtrees) == (1000).bit_count()


@given(SIZES, st.data())
def test_every_line_can_be_proven_and_no_other_takes_its_place(
    size: int, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, size - 1))
    hashes = leaves(size)
    root = root_by_definition(hashes)

    proof = inclusion_proof(iter(hashes), index=index, size=size)

    assert proves_inclusion(proof, leaf=hashes[index], index=index, size=size, root=root)
    for other in range(size):
        claimed = proves_inclusion(proof, leaf=hashes[other], index=index, size=size, root=root)
        moved = proves_inclusion(proof, leaf=hashes[index], index=other, size=size, root=root)
        assert claimed == moved == (other == index)


@given(SIZES, SIZES)
def test_a_longer_log_is_proven_to_begin_with_the_shorter_one(one: int, other: int) -> None:
    old_size, size = sorted((one, other))
    hashes = leaves(size)
    old_root, root = root_by_definition(hashes[:old_size]), root_by_definition(hashes)

    proof = consistency_proof(iter(hashes), old_size=old_size, size=size)

    assert proves_consistency(proof, old_size=old_size, old_root=old_root, size=size, root=root)
    assert (proof == ()) == (old_size == size)


@given(SIZES, SIZES, st.integers(0, 69))
def test_a_log_that_was_changed_before_the_fork_is_not_consistent(
    one: int, other: int, changed: int
) -> None:
    old_size, size = sorted((one, other))
    changed %= old_size
    hashes = leaves(size)
    old_root = root_by_definition(hashes[:old_size])
    hashes[changed] = leaf_hash(b"rewritten")

    proof = consistency_proof(hashes, old_size=old_size, size=size)

    assert not proves_consistency(
        proof, old_size=old_size, old_root=old_root, size=size, root=root_by_definition(hashes)
    )


@given(SIZES, st.data())
def test_a_proof_with_any_hash_changed_missing_or_added_proves_nothing(
    size: int, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, size - 1))
    hashes = leaves(size)
    root = root_by_definition(hashes)
    proof = list(inclusion_proof(hashes, index=index, size=size))
    at = data.draw(st.integers(0, len(proof)))
    damaged = [[*proof[:at], bytes(32), *proof[at:]]]
    if at < len(proof):
        damaged += [proof[:at] + proof[at + 1 :], [*proof[:at], bytes(32), *proof[at + 1 :]]]
        damaged += [[*proof[:at], proof[at][:-1], *proof[at + 1 :]]]

    for each in damaged:
        assert not proves_inclusion(each, leaf=hashes[index], index=index, size=size, root=root)


@given(SIZES, SIZES, st.data())
def test_a_consistency_proof_with_any_hash_changed_missing_or_added_proves_nothing(
    one: int, other: int, data: st.DataObject
) -> None:
    old_size, size = sorted((one, other))
    hashes = leaves(size)
    old_root, root = root_by_definition(hashes[:old_size]), root_by_definition(hashes)
    proof = list(consistency_proof(hashes, old_size=old_size, size=size))
    at = data.draw(st.integers(0, len(proof)))
    damaged = [[*proof[:at], bytes(32), *proof[at:]]]
    if at < len(proof):
        damaged += [proof[:at] + proof[at + 1 :], [*proof[:at], bytes(32), *proof[at + 1 :]]]

    for each in damaged:
        assert not proves_consistency(
            each, old_size=old_size, old_root=old_root, size=size, root=root
        )


@given(st.lists(st.integers(0, 9), max_size=12))
def test_lines_added_at_once_give_the_tree_of_lines_added_one_by_one(sizes: list[int]) -> None:
    at_once, one_by_one, number = Tree(), Tree(), 0
    for size in sizes:
        lines = [b"%d" % each for each in range(number, number + size)]
        number += size
        at_once.extend(lines)
        for line in lines:
            one_by_one.append(line)

        assert (at_once.size, at_once.root()) == (one_by_one.size, one_by_one.root())


@pytest.mark.parametrize("probe", probes("inclusion"))
def test_inclusion_probes_of_others_are_judged_as_they_expect(probe: dict[str, Any]) -> None:
    accepted = proves_inclusion(
        decoded_proof(probe),
        leaf=decoded(probe["leafHash"]),
        index=probe["leafIdx"],
        size=probe["treeSize"],
        root=decoded(probe["root"]),
    )

    assert accepted != probe["wantErr"]


@pytest.mark.parametrize("probe", probes("consistency"))
def test_consistency_probes_of_others_are_judged_as_they_expect(probe: dict[str, Any]) -> None:
    accepted = proves_consistency(
        decoded_proof(probe),
        old_size=probe["size1"],
        old_root=decoded(probe["root1"]),
        size=probe["size2"],
        root=decoded(probe["root2"]),
    )

    assert accepted != probe["wantErr"]


@pytest.mark.parametrize("probe", probes("subtreeinclusion"))
def test_a_subtree_of_others_is_judged_as_a_tree_of_its_own(probe: dict[str, Any]) -> None:
    accepted = proves_inclusion(
        decoded_proof(probe),
        leaf=decoded(probe["leafHash"]),
        index=probe["leafIdx"] - probe["start"],
        size=probe["end"] - probe["start"],
        root=decoded(probe["root"]),
    )

    assert accepted != probe["wantErr"]


def older_trees() -> list[Any]:
    """Return the probes that RFC 6962 knows: of a subtree that begins the tree and is not empty."""
    not_hashes = "sizes are equal (one) and proof is empty"  # its roots are other text
    return [
        each
        for each in probes("subtreeconsistency")
        if each.values[0]["start"] == 0 < each.values[0]["end"]
        and each.values[0]["desc"] != not_hashes
    ]


@pytest.mark.parametrize("probe", older_trees())
def test_a_first_subtree_of_others_is_judged_as_an_older_tree(probe: dict[str, Any]) -> None:
    accepted = proves_consistency(
        decoded_proof(probe),
        old_size=probe["end"],
        old_root=decoded(probe["root1"]),
        size=probe["size"],
        root=decoded(probe["root2"]),
    )

    assert accepted != probe["wantErr"]


def test_the_probes_are_all_there() -> None:
    counts = [len(probes(kind)) for kind in ("inclusion", "consistency", "subtreeinclusion")]

    assert (*counts, len(older_trees()), len(PROBES)) == (49, 49, 102, 46, 259)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 3), (3, 3)])
def test_a_line_that_does_not_exist_can_be_neither_proven_nor_claimed(
    index: int, size: int
) -> None:
    with pytest.raises(InvalidInputError, match=f"has no line {index}"):
        inclusion_proof(leaves(4), index=index, size=size)

    leaf = leaves(1)[0]
    assert not proves_inclusion([], leaf=leaf, index=index, size=size, root=leaf)


@pytest.mark.parametrize(("old_size", "size"), [(0, 0), (0, 3), (4, 3), (-1, 3)])
def test_an_empty_or_longer_log_begins_nothing(old_size: int, size: int) -> None:
    with pytest.raises(InvalidInputError, match=f"a tree of {old_size} lines"):
        consistency_proof(leaves(4), old_size=old_size, size=size)

    assert not proves_consistency(
        [], old_size=old_size, old_root=EMPTY_ROOT, size=size, root=EMPTY_ROOT
    )


def test_a_proof_needs_all_leaves_of_its_tree() -> None:
    with pytest.raises(InvalidInputError, match="from fewer leaves"):
        inclusion_proof(leaves(6), index=0, size=7)

    with pytest.raises(InvalidInputError, match="from fewer leaves"):
        consistency_proof(leaves(6), old_size=3, size=7)


def test_hashes_of_another_length_prove_nothing() -> None:
    line = b"x" * 31

    assert not proves_inclusion([], leaf=line, index=0, size=1, root=line)
    assert not proves_consistency([], old_size=1, old_root=line, size=1, root=line)
