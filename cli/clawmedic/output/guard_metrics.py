"""The guard's textfile for Prometheus: written whole after each pass, for the node exporter to read.

Every number has the label `state`: several guards of one host write a file each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clawmedic.disk.atomic import write_atomically
from clawmedic.errors import RefusedError
from clawmedic.model.signals import GuardSignals
from clawmedic.output.text import visible

if TYPE_CHECKING:
    from prometheus_client.core import Metric

READABLE = 0o644
"""The exporter runs as another user. The file names sessions, and holds no word of a conversation."""


def write_metrics(path: Path, signals: GuardSignals) -> None:
    """Replace the file as a whole.

    Raises:
        RefusedError: its directory is not there, or the disk refuses.
    """
    if not path.parent.is_dir():
        raise RefusedError(
            f"cannot write {path}: no such directory", hint="make it, readable by the exporter"
        )
    write_atomically(path, guard_exposition(signals).encode(), mode=READABLE)


def guard_exposition(signals: GuardSignals) -> str:
    """The numbers as text, in the exposition format; seconds and counts as the names say."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry()
    registry.register(_Pass(signals))
    return generate_latest(registry).decode()


class _Pass:
    """A collector of one pass."""

    def __init__(self, signals: GuardSignals) -> None:
        self._signals = signals
        self._state = visible(signals.state_dir)

    def collect(self) -> Iterator[Metric]:
        """Every number; what prometheus-client asks for."""
        seen = self._signals
        yield self._gauge("up", "1 when the last pass could do its work.", seen.up)
        yield self._gauge("paused", "1 while the guard is paused.", seen.paused)
        yield self._gauge("last_run_timestamp_seconds", "When the last pass ended.", seen.at / 1000)
        yield self._gauge("last_run_duration_seconds", "How long it took.", seen.duration_ms / 1000)
        yield self._gauge("last_run_exit_code", "What it ended with.", seen.exit_code)
        yield self._gauge("unanswered_messages", "Messages that wait for an answer.", seen.unanswered)
        yield self._gauge("notices_waiting", "Notices that no channel has taken.", seen.notices_waiting)
        yield self._gauges(
            "sessions",
            "Sessions by agent and verdict.",
            ["agent", "verdict"],
            (((agent, verdict), count) for agent, verdict, count in seen.sessions),
        )
        yield self._gauges(
            "causes",
            "Sessions that are not healthy, by cause.",
            ["cause"],
            (((cause,), count) for cause, count in seen.causes),
        )
        yield self._gauges(
            "attempts_left",
            "What is left of a session's attempts.",
            ["key"],
            (((key,), left) for key, left in seen.attempts_left),
        )
        yield self._rescues()

    def _gauge(self, name: str, words: str, value: float) -> Metric:
        return self._gauges(name, words, [], [((), value)])

    def _gauges(
        self, name: str, words: str, labels: Sequence[str], rows: Iterable[tuple[Sequence[str], float]]
    ) -> Metric:
        from prometheus_client.core import GaugeMetricFamily

        family = GaugeMetricFamily(f"clawmedic_guard_{name}", words, labels=["state", *labels])
        for values, number in rows:
            family.add_metric([self._state, *map(visible, values)], number)
        return family

    def _rescues(self) -> Metric:
        from prometheus_client.core import CounterMetricFamily

        labels = ["state", "rung", "result"]
        family = CounterMetricFamily("clawmedic_guard_rescues", "Rescues by rung and result.", labels=labels)
        for rung, result, count in self._signals.rescues:
            family.add_metric([self._state, visible(rung), visible(result)], count)
        return family
