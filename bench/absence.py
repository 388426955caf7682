"""Ten thousand outcomes that wait for a BPO which is away for an hour, in simulated time.

    python -m bench.absence [--leads 10000] [--messages 1]

The dealer's workers go on looking each second. Printed is how often they tried meanwhile, how soon after the BPO's
return the first message arrived and when the last did, and how many were under way at once; the exit status is 1 unless
all of them arrived, each lead's in order, the first within a minute. What a call takes is set to a tenth of a second.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from bench import machine, simulated
from models.sync.queue import Limits
from tests.handover.simulation.absence import absence, out_of_order, won
from tests.handover.simulation.world import prepared, world

SOON = 60.0


async def main(wishes: argparse.Namespace) -> bool:
    """Do it once; say whether all was well."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        async with prepared(Path(folder)) as made, world(1, made, Path(folder)) as one:
            leads = await won(one, wishes.leads, wishes.messages)
            print(f"leads are won                        {time.monotonic() - started:8.1f} s", flush=True)
            seen = await absence(one, wishes.leads * wishes.messages)
            wrong = await out_of_order(one.sides, leads)
    print(f"\n{machine.machine()}")
    print(f"{wishes.leads} leads with {wishes.messages} messages each, in {time.monotonic() - started:.0f} s")
    print(f"{seen.tries_meanwhile} tries in the hour, {seen.most_at_once} messages at once at most")
    print(f"the first arrived {seen.first_after:.1f} s after the return, the last {seen.all_after:.1f} s after it")
    print(f"{len(wrong)} leads whose messages did not arrive in order")
    return not wrong and seen.first_after <= SOON and seen.most_at_once <= Limits().per_remote


def _wishes() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.absence", description="an hour without the other side")
    parser.add_argument("--leads", type=int, default=10_000)
    parser.add_argument("--messages", type=int, default=1, help="about each lead")
    return parser.parse_args()


if __name__ == "__main__":
    simulated.run(main(_wishes()))
