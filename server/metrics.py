"""Figures for Prometheus: what calls cost and how they end.

Labels are bounded: models and methods are those of the registry, whatever else a caller names counts as "unknown".
Other parts of the server add theirs with `register`. With several server processes prometheus-client sums the
counters through files (PROMETHEUS_MULTIPROC_DIR, set by the parent process); figures taken at the moment of asking
are those of the process that answers.
"""

import os
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
SHARED_FILES = "PROMETHEUS_MULTIPROC_DIR"

disable_created_metrics()  # type: ignore[no-untyped-call]

Figure = Callable[[], float]
Count = Callable[[float], None]


class Metrics:
    """The figures of one server process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._calls = Counter(
            "tandem_calls",
            "Calls by outcome (ok or an error's key)",
            ["model", "method", "outcome"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "tandem_call_seconds", "Time of a call", ["model", "method"], buckets=SECONDS, registry=self.registry
        )
        self._statements = Counter(
            "tandem_call_statements", "Statements of calls", ["model", "method"], registry=self.registry
        )
        self._retries = Counter(
            "tandem_call_retries", "Calls run again, by SQLSTATE", ["sqlstate"], registry=self.registry
        )
        self._children: dict[tuple[str, str, str], tuple[Count, Count, Count]] = {}

    def call(self, model: str, method: str, outcome: str, seconds: float, statements: int) -> None:
        """Count one call. Model and method must come from the registry, the outcome from a class of errors."""
        found = self._children.get((model, method, outcome))
        if found is None:
            found = self._children[model, method, outcome] = (
                self._calls.labels(model, method, outcome).inc,
                self._seconds.labels(model, method).observe,
                self._statements.labels(model, method).inc,
            )
        found[0](1)
        found[1](seconds)
        found[2](statements)

    def retry(self, sqlstate: str) -> None:
        """Count one call that is run again."""
        self._retries.labels(sqlstate).inc()

    def register(self, collector: Collector) -> None:
        """Add figures of another part of the server, such as the depth of the outbox."""
        self.registry.register(collector)

    def text(self) -> bytes:
        """All figures in Prometheus' text form."""
        if not os.environ.get(SHARED_FILES):
            return generate_latest(self.registry)
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
        return generate_latest(shared)


class Gauges(Collector):
    """Figures that are read at the moment of asking: {name: (help, function)}."""

    def __init__(self, figures: dict[str, tuple[str, Figure]]) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        """Read them all."""
        for name, (help_text, figure) in self._figures.items():
            yield GaugeMetricFamily(name, help_text, value=figure())
