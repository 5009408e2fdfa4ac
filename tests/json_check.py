"""A small, strict JSON Schema check: every keyword the project's schemas use, and nothing undocumented."""

from __future__ import annotations

import re
from typing import Any

KINDS = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
    "null": type(None),
}
KNOWN = {"$schema", "title", "description", "type", "enum", "const", "pattern", "minimum", "maximum",
         "properties", "required", "items", "anyOf"}  # fmt: skip


def problems(value: Any, schema: dict[str, Any], where: str = "$") -> list[str]:
    """What is wrong, one line each. A field the schema does not name is wrong too: it is undocumented."""
    assert set(schema) <= KNOWN, f"{where}: unknown keywords {set(schema) - KNOWN}"
    if "anyOf" in schema:
        tried = [problems(value, option, where) for option in schema["anyOf"]]
        return [] if [] in tried else tried[0]
    if "const" in schema:
        return [] if value == schema["const"] else [f"{where}: {value!r} is not {schema['const']!r}"]
    wrong = _kind(value, schema, where)
    if wrong:
        return wrong
    if isinstance(value, dict) and "properties" in schema:
        return _object(value, schema, where)
    if isinstance(value, list) and "items" in schema:
        return [
            line
            for place, item in enumerate(value)
            for line in problems(item, schema["items"], f"{where}[{place}]")
        ]
    return _scalar(value, schema, where)


def _kind(value: Any, schema: dict[str, Any], where: str) -> list[str]:
    if "type" not in schema:
        return []
    expected = KINDS[schema["type"]]
    if isinstance(value, bool) and schema["type"] != "boolean":
        return [f"{where}: a boolean where {schema['type']} is due"]
    return [] if isinstance(value, expected) else [f"{where}: {value!r} is not of type {schema['type']}"]


def _object(value: dict[str, Any], schema: dict[str, Any], where: str) -> list[str]:
    named = schema["properties"]
    wrong = [f"{where}: missing {name}" for name in schema["required"] if name not in value]
    wrong += [f"{where}: undocumented {name}" for name in value if name not in named]
    for name, item in value.items():
        wrong += problems(item, named[name], f"{where}.{name}") if name in named else []
    return wrong


def _scalar(value: Any, schema: dict[str, Any], where: str) -> list[str]:
    if "enum" in schema and value not in schema["enum"]:
        return [f"{where}: {value!r} is none of {schema['enum']}"]
    if "pattern" in schema and not re.search(schema["pattern"], value):
        return [f"{where}: {value!r} does not match {schema['pattern']}"]
    if "minimum" in schema and value < schema["minimum"]:
        return [f"{where}: {value} is below {schema['minimum']}"]
    if "maximum" in schema and value > schema["maximum"]:
        return [f"{where}: {value} is above {schema['maximum']}"]
    return []
