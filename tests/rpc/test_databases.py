"""Databases over RPC: the one that is served is told, and nobody makes, copies, saves or drops any."""

import json
import xmlrpc.client
from typing import Any

import pytest

from tests.rpc.conftest import PASSWORD

WORDS = ("", "admin", PASSWORD, False, None)
ATTEMPTS: dict[str, list[Any]] = {
    "create_database": ["another", False, "en_US", "admin"],
    "duplicate_database": ["{own}", "another"],
    "rename": ["{own}", "another"],
    "drop": ["{own}"],
    "dump": ["{own}", "zip"],
    "restore": ["another", "UEsDBA=="],
    "change_admin_password": ["mine"],
    "migrate_databases": [["{own}"]],
}
PAGES = ("manager", "selector", "create", "duplicate", "drop", "backup", "restore", "rename", "change_password")


async def databases(running) -> list[str]:
    listed: str = await running.fetchval("select string_agg(datname, ',' order by oid) from pg_database")
    return [name for name in listed.split(",") if name in {running.database, "another"}]


def arguments(running, method: str) -> list[Any]:
    text = json.dumps(ATTEMPTS[method]).replace("{own}", running.database)
    found: list[Any] = json.loads(text)
    return found


@pytest.mark.statement("A13")
@pytest.mark.parametrize("method", ATTEMPTS)
async def test_no_word_opens_them_over_json(running, method):
    for word in WORDS:
        params = {"service": "db", "method": method, "args": [word, *arguments(running, method)]}
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "id": 1, "params": params})
        kind = {"Content-Type": "application/json"}
        url = running.endpoint.url
        async with running.endpoint.session.post(f"{url}/jsonrpc", data=body, headers=kind) as response:
            error = (await response.json())["error"]
        assert error["data"]["name"] == "odoo.exceptions.AccessDenied"
        assert error["data"]["message"].startswith("Access Denied: databases are for the operator")

    assert await databases(running) == [running.database]


@pytest.mark.statement("A13")
@pytest.mark.parametrize("method", ATTEMPTS)
async def test_nor_over_xml(running, method):
    given = (PASSWORD, *arguments(running, method))
    for path, fault in (("/xmlrpc/2/db", 3), ("/xmlrpc/db", "AccessDenied")):
        body = xmlrpc.client.dumps(given, method)
        kind = {"Content-Type": "text/xml"}
        url = running.endpoint.url
        async with running.endpoint.session.post(url + path, data=body, headers=kind) as response:
            answer = await response.text()
        with pytest.raises(xmlrpc.client.Fault) as refused:
            xmlrpc.client.loads(answer)
        assert refused.value.faultCode == fault

    assert await databases(running) == [running.database]


@pytest.mark.parametrize("page", PAGES)
async def test_there_are_no_pages_for_it(running, page):
    url = f"{running.endpoint.url}/web/database/{page}"
    form = {"master_pwd": PASSWORD, "name": running.database}

    async with running.endpoint.session.get(url) as shown, running.endpoint.session.post(url, data=form) as sent:
        assert (shown.status, sent.status) == (404, 404)
    assert await databases(running) == [running.database]


async def test_the_account_of_calls_could_not_do_it_either(running):
    async with running.deployment.pool.connection() as connection:
        role = await connection.fetchrow("select rolcreatedb, rolsuper from pg_roles where rolname = current_user")

    assert tuple(role) == (False, False)
