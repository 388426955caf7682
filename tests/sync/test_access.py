"""Who sees the outbox, and who may resend or skip: operators of the company, through these two methods alone."""

import asyncio

import pytest

from models.orm import Env, User
from models.orm.errors import AccessError, MissingError, UnknownModelError
from models.sync.outbox import enqueue
from server.execute import Call, Executor
from server.metrics import Metrics


@pytest.fixture
async def job(world):
    [lead] = await world.new_leads(1, None)
    await world.hand_over(lead)
    return await world.value("update sync_job set state = 'parked' returning id")


@pytest.fixture
def execute(world):
    """Call a method of sync.job as a user of some groups."""
    executor = Executor(world.registry, world.pool, Metrics())

    async def call(groups, method, *args, company=1):
        effective = world.registry.effective_groups(groups)
        user = User(1, "ada", "Ada", effective, company, (company,))
        return await executor.execute(Call("sync.job", method, args), user)

    return call


@pytest.mark.parametrize("group", ["base.admin", "sync.manager"])
@pytest.mark.parametrize("move", [("resend", "ready"), ("skip", "skipped")])
async def test_operators_move_jobs(world, execute, job, group, move):
    method, state = move

    assert await execute([group], method, [job]) is True

    assert await world.states() == [state]


@pytest.mark.parametrize("groups", [[], ["base.user"], ["handed.user"]])
@pytest.mark.parametrize("method", ["resend", "skip", "read"])
async def test_for_others_the_outbox_does_not_exist(world, execute, job, groups, method):
    with pytest.raises(UnknownModelError):
        await execute(groups, method, [job])

    assert await world.states() == ["parked"]


@pytest.mark.parametrize("method", ["resend", "skip", "read"])
async def test_operators_of_another_company_do_not_reach_it(world, execute, job, method):
    with pytest.raises(MissingError):
        await execute(["sync.manager"], method, [job], company=2)

    assert await world.states() == ["parked"]


@pytest.mark.parametrize(
    ("method", "args"),
    [("write", [[1], {"state": "done"}]), ("delete", [[1]]), ("create", [{"event": "x", "kind": "y"}])],
)
async def test_operators_write_nothing_else(world, execute, job, method, args):
    with pytest.raises(AccessError):
        await execute(["base.admin", "sync.manager"], method, *args)

    assert await world.states() == ["parked"]


async def test_one_search_finds_what_was_not_delivered(world, execute, job):
    found = await execute(["sync.manager"], "search", [["state", "=", "parked"]])

    assert found == [job]


async def test_a_job_of_an_unknown_kind_is_left_to_others(world, working):
    async with world.transaction() as env:
        user = User(1, "ada", "Ada", frozenset(), 1, (1,))
        await enqueue(Env(env.registry, env.connection, user), "from.the.future", {})

    async with working():
        await asyncio.sleep(0.3)
        assert await world.states() == ["ready"]
