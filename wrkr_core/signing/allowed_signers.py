"""OpenSSH's list of whose keys may sign (ssh-keygen(1), ALLOWED SIGNERS), read and written.

It says who and until when; roles and jobs it does not know, so whoever imports it says those. Of its
lines only Ed25519 keys for our namespace, or for any, can be used; the others are named and left out.
Times must be UTC (with ``Z``): without it they mean another instant on every machine.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Final

import attrs

from wrkr_core.errors import InvalidInputError
from wrkr_core.ids import check_actor
from wrkr_core.instants import SECOND, from_text, to_text
from wrkr_core.signing.keys import PublicKey, check_public
from wrkr_core.signing.sshsig import KEY_TYPE, NAMESPACE, fields, pack
from wrkr_core.signing.trust import TrustedKey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wrkr_core.signing.claims import Role
    from wrkr_core.signing.trust import Trust

LARGEST_FILE: Final = 2**20
"""How many bytes a list has at most."""

_WORD: Final = re.compile(r'\s*((?:[^\s"]|"[^"]*")+)')
_OPTION: Final = re.compile(r'([a-z-]+)(?:="([^"]*)")?(?:,|$)')
_TIME: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?Z", re.ASCII)
_PATTERN: Final = re.compile(r"[*?!,]")


@attrs.frozen(kw_only=True)
class Signers:
    """What a list holds: keys that can be used, and why the other lines cannot."""

    keys: tuple[TrustedKey, ...]
    left_out: tuple[str, ...]


def read_public_line(text: str) -> tuple[PublicKey, str]:
    """Return the key and the comment of a ``.pub`` file: ``ssh-ed25519 AAAA… comment``.

    Raises: InvalidInputError: it is none, or of another type. NotSupportedHereError.
    """
    words = text.split(None, 2)
    if len(words) < 2 or text.strip().count("\n"):
        raise InvalidInputError("this is not the public key of OpenSSH: ssh-ed25519 AAAA… comment")
    return _key(words[0], words[1]), words[2].strip() if len(words) > 2 else ""


def public_line(public: PublicKey, comment: str = "") -> str:
    """Return a key as OpenSSH writes it to a ``.pub`` file, without newline."""
    blob = b64encode(pack(KEY_TYPE) + pack(public.raw)).decode()
    return f"{KEY_TYPE.decode()} {blob} {comment}".rstrip()


def read_allowed_signers(
    data: bytes, *, roles: tuple[Role, ...], jobs: tuple[str, ...] = ("*",)
) -> Signers:
    """Return the keys of a list, trusted as ``roles`` for ``jobs``.

    Raises: InvalidInputError: it is too large or not text. NotSupportedHereError.
    """
    if len(data) > LARGEST_FILE:
        raise InvalidInputError(f"{len(data)} bytes; a list of signers has at most {LARGEST_FILE}")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"not a list of signers: {error}") from error
    found: list[TrustedKey] = []
    left_out: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            key = _line(line, roles, jobs)
            if any(each.public == key.public for each in found):
                raise InvalidInputError("the key stands in it already")  # noqa: TRY301  # one way out
        except InvalidInputError as error:
            left_out.append(f"line {number}: {error.message}")
        else:
            found.append(key)
    return Signers(keys=tuple(found), left_out=tuple(left_out))


def allowed_signers(trust: Trust) -> str:
    """Return the keys of a trust file as a list for ``ssh-keygen -Y verify``.

    A compromised key is left out and named in a comment, a retired one ends when it was retired.

    Raises: InvalidInputError: an identity would mean something else there.
    """
    lines = [
        "# Made from a trust file of wrkr. Roles and jobs cannot be said here.",
        *(line for key in trust.keys for line in _written(key)),
    ]
    return "\n".join((*lines, ""))


def _written(key: TrustedKey) -> Iterable[str]:
    if key.revoked is not None and key.revoked.reason == "compromised":
        return [f"# left out, compromised: {key.identity}"]
    if _PATTERN.search(key.identity) or '"' in key.identity or key.identity.startswith("#"):
        raise InvalidInputError(
            f"{key.identity!r} cannot be a principal of OpenSSH, where it is a pattern",
            hint='give the key an identity without * ? ! , # and "',
        )
    limits = [key.not_after, key.revoked.at if key.revoked is not None else None]
    ends = min((each // SECOND for each in limits if each is not None), default=None)
    begins = -(-(key.not_before or 0) // SECOND)
    if ends is not None and ends <= 0:
        return [f"# left out, lapsed before 1970: {key.identity}"]
    # OpenSSH takes no time before or at the beginning of 1970; then the key is good from the start.
    after = [f'valid-after="{_time_text(begins)}"'] if begins > 0 else []
    before = [f'valid-before="{_time_text(ends)}"'] if ends is not None else []
    options = ",".join([f'namespaces="{NAMESPACE}"', *after, *before])
    who = f'"{key.identity}"' if " " in key.identity else key.identity
    return [f"{who} {options} {public_line(key.public)}"]


def _line(line: str, roles: tuple[Role, ...], jobs: tuple[str, ...]) -> TrustedKey:
    words, at = list[str](), 0
    while len(words) < 4 and (match := _WORD.match(line, at)):
        words.append(match[1])
        at = match.end()
    has_options = len(words) > 2 and not _is_key_type(words[1])
    if len(words) < 3 + has_options:
        raise InvalidInputError("it is not: who options type key")
    options = _options(words[1]) if has_options else {}
    _require_ours(options)
    who = words[0].strip('"')
    if _PATTERN.search(who):
        raise InvalidInputError(f"{who!r:.80} names a pattern, not one signer")
    kind, blob = words[1 + has_options], words[2 + has_options]
    begins, ends = options.get("valid-after"), options.get("valid-before")
    return TrustedKey(
        public=_key(kind, blob),
        identity=check_actor(who),
        roles=roles,
        jobs=jobs,
        not_before=None if begins is None else _time(begins),
        not_after=None if ends is None else _time(ends),
    )


def _is_key_type(word: str) -> bool:
    return word.startswith(("ssh-", "sk-", "ecdsa-"))


def _options(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        match = _OPTION.match(text, at)
        if match is None or match[1] in found:
            raise InvalidInputError(f"its options cannot be read: {text!r:.80}")
        found[match[1]] = match[2] or ""
        at = match.end()
    return found


def _require_ours(options: dict[str, str]) -> None:
    unknown = sorted(options.keys() - {"namespaces", "valid-after", "valid-before"})
    if unknown:
        raise InvalidInputError(f"the option {unknown[0]} is not known here")
    namespaces = options.get("namespaces")
    if namespaces is not None and NAMESPACE not in namespaces.split(","):
        raise InvalidInputError(f"it is for {namespaces!r:.80}, not for {NAMESPACE}")


def _key(kind: str, blob: str) -> PublicKey:
    if kind != KEY_TYPE.decode():
        raise InvalidInputError(
            f"a key of type {kind!r:.40} cannot be used, only ssh-ed25519",
            hint="ssh-keygen -t ed25519 makes one that can",
        )
    try:
        stated, raw = fields(b64decode(blob, validate=True), 2)
    except binascii.Error as error:
        raise InvalidInputError(f"the key is not whole: {error}") from error
    if stated != KEY_TYPE:
        raise InvalidInputError("the key is not of the type that stands before it")
    return PublicKey(raw=check_public(raw), scheme="ssh-ed25519")


def _time(text: str) -> int:
    match = _TIME.fullmatch(text)
    if match is None:
        raise InvalidInputError(f"{text!r:.40} is not a time in UTC like 20260131120000Z")
    year, month, day, hour, minute, second = (each or "00" for each in match.groups())
    return from_text(f"{year}-{month}-{day}T{hour}:{minute}:{second}Z")


def _time_text(seconds: int) -> str:
    return re.sub(r"[-:T]", "", to_text(seconds * SECOND))
