"""`clawmedic backups`: the archive graph. Each command here parses, asks the room, and renders."""

from __future__ import annotations

import typer

from clawmedic.commands import backups_browse, backups_files, backups_reading

app = typer.Typer(
    name="backups",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Find, read, compare, export and restore every copy.",
)
app.command("list")(backups_reading.list_copies)
app.command("show")(backups_reading.show)
app.command("search")(backups_reading.search)
app.command("diff")(backups_reading.diff)
app.command("export")(backups_files.export)
app.command("restore")(backups_files.restore)
app.command("prune")(backups_files.prune)
app.command("browse")(backups_browse.browse)
