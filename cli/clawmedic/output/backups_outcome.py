"""The pages of `backups export`, `restore` and `prune`: what was written, what would go."""

from __future__ import annotations

from pathlib import Path

from clawmedic.backups.pruning import Pruned
from clawmedic.backups.restoring import Restored
from clawmedic.backups.retention import PrunePlan
from clawmedic.disk.digest import Digest
from clawmedic.model.backup import Backup
from clawmedic.model.report import Budget
from clawmedic.output.screen import Screen
from clawmedic.output.text import count_of, percent, size, tokens, visible

ROOM = 10


def show_written(screen: Screen, target: Path, digest: Digest) -> None:
    """A file that was made."""
    screen.labelled("written", visible(f"{target} ({size(digest.size_bytes)})"), indent=0, room=ROOM)
    screen.labelled("sha256", digest.sha256, indent=0, room=ROOM)


def show_restored(screen: Screen, backup: Backup, restored: Restored, budget: Budget) -> None:
    """What was made of a copy, what the model would see of it, and how full its window would be."""
    for label, words in restored_facts(backup, restored, budget):
        screen.labelled(label, visible(words), indent=0, room=ROOM)


def restored_facts(backup: Backup, restored: Restored, budget: Budget) -> list[tuple[str, str]]:
    """Labels and words of what `show_restored` shows."""
    of = f"{backup.id}, {backup.kind.value}, {backup.state.value}"
    entries = count_of(restored.entries, "entry", "entries")
    facts = [("made of", f"{of}: {entries}, {count_of(restored.messages, 'message')}")]
    repairs = [
        words
        for count, words in (
            (restored.header_made, "the header was made anew"),
            (restored.rerooted, f"{count_of(restored.rerooted, 'entry', 'entries')} got another parent"),
            (restored.dropped, f"{count_of(restored.dropped, 'broken line')} left out"),
        )
        if count
    ]
    if repairs:
        facts.append(("repaired", "; ".join(repairs)))
    context = restored.context
    if context is not None:
        shown = sum(entry.type == "message" for entry in context.entries)
        after = " after the summary of a compaction" if context.compaction else ""
        facts.append(("the model", f"would see {count_of(shown, 'message')}{after}"))
    return [*facts, ("window", _filling(budget))]


def _filling(budget: Budget) -> str:
    used, whole = tokens(budget.used_tokens), tokens(budget.budget_tokens)
    if budget.budget_tokens is None:
        return f"about {used} tokens; the model's window is not known"
    words = f"about {used} of {whole} tokens, {percent(budget.share)} full ({budget.used_source})"
    if budget.share is not None and budget.share >= 1:
        return f"{words}: the next message would have to be compacted first"
    return words


def show_plan(screen: Screen, plan: PrunePlan) -> None:
    """What would go, what stays although a bound lets it go."""
    for prune in plan.prunes:
        item = prune.backup
        words = f"{item.kind.value}  {size(item.size_bytes)}  {item.path.name}"
        screen.line((item.id, "bold"), visible(f"  {words}"), (f"  {prune.reason}", "dim"))
    for kept in plan.kept:
        screen.line(
            (kept.backup.id, "dim"), (visible(f"  stays: {kept.reason}  {kept.backup.path.name}"), "dim")
        )
    total = f"{count_of(len(plan.prunes), 'copy', 'copies')}, {size(plan.size_bytes)}"
    screen.line((f"{total} can go; {len(plan.kept)} must stay.", "bold"))


def show_pruned(screen: Screen, result: Pruned) -> None:
    """What was put aside, and where."""
    for prune, reason in result.refused:
        screen.line((prune.backup.id, "yellow"), visible(f"  left alone: {reason}"))
    words = f"{count_of(len(result.done), 'copy', 'copies')} put aside, {size(result.size_bytes)}"
    screen.line((words, "bold"))
    if result.folder is not None and result.done:
        screen.labelled("quarantine", visible(str(result.folder)), indent=0, room=12)
        screen.line(
            ("manifest.jsonl there says where each file was; remove the folder to free the space.", "dim")
        )
