"""CONTRIBUTING.md names what is there."""

from __future__ import annotations

import re

import pytest

from docs.generate.files import ROOT

GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
EXAMPLES = {"many_compactions.py", "own_model.py", "lines.py"}
"""Files of the worked examples: they are not here."""
ROOMS = 29
"""Characters of the picture's left part."""


def test_every_file_that_is_named_exists():
    named = set(re.findall(r"`((?:[\w.-]+/)+[\w.-]*)`", GUIDE))
    missing = {
        name
        for name in named
        if name.rpartition("/")[2] not in EXAMPLES
        and not any((root / name).exists() for root in (ROOT, ROOT / "cli" / "clawmedic"))
    }
    assert missing <= {".venv/bin/pytest"}


def test_the_picture_is_the_contract():
    contract = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    layers = re.search(r"layers = \[(.*?)\]", contract, re.DOTALL)
    assert layers
    rooms = re.findall(r"\w+", layers[1])
    picture = GUIDE.partition("```text")[2].partition("```")[0]
    drawn = "".join(line[:ROOMS] for line in picture.splitlines())
    assert re.findall(r"[a-z]+", drawn) == rooms


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("_WORDING", "logs/causes.py"),
        ("_KINDS", "backups/finding.py"),
        ("_GRAMMAR", "stores/names.py"),
        ("_PRESERVING", "model/policy.py"),
        ("RUNGS", "recovery/table.py"),
        ("SESSION_CHECKS", "triage/checks/table.py"),
    ],
)
def test_what_the_worked_examples_touch_is_where_they_say(name, place):
    assert place in GUIDE
    assert name in (ROOT / "cli" / "clawmedic" / place).read_text(encoding="utf-8")
