"""The session id in a transcript's path, as log lines name it (openclaw.md 6.2)."""

from __future__ import annotations

import re

_TOPIC = re.compile(r"-topic-[^/]+$")
_FORK = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}[-.\dZ]*_(?=[0-9a-fA-F]{8}-)")


def session_id_of(path: str) -> str:
    """`/x/<id>-topic-42.jsonl` and `<stamp>_<id>.jsonl` give the id; a path that is no transcript gives ""."""
    name = path.replace("\\", "/").rpartition("/")[2]
    if not name.endswith(".jsonl"):
        return ""
    return _FORK.sub("", _TOPIC.sub("", name.removesuffix(".jsonl")))
