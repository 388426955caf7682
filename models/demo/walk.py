"""The walk of one lead through both deployments, step by step over HTTP, each step done by whoever would do it.

Every step says who does what, and raises `WalkError` when the other side does not show what it should within seconds.
"""

from __future__ import annotations

import asyncio
import html
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Self

from models.demo.bpo import CALLBACK_LOGIN, DEALERSHIP
from models.demo.dealer import PUSH_LOGIN
from models.demo.people import PASSWORD
from models.demo.vehicles import VEHICLES
from rpc_client import AsyncClient

PATIENCE = 30.0
LOOK_AGAIN = 0.02

Say = Callable[[str], None]


class WalkError(Exception):
    """The walk did not go as it should."""


@dataclass(frozen=True, slots=True)
class Customer:
    """Who buys which car in a walk."""

    name: str
    mobile: str
    email: str
    city: str
    vehicle: str


ISABEL = Customer("Isabel Ramos", "+63 917 555 0138", "isabel.ramos@example.com", "Marikina", "FT-THUNDER-42")
MARCO = Customer("Marco Aquino", "+63 918 555 0151", "marco.aquino@example.com", "Pasay", "CH-TIGGO8-PRO")


@dataclass(frozen=True, slots=True)
class Side:
    """One deployment as a client reaches it."""

    url: str
    database: str


@dataclass(slots=True)
class Walk:
    """One lead on its way. `say` prints a line; the ids are filled as the lead goes along."""

    bpo: Side
    dealer: Side
    say: Say
    clients: dict[tuple[str, str], AsyncClient] = field(default_factory=dict)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    bpo_lead: int = 0
    dealer_lead: int = 0
    step: int = 0

    async def __aenter__(self) -> Self:
        """Open nothing yet: people log in when they have something to do."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Log everybody out."""
        await self.stack.aclose()

    async def at(self, side: Side, login: str) -> AsyncClient:
        """Return the client of a person at one deployment."""
        key = (side.url, login)
        if key not in self.clients:
            client = AsyncClient(
                side.url, database=side.database, login=login, password=PASSWORD, protocol="tandem", timeout=15
            )
            self.clients[key] = await self.stack.enter_async_context(client)
        return self.clients[key]

    def tell(self, who: str, what: str) -> None:
        """Say one step of the walk."""
        self.step += 1
        self.say(f"  {self.step:>2}. {who:<22} {what}")

    async def connect(self) -> None:
        """Tell each deployment how to reach the other, as its administrators would."""
        admin = await self.at(self.bpo, "admin")
        settings = admin.get_model("ir.config_parameter")
        if not await settings.get_param("web.base.url"):  # it names this BPO to dealers: what they know stays
            await settings.set_param("web.base.url", self.bpo.url)
        dealerships = admin.get_model("crm.dealership")
        [dealership] = await dealerships.search([["code", "=", DEALERSHIP]])
        await dealerships.write([dealership], _account(self.dealer, PUSH_LOGIN))
        connections = (await self.at(self.dealer, "teresa.ong")).get_model("dealer.bpo.connection")
        found = await connections.search([])
        if found:
            await connections.write(found, _account(self.bpo, CALLBACK_LOGIN))
        else:
            await connections.create(_account(self.bpo, CALLBACK_LOGIN))

    async def take_in(self, customer: Customer) -> None:
        """The BPO's agent writes the lead down, claims it and works it up to Negotiation."""
        leads = (await self.at(self.bpo, "maria.santos")).get_model("crm.lead")
        self.bpo_lead = await leads.create(await self._lead_values(customer))
        name = await self.value(leads, self.bpo_lead, "reference")
        self.tell("BPO, Maria Santos", f"takes a call of {customer.name}: lead {name}")
        await leads.action_claim([self.bpo_lead])
        await leads.log_call([self.bpo_lead], duration=4.5, result="answered", summary="Wants a test drive this week.")
        self.tell("BPO, Maria Santos", "claims it and logs the call")
        stages = (await self.at(self.bpo, "maria.santos")).get_model("crm.stage")
        for stage in ("Qualified", "Negotiation"):
            [stage_id] = await stages.search([["name", "=", stage]])
            await leads.write([self.bpo_lead], {"stage_id": stage_id})
            self.tell("BPO, Maria Santos", f"moves it to {stage}")

    async def _lead_values(self, customer: Customer) -> dict[str, Any]:
        vehicle = next(v for v in VEHICLES if v.code == customer.vehicle)
        models = (await self.at(self.bpo, "maria.santos")).get_model("crm.vehicle.model")
        [model] = await models.search_read([["default_code", "=", vehicle.code]], ["brand_id"])
        return {
            "name": f"{vehicle.name} for {customer.name}",
            "contact_name": customer.name,
            "mobile": customer.mobile,
            "email_from": customer.email,
            "city": customer.city,
            "brand_id": model["brand_id"][0],
            "vehicle_model_id": model["id"],
            "quantity": 1,
            "expected_price": vehicle.price - 18_000,
            "expected_revenue": vehicle.price - 18_000,
        }

    async def endorse(self, *, with_quotation: bool) -> None:
        """The agent endorses the lead; the dealer has it once the message is through."""
        client = await self.at(self.bpo, "maria.santos")
        leads = client.get_model("crm.lead")
        [dealership] = await client.get_model("crm.dealership").search([["code", "=", DEALERSHIP]])
        if with_quotation:
            await leads.action_endorse_with_sq([self.bpo_lead], dealership)
        else:
            await leads.action_endorse_without_sq([self.bpo_lead], dealership)
        self.tell("BPO, Maria Santos", f"endorses it {'with' if with_quotation else 'without'} a sales quotation")
        await self.until(leads, self.bpo_lead, "endorse_state", "done")
        self.dealer_lead = await self.value(leads, self.bpo_lead, "dealer_lead_id")
        name = await self.value(leads, self.bpo_lead, "dealer_lead_name")
        self.tell("dealer", f"has it as {name}")

    async def sell(self) -> None:
        """The dealer's agent claims the lead and turns it into a confirmed order; the yard delivers the car."""
        client = await self.at(self.dealer, "juan.cruz")
        leads = client.get_model("dealer.crm.lead")
        await leads.action_claim([self.dealer_lead])
        self.tell("dealer, Juan Cruz", "claims it")
        order = await self.value(leads, self.dealer_lead, "sale_order_id")
        if order is None:
            await leads.action_convert_to_quotation([self.dealer_lead])
            order = await self.value(leads, self.dealer_lead, "sale_order_id")
            self.tell("dealer, Juan Cruz", f"converts it to quotation {order[1]}")
        orders = client.get_model("sale.order")
        await orders.action_confirm([order[0]])
        total = await self.value(orders, order[0], "amount_total")
        self.tell("dealer, Juan Cruz", f"confirms order {order[1]} over PHP {total:,.2f}")
        await self._deliver(order[0])

    async def _deliver(self, order: int) -> None:
        pickings = (await self.at(self.dealer, "ramon.flores")).get_model("stock.picking")
        [picking] = await pickings.search_read([["sale_id", "=", order]], ["name"])
        await pickings.action_assign([picking["id"]])
        await pickings.button_validate([picking["id"]])
        self.tell("dealer, Ramon Flores", f"hands the car over: delivery {picking['name']} is done")

    async def win(self) -> float:
        """The dealer's agent marks the lead won. Returns the seconds the click took."""
        leads = (await self.at(self.dealer, "juan.cruz")).get_model("dealer.crm.lead")
        started = time.perf_counter()
        await leads.action_set_won([self.dealer_lead])
        took = time.perf_counter() - started
        self.tell("dealer, Juan Cruz", f"marks it won ({took * 1000:.0f} ms)")
        return took

    async def callback_waits(self) -> None:
        """Look at the callback while the BPO is down: the lead is won, the message waits."""
        leads = (await self.at(self.dealer, "juan.cruz")).get_model("dealer.crm.lead")
        await self.until_true(leads, self.dealer_lead, "bpo_callback_attempts", lambda attempts: attempts > 0)
        state = await self.value(leads, self.dealer_lead, "bpo_callback_state")
        error = await self.value(leads, self.dealer_lead, "bpo_callback_error")
        self.tell("dealer", f"lead is won, callback {state}: {error}")

    async def arrived(self) -> None:
        """Wait until both sides agree that the lead is won."""
        leads = (await self.at(self.dealer, "juan.cruz")).get_model("dealer.crm.lead")
        await self.until(leads, self.dealer_lead, "bpo_callback_state", "done")
        bpo_leads = (await self.at(self.bpo, "maria.santos")).get_model("crm.lead")
        await self.until(bpo_leads, self.bpo_lead, "won_status", "won")
        self.tell("BPO", "the lead is won here as well")

    async def chatters(self) -> None:
        """Print what both leads remember, oldest first."""
        dealer = await self.at(self.dealer, "antonio.lim")
        bpo = await self.at(self.bpo, "elena.tan")
        for title, client, model, lead in (
            ("BPO", bpo, "crm.lead", self.bpo_lead),
            ("dealer", dealer, "dealer.crm.lead", self.dealer_lead),
        ):
            label = (await client.get_model(model).name_get([lead]))[0][1]
            self.say(f"\n  Chatter at the {title}, {label}")
            for line in await chatter(client, model, lead):
                self.say(f"    {line}")

    async def value(self, model: Any, record: int, name: str) -> Any:
        """Read one field."""
        return (await model.read([record], [name]))[0][name]

    async def until(self, model: Any, record: int, name: str, wanted: Any) -> None:
        """Wait for a field to have a value."""
        await self.until_true(model, record, name, lambda value: value == wanted)

    async def until_true(self, model: Any, record: int, name: str, holds: Callable[[Any], bool]) -> None:
        """Wait for a field to satisfy a condition."""
        deadline = time.monotonic() + PATIENCE
        while not holds(value := await self.value(model, record, name)):
            if time.monotonic() > deadline:
                raise WalkError(f"{name} is still {value!r} after {PATIENCE:.0f} seconds")
            await asyncio.sleep(LOOK_AGAIN)


async def chatter(client: AsyncClient, model: str, record: int) -> list[str]:
    """Return a record's chatter as lines, oldest first."""
    found = await client.get_model("mail.message").search_read(
        [["model", "=", model], ["res_id", "=", record]], ["date", "author_user_id", "body", "tracking"], order="id"
    )
    lines: list[str] = []
    for message in found:
        author = message["author_user_id"][1] if message["author_user_id"] else ""
        texts = [html.unescape(message["body"])] if message["body"] else []
        texts += [_change(change) for change in message["tracking"] or ()]
        lines.extend(f"{message['date']}  {author:<28} {text}" for text in texts)
    return lines


def _change(change: dict[str, Any]) -> str:
    old = change["old_label"] or change["old"]
    new = change["new_label"] or change["new"]
    return f"{change['label']}: {'-' if old is None else old} -> {'-' if new is None else new}"


def _account(side: Side, login: str) -> dict[str, Any]:
    return {"url": side.url, "database": side.database, "login": login, "password": PASSWORD, "protocol": "auto"}


Restart = Callable[[], Awaitable[None]]


async def walk_with_both_up(walk: Walk) -> None:
    """The whole way with nothing in it."""
    started = time.perf_counter()
    await walk.take_in(ISABEL)
    await walk.endorse(with_quotation=False)
    await walk.sell()
    await walk.win()
    await walk.arrived()
    walk.say(f"\n  Both leads are won, {time.perf_counter() - started:.2f} s after the call came in.")
    await walk.chatters()


async def walk_with_bpo_down(walk: Walk, stop_bpo: Restart, start_bpo: Restart) -> None:
    """The BPO is away when the dealer marks the lead won, and comes back later."""
    await walk.take_in(MARCO)
    await walk.endorse(with_quotation=True)
    await walk.sell()
    await stop_bpo()
    walk.tell("BPO", "goes down")
    await walk.win()
    await walk.callback_waits()
    await start_bpo()
    walk.tell("BPO", "comes back")
    await walk.arrived()
    await _once(walk)
    await walk.chatters()


async def _once(walk: Walk) -> None:
    """Check that the BPO heard of it exactly once."""
    client = await walk.at(walk.bpo, "elena.tan")
    lines: Sequence[str] = await chatter(client, "crm.lead", walk.bpo_lead)
    won = [line for line in lines if "-> Won" in line]
    if len(won) != 1:
        raise WalkError(f"the BPO lead was won {len(won)} times")
    walk.tell("BPO", "heard of it exactly once")
