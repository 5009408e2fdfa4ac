"""What may be done to a key, and what the operator said himself (design.md 5)."""

from __future__ import annotations

from msgspec import Struct

from clawmedic.model.policy import Policy


class Mandate(Struct, frozen=True):
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
