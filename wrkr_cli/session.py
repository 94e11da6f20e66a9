"""One invocation: which store, how much to say, and in which form."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

import msgspec

from wrkr_cli.streams import say, tell, unwritten

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wrkr_core.ledger import Ledger
    from wrkr_core.store import Store

DEFAULT_HOME: Final = "~/.wrkr"
_UNSEEN: Final = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def default_store() -> str:
    """Return the store's URL when none is given: ``WRKR_STORE``, or a file in ``WRKR_HOME``."""
    url = os.environ.get("WRKR_STORE")
    if url:
        return url
    home = os.environ.get("WRKR_HOME") or DEFAULT_HOME
    return f"sqlite:///{home}/wrkr.db"


class Session:
    """What every command is given.

    ``as_json``: results go to standard output as JSON. ``is_quiet``: only what a script needs.
    ``is_verbose``: also how it came about. All but results goes to standard error.
    """

    def __init__(
        self,
        url: str,
        *,
        as_json: bool = False,
        is_quiet: bool = False,
        is_verbose: bool = False,
    ) -> None:
        """Open nothing yet."""
        self.url = url
        self.as_json = as_json
        self.is_quiet = is_quiet
        self.is_verbose = is_verbose
        self._store: Store | None = None
        self._ledger: Ledger | None = None

    @property
    def store(self) -> Store:
        """The store, opened when first asked for."""
        if self._store is None:
            from wrkr_core.finding import open_store

            self.detail(f"store: {self.url}")
            self._store = open_store(self.url)
        return self._store

    @property
    def ledger(self) -> Ledger:
        """The ledger over the store; what only looks at one job needs less (``job_log``)."""
        if self._ledger is None:
            from wrkr_core.ledger import Ledger
            from wrkr_run.known_secrets import KnownSecrets

            self._ledger = Ledger(self.store, redact=KnownSecrets())
        return self._ledger

    @property
    def closed_ledger(self) -> Ledger:
        """A ledger that opens no sealed content, for what is written to leave the store."""
        from wrkr_core.ledger import Ledger

        return Ledger(self.store, opens=False)

    def approver(self) -> str:
        """Return who decides when nobody is named, and say where the name comes from."""
        named = os.environ.get("WRKR_APPROVED_BY")
        if named:
            self.note(f"deciding as {named} (WRKR_APPROVED_BY)")
            return named
        self.note(f"deciding as {self.ledger.actor} (the system's user; --by names another)")
        return self.ledger.actor

    def close(self) -> None:
        """Close the store if it was opened."""
        if self._store is not None:
            self._store.close()
            self._store = self._ledger = None

    def result(
        self, view: Mapping[str, object], lines: Sequence[str], *, brief: str | None = None
    ) -> None:
        """Print a result: ``view`` as JSON, or ``lines``, or, when quiet, only ``brief``."""
        if self.as_json:
            tell(_json(view))
        elif self.is_quiet:
            if brief is not None:
                tell(brief)
        else:
            for line in lines:
                tell(line)

    def line(self, view: Mapping[str, object], text: str) -> None:
        """Print one item of a long result at once: a line of JSON, or of text."""
        try:
            print(_json(view) if self.as_json else text, flush=True)
        except BrokenPipeError:
            raise  # nobody reads the rest
        except OSError as error:
            raise unwritten(error) from error

    def note(self, text: str) -> None:
        """Say something about what is going on, unless quiet."""
        if not self.is_quiet:
            say(without_secrets(text))

    def detail(self, text: str) -> None:
        """Say something only the curious want to know."""
        if self.is_verbose:
            say(without_secrets(text))


def without_secrets(text: str) -> str:
    """Return ``text`` with markers in the place of secrets, for what ends in the logs of others."""
    from wrkr_run.known_secrets import KnownSecrets, throwaway_mask

    return throwaway_mask(KnownSecrets()).text(text)


def _json(view: Mapping[str, object]) -> str:
    """Return ``view`` on one line, its keys sorted."""
    text = msgspec.json.format(msgspec.json.encode(view, order="sorted"), indent=0).decode()
    return in_ascii_where_unseen(text)


def in_ascii_where_unseen(text: str) -> str:
    """Return JSON that says the same with escapes for what steers a terminal or turns text around.

    JSON escapes only the first 32 characters; 0x9b begins a command of a terminal as well.
    """
    return _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
