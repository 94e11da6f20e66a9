"""``wrkr bridge``: work-item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from wrkr_cli.framing import command as make
from wrkr_cli.framing import group
from wrkr_cli.reporting import out_dir_option, write_text

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_cli.session import Session
    from wrkr_core.report.work_item import Template

_ENDINGS: Final = {"github": ".md", "jira": ".txt"}


def _explain(  # noqa: PLR0917  # the command's own parameters
    session: Session, job_id: str, checkpoint: str, template: Template, dry_run: bool, out_dir: Path
) -> list[str]:
    what = f"make a {template} item of {checkpoint} of {job_id} in {session.url}"
    if dry_run:
        return [f"{what} and print it"]
    return [f"{what} and write it, as a document and as JSON, under {_folder(out_dir, template)}"]


def _folder(out_dir: Path, template: Template) -> Path:
    return out_dir / "integrations" / template


@make(
    "bridge work-item",
    examples=[
        "wrkr bridge work-item JOB --checkpoint cp_12",
        "wrkr bridge work-item JOB --checkpoint cp_12 --template jira --dry-run",
    ],
    explain=_explain,
)
@click.argument("job_id", metavar="JOB")
@click.option("--checkpoint", required=True, metavar="ID", help="A decision, or what blocks JOB.")
@click.option(
    "--template",
    type=click.Choice(list(_ENDINGS)),
    default="github",
    help="For which tracker [github].",
)
@click.option("--dry-run", is_flag=True, help="Print it and write nothing.")
@out_dir_option
def work_item(  # noqa: PLR0917  # the command's own parameters
    session: Session, job_id: str, checkpoint: str, template: Template, dry_run: bool, out_dir: Path
) -> None:
    """Write a decision or a block of JOB as an item for an issue tracker: title, body and labels.

    Nothing is sent anywhere. What the job says is text in it: it mentions nobody and links nothing.
    Of an erasable job it says [sealed] instead: a tracker keeps what an erasure cannot reach.
    """
    import msgspec

    from wrkr_core.report import work_item as rendering

    ledger = session.closed_ledger
    state = ledger.state(job_id)
    events = list(ledger.events(job_id, through=state.seq))
    item = rendering.work_item(state, events, checkpoint, template=template)
    text = rendering.work_item_text(item)
    if dry_run:
        session.result(item, text.splitlines(), brief=item["title"])
        return
    stem, folder = f"work_item_{job_id}_{checkpoint}", _folder(out_dir, template)
    document, data = folder / f"{stem}{_ENDINGS[template]}", folder / f"{stem}.json"
    encoded = msgspec.json.format(msgspec.json.encode(item, order="sorted"), indent=2)
    write_text(data, encoded.decode() + "\n")
    write_text(document, text)
    session.result(
        {**item, "path": str(document), "json_path": str(data)},
        [f"wrote {document}", f"wrote {data}"],
        brief=str(document),
    )


command = group("bridge", "Hand a decision to an issue tracker.", [work_item])
