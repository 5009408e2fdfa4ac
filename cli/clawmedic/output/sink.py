"""Where data leaves the process: standard output, as text or as JSON."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TypeAlias

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | Mapping[str, JsonValue] | None"


def write_json(document: Mapping[str, JsonValue], *, pretty: bool | None = None) -> None:
    """One document, indented for a terminal, on one line for a pipe (`pretty` overrules)."""
    sys.stdout.write(dumps(document, pretty=sys.stdout.isatty() if pretty is None else pretty))
    sys.stdout.write("\n")


def write_text(text: str) -> None:
    """Text as it is, with a line end."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def flush_output() -> None:
    """Hand over what was written: somebody waits for each piece of an output without an end."""
    sys.stdout.flush()


def dumps(document: Mapping[str, JsonValue], *, pretty: bool = False) -> str:
    """JSON text. Half surrogates (names that are not UTF-8) are written as U+FFFD: JSON cannot carry them."""
    import orjson

    options = orjson.OPT_INDENT_2 if pretty else 0
    try:
        return orjson.dumps(document, option=options).decode()
    except TypeError:
        return orjson.dumps(_encodable(document), option=options).decode()


def _encodable(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_encodable(item) for item in value]
    if isinstance(value, Mapping):
        return {str(_encodable(name)): _encodable(item) for name, item in value.items()}
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 1 << 63:
        return float(value)  # beyond what JSON readers take for an integer
    return value
