"""How far a rescue may go, and what the operator said himself (design.md 5)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Policy(StrEnum):
    """How far the ladder may be climbed for a key.

    OBSERVE: look and tell, change nothing. IGNORE: do not even tell. PRESERVE: whatever keeps the whole history in
    the model's reach, then tell. REVIVE: also what shortens it. RESET: also a new session.
    """

    OBSERVE = "observe"
    PRESERVE = "preserve"
    REVIVE = "revive"
    RESET = "reset"
    IGNORE = "ignore"

    def allows(self, rung: str) -> bool:
        """Whether a rung of this name may be tried."""
        return rung in _ALLOWED[self]


_PRESERVING = frozenset({"unlock", "relink", "mend", "recover", "compact", "relax", "rewind"})
_ALLOWED = {
    Policy.OBSERVE: frozenset[str](),
    Policy.IGNORE: frozenset[str](),
    Policy.PRESERVE: _PRESERVING,
    Policy.REVIVE: _PRESERVING | {"distil"},
    Policy.RESET: _PRESERVING | {"distil", "reset"},
}


@dataclass(frozen=True, slots=True)
class Mandate:
    """What may be done to a key, and who says so.

    Attributes:
        explicit: the policy was given with the call (`--policy`), not taken from a default or a configuration.
        named: the key was named with the call, not found by `--all` or by the guard.
        agreed: the operator agreed beforehand (`--yes`).
        ordered: the operator asked for exactly these rungs (`reset`, `mend`, `compact`): whether the session needs
            them is not asked, whether they are safe is.
        models: alternative models for a compaction, best first, as "provider/model".
    """

    policy: Policy = Policy.REVIVE
    explicit: bool = False
    named: bool = False
    agreed: bool = False
    ordered: bool = False
    models: tuple[str, ...] = ()

    @property
    def impatient(self) -> bool:
        """Whether a young transient failure is not waited out: an explicit policy with `--yes`."""
        return self.explicit and self.agreed

    @property
    def insists_on_reset(self) -> bool:
        """An explicit `--policy reset --yes` for a named key is obeyed, also where a reset cures nothing."""
        return self.explicit and self.named and self.agreed and self.policy is Policy.RESET
