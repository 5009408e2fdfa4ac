"""The page and the document of a drill on a real gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from clawmedic.drill.visit_report import NoOnlooker, Onlooker, Step, VisitReport
from clawmedic.output.schemas import COUNT, FLAG, TEXT, Schema, document, list_of, or_null, record
from clawmedic.output.screen import Screen
from clawmedic.output.sink import JsonValue
from clawmedic.output.text import visible
from clawmedic.settings import Settings

ROOM = 22
VISIT_SCHEMAS: Mapping[str, Schema] = {
    "clawmedic.visit/1": document(
        "clawmedic.visit/1",
        url=TEXT,
        openclaw_version=TEXT,
        key=TEXT,
        elapsed_ms=COUNT,
        wrong=COUNT,
        steps=list_of(record(name=TEXT, ok=or_null(FLAG), words=TEXT, elapsed_ms=COUNT)),
    )
}


class _Page:
    """A line for each step."""

    def __init__(self, screen: Screen, now: Callable[[str], None]) -> None:
        self._screen, self._now = screen, now

    def begins(self, name: str) -> None:
        """The moving line says what is tried."""
        self._now(name)

    def saw(self, step: Step) -> None:
        """Its mark, what came of it, how long it took."""
        if self._screen.settings.quiet and step.ok is not False:
            return
        mark, style = {True: ("✔", "green"), False: ("✖", "bold red"), None: ("-", "dim")}[step.ok]
        took = f"{step.elapsed_ms / 1000:5.1f} s" if step.elapsed_ms else ""
        words = "dim" if step.ok is None else ""
        self._screen.labelled(
            f"{mark}  {step.name:<11} {took}",
            (visible(step.words), words),
            indent=0,
            room=ROOM + 2,
            style=style,
        )


@contextmanager
def visit_page(settings: Settings, url: str, key: str) -> Iterator[Onlooker]:
    """The page while the visit lasts; nothing for JSON."""
    if settings.json:
        yield NoOnlooker()
        return
    screen = Screen(settings)
    if not settings.quiet:
        screen.line((f"A rehearsal on the gateway at {visible(url)}", "bold"))
        screen.line((visible(key), "dim"))
    with screen.working() as now:
        yield _Page(screen, now)


def show_visit_plan(settings: Settings, url: str, key: str) -> None:
    """What will be done, before it is agreed to."""
    screen = Screen(settings)
    screen.line(f"On the gateway at {visible(url)}:")
    for number, words in enumerate(
        (
            f"make a throw-away session {key}",
            "let its model answer one short message, which costs tokens",
            "compact it, reset it, delete it; OpenClaw itself keeps an archive of what is deleted",
        ),
        1,
    ):
        screen.labelled(f"{number}", words, room=3)
    screen.line(("no other session is named in any call, and no file of OpenClaw is written", "dim"))


def show_visit_sum(settings: Settings, report: VisitReport) -> None:
    """Whether a rescue through this gateway would find all it needs."""
    screen, took = Screen(settings), f" in {report.elapsed_ms / 1000:.1f} s"
    if report.wrong:
        names = ", ".join(step.name for step in report.wrong)
        screen.line((f"✖ not as it should be: {names}", "bold red"), took)
    else:
        screen.line(("✔ a rescue through this gateway finds all that it needs", "bold green"), took)


def visit_document(report: VisitReport) -> Mapping[str, JsonValue]:
    """`clawmedic.visit/1`."""
    return {
        "schema": "clawmedic.visit/1",
        "url": report.url,
        "openclaw_version": report.version,
        "key": report.key,
        "elapsed_ms": report.elapsed_ms,
        "wrong": len(report.wrong),
        "steps": [
            {"name": step.name, "ok": step.ok, "words": step.words, "elapsed_ms": step.elapsed_ms}
            for step in report.steps
        ],
    }
