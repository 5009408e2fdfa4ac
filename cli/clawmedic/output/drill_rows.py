"""One row of the drill's table: what was made, found, named, what helped, and the proof or the advice."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from clawmedic.drill.report import DrillResult, Treated, TroubleResult
from clawmedic.drill.scenario import Helped
from clawmedic.drill.scenes import Scene
from clawmedic.model.outcome import Proof
from clawmedic.model.verdict import Verdict
from clawmedic.output.palette import SEVERITIES, VERDICTS
from clawmedic.output.screen import Cell, Column
from clawmedic.output.text import percent, tokens, visible

RIGHT, WRONG = Cell("✔", "green"), Cell("✖", "bold red")
NOTHING = Cell("-", "dim")
COLUMNS = (
    Column(""),
    Column("made", loses="end"),
    Column("found"),
    Column("named", loses="end"),
    Column("helped"),
    Column("after"),
    Column("undo"),
    Column("proof, or what you are told", loses="end"),
)
FOUND, HELPED, AFTER, UNDO = 10, 8, 9, 4
GAPS = 2
ROOMY = 112
"""From this width on there is room for the last column."""
NAMED, LONGEST_NAME = 19, 23
WIDE = 140
_HELPED = {
    Helped.TOLD: "yellow",
    Helped.WAIT: "yellow",
    Helped.REFUSED: "yellow",
    Helped.FAILED: "bold red",
    Helped.NOTHING: "dim",
}


def widths(width: int, played: Sequence[Scene]) -> list[int]:
    """Cells of each column; on a narrow page without the last one."""
    shown = [one.name for scene in played for one in scene.played if one.verdict is not Verdict.HEALTHY]
    troubles = [one.name for scene in played for one in scene.troubles]
    made = max([len(COLUMNS[1].title), *map(len, (*shown, *troubles))])
    fixed = [1, made, FOUND, 0, HELPED, AFTER, UNDO]
    if width < ROOMY:
        fixed[3] = max(8, min(LONGEST_NAME, width - sum(fixed) - GAPS * (len(fixed) - 1)))
        return fixed
    fixed[3] = NAMED if width < WIDE else LONGEST_NAME
    return [*fixed, width - sum(fixed) - GAPS * len(fixed)]


def is_left_alone(result: DrillResult) -> bool:
    """Whether it needs no row: it is well, nothing was done, and that is right."""
    nothing = result.treated is not None and result.treated.helped is Helped.NOTHING
    return result.verdict is Verdict.HEALTHY and nothing and result.right


def cells(result: DrillResult | TroubleResult, root: str) -> list[Cell]:
    """The row; `root` is taken off paths."""
    if isinstance(result, TroubleResult):
        return _trouble(result, root)
    treated, verdict = result.treated, result.verdict
    look = VERDICTS[verdict] if verdict else None
    after = VERDICTS[treated.after] if treated and treated.after and treated.rungs else None
    return [
        RIGHT if result.right else WRONG,
        Cell(result.scenario.name),
        Cell(look.label, look.style) if look else Cell("not seen", "bold red"),
        Cell(_named(result)),
        _helped(treated),
        Cell(after.label, after.style) if after else NOTHING,
        _undone(treated),
        Cell(visible(_words(result)), "dim"),
    ]


def _trouble(result: TroubleResult, root: str) -> list[Cell]:
    finding, trouble = result.finding, result.trouble
    look = SEVERITIES[finding.severity] if finding else None
    lines = finding.evidence if finding else ()
    line = next((line for line in lines if trouble.words in line), lines[0] if lines else "")
    return [
        WRONG if result.complaints else RIGHT,
        Cell(trouble.name),
        Cell(look.label, look.style) if look else Cell("not seen", "bold red"),
        Cell(str(trouble.code) if finding else "-"),
        NOTHING,
        NOTHING,
        NOTHING,
        Cell(visible(re.sub(rf"{re.escape(root)}\S*/", "", line)), "dim"),
    ]


def _named(result: DrillResult) -> str:
    if result.cause is not None:
        return str(result.cause)
    found = [finding.code for finding in result.report.findings] if result.report else []
    named = [code for code in result.scenario.findings if code in found]
    return str((named or found)[0]) if found else "-"


def _helped(treated: Treated | None) -> Cell:
    """What changed something; where that did not end it, the last column says what will."""
    if treated is None or (treated.helped is Helped.NOTHING and not treated.rungs):
        return NOTHING
    if treated.rungs and not treated.helped.changes:
        return Cell(treated.rungs[-1], "yellow")
    return Cell(str(treated.helped), _HELPED.get(treated.helped, "bold"))


def _undone(treated: Treated | None) -> Cell:
    if treated is None or treated.undone is None:
        return NOTHING
    return RIGHT if treated.undone and not treated.differs else WRONG


def _words(result: DrillResult) -> str:
    """What the proof says, or the best that a person can do; "" where there is nothing to say."""
    treated = result.treated
    if treated is None or treated.helped is Helped.NOTHING:
        found = result.report.findings if result.report else ()
        remedies = [one.remedy for one in found if one.code in result.scenario.findings and one.remedy]
        return remedies[0].replace(shlex.quote(result.key), "KEY") if remedies else ""
    if treated.helped.changes:
        return _proof(treated.helped, treated.proof)
    advice = list(treated.advice) or list(treated.told) or [""]
    specific = (
        advice[1] if len(advice) > 1 and advice[0].startswith("start the gateway: it is") else advice[0]
    )
    outage = f"one outage, {treated.sessions} sessions: " if treated.sessions > 1 else ""
    return f"{outage}{specific}"


def _proof(helped: Helped, proof: Proof | None) -> str:
    if proof is None:
        return ""
    if helped in (Helped.MEND, Helped.UNLOCK) or proof.tokens_after is None:
        details = {check.name: check.detail for check in proof.checks}
        lock = f"lock {details['lock']}" if "lock" in details else ""
        return ", ".join(filter(None, (details.get("structure", ""), lock, details.get("row", ""))))
    share = proof.tokens_after / proof.budget_tokens if proof.budget_tokens else None
    room = f", {percent(share)}" if share is not None else ""
    return f"{tokens(proof.tokens_before)} → {tokens(proof.tokens_after)} tokens{room}"
