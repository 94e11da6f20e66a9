"""Jobs that are a Python function: ``python: "module:function"``."""

from __future__ import annotations

import inspect
import sys
import threading
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from wrkr_core.errors import InvalidInputError, StepFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from wrkr_core.work.job import Job

_importing: Final = threading.Lock()  # sys.path is one for all threads


def find_function(target: str, workspace: Path) -> Callable[[Job], Any]:
    """Return the function that ``module:function`` names, looked up in ``workspace`` first.

    Raises: InvalidInputError: not of that form, no such module or function, a coroutine function, or
    the module name is taken in this process by a file of another workspace.
    """
    module_name, colon, function_name = target.partition(":")
    if not colon or not module_name or not function_name:
        raise InvalidInputError(
            f"python: {target!r} is not of the form module:function", hint="for instance jobs:main"
        )
    with _importing, _path_with(workspace):
        _require_own(module_name, workspace)
        try:
            module = import_module(module_name)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
                raise
            raise InvalidInputError(
                f"python: there is no module {module_name!r}",
                hint=f"it is looked for in {workspace} and where Python finds modules",
                module=module_name,
            ) from error
    function: object = module
    for part in function_name.split("."):
        function = getattr(function, part, None)
    if not callable(function):
        raise InvalidInputError(
            f"python: module {module_name!r} has no function {function_name!r}", module=module_name
        )
    if inspect.iscoroutinefunction(function):
        raise InvalidInputError(
            f"python: {target} is a coroutine function", hint="wrap it with asyncio.run"
        )
    return function


@contextmanager
def _path_with(workspace: Path) -> Generator[None]:
    sys.path.insert(0, str(workspace))
    try:
        yield
    finally:
        sys.path.remove(str(workspace))


def _require_own(module_name: str, workspace: Path) -> None:
    """Refuse to run another workspace's file of the same name. Raises: InvalidInputError."""
    top = module_name.partition(".")[0]
    loaded = getattr(sys.modules.get(top), "__file__", None)
    own = [workspace / f"{top}.py", workspace / top / "__init__.py"]
    if loaded is None or Path(loaded).resolve() in [path.resolve() for path in own]:
        return
    if any(path.exists() for path in own):
        raise InvalidInputError(
            f"python: module {top!r} of {workspace} cannot be loaded, this process has {loaded}",
            hint="use one worker process for each workspace, or other module names",
            module=top,
        )


def run_function(job: Job, workspace: Path) -> str | None:
    """Call the job's function with ``job``; return the text it returned, None if it was no text.

    Raises: InvalidInputError (see ``find_function``), and whatever the function raises.
    """
    function = find_function(job.spec.python, workspace)
    try:
        returned = function(job)
    except SystemExit as error:  # would end the worker, which has other jobs
        raise StepFailedError(
            f"{job.spec.python} ended the program (exit code {error.code})",
            exit_code=str(error.code),
        ) from error
    return returned if isinstance(returned, str) else None
