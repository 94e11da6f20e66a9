"""The options of commands that read jobpacks: how large a pack may be before it is refused unread."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeVar

import click

from wrkr_core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_core.jobpack.archive import Limits

    Body = TypeVar("Body", bound=Callable[..., object])

_SIZE: Final = re.compile(r"([0-9]{1,15})(B|KiB|MiB|GiB)?")
_UNITS: Final = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def _bytes(_ctx: click.Context, _param: click.Parameter, text: str | None) -> int | None:
    """Return a size in bytes from 1048576, 64MiB or 3GiB."""
    if text is None:
        return None
    found = _SIZE.fullmatch(text)
    size = int(found[1]) * _UNITS[found[2] or "B"] if found else 0
    if size < 1:
        raise click.BadParameter(f"{text!r} is no size; write bytes, or for instance 64MiB or 3GiB")
    return size


_OPTIONS: Final = (
    click.option("--max-size", callback=_bytes, metavar="SIZE", help="Of the whole pack [2GiB]."),
    click.option(
        "--max-entries", type=click.IntRange(min=1), metavar="COUNT", help="Of files in it [4096]."
    ),
    click.option("--max-entry", callback=_bytes, metavar="SIZE", help="Of one file in it [1GiB]."),
    click.option(
        "--max-line", callback=_bytes, metavar="SIZE", help="Of one document or log line [1MiB]."
    ),
)


def limit_options(body: Body) -> Body:
    """Give a command the options that say what it takes at most, from someone who is trusted."""
    for option in reversed(_OPTIONS):
        body = option(body)
    return body


def options_for(limits: Limits) -> list[str]:
    """Return the options by which a pack that needs ``limits`` is read, none if the defaults do."""
    from wrkr_core.jobpack.archive import Limits

    usual = Limits()
    needed = (
        ("--max-size", limits.archive_bytes, usual.archive_bytes),
        ("--max-entries", limits.entries, usual.entries),
        ("--max-entry", limits.entry_bytes, usual.entry_bytes),
        ("--max-line", limits.document_bytes, usual.document_bytes),
    )
    return [part for option, need, most in needed if need > most for part in (option, str(need))]


def limits_of(
    *, max_size: int | None, max_entries: int | None, max_entry: int | None, max_line: int | None
) -> Limits | None:
    """Return the limits that the options amount to, None when none is given.

    Raises: InvalidInputError: more than the format of a jobpack can hold.
    """
    from wrkr_core.jobpack.archive import LARGEST_ARCHIVE, MOST_ENTRIES, Limits

    for option, given, most in (
        ("--max-size", max_size, LARGEST_ARCHIVE),
        ("--max-entries", max_entries, MOST_ENTRIES),
    ):
        if given is not None and given > most:
            raise InvalidInputError(f"{option} is {given}; no jobpack can have more than {most}")
    named = {
        "archive_bytes": max_size,
        "entries": max_entries,
        "entry_bytes": max_entry,
        "document_bytes": max_line,
    }
    wanted = {name: value for name, value in named.items() if value is not None}
    return Limits(**wanted) if wanted else None
