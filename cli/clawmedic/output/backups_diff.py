"""The page of `backups diff`: what is only in one copy, and what differs."""

from __future__ import annotations

from clawmedic.backups.compare import Comparison, Difference, Side
from clawmedic.model.backup import Backup
from clawmedic.output.screen import Screen
from clawmedic.output.text import count_of, moment, visible

_LOOKS = {
    Side.ONLY_A: ("-", "red"),
    Side.ONLY_B: ("+", "green"),
    Side.CHANGED: ("~", "yellow"),
    Side.MOVED: ("=", "dim"),
}
_LINES = {"+": "green", "-": "red", "@": "cyan"}


def show_comparison(screen: Screen, found: Comparison) -> None:
    """Totals, then every difference in the order of time."""
    screen.line(("--- A  ", "red"), visible(_name(found.a)))
    screen.line(("+++ B  ", "green"), visible(_name(found.b)))
    counts = [
        f"{count_of(found.same, 'entry', 'entries')} the same",
        f"{found.count(Side.ONLY_A)} only in A",
        f"{found.count(Side.ONLY_B)} only in B",
        f"{found.count(Side.CHANGED)} changed",
    ]
    if found.count(Side.MOVED):
        counts.append(f"{found.count(Side.MOVED)} the same under another id")
    screen.line((", ".join(counts), "bold"))
    for item in found.differences:
        if item.side is not Side.MOVED:
            _difference(screen, item)


def _difference(screen: Screen, item: Difference) -> None:
    mark = item.a or item.b
    if mark is None:
        return
    sign, style = _LOOKS[item.side]
    numbers = "/".join(f"{name}#{side.number}" for name, side in (("A", item.a), ("B", item.b)) if side)
    when = moment(mark.at, screen.settings.times)
    screen.line((f"{sign} ", style), (f"{when}  {mark.voice.value}  {numbers}", "dim"))
    if item.side is Side.CHANGED:
        for line in item.diff:
            screen.line((visible(line), _LINES.get(line[:1], "")), indent=4)
    else:
        screen.line((visible(mark.preview), style), indent=4)


def _name(backup: Backup) -> str:
    return f"{backup.id}  {backup.kind.value}, {backup.state.value}, {backup.entries} entries  {backup.path.name}"
