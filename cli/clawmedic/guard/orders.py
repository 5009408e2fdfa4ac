"""What one pass is asked to do, and the tools it does it with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

from clawmedic.configuration.sections import Configuration
from clawmedic.guard.stopping import Stopping
from clawmedic.model.notice import Notice
from clawmedic.model.policy import Policy
from clawmedic.model.signals import Action

if TYPE_CHECKING:
    from clawmedic.recovery.line import Line


class Posted(Protocol):
    """What became of notices; `notify.post.Posted` is one."""

    @property
    def fresh(self) -> tuple[Notice, ...]:
        """Those that nobody was told before."""

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be sent, one line each."""


class Notifier(Protocol):
    """The way to people; `notify.post.Post` is one. It remembers what it told, and never raises."""

    def send(self, notices: Iterable[Notice] = ()) -> Posted:
        """Tell what nobody was told yet, and try again what waits."""

    def forget(self, *conditions: str) -> None:
        """These conditions have ended: when they come again, people are told again."""


class Diary(Protocol):
    """Is told of each thing that the guard does, as it does it: one line each."""

    def note(self, action: Action) -> None:
        """One action."""


class SilentDiary:
    """Says nothing."""

    def note(self, action: Action) -> None:
        """Ignored."""


class Orders(Struct, frozen=True):
    """What is asked for.

    Attributes:
        configuration: clawmedic's own.
        policy: `--policy`, None when not given.
        dry_run: only say what would be done: nothing is changed, told or remembered.
        gateway_stopped: the operator vouches that no gateway uses the directory.
    """

    configuration: Configuration = field(default_factory=Configuration)
    policy: Policy | None = None
    dry_run: bool = False
    gateway_stopped: bool = False

    @property
    def configured(self) -> bool:
        """Whether anybody has said how far the guard may go."""
        guard = self.configuration.guard
        own = any(rule.policy is not None and not rule.built_in for rule in guard.rules)
        return self.policy is not None or guard.policy is not None or own


class Tools(Struct, frozen=True):
    """What a pass works with.

    Attributes:
        line: gives the way to the gateway, the same each time; None where none is wanted. What only a rescue needs is
            imported when it is needed.
        notifier: the way to people, None where nobody is told.
    """

    line: Callable[[], Line] | None
    notifier: Notifier | None
    diary: Diary
    stopping: Stopping
