"""The model of a disk: what is there now, and what may be there after the power went."""

from __future__ import annotations

from random import Random  # noqa: TID251  # seeded

from hypothesis import given
from hypothesis import strategies as st

from wrkr_conformance.disk_model import ROOT, Disk, Flush, Image, Move, Name, Tree
from wrkr_conformance.remains import Cut, Write


def left(disk: Disk, most: int = 1000) -> list[Tree]:
    return [image.tree for image in disk.after_crash(most, Random(0))]  # noqa: S311  # repeatable


def disk_of(tree: Tree, *changes: object) -> Disk:
    disk = Disk(tree)
    for change in changes:
        disk.take(change)  # type: ignore[arg-type]  # each is one
    return disk


def test_a_disk_begins_with_what_is_surely_on_it() -> None:
    tree: Tree = {"a": None, "a/b": b"x", "c": b""}

    assert Disk(tree).now() == tree
    assert left(Disk(tree)) == [tree]


def test_a_new_file_may_lack_its_name_until_the_folder_is_flushed() -> None:
    new = (Name(ROOT, "a", 7), Write(7, 0, b"x"), Flush(7))

    assert left(disk_of({}, *new)) == [{"a": b"x"}, {}]
    assert left(disk_of({}, *new, Flush(ROOT))) == [{"a": b"x"}]


def test_a_named_file_may_lack_its_bytes_until_it_is_flushed() -> None:
    found = left(disk_of({}, Name(ROOT, "a", 7), Write(7, 0, b"xy"), Flush(ROOT)))

    assert {"a": b"xy"} in found
    assert {"a": b"x"} in found
    assert {"a": b""} in found
    assert all("a" in tree for tree in found)


def test_changes_of_one_folder_are_lost_from_the_end() -> None:
    made = (Name(ROOT, "a", 1), Name(ROOT, "b", 2), Name(ROOT, "a", None))

    assert left(disk_of({}, *made)) == [
        {"b": b""},
        {"a": b"", "b": b""},
        {"a": b""},
        {},
    ]


def test_a_rename_is_there_or_not_and_one_name_or_the_other() -> None:
    before: Tree = {"a": b"old", "t": None, "t/a": b"new"}
    moved = disk_of(before, Move(2, "a", ROOT, "a", 3))
    after: Tree = {"a": b"new", "t": None}

    assert moved.now() == after
    assert left(moved) == [after, before]
    for folder in (ROOT, 2):
        moved = disk_of(before, Move(2, "a", ROOT, "a", 3), Flush(folder))
        assert left(moved) == [after]


def test_a_rename_that_was_flushed_takes_the_name_it_came_from_with_it() -> None:
    disk = disk_of(
        {"t": None}, Name(1, "new", 9), Write(9, 0, b"x"), Flush(9), Move(1, "new", ROOT, "a", 9)
    )
    disk.take(Flush(ROOT))

    assert left(disk) == [{"a": b"x", "t": None}]


def test_a_failed_flush_of_a_folder_settles_nothing() -> None:
    assert left(disk_of({}, Name(ROOT, "a", 7), Flush(ROOT, failed=True))) == [{"a": b""}, {}]


def test_a_failed_flush_of_a_file_leaves_it_in_doubt_for_good() -> None:
    disk = disk_of({"a": b""}, Write(1, 0, b"x"), Flush(1, failed=True), Flush(1))

    assert {"a": b""} in left(disk)


def test_a_folder_goes_with_what_is_in_it() -> None:
    made = (Name(ROOT, "f", 5, is_folder=True), Name(5, "a", 6), Write(6, 0, b"x"))
    disk = disk_of({}, *made, Flush(6), Flush(5))

    assert left(disk) == [{"f": None, "f/a": b"x"}, {}]
    disk.take(Move(ROOT, "f", ROOT, "g", 5))
    disk.take(Flush(ROOT))
    assert disk.now() == {"g": None, "g/a": b"x"}


def test_it_is_said_what_is_lost_of_which_file() -> None:
    disk = disk_of({"a": b"", "b": b""}, Write(1, 0, b"x"), Name(ROOT, "c", 9))
    words = {image.lost: image.tree for image in disk.after_crash(99, Random(0))}  # noqa: S311

    assert words["nothing"] == {"a": b"x", "b": b"", "c": b""}
    assert words["a: lost of 1 writes: 1; ./: the last 1 changes of names"] == {"a": b"", "b": b""}


def test_files_have_numbers_by_their_paths_and_paths_by_their_numbers() -> None:
    disk = Disk({"a": None, "a/b": b""})

    assert (disk.number_of(""), disk.number_of("a"), disk.number_of("a/b")) == (ROOT, 1, 2)
    assert (disk.path_of(2), disk.path_of(99)) == ("a/b", "a removed file")


def test_where_there_is_too_much_the_least_and_the_most_are_tried_first() -> None:
    names = [f"f{number}" for number in range(9)]
    disk = disk_of(
        dict.fromkeys(names, b""), *(Write(n, 0, b"abc") for n in range(1, len(names) + 1))
    )

    found = left(disk, most=20)

    assert found[0] == dict.fromkeys(names, b"abc")
    assert found[1] == dict.fromkeys(names, b"")
    assert 15 <= len(found) <= 20


def test_the_worst_crash_takes_all_that_was_not_flushed_and_nothing_else() -> None:
    disk = disk_of({"a": b"old", "b": b""}, Write(2, 0, b"kept"), Flush(2), Write(1, 0, b"new"))
    disk.take(Name(ROOT, "c", 9))
    disk.take(Write(2, 4, b"lost"))

    image = disk.after_worst_crash()

    assert image.tree == {"a": b"old", "b": b"kept"}
    assert image.lost == (
        "a: lost of 1 writes: 1; b: lost of 1 writes: 1; ./: the last 1 changes of names"
    )


def test_the_worst_crash_loses_writes_that_together_change_nothing() -> None:
    disk = disk_of({"a": b"x"}, Write(1, 0, b"y"), Write(1, 0, b"x"))

    assert disk.after_worst_crash() == Image(tree={"a": b"x"}, lost="nothing")


def test_what_a_later_flush_cannot_help_is_lost_in_the_worst_crash() -> None:
    disk = disk_of({"a": b"x"}, Write(1, 0, b"y"), Flush(1, failed=True), Write(1, 1, b"z"))
    disk.take(Flush(1))

    assert disk.after_worst_crash().tree == {"a": b"xz"}


def test_images_of_one_content_are_told_to_be_equal() -> None:
    assert Image(tree={"a": b"x"}, lost="").digest == Image(tree={"a": b"x"}, lost="y").digest
    assert Image(tree={"a": b""}, lost="").digest != Image(tree={"a": None}, lost="").digest


CHANGES = st.one_of(
    st.builds(Write, st.integers(1, 2), st.integers(0, 3), st.binary(min_size=1, max_size=3)),
    st.builds(Cut, st.integers(1, 2), st.integers(0, 3)),
    st.builds(Flush, st.integers(0, 2)),
)


@given(st.lists(CHANGES, max_size=8))
def test_after_everything_was_flushed_only_what_is_there_now_is_left(changes: list[object]) -> None:
    disk = disk_of({"a": b"1", "b": b"2"}, *changes)
    before = disk.now()
    assert left(disk)[0] == before

    for number in (ROOT, 1, 2):
        disk.take(Flush(number))

    assert disk.now() == before
    assert left(disk) == [before]
    assert disk.after_worst_crash().tree == before


@given(st.lists(CHANGES, max_size=8))
def test_the_worst_crash_is_one_of_those_that_may_be(changes: list[object]) -> None:
    disk = disk_of({"a": b"1", "b": b"2"}, *changes)

    assert disk.after_worst_crash().tree in left(disk, most=10_000)
