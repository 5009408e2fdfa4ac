"""OpenClaw's config files as one tree: JSON5, `$include`, and `${ENV}` on demand. Nothing here raises."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import orjson
from msgspec import Struct, field

from clawmedic.disk.files import describe, read_bounded

_LIMIT_BYTES = 8 * 1024 * 1024
_DEPTH = 10
_FILES = 64
_NESTING = 200
_VARIABLE = re.compile(r"\$?\$\{([A-Z_][A-Z0-9_]*)\}")


class Loader(Struct):
    """Reads one config with all that it includes. At most `_FILES` files, `_DEPTH` deep, no cycles."""

    problems: list[str] = field(default_factory=list)
    read: int = 0

    def load(self, path: Path, above: tuple[Path, ...] = ()) -> object:
        """The tree of a file with its includes put in; None when it cannot be read."""
        real = path.absolute()
        problem = "includes itself" if real in above else ""
        if len(above) >= _DEPTH or self.read >= _FILES:
            problem = "too many includes"
        if not problem:
            self.read += 1
            try:
                content = read_bounded(path, _LIMIT_BYTES)
            except OSError as error:
                problem = describe(error)
            else:
                if not content.truncated:
                    return self._expand(self._parse(path, content.data), path, (*above, real), 0)
                problem = f"is larger than {_LIMIT_BYTES} bytes"
        self._problem(path, problem)
        return None

    def _parse(self, path: Path, data: bytes) -> object:
        with suppress(orjson.JSONDecodeError):
            return orjson.loads(data)
        import pyjson5  # most configs are plain JSON

        tree: object = None
        try:
            tree = pyjson5.decode(data.decode("utf-8-sig", "replace"), maxdepth=_NESTING)
        except (pyjson5.Json5Exception, ValueError, RecursionError) as error:
            # The exception's text may quote the file, which holds secrets.
            self._problem(path, f"is not JSON5 ({type(error).__name__.removeprefix('Json5')})")
        return tree

    def _expand(self, value: object, path: Path, above: tuple[Path, ...], depth: int) -> object:
        if depth > _NESTING:
            return None
        if isinstance(value, list):
            return [self._expand(item, path, above, depth + 1) for item in value]
        if not isinstance(value, dict):
            return value
        own = {
            name: self._expand(item, path, above, depth + 1)
            for name, item in value.items()
            if name != "$include"
        }
        if "$include" not in value:
            return own
        merged: object = {}
        for name in self._names(value["$include"], path):
            merged = merge(merged, self.load(path.parent / name, above))
        return merge(merged, own) if own else merged

    def _names(self, value: object, path: Path) -> list[str]:
        if isinstance(value, str):
            return [value]
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return value[:_FILES]
        self._problem(path, "$include is neither a text nor a list of texts")
        return []

    def _problem(self, path: Path, words: str) -> None:
        self.problems.append(f"{path.name}: {words}")


def merge(below: object, above: object) -> object:
    """Two trees as one: objects are merged, lists are joined, anything else is replaced; None changes nothing."""
    if above is None:
        return below
    if isinstance(below, dict) and isinstance(above, dict):
        together = dict(below)
        for name, value in above.items():
            together[name] = merge(below[name], value) if name in below else value
        return together
    if isinstance(below, list) and isinstance(above, list):
        return [*below, *above]
    return above


def substitute(text: str, env: Mapping[str, str]) -> str:
    """`${NAME}` from the environment; an unset one stays as it is, `$${NAME}` is the literal `${NAME}`."""

    def value_of(found: re.Match[str]) -> str:
        if found[0].startswith("$$"):
            return found[0][1:]
        return env.get(found[1]) or found[0]

    return _VARIABLE.sub(value_of, text)
