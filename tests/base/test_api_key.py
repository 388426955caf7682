"""API keys over RPC: made for oneself, shown once, listed without secret, revoked."""

import datetime as dt

import pytest

from models.base.tokens import API_KEY, token_hash
from models.orm.errors import AccessError, InputError, MissingError, UnknownFieldError, UserError, ValidationError


@pytest.fixture
async def agent(as_user):
    return await as_user("base.user")


@pytest.fixture
def keys(env):
    return env["res.users.apikeys"]


async def test_a_key_is_made_for_the_caller(agent, keys):
    key = await keys.generate(agent, "script")

    row = await agent.fetchrow("select user_id, key_hash, hint, expires_at from res_users_apikeys")
    assert key.startswith(API_KEY)
    assert tuple(row) == (agent.user.id, token_hash(key), key[:8], None)


@pytest.mark.parametrize("expires", ["2999-01-01", "2999-01-01 10:00:00", dt.datetime(2999, 1, 1, tzinfo=dt.UTC)])
async def test_a_key_may_end(agent, keys, expires):
    await keys.generate(agent, "script", expires)

    assert (await agent.fetchval("select expires_at from res_users_apikeys")).year == 2999


@pytest.mark.parametrize("expires", ["2001-01-01", dt.datetime(2001, 1, 1, tzinfo=dt.UTC)])
async def test_a_key_cannot_have_ended(agent, keys, expires):
    with pytest.raises(ValidationError):
        await keys.generate(agent, "script", expires)


@pytest.mark.parametrize("name", ["", "  ", None, 5])
async def test_a_key_says_what_it_is_for(agent, keys, name):
    with pytest.raises(InputError):
        await keys.generate(agent, name)


async def test_the_number_of_keys_is_bounded(agent, keys, monkeypatch):
    monkeypatch.setattr("models.base.api_keys.MOST_PER_USER", 2)
    for _ in range(2):
        await keys.generate(agent, "script")

    with pytest.raises(UserError, match="at most 2 keys"):
        await keys.generate(agent, "script")


async def test_own_keys_are_listed_without_their_secret(agent, env, keys):
    await keys.generate(agent, "mine")
    await keys.generate(env, "theirs")

    [row] = (await keys.search_read(agent, [])).value()

    assert row["name"] == "mine"
    assert not any(isinstance(value, str) and len(value) > 40 for value in row.values())
    with pytest.raises(UnknownFieldError):
        await keys.read(agent, [row["id"]], ["key_hash"])


async def test_keys_are_revoked_by_their_owner_or_an_administrator(agent, env, keys):
    await keys.generate(agent, "mine")
    await keys.generate(env, "theirs")
    [mine] = await keys.search(agent, [])
    [theirs] = await keys.search(env, [["user_id", "=", env.user.id]])

    with pytest.raises(MissingError):
        await keys.revoke(agent, [theirs])
    await keys.revoke(env, [mine])

    assert await keys.search(env, []) == [theirs]


async def test_keys_are_not_written_or_made_by_hand(agent, env, keys):
    await keys.generate(agent, "mine")
    [mine] = await keys.search(agent, [])
    for caller in (agent, env):
        with pytest.raises(AccessError):
            await keys.write(caller, [mine], {"user_id": 2})
        with pytest.raises(AccessError):
            await keys.create(caller, {"name": "x", "user_id": 2})


async def test_the_secret_stays_out_of_the_audit_log(agent, keys):
    key = await keys.generate(agent, "script")

    entries = await agent.fetch("select details::text from audit_log where model = 'res.users.apikeys'")
    assert [token_hash(key) in row[0] for row in entries] == [False]


async def test_own_sessions_are_listed_and_ended(agent, env):
    sessions = env["base.session"]
    for user_id in (agent.user.id, env.user.id):
        await env.execute(
            "insert into base_session (user_id, token_hash, used_at, expires_at)"
            " values ($1::bigint, 'hash' || $1::bigint, now(), now() + interval '1 day')",
            user_id,
        )
    [mine] = await sessions.search(agent, [])
    [theirs] = await sessions.search(env, [["user_id", "=", env.user.id]])

    with pytest.raises(MissingError):
        await sessions.revoke(agent, [theirs])
    await sessions.revoke(agent, [mine])

    assert await sessions.search(env, []) == [theirs]
