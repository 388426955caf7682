"""Several callers at the same lead at the same moment, each on a connection of its own, with real commits."""

import asyncio
from collections import Counter

import pytest
from cryptography.fernet import Fernet

from models import deployment
from models.orm import Env
from models.orm.errors import AppError, ConflictError, MissingError, TransitionError
from models.sync.secrets import Vault
from server.database.pool import Pool
from server.execute import Call, Executor
from server.metrics import Metrics
from tests import deployments
from tests.cluster import shared_cluster
from tests.dealer.making import LEAD, confirm, deliver, endorsed, lead, order_of, sellable_lead, vehicle
from tests.dealer.test_intake import PAYLOAD
from tests.sale.making import read

pytestmark = pytest.mark.concurrency


class Site:
    """A deployment with an executor, as callers meet it."""

    def __init__(self, pool: Pool) -> None:
        self.registry = deployment.registry_for("both")
        self.registry.provide(Vault(Fernet.generate_key().decode()))
        self.executor = Executor(self.registry, pool, Metrics())
        self.pool = pool

    async def env(self, connection) -> Env:
        admin = await connection.fetchval("select id from res_users where login = 'admin'")
        return Env(
            self.registry, connection, deployments.user_of(self.registry, admin, "admin", list(self.registry.groups))
        )

    async def make(self, work):
        """Do some work as the administrator, committed."""
        connection = await self.pool.acquire()
        try:
            async with connection.transaction():
                return await work(await self.env(connection))
        finally:
            self.pool.release(connection, None)

    async def call(self, user, method, *args):
        """One call; a refusal is an answer."""
        try:
            return await self.executor.execute(Call(LEAD, method, args), user)
        except AppError as error:
            return error

    async def all_at_once(self, users, method, *args):
        return await asyncio.gather(*(self.call(user, method, *args) for user in users))


@pytest.fixture
async def site(fresh_database):
    async with await Pool.open(shared_cluster(), fresh_database, size=16) as pool:
        yield Site(pool)


async def users(site, count, *groups):
    async def work(env):
        return [await deployments.make_user(env, groups) for _ in range(count)]

    return await site.make(work)


def outcomes(answers):
    return Counter(type(answer).__name__ for answer in answers)


@pytest.mark.statement("C8", "H18")
async def test_fifty_agents_claim_one_lead(site):
    agents = await users(site, 50, "dealer.user")
    record = await site.make(lambda env: lead(env, user_id=None))

    answers = await site.all_at_once(agents, "action_claim", [record])

    assert sum(answer is True for answer in answers) == 1
    assert all(isinstance(answer, ConflictError | MissingError) for answer in answers if answer is not True)
    winner = agents[answers.index(True)]
    assert await site.make(lambda env: read(env, LEAD, record, "user_id")) == (winner.id,)


@pytest.mark.statement("C6", "H78")
async def test_a_hundred_callers_win_one_lead(site):
    [boss] = await users(site, 1, "dealer.manager")

    async def ready(env):
        await env["dealer.bpo.connection"].create(
            env, {"url": "https://bpo.example", "login": "x", "password": "secret"}
        )
        record = await endorsed(env, await sellable_lead(env))
        await confirm(env, await order_of(env, record))
        return record

    record = await site.make(ready)

    answers = await site.all_at_once([boss] * 100, "action_set_won", [record])

    assert sum(answer is True for answer in answers) == 1
    refusals = {(type(answer), str(answer)) for answer in answers if answer is not True}
    assert len(refusals) == 1
    assert refusals.pop()[0] is TransitionError

    async def traces(env):
        told = await env.fetchval(
            "select count(*) from mail_message, jsonb_array_elements(tracking) t"
            " where model = $1 and res_id = $2 and t ->> 'field' = 'stage_id'",
            LEAD,
            record,
        )
        return told, await env.fetchval("select count(*) from sync_job where kind = 'dealer.callback'")

    assert await site.make(traces) == (1, 1)


@pytest.mark.statement("C7", "H101")
async def test_won_against_lost_leaves_one_outcome(site):
    [boss] = await users(site, 1, "dealer.manager")

    async def ready(env):
        found = []
        product = await vehicle(env, type="service")
        await env["dealer.bpo.connection"].create(
            env, {"url": "https://bpo.example", "login": "x", "password": "secret"}
        )
        for _ in range(20):
            [brand_id] = await read(env, "product.product", product, "brand_id")
            record = await endorsed(env, await lead(env, brand_id=brand_id, product_id=product))
            await confirm(env, await order_of(env, record))
            found.append(record)
        return found

    records = await site.make(ready)

    pairs = await asyncio.gather(
        *(
            asyncio.gather(
                site.call(boss, "action_set_won", [record]), site.call(boss, "action_set_lost", [record], "financing")
            )
            for record in records
        )
    )

    async def found(env, record):
        [won, lost] = await read(env, LEAD, record, "date_won", "date_lost")
        rows = await env.fetch("select args ->> 'outcome' as outcome from sync_job where lane = $1", f"{LEAD},{record}")
        return won is not None, lost is not None, [row["outcome"] for row in rows]

    for record, (won, lost) in zip(records, pairs, strict=True):
        assert isinstance(won, TransitionError) != isinstance(lost, TransitionError)
        state = await site.make(lambda env, record=record: found(env, record))
        assert state == ((True, False, ["won"]) if won is True else (False, True, ["lost"]))


@pytest.mark.statement("C9", "H55")
async def test_ten_conversions_make_one_order(site):
    [boss] = await users(site, 1, "dealer.manager")
    record = await site.make(sellable_lead)

    answers = await site.all_at_once([boss] * 10, "action_convert_to_quotation", [record])

    assert len({answer["res_id"] for answer in answers}) == 1
    assert await site.make(lambda env: env["sale.order"].search_count(env, [["dealer_crm_lead_id", "=", record]])) == 1


@pytest.mark.statement("C9", "H39")
async def test_one_customer_on_many_leads_is_one_contact(site):
    [boss] = await users(site, 1, "dealer.manager")

    async def ready(env):
        product = await vehicle(env, type="service")
        [brand_id] = await read(env, "product.product", product, "brand_id")
        given = {"brand_id": brand_id, "product_id": product, "mobile": "0917 555 0100", "email": "one@example.com"}
        return [await lead(env, **given) for _ in range(20)]

    records = await site.make(ready)

    answers = await asyncio.gather(*(site.call(boss, "action_convert_to_quotation", [record]) for record in records))

    assert outcomes(answers) == {"dict": 20}
    assert await site.make(lambda env: env["res.partner"].search_count(env, [["email", "=", "one@example.com"]])) == 1


@pytest.mark.statement("D8", "D11", "X6", "X28", "H24")
async def test_the_same_push_twenty_times_is_one_lead(site):
    [push] = await users(site, 1, "dealer.push_service")
    await site.make(vehicle)

    answers = await site.all_at_once([push] * 20, "receive_endorsed_lead", {**PAYLOAD, "sq_flag": "with_sq"})

    assert outcomes(answers) == {"dict": 20}
    assert sum(answer["created"] for answer in answers) == 1
    assert len({(answer["dealer_lead_id"], answer["sale_order_id"]) for answer in answers}) == 1

    async def counts(env):
        return [await env[model].search_count(env, []) for model in (LEAD, "sale.order")]

    assert await site.make(counts) == [1, 1]


@pytest.mark.statement("H75")
async def test_a_delivery_added_meanwhile_does_not_slip_through(site):
    """Mark Won holds the order: a new delivery waits until the lead is won, or the lead sees it."""
    [boss] = await users(site, 1, "dealer.manager")

    async def ready(env):
        record = await sellable_lead(env)
        order = await order_of(env, record)
        await confirm(env, order)
        return record, order

    record, order = await site.make(ready)

    connection = await site.pool.acquire()
    try:
        transaction = connection.transaction()
        await transaction.start()
        env = (await site.env(connection)).as_system("test")
        kind = await connection.fetchval("select id from stock_picking_type where code = 'outgoing' limit 1")
        await env["stock.picking"].insert(env, [{"sale_id": order, "picking_type_id": kind, "state": "assigned"}])
        winning = asyncio.create_task(site.call(boss, "action_set_won", [record]))
        await asyncio.sleep(0.3)
        assert not winning.done()
        await transaction.commit()
    finally:
        site.pool.release(connection, None)

    assert "1 delivery order(s) still pending" in str(await winning)


@pytest.mark.statement("H75")
async def test_what_is_undone_at_the_same_moment_does_not_slip_through(site):
    """Mark Won waits for whoever is at the order or at one of its deliveries, and then sees what became of them."""
    [boss] = await users(site, 1, "dealer.manager")

    async def ready(env):
        found = []
        for code in ("ONE", "TWO"):
            product = await vehicle(env, type="consu", default_code=code)
            [brand_id] = await read(env, "product.product", product, "brand_id")
            record = await lead(env, brand_id=brand_id, product_id=product)
            order = await order_of(env, record)
            [picking] = await confirm(env, order)
            await deliver(env, picking)
            found += [record, order if code == "ONE" else picking]
        return found

    cancelled, order, reopened, picking = await site.make(ready)

    connection = await site.pool.acquire()
    try:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("update sale_order set state = 'cancel' where id = $1", order)
        await connection.execute("update stock_picking set state = 'assigned' where id = $1", picking)
        winning = [asyncio.create_task(site.call(boss, "action_set_won", [one])) for one in (cancelled, reopened)]
        await asyncio.sleep(0.3)
        assert not any(one.done() for one in winning)
        await transaction.commit()
    finally:
        site.pool.release(connection, None)

    unconfirmed, pending = await asyncio.gather(*winning)
    assert "must be confirmed" in str(unconfirmed)
    assert "1 delivery order(s) still pending" in str(pending)
