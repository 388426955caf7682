"""Passwords and API keys with every call, as Odoo's clients send them: checked once, believed for a moment."""

import asyncio
import datetime as dt

import pytest

from models.base.tokens import API_KEY
from models.orm.errors import LoginError, SessionError
from tests import deployments
from tests.auth.conftest import ADDRESS, LOGIN, PASSWORD

pytestmark = pytest.mark.usefixtures("quick_passwords")


@pytest.fixture
async def key(as_admin, agent) -> str:
    return await as_admin(lambda env: env["res.users.apikeys"].issue(env, agent, name="script"))


async def is_let_in(authenticator, who, secret) -> bool:
    try:
        await authenticator.by_password(who, secret, address=ADDRESS)
    except LoginError:
        return False
    return True


async def gone_within_a_second(authenticator, who, secret) -> bool:
    for _ in range(20):
        await asyncio.sleep(0.05)
        if not await is_let_in(authenticator, who, secret):
            return True
    return False


async def test_a_password_works_with_the_login_or_the_id(authenticator, agent):
    users = [await authenticator.by_password(who, PASSWORD, address=ADDRESS) for who in (LOGIN, agent)]

    assert [user.id for user in users] == [agent, agent]


@pytest.mark.statement("A7")
@pytest.mark.parametrize("values", [{"password": "another long password"}, {"active": False}])
async def test_a_remembered_password_ends_with_the_password_or_the_user(process, agent, as_admin, values):
    other = process()
    assert await is_let_in(other, agent, PASSWORD)

    await as_admin(lambda env: env["res.users"].update(env, [agent], values))

    assert await gone_within_a_second(other, agent, PASSWORD)


async def test_a_wrong_password_is_refused_though_a_right_one_was_just_used(authenticator, agent):
    await authenticator.by_password(agent, PASSWORD, address=ADDRESS)

    assert not await is_let_in(authenticator, agent, PASSWORD + "x")


async def test_an_api_key_stands_for_its_user(authenticator, agent, key):
    users = [await authenticator.by_password(who, key, address=ADDRESS) for who in (LOGIN, "AGENT@example.ph", agent)]
    users.append(await authenticator.by_token(key))

    assert {user.id for user in users} == {agent}


async def test_an_api_key_of_somebody_else_is_refused(authenticator, key):
    assert not await is_let_in(authenticator, "admin", key)
    assert not await is_let_in(authenticator, 1, key)


async def test_an_api_key_is_stored_as_a_hash_only(key, pool):
    async with pool.connection() as connection:
        row = await connection.fetchval("select k::text from res_users_apikeys k")

    assert key[len(API_KEY) + 4 :] not in row


@pytest.mark.statement("A7")
async def test_a_revoked_key_is_refused_within_a_second(process, agent, key, as_admin):
    other = process()
    assert await is_let_in(other, agent, key)

    async def revoke(env):
        await env["res.users.apikeys"].revoke(env, await env["res.users.apikeys"].search(env, []))

    await as_admin(revoke)

    assert await gone_within_a_second(other, agent, key)


@pytest.mark.statement("A8")
async def test_a_key_ends_by_the_servers_clock(process, agent, as_admin):
    ends = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2)
    key = await as_admin(lambda env: env["res.users.apikeys"].issue(env, agent, name="short", expires_at=ends))
    other = process()
    assert await is_let_in(other, agent, key)
    await asyncio.sleep(3)

    assert not await is_let_in(other, agent, key)


async def test_the_user_of_a_disabled_account_loses_the_keys_too(process, agent, key, as_admin):
    await as_admin(lambda env: env["res.users"].update(env, [agent], {"active": False}))

    with pytest.raises(SessionError):
        await process().by_token(key)


async def test_an_administrators_password_works_with_every_call(authenticator):
    user = await authenticator.by_password("admin", deployments.ADMIN_PASSWORD, address=ADDRESS)

    assert "base.admin" in user.groups
