"""``wrkr version``."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from wrkr_cli.framing import command as make
from wrkr_core._version import __version__
from wrkr_core.store import PROTOCOL

if TYPE_CHECKING:
    from wrkr_cli.session import Session


def _explain(_session: Session) -> list[str]:
    return ["print the version of wrkr, of the store contract and of Python"]


@make("version", examples=["wrkr version", "wrkr version --json"], explain=_explain)
def command(session: Session) -> None:
    """Print the version of wrkr, of the store contract it speaks and of Python."""
    view = {"version": __version__, "store_protocol": PROTOCOL, "python": platform.python_version()}
    lines = [f"wrkr {__version__} (store contract {PROTOCOL}, Python {view['python']})"]
    session.result(view, lines, brief=__version__)
