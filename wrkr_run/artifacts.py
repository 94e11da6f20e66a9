"""Files a job made: found by globs in its workspace, and known by the digest of their content."""

from __future__ import annotations

import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from wrkr_core.artifact import Artifact
from wrkr_core.checkpoint import ArtifactChanges
from wrkr_run.globbing import Search, is_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
    root = Path(os.path.realpath(workspace))  # Path.resolve raises of links in a circle before 3.13
    artifacts: dict[str, Artifact] = {}
    search = Search(root)
    for pattern in globs:
        for name in search.find(pattern):
            path = root / name
            place = Path(os.path.realpath(path.parent), path.name)  # so each file has one name
            if not is_text(name) or not is_text(str(place)):
                search.notes[f"{name!r} is no UTF-8 name and was left out"] = None
            elif not Path(os.path.realpath(path)).is_relative_to(root):
                search.notes[f"{name} leads out of the workspace and was left out"] = None
            elif path.is_file():
                with suppress(FileNotFoundError):  # gone since it was found
                    found = _artifact(path, place.relative_to(root).as_posix())
                    artifacts[found.path] = found
    left_out = tuple(search.notes)
    return Found(artifacts=tuple(artifacts[name] for name in sorted(artifacts)), notes=left_out)


def _artifact(path: Path, name: str) -> Artifact:
    digest, size = sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
            size += len(piece)
    return Artifact(path=name, sha256=digest.hexdigest(), size=size)


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
