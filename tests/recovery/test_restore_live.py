"""`backups restore COPY --live`: the copy stands behind its key again, and the present conversation is kept."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from rescue_stage import Stage, files, ids_in, ids_on_disk, report

from clawmedic.model.verdict import Verdict
from harness import Run

Make = Callable[..., Stage]


def with_copy(on: Stage, suffix: str) -> str:
    """A copy of the live transcript under a name that people and tools give; the live one goes on."""
    copy = on.transcript.with_name(on.transcript.name + suffix)
    copy.write_bytes(on.transcript.read_bytes())
    lines = on.transcript.read_bytes().splitlines(keepends=True)
    on.transcript.write_bytes(b"".join(lines[:6]))
    return copy.name


@pytest.mark.parametrize(
    "suffix", [".bak.recovered.2026-11-23T08-00-00.000Z", ".reset.2026-11-23T08-00-00.000Z", ".bak"]
)
def test_a_copy_becomes_the_conversation_again(stage: Make, run: Run, suffix: str):
    on = stage("2026.7.1/healthy-chat")
    name = with_copy(on, suffix)
    old = on.row
    present, present_path = on.transcript.read_bytes(), on.transcript
    history = ids_in(on.sessions / name)
    before = files(on)
    document = run("backups", "restore", name, "--live", *on.options, "--yes", "--json").expect(0).document
    told = max(
        entry["message"]["usage"]["input"]
        for entry in map(json.loads, (on.sessions / name).read_text().splitlines())
        if entry.get("message", {}).get("usage")
    )
    assert document["results"][0]["proof"]["tokens_after"] == told, "what stands in every prompt counts once"
    row = on.row
    assert row["sessionId"] != old["sessionId"]
    assert json.loads(on.transcript.read_bytes().splitlines()[0])["id"] == row["sessionId"]
    assert history <= ids_in(on.transcript)
    assert {"totalTokens", "totalTokensFresh"}.isdisjoint(row)
    assert row.get("deliveryContext") == old.get("deliveryContext")
    aside = [path for path in on.sessions.iterdir() if path.read_bytes() == present and path != present_path]
    assert aside, "the present transcript is kept"
    assert report(on).verdict not in (Verdict.DEAD, Verdict.STUCK, Verdict.SUSPECT)
    run("undo", document["operation_id"], "--state-dir", on.state, "--yes").expect(0)
    assert files(on) == before


def test_what_would_be_dead_at_once_is_refused_unless_distilled(stage: Make, run: Run):
    on = stage("2026.4.15/harddead-compact-400")
    name = with_copy(on, ".bak.recovered.2026-11-23T08-00-00.000Z")
    history = ids_in(on.sessions / name)
    before = files(on)
    ran = run("backups", "restore", name, "--live", *on.options, "--yes").expect(6)
    assert "never-fits" in ran.stderr
    assert files(on) == before
    run("backups", "restore", name, "--live", "--distil", *on.options, "--yes").expect(0)
    assert history <= ids_on_disk(on)
    assert report(on).verdict not in (Verdict.DEAD, Verdict.STUCK)


def test_a_dry_run_says_what_the_model_would_see(stage: Make, run: Run):
    on = stage("2026.7.1/healthy-chat")
    name = with_copy(on, ".bak")
    before = files(on)
    ran = run("backups", "restore", name, "--live", *on.options, "--dry-run").expect(0)
    assert "the model will see" in ran.stdout
    assert files(on) == before


def test_a_database_is_never_written(run: Run, stage: Make):
    on = stage("2026.9.6/reset-revived")
    before = files(on)
    run("backups", "restore", on.key, "--live", *on.options, "--yes").expect(6)
    assert files(on) == before


def test_the_live_transcript_cannot_be_restored_over_itself(stage: Make, run: Run):
    on = stage("2026.7.1/healthy-chat")
    before = files(on)
    run("backups", "restore", on.transcript.name, "--live", *on.options, "--yes").expect(6)
    assert files(on) == before
