"""Which packages to install, in which versions, by `uv.lock`.

The lock is a graph: packages and the packages they need, some only where a marker holds
(`sys_platform == 'win32'`). `pip` wants a list. A package's marker in that list is what holds along
some path to it: the markers of one path joined by "and", the paths by "or".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devtools.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Package = Mapping[str, Any]
    Edge = Mapping[str, Any]
    Path = frozenset[str]

PROJECT = "wrkr"


def requirements(
    lock: Mapping[str, Any], *, extras: Iterable[str] = (), groups: Iterable[str] = ()
) -> list[str]:
    """Return the lines of a pip requirements file: pinned, hashed, complete, without the project.

    Args:
        lock: `uv.lock`, read.
        extras: Extras of the project to include, such as "cli".
        groups: Dependency groups of `pyproject.toml` to include, such as "test".

    Raises:
        SetupError: The lock does not know the project, an extra or a group.

    """
    packages: list[Package] = lock["package"]
    project = next((each for each in packages if each["name"] == PROJECT), None)
    if project is None:
        raise SetupError(f"uv.lock has no package {PROJECT!r}", hint="make it anew: dev.py lock")
    paths: dict[tuple[str, str], set[Path]] = {}
    found: dict[tuple[str, str], Package] = {}
    waiting = [(edge, frozenset[str]()) for edge in _roots(project, extras, groups)]
    seen: set[tuple[str, str, tuple[str, ...], Path]] = set()
    while waiting:
        edge, before = waiting.pop()
        package = _target(packages, edge)
        path = before | {edge["marker"]} if "marker" in edge else before
        name = (package["name"], package["version"])
        place = (*name, tuple(edge.get("extra", ())), path)
        if place in seen:
            continue
        seen.add(place)
        found[name] = package
        paths.setdefault(name, set()).add(path)
        waiting.extend((needed, path) for needed in _needs(package, edge.get("extra", ())))
    return [_line(found[name], paths[name]) for name in sorted(found)]


def _roots(project: Package, extras: Iterable[str], groups: Iterable[str]) -> Iterator[Edge]:
    yield from project.get("dependencies", ())
    tables = (("optional-dependencies", extras), ("dev-dependencies", groups))
    for table, names in tables:
        for name in names:
            if name not in project.get(table, {}):
                raise SetupError(
                    f"uv.lock has no {name!r} in its {table}", hint="make it anew: dev.py lock"
                )
            yield from project[table][name]


def _target(packages: list[Package], edge: Edge) -> Package:
    for package in packages:
        same_version = edge.get("version", package.get("version"))
        if package["name"] == edge["name"] and package.get("version") == same_version:
            return package
    raise SetupError(
        f"uv.lock needs {edge['name']!r} but does not hold it", hint="make it anew: dev.py lock"
    )


def _needs(package: Package, extras: Iterable[str]) -> Iterator[Edge]:
    yield from package.get("dependencies", ())
    for extra in extras:
        yield from package.get("optional-dependencies", {}).get(extra, ())


def _line(package: Package, paths: set[Path]) -> str:
    marker = ""
    if frozenset() not in paths:
        joined = sorted(" and ".join(f"({each})" for each in sorted(path)) for path in paths)
        marker = " ; " + " or ".join(f"({each})" for each in joined)
    files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else [])]
    hashes = "".join(f" --hash={file['hash']}" for file in files)
    return f"{package['name']}=={package['version']}{marker}{hashes}"
