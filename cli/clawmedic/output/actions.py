"""One line for each action of the guard: `key=value` as log readers take it, or JSON."""

from __future__ import annotations

import re

from clawmedic.model.signals import Action, Scalar
from clawmedic.output.sink import JsonValue, dumps
from clawmedic.output.text import iso, visible

_BARE = re.compile(r"[^\s\"=\\]+")


def action_line(action: Action, *, as_json: bool) -> str:
    """The line, without its end: time, event, session, and whatever else there is."""
    fields: dict[str, JsonValue] = {"time": iso(action.at), "event": action.event}
    if action.key:
        fields["key"] = action.key
    fields |= {name: value for name, value in action.fields if value is not None}
    if as_json:
        return dumps(fields)
    return " ".join(f"{name}={_word(value)}" for name, value in fields.items() if _is_scalar(value))


def _is_scalar(value: object) -> bool:
    return isinstance(value, bool | int | float | str)


def _word(value: JsonValue | Scalar) -> str:
    """A value without blanks stands as it is; others are quoted."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = visible(str(value))
    if _BARE.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
