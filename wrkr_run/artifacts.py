"""Files a job made: found by globs in its workspace, and known by the digest of their content."""

from __future__ import annotations

import glob
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import attrs

from wrkr_core.artifact import Artifact
from wrkr_core.checkpoint import ArtifactChanges

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

PIECE: Final = 1024 * 1024  # bytes


@attrs.frozen(kw_only=True)
class Found:
    """What globs matched: ``artifacts`` by path, and ``notes`` on what was left out and why."""

    artifacts: tuple[Artifact, ...]
    notes: tuple[str, ...]


def collect(globs: Iterable[str], workspace: Path) -> Found:
    """Return the files the globs match, each once, by path.

    ``**`` matches any folders, and names that begin with a dot are matched only by a dot. Folders
    are no artifacts. What lies outside the workspace, by its path or through a link, is left out
    and said so: a jobpack must not carry a stranger's file out.

    Raises: OSError: a file cannot be read.
    """
    root = workspace.resolve()
    artifacts: dict[str, Artifact] = {}
    notes: dict[str, None] = {}
    for pattern in globs:
        for name in sorted(glob.glob(pattern, root_dir=root, recursive=True)):  # noqa: PTH207  # pathlib's ** skips links and knows no root_dir
            path = root / name
            if name.endswith("/"):
                continue  # a folder, or, before Python 3.13, a file taken for one: ``a.py/**``
            if not _is_text(name):
                notes[f"{name!r} is no UTF-8 name and was left out"] = None
            elif not path.resolve().is_relative_to(root):
                notes[f"{name} leads out of the workspace and was left out"] = None
            elif path.is_file():
                found = _artifact(path, root)
                artifacts[found.path] = found
    return Found(artifacts=tuple(artifacts[name] for name in sorted(artifacts)), notes=tuple(notes))


def _artifact(path: Path, root: Path) -> Artifact:
    digest, size = sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
            size += len(piece)
    place = path.parent.resolve() / path.name  # without ``..``, so that each file has one name
    name = place.relative_to(root).as_posix()
    return Artifact(path=name, sha256=digest.hexdigest(), size=size)


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def missing(globs: Iterable[str], workspace: Path) -> list[str]:
    """Return the globs that match no file inside the workspace."""
    return [pattern for pattern in globs if not collect([pattern], workspace).artifacts]


def changes(known: Mapping[str, str], now: Iterable[Artifact], workspace: Path) -> ArtifactChanges:
    """Return what came and changed against ``known`` (path -> sha256), and what of it is gone."""
    digests = {each.path: each.sha256 for each in now}
    return ArtifactChanges(
        added=tuple(sorted(digests.keys() - known.keys())),
        changed=tuple(
            sorted(path for path in digests.keys() & known.keys() if digests[path] != known[path])
        ),
        removed=tuple(
            path
            for path in sorted(known.keys() - digests.keys())
            if not (workspace / path).exists()
        ),
    )
