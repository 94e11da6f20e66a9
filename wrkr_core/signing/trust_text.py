"""Writing into a trust file without touching what people wrote there: keys added, keys revoked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from wrkr_core.canonical import dumps
from wrkr_core.errors import InvalidInputError, NotFoundError
from wrkr_core.instants import to_text
from wrkr_core.signing.trust_file import read_trust, read_trust_document

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wrkr_core.signing.trust import Revocation, TrustedKey

NEW_FILE: Final = """\
# Who may vouch for jobpacks and approvals here. `wrkr verify PACK --trust FILE` believes these keys and
# no others. A pack must be signed by one of them, or by what [[require]] tables say:
#
#   [[require]]
#   role = "reviewer"
#   threshold = 1
#   distinct_from = "producer"
"""
"""What a trust file begins with that a command makes."""

_HEADER: Final = re.compile(r"[ \t]*\[\[[ \t]*keys[ \t]*\]\][ \t]*(?:#.*)?")
_REVOKED: Final = re.compile(r"[ \t]*revoked[ \t]*=[ \t]*\{[^{}#]*\}[ \t]*(?:#.*)?")


def key_text(key: TrustedKey) -> str:
    """Return the table that stands for a key in a trust file."""
    lines = [
        "[[keys]]",
        f"identity = {_quoted(key.identity)}",
        f"public = {_quoted(key.public.raw.hex())}",
        f"scheme = {_quoted(key.public.scheme)}",
        f"roles = {_list(key.roles)}",
        f"jobs = {_list(key.jobs)}",
    ]
    if key.not_before is not None:
        lines.append(f"not_before = {_quoted(to_text(key.not_before))}")
    if key.not_after is not None:
        lines.append(f"not_after = {_quoted(to_text(key.not_after))}")
    if key.revoked is not None:
        lines.append(_revoked_text(key.revoked))
    return "\n".join((*lines, ""))


def with_keys(data: bytes, keys: Iterable[TrustedKey], *, name: str) -> bytes:
    """Return a trust file with more keys at its end; with no ``data`` a new file.

    Raises:
        InvalidInputError: The file has mistakes, or lists one of the keys already.
        NotSupportedHereError: PyNaCl is not installed.

    """
    is_new = not data.strip()
    known = () if is_new else read_trust(data, name=name).keys
    text = NEW_FILE if is_new else data.decode()
    for key in keys:
        if any(each.public.raw == key.public.raw for each in known):
            raise InvalidInputError(
                f"{name} lists the key {key.public.keyid[:16]} of {key.identity} already",
                hint=f"edit {name} to trust it for something else",
                keyid=key.public.keyid,
            )
        text = f"{text.rstrip()}\n\n{key_text(key)}"
    return _checked(text, name)


def with_revocation(data: bytes, keyid: str, revoked: Revocation, *, name: str) -> bytes:
    """Return a trust file in which the key of that id is revoked; it stays listed.

    A key that was retired can still be revoked as compromised, and nothing else.

    Raises:
        NotFoundError: The file does not list the key.
        InvalidInputError: The file has mistakes, or says otherwise already.
        NotSupportedHereError: PyNaCl is not installed.

    """
    trust, document = read_trust_document(data, name=name)
    at = next((i for i, each in enumerate(trust.keys) if each.public.keyid == keyid), None)
    if at is None:
        raise NotFoundError(f"{name} does not list the key {keyid[:16]}", keyid=keyid)
    before = trust.keys[at].revoked
    if before is not None and (before.reason, revoked.reason) != ("retired", "compromised"):
        raise InvalidInputError(
            f"the key {keyid[:16]} is {before.reason} since {to_text(before.at)} already",
            hint=f"edit {name} if that is wrong",
            keyid=keyid,
        )
    lines = data.decode().split("\n")
    header = document.lines["keys", at] - 1
    place = header + 1 if before is None else document.lines["keys", at, "revoked"] - 1
    wanted = _HEADER if before is None else _REVOKED
    if not wanted.fullmatch(lines[place - 1 if before is None else place].rstrip("\r")):
        raise InvalidInputError(
            f"{name}:{place + 1}: the key is not written as wrkr would write it",
            hint=f"put in by hand: {_revoked_text(revoked)}",
        )
    lines[place : place + (before is not None)] = [_revoked_text(revoked)]
    return _checked("\n".join(lines), name)


def _checked(text: str, name: str) -> bytes:
    """Return a new text of the file, which must still be one."""
    data = text.encode()
    read_trust(data, name=name)
    return data


def _revoked_text(revoked: Revocation) -> str:
    at, reason = _quoted(to_text(revoked.at)), _quoted(revoked.reason)
    return f"revoked = {{ at = {at}, reason = {reason} }}"


def _list(texts: tuple[str, ...]) -> str:
    return f"[{', '.join(_quoted(each) for each in texts)}]"


def _quoted(text: str) -> str:
    # Every escape of JSON is one of TOML's basic strings, too.
    return dumps(text).decode()
