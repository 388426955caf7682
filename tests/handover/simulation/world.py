"""Both sides and the network between them in one process, under one seed: what happens is drawn, and can be repeated.

Nothing happens at the same time. A step lets one person press, one worker take or end a job, or one packet arrive, and
goes on until all that it began waits for the other side again. So the order of things is that of the drawn numbers.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import structlog

from rpc_client.errors import Timeout
from server.database.pool import Pool
from tests import deployments
from tests.bpo.making import closed_by_hand
from tests.cluster import scratch_database, shared_cluster
from tests.handover.deployments import Deployment
from tests.handover.points import Address
from tests.handover.sides import AGENT, CALLBACK_LOGIN, PUSH_LOGIN, SELLER, Sides
from tests.handover.simulation.clock import SCHEMA, Clock, TrueTime, clocks_replaced
from tests.handover.simulation.site import Hand, Site
from tests.handover.simulation.truth import UNFINISHED, Truth
from tests.handover.simulation.wire import Wire
from tests.restored import Shelf

ACTIVE = 16  # leads that people work on at a time
REMEMBERED = 40  # requests that somebody overheard
EVENT = re.compile("[0-9a-f]{8}-[0-9a-f-]{27}")  # drawn by the product, differently each time
UNFORESEEN = ("internal error", "job cannot be prepared")
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


class World:
    """One simulation."""

    def __init__(self, seed: int, sides: Sides, bpo: Site, dealer: Site, wire: Wire) -> None:
        self.chance = random.Random(seed)
        self.sides = sides
        self.bpo = bpo
        self.dealer = dealer
        self.wire = wire
        self.time = wire.time
        self.truth = Truth(bpo, dealer)
        self.leads: list[int] = []
        self.all_leads: list[int] = []
        self.history: list[str] = []
        self.counts: Counter[str] = Counter()
        self.strikes: Counter[str] = Counter()
        self.logs: list[Any] = []

    @property
    def sites(self) -> tuple[Site, Site]:
        """Both sides."""
        return self.bpo, self.dealer

    @property
    def hands(self) -> list[tuple[Site, Hand]]:
        """All workers."""
        return [(site, hand) for site in self.sites for hand in site.hands]

    def note(self, what: str, came: object = "") -> None:
        """Add a line to the history."""
        self.history.append(f"{what} {came}".strip())
        self.counts[what.partition(" ")[0]] += 1

    async def digest(self) -> str:
        """What tells one history, and the state that it led to, from every other one."""
        text = EVENT.sub("an event", "\n".join([*self.history, *await self.truth.state()]))
        return hashlib.sha256(text.encode()).hexdigest()

    # people

    async def new_leads(self, count: int) -> None:
        """Leads that an agent may endorse."""
        found = [lead.bpo for lead in await self.sides.negotiated(count)]
        self.leads += found
        self.all_leads += found
        self.note("new", found)

    async def at_dealer(self, lead: int) -> tuple[int, int] | None:
        """The dealer's id of a lead and that of its order (0: none yet), None when it has not arrived."""
        rows = await self.dealer.deployment.fetch(
            "select id, coalesce(sale_order_id, 0) from dealer_crm_lead where bpo_source_lead_id = $1", lead
        )
        return (rows[0][0], rows[0][1]) if rows else None

    def check_logs(self) -> None:
        """See that nothing went wrong that nobody foresaw; a trace of a refusal may be lost with its connection."""
        wrong = [entry for entry in self.logs if entry["event"] in UNFORESEEN and "after_refusal" not in entry]
        self.logs.clear()
        if wrong:
            raise AssertionError(f"the log tells of {wrong}")

    async def press(self, site: Site, lead: int, model: str, method: str, *args: Any) -> None:
        """Let somebody press a button."""
        login, group = (AGENT, "bpo.agent") if site is self.bpo else (SELLER, "dealer.manager")
        came, _ = await site.call(login, group, model, method, *args)
        await site.quiet()
        self.note(f"press {method} {lead}", came)

    async def operate(self, site: Site, method: str, job: int) -> None:
        """Let an operator move a job by hand."""
        if method == "skip":
            self.truth.let_go.add((site.role, job))
        came, _ = await site.call("operator", "sync.manager", "sync.job", method, [job])
        await site.quiet()
        self.note(f"operate {site.role} {method} {job}", came)

    async def close_by_hand(self, lead: int, stage: str) -> None:
        """Let somebody close an endorsed lead of the BPO's past every gate."""
        asked = "select s.is_won or s.is_lost from crm_lead l join crm_stage s on s.id = l.stage_id where l.id = $1"
        if not await self.bpo.deployment.value(asked, lead):
            self.truth.by_hand.add(lead)
            async with self.bpo.deployment.env() as env:
                await closed_by_hand(env, lead, stage)
        self.note(f"by_hand {lead} {stage}")

    # workers and the network

    async def claim(self, site: Site, hand: Hand, most: int = 1) -> None:
        """Let a worker take due jobs, one after the other."""
        taken = 0
        for _ in range(most):
            taken += await site.claim(hand)
        self.note(f"claim {site.role} {site.hands.index(hand)}", taken)

    async def arrive(self, number: int) -> None:
        """Let a packet arrive."""
        packet = self.wire.packets[number]
        site = self.bpo if packet.flight.to == "bpo" else self.dealer
        asleep = packet.answer is not None and packet.flight.is_waited_for and packet.flight.sender.sleeps
        came = "nobody is awake" if asleep else await self.wire.arrive(packet)
        await self.quiet()
        self.note(f"arrive {site.role} {'answer' if packet.answer else 'request'}", came)

    async def quiet(self) -> None:
        """Wait until nothing goes on."""
        for site in self.sites:
            await site.quiet()

    async def pass_time(self, seconds: float) -> None:
        """Let time pass: whoever is awake keeps what is its own, and waits no longer than it may."""
        self.time.seconds += seconds
        for site, hand in self.hands:
            if not hand.sleeps:
                await site.renew(hand)
        await self.time_out()

    async def time_out(self) -> None:
        """Let those wait no longer who have waited for too long: one after the other, or what they draw is a race."""
        for flight in self.wire.overdue:
            flight.fail(Timeout("It did not answer in time.", may_have_run=True))
            await self.quiet()
        await self.quiet()

    async def rest(self) -> None:
        """Heal everything, have what was parked sent again, and let all of it come to its end."""
        self.wire.away.clear()
        self.wire.silent.clear()
        for site, hand in self.hands:
            site.plan()
            hand.sleeps = False
        await self._drain()
        for site in self.sites:
            asked = "select id from sync_job where state in ('parked', 'skipped') and remote <> '' order by id"
            for row in await site.deployment.fetch(asked):
                await self.operate(site, "resend", row[0])
        await self._drain()
        self.note("rest")

    async def _drain(self) -> None:
        for _ in range(400):
            for site, hand in self.hands:
                await site.reap(hand)
                await site.probe(hand)
                while await site.claim(hand):
                    pass
            while self.wire.packets:
                await self.wire.arrive(self.wire.packets[0])
                await self.quiet()
            left = [await site.deployment.value(LEFT) for site in self.sites]
            if not any(left):
                return
            await self.pass_time(HOUR)
        unfinished = [await site.deployment.unfinished() for site in self.sites]
        raise AssertionError(f"it never comes to rest: {unfinished}")


LEFT = f"select count(*) from ({UNFINISHED}) u join sync_job j on j.id = u.id where j.remote <> ''"


class Prepared:
    """Two databases that know each other, and those like them that simulations get one after the other."""

    def __init__(self, sides: Sides) -> None:
        self.names = {site.role: site.database for site in (sides.bpo, sides.dealer)}
        self.dealership = sides.dealership
        self.product = sides.product
        self.shelf = Shelf()


@asynccontextmanager
async def prepared(folder: Path) -> AsyncIterator[Prepared]:
    """Make them."""
    templates = {role: await deployments.template(role) for role in ("bpo", "dealer")}
    async with _sides(scratch_database, templates, folder) as sides:
        await sides.introduce()
        await _introduced(sides)
        for site in (sides.bpo, sides.dealer):
            for statement in SCHEMA.split(";\n"):
                await site.fetch(statement)
            await site.plain_pool.close()
        found = Prepared(sides)
        yield found
        await found.shelf.clear()


@asynccontextmanager
async def _sides(
    databases: Callable[[str], AbstractAsyncContextManager[str]], templates: dict[str, str], folder: Path
) -> AsyncIterator[Sides]:
    """Databases of both sides, with no server on either."""
    async with AsyncExitStack() as stack:
        found = []
        for role in ("bpo", "dealer"):
            name = await stack.enter_async_context(databases(templates[role]))
            deployment = Deployment(role, shared_cluster(), name, folder / f"{role}.log")
            deployment._pool = await stack.enter_async_context(await Pool.open(shared_cluster(), name, size=4))
            found.append(deployment)
        nowhere: Any = Address("http://127.0.0.1:9")
        yield Sides(found[0], found[1], nowhere, nowhere)


async def _introduced(sides: Sides) -> None:
    """Give either side a key of the other's, whose user may also compare; and an operator."""
    for site, there, login, url in (
        (sides.dealer, sides.bpo, CALLBACK_LOGIN, "http://bpo"),
        (sides.bpo, sides.dealer, PUSH_LOGIN, "http://dealer"),
    ):
        async with there.env() as env:
            users, groups = env["res.users"], env["res.groups"]
            group = await groups.search(env, [["code", "=", f"{there.role}.reconcile_service"]])
            [user] = await users.search(env, [["login", "=", login]])
            await users.update(env, [user], {"groups_id": [(4, group[0])]})
        await site.person("operator", "sync.manager")
        account = {"url": url, "login": login, "password": there.key_of(login), "is_api_key": True}
        async with site.env() as env:
            model = env["dealer.bpo.connection" if site.role == "dealer" else "crm.dealership"]
            await model.update(env, await model.search(env, []), {**account, "protocol": "tandem"})


@asynccontextmanager
async def world(seed: int, made: Prepared, folder: Path) -> AsyncIterator[World]:
    """A simulation on databases of its own."""
    before = random.getstate()
    time = TrueTime()
    wire = Wire(time)
    async with AsyncExitStack() as stack:
        sides = await stack.enter_async_context(_sides(made.shelf.database, made.names, folder))
        sides.dealership, sides.product = made.dealership, made.product
        stack.enter_context(clocks_replaced(time))
        bpo, dealer = (Site(one, Clock(time), wire) for one in (sides.bpo, sides.dealer))
        for site in (bpo, dealer):
            stack.push_async_callback(site.close)
        random.seed(seed)
        stack.callback(random.setstate, before)
        one = World(seed, sides, bpo, dealer, wire)
        one.logs = stack.enter_context(structlog.testing.capture_logs())  # type: ignore[assignment]
        yield one
