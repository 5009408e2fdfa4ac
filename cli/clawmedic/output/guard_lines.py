"""What the guard says while it works: a line for each action, and silence where there is nothing to say."""

from __future__ import annotations

import sys
from pathlib import Path

from clawmedic.errors import ClawmedicError
from clawmedic.guard.orders import Diary, SilentDiary
from clawmedic.guard.report import PassReport
from clawmedic.model.signals import Action, GuardSignals
from clawmedic.output.actions import action_line
from clawmedic.output.sink import flush_output, write_json, write_text
from clawmedic.output.text import visible
from clawmedic.settings import Settings

NO_POLICY = "no policy is configured: the guard only looks on and tells"
NO_POLICY_HINT = "`--policy revive` lets it act; `clawmedic setup config` writes a commented configuration"


class LineDiary:
    """Each action as a line on standard output, at once: made for logs."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    def note(self, action: Action) -> None:
        """Write it."""
        write_text(action_line(action, as_json=self._as_json) + "\n")
        flush_output()


class GuardOutput:
    """The audience of a guard (`guard.service.Audience`).

    By hand (on a terminal) it is a page; elsewhere lines of actions, and silence where nothing was done; with `--json`
    the document of each pass, and lines on one line each where passes follow one another.
    """

    def __init__(self, settings: Settings, *, log_json: bool, metrics: Path | None, many: bool) -> None:
        self._settings, self._metrics, self._many = settings, metrics, many
        by_hand = sys.stdout.isatty() and not log_json
        self._page = by_hand and not settings.json and not settings.quiet
        silent = settings.json or (self._page and not many)
        self._diary: Diary = SilentDiary() if silent else LineDiary(as_json=log_json)

    @property
    def diary(self) -> Diary:
        """Told of each action as it happens."""
        return self._diary

    def passed(self, report: PassReport) -> None:
        """Show a pass."""
        for line in report.problems:
            self.complain(line)
        if report.ended_early:
            self.complain(report.ended_early)
        if self._settings.json:
            from clawmedic.output.guard_documents import guard_document

            write_json(
                guard_document(report, str(self._settings.state_dir)), pretty=False if self._many else None
            )
            flush_output()
        elif report.dry_run or (self._page and not self._many):
            from clawmedic.output.guard_view import show_pass
            from clawmedic.output.screen import Screen

            show_pass(Screen(self._settings), report)
        elif not report.configured and report.sessions and report.notices:
            self.complain(NO_POLICY, NO_POLICY_HINT)

    def complain(self, line: str, hint: str = "") -> None:
        """Say it on standard error."""
        sys.stderr.write(f"clawmedic: {visible(line)}\n")
        if hint:
            sys.stderr.write(f"  hint: {visible(hint)}\n")

    def measured(self, signals: GuardSignals) -> None:
        """Write the textfile; one that cannot be written ends nothing."""
        if self._metrics is None:
            return
        from clawmedic.output.guard_metrics import write_metrics

        try:
            write_metrics(self._metrics, signals)
        except ClawmedicError as error:
            self.complain(error.message, error.hint)
