"""``wrkr report``: github, html."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from wrkr_cli.framing import command as make
from wrkr_cli.framing import group
from wrkr_cli.limits import limit_options, limits_of
from wrkr_cli.reporting import append_once, is_pack, out_dir_option, the_subject, write_text
from wrkr_cli.signing.options import trust_option

if TYPE_CHECKING:
    from wrkr_cli.session import Session
    from wrkr_core.report.contents import Subject

_SUMMARY: Final = "GITHUB_STEP_SUMMARY"

require_option = click.option(
    "--require-signature", is_flag=True, help="Refuse what nobody who is trusted has signed."
)


def _subject(
    session: Session,
    target: str,
    trust_file: Path | None,
    require_signature: bool,
    limits: dict[str, int | None],
) -> Subject:
    from wrkr_cli.signing.keyring import trust_in_force

    trust, most = trust_in_force(trust_file), limits_of(**limits)
    return the_subject(session, target, trust, most, require_signature=require_signature)


def _explain_reading(session: Session, target: str) -> str:
    what = f"the jobpack {target}" if is_pack(target) else f"job {target} in {session.url}"
    return f"verify {what}, and write nothing if it does not verify"


def _explain_github(  # the command's own parameters
    session: Session,
    target: str,
    out_dir: Path,
    trust_file: Path | None,
    require_signature: bool,
    **limits: int | None,
) -> list[str]:
    del trust_file, require_signature
    limits_of(**limits)
    summary = os.environ.get(_SUMMARY)
    return [
        _explain_reading(session, target),
        f"write what a reviewer needs as Markdown and JSON under {out_dir / 'reports'}",
        *([f"append the Markdown to {summary}, unless it is there"] if summary else []),
    ]


@make(
    "report github",
    examples=["wrkr report github JOB", "wrkr report github jobpack_JOB.zip --trust trust.toml"],
    explain=_explain_github,
)
@click.argument("target", metavar="JOB|PATH")
@out_dir_option
@trust_option
@require_option
@limit_options
def github(  # the command's own parameters
    session: Session,
    target: str,
    out_dir: Path,
    trust_file: Path | None,
    require_signature: bool,
    **limits: int | None,
) -> None:
    """Write a report of a job as Markdown and JSON, for a pull request or a workflow's summary.

    It is verified first, as 'wrkr verify' does. In a workflow the Markdown is also appended to the
    file that GITHUB_STEP_SUMMARY names, once for each state of the job. The same job gives the same
    report on any day.
    """
    import msgspec

    from wrkr_core.report.contents import report
    from wrkr_core.report.markdown import markdown, marker

    view = report(_subject(session, target, trust_file, require_signature, limits))
    stem = f"report_{view['job_id']}"
    page, data = out_dir / "reports" / f"{stem}.md", out_dir / "reports" / f"{stem}.json"
    text = markdown(view)
    encoded = msgspec.json.format(msgspec.json.encode(view, order="sorted"), indent=2)
    write_text(data, encoded.decode() + "\n")
    write_text(page, text)
    summary = os.environ.get(_SUMMARY)
    appended = append_once(Path(summary), text, marker(view)) if summary else False
    session.result(
        {
            "job_id": view["job_id"],
            "path": str(page),
            "json_path": str(data),
            "pack_id": view["pack_id"],
            "receipt": view["receipt"],
            "summary_written": appended,
        },
        [
            f"wrote {page}",
            f"wrote {data}",
            *([f"{'appended to' if appended else 'already in'} {summary}"] if summary else []),
            view["receipt"],
        ],
        brief=str(page),
    )


def _explain_html(  # the command's own parameters
    session: Session,
    target: str,
    out_dir: Path,
    trust_file: Path | None,
    require_signature: bool,
    **limits: int | None,
) -> list[str]:
    del trust_file, require_signature
    limits_of(**limits)
    return [
        _explain_reading(session, target),
        f"write one page of HTML that needs nothing else under {out_dir / 'reports'}",
    ]


@make(
    "report html",
    examples=["wrkr report html JOB", "wrkr report html jobpack_JOB.zip --out-dir /tmp"],
    explain=_explain_html,
)
@click.argument("target", metavar="JOB|PATH")
@out_dir_option
@trust_option
@require_option
@limit_options
def html(  # the command's own parameters
    session: Session,
    target: str,
    out_dir: Path,
    trust_file: Path | None,
    require_signature: bool,
    **limits: int | None,
) -> None:
    """Write a report of a job as one page of HTML that opens from disk, without network.

    Timeline, steps, decisions, budget, artifacts and verification; it is verified first, as 'wrkr
    verify' does. Nothing in the page is loaded or run.
    """
    from wrkr_core.report.contents import report
    from wrkr_core.report.page import page

    subject = _subject(session, target, trust_file, require_signature, limits)
    view = report(subject)
    path = out_dir / "reports" / f"report_{view['job_id']}.html"
    write_text(path, page(view, subject))
    session.result(
        {
            "job_id": view["job_id"],
            "path": str(path),
            "pack_id": view["pack_id"],
            "receipt": view["receipt"],
        },
        [f"wrote {path}", view["receipt"]],
        brief=str(path),
    )


command = group("report", "Tell a reviewer what a job did.", [github, html])
