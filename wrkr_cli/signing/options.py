"""The options of commands that sign or trust; to import them costs nothing more."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

ROLES: Final = ("producer", "reviewer")

passphrase_option: Final = click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path),
    envvar="WRKR_KEY_PASSPHRASE_FILE",
    metavar="FILE",
    help="Read the key's passphrase from here [WRKR_KEY_PASSPHRASE_FILE], not from the terminal.",
)
trust_option: Final = click.option(
    "--trust",
    "trust_file",
    type=click.Path(path_type=Path),
    envvar="WRKR_TRUST_FILE",
    metavar="FILE",
    help="The trust file [WRKR_TRUST_FILE, or trust.toml in WRKR_HOME].",
)
role_option: Final = click.option(
    "--role",
    multiple=True,
    type=click.Choice(ROLES),
    help="What a key may sign as; may be given twice.",
)
job_option: Final = click.option(
    "--job", multiple=True, metavar="GLOB", help="Jobs it may sign for [all]."
)
key_option: Final = click.option(
    "--key",
    required=True,
    envvar="WRKR_SIGNING_KEY_FILE",
    metavar="KEY",
    help="A key's name, its file, or a key of OpenSSH [WRKR_SIGNING_KEY_FILE].",
)
as_role_option: Final = click.option(
    "--role", type=click.Choice(ROLES), default="reviewer", help="Sign as what [reviewer]."
)
statement_option: Final = click.option(
    "--statement", metavar="TEXT", help="What you say by it, in a sentence of your own."
)
at_option: Final = click.option(
    "--at",
    metavar="TIME",
    help="When you sign, 'now' included, where your key is younger than the job [its last event].",
)
replace_option: Final = click.option(
    "--replace", is_flag=True, help="Put it in place of what the same key said before."
)
