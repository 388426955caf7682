"""Random steps of people, workers, network, clocks and faults on both sides at once, and what must hold all the time.

    python -m bench.model_check [--seeds 20] [--steps 1000] [--first 1] [--minutes 60]

Both deployments and the network between them are in this process and go by one seed (`tests/handover/simulation`), on a
PostgreSQL of their own. A seed that fails is printed with the steps that led there, and fails again in the same way:
`--first SEED --seeds 1`. The exit status is then 1. What a run did is counted at the end; `strikes` are the statements
at which a connection broke or a process ended. After `--minutes` no other seed is begun.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

from bench import machine, simulated
from tests.handover.simulation.run import RunError, run
from tests.handover.simulation.world import prepared


async def main(wishes: argparse.Namespace) -> bool:
    """Run all seeds; say whether everything held."""
    steps: Counter[str] = Counter()
    strikes: Counter[str] = Counter()
    failed: list[int] = []
    done = leads = told = 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        async with prepared(Path(folder)) as made:
            for seed in range(wishes.first, wishes.first + wishes.seeds):
                if time.monotonic() - started > 60 * wishes.minutes:
                    break
                done += 1
                try:
                    report = await run(seed, wishes.steps, made, Path(folder))
                except RunError as error:
                    failed.append(seed)
                    print(error, flush=True)
                    continue
                steps += report.steps
                strikes += report.strikes
                leads, told = leads + report.leads, told + report.told
                print(f"seed {seed}: {report.leads} leads, {report.told} ends told, {report.digest[:16]}", flush=True)
    print(f"\n{machine.machine()}")
    print(f"{done} seeds of {wishes.steps} steps in {time.monotonic() - started:.0f} s")
    print(f"{leads} leads, {told} ends told")
    print(", ".join(f"{name} {count}" for name, count in steps.most_common()))
    print(f"{strikes.total()} strikes at {len(strikes)} different points: {_by_kind(strikes)}")
    print(f"failed: {', '.join(map(str, failed)) or 'none'}")
    return not failed


def _by_kind(strikes: Counter[str]) -> str:
    """How often which side died or lost a connection."""
    kinds: Counter[str] = Counter()
    for where, count in strikes.items():
        side, how, *_ = where.split()
        kinds[f"{side} {how}"] += count
    return ", ".join(f"{kind} {count} times" for kind, count in sorted(kinds.items()))


def _wishes() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.model_check", description="the hand-over under random faults"
    )
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--first", type=int, default=1, help="seed to begin with")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="after which no other seed is begun")
    return parser.parse_args()


if __name__ == "__main__":
    simulated.run(main(_wishes()))
