"""The drill's page: drawn while it is played, one line for each session, then what it all came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from clawmedic.drill.report import DrillReport, DrillResult, DrillScene, Treated, TroubleResult
from clawmedic.drill.scenario import Scenario
from clawmedic.drill.scenes import Scene
from clawmedic.model.outcome import RungResult
from clawmedic.model.session import Generation
from clawmedic.model.verdict import Verdict
from clawmedic.output.drill_rows import COLUMNS, cells, is_left_alone, widths
from clawmedic.output.palette import VERDICTS
from clawmedic.output.screen import Cell, Screen
from clawmedic.output.text import count_of, visible
from clawmedic.settings import Settings

KINDS = {
    Generation.FILES: "sessions.json and JSONL, its gateway stopped",
    Generation.SQLITE: "SQLite, which only its gateway may change: you are told what helps",
}
OTHERS = "Whole stores, and what must not be touched"


class DrillPage:
    """Watches a drill and draws it.

    Args:
        screen: where.
        now: is told what goes on, for the line that moves.
        directory: where it is played; paths in evidence are shown from there.
        played: all of it.
    """

    def __init__(
        self, screen: Screen, now: Callable[[str], None], directory: Path, played: Sequence[Scene]
    ) -> None:
        self._screen, self._now, self._root = screen, now, f"{directory}/"
        self._total = sum(len(scene.played) * scene.readable + len(scene.troubles) for scene in played)
        self._widths = widths(screen.width, played)
        self._done = 0
        self._well: list[DrillResult] = []
        self._place = self._name = ""
        self._others = False

    def enter(self, scene: Scene) -> None:
        """A heading for each release, one for all the small ones."""
        self._place = f"OpenClaw {scene.version}"
        self._now(f"{self._done} of {self._total}  {self._place}: making it")
        if self._screen.settings.quiet or (scene.name and self._others):
            return
        self._screen.blank()
        if scene.name:
            self._others = True
            self._screen.line((OTHERS, "bold"))
        else:
            self._screen.line((self._place, "bold"), (f"  {KINDS[scene.version.generation]}", "dim"))
        titles = [Cell(column.title, "dim") for column in COLUMNS[: len(self._widths)]]
        self._screen.row(COLUMNS[: len(self._widths)], self._widths, titles)

    def treats(self, scenario: Scenario) -> None:
        """The moving line names the session."""
        self._name = scenario.name
        self._now(f"{self._done} of {self._total}  {self._place}: {self._name}")

    def begins(self, key: str, rung: str, sentence: str) -> None:
        """The moving line says what is done to it."""
        del key
        self._now(f"{self._done} of {self._total}  {self._place}: {self._name}: {rung}: {visible(sentence)}")

    def ended(self, key: str, result: RungResult) -> None:
        """The row will tell."""

    def saw(self, result: DrillResult | TroubleResult) -> None:
        """A row; sessions that are well and stay so are counted, and named at the end of their release."""
        self._done += 1
        if isinstance(result, DrillResult) and is_left_alone(result) and not self._screen.settings.verbose:
            self._well.append(result)
            return
        if self._screen.settings.quiet and not result.complaints:
            return
        self._screen.row(
            COLUMNS[: len(self._widths)], self._widths, cells(result, self._root)[: len(self._widths)]
        )
        if self._screen.settings.verbose and isinstance(result, DrillResult):
            self._screen.labelled("", (visible(result.evidence.splitlines()[0]), "dim"), room=1)
        for complaint in result.complaints:
            self._screen.labelled("", (visible(complaint), "bold red"), room=1)

    def leave(self, scene: DrillScene) -> None:
        """Those that are well."""
        well, self._well = self._well, []
        if well and not scene.scene.name and not self._screen.settings.quiet:
            names = ", ".join(one.scenario.name for one in well)
            self._screen.labelled(
                "✔",
                (f"{count_of(len(well), 'session')} well and left alone: {names}", "dim"),
                indent=0,
                room=3,
                style="green",
            )


@contextmanager
def drill_page(settings: Settings, directory: Path, played: Sequence[Scene]) -> Iterator[DrillPage]:
    """The page while the drill is played; on a terminal a line below it moves."""
    screen = Screen(settings)
    if not settings.quiet:
        show_introduction(screen)
    with screen.working() as now:
        yield DrillPage(screen, now, directory, played)


def show_introduction(screen: Screen) -> None:
    """What is about to be seen."""
    screen.line(
        "Sessions are made that died, hung, were damaged or are well, as three releases of OpenClaw leave them; "
        "each is judged, treated by the real means, proved, and put back. No OpenClaw is needed, and yours is not "
        "touched."
    )


def show_sum(screen: Screen, report: DrillReport, *, kept: bool) -> None:
    """What it all came to. `kept` says that the directories are still there and how to look at them."""
    settings = screen.settings
    total, wrong = len(report.results) + len(report.troubles), len(report.wrong)
    took = f" in {report.elapsed_ms / 1000:.1f} s" if report.elapsed_ms else ""
    if not settings.quiet:
        screen.blank()
    if wrong:
        screen.line((f"✖ {wrong} of {total} not as promised", "bold red"), took)
    else:
        screen.line((f"✔ all {total} as promised", "bold green"), took)
    if settings.quiet:
        return
    for label, words in _tallies(report):
        screen.labelled(label, words, room=10)
    screen.blank()
    if kept:
        _show_kept(screen, report)
        return
    screen.line(
        "Nothing is left of it; ", ("clawmedic drill --keep DIR", "bold"), " leaves it there to look around."
    )
    screen.line("Your own sessions:")
    screen.exact("", "clawmedic scan", room=0)


def _tallies(report: DrillReport) -> Iterator[tuple[str, str]]:
    verdicts = Counter(result.verdict for result in report.results if result.verdict is not None)
    ill = [f"{verdicts[one]} {VERDICTS[one].word}" for one in Verdict if verdicts[one]]
    yield "found", f"{', '.join(ill)}; {count_of(len(report.troubles), 'trouble')} of whole stores"
    treated = [one for scene in report.scenes for one in _treated(scene)]
    rescued = [one for one in treated if one.helped.changes]
    by = Counter(str(one.helped) for one in rescued)
    means = ", ".join(f"{number} by {word}" for word, number in by.most_common())
    lost = sum(one.lost for one in treated)
    unproved = sum(one.proof is None or not one.proof.ok for one in rescued)
    proved = f"{unproved} NOT proved" if unproved else "each proved"
    yield (
        "rescued",
        f"{len(rescued)}: {means}; {proved}, {lost or 'no'} {'entry' if lost < 2 else 'entries'} lost",
    )
    changed = [one for one in treated if one.rungs]
    back = sum(bool(one.undone) for one in changed)
    files = sum(max((one.files for one in _treated(scene)), default=0) for scene in report.scenes)
    same = "NOT every byte as before"
    if not any(one.differs for one in treated):
        same = "every byte as before; verified copies stay"
    yield "undone", f"{back} of {len(changed)}; {count_of(files, 'file')} compared, {same}"
    left = [one for one in treated if not one.rungs]
    told = sum(bool(one.advice or one.told) for one in left)
    yield "untouched", f"{told} that need a person or a gateway, {len(left) - told} that need no rescue"


def _treated(scene: DrillScene) -> list[Treated]:
    return [one.treated for one in scene.results if one.treated is not None]


def _show_kept(screen: Screen, report: DrillReport) -> None:
    screen.line("Everything is kept, as ill as it was made. Look around, and try it yourself:")
    own = report.directory / "home" / ".local" / "state"
    for scene in report.scenes:
        if not scene.scene.name:
            screen.exact("", f"clawmedic scan --state-dir {scene.root / 'state'} --log {scene.log}", room=0)
    first = report.scenes[0].root
    screen.exact(
        "",
        f"clawmedic rescue --all --dry-run --state-dir {first / 'state'} --log {report.scenes[0].log}",
        room=0,
    )
    screen.exact("", f"XDG_STATE_HOME={own} clawmedic history --state-dir {first / 'state'}", room=0)
