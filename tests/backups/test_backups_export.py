"""Exports: nothing of a conversation becomes markup, and what looks like a secret stays here when asked."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest

from backup_stage import header, lines, talk
from clawmedic.backups.export_text import fenced
from clawmedic.backups.redaction import redact

EVIL = (
    "</div></main><script>alert(1)</script><img src=x onerror=alert(1)><style>*{display:none}</style>"
    "<!-- --><a href='javascript:alert(1)'>x</a>\"'`\x1b[31m\u202e&amp; ```\n```\n# heading\n"
)
SECRETS = {
    "api key": "sk-proj-" + "Ab1" * 12,
    "bot": "123456789:AAF" + "x1Y" * 11,
    "github": "ghp_" + "a1B2" * 9,
    "aws": "AKIA" + "ABCD1234EFGH5678",
    "bearer": "Authorization: Bearer abcdef0123456789xyz",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcDEF123_-x",
    "named": 'password = "hunter2hunter2"',
    "json": '"client_secret": "s3cr3t-value-here"',
    "url": "postgres://user:pa55word@db.example.org:5432/x",
    "mail": "jane.doe+tag@mail.example.org",
    "phone": "+44 20 7946 0958",
    "national": "0171 1234567",
    "telegram id": "-1001234567890",
    "card": "4111 1111 1111 1111",
    "iban": "DE89 3704 0044 0532 0130 00",
    "key block": "-----BEGIN RSA PRIVATE KEY-----\nabc\ndef\n-----END RSA PRIVATE KEY-----",
}
HARMLESS = [
    "The meeting is on 2026-11-23 at 08:00:00, room 42.",
    "Version 2026.7.1 has 1234 files and 12.5 % more.",
    "See https://example.org/path?q=1 and /home/operator/notes.txt, line 12345.",
    "The entry 0c9fe4a9-f0f8-47c3-a6ea-94c059b2dfad failed.",
    "token budget: many; tokens are counted",
]


class Strict(HTMLParser):
    """Collects tags and attributes, and the text."""

    def __init__(self):
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture
def evil(stage):
    """A conversation that tries to become markup everywhere."""
    entries = talk(2, about=EVIL)
    call = {"type": "toolCall", "id": "t1", "name": EVIL, "arguments": {"a": EVIL}}
    entries[2]["message"]["content"] += [call, {"type": "thinking", "thinking": EVIL}]
    entries[2]["message"]["errorMessage"] = EVIL
    result = {
        "role": "toolResult",
        "toolCallId": "t1",
        "toolName": EVIL,
        "content": [{"type": "text", "text": EVIL}],
    }
    entries.append(
        {
            "type": "message",
            "id": "r1",
            "parentId": entries[-1]["id"],
            "timestamp": entries[-1]["timestamp"],
            "message": result,
        }
    )
    entries.append(
        {
            "type": "compaction",
            "id": "c1",
            "parentId": "r1",
            "timestamp": "x",
            "summary": EVIL,
            "firstKeptEntryId": "r1",
        }
    )
    stage.live(entries, key=f"agent:main:{EVIL[:60]}")
    return stage


def exported(stage, run, tmp_path, *options):
    item = stage.look().backups[0]
    target = tmp_path / f"out-{len(list(tmp_path.iterdir()))}"
    run("backups", "export", item.id, "--to", target, *options, *stage.options).expect(0)
    assert target.stat().st_mode & 0o777 == 0o600
    return target.read_text(encoding="utf-8")


def test_hostile_text_never_becomes_markup(evil, run, tmp_path):
    page = exported(evil, run, tmp_path, "--format", "html", "--full")
    parser = Strict()
    parser.feed(page)
    assert set(parser.tags) <= {
        "html", "head", "meta", "title", "style", "body", "main", "h1", "dl", "dt", "dd", "article", "header", "b",
        "time", "div", "details", "summary", "pre", "footer",
    }  # fmt: skip
    assert {name for name, _ in parser.attributes} <= {
        "lang",
        "charset",
        "http-equiv",
        "content",
        "name",
        "class",
        "dir",
    }
    assert parser.tags.count("style") == 1
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "<script>alert(1)</script>" in "".join(parser.text), "the words themselves are all there"
    assert "default-src 'none'" in page
    assert "http" not in "".join(
        value for name, value in parser.attributes if name not in ("http-equiv", "content")
    )


def test_html_marks_roles_times_tools_and_compactions(evil, run, tmp_path):
    page = exported(evil, run, tmp_path, "--format", "html")
    for word in (
        'class="user"',
        'class="assistant"',
        'class="tool"',
        'class="compaction"',
        "<details>",
        "prefers-color-scheme: dark",
        "@media print",
        "2026-11-23",
    ):
        assert word in page, word


def test_markdown_fences_cannot_be_broken_out_of(evil, run, tmp_path):
    text = exported(evil, run, tmp_path)
    assert text.startswith("# Conversation\n")
    assert "## User · 2026-11-23" in text
    assert "## Compaction" in text
    assert fenced("a\n```\nb\n`````\n").startswith("``````\n")


def test_jsonl_is_openclaws_own_format(stage, run, tmp_path):
    stage.live(talk(3))
    assert exported(stage, run, tmp_path, "--format", "jsonl").encode() == lines(talk(3))


@pytest.mark.parametrize("form", ["markdown", "html", "jsonl"])
@pytest.mark.parametrize("name", SECRETS)
def test_secrets_are_taken_out_of_every_form(stage, run, tmp_path, form, name):
    secret = SECRETS[name]
    entries = talk(2, about=f"please use {secret} for it")
    entries[2]["message"]["content"].append(
        {"type": "toolCall", "id": "t", "name": "exec", "arguments": {"command": f"curl {secret}"}}
    )
    stage.live(entries)
    plain = exported(stage, run, tmp_path, "--format", "jsonl")
    assert json.dumps(secret, ensure_ascii=False)[1:-1] in plain
    text = exported(stage, run, tmp_path, "--format", form, "--redact")
    core = max(secret.replace('"', " ").split(), key=len)
    assert core not in text
    assert "[" in text
    assert "please use" in text


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_stays(text):
    assert redact(text) == text


def test_a_redacted_transcript_still_hangs_together(stage, run, tmp_path):
    stage.live([header(), *talk(3, about="mail a@b.example to +49 170 1234567")[1:]])
    redacted = [
        json.loads(line)
        for line in exported(stage, run, tmp_path, "--format", "jsonl", "--redact").splitlines()
    ]
    assert [entry["id"] for entry in redacted] == [entry["id"] for entry in talk(3)]
    assert [entry.get("parentId") for entry in redacted] == [entry.get("parentId") for entry in talk(3)]


def test_redacting_long_text_is_quick():
    import time

    begun = time.process_time()
    for evil in (
        "a" * 60_000,
        "1" * 60_000,
        "aB1" * 20_000,
        "a@" * 30_000,
        "key=" * 15_000,
        "+1 " * 20_000,
        "x." * 30_000,
        "-----BEGIN " * 6_000,
    ):
        redact(evil)
    assert time.process_time() - begun < 10
