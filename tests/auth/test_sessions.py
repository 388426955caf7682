"""Sessions: what is revoked or changed holds everywhere within a second, and time is the server's."""

import asyncio
import datetime as dt

import pytest

from models.orm.errors import SessionError
from server.auth import SessionPolicy
from tests.auth.conftest import ADDRESS, LOGIN, PASSWORD

pytestmark = pytest.mark.usefixtures("quick_passwords")

NEW = "another long password"


@pytest.fixture
async def token(authenticator, agent) -> str:
    return (await authenticator.login(LOGIN, PASSWORD, address=ADDRESS)).token


async def is_open(authenticator, token) -> bool:
    try:
        await authenticator.by_token(token)
    except SessionError:
        return False
    return True


async def within_a_second(condition) -> bool:
    for _ in range(20):
        await asyncio.sleep(0.05)
        if await condition():
            return True
    return False


async def end_sessions(env, agent):
    await env["base.session"].remove(env, await env["base.session"].search(env, [["user_id", "=", agent]]))


@pytest.mark.statement("A7")
@pytest.mark.parametrize(
    "change",
    [
        lambda env, agent: env["res.users"].update(env, [agent], {"password": NEW}),
        lambda env, agent: env["res.users"].update(env, [agent], {"active": False}),
        end_sessions,
    ],
    ids=["password changed", "user disabled", "session revoked"],
)
async def test_what_ends_a_session_holds_in_every_process_within_a_second(process, agent, token, as_admin, change):
    processes = [process(), process()]
    assert [await is_open(one, token) for one in processes] == [True, True]

    await as_admin(lambda env: change(env, agent))

    async def is_over() -> bool:
        return [await is_open(one, token) for one in processes] == [False, False]

    assert await within_a_second(is_over)


@pytest.mark.statement("A7")
async def test_a_logout_holds_in_other_processes_within_a_second(process, token):
    here, there = process(), process()
    await there.by_token(token)

    await here.logout(token)

    async def is_over() -> bool:
        return not await is_open(there, token)

    assert await within_a_second(is_over)


@pytest.mark.statement("A7")
async def test_a_group_that_is_taken_away_is_gone_within_a_second(process, agent, token, as_admin, pool):
    other = process()
    await as_admin(lambda env: give(env, agent, ["base.user", "base.admin"]))
    assert "base.admin" in (await other.by_token(token)).groups

    await as_admin(lambda env: give(env, agent, ["base.user"]))

    async def is_gone() -> bool:
        return "base.admin" not in (await other.by_token(token)).groups

    assert await within_a_second(is_gone)


@pytest.mark.statement("A7")
async def test_what_a_made_group_lends_holds_in_every_process_within_a_second(process, agent, token, as_admin):
    processes = [process(), process()]

    async def make(env):
        found = await env["res.groups"].search(env, [["code", "=", "sale.user"]])
        return await env["res.groups"].create(env, {"name": "G", "implied_ids": found, "user_ids": [agent]})

    made = await as_admin(make)

    async def held(expected):
        return ["sale.user" in (await one.by_token(token)).groups for one in processes] == [expected] * 2

    assert await within_a_second(lambda: held(True))
    await as_admin(lambda env: env["res.groups"].write(env, made, {"implied_ids": [(5,)]}))
    assert await within_a_second(lambda: held(False))


async def give(env, agent, groups):
    ids = await env["res.groups"].search(env, [["code", "in", groups]])
    await env["res.users"].update(env, [agent], {"groups_id": [(6, 0, ids)]})


@pytest.mark.statement("A8")
async def test_an_unused_session_ends_by_the_servers_clock(process, agent):
    authenticator = process(SessionPolicy(idle=dt.timedelta(seconds=1.5), believed_seconds=0.1))
    token = (await authenticator.login(LOGIN, PASSWORD, address=ADDRESS)).token

    for _ in range(6):
        await asyncio.sleep(0.3)
        assert await is_open(authenticator, token)
    await asyncio.sleep(1.8)

    assert not await is_open(authenticator, token)


@pytest.mark.statement("A8")
async def test_a_session_ends_however_much_it_is_used(process, agent):
    authenticator = process(SessionPolicy(lifetime=dt.timedelta(seconds=1), believed_seconds=0.9))
    opened = await authenticator.login(LOGIN, PASSWORD, address=ADDRESS)
    deadline = asyncio.get_running_loop().time() + 2
    while await is_open(authenticator, opened.token):
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.05)

    assert opened.expires_at - dt.datetime.now(dt.UTC) < dt.timedelta(0)


async def test_a_user_has_a_bounded_number_of_sessions(authenticator, agent, pool, monkeypatch):
    monkeypatch.setattr("models.base.sessions.MOST_PER_USER", 2)
    tokens = [(await authenticator.login(LOGIN, PASSWORD, address=ADDRESS)).token for _ in range(4)]

    assert [await is_open(authenticator, token) for token in tokens] == [False, False, True, True]


async def test_sessions_that_are_over_are_forgotten(pool, agent, token):
    from models.base import sessions

    async with pool.connection() as connection:
        await connection.execute(
            "insert into base_session (user_id, token_hash, used_at, expires_at)"
            " select $1, n::text, now(), now() - interval '1 day' from generate_series(1, 5) n",
            agent,
        )
        gone = [await sessions.clean(connection, idle=dt.timedelta(days=1), most=3) for _ in range(3)]
        left = await connection.fetchval("select count(*) from base_session")

    assert (gone, left) == ([3, 2, 0], 1)


@pytest.mark.parametrize("token", ["", "tds_", "tds_" + "x" * 43, "tdk_" + "x" * 43, "x" * 100_000, "tds_\0\ud800"])
async def test_what_is_no_token_is_refused(authenticator, token):
    assert not await is_open(authenticator, token)


@pytest.mark.statement("A12")
async def test_many_calls_at_once_are_each_who_they_are(process, as_admin, pool):
    authenticator = process()

    async def make(env):
        rows = [{"name": f"Agent {n}", "login": f"agent{n}"} for n in range(10)]
        return await env["res.users"].insert(env, rows)

    users = await as_admin(make)
    async with pool.connection() as connection:
        started = [await authenticator._sessions.start(connection, user_id, ADDRESS) for user_id in users]
    tokens = [token for token, _ in started]

    async def ask(number: int) -> bool:
        await asyncio.sleep((number * 7919 % 13) / 1000)
        return (await authenticator.by_token(tokens[number % 10])).id == users[number % 10]

    assert all(await asyncio.gather(*(ask(number) for number in range(500))))
