"""`clawmedic-json.5`, and the JSON Schemas as files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from clawmedic import __version__
from clawmedic.model.verdict import Verdict
from clawmedic.output.backups_schemas import BACKUP
from clawmedic.output.every_schema import EVERY_SCHEMA
from clawmedic.output.schemas import FINDING, INCIDENT, SESSION, TIME
from docs.generate.json_words import DOCUMENTS, words_of
from docs.generate.roff import Page, bold, italic

Schema = Mapping[str, Any]
RECORDS: tuple[tuple[str, Schema], ...] = (
    ("session", SESSION),
    ("finding", FINDING),
    ("incident", INCIDENT),
    ("backup", BACKUP),
)
_COUNTED = {verdict.value for verdict in Verdict}
_LONG_LIST = 12


def schema_files() -> Iterator[tuple[str, str]]:
    """File names and texts of all schemas."""
    for name, schema in EVERY_SCHEMA.items():
        described = {
            **_described(schema, _short(name)),
            "description": DOCUMENTS.get(name, "").replace("`", ""),
        }
        yield f"{name.replace('/', '-')}.json", json.dumps(described, indent=2, ensure_ascii=False) + "\n"


def _short(name: str) -> str:
    """`scan` of `clawmedic.scan/1`."""
    return name.removeprefix("clawmedic.").partition("/")[0]


def _described(schema: Schema, parent: str) -> dict[str, Any]:
    """The same schema with a description at every field."""
    described = dict(schema)
    if "anyOf" in schema:
        described["anyOf"] = [_described(option, parent) for option in schema["anyOf"]]
    if "items" in schema:
        described["items"] = _described(schema["items"], parent)
    if "properties" in schema:
        described["properties"] = {
            name: _with_words(_described(inner, name), words_of(parent, name))
            for name, inner in schema["properties"].items()
        }
    return described


def _with_words(schema: dict[str, Any], words: str) -> dict[str, Any]:
    if not words:
        return schema
    known = schema.get("description")
    return {
        **schema,
        "description": f"{words.replace('`', '')} ({known})" if known else words.replace("`", ""),
    }


def json_page() -> str:
    """The manual page of the contract."""
    page = Page("clawmedic-json", 5, version=__version__, summary="the JSON documents that clawmedic writes")
    page.section("DESCRIPTION")
    page.paragraph(
        "Every command writes one JSON document with `--json`: indented on a terminal, on one line elsewhere. "
        "Its field `schema` names the document and its version. Within a version fields are added, never renamed or "
        "removed: a reader must pass over fields that it does not know."
    )
    page.paragraph(
        "Times are ISO 8601 in UTC with milliseconds, such as 2026-11-28T04:00:00.000Z. Sizes are bytes. What nobody "
        "knows is null. The same as JSON Schemas: `docs/schemas` in the source tree."
    )
    for name, schema in EVERY_SCHEMA.items():
        page.section(name)
        page.paragraph(DOCUMENTS.get(name, ""))
        _fields(page, schema, _short(name))
    for name, schema in RECORDS:
        page.section(f"The record: {name}")
        _fields(page, schema, f"{name}s")
    page.section("SEE ALSO")
    page.references([("clawmedic", 1)])
    return page.text()


def _fields(page: Page, schema: Schema, parent: str) -> None:
    for name, inner in schema["properties"].items():
        if name == "schema":
            continue
        page.item(f"{bold(name)} {italic(_type(inner))}", *_meaning(inner, parent, name))
        nested = _record_of(inner)
        if nested is not None and not _record_name(nested) and not _COUNTED & set(nested["properties"]):
            page.raw(".RS")
            _fields(page, nested, name)
            page.raw(".RE")


def _meaning(schema: Schema, parent: str, name: str) -> Iterator[str]:
    """The field's words, and its closed list where that is short enough to be read."""
    yield _sentence(words_of(parent, name))
    words = _plain(schema).get("enum") or _plain(_plain(schema).get("items", {})).get("enum")
    if words and len(words) <= _LONG_LIST:
        yield "One of " + ", ".join(f"`{word}`" for word in words) + "."


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}." if words else ""


def _type(schema: Schema) -> str:
    """`text`, `time or null`, `list of session`."""
    if "anyOf" in schema:
        return " or ".join(_type(option) for option in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if schema.get("type") == "object":
        return _record_name(schema) or "object"
    if schema.get("pattern") == TIME["pattern"]:
        return "time"
    if "enum" in schema:
        return "word"
    kind = str(schema.get("type", "any"))
    return "text" if kind == "string" else kind


def _plain(schema: Schema) -> Schema:
    """Without the alternative of null."""
    return next((option for option in schema.get("anyOf", ()) if option.get("type") != "null"), schema)


def _record_of(schema: Schema) -> Schema | None:
    """The object inside lists and alternatives, None when there is none."""
    inner = _plain(schema)
    while inner.get("type") == "array":
        inner = _plain(inner["items"])
    return inner if inner.get("type") == "object" else None


def _record_name(schema: Schema) -> str:
    return next((name for name, known in RECORDS if known is schema), "")
