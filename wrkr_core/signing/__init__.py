"""Keys, signatures and trust: who vouches for a jobpack or an approval.

Everything here turns bytes into bytes. Key files are read and random bytes drawn elsewhere; PyNaCl,
which does the arithmetic, is imported when something is signed or checked.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from wrkr_core.signing.claims import ApprovalClaim as ApprovalClaim
    from wrkr_core.signing.claims import PackClaim as PackClaim
    from wrkr_core.signing.dsse import signed_envelope as signed_envelope
    from wrkr_core.signing.keys import PublicKey as PublicKey
    from wrkr_core.signing.trust import Trust as Trust
    from wrkr_core.signing.trust_file import read_trust as read_trust

_HOMES: Final = {
    "ApprovalClaim": "wrkr_core.signing.claims",
    "PackClaim": "wrkr_core.signing.claims",
    "PublicKey": "wrkr_core.signing.keys",
    "Trust": "wrkr_core.signing.trust",
    "read_trust": "wrkr_core.signing.trust_file",
    "signed_envelope": "wrkr_core.signing.dsse",
}

__all__ = [
    "ApprovalClaim",
    "PackClaim",
    "PublicKey",
    "Trust",
    "read_trust",
    "signed_envelope",
]


def __getattr__(name: str) -> object:
    """Import a public name from its home."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'wrkr_core.signing' has no attribute {name!r}")
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return list(__all__)
