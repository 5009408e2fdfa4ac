"""A conversation as one HTML file: no script, nothing from elsewhere, light and dark, good on paper.

Everything that comes from the conversation is escaped; nothing of it becomes markup, and a policy in the file forbids
scripts and requests besides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from html import escape

from clawmedic.backups.conversation import Item, Voice
from clawmedic.backups.export_style import STYLE
from clawmedic.backups.export_text import ExportOptions, facts, heading, shown, when
from clawmedic.backups.redaction import redact
from clawmedic.model.backup import Backup

Clean = Callable[[str], str]
_UNSAFE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def html(backup: Backup, items: Iterable[Item], options: ExportOptions) -> Iterator[bytes]:
    """The file, piece by piece."""
    clean: Clean = redact if options.redacted else str
    title = _safe(clean(backup.key or backup.session_id or "Conversation"))
    yield _bytes(
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="referrer" content="no-referrer">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n'
        f"<body>\n<main>\n<h1>{title}</h1>\n<dl>\n"
    )
    for name, value in facts(backup):
        yield _bytes(f"<dt>{_safe(name)}</dt><dd>{_safe(clean(value))}</dd>\n")
    yield b"</dl>\n"
    for item in shown(items, options):
        yield _bytes("".join(_article(item, clean)))
    words = " Secrets and personal data were taken out by their shape." if options.redacted else ""
    yield _bytes(f"<footer>Exported by clawmedic.{words}</footer>\n</main>\n</body>\n</html>\n")


def _article(item: Item, clean: Clean) -> Iterator[str]:
    branch = "" if item.on_branch else " branch"
    yield f'<article class="{item.voice.value}{branch}">\n<header><b>{_safe(clean(heading(item)))}</b>'
    yield f"<time>{_safe(when(item.at))}</time></header>\n"
    if item.thinking:
        yield _folded("Thinking", clean(item.thinking))
    if item.text:
        folded = item.voice in (Voice.TOOL, Voice.BROKEN)
        yield (
            _folded(f"Result, {len(item.text)} characters", clean(item.text))
            if folded
            else _block(clean(item.text))
        )
    for call in item.calls:
        yield _folded(f"Tool call: {clean(call.name)}", clean(call.arguments))
    if item.failure and item.failure != item.text:
        yield f'<div class="failure">{_safe(clean(item.failure))}</div>\n'
    if item.cut_chars:
        yield f'<div class="failure">{item.cut_chars} more characters were left out.</div>\n'
    yield "</article>\n"


def _block(text: str) -> str:
    return f'<div class="text" dir="auto">{_safe(text)}</div>\n'


def _folded(title: str, text: str) -> str:
    return f"<details><summary>{_safe(title)}</summary><pre>{_safe(text)}</pre></details>\n"


def _safe(text: str) -> str:
    """Text that cannot become markup, without control characters and bidi overrides."""
    return escape(_UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text), quote=True)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
