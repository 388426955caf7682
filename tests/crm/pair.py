"""A BPO and a dealer, each a deployment of its own with a database of its own, talking over HTTP."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any

from cryptography.fernet import Fernet

from rpc_client import AsyncClient
from server.app import create_app
from server.connections import serving
from server.settings import Settings
from tests import deployments
from tests.cluster import shared_cluster
from tests.restored import Shelf

DEADLINE = 30.0
PUSH_PASSWORD = "the push service's password"
CALLBACK_PASSWORD = "the callback service's password"


@dataclass
class Site:
    """One side: where it is, and its administrator's client."""

    url: str
    database: str
    admin: AsyncClient
    secret_key: str = ""

    async def call(self, model: str, method: str, *args: Any, **kwargs: Any) -> Any:
        return await self.admin.execute(model, method, args, kwargs=kwargs)

    async def one(self, model: str, record: int, *fields: str) -> tuple[Any, ...]:
        [found] = await self.call(model, "read", [record], list(fields))
        return tuple(found[name] for name in fields)

    async def make_user(self, login: str, password: str, *groups: str) -> int:
        ids = await self.call("res.groups", "search", [["code", "in", list(groups)]])
        values = {"name": login, "login": login, "password": password, "groups_id": [[6, 0, ids]]}
        created: int = await self.call("res.users", "create", values)
        return created

    async def chatter(self, model: str, record: int) -> list[str]:
        rows = await self.call(
            "mail.message", "search_read", [["model", "=", model], ["res_id", "=", record]], ["body"], order="id"
        )
        return [row["body"] for row in rows]

    def client(self, login: str, password: str) -> AsyncClient:
        return AsyncClient(self.url, database=self.database, login=login, password=password)


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it holds."""
    started = monotonic()
    while not await holds():
        assert monotonic() - started < DEADLINE, "it never came"
        await asyncio.sleep(0.05)


@dataclass
class Pair:
    """Both sides, connected to each other."""

    bpo: Site
    dealer: Site
    dealership: int
    connection: int
    product: int

    async def negotiated_lead(self, **values: Any) -> int:
        """A claimed lead of the BPO in Negotiation."""
        [brand] = await self.bpo.call("crm.brand", "search", [])
        given = {"contact_name": "Maria Santos", "mobile": "0917 123 4567", "brand_id": brand, "quantity": 2}
        lead: int = await self.bpo.call("crm.lead", "create", {**given, "vehicle_model_text": "Tiggo 8", **values})
        await self.bpo.call("crm.lead", "action_claim", [lead])
        for stage in ("Qualified", "Negotiation"):
            [found] = await self.bpo.call("crm.stage", "search", [["name", "=", stage]])
            await self.bpo.call("crm.lead", "write", [lead], {"stage_id": found})
        return lead

    async def endorsed_lead(self, kind: str = "with_sq") -> tuple[int, int]:
        """The ids of one lead on both sides, after the dealer has received it."""
        lead = await self.negotiated_lead()
        await self.bpo.call("crm.lead", f"action_endorse_{kind}", [lead], self.dealership)

        async def received() -> bool:
            return (await self.bpo.one("crm.lead", lead, "endorse_state")) == ("done",)

        await eventually(received)
        [there] = await self.bpo.one("crm.lead", lead, "dealer_lead_id")
        return lead, there

    async def told(self, there: int, state: str = "done") -> None:
        """Wait until the dealer's lead says that of its callback."""

        async def is_told() -> bool:
            return (await self.dealer.one("dealer.crm.lead", there, "bpo_callback_state")) == (state,)

        await eventually(is_told)


async def deployed(stack: AsyncExitStack, shelf: Shelf, role: str) -> Site:
    database = await stack.enter_async_context(shelf.database(await deployments.template(role)))
    key = Fernet.generate_key().decode()
    listening = socket.create_server(("127.0.0.1", 0))
    settings = Settings(
        role=role,  # type: ignore[arg-type]
        database_name=database,
        remote_allow=("127.0.0.1",),
        secret_key=key,
    )
    await stack.enter_async_context(serving(create_app(settings, shared_cluster()), listening))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    client = AsyncClient(url, database=database, login="admin", password=deployments.ADMIN_PASSWORD)
    return Site(url, database, await stack.enter_async_context(client), key)


@asynccontextmanager
async def connected_pair(shelf: Shelf) -> AsyncIterator[Pair]:
    """A fresh BPO and a fresh dealer, each with an account at the other."""
    async with AsyncExitStack() as stack:
        bpo, dealer = await deployed(stack, shelf, "bpo"), await deployed(stack, shelf, "dealer")
        await dealer.make_user("bpo-push", PUSH_PASSWORD, "dealer.push_service")
        caller = await bpo.make_user("dealer-callback-manila", CALLBACK_PASSWORD, "bpo.callback_service")
        await bpo.call("crm.brand", "create", {"name": "Chery", "code": "CHERY"})
        brands = await dealer.call("product.brand", "search", [["code", "=", "CHERY"]])
        brand = (
            brands[0] if brands else await dealer.call("product.brand", "create", {"name": "Chery", "code": "CHERY"})
        )
        product = await dealer.call(
            "product.product", "create", {"name": "Tiggo 8", "brand_id": brand, "list_price": 1300000, "type": "consu"}
        )
        dealership = await bpo.call(
            "crm.dealership",
            "create",
            {
                "code": "MNL",
                "name": "Manila Motors",
                "url": dealer.url,
                "database": dealer.database,
                "login": "bpo-push",
                "password": PUSH_PASSWORD,
                "callback_user_id": caller,
            },
        )
        connection = await dealer.call(
            "dealer.bpo.connection",
            "create",
            {
                "url": bpo.url,
                "database": bpo.database,
                "login": "dealer-callback-manila",
                "password": CALLBACK_PASSWORD,
            },
        )
        yield Pair(bpo, dealer, dealership, connection, product)
