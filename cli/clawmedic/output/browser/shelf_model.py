"""The left side as data: keys with their copies, the worst first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct

from clawmedic.model.backup import Archive, Backup, Lineage
from clawmedic.model.report import ScanReport, SessionReport
from clawmedic.model.verdict import Verdict

KeyName: TypeAlias = tuple[str, str]
"""Agent and key; the key is "" for copies that belong to nobody known."""


class KeyGroup(Struct, frozen=True):
    """One key and its copies: the live one first, then the newest."""

    name: KeyName
    copies: tuple[Backup, ...]
    lineage: Lineage | None = None
    report: SessionReport | None = None

    @property
    def verdict(self) -> Verdict | None:
        """None where nobody has judged it (yet)."""
        return self.report.verdict if self.report else None


def key_groups(archive: Archive, report: ScanReport | None) -> tuple[KeyGroup, ...]:
    """Every key of the archive, and every session without copies; the worst verdict first, copies of no key last."""
    judged = {(item.session.agent, item.session.key): item for item in report.sessions} if report else {}
    groups = [_group(lineage, judged) for lineage in archive.lineages]
    held = {group.name for group in groups}
    groups += [KeyGroup(name, (), None, item) for name, item in judged.items() if name not in held]
    groups.sort(key=_worst_first)
    loose = tuple(sorted((item for item in archive.backups if item.key is None), key=_newest_first))
    return (*groups, KeyGroup(("", ""), loose)) if loose else tuple(groups)


def _group(lineage: Lineage, judged: Mapping[KeyName, SessionReport]) -> KeyGroup:
    name = (lineage.copies[0].agent if lineage.copies else "", lineage.key)
    copies = tuple(sorted(lineage.copies, key=_newest_first))
    return KeyGroup(name, copies, lineage, judged.get(name))


def _worst_first(group: KeyGroup) -> tuple[int, bool, int, str]:
    verdict = group.verdict
    rank = verdict.rank if verdict is not None else len(Verdict)
    newest = max((item.last_at or 0 for item in group.copies), default=0)
    return rank, not any(item.best and not item.kind.is_live for item in group.copies), -newest, group.name[1]


def _newest_first(item: Backup) -> tuple[bool, int, str]:
    return not item.kind.is_live, -(item.at or 0), item.id
