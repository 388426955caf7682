"""Thousands of leads handed over and won while the BPO is killed again and again, and what is true at the end.

    python -m bench.handover [--leads 10000] [--seed 1] [--up 5 20] [--down 0 3]

Both deployments are server processes on a PostgreSQL of their own. Whoever gets no answer presses again. No clock is
turned and nothing is cleared by hand: waits, pauses and leases are those of production. At the end each lead must be
won on both sides, once, with its messages in order; otherwise the exit status is 1.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import machine
from rpc_client import RemoteError, TransportError
from server.database import databases
from server.database.embedded import EmbeddedPostgres
from tests.handover.deployments import Deployment
from tests.handover.sides import AGENT, BPO_LEAD, DEALER_LEAD, SELLER, Lead, Sides, running_sides

CALLERS = 4
TOGETHER = 10  # leads in one call
MADE_TOGETHER = 500
PATIENCE = 180.0  # seconds in which at least one message has to arrive
LOOK_AGAIN = 0.1

UNFINISHED = "select count(*) from sync_job where remote <> '' and state not in ('done', 'skipped')"
TRIES = "select sum(total_attempts) from sync_job where remote <> ''"
WRONG_AT_BPO = """
select count(*) from (
    select l.id, s.is_won, l.date_won is not null as dated, l.endorse_state,
        (select count(*) from crm_dealer_event e where e.lead_id = l.id) as events,
        (select array_agg(t ->> 'new_label' order by m.id) from mail_message m, jsonb_array_elements(m.tracking) t
            where m.model = 'crm.lead' and m.res_id = l.id and t ->> 'field' = 'stage_id') as stages,
        (select count(*) from mail_message m
            where m.model = 'crm.lead' and m.res_id = l.id and m.body like '% won this lead as %') as lines
    from crm_lead l join crm_stage s on s.id = l.stage_id) l
where not (is_won and dated and endorse_state = 'done' and events = 1 and lines = 1
    and stages = array['Endorsed w/ S.Q.', 'Won'])
"""
WRONG_AT_DEALER = """
select count(*) from (
    select l.bpo_source_lead_id, bool_and(s.is_won) as won, bool_and(l.bpo_callback_state = 'done') as told,
        count(*) as leads, count(distinct l.partner_id) as partners, count(distinct o.id) as orders
    from dealer_crm_lead l join dealer_crm_stage s on s.id = l.stage_id
    left join sale_order o on o.dealer_crm_lead_id = l.id
    group by l.bpo_source_lead_id) l
where not (won and told and leads = 1 and partners = 1 and orders = 1)
"""
OVERTAKEN = """
select count(*) from sync_job a join sync_job b
    on b.company_id = a.company_id and b.lane = a.lane and b.lane_seq > a.lane_seq and b.done_at < a.done_at
"""


@dataclass
class Soak:
    """One run, and what it counts."""

    sides: Sides
    chance: random.Random
    up: tuple[float, float]
    down: tuple[float, float]
    kills: int = 0
    unanswered: int = 0
    laps: dict[str, float] = field(default_factory=dict)

    @asynccontextmanager
    async def killing(self) -> AsyncIterator[None]:
        """Kill the BPO again and again; at the end it is up."""
        task = asyncio.create_task(self._kill())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if not self.sides.bpo.is_running:
                await self.sides.bpo.start()

    async def _kill(self) -> None:
        bpo = self.sides.bpo
        while True:
            await asyncio.sleep(self.chance.uniform(*self.up))
            bpo.kill()
            self.kills += 1
            await asyncio.sleep(self.chance.uniform(*self.down))
            await asyncio.shield(asyncio.create_task(bpo.start()))

    async def lap(self, name: str, work: Awaitable[None]) -> None:
        """Do a part and note how long it took."""
        started = time.monotonic()
        await work
        self.laps[name] = time.monotonic() - started
        print(f"{name:<36} {self.laps[name]:8.1f} s", flush=True)

    async def press(self, deployment: Deployment, login: str, model: str, method: str, ids: Sequence[int]) -> None:
        """Call a method on all records, a few at a time; what got no answer is called again, one by one."""
        batches = [ids[start : start + TOGETHER] for start in range(0, len(ids), TOGETHER)]

        async def caller(some: Sequence[Sequence[int]]) -> None:
            for batch in some:
                try:
                    await deployment.at(login).execute(model, method, [list(batch)])
                except TransportError:
                    self.unanswered += 1
                    for one in batch:
                        await self._insist(deployment, login, model, method, one)

        await asyncio.gather(*(caller(batches[start::CALLERS]) for start in range(CALLERS)))

    async def _insist(self, deployment: Deployment, login: str, model: str, method: str, one: int) -> None:
        """Call until there is an answer. A refusal is one too: the first call was carried out, as the end will show."""
        while True:
            try:
                await deployment.at(login).execute(model, method, [[one]])
            except TransportError:
                await asyncio.sleep(LOOK_AGAIN)
            except RemoteError:
                return
            else:
                return


async def soak(sides: Sides, wishes: argparse.Namespace) -> bool:
    """Take all leads from Negotiation to Won; print what happened; say whether all is as it should be."""
    run = Soak(sides, random.Random(wishes.seed), tuple(wishes.up), tuple(wishes.down))
    leads: list[Lead] = []

    async def make() -> None:
        for start in range(0, wishes.leads, MADE_TOGETHER):
            leads.extend(await sides.negotiated(min(MADE_TOGETHER, wishes.leads - start)))

    await run.lap("leads are made", make())
    ids = [lead.bpo for lead in leads]
    async with run.killing():
        await run.lap(
            "are endorsed, BPO killed meanwhile", run.press(sides.bpo, AGENT, BPO_LEAD, "action_endorse_with_sq", ids)
        )
    await run.lap("the dealer has them all", drained(sides.bpo))
    orders = [row[0] for row in await sides.dealer.fetch("select id from sale_order order by id")]
    await run.lap("orders are confirmed", run.press(sides.dealer, SELLER, "sale.order", "action_confirm", orders))
    there = [row[0] for row in await sides.dealer.fetch("select id from dealer_crm_lead order by id")]
    async with run.killing():
        await run.lap(
            "are won, BPO killed meanwhile", run.press(sides.dealer, SELLER, DEALER_LEAD, "action_set_won", there)
        )
        await run.lap("half of the callbacks are through, BPO killed meanwhile", half_drained(sides.dealer))
    await run.lap("the BPO knows of them all", drained(sides.dealer))
    return await verdict(run, len(leads))


async def drained(deployment: Deployment, enough: int = 0) -> None:
    """Wait until at most so many messages are unfinished. TimeoutError when nothing moves any more."""
    before, since = 0, time.monotonic()
    while (left := await deployment.value(UNFINISHED)) > enough:
        if left != before:
            before, since = left, time.monotonic()
        if time.monotonic() - since > PATIENCE:
            raise TimeoutError(await deployment.unfinished())
        await asyncio.sleep(LOOK_AGAIN)


async def half_drained(deployment: Deployment) -> None:
    """Wait until half of what is unfinished now is done."""
    await drained(deployment, await deployment.value(UNFINISHED) // 2)


async def verdict(run: Soak, leads: int) -> bool:
    """Compare both databases with what must be true, and print it."""
    bpo, dealer = run.sides.bpo, run.sides.dealer
    wrong = {
        "BPO leads not won exactly once": await bpo.value(WRONG_AT_BPO),
        "dealer leads not received and won exactly once": await dealer.value(WRONG_AT_DEALER),
        "leads missing at the dealer": leads
        - await dealer.value("select count(distinct bpo_source_lead_id) from dealer_crm_lead"),
        "messages that overtook an earlier one": await bpo.value(OVERTAKEN) + await dealer.value(OVERTAKEN),
        "internal errors in the logs": sum(one.log().count("internal error") for one in (bpo, dealer)),
    }
    print(f"\n{machine.machine()}")
    print(f"{leads} leads, BPO killed {run.kills} times, {run.unanswered} calls without an answer")
    print(f"{await bpo.value(TRIES)} tries for {leads} endorsements, {await dealer.value(TRIES)} for {leads} callbacks")
    for what, count in wrong.items():
        print(f"{count:>8} {what}")
    return not any(wrong.values())


async def main(wishes: argparse.Namespace) -> bool:
    """Run it on a PostgreSQL of its own, durable as in production."""
    with tempfile.TemporaryDirectory(prefix="handover-") as folder:
        home = _open_to_all(Path(folder))
        async with EmbeddedPostgres(home / "postgres") as postgres:
            for name in ("bpo", "dealer"):
                await databases.create_database_if_missing(postgres.address, name)
            async with running_sides(postgres.address, "bpo", "dealer", home) as sides:
                return await soak(sides, wishes)


def _open_to_all(folder: Path) -> Path:
    """Run as root, PostgreSQL gets another account, which has to reach its place."""
    folder.chmod(0o755)
    return folder


def _wishes() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.handover", description="leads under a BPO that dies")
    parser.add_argument("--leads", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1, help="of the moments at which the BPO is killed")
    parser.add_argument("--up", type=float, nargs=2, default=(5.0, 20.0), help="seconds that it lives, from and to")
    parser.add_argument("--down", type=float, nargs=2, default=(0.0, 3.0), help="seconds that it is dead, from and to")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(main(_wishes())) else 1)
