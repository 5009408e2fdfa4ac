"""`backups list`, `show`, `search` and `diff`."""

from __future__ import annotations

from typing import Annotated

import typer

from clawmedic.backups.catalogue import catalogue
from clawmedic.backups.choosing import choose, choose_key, narrow
from clawmedic.backups.compare import compare
from clawmedic.backups.conversation import branch_lines, converse
from clawmedic.backups.patterns import matcher
from clawmedic.backups.reading import CopyReader
from clawmedic.backups.search import MOST_HITS
from clawmedic.backups.search import search as search_copies
from clawmedic.commands.backups_options import Copy, Kinds, NoCache, Since, parse_kinds, parse_since
from clawmedic.commands.options import with_settings
from clawmedic.errors import ExitCode, NotFoundError
from clawmedic.output.progress import progress
from clawmedic.settings import Settings

Key = Annotated[
    str | None,
    typer.Argument(
        metavar="KEY", help="A session key, a session id, or a part of either.", show_default=False
    ),
]
OfKey = Annotated[str | None, typer.Option("--key", metavar="KEY", help="Only this key's copies.")]
Orphans = Annotated[bool, typer.Option("--orphans", help="Only copies that no row of the store points to.")]
Everything = Annotated[
    bool, typer.Option("--all", help="List keys that have only their live transcript, too.")
]
Full = Annotated[
    bool, typer.Option("--full", help="Fold nothing: tool calls, results, thinking and settings.")
]
Number = Annotated[int | None, typer.Option("--entry", metavar="N", min=1, help="Only this entry, in full.")]
Words = Annotated[str, typer.Argument(metavar="TEXT", help="What to look for, or /a regular expression/.")]
Regex = Annotated[bool, typer.Option("--regex", help="TEXT is a regular expression.")]
Case = Annotated[bool, typer.Option("--case", help="Upper and lower case differ.")]
Most = Annotated[int, typer.Option("--max", metavar="N", min=1, help="Stop after so many entries.")]


@with_settings(journal=True)
def list_copies(
    settings: Settings,
    key: Key = None,
    *,
    orphans: Orphans = False,
    kind: Kinds = None,
    since: Since = None,
    everything: Everything = False,
    no_cache: NoCache = False,
) -> ExitCode:
    """List every copy of every key, or of one.

    OF LIVE says what part of the live transcript a copy holds (both: each has entries that the other has
    not), ONLY HERE how many entries stand in no other copy. For one KEY it also says which conversations
    were behind it, where history is missing, and which copy to restore.
    """
    kinds, oldest = parse_kinds(kind), parse_since(settings, since)
    with progress(settings) as reporter:
        archive = catalogue(settings, reporter, use_cache=not no_cache)
    copies = narrow(archive, key=key, kinds=kinds, orphans=orphans, since=oldest)
    if settings.json:
        from clawmedic.output.backups_documents import archive_document
        from clawmedic.output.sink import write_json

        keys = {(item.agent, item.key) for item in copies}
        lineages = [item for item in archive.lineages if (item.copies[0].agent, item.key) in keys]
        write_json(archive_document(archive, copies, lineages))
        return ExitCode.OK
    from clawmedic.output.backups import show_archive, show_lineage
    from clawmedic.output.screen import Screen

    if key is not None:
        show_lineage(Screen(settings), archive, choose_key(archive, key), copies)
    else:
        show_archive(Screen(settings), archive, copies, everything=everything or orphans or bool(kinds))
    return ExitCode.OK


@with_settings(journal=True)
def show(
    settings: Settings, copy: Copy, *, full: Full = False, entry: Number = None, no_cache: NoCache = False
) -> ExitCode:
    """Show one copy as a conversation.

    With roles and times; tool calls and results folded, compactions and resets marked. On a terminal in a
    pager.
    """
    from clawmedic.output.backups_conversation import show_head, show_items

    with progress(settings) as reporter:
        archive = catalogue(settings, reporter, use_cache=not no_cache)
    backup = choose(archive, copy)
    with CopyReader(settings.world, archive.state_dir) as reader:
        branch = branch_lines(reader.entries(backup))
        items = converse(reader.entries(backup), branch)
        if entry is not None:
            items = iter([item for item in items if item.number == entry])
        if settings.json:
            from clawmedic.output.backups_documents import conversation_document
            from clawmedic.output.sink import write_json

            write_json(conversation_document(backup, items))
            return ExitCode.OK
        from clawmedic.output.screen import Screen

        screen = Screen(settings)
        with screen.paged():
            show_head(screen, archive, backup)
            count = show_items(screen, items, full=full or entry is not None)
    if entry is not None and not count:
        raise NotFoundError(f"no entry {entry} in {backup.id}", hint=f"it has {backup.entries} entries")
    return ExitCode.OK


@with_settings(journal=True)
def search(
    settings: Settings,
    text: Words,
    *,
    regex: Regex = False,
    case: Case = False,
    key: OfKey = None,
    kind: Kinds = None,
    since: Since = None,
    most: Most = MOST_HITS,
    no_cache: NoCache = False,
) -> ExitCode:
    """Search all copies, live and archived.

    An entry that stands in several copies is told once, newest first.
    """
    kinds, oldest = parse_kinds(kind), parse_since(settings, since)
    wanted = matcher(text, regex=regex, case=case)
    try:
        with progress(settings) as reporter:
            archive = catalogue(settings, reporter, use_cache=not no_cache)
            copies = narrow(archive, key=key, kinds=kinds, since=oldest)
            with CopyReader(settings.world, archive.state_dir) as reader:
                result = search_copies(reader, copies, wanted, reporter, most=most)
    finally:
        wanted.close()
    if settings.json:
        from clawmedic.output.backups_documents import search_document
        from clawmedic.output.sink import write_json

        write_json(search_document(result))
    else:
        from clawmedic.output.backups_search import show_hits
        from clawmedic.output.screen import Screen

        show_hits(Screen(settings), result)
    return ExitCode.OK


@with_settings(journal=True)
def diff(settings: Settings, a: Copy, b: Copy, *, no_cache: NoCache = False) -> ExitCode:
    """Compare two copies: by entry, then by text."""
    with progress(settings) as reporter:
        archive = catalogue(settings, reporter, use_cache=not no_cache)
    with CopyReader(settings.world, archive.state_dir) as reader:
        found = compare(reader, choose(archive, a), choose(archive, b))
    if settings.json:
        from clawmedic.output.backups_documents import comparison_document
        from clawmedic.output.sink import write_json

        write_json(comparison_document(found))
    else:
        from clawmedic.output.backups_diff import show_comparison
        from clawmedic.output.screen import Screen

        show_comparison(Screen(settings), found)
    return ExitCode.OK
