"""`clawmedic-config.5`, from the commented file that `clawmedic setup config` writes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from clawmedic import __version__
from clawmedic.configuration.template import TEMPLATE
from docs.generate.roff import Page, bold, italic, prose

_TABLE = re.compile(r"#?(\[{1,2}[a-z.]+\]{1,2})")
_SETTING = re.compile(r"#([a-z_]+) = (.+)")


@dataclass(frozen=True, slots=True)
class Block:
    """Lines for people with what they speak of: a table's head, or settings with their values."""

    words: tuple[str, ...]
    table: str = ""
    settings: tuple[tuple[str, str], ...] = ()


def blocks() -> Iterator[Block]:
    """The template in pieces, in its order."""
    words: list[str] = []
    settings: list[tuple[str, str]] = []
    for line in (*TEMPLATE.splitlines(), ""):
        setting, table = _SETTING.fullmatch(line), _TABLE.fullmatch(line)
        if settings and not setting:
            yield Block(tuple(words), settings=tuple(settings))
            words, settings = [], []
        if setting:
            settings.append((setting[1], setting[2]))
        elif table:
            yield Block(tuple(words), table=table[1])
            words = []
        elif line:
            words.append(line.removeprefix("#").removeprefix(" "))
        elif words:
            yield Block(tuple(words))
            words = []


def config_page() -> str:
    """The manual page of config.toml."""
    page = Page("clawmedic-config", 5, version=__version__, summary="clawmedic's own configuration")
    page.section("DESCRIPTION")
    page.paragraph(
        "clawmedic reads `$XDG_CONFIG_HOME/clawmedic/config.toml` (`~/.config/clawmedic/config.toml`), or the file "
        "that `--config` names. It is TOML. Without the file everything is as described here; "
        "`--config /dev/null` runs without it. A setting that does not exist, or cannot have its value, is refused "
        "with the line it stands on."
    )
    for block in blocks():
        _block(page, block)
    page.section("SEE ALSO")
    page.references([("clawmedic", 1)])
    return page.text()


def _block(page: Page, block: Block) -> None:
    if block.table:
        page.section(block.table)
        _prose(page, block.words)
        return
    if not block.settings:
        _prose(page, block.words)
        return
    page.raw(".TP")
    heads = [f"{bold(name)} = {italic(value)}" for name, value in block.settings]
    page.raw("\n.TQ\n".join(heads))
    first, *rest = block.words or ("",)
    while rest and not rest[0].startswith("  "):
        first = f"{first} {rest.pop(0)}"
    page.raw(prose(first) or "\\&")
    if rest:
        page.raw(".RS")
        _prose(page, tuple(rest))
        page.raw(".RE")


def _prose(page: Page, words: tuple[str, ...]) -> None:
    """Lines that belong together as a paragraph; an indented one is a word with its meaning."""
    paragraph: list[str] = []
    for line in words:
        if line.startswith("  "):
            _flush(page, paragraph)
            word, _, meaning = line.strip().partition(" ")
            page.item(bold(word), meaning.strip())
        else:
            paragraph.append(line)
    _flush(page, paragraph)


def _flush(page: Page, paragraph: list[str]) -> None:
    if paragraph:
        text = " ".join(paragraph)
        page.paragraph(text)
        paragraph.clear()
