"""Ten thousand messages that waited for a BPO: what others who call it meanwhile notice when they arrive.

    python -m bench.backlog [--leads 2500] [--messages 4] [--rate 20] [--quiet 20]

Both deployments are server processes on a PostgreSQL of their own; the BPO cannot be reached while the dealer wins its
leads, each of which has several messages: its outcome, and that again as other events. People of the BPO read and write
leads all the time, at a fixed rate, each call timed from the moment at which it was due. Printed are their latencies
before the BPO can be reached again and while the messages arrive. The exit status is 1 unless all messages arrived,
each lead's in order, the first within a minute.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bench import machine
from bench.handover import MADE_TOGETHER, UNFINISHED, drained
from rpc_client import RpcError
from server.database import databases
from server.database.embedded import EmbeddedPostgres
from tests.handover.sides import AGENT, BPO_LEAD, DEALER_LEAD, SELLER, Lead, Sides, running_sides
from tests.handover.simulation.absence import TOGETHER, out_of_order, said_again

OTHERS = 200  # leads that the BPO's people work on meanwhile
WORDS = ["name", "contact_name", "stage_id", "user_id", "mobile"]
SOON = 60.0
LOOK_AGAIN = 0.05


class Others:
    """The BPO's people: four calls in five read a page of leads, one writes a lead."""

    def __init__(self, sides: Sides, leads: Sequence[Lead], rate: float) -> None:
        self._client = sides.bpo.at(AGENT).get_model(BPO_LEAD)
        self._leads = [lead.bpo for lead in leads]
        self._rate = rate
        self._seconds: list[float] = []
        self.failures = 0

    @asynccontextmanager
    async def calling(self) -> AsyncIterator[None]:
        """Call all the time, also when the last answer has not come yet."""
        task = asyncio.create_task(self._call_on())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def since_last_asked(self) -> str:
        """How long the calls took since this was asked for last."""
        found, self._seconds = sorted(self._seconds), []
        shown = [f"p{share} {1000 * found[int(len(found) * share / 100)]:7.1f} ms" for share in (50, 99)]
        return f"{len(found):>6} calls, {', '.join(shown)}, longest {1000 * found[-1]:.1f} ms"

    async def _call_on(self) -> None:
        began, number = time.monotonic(), 0
        async with asyncio.TaskGroup() as group:
            while True:
                number += 1
                due = began + number / self._rate
                await asyncio.sleep(due - time.monotonic())
                group.create_task(self._call(number, due))

    async def _call(self, number: int, due: float) -> None:
        lead = self._leads[number % len(self._leads)]
        try:
            if number % 5:
                await self._client.search_read([["id", ">=", lead]], WORDS, limit=20)
            else:
                await self._client.write([lead], {"customer_notes": f"Call {number}"})
        except RpcError:
            self.failures += 1
        self._seconds.append(time.monotonic() - due)


async def backlog(sides: Sides, wishes: argparse.Namespace) -> bool:
    """Let the messages gather, then arrive; say whether all is as it should be."""
    total = wishes.leads * wishes.messages
    others = Others(sides, await sides.negotiated(OTHERS), wishes.rate)
    leads = await _won(sides, wishes)
    print(f"{await sides.dealer.value(UNFINISHED)} messages wait", flush=True)
    async with others.calling():
        await asyncio.sleep(wishes.quiet / 4)
        others.since_last_asked()
        await asyncio.sleep(wishes.quiet)
        before = others.since_last_asked()
        began = time.monotonic()
        await sides.to_bpo.listen()
        await drained(sides.dealer, total - 1)
        first = time.monotonic() - began
        others.since_last_asked()
        await drained(sides.dealer)
        during = others.since_last_asked()
        last = time.monotonic() - began
    wrong = await out_of_order(sides, leads)
    print(f"\n{machine.machine()}")
    print(f"{wishes.leads} leads with {wishes.messages} messages each")
    print(f"the first arrived {first:.1f} s after the return, the last {last:.1f} s after it: ", end="")
    print(f"{total / (last - first):.0f} a second")
    print(f"others before      {before}\nothers meanwhile   {during}\n{others.failures:>6} of them failed")
    print(f"{len(wrong):>6} leads whose messages did not arrive in order, each once")
    return not wrong and not others.failures and first <= SOON


async def _won(sides: Sides, wishes: argparse.Namespace) -> list[Lead]:
    """Leads that are won while the BPO is away, with all their messages."""
    leads: list[Lead] = []
    for start in range(0, wishes.leads, MADE_TOGETHER):
        leads += await sides.endorsed(min(MADE_TOGETHER, wishes.leads - start))
    await sides.to_bpo.refuse()
    model = sides.dealer.at(SELLER).get_model(DEALER_LEAD)
    for start in range(0, len(leads), TOGETHER):
        some = leads[start : start + TOGETHER]
        await model.action_set_won([lead.dealer for lead in some])
        for _ in range(wishes.messages - 1):
            async with sides.dealer.env() as env:
                await said_again(env, some)
    return leads


def _reachable(folder: str) -> Path:
    """Return a folder that others may enter: run as root, PostgreSQL gets another account."""
    home = Path(folder)
    home.chmod(0o755)
    return home


async def main(wishes: argparse.Namespace) -> bool:
    """Run it on a PostgreSQL of its own, durable as in production."""
    with tempfile.TemporaryDirectory(prefix="backlog-") as folder:
        home = _reachable(folder)
        async with EmbeddedPostgres(home / "postgres") as postgres:
            for name in ("bpo", "dealer"):
                await databases.create_database_if_missing(postgres.address, name)
            async with running_sides(postgres.address, "bpo", "dealer", home) as sides:
                return await backlog(sides, wishes)


def _wishes() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.backlog", description="what others notice of a backlog")
    parser.add_argument("--leads", type=int, default=2500)
    parser.add_argument("--messages", type=int, default=4, help="about each lead")
    parser.add_argument("--rate", type=float, default=20.0, help="calls a second of the BPO's people")
    parser.add_argument("--quiet", type=float, default=20.0, help="seconds that are measured before the return")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(main(_wishes())) else 1)
