"""Files a job made are found by globs, stay inside the workspace, and are known by their content."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.artifact import Artifact
from wrkr_run import artifacts
from wrkr_run.artifacts import changes, collect, missing

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, content: bytes = b"x") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def paths(globs: list[str], workspace: Path) -> list[str]:
    return [each.path for each in collect(globs, workspace).artifacts]


def test_hard_case_18_an_artifact_is_known_by_its_content(workspace: Path) -> None:
    write(workspace / "out" / "a.bin", b"content")

    (found,) = collect(["out/*"], workspace).artifacts

    assert found == Artifact(path="out/a.bin", sha256=sha256(b"content").hexdigest(), size=7)


def test_files_come_once_and_in_order_whatever_globs_match_them(workspace: Path) -> None:
    for name in ("b.txt", "a.txt", "sub/deep/c.txt", ".hidden"):
        write(workspace / name)

    assert paths(["**/*.txt", "b.*", "sub", "./a.txt", "sub/../b.txt"], workspace) == [
        "a.txt",
        "b.txt",
        "sub/deep/c.txt",
    ]
    assert paths([".hidden"], workspace) == [".hidden"]


@pytest.mark.parametrize("pattern", ["a.txt/**", "**/a.txt/**", "[a].txt/**", "a.txt/**/**"])
def test_a_file_is_not_found_below_itself_by_any_python(workspace: Path, pattern: str) -> None:
    write(workspace / "a.txt")

    assert not paths([pattern], workspace)


def test_what_leads_out_of_the_workspace_is_left_out_and_said_so(workspace: Path) -> None:
    secret = workspace.parent / "secret.txt"
    write(secret)
    (workspace / "link.txt").symlink_to(secret)
    (workspace / "folder").symlink_to(workspace.parent)

    found = collect(["*.txt", "../*.txt", "folder/*.txt", str(secret)], workspace)

    assert found.artifacts == ()
    assert len(found.notes) == 4
    assert "link.txt leads out of the workspace and was left out" in found.notes


def test_a_link_inside_the_workspace_is_followed(workspace: Path) -> None:
    write(workspace / "real.txt", b"real")
    (workspace / "link.txt").symlink_to("real.txt")

    assert paths(["*.txt"], workspace) == ["link.txt", "real.txt"]


def test_a_name_that_is_no_text_is_left_out_and_said_so(workspace: Path) -> None:
    (workspace / b"caf\xe9.txt".decode("utf-8", "surrogateescape")).touch()

    found = collect(["*.txt"], workspace)

    assert found.artifacts == ()
    assert "is no UTF-8 name" in found.notes[0]


def test_a_file_that_goes_away_while_it_is_looked_at_is_not_there(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(workspace / "a.txt")
    write(workspace / "b.txt")

    def gone_meanwhile(path: Path, name: str) -> Artifact:
        if name == "a.txt":
            path.unlink()
        return digested(path, name)

    digested = artifacts._artifact
    monkeypatch.setattr(artifacts, "_artifact", gone_meanwhile)

    assert paths(["*.txt"], workspace) == ["b.txt"]


def test_globs_that_match_no_file_are_missing(workspace: Path) -> None:
    write(workspace / "there" / "a.txt")

    assert missing(["there/*", "there", "gone/*"], workspace) == ["there", "gone/*"]


def test_a_file_larger_than_one_piece_is_digested_whole(workspace: Path) -> None:
    content = b"0123456789abcdef" * 200_000
    write(workspace / "large", content)

    (found,) = collect(["large"], workspace).artifacts

    assert (found.size, found.sha256) == (len(content), sha256(content).hexdigest())


def artifact(path: str, content: int) -> Artifact:
    return Artifact(path=path, sha256=sha256(bytes([content])).hexdigest(), size=1)


@given(
    before=st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3)),
    after=st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3)),
)
def test_every_path_has_come_changed_gone_or_stayed(
    before: dict[str, int], after: dict[str, int], tmp_path_factory: object
) -> None:
    from pathlib import Path

    known = {path: artifact(path, content).sha256 for path, content in before.items()}
    now = [artifact(path, content) for path, content in after.items()]

    delta = changes(known, now, Path("nothing exists here"))

    assert set(delta.added) == after.keys() - before.keys()
    assert set(delta.removed) == before.keys() - after.keys()
    assert set(delta.changed) == {
        path for path in after.keys() & before.keys() if after[path] != before[path]
    }


def test_a_file_that_is_still_there_is_not_gone(workspace: Path) -> None:
    write(workspace / "other.txt")

    assert changes({"other.txt": "0" * 64}, [], workspace).removed == ()


def test_links_in_circles_hold_nothing_up(workspace: Path) -> None:
    """Before, two of them were followed for ever, and one to itself failed the step before 3.13."""
    write(workspace / "real.txt")
    for name in ("one", "other"):
        (workspace / name).symlink_to(".")
    (workspace / "self.txt").symlink_to("self.txt")

    found = collect(["**/*.txt", "*.txt", "**"], workspace)

    assert [each.path for each in found.artifacts] == ["real.txt"]
    assert found.notes == ()


def test_a_file_in_a_folder_whose_name_is_no_text_is_left_out_and_said_so(workspace: Path) -> None:
    folder = workspace / b"caf\xe9".decode("utf-8", "surrogateescape")
    write(folder / "x.txt")
    (workspace / "link").symlink_to(folder.name)

    found = collect(["link/*.txt"], workspace)

    assert found.artifacts == ()
    assert found.notes == ("'link/x.txt' is no UTF-8 name and was left out",)
