"""Health and figures: what operators and balancers ask."""

import asyncio
import re
import time
from contextlib import AsyncExitStack

import pytest

from models.orm.limits import LIMITS
from server import health as server_health
from server.app import create_app
from server.database import databases
from server.database.address import DatabaseAddress
from server.database.connection import connect
from server.settings import Settings
from tests.cluster import drop_database, new_name, shared_cluster
from tests.rpc import scenario
from tests.rpc.conftest import Endpoint, Running, served

VERSION = re.compile(r"\d+\.\d+")


async def health(endpoint: Endpoint, path: str) -> tuple[int, str, float]:
    started = time.monotonic()
    async with endpoint.session.get(f"{endpoint.url}/health/{path}") as response:
        text = await response.text()
        assert not VERSION.search(text)
        return response.status, text, time.monotonic() - started


@pytest.mark.statement("O9")
async def test_a_running_deployment_is_live_and_ready(running: Running) -> None:
    await until_ready(running.endpoint)  # the first look may take its time

    live, ready = await health(running.endpoint, "live"), await health(running.endpoint, "ready")

    assert live[:2] == (200, '{"status": "live"}')
    assert ready[:2] == (200, '{"status": "ready"}')


@pytest.mark.statement("O9")
async def test_without_a_database_it_is_live_and_not_ready(stack: AsyncExitStack) -> None:
    nowhere = DatabaseAddress("postgresql://127.0.0.1:1/none")
    endpoint = await served(stack, create_app(Settings(database_name="none"), nowhere, scenario.REGISTRY))

    live, ready = await health(endpoint, "live"), await health(endpoint, "ready")

    assert (live[0], ready[0]) == (200, 503)
    assert max(live[2], ready[2]) < LIMITS.pool_wait_seconds  # it does not wait for a connection


@pytest.mark.statement("O9")
async def test_with_another_schema_it_is_not_ready_until_it_is_migrated(
    stack: AsyncExitStack, running: Running
) -> None:
    name = new_name()
    await databases.create_database_if_missing(shared_cluster(), name)
    stack.push_async_callback(drop_database, name)
    endpoint = await served(stack, create_app(Settings(database_name=name), shared_cluster(), scenario.REGISTRY))
    assert (await health(endpoint, "ready"))[0] == 503

    # The record of what was done to the other database is what is looked at.
    connection = await connect(shared_cluster(), name)
    hashes = await running.fetchval("select array_agg(hash) from migration where kind = 'schema'")
    await connection.execute("create table migration (id bigint, kind text, name text, hash text)")
    await connection.execute("insert into migration select 1, 'schema', 'both', unnest($1::text[])", hashes)
    await connection.close()

    await until_ready(endpoint)


@pytest.mark.statement("O9")
async def test_it_becomes_ready_again_after_its_connections_were_cut(running: Running) -> None:
    await health(running.endpoint, "ready")
    await running.fetchval(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    await asyncio.sleep(0.1)

    await until_ready(running.endpoint)


@pytest.mark.statement("O9")
async def test_a_slow_database_stays_ready_and_one_that_hangs_does_not(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    await until_ready(running.endpoint)
    holder = await connect(shared_cluster(), running.database)

    async with holder.transaction():
        await holder.execute("lock table migration in access exclusive mode")
        slow = await health(running.endpoint, "ready")
        monkeypatch.setattr(server_health, "BELIEVED_SECONDS", 0.0)
        hanging = await health(running.endpoint, "ready")
    await holder.close()

    assert (slow[0], hanging[0]) == (200, 503)
    await until_ready(running.endpoint)


async def until_ready(endpoint: Endpoint) -> None:
    async with asyncio.timeout(20):
        while (await health(endpoint, "ready"))[0] != 200:
            await asyncio.sleep(0.02)


@pytest.mark.statement("O8")
async def test_calls_are_counted_by_what_the_registry_knows(running: Running) -> None:
    await running.execute("test.note", "create", {"name": "a"})
    await running.execute("test.note", "create", {"name": "a"})
    await running.execute("test.note", "no_such_method_planted")
    await running.execute("no.such.model.planted", "read")
    await running.execute("test.note", "fail", "40001", 1, "counted")

    async with running.endpoint.session.get(f"{running.endpoint.url}/metrics") as response:
        text = await response.text()

    assert 'tandem_calls_total{method="create",model="test.note",outcome="ok"} 1.0' in text
    assert 'tandem_calls_total{method="create",model="test.note",outcome="duplicate"} 1.0' in text
    assert 'tandem_calls_total{method="unknown",model="test.note",outcome="unknown_method"} 1.0' in text
    assert 'tandem_calls_total{method="unknown",model="unknown",outcome="unknown_model"} 1.0' in text
    assert 'tandem_call_retries_total{sqlstate="40001"} 1.0' in text
    assert "tandem_pool_idle" in text
    assert "tandem_call_seconds_bucket" in text
    assert "planted" not in text
