"""What a password costs: the hash is slow on purpose, made as seldom as possible, and nobody else waits for it.

The cost is counted in passwords checked, which no other work on the machine changes: one of today's parameters costs
50 ms of a core, all the rest of a login a fraction.
"""

import asyncio
import time
from typing import Any

import pytest

from models.base import passwords
from models.orm.errors import LoginError
from tests.auth.conftest import ADDRESS, LOGIN, PASSWORD, refusal

TODAYS = "$argon2id$v=19$m=19456,t=3,p=1$"


class Counting:
    """The hasher, noting the stored hash of each check."""

    def __init__(self, hasher: passwords.PasswordHasher) -> None:
        self._hasher = hasher
        self.checked: list[str] = []

    def verify(self, stored: str, password: bytes) -> bool:
        self.checked.append(stored)
        return self._hasher.verify(stored, password)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hasher, name)


@pytest.fixture
def hasher(monkeypatch: pytest.MonkeyPatch) -> Counting:
    counting = Counting(passwords.HASHER)
    monkeypatch.setattr(passwords, "HASHER", counting)
    return counting


@pytest.mark.statement("A1")
async def test_every_reason_to_refuse_costs_as_much(process, agent, as_admin, hasher):
    authenticator = process(failures_a_minute=1000)
    [disabled] = await as_admin(
        lambda env: env["res.users"].insert(
            env, [{"name": "Off", "login": "off", "password": PASSWORD, "active": False}]
        )
    )
    tries = [
        ("nobody", PASSWORD, None),
        (LOGIN, "wrong", None),
        ("off", PASSWORD, None),
        (LOGIN, PASSWORD, "elsewhere"),
    ]
    assert disabled

    for login, password, database in tries:
        hasher.checked.clear()
        await refusal(authenticator, login, password, database=database)
        assert [stored.startswith(TODAYS) for stored in hasher.checked] == [True]


@pytest.mark.statement("A9")
async def test_a_huge_password_is_refused_without_a_check(authenticator, agent, hasher):
    error = await refusal(authenticator, LOGIN, "p" * (1 << 20))

    assert type(error) is LoginError
    assert hasher.checked == []


@pytest.mark.statement("A10")
async def test_a_stored_password_is_argon2id_and_costs_enough(agent, pool):
    async with pool.connection() as connection:
        stored = await connection.fetchval("select password from res_users where id = $1", agent)

    begun = time.process_time()
    assert await passwords.matches(stored, PASSWORD)
    assert time.process_time() - begun >= 0.03
    assert stored.startswith(TODAYS)


@pytest.mark.statement("A10")
async def test_calls_go_on_while_many_log_in(process, agent, pool):
    authenticator = process(failures_a_minute=1000)
    token = (await authenticator.login(LOGIN, PASSWORD, address=ADDRESS)).token
    logins = asyncio.gather(*(authenticator.login(LOGIN, PASSWORD, address=ADDRESS) for _ in range(20)))
    times = []
    while not logins.done():
        begun = time.perf_counter()
        await process().by_token(token)
        times.append(time.perf_counter() - begun)
        await asyncio.sleep(0.005)

    assert len(await logins) == 20
    assert len(times) > 20
    # Behind one of the hashes each would wait 50 ms; half of them may meet with other work on the machine.
    assert sorted(times)[len(times) // 2] < 0.05


async def test_a_hash_with_other_parameters_is_made_anew(authenticator, agent, pool):
    weak = passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    async with pool.connection() as connection:
        await connection.execute("update res_users set password = $2 where id = $1", agent, weak)

    await authenticator.login(LOGIN, PASSWORD, address=ADDRESS)

    async with pool.connection() as connection:
        stored = await connection.fetchval("select password from res_users where id = $1", agent)
    assert not passwords.is_outdated(stored)
    assert await passwords.matches(stored, PASSWORD)


async def test_a_login_does_not_wait_in_a_transaction_for_the_hash(process, agent, pool):
    """More logins at once than connections: they would wait for each other if each held one while it is checked."""
    authenticator = process()

    opened = await asyncio.gather(*(authenticator.login(LOGIN, PASSWORD, address=ADDRESS) for _ in range(8)))

    assert {login.user.id for login in opened} == {agent}


async def test_a_password_is_hashed_once_and_then_remembered(authenticator, agent, hasher):
    await authenticator.by_password(agent, PASSWORD, address=ADDRESS)
    await asyncio.sleep(1)

    await authenticator.by_password(agent, PASSWORD, address=ADDRESS)

    assert len(hasher.checked) == 1


async def test_calls_at_once_hash_a_password_once(authenticator, agent, hasher):
    await asyncio.gather(*(authenticator.by_password(agent, PASSWORD, address=ADDRESS) for _ in range(50)))

    assert len(hasher.checked) == 1
