"""Keeping secrets out of what is recorded: what knows them, and what puts a marker in their place.

The log cannot be changed later, so nothing may get into it that must not stay there. What a secret is
says somebody else (``Secrets``; ``wrkr_run.KnownSecrets`` is one). Here each is replaced by
``[REDACTED:<rule>:<hmac8>]``, where ``hmac8`` is the beginning of an HMAC-SHA256 under a key of the
job that no jobpack carries: equal secrets can be told to be equal, and nothing else about them.
"""

from __future__ import annotations

import hmac
import re
from bisect import bisect_right
from collections import Counter
from hashlib import sha256
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, cast

from wrkr_core.canonical import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

MARKER: Final = re.compile(rb"\[REDACTED:([A-Za-z0-9_.-]+):[0-9a-f]{8}\]")
VARIABLE: Final = "env-"
"""What the names of rules begin with that are the value of an environment variable."""
_DIGITS: Final = 8
# A second look finds what was no secret only because of the one beside it; so to mask what is masked
# changes nothing, and what a step returned is what a replay returns.
_ROUNDS: Final = 4
_HINT: Final = b"[REDACTED:"
_MARKER_IN_TEXT: Final = re.compile(r"\[REDACTED:[A-Za-z0-9_.-]+:[0-9a-f]{8}\]")
_BETWEEN: Final = b"\n\0\n"  # ends a line and a token, and is in no value of a variable


class Hit(NamedTuple):
    """One secret: where in the bytes it is, which rule found it, and what it is.

    ``value`` is the secret itself, also where the bytes hold it in another form, such as base64.
    """

    start: int
    end: int
    rule: str
    value: bytes


class Secrets(Protocol):
    """What knows secrets when it sees them. Thread-safe."""

    @property
    def overlap(self) -> int:
        """How many bytes beyond a cut must be looked at so that no secret is cut in two."""
        ...

    def find(self, data: bytes) -> Iterable[Hit]:
        """Yield the secrets in ``data``, in any order; they may overlap."""
        ...

    def declaring(self, names: Iterable[str]) -> Secrets:
        """Return the same with the values of the variables ``names`` as secrets, too."""
        ...

    def is_secret(self, name: str) -> bool:
        """Tell whether the value of a variable of this name is a secret."""
        ...


class Mask:
    """Puts markers in the place of secrets. Thread-safe.

    Attributes:
        secrets: What knows them.

    """

    def __init__(self, secrets: Secrets, key: Callable[[], bytes]) -> None:
        """Use ``key()`` when the first secret was found, and not before."""
        self.secrets = secrets
        self._ask_for_key = key
        self._key: bytes | None = None

    def hits(self, data: bytes) -> list[Hit]:
        """Return the secrets in ``data``, in order, none overlapping another.

        Those that do are one, by the rule and the value of the longest. Markers hold no secret.
        """
        found = sorted(self.secrets.find(data), key=_first_and_longest)
        if found and _HINT in data:
            markers = [each.span() for each in MARKER.finditer(data)]
            found = [each for each in found if not _is_in_marker(each, markers)]
        return list(_apart(found, data))

    def marker(self, hit: Hit) -> bytes:
        """Return what stands in the place of a secret."""
        if self._key is None:
            self._key = self._ask_for_key()
        proof = hmac.new(self._key, b"redacted\0" + hit.value, sha256).hexdigest()[:_DIGITS]
        return f"[REDACTED:{hit.rule}:{proof}]".encode("ascii")

    def data(self, data: bytes) -> tuple[bytes, Counter[str]]:
        """Return ``data`` with markers, and how many secrets there were by rule."""
        counts: Counter[str] = Counter()
        for _ in range(_ROUNDS):
            hits = self.hits(data)
            if not hits:
                break
            data = self._replaced(data, hits)
            counts.update(each.rule for each in hits)
        return data, counts

    def text(self, text: str) -> str:
        """Return ``text`` with markers; the same object if nothing in it is a secret."""
        masked, counts = self.data(text.encode("utf-8", "surrogatepass"))
        return _decoded(masked) if counts else text

    def named(self, text: str) -> str:
        """Return ``text`` with the name of the rule in place of each secret, for telling a place."""
        data = text.encode("utf-8", "surrogatepass")
        for hit in reversed(self.hits(data)):
            data = data[: hit.start] + f"({hit.rule})".encode("ascii") + data[hit.end :]
        return _decoded(data)

    def value(self, value: Any) -> Any:  # noqa: ANN401  # JSON
        """Return a JSON value with markers in its texts and keys; the same object if there are none.

        A secret of several lines is found, too, when each line is a text of its own.
        """
        for _ in range(_ROUNDS):
            replaced = self._replacements(list(_texts(value)))
            if not replaced:
                break
            value = _rebuilt(value, replaced)
        return value

    def json(self, data: bytes) -> bytes:
        """Return canonical JSON with markers in its texts and keys; the same object if there are none.

        Raises: InvalidInputError: it is not JSON.
        """
        if b'"' not in data:
            return data
        value = loads(data)
        masked = self.value(value)
        return data if masked is value else dumps(masked)

    def placed(self, texts: Sequence[str]) -> Iterator[tuple[int, Hit]]:
        """Yield the secrets in ``texts``, each with the index of its text, in order.

        One that goes on from text to text, as the lines of a key do, is yielded for each of them.
        """
        parts = [each.encode("utf-8", "surrogatepass") for each in texts]
        hits = iter(self.hits(_BETWEEN.join(parts)))
        hit = next(hits, None)
        begin = 0
        for index, part in enumerate(parts):
            while hit is not None and hit.start < begin + len(part):
                if hit.end > begin:
                    yield index, _moved(hit, begin, len(part))
                if hit.end > begin + len(part):
                    break
                hit = next(hits, None)
            begin += len(part) + len(_BETWEEN)

    def _replacements(self, texts: Sequence[str]) -> dict[str, str]:
        """Return what to put in place of each text that holds a secret."""
        found: dict[str, list[Hit]] = {}
        for index, own in groupby(self.placed(texts), key=lambda each: each[0]):
            found[texts[index]] = [hit for _, hit in own]
        return {
            text: _decoded(self._replaced(text.encode("utf-8", "surrogatepass"), hits))
            for text, hits in found.items()
        }

    def _replaced(self, data: bytes, hits: Sequence[Hit]) -> bytes:
        pieces: list[bytes] = []
        done = 0
        for each in hits:
            pieces += (data[done : each.start], self.marker(each))
            done = each.end
        return b"".join([*pieces, data[done:]])


def count_markers(data: bytes) -> Counter[str]:
    """Return how many markers ``data`` holds, by rule."""
    if _HINT not in data:
        return Counter()
    return Counter(each[1].decode("ascii") for each in MARKER.finditer(data))


def counted(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts as they are recorded: by rule, in order, none that is nothing."""
    return {rule: counts[rule] for rule in sorted(counts) if counts[rule]}


def _first_and_longest(hit: Hit) -> tuple[int, int, bool]:
    # Of two findings of the same bytes the variable's is the better name.
    return hit.start, -hit.end, not hit.rule.startswith(VARIABLE)


def _is_in_marker(hit: Hit, markers: Sequence[tuple[int, int]]) -> bool:
    if not hit.rule.startswith(VARIABLE):
        return False
    index = bisect_right(markers, (hit.start, hit.end)) - 1
    around = [markers[at] for at in (index, index + 1) if 0 <= at < len(markers)]
    return any(start <= hit.start and hit.end <= end for start, end in around)


def _apart(found: Iterable[Hit], data: bytes) -> Iterator[Hit]:
    """Yield hits, sorted already, with those that overlap put together."""
    group: list[Hit] = []
    end = 0
    for each in found:
        if group and each.start >= end:
            yield _together(group, end, data)
            group = []
        end = max(end, each.end) if group else each.end
        group.append(each)
    if group:
        yield _together(group, end, data)


def _together(group: Sequence[Hit], end: int, data: bytes) -> Hit:
    start = group[0].start
    longest = max(group, key=lambda each: each.end - each.start)
    if (longest.start, longest.end) == (start, end):
        return longest
    return Hit(start, end, longest.rule, data[start:end])


def _moved(hit: Hit, begin: int, size: int) -> Hit:
    """Return the part of a hit that is in the text from ``begin`` on."""
    return hit._replace(start=max(hit.start - begin, 0), end=min(hit.end - begin, size))


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:  # what was masked was half a character
        return data.decode("utf-8", "replace")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, member in cast("dict[str, object]", value).items():
            yield key
            yield from _texts(member)
    elif isinstance(value, list | tuple):
        for member in cast("list[object]", value):
            yield from _texts(member)


def _rebuilt(value: Any, replaced: Mapping[str, str]) -> Any:  # noqa: ANN401  # JSON
    if isinstance(value, str):
        return replaced.get(value, value)
    if isinstance(value, dict):
        members = cast("dict[str, object]", value).items()
        return {replaced.get(key, key): _rebuilt(member, replaced) for key, member in members}
    if isinstance(value, list | tuple):
        return [_rebuilt(each, replaced) for each in cast("list[object]", value)]
    return value


def is_masked_form(shown: str, said: str) -> bool:
    """Tell whether ``shown`` is ``said`` with markers in the place of one or more secrets.

    Which secrets they stand for cannot be told; all that stands around them must be the same.
    """
    first, *others = _MARKER_IN_TEXT.split(shown)
    if not others or not said.startswith(first):
        return False
    *middle, last = others
    at = len(first)
    for each in middle:
        found = said.find(each, at + 1)
        if found < 0:
            return False
        at = found + len(each)
    return len(said) - len(last) > at and said.endswith(last)
