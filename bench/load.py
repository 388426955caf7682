"""A closed loop: so many connections, on each the next unit as soon as the last one is answered.

Run as a program it takes a `Job` as JSON on standard input, pins itself to a core and prints `Figures` as JSON. It also
reads the CPU time of the processes under load, at the same two moments between which it counts units.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
import uvloop

from bench import cpu
from bench.dialects import DIALECTS, Login, RefusedError
from bench.wire import Client
from bench.workloads import Caller, Workloads, WrongAnswerError
from bench.world import World

FAILURES = (RefusedError, WrongAnswerError, ConnectionError, KeyError, TypeError, ValueError)
PAUSE_AFTER_FAILURE = 0.01
MANY_FAILURES = 1000
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What to do to which server. It ends after `seconds`, or after `units` when that is not 0."""

    url: str
    dialect: str
    login: Login
    world: World
    workload: str
    concurrency: int = 16
    seconds: float = 3.0
    warmup: float = 0.5
    units: int = 0
    seed: int = 1
    core: int | None = None
    processes: Mapping[str, int] = {}  # name: head of a process family whose CPU time is wanted


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. Latencies are milliseconds, CPU times microseconds of each family for one unit."""

    units: int
    per_second: float
    p50: float
    p99: float
    failures: int
    samples: tuple[str, ...]
    bytes_a_call: int
    cpu: Mapping[str, float]
    generator_busy: float  # share of its core


class Loop:
    """Runs units on all connections at once and keeps count."""

    def __init__(self, job: Job, headers: dict[str, str], dialect: Any) -> None:
        self._job = job
        self._clients = [Client(job.url, headers) for _ in range(job.concurrency)]
        self._callers = [Caller(dialect, client) for client in self._clients]
        workloads = Workloads(job.world, job.seed)
        self._unit: Callable[[Caller], Awaitable[Any]] = getattr(workloads, job.workload)
        self._running = False
        self._left = 0
        self.latencies: list[float] = []
        self.failures: Counter[str] = Counter()

    async def run(self, seconds: float, units: int = 0) -> float:
        """Run units until the time is over or so many are done; returns the seconds until the last answer."""
        self.latencies.clear()
        self.failures.clear()
        for caller in self._callers:
            caller.calls = caller.bytes = 0
        self._running, self._left = True, units or sys.maxsize
        started = time.perf_counter()
        work = asyncio.gather(*map(self._work, self._callers))
        if not units:
            await asyncio.sleep(seconds)
            self._running = False
        await work
        return time.perf_counter() - started

    @property
    def bytes_a_call(self) -> int:
        """Mean size of an answer's body."""
        return sum(caller.bytes for caller in self._callers) // max(1, sum(caller.calls for caller in self._callers))

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients:
            client.close()

    async def _work(self, caller: Caller) -> None:
        while self._running and self._left > 0:
            self._left -= 1
            started = time.perf_counter()
            try:
                await self._unit(caller)
            except FAILURES as error:
                self.failures[f"{type(error).__name__}: {error}"[:300]] += 1
                if self.failures.total() >= MANY_FAILURES:
                    self._running = False
                await asyncio.sleep(PAUSE_AFTER_FAILURE)
            else:
                self.latencies.append(time.perf_counter() - started)


async def measure(job: Job) -> Figures:
    """Sign in, warm up, measure."""
    dialect = DIALECTS[job.dialect](job.login)
    door = Client(job.url, {})
    headers = await dialect.sign_in(door)
    door.close()
    loop = Loop(job, headers, dialect)
    try:
        if job.warmup:
            await loop.run(job.warmup)
        before = {name: cpu.family_nanoseconds(head) for name, head in job.processes.items()}
        own = time.process_time()
        seconds = await loop.run(job.seconds, job.units)
        own = time.process_time() - own
        used = {name: cpu.family_nanoseconds(head) - before[name] for name, head in job.processes.items()}
        return _figures(loop, seconds, used, own)
    finally:
        loop.close()


def _figures(loop: Loop, seconds: float, used: Mapping[str, int], own: float) -> Figures:
    latencies = sorted(loop.latencies)
    done = len(latencies)
    return Figures(
        units=done,
        per_second=done / seconds,
        p50=_quantile(latencies, 0.5),
        p99=_quantile(latencies, 0.99),
        failures=loop.failures.total(),
        samples=tuple(text for text, _ in loop.failures.most_common(3)),
        bytes_a_call=loop.bytes_a_call,
        cpu={name: nanoseconds / 1000 / max(1, done) for name, nanoseconds in used.items()},
        generator_busy=own / seconds,
    )


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 if ordered else 0.0


def main() -> None:
    """Read a job, do it, print its figures."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    if urlsplit(job.url).hostname not in LOOPBACK:
        sys.exit("bench: load is for servers on this machine alone")
    if job.core is not None:
        os.sched_setaffinity(0, {job.core})
    figures = uvloop.run(measure(job))
    sys.stdout.buffer.write(msgspec.json.encode(figures) + b"\n")


if __name__ == "__main__":
    main()
