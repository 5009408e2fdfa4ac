"""The pages of `explain`: one code, or the list of all."""

from __future__ import annotations

from collections.abc import Sequence

from clawmedic.model.cause import Cause
from clawmedic.model.finding import FindingCode
from clawmedic.output.screen import Cell, Column, Screen
from clawmedic.triage.knowledge import Explanation


def show_explanation(screen: Screen, item: Explanation) -> None:
    """Everything about one code."""
    screen.line((item.code, "bold cyan"), (f"  {kind_of(item.code)}", "dim"))
    screen.line((item.title, "bold"))
    screen.blank()
    screen.line(item.meaning)
    screen.heading("How it is detected")
    screen.line(item.detected)
    _list(screen, "What helps", item.helps, "+", "green")
    _list(screen, "What does not help", item.does_not_help, "-", "red")
    if item.upstream:
        screen.heading("Upstream")
        screen.line(", ".join(item.upstream))


def show_explanations(screen: Screen, items: Sequence[Explanation]) -> None:
    """Every code with its title: findings, then causes."""
    for title, codes in (
        ("Findings", {code.value for code in FindingCode}),
        ("Causes", {cause.value for cause in Cause}),
    ):
        if title == "Causes":
            screen.blank()
        screen.table(
            [Column(title.upper()), Column("", flexible=True)],
            [[Cell(item.code, "cyan"), Cell(item.title)] for item in items if item.code in codes],
        )


def kind_of(code: str) -> str:
    """What a code names: a finding, a cause and its kind, or both."""
    finding = code in {known.value for known in FindingCode}
    if code not in {known.value for known in Cause}:
        return "finding"
    cause = f"cause, {Cause(code).kind.value}"
    return f"finding and {cause}" if finding else cause


def _list(screen: Screen, title: str, items: Sequence[str], mark: str, style: str) -> None:
    screen.heading(title)
    for item in items:
        screen.labelled(mark, item, room=2, style=style)
