"""`backups export`, `restore` and `prune`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clawmedic.backups.catalogue import catalogue
from clawmedic.backups.choosing import choose
from clawmedic.backups.exporting import Form, content
from clawmedic.backups.filling import judge_filling
from clawmedic.backups.pruning import carry_out
from clawmedic.backups.reading import CopyReader
from clawmedic.backups.restoring import restore_lines
from clawmedic.backups.retention import Retention, plan_prune
from clawmedic.commands.backups_live import Wanted, restore_to_key
from clawmedic.commands.backups_options import Copy, Kinds, NoCache, parse_kinds
from clawmedic.commands.mutating import DryRun, GatewayStopped
from clawmedic.commands.options import with_settings
from clawmedic.commands.reaching import Password, Token, Url
from clawmedic.commands.values import parse_size
from clawmedic.disk.exporting import write_export
from clawmedic.errors import ExitCode, UsageError
from clawmedic.logs.window import parse_when
from clawmedic.output.progress import progress
from clawmedic.recovery.line import Line
from clawmedic.settings import Settings

To = Annotated[
    Path, typer.Option("--to", metavar="FILE", help="The file to make; an existing one is never overwritten.")
]
MaybeTo = Annotated[
    Path | None,
    typer.Option(
        "--to",
        metavar="FILE",
        help="The file to make; an existing one is never overwritten.",
        show_default=False,
    ),
]
Format = Annotated[
    Form, typer.Option("--format", help="For people, for a browser, or in OpenClaw's own format.")
]
Redact = Annotated[bool, typer.Option("--redact", help="Take out what looks like a secret or personal data.")]
Full = Annotated[bool, typer.Option("--full", help="Settings and records too, not only the conversation.")]
Live = Annotated[bool, typer.Option("--live", help="Make it the conversation behind its key again.")]
LiveKey = Annotated[
    str | None,
    typer.Option("--key", metavar="KEY", help="With --live: behind this key.", show_default=False),
]
LiveDistil = Annotated[bool, typer.Option("--distil", help="With --live: shorten it where it would not fit.")]
LiveYes = Annotated[bool, typer.Option("--yes", "-y", help="With --live: do it without asking.")]
KeepCount = Annotated[
    int | None, typer.Option("--keep", metavar="N", min=0, help="Keep the N newest of each key and kind.")
]
OlderThan = Annotated[
    str | None, typer.Option("--older-than", metavar="AGE", help="Let go what is older, such as 30d.")
]
MaxBytes = Annotated[
    str | None, typer.Option("--max-bytes", metavar="SIZE", help="Let the oldest go above this, such as 2GB.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without this, only say what would be done.")]


@with_settings(journal=True)
def export(
    settings: Settings,
    copy: Copy,
    *,
    to: To,
    form: Format = Form.MARKDOWN,
    redact: Redact = False,
    full: Full = False,
    no_cache: NoCache = False,
) -> ExitCode:
    """Export a copy as Markdown, HTML or JSONL.

    HTML is one file without scripts; JSONL is OpenClaw's own transcript format.
    """
    with progress(settings) as reporter:
        archive = catalogue(settings, reporter, use_cache=not no_cache)
    backup = choose(archive, copy)
    target = settings.world.cwd / to.expanduser()
    with CopyReader(settings.world, archive.state_dir) as reader:
        chunks = content(reader, backup, form, redacted=redact, notes=full)
        digest = write_export(target, chunks, state_dir=archive.state_dir)
    if settings.json:
        from clawmedic.output.backups_documents import export_document
        from clawmedic.output.sink import write_json

        write_json(export_document(backup, str(target), digest))
    else:
        from clawmedic.output.backups_outcome import show_written
        from clawmedic.output.screen import Screen

        show_written(Screen(settings), target, digest)
    return ExitCode.OK


@with_settings(journal=True)
def restore(
    settings: Settings,
    copy: Copy,
    *,
    to: MaybeTo = None,
    live: Live = False,
    key: LiveKey = None,
    distil: LiveDistil = False,
    yes: LiveYes = False,
    dry_run: DryRun = False,
    gateway_stopped: GatewayStopped = False,
    url: Url = None,
    token: Token = None,
    password: Password = None,
    no_cache: NoCache = False,
) -> ExitCode:
    """Make a clean, loadable transcript of a copy, or (--live) the conversation behind its key again.

    Unpacked, with a valid header and a whole chain; lines that are in order keep every byte. Says what the
    model would see of it, and how full its window would be.

    --live with files needs the gateway stopped; undo gives back the very bytes. With a database the gateway must
    run: it switches to the copy's branch (undo switches back), or forks a session of its own with the copy's
    messages, or is given a digest of the copy in one turn. Undo takes back neither a fork nor a digest.
    """
    if live and to is None:
        wanted = Wanted(
            copy,
            key,
            distil=distil,
            yes=yes,
            dry_run=dry_run,
            gateway_stopped=gateway_stopped,
            use_cache=not no_cache,
        )
        with Line(settings, url=url, token=token, password=password) as line:
            return restore_to_key(settings, wanted, line)
    if live:
        raise UsageError("--live and --to exclude each other", hint="give one of the two")
    if to is None:
        raise UsageError("no file to restore to", hint="name one with --to FILE")
    return _restore_to_file(settings, copy, to, use_cache=not no_cache)


def _restore_to_file(settings: Settings, copy: str, to: Path, *, use_cache: bool) -> ExitCode:
    with progress(settings) as reporter:
        archive = catalogue(settings, reporter, use_cache=use_cache)
    backup = choose(archive, copy)
    target = settings.world.cwd / to.expanduser()
    with CopyReader(settings.world, archive.state_dir) as reader:
        restored = restore_lines(reader, backup)
    digest = write_export(target, (line + b"\n" for line in restored.lines), state_dir=archive.state_dir)
    budget = judge_filling(settings, backup, restored)
    if settings.json:
        from clawmedic.output.backups_documents import restore_document
        from clawmedic.output.sink import write_json

        write_json(restore_document(backup, str(target), digest, restored, budget))
    else:
        from clawmedic.output.backups_outcome import show_restored, show_written
        from clawmedic.output.screen import Screen

        screen = Screen(settings)
        show_written(screen, target, digest)
        show_restored(screen, backup, restored, budget)
    return ExitCode.OK


@with_settings(journal=True)
def prune(
    settings: Settings,
    *,
    keep: KeepCount = None,
    older_than: OlderThan = None,
    max_bytes: MaxBytes = None,
    kind: Kinds = None,
    yes: Yes = False,
    no_cache: NoCache = False,
) -> ExitCode:
    """Put old copies aside; without --yes say which.

    By count, age or bytes for each key and kind. What goes is moved into a quarantine folder of clawmedic's
    own. Never live files, files that a row names, copies in a database, or the only complete copy of
    anything.
    """
    now = settings.now()
    age = now - parse_when(older_than, now) if older_than else None
    rules = Retention(keep, age, parse_size(max_bytes), parse_kinds(kind))
    with progress(settings) as reporter:
        archive = catalogue(settings, reporter, use_cache=not no_cache)
    with CopyReader(settings.world, archive.state_dir) as reader:
        plan = plan_prune(archive, reader, rules, now)
    done = carry_out(settings, plan) if yes else None
    if settings.json:
        from clawmedic.output.backups_documents import prune_document
        from clawmedic.output.sink import write_json

        write_json(prune_document(plan, done))
    else:
        from clawmedic.output.backups_outcome import show_plan, show_pruned
        from clawmedic.output.screen import Screen

        screen = Screen(settings)
        show_plan(screen, plan)
        if done is not None:
            show_pruned(screen, done)
        elif plan.prunes:
            screen.line(("Nothing was changed; --yes puts them into quarantine.", "dim"))
    return ExitCode.PARTIAL if done is not None and done.refused else ExitCode.OK
