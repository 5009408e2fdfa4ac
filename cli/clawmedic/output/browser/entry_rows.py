"""One entry of a conversation as rows: who and when, the words, tool calls folded, compactions as a rule across."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from clawmedic.backups.conversation import Item, Voice
from clawmedic.backups.search import Hit
from clawmedic.output.browser.briefs import UNFOLDED_CHARS, Brief
from clawmedic.output.browser.cells import breaks, flat, harmless, lines_of
from clawmedic.output.browser.rows import Row, clipped, flow, marked, spread
from clawmedic.output.browser.voices import VOICES
from clawmedic.output.text import UNKNOWN, moment
from clawmedic.settings import Times

FOLDED_ROWS = 16
UNFOLDED_ROWS = 20_000
_BAR = "▎ "
_RULES = frozenset({Voice.COMPACTION, Voice.RESET})
ONE_ROW = frozenset({Voice.TOOL, Voice.NOTE, Voice.BROKEN})


class Setting(Struct, frozen=True):
    """What surrounds an entry: the width, what is looked for, what was unfolded, and the entry before.

    `day_before` is the day of the entry before; `gap` says that the entry before ended without an empty row.
    """

    width: int
    times: Times = field(default_factory=Times)
    day_before: str = ""
    gap: bool = False
    wanted: Sequence[str] = ()
    hit: Hit | None = None
    whole: Item | None = field(default=None)

    @property
    def body(self) -> int:
        """Cells for the words."""
        return self.width - len(_BAR)


def day_of(at: int | None, *, times: Times) -> str:
    """The day of a time, "" when unknown."""
    text = moment(at, times)
    return "" if text == UNKNOWN else text[:10]


def entry_height(brief: Brief, setting: Setting) -> int:
    """How many rows `entry_rows` makes, without making them where that is easy to say."""
    if setting.whole is not None or setting.hit is not None:
        return len(entry_rows(brief, setting))
    rows = 2 * _new_day(brief, setting)
    if brief.voice in ONE_ROW:
        return rows + 1
    rows += setting.gap
    body, more = 0, brief.size > len(brief.text)
    for line in lines_of(brief.text) if brief.text else ():
        body += len(breaks(line, setting.body))
        if body > FOLDED_ROWS:
            body, more = FOLDED_ROWS, True
            break
    failure = len(breaks(f"✖ {brief.failure}", setting.body)) if brief.failure else 0
    return rows + 2 + body + more + len(brief.calls) + (brief.thinking_chars > 0) + failure


def entry_rows(brief: Brief, setting: Setting) -> list[Row]:
    """The rows of an entry, an empty one last."""
    rows: list[Row] = [()] if setting.gap and brief.voice not in ONE_ROW else []
    if _new_day(brief, setting):
        rows += [_rule(brief.day, "dim", "┄", setting.width), ()]
    if brief.voice in ONE_ROW:
        rows += _one_row(brief, setting)
        return rows
    rows.append(_head(brief, setting))
    look = VOICES[brief.voice].look
    gutter = (_BAR, look)
    rows += [(gutter, *row) for row in _inside(brief, setting)]
    return [*rows, ()]


def _new_day(brief: Brief, setting: Setting) -> bool:
    return bool(brief.day) and brief.day != setting.day_before


def _rule(words: str, look: str, stroke: str, width: int) -> Row:
    start = f"{stroke * 2} {words} " if words else ""
    return ((start + stroke * max(0, width - len(start)), look),)


def _time(brief: Brief, setting: Setting) -> str:
    text = moment(brief.at, setting.times)
    return "" if text == UNKNOWN else text[11:19]


def _head(brief: Brief, setting: Setting) -> Row:
    word, look = VOICES[brief.voice]
    branch = "  on another branch" if brief.off_branch else ""
    end = [(f"{_time(brief, setting)}  #{brief.number}", "dim")]
    if brief.voice in _RULES:
        rule = _rule(f"{word}{branch}", look, "━", setting.width - len(end[0][0]) - 1)
        return spread(rule, end, setting.width)
    model = f"  {brief.model}" if brief.model and brief.voice is Voice.ASSISTANT else ""
    return spread([(_BAR, look), (word, look), (model + branch, "dim")], end, setting.width)


def _inside(brief: Brief, setting: Setting) -> Iterator[Row]:
    """Rows after the head, without the gutter."""
    whole, width = setting.whole, setting.body
    if brief.thinking_chars:
        yield from _thinking(brief, setting)
    drawn = list(_words(brief, setting))
    yield from drawn
    for name, arguments in brief.calls if whole is None else ():
        yield clipped(
            [("→ ", "call"), *_marked(f"{name} ", "call", setting), *_marked(arguments, "dim", setting)],
            width,
        )
    for call in whole.calls if whole is not None else ():
        yield from flow([("→ ", "call"), *_marked(flat(call.name, 80), "call", setting)], width)
        yield from _lines(call.arguments, "dim", setting)
    if brief.failure:
        yield from flow([("✖ ", "broken"), *_marked(brief.failure, "broken", setting)], width)
    if setting.hit is not None and not any(look == "match" for row in drawn for _, look in row):
        yield _excerpt(setting.hit, width)


def _thinking(brief: Brief, setting: Setting) -> Iterator[Row]:
    if setting.whole is None:
        yield clipped([(f"(thinking, {brief.thinking_chars:,} characters)", "note")], setting.body)
        return
    yield clipped([("(thinking)", "note")], setting.body)
    yield from _lines(setting.whole.thinking, "note", setting)


def _words(brief: Brief, setting: Setting) -> Iterator[Row]:
    text = brief.text if setting.whole is None else setting.whole.text[:UNFOLDED_CHARS]
    most = FOLDED_ROWS if setting.whole is None else UNFOLDED_ROWS
    if not text:
        return
    rows = shown = 0
    for line in lines_of(text):
        made = flow(_marked(line, "", setting), setting.body)
        shown += len(line) + 1
        yield from made[: most - rows]
        rows += len(made)
        if rows > most:
            shown -= len(line) + 1
            break
    left = brief.size - min(shown, len(text))
    if rows > most or brief.size > len(text):
        words = f"… {max(1, left):,} more characters"
        how = "Enter unfolds" if setting.whole is None else "e exports all"
        yield clipped([(f"{words} ({how})", "note")], setting.body)


def _lines(text: str, look: str, setting: Setting) -> Iterator[Row]:
    for line in lines_of(text[:UNFOLDED_CHARS]):
        yield from flow(_marked(line, look, setting), setting.body)


def _marked(text: str, look: str, setting: Setting) -> list[tuple[str, str]]:
    return marked(text, look, setting.wanted)


def _one_row(brief: Brief, setting: Setting) -> list[Row]:
    """A tool's result, a setting or a broken line: one row; unfolded, all of it."""
    word, look = VOICES[brief.voice]
    sign = {Voice.TOOL: "↳", Voice.BROKEN: "✖"}.get(brief.voice, "·")
    name = brief.tool or word
    size = f"  {brief.size:,} chars" if brief.size > len(brief.text) else ""
    end = [(f"{size}  {_time(brief, setting)}  #{brief.number}", "dim")]
    start = [(_BAR, look), (f"{sign} {name}  ", look)]
    if setting.whole is not None:
        body = replace(brief, text="", size=len(setting.whole.text) + setting.whole.cut_chars)
        rows = [((_BAR, look), *row) for row in _words(body, setting)]
        return [spread(start, end, setting.width), *rows]
    row = spread([*start, *_marked(brief.text, look, setting)], end, setting.width)
    if setting.hit is None or any(shown == "match" for _, shown in row):
        return [row]
    return [row, ((_BAR, look), *_excerpt(setting.hit, setting.body))]


def _excerpt(hit: Hit, width: int) -> Row:
    """Where something was found in a part that is folded."""
    pieces = [("⌕ ", "mark")]
    for found in hit.excerpts[:1]:
        start, end = found.spans[0] if found.spans else (0, 0)
        begin = max(0, start - max(4, width // 3))
        pieces += [
            ("…" if begin else "", "note"),
            (harmless(" ".join(found.text[begin:start].splitlines())), "note"),
            (harmless(found.text[start:end]), "match"),
            (harmless(" ".join(found.text[end:].splitlines())), "note"),
        ]
    return clipped(pieces, width)
