"""JSON of the `backups` commands (design.md 3): fields are added, never renamed. Times are ISO 8601, UTC."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clawmedic.backups.compare import Comparison, Mark, Side
from clawmedic.backups.conversation import Item
from clawmedic.backups.pruning import Pruned
from clawmedic.backups.restoring import Restored
from clawmedic.backups.retention import PrunePlan
from clawmedic.backups.search import SearchResult
from clawmedic.disk.digest import Digest
from clawmedic.model.backup import Archive, Backup, Lineage
from clawmedic.model.report import Budget
from clawmedic.output.sink import JsonValue
from clawmedic.output.text import iso

Document = dict[str, JsonValue]


def archive_document(archive: Archive, copies: Sequence[Backup], lineages: Iterable[Lineage]) -> Document:
    """`clawmedic.backups/1` of the chosen copies, and the lineages of their keys."""
    return {
        "schema": "clawmedic.backups/1",
        "state_dir": str(archive.state_dir),
        "backups": [backup_document(item) for item in copies],
        "lineages": [_lineage(item) for item in lineages],
        "problems": list[JsonValue](archive.problems),
    }


def backup_document(item: Backup) -> Document:
    """One element of `backups`."""
    return {
        "id": item.id,
        "key": item.key,
        "session_id": item.session_id,
        "kind": item.kind.value,
        "state": item.state.value,
        "path": str(item.path),
        "bytes": item.size_bytes,
        "entries": item.entries,
        "messages": item.messages,
        "first_at": iso(item.first_at),
        "last_at": iso(item.last_at),
        "overlap": item.overlap.value,
        "unique_entries": item.unique_entries,
        "best": item.best,
        "best_reason": item.best_reason,
        "agent": item.agent,
        "window": item.place.window,
        "codec": item.place.codec.value,
        "visible_messages": item.visible,
        "missing_entries": item.missing_entries,
        "archived_at": iso(item.archived_at),
        "key_reason": item.key_reason,
        "referenced": item.referenced,
        "note": item.note,
    }


def _lineage(item: Lineage) -> Document:
    return {
        "key": item.key,
        "distinct_entries": item.distinct_entries,
        "best": item.best.id if item.best else None,
        "chain": [
            {
                "session_id": link.session_id,
                "first_at": iso(link.first_at),
                "last_at": iso(link.last_at),
                "copies": list[JsonValue](link.copies),
                "how": link.how,
            }
            for link in item.chain
        ],
        "gaps": [
            {"after": iso(gap.after), "before": iso(gap.before), "reason": gap.reason} for gap in item.gaps
        ],
    }


def conversation_document(backup: Backup, items: Iterable[Item]) -> Document:
    """`clawmedic.conversation/1`."""
    return {
        "schema": "clawmedic.conversation/1",
        "backup": backup_document(backup),
        "items": [item_document(item) for item in items],
    }


def item_document(item: Item) -> Document:
    """One element of `items`."""
    return {
        "number": item.number,
        "id": item.id,
        "at": iso(item.at),
        "voice": item.voice.value,
        "text": item.text,
        "calls": [{"name": call.name, "arguments": call.arguments} for call in item.calls],
        "thinking": item.thinking,
        "failure": item.failure,
        "tool": item.tool,
        "model": item.model,
        "on_branch": item.on_branch,
        "cut_chars": item.cut_chars,
    }


def search_document(result: SearchResult) -> Document:
    """`clawmedic.search/1`, newest first."""
    return {
        "schema": "clawmedic.search/1",
        "searched": result.searched,
        "stopped": result.stopped,
        "hits": [
            {
                "backup": hit.backup.id,
                "key": hit.backup.key,
                "kind": hit.backup.kind.value,
                "number": hit.number,
                "entry_id": hit.id,
                "at": iso(hit.at),
                "voice": hit.voice.value,
                "excerpts": [
                    {"text": piece.text, "spans": [[start, end] for start, end in piece.spans]}
                    for piece in hit.excerpts
                ],
                "also": list[JsonValue](hit.also),
            }
            for hit in result.hits
        ],
    }


def comparison_document(found: Comparison) -> Document:
    """`clawmedic.diff/1`."""
    return {
        "schema": "clawmedic.diff/1",
        "a": backup_document(found.a),
        "b": backup_document(found.b),
        "same": found.same,
        "totals": {side.value: found.count(side) for side in Side},
        "differences": [
            {
                "side": item.side.value,
                "a": _mark(item.a),
                "b": _mark(item.b),
                "diff": list[JsonValue](item.diff),
            }
            for item in found.differences
        ],
    }


def _mark(mark: Mark | None) -> JsonValue:
    if mark is None:
        return None
    return {
        "number": mark.number,
        "id": mark.id,
        "at": iso(mark.at),
        "voice": mark.voice.value,
        "preview": mark.preview,
    }


def export_document(backup: Backup, target: str, digest: Digest) -> Document:
    """`clawmedic.export/1`."""
    return {
        "schema": "clawmedic.export/1",
        "backup": backup_document(backup),
        "path": target,
        "bytes": digest.size_bytes,
        "sha256": digest.sha256,
    }


def restore_document(
    backup: Backup, target: str, digest: Digest, restored: Restored, budget: Budget
) -> Document:
    """`clawmedic.restore/1`."""
    context = restored.context
    return {
        **export_document(backup, target, digest),
        "schema": "clawmedic.restore/1",
        "entries": restored.entries,
        "messages": restored.messages,
        "header_made": restored.header_made,
        "rerooted": restored.rerooted,
        "dropped": restored.dropped,
        "visible_messages": sum(entry.type == "message" for entry in context.entries) if context else 0,
        "used_tokens": budget.used_tokens,
        "used_source": budget.used_source,
        "budget_tokens": budget.budget_tokens,
        "budget_source": budget.budget_source,
    }


def prune_document(plan: PrunePlan, done: Pruned | None) -> Document:
    """`clawmedic.prune/1`; `done` is false for a dry run."""
    result = done or Pruned()
    return {
        "schema": "clawmedic.prune/1",
        "done": done is not None,
        "bytes": plan.size_bytes if done is None else result.size_bytes,
        "prunes": [{"backup": backup_document(item.backup), "reason": item.reason} for item in plan.prunes],
        "kept": [{"backup": backup_document(item.backup), "reason": item.reason} for item in plan.kept],
        "put_aside": [{"id": prune.backup.id, "path": str(aside.target)} for prune, aside in result.done],
        "refused": [{"id": prune.backup.id, "reason": reason} for prune, reason in result.refused],
        "quarantine": str(result.folder) if result.folder else None,
    }
