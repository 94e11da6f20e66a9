"""``wrkr doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_cli.framing import command as make

if TYPE_CHECKING:
    from wrkr_cli.session import Session


def _explain(session: Session) -> list[str]:
    return [f"look at Python, the packages, git and {session.url}, changing nothing"]


@make("doctor", examples=["wrkr doctor", "wrkr doctor --json"], explain=_explain)
def command(session: Session) -> int:
    """Check this installation: Python, packages, git, the store; say what to mend and how.

    Ends with 1 when something has to be mended.
    """
    from wrkr_run.doctor import examine

    findings = examine(session.url)
    view = {
        "ok": all(each.ok for each in findings),
        "checks": [
            {"check": each.check, "ok": each.ok, "said": each.said, "mend": each.mend}
            for each in findings
        ],
    }
    lines: list[str] = []
    for each in findings:
        lines.append(f"{'ok  ' if each.ok else 'MEND'} {each.check:<16} {each.said}")
        if each.mend:
            lines.append(f"     {'':<16} {each.mend}")
    session.result(view, lines, brief="ok" if view["ok"] else "mend")
    return 0 if view["ok"] else 1
