"""The page's policy lets in its own style sheet and nothing else."""

from __future__ import annotations

import re
from base64 import b64decode
from hashlib import sha256

from wrkr_core.report.style import STYLE, policy


def test_the_policy_forbids_all_but_the_one_style_sheet() -> None:
    parts = policy().split("; ")

    assert parts[0] == "default-src 'none'"
    assert parts[2:] == ["base-uri 'none'", "form-action 'none'"]
    found = re.fullmatch(r"style-src 'sha256-([A-Za-z0-9+/=]+)'", parts[1])
    assert found is not None
    assert b64decode(found[1]) == sha256(STYLE.encode()).digest()


def test_the_style_sheet_loads_nothing_and_cannot_end_its_element() -> None:
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    assert "<" not in STYLE


def test_it_has_a_dark_side_and_breaks_long_words() -> None:
    assert "prefers-color-scheme: dark" in STYLE
    assert "overflow-wrap: anywhere" in STYLE
