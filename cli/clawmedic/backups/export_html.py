"""A conversation as one HTML file: no script, nothing from elsewhere, light and dark, good on paper.

Everything that comes from the conversation is escaped; nothing of it becomes markup, and a policy in the file forbids
scripts and requests besides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from html import escape

from clawmedic.backups.conversation import Item, Voice
from clawmedic.backups.export_text import ExportOptions, facts, heading, shown, when
from clawmedic.backups.redaction import redact
from clawmedic.model.backup import Backup

Clean = Callable[[str], str]
_UNSAFE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """
:root { color-scheme: light dark; --ground: #ffffff; --ink: #1d2430; --dim: #667085; --line: #e3e7ee;
  --user: #eef4ff; --user-edge: #3d6fd6; --tool: #f6f7f9; --warn: #b54708; --warn-ground: #fff6ed; --mark: #7a5af8; }
@media (prefers-color-scheme: dark) { :root { --ground: #12151b; --ink: #e6e9ef; --dim: #98a2b3; --line: #2a303b;
  --user: #17233d; --user-edge: #6c95ef; --tool: #191d25; --warn: #f7b27a; --warn-ground: #2c2016; --mark: #a48afb; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.55 system-ui, "Segoe UI", Roboto, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.5rem; margin: 0 0 1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: 0 0 2rem; font-size: .9rem; }
dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; }
article { padding: .8rem 1rem; margin: .8rem 0; border-radius: .6rem; border: 1px solid var(--line); }
article > header { display: flex; gap: .75rem; justify-content: space-between; flex-wrap: wrap; font-size: .82rem; color: var(--dim); }
article > header b { color: var(--ink); font-weight: 600; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; margin-top: .35rem; }
.user { background: var(--user); border-color: transparent; border-left: .25rem solid var(--user-edge); }
.tool, .note, .broken { background: var(--tool); font-size: .9rem; }
.system { border-style: dashed; }
.compaction, .reset { border: 0; border-top: 2px solid var(--mark); border-bottom: 2px solid var(--mark); border-radius: 0; }
.compaction > header b, .reset > header b { color: var(--mark); }
.branch { opacity: .6; }
.failure { margin-top: .5rem; padding: .4rem .7rem; border-radius: .4rem; color: var(--warn); background: var(--warn-ground); overflow-wrap: anywhere; }
details { margin-top: .5rem; } summary { cursor: pointer; color: var(--dim); font-size: .88rem; }
pre { margin: .4rem 0 0; padding: .7rem; border-radius: .4rem; background: var(--tool); border: 1px solid var(--line);
  white-space: pre-wrap; overflow-wrap: anywhere; font: .82rem/1.45 ui-monospace, "Cascadia Mono", Menlo, monospace; }
footer { margin-top: 3rem; color: var(--dim); font-size: .8rem; }
@media print { :root { color-scheme: light; --ground: #fff; --ink: #000; --dim: #555; --line: #ccc; --user: #f2f2f2; --user-edge: #555;
    --tool: #f7f7f7; --warn: #000; --warn-ground: #f2f2f2; --mark: #555; }
  @page { margin: 18mm 16mm; } main { max-width: none; padding: 0; } body { font-size: 10.5pt; }
  article { break-inside: auto; } article > header { break-after: avoid; } details > summary { list-style: none; } }
"""


def html(backup: Backup, items: Iterable[Item], options: ExportOptions) -> Iterator[bytes]:
    """The file, piece by piece."""
    clean: Clean = redact if options.redacted else str
    title = _safe(clean(backup.key or backup.session_id or "Conversation"))
    yield _bytes(
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="referrer" content="no-referrer">\n<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n'
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
