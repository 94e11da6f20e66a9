"""The style sheet of the page: one column on a phone, light and dark as the reader's device is."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import Final

STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #59636e; --paper: #ffffff; --card: #f4f6f8;
  --edge: #d5dae0; --good: #18794e; --bad: #c0282d; --people: #1f5fbf; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7ebef; --dim: #9aa6b2; --paper: #14181d;
  --card: #1d232a; --edge: #333c46; --good: #4cc38a; --bad: #ff7b72; --people: #7db4ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 52rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { margin: 0 0 .25rem; font-size: 1.4rem; line-height: 1.25; }
h2 { margin: 2rem 0 .5rem; font-size: 1.1rem; }
p { margin: .25rem 0; }
code, .receipt { font: .875em/1.5 ui-monospace, monospace; }
.text { white-space: pre-wrap; }
.dim { color: var(--dim); font-size: .875rem; }
.good { color: var(--good); }
.bad { color: var(--bad); }
.status { display: inline-block; padding: 0 .6rem; border: 1px solid currentColor;
  border-radius: 1rem; }
.receipt { padding: .5rem .75rem; background: var(--card); border-radius: .4rem; }
ul, ol { margin: 0; padding: 0; list-style: none; }
li { padding: .5rem .75rem; border: 1px solid var(--edge); border-radius: .4rem;
  margin: .4rem 0; background: var(--card); }
ol.timeline { border-left: 2px solid var(--edge); }
ol.timeline li { margin: 0; padding: .2rem .75rem; border: 0; border-radius: 0; background: none; }
ol.timeline li.people, ol.timeline li.trouble { padding-left: calc(.75rem - 3px); }
ol.timeline li.people { border-left: 3px solid var(--people); }
ol.timeline li.trouble { border-left: 3px solid var(--bad); }
ul.files li { margin: 0; padding: .3rem .75rem; border-width: 0 0 1px; border-radius: 0;
  background: none; }
ul.checks li { margin: 0; padding: .1rem 0; border: 0; background: none; color: var(--dim); }
svg { display: block; width: 100%; height: 4rem; margin: .3rem 0; }
svg .left { fill: none; stroke: var(--people); stroke-width: 2; vector-effect: non-scaling-stroke; }
svg .floor { stroke: var(--edge); stroke-width: 1; vector-effect: non-scaling-stroke; }
"""
"""What is between the page's ``style`` tags."""


def policy() -> str:
    """Return the page's Content-Security-Policy: nothing is loaded or run, one style sheet counts."""
    digest = b64encode(sha256(STYLE.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
