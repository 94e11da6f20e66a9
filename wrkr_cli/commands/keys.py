"""``wrkr keys``: generate, list, export, import, rotate, trust, revoke, sign, prepare, attach."""

from __future__ import annotations

from wrkr_cli.framing import group
from wrkr_cli.signing.attesting import attach, prepare, sign
from wrkr_cli.signing.carrying import export, import_
from wrkr_cli.signing.keeping import generate, list_, rotate
from wrkr_cli.signing.trusting import revoke, trust

command = group(
    "keys",
    "Keys, whom to trust, and signatures.",
    [generate, list_, export, import_, rotate, trust, revoke, sign, prepare, attach],
)
