"""Secrets made up for tests: one of each rule, in the form of its issuer, put together only here.

Written in parts, so that no file of this project holds one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wrkr_run.known_secrets import KnownSecrets

if TYPE_CHECKING:
    from collections.abc import Iterator

_ALNUM: Final = "Zq7RtY2bNm4KxW9vLc3HdJ5sPf8GaT6eUi1oVw0yBkQhMzXrCnDjEgAlSpFu"


def _word(length: int, *, lower: bool = False) -> str:
    text = (_ALNUM * (length // len(_ALNUM) + 1))[:length]
    return text.lower() if lower else text


def private_key(kind: str = "RSA ", lines: int = 24) -> str:
    """Return a private key of so many lines, in armor."""
    body = [(_ALNUM * 3)[number % 60 :][:64] for number in range(lines)]
    return "\n".join(
        [f"-----BEGIN {kind}PRIVATE " + "KEY-----", *body, f"-----END {kind}PRIVATE " + "KEY-----"]
    )


TOKENS: Final[dict[str, tuple[str, ...]]] = {
    "aws-access-key": ("AK" + "IA" + _word(16).upper(), "AS" + "IA" + _word(16).upper()),
    "azure-storage-key": ("Account" + "Key=" + _word(86) + "==",),
    "basic-auth": ("https://ada:" + "tea4two4ada" + "@host.test/path",),
    "discord-token": ("M" + _word(24) + "." + _word(6) + "." + _word(27),),
    "github-token": (
        "gh" + "p_" + _word(36),
        "gh" + "s_" + _word(40),
        "github" + "_pat_" + _word(60),
    ),
    "gitlab-token": ("gl" + "pat-" + _word(20), "gl" + "agent-" + _word(60)),
    "mailchimp-key": (_word(32, lower=True) + "-" + "us12",),
    "pypi-token": ("pypi-" + "AgEIcHlwaS5vcmc" + _word(80),),
    "sendgrid-key": ("SG" + "." + _word(22) + "." + _word(43),),
    "slack-token": (
        "xo" + "xb-123456789012-" + _word(24, lower=True),
        "https://hooks." + "slack.com/services/T" + _word(8) + "/B" + _word(8) + "/" + _word(24),
    ),
    "square-secret": ("sq0" + "csp-" + _word(43),),
    "stripe-key": ("sk" + "_live_" + _word(24),),
    "telegram-token": ("123456789" + ":" + _word(35),),
    "twilio-key": ("S" + "K" + _word(32, lower=True),),
    "anthropic-key": ("sk-" + "ant-api03-" + _word(90),),
    "age-key": ("AGE-SECRET-" + "KEY-1" + _word(58).upper(),),
    "google-key": ("AI" + "za" + _word(35),),
    "hugging-face-token": ("h" + "f_" + _word(34),),
    "npm-token": ("n" + "pm_" + _word(36), "//registry.test/:_auth" + "Token=" + _word(20)),
    "openai-key": ("sk-" + "proj-" + _word(40) + "T3Blbk" + "FJ" + _word(40),),
    "json-web-token": ("ey" + "Jhbgci." + "ey" + "Jzdwi." + _word(43),),
    "private-key": (private_key(), private_key("OPENSSH "), private_key("")),
}
"""What the rules find, by rule; of ``basic-auth`` and one ``npm-token`` only a part is the secret."""

PARTS: Final = {
    TOKENS["basic-auth"][0]: "tea4two4ada",
    TOKENS["npm-token"][1]: _word(20),
}


def tokens() -> Iterator[tuple[str, str, str]]:
    """Yield rule, text, and what of the text is the secret."""
    for rule, texts in TOKENS.items():
        for text in texts:
            yield rule, text, PARTS.get(text, text)


GITHUB: Final = TOKENS["github-token"][0]
"""A token that is found by its form."""
PASSWORD: Final = "correct-horse-7-battery"  # noqa: S105  # made up
"""A value that is found only because a variable holds it."""
DECLARED: Final = "plain words nobody guesses"
"""A value that is found only because its variable is declared."""
NOTHING: Final = KnownSecrets({})
"""Knows tokens by their form and no environment."""
