"""Reading a trust file: TOML that people write, read in review and commit. All mistakes at once.

It is TOML because a table can be added at the end, and a line put into one, without touching what
somebody has written around it (see ``trust_text``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from wrkr_core.errors import InvalidInputError
from wrkr_core.ids import check_actor
from wrkr_core.instants import from_text
from wrkr_core.signing.claims import ROLES, Role
from wrkr_core.signing.keys import SCHEMES, PublicKey, Scheme, check_public
from wrkr_core.signing.trust import (
    ANY_SIGNATURE,
    REASONS,
    Reason,
    Requirement,
    Revocation,
    Trust,
    TrustedKey,
)
from wrkr_core.spec_file.document import read_document
from wrkr_core.spec_file.flaws import flaws
from wrkr_core.spec_file.kinds import count, text, wrong
from wrkr_core.spec_file.problems import Path, Problem, nearest, refusal, sentence, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from wrkr_core.spec_file.places import Document

    Field = tuple[Callable[[object], object], bool]

HINT: Final = "the page contracts/signatures of the docs shows a whole trust file"
LARGEST_THRESHOLD: Final = 16

_GLOB: Final = re.compile(r"[a-z0-9._*?\[\]!-]{1,200}")
_Word = TypeVar("_Word", bound=str)


def read_trust(data: bytes, *, name: str) -> Trust:
    """Return whom a file trusts; ``name`` is shown in messages.

    Raises:
        InvalidInputError: Something in it is wrong; ``problems`` holds all of it with lines.
        NotSupportedHereError: PyNaCl, which judges public keys, is not installed.

    """
    return read_trust_document(data, name=name)[0]


def read_trust_document(data: bytes, *, name: str) -> tuple[Trust, Document]:
    """Return whom a file trusts, and on which lines it says so. Raises: as ``read_trust``."""
    try:
        if not data.strip():
            raise refusal(name, [(1, Problem((), "the file is empty; it lists no keys"))])
        document = read_document(data, name=name if name.endswith(".toml") else f"{name}.toml")
        found: list[Problem] = [*document.problems, *flaws(document.value)]
        known = {each.path for each in found}
        reading = _Reading()
        trust = reading.trust(document.value)
        found += [each for each in reading.problems if each.path not in known]
        if found:
            raise refusal(
                name, ((each.line or document.line_of(each.path), each) for each in found)
            )
    except InvalidInputError as error:
        error.hint = HINT
        raise
    return trust, document


class _Reading:
    """Makes values of what is right and notes what is wrong."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def trust(self, value: object) -> Trust:
        top = self._table((), value, _TOP)
        keys = [self._key(("keys", index), each) for index, each in enumerate(top.get("keys", ()))]
        require = [
            self._requirement(("require", index), each)
            for index, each in enumerate(top.get("require", ()))
        ]
        self.problems += _repeated(
            "keys", "public key", (each.public.raw.hex() if each else None for each in keys)
        )
        self.problems += _repeated(
            "require", "role", (each.role if each else None for each in require)
        )
        return Trust(
            keys=tuple(each for each in keys if each is not None),
            require=tuple(each for each in require if each is not None) or ANY_SIGNATURE,
        )

    def _key(self, path: Path, value: object) -> TrustedKey | None:
        before = len(self.problems)
        said = self._table(path, value, _KEY)
        revoked = None
        if "revoked" in said:
            revoked = self._revocation((*path, "revoked"), said["revoked"])
        begins, ends = said.get("not_before"), said.get("not_after")
        if begins is not None and ends is not None and begins >= ends:
            self.problems.append(Problem((*path, "not_after"), "it is not after not_before"))
        if len(self.problems) > before:
            return None
        return TrustedKey(
            public=PublicKey(raw=said["public"], scheme=said["scheme"]),
            identity=said["identity"],
            roles=said["roles"],
            jobs=said.get("jobs", ("*",)),
            not_before=begins,
            not_after=ends,
            revoked=revoked,
        )

    def _revocation(self, path: Path, value: object) -> Revocation | None:
        before = len(self.problems)
        said = self._table(path, value, _REVOKED)
        return Revocation(**said) if len(self.problems) == before else None

    def _requirement(self, path: Path, value: object) -> Requirement | None:
        before = len(self.problems)
        said = self._table(path, value, _REQUIREMENT)
        apart = said.get("distinct_from")
        if apart is not None and apart == said.get("role"):
            problem = f"a {apart} cannot be somebody else than the {apart}"
            self.problems.append(Problem((*path, "distinct_from"), problem))
        return Requirement(**said) if len(self.problems) == before else None

    def _table(self, path: Path, value: object, fields: dict[str, Field]) -> dict[str, Any]:
        """Return what a table says, by key; what is wrong in it is noted and left out."""
        if not isinstance(value, dict):
            self.problems.append(Problem(path, sentence(wrong(value, "a table of keys"))))
            return {}
        members, said = cast("dict[str, object]", value), dict[str, Any]()
        for key, member in members.items():
            if key not in fields:
                near = nearest(key, fields)
                hint = f"did you mean '{near}'?" if near else f"known: {', '.join(fields)}"
                self.problems.append(Problem((*path, key), f"unknown key {shown(key)}; {hint}"))
                continue
            try:
                said[key] = fields[key][0](member)
            except InvalidInputError as error:
                self.problems.append(Problem((*path, key), sentence(error)))
        self.problems += [
            Problem(path, f"the key '{key}' is missing")
            for key, (_, is_required) in fields.items()
            if is_required and key not in members
        ]
        return said


def _repeated(table: str, what: str, values: Iterable[str | None]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, value in enumerate(values):
        if value is not None and first.setdefault(value, index) != index:
            yield Problem((table, index), f"the {what} is that of {table}[{first[value]}] already")


def _tables(value: object) -> list[object]:
    if not isinstance(value, list):
        raise wrong(value, "a list of tables", "begin each with a line like [[keys]]")
    return cast("list[object]", value)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise wrong(value, "a list", f"write [{shown(value)}]" if isinstance(value, str) else "")
    items = cast("list[object]", value)
    if not items:
        raise InvalidInputError("the list is empty")
    return tuple(text(each) for each in items)


def _roles(value: object) -> tuple[Role, ...]:
    return tuple(_ROLE(each) for each in _texts(value))


def _jobs(value: object) -> tuple[str, ...]:
    return check_globs(_texts(value))


def check_globs(globs: tuple[str, ...]) -> tuple[str, ...]:
    """Return ``globs`` if each can match a job id. Raises: InvalidInputError: one cannot."""
    for each in globs:
        if not _GLOB.fullmatch(each):
            raise InvalidInputError(
                f"{shown(each)} matches no job",
                hint="job ids are of a-z, 0-9, '.', '_' and '-'; * stands for any of them",
            )
    return globs


def _word(known: tuple[_Word, ...], what: str) -> Callable[[object], _Word]:
    def read(value: object) -> _Word:
        said = text(value)
        for each in known:
            if said == each:
                return each
        raise InvalidInputError(f"{shown(said)} is no {what}", hint=f"known: {', '.join(known)}")

    return read


def _public(value: object) -> bytes:
    said = text(value)
    try:
        raw = bytes.fromhex(said)
    except ValueError:
        raw = b""
    if raw.hex() != said:
        raise InvalidInputError(
            f"{shown(said)} is not 64 lower-case hex digits",
            hint="wrkr keys trust writes the keys of OpenSSH as such",
        )
    return check_public(raw)


def _threshold(value: object) -> int:
    found = count(value)
    if not 1 <= found <= LARGEST_THRESHOLD:
        raise InvalidInputError(f"{found} is not a number from 1 to {LARGEST_THRESHOLD}")
    return found


def _instant(value: object) -> int:
    return from_text(text(value))


_SCHEME: Final[Callable[[object], Scheme]] = _word(SCHEMES, "scheme")
_ROLE: Final[Callable[[object], Role]] = _word(ROLES, "role")
_REASON: Final[Callable[[object], Reason]] = _word(REASONS, "reason")
_TOP: Final[dict[str, Field]] = {"keys": (_tables, True), "require": (_tables, False)}
_KEY: Final[dict[str, Field]] = {
    "identity": (lambda value: check_actor(text(value)), True),
    "public": (_public, True),
    "scheme": (_SCHEME, True),
    "roles": (_roles, True),
    "jobs": (_jobs, False),
    "not_before": (_instant, False),
    "not_after": (_instant, False),
    "revoked": (lambda value: value, False),
}
_REVOKED: Final[dict[str, Field]] = {"at": (_instant, True), "reason": (_REASON, True)}
_REQUIREMENT: Final[dict[str, Field]] = {
    "role": (_ROLE, True),
    "threshold": (_threshold, False),
    "distinct_from": (_ROLE, False),
}
