"""The three forms of an export, as pieces of bytes to be written one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from clawmedic.backups.conversation import branch_lines, converse
from clawmedic.backups.export_html import html
from clawmedic.backups.export_text import ExportOptions, jsonl, markdown
from clawmedic.backups.reading import CopyReader
from clawmedic.backups.restoring import restore_lines
from clawmedic.model.backup import Backup


class Form(StrEnum):
    """What an export looks like."""

    MARKDOWN = "markdown"
    HTML = "html"
    JSONL = "jsonl"


def content(
    reader: CopyReader, backup: Backup, form: Form, *, redacted: bool = False, notes: bool = False
) -> Iterator[bytes]:
    """The export of one copy, piece by piece. `notes`: settings and records too.

    Raises:
        RefusedError: JSONL is asked of a copy that holds nothing of a conversation.
    """
    options = ExportOptions(redacted=redacted, notes=notes)
    if form is Form.JSONL:
        yield from jsonl(restore_lines(reader, backup).lines, options)
        return
    branch = branch_lines(reader.entries(backup))
    items = converse(reader.entries(backup), branch)
    yield from (html if form is Form.HTML else markdown)(backup, items, options)
