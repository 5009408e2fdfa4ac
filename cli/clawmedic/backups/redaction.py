"""Taking secrets and personal data out of text that leaves the machine: keys, tokens, addresses, numbers, credentials.

Rules by shape; they cannot know everything. What is replaced keeps its kind, so that a reader sees what stood there.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]


def _named(found: re.Match[str]) -> str:
    return f"{found['name']}{found['between']}[secret]"


_RULES: tuple[Rule, ...] = (
    (
        re.compile(
            r"-----BEGIN (?P<what>[A-Z ]{0,40}PRIVATE KEY)-----.{0,20000}?(?:-----END (?P=what)-----|\Z)",
            re.DOTALL,
        ),
        "[private key]",
    ),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"), "[token]"),
    (
        re.compile(
            r"\b(?P<scheme>[a-z][a-z0-9+.-]{1,20})://[^\s/@:\"']{1,200}:[^\s/@\"']{1,400}@", re.IGNORECASE
        ),
        r"\g<scheme>://[credentials]@",
    ),
    (
        re.compile(
            r"(?P<name>\b(?:authorization|proxy-authorization|cookie|set-cookie)\b)(?P<between>[\"']?\s*[:=]\s*[\"']?)"
            r"(?:(?:bearer|basic|token)\s+)?[^\s\"',;]{4,}",
            re.IGNORECASE,
        ),
        _named,
    ),
    (re.compile(r"\b(?P<name>bearer|basic)(?P<between>\s+)[A-Za-z0-9._~+/=-]{12,}", re.IGNORECASE), _named),
    (
        re.compile(
            r"(?P<name>\b[\w.-]{0,40}(?:api[_-]?key|secret|passw(?:or)?d|passwd|token|private[_-]?key|access[_-]?key)[\w-]{0,20})"
            r"(?P<between>\\?[\"']?\s*[:=]\s*\\?[\"']?)[^\s\"',;&\\}]{4,}",
            re.IGNORECASE,
        ),
        _named,
    ),
    (re.compile(r"\b(?:sk|pk|rk)[-_](?:[A-Za-z]{2,12}[-_])*[A-Za-z0-9_-]{16,}"), "[api key]"),
    (
        re.compile(
            r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abposr]-[\w-]{10,})"
        ),
        "[token]",
    ),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), "[api key]"),
    (re.compile(r"\bAIza[\w-]{30,}"), "[api key]"),
    (re.compile(r"\b\d{6,12}:[A-Za-z0-9_-]{30,}"), "[bot token]"),
    (re.compile(r"[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6}"), "[mail address]"),
    (
        re.compile(r"(?<![\w.])[A-Za-z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){3,7}(?:[ ]?[A-Z0-9]{1,4})?(?!\w)"),
        "[account number]",
    ),
    (re.compile(r"(?<![\w.+:/-])(?:\+|00)\d{1,3}(?:[ ./-]?\(?\d{1,5}\)?){2,6}(?!\w)"), "[phone number]"),
    (re.compile(r"(?<![\w.+:/-])\(?0\d{2,5}\)?[ /-]\d{2,4}(?:[ -]?\d{2,5}){1,3}(?![\w:])"), "[phone number]"),
    (re.compile(r"(?<![\w.:-])(?:\d{4}[ -]){3}\d{1,7}(?!\w)"), "[number]"),
    (re.compile(r"(?<![\w.])-?\d{8,}(?![\w]|\.\d)"), "[id]"),
    (re.compile(r"\b[A-Fa-f0-9]{40,}\b"), "[hex]"),
    (
        re.compile(
            r"(?<![\w/+-])(?=[\w+/-]{0,80}[0-9])(?=[\w+/-]{0,80}[a-z])(?=[\w+/-]{0,80}[A-Z])[A-Za-z0-9+_-]{36,}={0,2}(?![\w/])"
        ),
        "[token]",
    ),
)


def redact(text: str) -> str:
    """The text with everything that looks like a secret or like personal data replaced by its kind in brackets."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def redact_value(value: object) -> object:
    """A JSON value with every text in it redacted, except what a transcript needs to hang together.

    Entry ids, parents, types, roles and time stamps stay; so do numbers.
    """
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [redact_value(item) for item in value]
    if isinstance(value, dict):
        return {name: item if name in _KEPT else redact_value(item) for name, item in value.items()}
    return value


_KEPT = frozenset(
    {
        "type", "id", "parentId", "timestamp", "role", "stopReason", "firstKeptEntryId", "targetId", "fromId",
        "appendParentId", "appendMode", "version", "toolCallId", "toolName", "customType", "provider", "model", "api",
    }
)  # fmt: skip
