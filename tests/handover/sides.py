"""A BPO and a dealer that can reach each other, through a proxy on each way, and what is true of both at the end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.crm.workflow_step import decided
from models.dealer.source import ENDORSED
from models.orm import Env
from models.orm.data import external_id
from models.sale.order import Order
from server.database.address import DatabaseAddress
from tests.bpo.making import brand as bpo_brand
from tests.bpo.making import stage as bpo_stage
from tests.dealer.making import stage as dealer_stage
from tests.dealer.making import vehicle
from tests.handover.deployments import LOOK_AGAIN, Deployment
from tests.handover.proxy import Proxy, running_proxy

BPO_LEAD, DEALER_LEAD = "crm.lead", "dealer.crm.lead"
CALLBACK, ENDORSEMENT = "update_from_dealer_callback", "receive_endorsed_lead"
AGENT, BPO_MANAGER, SELLER, DEALER_ADMIN = "agent", "bpo-manager", "seller", "dealer-admin"
CALLBACK_LOGIN, PUSH_LOGIN = "dealer-callback-manila", "bpo-push"
PASSWORD = "a password of service users"
PATIENCE = 60.0
LET_WORK = 0.1


@dataclass(frozen=True)
class Lead:
    """One lead by its two ids; the dealer's is 0 as long as it is not endorsed."""

    bpo: int
    dealer: int = 0


class Sides:
    """The two deployments and the two ways between them."""

    def __init__(self, bpo: Deployment, dealer: Deployment, to_bpo: Proxy, to_dealer: Proxy) -> None:
        self.bpo = bpo
        self.dealer = dealer
        self.to_bpo = to_bpo
        self.to_dealer = to_dealer
        self.dealership = 0
        self.product = 0

    async def introduce(self) -> None:
        """People, a vehicle, and how each side reaches the other."""
        await self.bpo.person(AGENT, "bpo.agent")
        await self.bpo.person(BPO_MANAGER, "bpo.manager")
        callback = await self.bpo.person(CALLBACK_LOGIN, "bpo.callback_service")
        await self.dealer.person(SELLER, "dealer.manager")
        await self.dealer.person(DEALER_ADMIN, "dealer.admin")
        push = await self.dealer.person(PUSH_LOGIN, "dealer.push_service")
        async with self.bpo.env() as env:
            await env["res.users"].write(env, [callback], {"password": PASSWORD})
            self.dealership = await self.new_dealership(env, "MNL", callback_user_id=callback)
        async with self.dealer.env() as env:
            await env["res.users"].write(env, [push], {"password": PASSWORD})
            self.product = await vehicle(env)
            account = {"url": self.to_bpo.url, "database": self.bpo.database, "login": CALLBACK_LOGIN}
            await env["dealer.bpo.connection"].create(env, {**account, "password": PASSWORD})

    async def new_dealership(self, env: Env, code: str, **values: Any) -> int:
        """A dealership that is reached through the proxy before the dealer."""
        account = {"url": self.to_dealer.url, "database": self.dealer.database, "login": PUSH_LOGIN}
        given = {"code": code, "name": f"Dealer {code}", "password": PASSWORD, "company_id": 1, **account}
        [dealership] = await env["crm.dealership"].insert(env, [{**given, **values}])
        return dealership

    async def negotiated(self, count: int = 1, **values: Any) -> list[Lead]:
        """Leads that their agent may endorse."""
        async with self.bpo.env() as env:
            brand, first = await bpo_brand(env), 1 + await env.fetchval("select coalesce(max(id), 0) from crm_lead")
            agent = await env.fetchval("select id from res_users where login = $1", AGENT)
            rows = [
                {
                    "contact_name": f"Customer {number}",
                    "mobile": f"+63917{number:07}",
                    "brand_id": brand,
                    "vehicle_model_text": "Tiggo 8",
                    "dealership_id": self.dealership,
                    "user_id": agent,
                    "stage_id": await bpo_stage(env, "Negotiation"),
                    **values,
                }
                for number in range(first, first + count)
            ]
            return [Lead(one) for one in await env[BPO_LEAD].insert(env, rows)]

    async def endorsed(self, count: int = 1) -> list[Lead]:
        """Leads that the dealer may mark won: their order is confirmed, and needs no delivery."""
        negotiated = await self.negotiated(count)
        async with self.bpo.env() as env:
            stage = await bpo_stage(env, "Endorsed w/ S.Q.")
            given = {"stage_id": stage, "endorse_state": "done", "endorse_kind": "with_sq"}
            await env[BPO_LEAD].update(decided(env), [lead.bpo for lead in negotiated], given)
        async with self.dealer.env() as env:
            created = await self._as_endorsed(env, negotiated)
        return [Lead(lead.bpo, one) for lead, one in zip(negotiated, created, strict=True)]

    async def _as_endorsed(self, env: Env, leads: Sequence[Lead]) -> list[int]:
        given = {
            "source_id": await external_id(env, ENDORSED["with_sq"]),
            "stage_id": await dealer_stage(env, "Negotiation"),
            "product_id": self.product,
            "bpo_endorse_kind": "with_sq",
        }
        rows = [
            {
                **given,
                "contact_name": f"Customer {lead.bpo}",
                "bpo_source_lead_id": lead.bpo,
                "bpo_source_lead_name": f"LEAD/{lead.bpo}",
                "bpo_source_url": f"https://bpo.example/{lead.bpo}",
            }
            for lead in leads
        ]
        created = await env[DEALER_LEAD].insert(decided(env), rows)
        await self._ordered(env, created)
        return created

    async def _ordered(self, env: Env, leads: Sequence[int]) -> None:
        """Give each lead a confirmed order."""
        [partner] = await env["res.partner"].insert(env, [{"name": "A customer"}])
        line = {"product_id": self.product, "product_uom_qty": 1, "price_unit": 1_300_000}
        rows = [{"partner_id": partner, "dealer_crm_lead_id": one, "order_line": [(0, 0, line)]} for one in leads]
        orders = await env[Order].insert(env, rows)
        await env[Order].action_confirm(env, orders)
        await env.execute(
            "update dealer_crm_lead l set sale_order_id = o.id from sale_order o where o.dealer_crm_lead_id = l.id"
            " and o.id = any($1::bigint[])",
            orders,
        )

    async def win(self, lead: Lead) -> float:
        """Press Mark Won; returns the seconds until the answer."""
        started = time.perf_counter()
        await self.dealer.at(SELLER).get_model(DEALER_LEAD).action_set_won([lead.dealer])
        return time.perf_counter() - started

    async def endorse(self, lead: Lead) -> float:
        """Press Endorse w/ S.Q.; returns the seconds until the answer."""
        started = time.perf_counter()
        await self.bpo.at(AGENT).get_model(BPO_LEAD).action_endorse_with_sq([lead.bpo])
        return time.perf_counter() - started

    async def healthy(self) -> None:
        """Wait until all messages have arrived, with everything in order and no patience for pauses and waits."""
        for deployment in (self.bpo, self.dealer):
            if not deployment.is_running:
                await deployment.start()

        deadline = time.monotonic() + PATIENCE
        while left := await self.bpo.unfinished() + await self.dealer.unfinished():
            assert time.monotonic() < deadline, left
            for deployment in (self.bpo, self.dealer):
                await deployment.time_passes()
            await asyncio.sleep(LET_WORK)


async def eventually(holds: Callable[[], Awaitable[Any]], seconds: float = PATIENCE) -> float:
    """Wait until it holds; returns the seconds that took."""
    started = time.monotonic()
    while not await holds():
        assert time.monotonic() - started < seconds, "it never came"
        await asyncio.sleep(LOOK_AGAIN)
    return time.monotonic() - started


async def logged(deployment: Deployment, text: str, times: int = 1) -> None:
    """Wait until a deployment's log has a text so often: it is written beside the calls."""

    async def is_there() -> bool:
        return deployment.log().count(text) >= times

    await eventually(is_there)


@asynccontextmanager
async def running_sides(address: DatabaseAddress, bpo: str, dealer: str, folder: Path) -> AsyncIterator[Sides]:
    """Both deployments on these databases, running and introduced to each other."""
    async with AsyncExitStack() as stack:
        caller = Deployment("bpo", address, bpo, folder / "bpo.log")
        showroom = Deployment("dealer", address, dealer, folder / "dealer.log")
        for one in (caller, showroom):
            stack.push_async_callback(one.close)
        await asyncio.gather(caller.open(), showroom.open())
        to_bpo = await stack.enter_async_context(running_proxy(caller.port))
        to_dealer = await stack.enter_async_context(running_proxy(showroom.port))
        sides = Sides(caller, showroom, to_bpo, to_dealer)
        await sides.introduce()
        yield sides
