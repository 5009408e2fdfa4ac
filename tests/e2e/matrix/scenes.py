"""What happens to the cells of a release: all die, the running gateway's are rescued, it stops, the others are."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from lab.faults import SERVER_ERROR, Hang
from lab.provider import Rule

from matrix.cells import NEWEST, Cell
from matrix.memory import conversations, fingerprint
from matrix.ward import Bed, Ward

_LOG = logging.getLogger("matrix")
"""`--log-cli-level=INFO` shows how far a campaign has come."""
_SILENCE = 45.0
"""Seconds after which a message to 2026.4.15 is taken for unanswered: it says nothing about some failures."""
_REFUSAL = 240.0
"""Seconds; 2026.9.6 tries a provider that refuses connections for 90 s."""
_AT_ONCE = 3
"""Sessions that are filled at the same time; those whose provider does not answer take no room."""
_WAITING = 8
"""Sessions that wait for a refusal at the same time: they take no room."""
_YOUNG = 540.0
"""Seconds since the death within which a cause that passes by itself must be waited for."""


def campaign(ward: Ward, cells: Sequence[Cell]) -> list[Bed]:
    """Kill all, rescue those of the running gateway, stop it, rescue the others, start it, ask them too."""
    beds = [Bed(cell) for cell in cells]
    outage = _die(ward, beds)
    running = [bed for bed in beds if bed.cell.column != "stopped" and not bed.trouble]
    stopped = [bed for bed in beds if bed.cell.column == "stopped" and not bed.trouble]
    ward.examine(running)
    for bed in running:
        _guarded(bed, lambda bed: _beside_a_running_gateway(ward, bed))
    if stopped:
        ward.stop()
        ward.examine(stopped)
        for bed in stopped:
            _guarded(bed, lambda bed: _without_gateway(ward, bed))
        ward.start()
    ward.lost.heal(outage)
    ward.open_gone()
    for bed in [*stopped, *(each for each in running if each.cell.ill.everything)]:
        _guarded(bed, lambda bed: _after_the_start(ward, bed))
    ward.look_again([*running, *stopped])
    for bed in running:
        if bed.reversible == "state" and bed.rungs == ("rewind",):
            _guarded(bed, lambda bed: _back_to_the_branch(ward, bed))
    return beds


def _die(ward: Ward, beds: Sequence[Bed]) -> Rule:
    """Those of a dead provider wait long for their refusals: all at once, while the others are filled.

    Returns what ends the outage of the provider `lost` when it is healed.
    """
    waiting = [bed for bed in beds if bed.cell.ill.everything]
    for bed in waiting:
        _guarded(bed, lambda bed: _well(ward, bed))
    ward.close_gone()
    outage = ward.lost.fail(SERVER_ERROR)
    with ThreadPoolExecutor(_WAITING) as slow, ThreadPoolExecutor(_at_once(ward.version)) as others:
        for bed in waiting:
            slow.submit(_guarded, bed, lambda bed: _refused(ward, bed))
        for bed in beds:
            if bed not in waiting:
                pool = slow if isinstance(bed.cell.ill.fault, Hang) else others
                pool.submit(_guarded, bed, ward.kill)
    found = conversations(ward.gateway, [bed.cell.mark for bed in beds])
    for bed in beds:
        bed.before = found[bed.cell.mark]
        bed.entries = len(bed.before)
    return outage


def _at_once(version: str) -> int:
    """2026.4.15 writes no traces: lines without a key cannot be told apart where two sessions die at once."""
    return 1 if version == "2026.4.15" else _AT_ONCE


def _well(ward: Ward, bed: Bed) -> None:
    for number in range(2):
        text = f"Good morning {number}, this is {bed.cell.mark}."
        if not ward.say(bed.cell, text, _REFUSAL).useful:
            raise AssertionError("not answered while it was well")
        bed.told.append(text)
        if number == 0:
            ward.change_model(bed.cell, "gone/big" if bed.cell.ill.fault is None else "lost/big")


def _refused(ward: Ward, bed: Bed) -> None:
    """Two messages without an answer: one alone is no death."""
    silent = ward.version == "2026.4.15" and bed.cell.path == "chat"
    for number in range(2):
        text = f"Still there, {bed.cell.mark}? {number}"
        answer = ward.say(bed.cell, text, _SILENCE if silent else _REFUSAL)
        if answer.useful:
            asked = [f"{name}/{one.model}" for name, one in ward.asked(text)]
            raise AssertionError(f"answered by {asked}, and its provider is dead: {answer}")
    bed.died_at = time.monotonic()


def _beside_a_running_gateway(ward: Ward, bed: Bed) -> None:
    _held(ward, bed)
    ward.rescue(bed)
    if bed.cell.ill.everything:
        now = conversations(ward.gateway, [bed.cell.mark])[bed.cell.mark]
        bed.unchanged = now == bed.before
        return
    ward.ask(bed)


def _held(ward: Ward, bed: Bed) -> None:
    """A cause that passes by itself is waited for, unless the policy is named; then it is named."""
    if not bed.cell.ill.transient or bed.cell.reset_by_itself or bed.cell.path == "agent":
        return
    young = time.monotonic() - bed.died_at < _YOUNG
    waits = ward.waits(bed)
    bed.waited = waits if young else None


def _without_gateway(ward: Ward, bed: Bed) -> None:
    before = fingerprint(ward.gateway.state_dir)
    _held(ward, bed)
    operation = ward.rescue(bed)
    if not bed.cell.rung:
        bed.unchanged = fingerprint(ward.gateway.state_dir) == before
        bed.advised = "start the gateway" in bed.said
        return
    ward.undo(bed, operation)
    after = fingerprint(ward.gateway.state_dir)
    differ = [name for name, digest in before.items() if after.get(name) != digest]
    bed.undone = not differ
    bed.trouble += f"after undo these differ: {differ}" if differ else ""
    ward.rescue(bed)


def _after_the_start(ward: Ward, bed: Bed) -> None:
    if bed.cell.version == NEWEST and not bed.cell.ill.everything:
        bed.first_code = bed.code
        ward.rescue(bed)
    ward.ask(bed)


def _back_to_the_branch(ward: Ward, bed: Bed) -> None:
    ward.undo(bed, bed.operation)
    bed.undone = ward.newest_is_in_sight(bed)


def _guarded(bed: Bed, work: Callable[[Bed], None]) -> None:
    """The other cells go on when one fails; its test then fails with what went wrong."""
    try:
        work(bed)
    except Exception as error:  # noqa: BLE001 - told by the cell's own test
        bed.trouble += f"{error!r} "
    _LOG.info("%s: %s %s %s", bed.cell.name, bed.rungs, "answered" if bed.answered else "", bed.trouble)
