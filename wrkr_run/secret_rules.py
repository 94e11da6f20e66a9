"""What tokens look like: the patterns of ``detect-secrets``, and how they are applied to any bytes.

A plugin of the library is used when its tokens are known by their own form: text that the issuer puts
into every one of them, or fixed lengths between fixed separators. What is guessed from entropy, or
from a word beside it, is not used: to mask a digest because it looks random would destroy the log and
guard nothing. ``USED`` and ``UNUSED`` name every plugin there is, the latter with the reason.

The library is large and needed seldom, so each rule has a *hint*: text that is in everything its
patterns match. Only where a hint is found is the library imported and the pattern tried. A hint is a
necessary condition, never a finding.

Output may be hostile. A pattern that takes more than linear time for some text has a stand-in here
(``OWN``), which also covers tokens younger than the library's release.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

import attrs

from wrkr_core.errors import NotSupportedHereError
from wrkr_core.redaction.mask import Hit
from wrkr_run.private_keys import KEY_HINTS, private_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

_FLAGS: Final = re.MULTILINE  # the library looks at one line at a time, so ^ and $ are a line's
_TAIL: Final = re.compile(rb"[A-Za-z0-9_\-]*")  # what runs on behind a token belongs to it


@attrs.frozen(kw_only=True)
class Rule:
    """One kind of token.

    Attributes:
        name: What findings are called.
        plugin: The library's module and class.
        hints: Texts of which one is in everything the patterns match.
        ignores_case: The hints are in lower case, what they are looked for in may be in any.
        hint: The same as a pattern, where no plain text will do.
        first: How many of the class's patterns are used, None for all.
        group: Which group of a match is the secret; 0 is all of it.
        grows: What follows directly, of letters, digits, ``_`` and ``-``, belongs to the secret.

    """

    name: str
    plugin: tuple[str, str]
    hints: tuple[bytes, ...] = ()
    ignores_case: bool = False
    hint: re.Pattern[bytes] | None = None
    first: int | None = None
    group: int = 0
    grows: bool = True

    def may_be_in(self, data: bytes) -> bool:
        """Tell whether the patterns need to be tried."""
        if self.hint is not None and self.hint.search(data):
            return True
        searched = data.lower() if self.ignores_case else data
        return any(hint in searched for hint in self.hints)


USED: Final = (
    Rule(
        name="aws-access-key",
        plugin=("aws", "AWSKeyDetector"),
        hints=(b"A3T", b"ABIA", b"ACCA", b"AKIA", b"ASIA"),
        first=1,  # the second guesses from a word beside it
    ),
    Rule(
        name="azure-storage-key",
        plugin=("azure_storage_key", "AzureStorageKeyDetector"),
        hints=(b"AccountKey=",),
        grows=False,
    ),
    Rule(
        name="basic-auth",
        plugin=("basic_auth", "BasicAuthDetector"),
        hint=re.compile(rb"://[^\s/@]+@"),
        group=1,
        grows=False,
    ),
    Rule(
        name="discord-token",
        plugin=("discord", "DiscordBotTokenDetector"),
        hint=re.compile(rb"\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27}"),
    ),
    Rule(
        name="github-token",
        plugin=("github_token", "GitHubTokenDetector"),
        hints=(b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_"),
    ),
    Rule(
        name="gitlab-token",
        plugin=("gitlab_token", "GitLabTokenDetector"),
        hint=re.compile(rb"gl(?:pat|dt|ft|soat|rt|cbt|imt|ptt|agent|oas)-|GR1348941"),
    ),
    Rule(
        name="mailchimp-key",
        plugin=("mailchimp", "MailchimpDetector"),
        hints=tuple(b"-us%d" % digit for digit in range(10)),
    ),
    Rule(
        name="pypi-token",
        plugin=("pypi_token", "PypiTokenDetector"),
        hints=(b"pypi-AgEIcHlwaS5vcmc", b"pypi-AgENdGVzdC5weXBpLm9yZw"),
    ),
    Rule(
        name="sendgrid-key",
        plugin=("sendgrid", "SendGridDetector"),
        hint=re.compile(rb"SG\.[A-Za-z0-9_-]{22}\."),
    ),
    Rule(
        name="slack-token",
        plugin=("slack", "SlackDetector"),
        hints=(b"xox", b"hooks.slack.com/services/t"),
        ignores_case=True,
        grows=False,
    ),
    Rule(
        name="square-secret",
        plugin=("square_oauth", "SquareOAuthDetector"),
        hints=(b"sq0csp-",),
    ),
    Rule(name="stripe-key", plugin=("stripe", "StripeDetector"), hints=(b"k_live_",)),
    Rule(
        name="telegram-token",
        plugin=("telegram_token", "TelegramBotTokenDetector"),
        hint=re.compile(rb"[0-9]:[0-9A-Za-z_-]{35}"),
    ),
    Rule(
        name="twilio-key",
        plugin=("twilio", "TwilioKeyDetector"),
        hint=re.compile(rb"(?:AC|SK)[a-z0-9]{32}"),
    ),
)
"""The plugins whose patterns are applied as they are."""

STOOD_IN: Final = {
    "JwtTokenDetector": "takes the square of the length of 'eyJeyJ…', and leaves the signature",
    "NpmDetector": "takes the square of the length of a line of slashes",
    "OpenAIDetector": "takes the square of the length of 'sk-sk-…'",
    "PrivateKeyDetector": "knows only the first line of a key; see private_keys",
}
"""The plugins with a stand-in of ours, and why."""

UNUSED: Final = {
    "ArtifactoryDetector": "AP and nine letters or digits more is also APACHEHTTPD2",
    "Base64HighEntropyString": "guesses from entropy",
    "CloudantDetector": "guesses from a word beside it",
    "HexHighEntropyString": "guesses from entropy; every digest is one",
    "IPPublicDetector": "an address is no secret",
    "IbmCloudIamDetector": "guesses from a word beside it",
    "IbmCosHmacDetector": "guesses from a word beside it",
    "KeywordDetector": "guesses from a word beside it",
    "SoftlayerDetector": "guesses from a word beside it",
}
"""The plugins that are not used, and why."""

# Each begins with text of its issuer, and no match can begin a second time inside what one covers.
OWN: Final = tuple(
    (name, hint, re.compile(pattern))
    for name, hint, pattern in (
        ("anthropic-key", b"sk-ant-", rb"sk-ant-[a-z0-9]{2,16}-[A-Za-z0-9_\-]{32,}"),
        ("age-key", b"AGE-SECRET-KEY-1", rb"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
        ("github-token", b"github_pat_", rb"github_pat_[A-Za-z0-9_]{36,}"),
        ("google-key", b"AIza", rb"AIza[0-9A-Za-z_\-]{35,}"),
        ("hugging-face-token", b"hf_", rb"hf_[A-Za-z0-9]{34,}"),
        ("npm-token", b"npm_", rb"npm_[A-Za-z0-9]{36,}"),
        ("npm-token", b"/:_authToken=", rb"(?<=/:_authToken=)[A-Za-z0-9_\-.+/=]{8,}"),
    )
)
"""Patterns of ours: the name of the rule, text that is in every match, and the pattern."""

_JWT: Final = "json-web-token"
_JWT_RUN: Final = re.compile(rb"[A-Za-z0-9_\-=.+/]{20,}")
_JWT_PART: Final = re.compile(rb"[A-Za-z0-9_\-=]+")

_OPENAI: Final = "openai-key"
_OPENAI_MIDDLE: Final = b"T3BlbkFJ"
_OPENAI_FIRST: Final = re.compile(rb"sk-[A-Za-z0-9_\-]*\Z")
_OPENAI_LONGEST: Final = 200  # bytes before its middle

RULE_NAMES: Final = frozenset(
    {each.name for each in USED} | {name for name, _, _ in OWN} | {_JWT, _OPENAI, "private-key"}
)
"""The names of all rules."""


# For short texts one look at all hints together is cheaper than one at each; for long ones it is not.
_SHORT: Final = 4096  # bytes
_ANY_HINT: Final = re.compile(
    b"|".join(
        [
            *(
                b"(?i:%s)" % re.escape(hint)
                for each in USED
                if each.ignores_case
                for hint in each.hints
            ),
            *(re.escape(hint) for each in USED if not each.ignores_case for hint in each.hints),
            *(each.hint.pattern for each in USED if each.hint is not None),
            *(re.escape(hint) for _, hint, _ in OWN),
            *map(re.escape, (b"eyJ", _OPENAI_MIDDLE, *KEY_HINTS)),
        ]
    )
)


def find_tokens(data: bytes) -> Iterator[Hit]:
    """Yield what looks like a token in ``data``; findings may overlap. Linear in the length.

    Raises: NotSupportedHereError: ``detect-secrets`` is needed and not installed.
    """
    if len(data) < _SHORT and not _ANY_HINT.search(data):
        return
    for rule in USED:
        if rule.may_be_in(data):
            yield from _found_by(rule, data)
    for name, hint, pattern in OWN:
        if hint in data:
            for found in pattern.finditer(data):
                yield Hit(found.start(), found.end(), name, found[0])
    yield from _web_tokens(data)
    yield from _openai_keys(data)
    for start, end in private_keys(data):
        yield Hit(start, end, "private-key", data[start:end])


def _found_by(rule: Rule, data: bytes) -> Iterator[Hit]:
    for pattern in library_patterns(rule):
        end = 0
        for found in pattern.finditer(data):
            if found.start() < end:
                continue  # inside what the one before has grown to
            start, end = found.span(rule.group)
            if rule.grows and (tail := _TAIL.match(data, end)):
                end = tail.end()
            yield Hit(start, end, rule.name, data[start:end])


def _web_tokens(data: bytes) -> Iterator[Hit]:
    """Yield JSON Web Tokens whole, with their signature; each run of characters is read once."""
    if b"eyJ" not in data:
        return
    for run in _JWT_RUN.finditer(data):
        begin, end = run.span()
        while (start := data.find(b"eyJ", begin, end)) >= 0:
            part = _JWT_PART.match(data, start, end)
            begin = (
                part.end() if part is not None else end
            )  # where every later start would end, too
            if data[begin : begin + 1] == b"." and _JWT_PART.match(data, begin + 1, end):
                yield Hit(start, end, _JWT, data[start:end])
                break


def _openai_keys(data: bytes) -> Iterator[Hit]:
    """Yield keys by what is in the middle of each, so that no beginning is tried in vain."""
    done, middle = 0, data.find(_OPENAI_MIDDLE)
    while middle >= 0:
        first = _OPENAI_FIRST.search(data, max(done, middle - _OPENAI_LONGEST), middle)
        tail = _TAIL.match(data, middle + len(_OPENAI_MIDDLE))
        end = tail.end() if tail is not None else middle
        if first is not None and end - middle >= len(_OPENAI_MIDDLE) + 20:
            yield Hit(first.start(), end, _OPENAI, data[first.start() : end])
        done = end
        middle = data.find(_OPENAI_MIDDLE, end)


@cache
def library_patterns(rule: Rule) -> tuple[re.Pattern[bytes], ...]:
    """Return the patterns of a rule, made to match bytes.

    Raises: NotSupportedHereError: ``detect-secrets`` is not installed.
    """
    module, name = rule.plugin
    try:
        from importlib import import_module

        plugin = getattr(import_module(f"detect_secrets.plugins.{module}"), name)
    except ImportError as error:
        raise NotSupportedHereError(
            f"{rule.name} cannot be looked for without the package detect-secrets",
            hint="pip install 'wrkr[cli]'",
        ) from error
    patterns: list[re.Pattern[str]] = list(plugin.denylist)[: rule.first]
    return tuple(
        re.compile(each.pattern.encode("ascii"), (each.flags & ~re.UNICODE) | _FLAGS)
        for each in patterns
    )
