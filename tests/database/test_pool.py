"""The pool: cheap when all is well, and never a connection lost or in a wrong state."""

import asyncio
import time
from collections.abc import AsyncIterator
from decimal import Decimal

import asyncpg
import pytest
import structlog

from server.database.connection import Connection, connect
from server.database.errors import CONNECTION_LOST, PoolClosedError, PoolTimeoutError
from server.database.pool import Pool
from tests.cluster import scratch_database, shared_cluster


@pytest.fixture(scope="module")
async def database() -> AsyncIterator[str]:
    """One for all: what a pool leaves behind is looked for within its own test."""
    async with scratch_database() as name:
        yield name


@pytest.fixture
async def pool(database) -> AsyncIterator[Pool]:
    async with await Pool.open(shared_cluster(), database, size=2, acquire_timeout=0.3) as opened:
        yield opened


@pytest.fixture
async def observer(database) -> AsyncIterator[Connection]:
    """A connection beside the pool, to see what the server sees."""
    connection = await connect(shared_cluster(), database, name="observer")
    yield connection
    await connection.close()


SEEN = (
    "select pid, query, state from pg_stat_activity where datname = current_database() and application_name = 'tandem'"
)


async def settled(pool: Pool, idle: int) -> None:
    async with asyncio.timeout(5):
        while pool.idle != idle:
            await asyncio.sleep(0.005)


async def test_connections_are_opened_when_they_are_needed(pool):
    assert pool.opened == 0

    async with pool.connection(), pool.connection():
        assert (pool.opened, pool.idle) == (2, 0)

    assert (pool.opened, pool.idle) == (2, 2)


async def test_one_caller_after_another_uses_one_connection(pool):
    used = []
    for _ in range(5):
        async with pool.connection() as connection:
            used.append(connection.get_server_pid())

    assert len(set(used)) == 1


async def test_no_statement_is_sent_on_release(pool, observer):
    async with pool.connection() as connection:
        await connection.fetchval("select 'mine'")
    async with pool.connection():
        pass

    [seen] = await observer.fetch(SEEN)
    assert (seen["query"], seen["state"]) == ("select 'mine'", "idle")


async def test_a_waiter_gets_a_busy_error_after_its_time(pool):
    async with pool.connection(), pool.connection():
        start = time.monotonic()
        with pytest.raises(PoolTimeoutError):
            await pool.acquire()
        waited = time.monotonic() - start

    assert 0.25 < waited < 5
    assert (pool.waiting, pool.idle) == (0, 2)


async def test_waiters_are_served_in_the_order_of_their_coming(database):
    served = []

    async def use(number: int) -> None:
        async with pool.connection():
            served.append(number)
            await asyncio.sleep(0)

    async with await Pool.open(shared_cluster(), database, size=1) as pool:
        await asyncio.gather(*(use(number) for number in range(20)))

    assert served == list(range(20))


async def test_a_cancelled_waiter_leaks_nothing(pool):
    async with pool.connection(), pool.connection():
        waiter = asyncio.create_task(pool.acquire())
        await asyncio.sleep(0)
        assert pool.waiting == 1
        waiter.cancel()
        await asyncio.gather(waiter, return_exceptions=True)
        assert pool.waiting == 0

    assert (pool.opened, pool.idle) == (2, 2)


async def test_a_waiter_cancelled_as_it_is_served_gives_the_connection_back(pool):
    first, second = await pool.acquire(), await pool.acquire()
    waiter = asyncio.create_task(pool.acquire())
    await asyncio.sleep(0)

    pool.release(first)
    waiter.cancel()
    await asyncio.gather(waiter, return_exceptions=True)

    assert pool.idle == 1
    pool.release(second)


@pytest.mark.concurrency
async def test_a_thousand_cancelled_callers_leave_the_pool_whole(pool, observer):
    async def use(delay: float) -> None:
        async with asyncio.timeout(delay), pool.connection() as connection, connection.transaction():
            await connection.execute("select pg_sleep(0.002)")

    await asyncio.gather(*(use(number % 50 / 2000) for number in range(1000)), return_exceptions=True)
    await settled(pool, pool.opened)

    assert (pool.waiting, pool.opened <= 2) == (0, True)
    assert {row["state"] for row in await observer.fetch(SEEN)} <= {"idle"}


async def test_an_open_transaction_is_rolled_back(pool, observer):
    await observer.execute("create table lead (id int)")
    async with pool.connection() as connection:
        await connection.execute("begin")
        await connection.execute("insert into lead values (1)")

    await settled(pool, 1)
    async with pool.connection() as connection:
        assert not connection.is_in_transaction()
    assert await observer.fetchval("select count(*) from lead") == 0


async def test_a_begin_that_was_cut_off_leaves_no_transaction_behind(pool, observer):
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0), pool.connection() as connection:
            await connection.execute("begin")

    if pool.opened:
        await settled(pool, 1)
    async with asyncio.timeout(5):  # one that was being opened may still be on its way out
        while {row["state"] for row in await observer.fetch(SEEN)} - {"idle"}:
            await asyncio.sleep(0.005)


async def test_a_statement_that_was_cut_off_is_cancelled_on_the_server(pool, observer):
    async with pool.connection():
        pass
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05), pool.connection() as connection:
            await connection.execute("select pg_sleep(20)")

    await settled(pool, 1)
    [seen] = await observer.fetch(SEEN)
    assert seen["state"] == "idle"


async def test_an_error_in_a_transaction_leaves_a_usable_connection(pool):
    with pytest.raises(asyncpg.DivisionByZeroError):
        async with pool.connection() as connection:
            await connection.execute("begin")
            await connection.execute("select 1/0")

    await settled(pool, 1)
    async with pool.connection() as connection:
        assert await connection.fetchval("select 1") == 1


async def test_a_connection_lost_while_idle_is_replaced(pool, observer):
    async with pool.connection() as connection:
        lost = connection.get_server_pid()
    await observer.fetchval("select pg_terminate_backend($1, 1000)", lost)
    await asyncio.sleep(0.05)

    async with pool.connection() as connection:
        assert connection.get_server_pid() != lost
        assert await connection.fetchval("select 1") == 1
    assert pool.opened == 1


async def test_a_connection_lost_in_use_is_replaced_and_its_waiter_served(database, observer):
    async def wait_for_it() -> int:
        async with pool.connection() as connection:
            return connection.get_server_pid()

    async with await Pool.open(shared_cluster(), database, size=1) as pool:
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, *CONNECTION_LOST)):
            async with pool.connection() as connection:
                lost = connection.get_server_pid()
                waiter = asyncio.create_task(wait_for_it())
                await observer.fetchval("select pg_terminate_backend($1, 1000)", lost)
                await connection.fetchval("select 1")

        assert await waiter != lost
        assert pool.opened == 1


async def test_a_server_that_is_away_costs_waiting_then_a_busy_error(database):
    opened = await connect(shared_cluster(), database)
    tries = 0

    async def refused_twice() -> Connection:
        nonlocal tries
        tries += 1
        if tries <= 2:
            raise ConnectionRefusedError
        return opened

    async with Pool(refused_twice, size=1, acquire_timeout=1) as pool, pool.connection() as connection:
        assert connection is opened


async def test_a_server_that_stays_away_is_a_busy_error_and_no_lost_place(tmp_path):
    address = type(shared_cluster()).of_socket(tmp_path)
    pool = Pool(lambda: connect(address, "nowhere"), size=1, acquire_timeout=0.2)

    for _ in range(2):
        with pytest.raises(PoolTimeoutError):
            await pool.acquire()

    assert (pool.opened, pool.waiting) == (0, 0)


async def test_a_wrong_database_shows_when_the_pool_is_opened():
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await Pool.open(shared_cluster(), "no such database")


async def test_closing_waits_for_connections_in_use_and_refuses_new_callers(database, observer):
    pool = await Pool.open(shared_cluster(), database, size=1)
    connection = await pool.acquire()
    waiter = asyncio.create_task(pool.acquire())
    closing = asyncio.create_task(pool.close())
    await asyncio.sleep(0.01)

    assert await connection.fetchval("select 1") == 1
    pool.release(connection)
    await closing

    with pytest.raises(PoolClosedError):
        await waiter
    with pytest.raises(PoolClosedError):
        await pool.acquire()
    assert pool.opened == 0


async def test_closing_ends_the_tries_to_reach_a_server_that_is_away():
    async def refused() -> Connection:
        raise ConnectionRefusedError

    pool = Pool(refused, size=1)
    caller = asyncio.create_task(pool.acquire())
    await asyncio.sleep(0.01)

    async with asyncio.timeout(5):
        await pool.close()

    with pytest.raises(PoolClosedError):
        await caller


async def test_closing_cuts_off_what_does_not_come_back(database):
    pool = await Pool.open(shared_cluster(), database, size=1)
    connection = await pool.acquire()

    await pool.close(timeout=0.05)

    assert connection.is_closed()


async def test_releasing_twice_is_refused(pool):
    connection = await pool.acquire()
    pool.release(connection)

    with pytest.raises(KeyError):
        pool.release(connection)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("statement_timeout", "30s"),
        ("lock_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "1min"),
        ("timezone", "UTC"),
        ("jit", "off"),
    ],
)
async def test_every_session_has_the_house_limits(pool, setting, value):
    async with pool.connection() as connection:
        assert await connection.fetchval("select current_setting($1)", setting) == value


async def test_numbers_stay_exact_and_json_stays_text(pool):
    async with pool.connection() as connection:
        row = await connection.fetchrow("""select 1.10::numeric, '{"a": 1.10}'::json""")

    assert repr(row[0]) == repr(Decimal("1.10"))
    assert row[1] == '{"a": 1.10}'


async def test_a_server_that_is_away_is_one_line_in_the_log_and_so_is_its_return(database: str) -> None:
    tries = 0

    async def open_one() -> Connection:
        nonlocal tries
        tries += 1
        if tries < 4:
            raise ConnectionRefusedError
        return await connect(shared_cluster(), database)

    with structlog.testing.capture_logs() as events:
        async with Pool(open_one, size=1) as pool, pool.connection() as connection:
            assert await connection.fetchval("select 1") == 1

    assert [(event["event"], event["log_level"]) for event in events] == [
        ("the database gives no connection", "warning"),
        ("the database gives connections again", "info"),
    ]
