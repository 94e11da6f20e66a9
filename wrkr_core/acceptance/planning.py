"""What rules of acceptance ask, check by check, in the words of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_core.acceptance.custom import CustomCheck
from wrkr_core.budget import amount_text
from wrkr_core.canonical import dumps

if TYPE_CHECKING:
    from wrkr_core.acceptance.config import AcceptanceConfig
    from wrkr_core.spec import Check


def planned(rules: AcceptanceConfig) -> list[dict[str, str]]:
    """Return the ``check`` and what it ``asks``, in the order in which they are judged."""
    answered = "no decision is open" + (", and none was refused" if rules.must_be_approved else "")
    checks = {
        "schema": "every record of its log has its form and place",
        "status": "the job is completed",
        "decisions": answered,
        **{f"artifact:{each}": f"a file matches {each}, as recorded" for each in rules.artifacts},
        **{f"content:{path}": f"its SHA-256 is {digest}" for path, digest in rules.contents},
    }
    if rules.allowed:
        checks["paths:allowed"] = f"every recorded path matches {' or '.join(rules.allowed)}"
    if rules.forbidden:
        checks["paths:forbidden"] = f"no recorded path matches {' or '.join(rules.forbidden)}"
    for limit in rules.budget:
        checks[f"budget:{limit.meter}"] = f"at most {amount_text(limit.meter, limit.amount)} spent"
    checks |= {f"check:{each.name}": _asked(each) for each in rules.checks}
    return [{"check": name, "asks": asks} for name, asks in checks.items()]


def _asked(check: Check | CustomCheck) -> str:
    if isinstance(check, CustomCheck):
        return f"asks {check.custom}, with {dumps(dict(check.settings)).decode()}"
    return f"runs {check.command.shell or ' '.join(check.command.argv)}"
