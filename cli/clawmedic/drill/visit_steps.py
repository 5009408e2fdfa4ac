"""The steps of a drill on a real gateway, in their order."""

from __future__ import annotations

import time
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from clawmedic.drill.visit_report import Onlooker, Step, since
from clawmedic.errors import ClawmedicError
from clawmedic.gateway import methods, throwaway
from clawmedic.gateway.address import Address
from clawmedic.gateway.answers import LiveSession
from clawmedic.gateway.client import GatewayClient
from clawmedic.gateway.locating import Located, Ownership
from clawmedic.logs.causes import cause_of
from clawmedic.model.cause import Cause
from clawmedic.model.reporter import SilentReporter
from clawmedic.model.verdict import Verdict
from clawmedic.recovery.probe import probe
from clawmedic.recovery.ward import Ward
from clawmedic.settings import Settings

NEEDED = (
    "sessions.list",
    "sessions.create",
    "sessions.patch",
    "sessions.compact",
    "sessions.reset",
    "sessions.delete",
    "chat.history",
    "chat.send",
    "agent",
    "send",
)
"""What a rescue or this drill asks for; `chat.inject` works everywhere and is named by no gateway."""
IDLE_SECONDS = 20.0
_PAUSE_SECONDS = 0.5


class Host(Struct, frozen=True):
    """A gateway that was connected to, and what is known of whose it is.

    Attributes:
        located: None where no OpenClaw state directory was found here.
    """

    settings: Settings
    address: Address
    client: GatewayClient
    located: Located | None
    connected_ms: int

    @property
    def ours(self) -> bool:
        """Whether the files of its sessions are provably here."""
        return self.located is not None and self.located.ownership is Ownership.OURS


class Visit:
    """One visit while it lasts."""

    def __init__(self, host: Host, key: str, onlooker: Onlooker) -> None:
        self.host, self.key, self.onlooker = host, key, onlooker
        self.client = host.client
        self.steps: list[Step] = []
        self.before: tuple[LiveSession, ...] | None = None
        self.made: LiveSession | None = None

    def look_around(self) -> None:
        """What changes nothing."""
        hello = self.client.hello
        rights = "with admin rights" if "operator.admin" in hello.scopes else "as an operator"
        words = f"OpenClaw {hello.version or 'of no known version'}, protocol {hello.protocol}, {rights}"
        self._note(Step("connect", ok=True, words=words, elapsed_ms=self.host.connected_ms))
        located = self.host.located
        whose = (
            f"{located.ownership}: {located.reasons[-1]}"
            if located
            else "no state directory is here to compare"
        )
        self._note(Step("whose it is", ok=True, words=whose))
        self._try("methods", self._methods)
        self._try("sessions", self._list)

    def use(self) -> None:
        """The throw-away session's life."""
        self._try("make", self._make, needs=self.before is not None, why="the sessions could not be listed")
        alive = self.made is not None
        answered = self._try("one turn", self._turn, needs=alive)
        self._try(
            "scan", self._scan, needs=alive and self.host.ours, why="its files are not proven to be here"
        )
        self._try("compact", self._compact, needs=alive and answered)
        self._try("reset", self._reset, needs=alive)
        self._note(
            Step(
                "notice",
                ok=None,
                words="no chat is behind this session, so nobody is told; `send` is "
                + ("there" if self.client.supports("send") else "not named by this gateway"),
            )
        )

    def leave(self) -> None:
        """Nothing of it stays."""
        if self.made is not None or self.before is not None:
            self._try("take away", self._delete, needs=self.made is not None)
            self._try("others", self._others, needs=self.before is not None)

    def _methods(self) -> tuple[bool, str]:
        missing = [name for name in NEEDED if not self.client.supports(name)]
        named = f"all {len(NEEDED)} that a rescue needs"
        return not missing, f"not named: {', '.join(missing)}" if missing else named

    def _list(self) -> tuple[bool, str]:
        self.before = methods.list_sessions(self.client)
        return True, f"{len(self.before)} there; none of them is touched"

    def _make(self) -> tuple[bool, str]:
        self.made = throwaway.create(self.client, self.key)
        return True, "empty, and ours alone"

    def _turn(self) -> tuple[bool, str]:
        seen = probe(self.client, self.key)
        self._wait_until_idle()
        return seen.answered, seen.detail

    def _scan(self) -> tuple[bool, str]:
        with Ward.open(self.host.settings, SilentReporter()) as ward:
            report = ward.look_at(*ward.find(self.key)).report
        entries = f", {report.entries} entries" if report.entries is not None else ""
        return report.verdict is Verdict.HEALTHY, f"{report.verdict}: {report.why}{entries}"

    def _compact(self) -> tuple[bool, str]:
        done = methods.compact(self.client, self.key)
        if done.compacted:
            return True, f"{done.tokens_before or '?'} tokens became {done.tokens_after or '?'}"
        return _judged(done.reason)

    def _reset(self) -> tuple[bool, str]:
        present = methods.require(self.client, self.key)
        done = methods.reset(self.client, self.key, expected_session_id=present.session_id or None)
        other = done.session_id != present.session_id
        return (
            True,
            f"a new session id: {done.session_id}" if other else "the session id stays, its history ends",
        )

    def _delete(self) -> tuple[bool, str]:
        gone = throwaway.delete(self.client, self.key)
        return gone, "gone; OpenClaw keeps an archive of its own" if gone else f"{self.key} is still there"

    def _others(self) -> tuple[bool, str]:
        before = {one.key: one for one in self.before or ()}
        after = {one.key: one for one in methods.list_sessions(self.client)}
        lost = before.keys() - after.keys()
        left = [key for key in after if throwaway.MARK in key and key not in before]
        moved = sum(
            replace(one, updated_at=None) != replace(after[key], updated_at=None)
            for key, one in before.items()
            if key in after
        )
        if lost or left:
            return False, "; ".join(
                [*(f"{key} is gone" for key in sorted(lost)), *(f"{key} is left" for key in left)]
            )
        words = f"{len(before)} of {len(before)} there"
        return True, words + (f"; {moved} went on meanwhile by themselves" if moved else ", as they were")

    def _wait_until_idle(self) -> None:
        """7.1 calls a run active for a moment after its answer; 4.15 does not say."""
        deadline = time.monotonic() + IDLE_SECONDS
        while methods.active_run(self.client, self.key) and time.monotonic() < deadline:
            time.sleep(_PAUSE_SECONDS)

    def _try(
        self, name: str, act: Callable[[], tuple[bool, str]], *, needs: bool = True, why: str = ""
    ) -> bool:
        if not needs:
            self._note(Step(name, ok=None, words=why or "left out: an earlier step failed"))
            return False
        self.onlooker.begins(name)
        began = time.monotonic()
        try:
            ok, words = act()
        except ClawmedicError as error:
            ok, words = False, error.message
        self._note(Step(name, ok=ok, words=words, elapsed_ms=since(began)))
        return ok

    def _note(self, step: Step) -> None:
        self.steps.append(step)
        self.onlooker.saw(step)


def _judged(reason: str) -> tuple[bool, str]:
    """Whether a compaction that did not come about says something against the gateway: hardly, for one short turn."""
    cause = cause_of(reason)
    small = any(words in reason.lower() for words in ("too small", "below threshold", "no compactable"))
    if small or cause in (Cause.NOTHING_TO_COMPACT, Cause.ALREADY_COMPACTED):
        return True, f"asked, and there is nothing to compact yet: {reason}"
    if cause is Cause.QUALITY_GUARD:
        return True, f"the model wrote a summary of one turn, and the quality guard did not want it: {reason}"
    return False, f"it failed: {reason}"
