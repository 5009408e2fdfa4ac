"""The facts of a stretch of conversation, quoted and counted, nothing interpreted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from clawmedic.transcripts.digest_identifiers import MOST_SCANNED, identifiers, paths
from clawmedic.transcripts.digest_text import entry_tokens, json_text, one_line
from clawmedic.transcripts.entry import Entry
from clawmedic.transcripts.envelope import bare_text, is_synthetic
from clawmedic.transcripts.turns import Turn, TurnOutcome, read_turns

_QUOTE = 260
_ASK = 320
_SPLIT = re.compile(r"(?<=[.!?\u3002\uff01\uff1f])\s+|[\r\n]+")
_SCAN_CHARS = 200_000
"""Of one entry."""
_LEAST_SAID = 8
"""Shorter sentences say nothing by themselves."""

_DECISION = re.compile(
    r"\b(?:decided|decisions?|we(?:'ll| will| shall)|let's|agreed|settled on|go(?:ing)? with|chose|chosen|approved"
    r"|confirmed|switch(?:ed|ing)? to|instead of|entschieden|beschlossen|decidido|décidé)\b"
    r"|\u51b3\u5b9a|\u6c7a\u5b9a|\u786e\u5b9a",
    re.IGNORECASE,
)
_RULE = re.compile(
    r"\b(?:must|never|always|do not|don't|required|forbidden|not allowed|make sure|from now on|remember (?:that|to)"
    r"|rule|constraint|important|niemals|immer|nunca|siempre|jamais|toujours)\b"
    r"|\u5fc5\u987b|\u4e0d\u8981|\u7981\u6b62|\u5fc5\u305a",
    re.IGNORECASE,
)
_TODO = re.compile(
    r"\b(?:to-?do|next steps?|still (?:need|have|has) to|remaining|follow[- ]?up|open question|not yet)\b|\[ \]",
    re.IGNORECASE,
)


class Step(Struct, frozen=True):
    """One entry of a branch with its parsed line."""

    entry: Entry
    value: Mapping[str, object]

    @property
    def tokens(self) -> int:
        """About how many tokens it takes in a prompt."""
        return entry_tokens(self.value)


class Facts(Struct, frozen=True):
    """What was found, oldest first, each item one line.

    Attributes:
        asks: what the user asked, and what came of it.
        pending: the asks that got no answer.
        decisions, rules, todos: sentences that look like it, quoted.
        identifiers: literal names, the most telling first: those of the user, then of the answers, then of tools.
        summaries: the texts of earlier compactions, newest last.
        backups: where earlier cuts are kept.
        entries, first_at, last_at, tokens: how much it was; times in epoch milliseconds.
    """

    asks: tuple[str, ...]
    pending: tuple[str, ...]
    decisions: tuple[str, ...]
    rules: tuple[str, ...]
    todos: tuple[str, ...]
    files: tuple[str, ...]
    identifiers: tuple[str, ...]
    summaries: tuple[str, ...]
    backups: tuple[str, ...]
    entries: int
    first_at: int | None
    last_at: int | None
    tokens: int


def gather(steps: Sequence[Step], *, marker: str) -> Facts:
    """The facts of consecutive steps of a branch. `marker` is the customType of earlier distillations."""
    turns = [
        turn for turn in read_turns(step.entry for step in steps).all if turn.line and not turn.synthetic
    ]
    said = [(step, text) for step in steps if (text := _said(step))]
    people = [text for step, text in said if step.entry.role == "user"]
    models = [text for step, text in said if step.entry.role == "assistant"]
    calls = [text for step in steps for text in _arguments(step)]
    summaries = [text for step in steps if (text := _summary(step))]
    sources = (people[::-1], summaries[::-1], models[::-1], calls[::-1], _results(steps))
    times = [step.entry.at for step in steps if step.entry.at is not None]
    return Facts(
        asks=tuple(map(_ask, turns)),
        pending=tuple(_pending(turn) for turn in turns if turn.outcome is not TurnOutcome.ANSWERED),
        decisions=_quotes(said, _DECISION),
        rules=_quotes([(step, text) for step, text in said if step.entry.role == "user"], _RULE),
        todos=(*_quotes(said, _TODO), *_open_tools(steps)),
        files=paths([*calls, *_named_files(steps), *people, *models]),
        identifiers=identifiers(text for texts in sources for text in texts),
        summaries=tuple(summaries),
        backups=tuple(_earlier_backups(steps, marker)),
        entries=len(steps),
        first_at=min(times, default=None),
        last_at=max(times, default=None),
        tokens=sum(step.tokens for step in steps),
    )


def _merged(turns: Iterable[Turn]) -> list[Turn]:
    """The askers' turns. What came of OpenClaw's own retry is what came of the ask."""
    merged: list[Turn] = []
    for turn in turns:
        if turn.repeated and merged:
            merged[-1] = replace(merged[-1], outcome=turn.outcome, error=turn.error)
        elif turn.line and not turn.synthetic:
            merged.append(turn)
    return merged


def _said(step: Step) -> str:
    """A person's or a model's own words; "" for everything else."""
    entry = step.entry
    if entry.role == "user":
        text = bare_text(full_text(step.value))
        return "" if is_synthetic(text) else text
    if entry.role != "assistant" or entry.provider == "openclaw" or entry.is_failed_answer:
        return ""
    return full_text(step.value)


def full_text(value: Mapping[str, object]) -> str:
    """The whole text of a message's content."""
    message = value.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else ()
    return "\n".join(
        text for block in blocks if isinstance(block, dict) and isinstance(text := block.get("text"), str)
    )


def _ask(turn: Turn) -> str:
    outcome = {
        TurnOutcome.ANSWERED: "answered",
        TurnOutcome.FAILED: "failed",
        TurnOutcome.REFUSED: "refused",
        TurnOutcome.ABORTED: "stopped",
    }.get(turn.outcome, "not answered")
    why = f" ({one_line(turn.error, 100)})" if turn.failed and turn.error else ""
    return f'"{one_line(turn.text, _ASK) or "(no text)"}" - {outcome}{why}'


def _pending(turn: Turn) -> str:
    return f'"{one_line(turn.text, _ASK) or "(no text)"}"'


def _quotes(said: Sequence[tuple[Step, str]], pattern: re.Pattern[str]) -> tuple[str, ...]:
    """The sentences that fit a pattern, each once, of the newest entries where there are too many."""
    found: dict[str, None] = {}
    room = MOST_SCANNED
    for step, text in reversed(said):
        for sentence in reversed(_SPLIT.split(text[:_SCAN_CHARS])):
            if len(sentence) >= _LEAST_SAID and pattern.search(sentence[: _QUOTE * 4]):
                found.setdefault(f'{step.entry.role}: "{one_line(sentence, _QUOTE)}"')
        room -= len(text)
        if room <= 0:
            break
    return tuple(reversed(found))


def _open_tools(steps: Sequence[Step]) -> Iterator[str]:
    """Calls that never got a real result."""
    done = {
        step.entry.tool_call_id
        for step in steps
        if step.entry.role == "toolResult" and not _is_synthetic_result(step.value)
    }
    for step in steps:
        if step.entry.role != "assistant":
            continue
        for call in step.entry.tool_calls:
            if call.id and call.id not in done:
                arguments = one_line(" ".join(_arguments(step)), _QUOTE)
                yield f"tool {one_line(call.name, 60)} was called and has no result: {arguments}"


def _is_synthetic_result(value: Mapping[str, object]) -> bool:
    message = value.get("message")
    details = message.get("details") if isinstance(message, dict) else None
    return isinstance(details, dict) and details.get("openclawSyntheticMissingToolResult") is True


def _arguments(step: Step) -> Iterator[str]:
    """The arguments of an entry's tool calls as JSON text."""
    message = step.value.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if not step.entry.tool_calls or not isinstance(content, list):
        return
    for block in content:
        if isinstance(block, dict) and block.get("type") != "text" and (given := block.get("arguments")):
            yield json_text(given)


def _results(steps: Sequence[Step]) -> Iterator[str]:
    return (full_text(step.value) for step in reversed(steps) if step.entry.role == "toolResult")


def _summary(step: Step) -> str:
    text = step.value.get("summary") if step.entry.type in ("compaction", "branch_summary") else None
    return text.strip() if isinstance(text, str) else ""


def _named_files(steps: Sequence[Step]) -> Iterator[str]:
    """Files that a compaction lists as read or changed."""
    for step in steps:
        details = step.value.get("details")
        if step.entry.type != "compaction" or not isinstance(details, dict):
            continue
        for name in ("readFiles", "modifiedFiles"):
            for item in found if isinstance(found := details.get(name), list) else ():
                if isinstance(item, str):
                    yield item


def _earlier_backups(steps: Sequence[Step], marker: str) -> Iterator[str]:
    for step in steps:
        data = step.value.get("data")
        if step.entry.type == "custom" and step.entry.custom_type == marker and isinstance(data, dict):
            backup = data.get("backup")
            if isinstance(backup, str) and backup:
                yield backup
