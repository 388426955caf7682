"""Figures for Prometheus: what calls cost and how they end.

Labels are bounded: models and methods are those of the registry, whatever else a caller names counts as "unknown".
Other parts of the server add theirs with `register`. Counting must cost a call next to nothing, so calls are added up
in plain numbers and handed to prometheus-client once a second and when somebody asks. With several server processes
prometheus-client sums the counters through files (PROMETHEUS_MULTIPROC_DIR, set by the parent process); figures taken
at the moment of asking are those of the process that answers.
"""

import asyncio
import os
from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
SHARED_FILES = "PROMETHEUS_MULTIPROC_DIR"
HAND_OVER_SECONDS = 1.0

disable_created_metrics()  # type: ignore[no-untyped-call]

Figure = Callable[[], float]


class Tally:
    """Calls of one method with one outcome, since they were last handed over."""

    __slots__ = ("calls", "places", "seconds", "statements")

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin again."""
        self.calls = 0
        self.statements = 0
        self.seconds = 0.0
        self.places = [0] * (len(SECONDS) + 1)


class Metrics:
    """The figures of one server process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._collectors: list[Collector] = []
        self._calls = self._counter("tandem_calls", "Calls by outcome (ok or an error's key)", "outcome")
        self._statements = self._counter("tandem_call_statements", "Statements of calls")
        self._seconds = Histogram(
            "tandem_call_seconds", "Time of a call", ["model", "method"], buckets=SECONDS, registry=self.registry
        )
        self._retries = Counter(
            "tandem_call_retries", "Calls run again, by SQLSTATE", ["sqlstate"], registry=self.registry
        )
        self._tallies: dict[tuple[str, str, str], Tally] = {}
        self._timer: asyncio.TimerHandle | None = None

    def call(self, model: str, method: str, outcome: str, seconds: float, statements: int) -> None:
        """Count one call. Model and method must come from the registry, the outcome from a class of errors."""
        tally = self._tallies.get((model, method, outcome))
        if tally is None:
            tally = self._tallies[model, method, outcome] = Tally()
        tally.calls += 1
        tally.statements += statements
        tally.seconds += seconds
        tally.places[bisect_left(SECONDS, seconds)] += 1
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(HAND_OVER_SECONDS, self.hand_over)

    def retry(self, sqlstate: str) -> None:
        """Count one call that is run again."""
        self._retries.labels(sqlstate).inc()

    def register(self, collector: Collector) -> None:
        """Add figures of another part of the server, such as the depth of the outbox."""
        self.registry.register(collector)
        self._collectors.append(collector)

    def text(self) -> bytes:
        """All figures in Prometheus' text form."""
        self.hand_over()
        if not os.environ.get(SHARED_FILES):
            return generate_latest(self.registry)
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
        for collector in self._collectors:
            shared.register(collector)
        return generate_latest(shared)

    def hand_over(self) -> None:
        """Give prometheus-client what was added up."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for (model, method, outcome), tally in self._tallies.items():
            if not tally.calls:
                continue
            self._calls.labels(model, method, outcome).inc(tally.calls)
            self._statements.labels(model, method).inc(tally.statements)
            times: Any = self._seconds.labels(model, method)
            times._sum.inc(tally.seconds)  # noqa: SLF001 there is no public way to add many observations at once
            for place, count in enumerate(tally.places):
                if count:
                    times._buckets[place].inc(count)  # noqa: SLF001
            tally.clear()

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, ["model", "method", *labels], registry=self.registry)


class Gauges(Collector):
    """Figures that are read at the moment of asking: {name: (help, function)}."""

    def __init__(self, figures: dict[str, tuple[str, Figure]]) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        """Read them all."""
        for name, (help_text, figure) in self._figures.items():
            yield GaugeMetricFamily(name, help_text, value=figure())
