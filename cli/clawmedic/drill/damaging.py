"""How transcripts get damaged, as disks, crashes and scripts have left them (openclaw.md 4: S11 to S18)."""

from __future__ import annotations

from clawmedic.drill import failures, prose
from clawmedic.drill.builder_entries import JsonObject
from clawmedic.drill.failing import fail_run, refuse
from clawmedic.drill.failures import Fault
from clawmedic.drill.ids import iso
from clawmedic.drill.prose import GOOD_SUMMARY
from clawmedic.drill.story import ASK, Story
from clawmedic.model.cause import Cause

SHARE = 0.3
"""How full the window is when the damage comes."""
COPY = ".bak.recovered."
"""The name that watchdogs of users give to a copy (openclaw.md 6.1)."""
LOOPS = 4
TOOL_PAIRING = Fault(
    Cause.TOOL_PAIRING,
    "400 messages.14: `tool_use` ids were found without `tool_result` blocks immediately after",
    ("", "", ""),
)
"""What a provider says of a call without a result (openclaw.md 1.9)."""


def cut_middle(story: Story) -> None:
    """A line in the middle is half there: a crash while it was written."""
    story.fill(SHARE)
    place = len(story.entries) // 2

    def spoil(lines: list[bytes]) -> bytes:
        lines[place] = lines[place][: len(lines[place]) // 2]
        return _joined(lines)

    story.spoil = spoil


def cut_end(story: Story) -> None:
    """The last line is half there and has no line end."""
    story.fill(SHARE)
    story.spoil = lambda lines: _joined(lines[:-1]) + lines[-1][: len(lines[-1]) // 2]


def lose_header(story: Story) -> None:
    """The first line is gone: OpenClaw 2026.4.15 would begin the file anew (openclaw-files.md 3)."""
    story.fill(SHARE)
    story.spoil = lambda lines: _joined(lines[1:])


def break_chain(story: Story) -> None:
    """An entry is taken out: what comes after it points to nothing, and what stands before it is lost to the model."""
    story.fill(SHARE)
    del story.entries[len(story.entries) // 2]


def unpair(story: Story) -> None:
    """A tool call that never got a result: the provider refuses every prompt that holds it."""
    story.fill(SHARE)
    run_id, call = story.ids.uuid(), f"call_{story.ids.hex(6)}"
    story.hear(prose.ask(story.turns, ASK), run_id)
    story.wait(700)
    request: JsonObject = {"type": "toolCall", "id": call, "name": "exec", "arguments": {"command": "df -h"}}
    story.reply([request], story.prompt_tokens, 60, run_id, stop="toolUse")
    for _ in range(2):
        story.wait(9_000)
        fail_run(story, TOOL_PAIRING)


def leave_empty(story: Story) -> None:
    """An answer without role and content (openclaw#77228), and the conversation went on."""
    story.fill(SHARE)
    story.message({"role": None, "content": [], "timestamp": story.now})
    story.turn()


def lose_transcript(story: Story) -> None:
    """The file is gone; a watchdog's copy stands beside where it was."""
    story.fill(SHARE)
    story.copies[_ending(story)] = list(story.entries)
    story.no_transcript = True


def die_without_file(story: Story) -> None:
    """A compaction failed for good, and somebody deleted the file by hand: there is nothing to shorten any more."""
    story.fill(0.98)
    refuse(story, failures.REASONING)
    story.no_transcript = True


def set_aside(story: Story) -> None:
    """A watchdog put the long conversation aside and began anew: it answers, and remembers nothing."""
    story.fill(SHARE)
    story.wait(30_000)
    story.copies[_ending(story)] = list(story.entries)
    story.open()
    story.turn()


def lose_memory(story: Story, summary: str) -> None:
    """A compaction that OpenClaw took for a success, and whose summary keeps nothing (openclaw.md S17)."""
    story.fill(0.9)
    story.compact(summary)
    story.turn()


def compact_in_circles(story: Story) -> None:
    """4.15 compacts on every turn and frees nothing by it: 12 checkpoints in 12 turns were measured (S18)."""
    story.fill(0.5)
    for _ in range(LOOPS):
        story.turn()
        story.compact(GOOD_SUMMARY, keep_turns=1)
    story.turn()


def pile_up_errors(story: Story) -> None:
    """Every turn that fails leaves its question and its error in the transcript (openclaw-files.md 1b)."""
    story.fill(SHARE)
    for _ in range(7):
        fail_run(story, failures.QUOTA)


def _ending(story: Story) -> str:
    return f"{COPY}{iso(story.now).replace(':', '-')}"


def _joined(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)
