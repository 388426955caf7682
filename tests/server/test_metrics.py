"""Figures: what was added up in plain numbers is what prometheus-client would have counted call by call."""

import random

from prometheus_client import CollectorRegistry, Histogram, generate_latest

from server.metrics import SECONDS, Metrics


async def test_times_are_counted_as_prometheus_counts_them() -> None:
    chance = random.Random(7)
    times = [*SECONDS, 0.0, 31.0, *(chance.expovariate(5) for _ in range(500))]
    metrics, registry = Metrics(), CollectorRegistry()
    reference = Histogram(
        "tandem_call_seconds", "Time of a call", ["model", "method"], buckets=SECONDS, registry=registry
    )

    for number, seconds in enumerate(times):
        metrics.call("a.model", "read", "ok", seconds, 2)
        reference.labels("a.model", "read").observe(seconds)
        if number % 100 == 0:
            metrics.hand_over()

    text = metrics.text().decode()
    wanted = [line for line in generate_latest(registry).decode().splitlines() if "bucket" in line or "_count" in line]
    assert [line for line in wanted if line not in text.splitlines()] == []
    assert f'tandem_calls_total{{method="read",model="a.model",outcome="ok"}} {len(times)}.0' in text
    assert f'tandem_call_statements_total{{method="read",model="a.model"}} {2 * len(times)}.0' in text
