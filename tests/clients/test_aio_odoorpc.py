"""aio-odoorpc over httpx: /jsonrpc with everything in each call."""

from collections.abc import AsyncIterator

import httpx
import pytest
from aio_odoorpc import AsyncOdooRPC


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


def connect(deployed, http, model, password=None):
    return AsyncOdooRPC(
        url_jsonrpc_endpoint=f"{deployed.url}/jsonrpc",
        database=deployed.database,
        username_or_uid=deployed.login,
        password=password or deployed.password,
        default_model_name=model,
        http_client=http,
    )


@pytest.fixture
async def partners(deployed, http):
    client = connect(deployed, http, "res.partner")
    await client.login()
    return client


async def test_a_wrong_login_gives_no_user(deployed, http):
    assert await connect(deployed, http, "res.partner", "wrong").login() is False


async def test_a_record_from_create_to_unlink(partners, unique):
    name = unique("Partner")
    [partner] = await partners.execute_kw("create", [{"name": name}])

    assert await partners.search([["name", "=", name]]) == [partner]
    assert await partners.search_count([["name", "=", name]]) == 1
    assert await partners.read([partner], fields=["name"]) == [{"id": partner, "name": name}]
    assert await partners.search_read([["name", "=", name]], fields=["name"]) == [{"id": partner, "name": name}]
    assert await partners.write([partner], {"city": "Davao"}) is True
    assert await partners.execute_kw("unlink", [partner]) is True


async def test_children_by_commands(partners, unique):
    child = {"name": unique("Child")}
    [parent] = await partners.execute_kw("create", [{"name": unique("Parent"), "child_ids": [[0, 0, child]]}])

    [found] = await partners.search_read([["parent_id", "=", parent]], fields=["name"])

    assert found["name"] == child["name"]


async def test_no_domain_means_all(partners):
    assert await partners.search(limit=1)


async def test_errors_are_raised(partners):
    with pytest.raises(RuntimeError, match="ValidationError"):
        await partners.execute_kw("create", [{"name": False}])
