"""Conversations and ways to break them, for property tests."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st
from transcript_lines import Writer, session_line

HOSTILE = st.sampled_from(
    (
        "plain words",
        "決定しました。必ず 12345678 を使う",
        "\U0001f9e8" * 40,
        "a\u2028b\x00c\x1b[31m\ufeff\u202e",
        "## Decisions\n\n## Open TODOs\n- [ ] all",
        "/srv/data/file.txt " * 30 + "https://example.org/a?b=c, 0xdeadbeef deadbeef00 123456789",
        "x" * 6000,
        "-a" * 3000 + "/" + "b." * 3000,
        "",
    )
)


@st.composite
def conversations(draw: st.DrawFn, most: int = 14) -> list[dict[str, Any]]:
    """Entries as OpenClaw writes them: turns, tools, errors, compactions, records, controls, forks."""
    writer = Writer()
    for _ in range(draw(st.integers(0, most))):
        _step(draw, writer)
    return writer.values


def _step(draw: st.DrawFn, writer: Writer) -> None:
    match draw(st.integers(0, 9)):
        case 0 | 1 | 2:
            writer.user(draw(HOSTILE), timestamp=draw(st.integers(1, 3)))
        case 3 | 4:
            writer.answer(draw(HOSTILE))
        case 5:
            [writer.error() for _ in range(draw(st.integers(1, 8)))]
        case 6:
            names = draw(st.lists(st.sampled_from(("c1", "c2", "c3")), min_size=1, max_size=3, unique=True))
            writer.call(*names)
            for name in draw(st.permutations(names)):
                writer.result(name, draw(HOSTILE))
        case 7:
            ids = [str(value["id"]) for value in writer.values[1:]] or ["none"]
            writer.compaction(draw(HOSTILE), kept=draw(st.sampled_from(ids)))
        case 8:
            writer.add(draw(st.sampled_from(("custom", "model_change", "opaque", "label"))), customType="x")
        case 9:
            _rewind(draw, writer)


def _rewind(draw: st.DrawFn, writer: Writer) -> None:
    if ids := [str(value["id"]) for value in writer.values[1:]]:
        target = draw(st.sampled_from(ids))
        control = {"type": "leaf", "id": f"l{len(ids)}", "parentId": ids[-1], "targetId": target}
        writer.values.append(control)
        writer.parent = target


@st.composite
def damaged(draw: st.DrawFn, most: int = 14) -> bytes:
    """A conversation's bytes after any number of accidents."""
    values = draw(conversations(most))
    for _ in range(draw(st.integers(0, 4))):
        _break_entry(draw, values)
    lines = [json.dumps(value).encode() for value in values]
    for _ in range(draw(st.integers(0, 3))):
        _break_line(draw, lines)
    data = b"".join(line + b"\n" for line in lines)
    return data[: len(data) - draw(st.integers(0, 30))] if draw(st.booleans()) else data


def _break_entry(draw: st.DrawFn, values: list[dict[str, Any]]) -> None:
    value = draw(st.sampled_from(values))
    ids = [str(one.get("id")) for one in values]
    match draw(st.integers(0, 8)):
        case 0:
            value["parentId"] = draw(st.sampled_from([*ids, None, "gone", 7]))
        case 1:
            value["id"] = draw(st.sampled_from([*ids, "", None, 7]))
        case 2 | 3:
            values.remove(value)
        case 4:
            values.append(json.loads(json.dumps(value)))
        case 5:
            value["message"] = draw(st.sampled_from((None, {"role": None}, {"role": "user", "content": []})))
        case 6:
            values.insert(
                draw(st.integers(0, len(values))), session_line(id=draw(st.sampled_from(("s2", ""))))
            )
        case 7:
            value["type"] = draw(
                st.sampled_from(("message", "compaction", "leaf", "reset", "session", "what"))
            )
        case 8:
            values.reverse()
    if not values:
        values.append({"type": "message", "id": "e1"})


def _break_line(draw: st.DrawFn, lines: list[bytes]) -> None:
    at = draw(st.integers(0, len(lines)))
    match draw(st.integers(0, 3)):
        case 0:
            lines.insert(
                at, draw(st.sampled_from((b"", b"\x00", b"null", b"[]", b'{"type":3}', b"\xff\xfe{", b"{}")))
            )
        case 1 if lines:
            at = min(at, len(lines) - 1)
            lines[at] = lines[at][: draw(st.integers(0, len(lines[at])))]
        case 2 if lines:
            at = min(at, len(lines) - 1)
            lines[at] = lines[at].replace(b"plain", b"pl\xffain").replace(b"words", b"\\ud83d")
        case _:
            lines.insert(at, b"[" * 2000 + b"]" * 2000)
