"""Measuring in turns: in each round every server gets the same workload, so that a disturbance hits all of them."""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.dialects import Login
from bench.load import Figures, Job
from bench.world import World

POSTGRESQL, SERVER = "postgresql", "server"


class LoadError(Exception):
    """The load generator failed, or the answers were wrong."""


@dataclass(frozen=True, slots=True)
class Side:
    """One server in one dialect."""

    name: str
    url: str
    process_id: int
    dialect: str
    login: Login
    workloads: frozenset[str]  # those it can do


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, how often, how many at once, and on which core the load generator runs."""

    seconds: float = 3.0
    rounds: int = 3
    concurrency: int = 16
    core: int | None = None
    postmaster: int = 0


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Medians over the rounds of one side and workload. CPU in microseconds a unit."""

    side: str
    workload: str
    server: float
    postgresql: float
    per_second: float
    p50: float
    p99: float
    bytes_a_call: int
    generator_busy: float

    @property
    def cpu(self) -> float:
        """CPU a unit, server and PostgreSQL together."""
        return self.server + self.postgresql


async def compare(workload: str, sides: Sequence[Side], world: World, plan: Plan) -> list[Result]:
    """Measure one workload on all sides that can do it, in turns."""
    able = [side for side in sides if workload in side.workloads]
    taken: dict[str, list[Figures]] = {side.name: [] for side in able}
    for number in range(plan.rounds):
        for side in able:
            taken[side.name].append(await _one(workload, side, world, plan, seed=number + 1))
    return [_median(name, workload, figures) for name, figures in taken.items()]


async def _one(workload: str, side: Side, world: World, plan: Plan, seed: int) -> Figures:
    job = Job(
        url=side.url,
        dialect=side.dialect,
        login=side.login,
        world=world,
        workload=workload,
        concurrency=plan.concurrency,
        seconds=plan.seconds,
        warmup=min(1.0, plan.seconds / 3),
        seed=seed,
        core=plan.core,
        processes={SERVER: side.process_id, POSTGRESQL: plan.postmaster},
    )
    figures = await run(job)
    if figures.failures or not figures.units:
        samples = "\n".join(figures.samples)
        raise LoadError(f"{side.name}, {workload}: {figures.failures} of {figures.units} failed\n{samples}")
    return figures


async def run(job: Job) -> Figures:
    """Let a load generator of its own process do a job."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.load",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parent.parent,
    )
    said, _ = await process.communicate(msgspec.json.encode(job))
    if process.returncode:
        raise LoadError(f"the load generator ended with {process.returncode}")
    return msgspec.json.decode(said, type=Figures)


def _median(side: str, workload: str, figures: Sequence[Figures]) -> Result:
    def of(values: Sequence[float]) -> float:
        return statistics.median(values)

    return Result(
        side=side,
        workload=workload,
        server=of([one.cpu[SERVER] for one in figures]),
        postgresql=of([one.cpu[POSTGRESQL] for one in figures]),
        per_second=of([one.per_second for one in figures]),
        p50=of([one.p50 for one in figures]),
        p99=of([one.p99 for one in figures]),
        bytes_a_call=figures[-1].bytes_a_call,
        generator_busy=of([one.generator_busy for one in figures]),
    )
