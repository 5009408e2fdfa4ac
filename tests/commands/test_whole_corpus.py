"""Every command on every real store: valid documents, pages that fit, documented exit codes."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from clawmedic.output.schemas import SCHEMAS
from harness import CORPUS
from json_check import problems

CASES = sorted(str(path.parent.relative_to(CORPUS)) for path in CORPUS.glob("*/*/truth.json"))


@pytest.mark.parametrize("name", CASES)
def test_every_command_answers(run, corpus_case, name):
    case = corpus_case(name)
    key = case.truth["session_key"]
    calls = (("scan",), ("diagnose",), ("info",), ("show", key), ("ack",))
    for call in calls:
        ran = run(*call, *case.options, "--json")
        assert ran.code in (0, 3), ran.story()
        assert problems(ran.document, SCHEMAS[ran.document["schema"]]) == [], ran.story()
        assert ran.stderr == "", ran.story()


@pytest.mark.parametrize("name", CASES)
def test_every_page_fits_into_80_columns(run, corpus_case, tmp_path, name):
    case = corpus_case(name)
    for call in (("scan",), ("diagnose",), ("show", case.truth["session_key"]), ("info",)):
        ran = run(*call, *case.options, "--utc", width=80)
        assert ran.code in (0, 3), ran.story()
        assert "\x1b" not in ran.stdout
        copied = ("clawmedic ", "config: ", str(tmp_path))
        wide = [
            line for line in ran.lines if cell_len(line) > 80 and not any(word in line for word in copied)
        ]
        assert wide == [], ran.story()
