"""Lock-out: so many failures a minute by login and address, counted by all processes, and nobody else is locked out."""

import asyncio

import pytest

from models.base import login_failures
from models.orm.errors import LoginError, RateError
from server.auth.lockout import network_of
from tests.auth.conftest import ADDRESS, ELSEWHERE, LOGIN, PASSWORD

pytestmark = pytest.mark.usefixtures("quick_passwords")

WRONG = "wrong password"


async def outcome(authenticator, login=LOGIN, password=WRONG, address=ADDRESS) -> str:
    try:
        await authenticator.login(login, password, address=address)
    except LoginError as error:
        return error.key
    except RateError as error:
        return error.key
    return "in"


async def age(pool, seconds):
    async with pool.connection() as connection:
        await connection.execute(
            "update base_login_failure set since = since - make_interval(secs => $1)", float(seconds)
        )


@pytest.mark.statement("A2")
async def test_the_sixth_failure_of_a_minute_is_refused_on_every_process(process, agent):
    processes = [process(), process()]

    found = [await outcome(processes[number % 2]) for number in range(11)]

    assert found == ["login"] * 5 + ["rate"] * 6


@pytest.mark.statement("A2")
async def test_a_locked_login_is_refused_for_a_minute_even_with_the_right_password(authenticator, agent, pool):
    for _ in range(5):
        await outcome(authenticator)

    refused = await outcome(authenticator, password=PASSWORD)
    await age(pool, 58)
    still_refused = await outcome(authenticator, password=PASSWORD)
    await age(pool, 3)

    assert (refused, still_refused, await outcome(authenticator, password=PASSWORD)) == ("rate", "rate", "in")


@pytest.mark.statement("A2")
async def test_the_minute_of_a_lock_begins_with_the_last_failure(authenticator, agent, pool):
    for _ in range(4):
        await outcome(authenticator)
    await age(pool, 50)
    await outcome(authenticator)
    await age(pool, 50)

    assert await outcome(authenticator, password=PASSWORD) == "rate"


async def test_unknown_logins_are_locked_like_known_ones(authenticator):
    found = [await outcome(authenticator, login="nobody") for _ in range(6)]

    assert found == ["login"] * 5 + ["rate"]


async def test_a_success_forgets_the_failures(authenticator, agent):
    for _ in range(4):
        await outcome(authenticator)
    await outcome(authenticator, password=PASSWORD)

    assert [await outcome(authenticator) for _ in range(5)] == ["login"] * 5


async def test_spelling_a_login_otherwise_gives_no_more_tries(authenticator, agent):
    spellings = ["agent@example.ph", "AGENT@example.ph", "Agent@Example.PH", "aGent@example.ph", "agent@EXAMPLE.ph"]
    for login in spellings:
        await outcome(authenticator, login=login)

    assert await outcome(authenticator, password=PASSWORD) == "rate"


async def test_a_user_id_and_a_login_share_their_tries(authenticator, agent):
    for _ in range(5):
        with pytest.raises(LoginError):
            await authenticator.by_password(agent, "wrong password", address=ADDRESS)

    assert await outcome(authenticator, password=PASSWORD) == "rate"


@pytest.mark.statement("A3")
async def test_failures_from_elsewhere_lock_nobody_out(authenticator, agent):
    for number in range(30):
        await outcome(authenticator, address=f"203.0.113.{number % 5}")

    assert [await outcome(authenticator, password=PASSWORD) for _ in range(10)] == ["in"] * 10
    assert await outcome(authenticator, password=PASSWORD, address="203.0.113.1") == "rate"


async def test_guesses_at_once_reveal_no_more_than_one_after_the_other(authenticator, agent):
    found = await asyncio.gather(*(outcome(authenticator, password=f"wrong password {n}") for n in range(20)))

    assert (found.count("login"), found.count("rate")) == (5, 15)
    assert await outcome(authenticator, password=PASSWORD) == "rate"


async def test_right_logins_at_once_are_all_let_in(authenticator, agent):
    found = await asyncio.gather(*(outcome(authenticator, password=PASSWORD) for _ in range(10)))

    assert found == ["in"] * 10


@pytest.mark.statement("A4")
async def test_the_table_of_failures_is_bounded_and_cleaned(pool):
    async with pool.connection() as connection:
        await connection.execute(
            "insert into base_login_failure (login_hash, address, since)"
            " select n::text, 'here', now() - make_interval(secs => n / 200.0) from generate_series(0, 59999) n"
        )
        await login_failures.clean(connection)
        left = await connection.fetch("select login_hash, since > now() - interval '1 minute' from base_login_failure")

    assert len(left) <= 10_000
    assert all(row[1] for row in left)
    assert "0" in {row[0] for row in left}


@pytest.mark.statement("A4")
async def test_cleaning_happens_by_itself(process, pool):
    authenticator = process()
    async with pool.connection() as connection:
        await connection.execute(
            "insert into base_login_failure (login_hash, address, since)"
            " select n::text, 'here', now() - interval '2 minutes' from generate_series(1, 500) n"
        )
    for number in range(50):
        await outcome(authenticator, login=f"nobody{number}", password="x", address=ELSEWHERE)

    async with pool.connection() as connection:
        assert await connection.fetchval("select count(*) from base_login_failure") == 50


async def test_logins_are_not_kept_in_the_clear(authenticator, pool):
    await outcome(authenticator, login="a password typed as login")

    async with pool.connection() as connection:
        row = await connection.fetchval("select f::text from base_login_failure f")
    assert "password" not in row


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1%eth0", "2001:db8:1:2::/64"),
        ("", ""),
        ("unix" * 100, ("unix" * 100)[:64]),
    ],
)
def test_failures_are_counted_by_what_one_customer_has(address, network):
    assert network_of(address) == network
