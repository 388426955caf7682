"""Several callers at the same BPO lead at the same moment, each on a connection of its own, with real commits."""

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
from tests.bpo.making import LEAD, dealership, endorsed, lead, negotiated
from tests.bpo.test_outcome import lost, won
from tests.cluster import shared_cluster
from tests.sale.making import messages, read

pytestmark = pytest.mark.concurrency


class Site:
    """A deployment with an executor, as callers meet it."""

    def __init__(self, pool: Pool) -> None:
        self.registry = deployment.registry_for("both")
        self.registry.provide(Vault(Fernet.generate_key().decode()))
        self.executor = Executor(self.registry, pool, Metrics())
        self.pool = pool

    async def make(self, work):
        """Do some work as the administrator, committed."""
        connection = await self.pool.acquire()
        try:
            async with connection.transaction():
                admin = await connection.fetchval("select id from res_users where login = 'admin'")
                user = deployments.user_of(self.registry, admin, "admin", list(self.registry.groups))
                return await work(Env(self.registry, connection, user))
        finally:
            self.pool.release(connection, None)

    async def call(self, user, method, *args):
        """One call; a refusal is an answer."""
        try:
            return await self.executor.execute(Call(LEAD, method, args), user)
        except AppError as error:
            return error


@pytest.fixture
async def site(fresh_database):
    async with await Pool.open(shared_cluster(), fresh_database, size=16) as pool:
        yield Site(pool)


async def users(site, count, *groups):
    async def work(env):
        return [await deployments.make_user(env, groups) for _ in range(count)]

    return await site.make(work)


@pytest.fixture
async def endorsed_to(site):
    """The service user of a dealership, and a lead endorsed to it."""
    [service] = await users(site, 1, "bpo.callback_service")

    async def work(env):
        return await endorsed(env, await dealership(env, callback_user_id=service.id))

    return service, await site.make(work)


@pytest.mark.statement("C8")
async def test_fifty_agents_claim_one_lead(site):
    agents = await users(site, 50, "bpo.agent")
    record = await site.make(lambda env: lead(env, user_id=None))

    answers = await asyncio.gather(*(site.call(agent, "action_claim", [record]) for agent in agents))

    assert sum(answer is True for answer in answers) == 1
    assert all(isinstance(answer, ConflictError | MissingError) for answer in answers if answer is not True)


@pytest.mark.statement("X6")
async def test_the_same_callback_a_hundred_times_is_one_effect(site, endorsed_to):
    service, record = endorsed_to

    answers = await asyncio.gather(
        *(site.call(service, "update_from_dealer_callback", won(record)) for _ in range(100))
    )

    assert Counter(answer["duplicate"] for answer in answers) == {False: 1, True: 99}
    assert len({str({**answer, "duplicate": None}) for answer in answers}) == 1
    told = [text for text in await site.make(lambda env: messages(env, LEAD, record)) if "won this lead" in text]
    assert len(told) == 1


@pytest.mark.statement("X9", "X20", "H108")
async def test_won_against_lost_leaves_the_first_word(site, endorsed_to):
    service, record = endorsed_to

    answers = await asyncio.gather(
        *(site.call(service, "update_from_dealer_callback", word(record)) for word in (won, lost) * 10)
    )

    [status] = await site.make(lambda env: read(env, LEAD, record, "won_status"))
    accepted = [answer["stage"].lower() for answer in answers if isinstance(answer, dict)]
    assert accepted == [status] * 10
    assert sum(isinstance(answer, ConflictError) for answer in answers) == 10
    contradicted = [text for text in await site.make(lambda env: messages(env, LEAD, record)) if "contradicts" in text]
    assert len(contradicted) == 1


@pytest.mark.statement("H27")
async def test_ten_endorsements_at_once_are_one(site):
    [boss] = await users(site, 1, "bpo.manager")

    async def ready(env):
        return [await dealership(env, code) for code in ("MNL", "CEB")], await negotiated(env)

    dealers, record = await site.make(ready)

    answers = await asyncio.gather(
        *(site.call(boss, "action_endorse_with_sq", [record], dealers[turn % 2]) for turn in range(10))
    )

    assert sum(answer is True for answer in answers) == 1
    assert all(isinstance(answer, TransitionError) for answer in answers if answer is not True)
    jobs = await site.make(lambda env: env.fetchval("select count(*) from sync_job where kind = 'bpo.endorse'"))
    assert jobs == 1
