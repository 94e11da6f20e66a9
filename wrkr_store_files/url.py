"""The URL of a store: a folder and options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

import attrs

from wrkr_core.errors import InvalidInputError
from wrkr_core.finding import path_of
from wrkr_store_files.handle import BUSY

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLE: Final = "files:///.wrkr?busy=30"


@attrs.frozen(kw_only=True)
class Address:
    """What a URL says; ``busy`` in seconds."""

    path: str
    busy: float = BUSY
    force: bool = False
    read_only: bool = False


def parse(url: str) -> Address:
    """Return what ``url`` says. Raises: InvalidInputError, naming every mistake."""
    plain, _, query = url.partition("?")
    address = Address(path=path_of(plain))
    given: set[str] = set()
    problems: list[str] = []
    for name, value in parse_qsl(query, keep_blank_values=True):
        option = OPTIONS.get(name)
        changed = option[0](address, value) if option else None
        if option is None:
            problems.append(f"there is no option {name!r}; there are {', '.join(OPTIONS)}")
        elif changed is None:
            problems.append(f"{name} is {value!r}; it must be {option[1]}")
        elif name in given:
            problems.append(f"{name} is given twice")
        else:
            address = changed
            given.add(name)
    if problems:
        raise InvalidInputError(
            f"{url!r}: {'; '.join(problems)}", problems=problems, hint=f"for example {EXAMPLE!r}"
        )
    return address


def _with_busy(address: Address, value: str) -> Address | None:
    try:
        seconds = float(value)
    except ValueError:
        return None
    return attrs.evolve(address, busy=seconds) if 0 <= seconds <= LONGEST else None


def _with_force(address: Address, value: str) -> Address | None:
    return attrs.evolve(address, force=value == "1") if value in {"0", "1"} else None


def _with_mode(address: Address, value: str) -> Address | None:
    return attrs.evolve(address, read_only=value == "ro") if value in {"ro", "rw"} else None


LONGEST: Final = 1_000_000.0  # seconds; a lock cannot be asked to wait much longer
OPTIONS: Final[dict[str, tuple[Callable[[Address, str], Address | None], str]]] = {
    "busy": (_with_busy, f"a number of seconds from 0 to {LONGEST:.0f}"),
    "force": (_with_force, "0 or 1"),
    "mode": (_with_mode, "ro or rw"),
}
