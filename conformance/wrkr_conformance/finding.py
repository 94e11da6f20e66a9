"""Find the target that a text on a command line names, and say in words when there is none."""

from __future__ import annotations

import os
import sys
import traceback
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

from wrkr_conformance.call_log import METHODS
from wrkr_conformance.target import DIRECTORY, NAME, Target
from wrkr_core.errors import InvalidInputError, StoreUnavailable, WrkrError
from wrkr_core.finding import opener
from wrkr_core.store import StoreInfo

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from wrkr_conformance.target import Factory

EXAMPLES: Final = f"for instance sqlite:///{DIRECTORY}/wrkr.db, or package.module:factory"
# Schemes whose URL is a path or a name and nothing else: the same kind of store can be made anew.
_REMADE: Final[Mapping[str, str]] = {
    "sqlite": f"sqlite:///{DIRECTORY}/{{last}}",
    "files": f"files:///{DIRECTORY}/{{last}}",
    "memory": f"memory://{NAME}",
}


def find_target(text: str) -> Target:
    """Return the target that a store URL or ``module:factory`` names.

    Each clause needs a store of its own, so a URL says by ``{directory}`` or ``{name}`` where one
    is told from another. A plain URL of a shipped store stands for new stores of that kind; the
    one it names is never opened.

    Raises:
        InvalidInputError: It is neither, or names what is not there.
        NotSupportedHereError: The store's own requirements are not installed.

    """
    module, colon, path = text.partition(":")
    if path.startswith("/"):
        return Target.from_url(_template(text))
    if not (colon and module and path):
        raise InvalidInputError(
            f"{text!r} is neither a store URL nor module:factory", hint=EXAMPLES
        )
    return Target.from_factory(_factory(_imported(module), path))


def _template(url: str) -> str:
    """Return the URL with a place for a store of its own. Raises: as `find_target`."""
    _load(url)
    if DIRECTORY in url or NAME in url:
        return url
    scheme, _, rest = url.partition("://")
    if scheme not in _REMADE:
        raise InvalidInputError(
            f"{url!r} names one store, but each clause needs a new one",
            hint=f"write {NAME} or {DIRECTORY} where one store's URL differs from another's: "
            f"{scheme}://…/{NAME}",
        )
    last = rest.rstrip("/").rpartition("/")[2] or "store"
    return _REMADE[scheme].format(last=last, directory=DIRECTORY, name=NAME)


def _load(url: str) -> None:
    """Import the store behind the URL's scheme. Raises: as `find_target`."""
    try:
        opener(url)
    except (KeyboardInterrupt, WrkrError):
        raise
    except BaseException as error:
        raise InvalidInputError(
            f"the store for {url!r} cannot be loaded: {type(error).__name__}: {error}"
            f"{_place_of(error)}",
            hint="its entry point in the group wrkr.stores is module:function",
        ) from error


def _imported(name: str) -> ModuleType:
    """Import a module, also from the working directory. Raises: InvalidInputError."""
    if (here := os.getcwd()) not in sys.path and "" not in sys.path:  # noqa: PTH109  # sys.path is text
        sys.path.insert(0, here)
    try:
        return import_module(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise InvalidInputError(
            f"{name} cannot be imported: {type(error).__name__}: {error}{_place_of(error)}",
            hint=f"run this where 'import {name}' works, or name its folder in PYTHONPATH",
        ) from error


def _factory(module: ModuleType, path: str) -> Factory:
    """Return the function of a folder that stands in the module. Raises: InvalidInputError."""
    found: object = module
    for part in path.split("."):
        if not hasattr(found, part):
            near = get_close_matches(part, dir(found), 1)
            raise InvalidInputError(
                f"{module.__name__} has no {path!r}",
                hint=f"did you mean {near[0]!r}?" if near else f"give {EXAMPLES}",
            )
        found = getattr(found, part)
    if not callable(found):
        raise InvalidInputError(
            f"{module.__name__}:{path} is a {type(found).__name__}, which cannot be called",
            hint="a factory is a function that takes a folder, a pathlib.Path, and returns a store",
        )
    return cast("Factory", found)


def probe(target: Target) -> StoreInfo:
    """Open a store once and return what it says of itself, so that no clause fails for that.

    Raises:
        StoreUnavailable: It does not open.
        InvalidInputError: What was opened is no store.
        WrkrError: What else a store of this project raises while it opens.

    """
    try:
        with target.fresh() as site:
            handle = target.open(site.directory)
            info = _info_of(handle, target)
            handle.close()
    except (KeyboardInterrupt, WrkrError):
        raise
    except BaseException as error:
        raise StoreUnavailable(
            f"{target.name} cannot be opened: {type(error).__name__}: {error}{_place_of(error)}",
            hint="a factory takes an empty folder, a pathlib.Path, and returns a store",
        ) from error
    return info


def _info_of(handle: object, target: Target) -> StoreInfo:
    """Return what a handle says of itself. Raises: InvalidInputError if it is no store."""
    info: object = getattr(handle, "info", None)
    lacks = [] if isinstance(info, StoreInfo) else ["info"]
    lacks += sorted(name for name in METHODS if not hasattr(handle, name))
    if lacks or not isinstance(info, StoreInfo):
        raise InvalidInputError(
            f"{target.name} gives a {type(handle).__name__}, which is no store: "
            f"it lacks {', '.join(lacks)}",
            hint="wrkr_core.store.Store says what each is; what is not supported raises NotSupported",
        )
    return info


def _place_of(error: BaseException) -> str:
    """Return where the error was raised, empty if no code of the store was on the way."""
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [
        each for each in frames if each.filename != __file__ and "importlib" not in each.filename
    ]
    return f" (at {theirs[-1].filename}:{theirs[-1].lineno})" if theirs else ""
