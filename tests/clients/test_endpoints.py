"""Which endpoints each client asks: the table in docs/protocols.md holds what is recorded here of real traffic."""

import erppeek
import httpx
import odooly
import odoorpc
import pytest
from aio_odoorpc import AsyncOdooRPC
from odoo_rpc_client import Client
from odoolib import get_connection

from rpc_client import connect
from tests.clients.endpoints import described, recorded

pytestmark = pytest.mark.usefixtures("closing")


def rpc_client(there, protocol):
    given = {"database": there.database, "login": there.login, "password": there.password, "protocol": protocol}
    with connect(there.url, **given) as erp:
        model = "base.user" if protocol == "netforce" else "res.users"
        erp.get_model(model).search_read([["login", "=", "admin"]], ["name"])


@pytest.mark.parametrize("protocol", ["tandem", "odoo", "netforce"])
def test_rpc_client(server, deployed, protocol):
    assert recorded(server, lambda: rpc_client(deployed, protocol)) == described(f"`rpc_client`, protocol {protocol}")


def test_erppeek(server, deployed):
    def work():
        erppeek.Client(deployed.url, deployed.database, deployed.login, deployed.password).read("res.users", 2, "login")

    assert recorded(server, work) == described("ERPpeek")


def test_odoorpc(server, deployed):
    def work():
        client = odoorpc.ODOO("127.0.0.1", port=deployed.port)
        client.login(deployed.database, deployed.login, deployed.password)
        assert client.env.user.company_id.name

    found = recorded(server, work)
    assert found == {"/web/webclient/version_info", "/jsonrpc"}
    assert found <= described("OdooRPC")


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("", {"/web/session/authenticate", "/web/dataset/call_kw/{path}", "/web/webclient/version_info"}),
        ("/jsonrpc", {"/jsonrpc"}),
    ],
)
def test_odooly(server, deployed, address, asked, monkeypatch):
    monkeypatch.setattr(odooly.Env, "_cache", {})

    def work():
        odooly.Client(deployed.url + address, deployed.database, deployed.login, deployed.password).env[
            "res.users"
        ].search_count([])

    assert recorded(server, work) == asked | {"/web/database/list"}
    assert asked | {"/web/database/list"} <= described("odooly")


@pytest.mark.parametrize("protocol", ["xmlrpc", "jsonrpc"])
def test_odoo_client_lib(server, deployed, protocol):
    def work():
        given = {"database": deployed.database, "login": deployed.login, "password": deployed.password}
        connection = get_connection("127.0.0.1", protocol=protocol, port=deployed.port, **given)
        assert connection.get_model("res.users").search_read([("login", "=", "admin")], ["name"])

    found = recorded(server, work)
    assert found == {f"/{protocol}"}
    assert found <= described("odoo-client-lib")


@pytest.mark.parametrize(("protocol", "endpoint"), [("xml-rpc", "/xmlrpc"), ("json-rpc", "/jsonrpc")])
def test_odoo_rpc_client(server, deployed, protocol, endpoint):
    def work():
        given = {"dbname": deployed.database, "user": deployed.login, "pwd": deployed.password, "port": deployed.port}
        assert Client("127.0.0.1", protocol=protocol, **given).user.login

    assert recorded(server, work) == {endpoint}
    assert endpoint in described("odoo-rpc-client")


async def test_aio_odoorpc(server, deployed):
    server.asked.clear()
    async with httpx.AsyncClient() as session:
        client = AsyncOdooRPC(
            url_jsonrpc_endpoint=f"{deployed.url}/jsonrpc",
            database=deployed.database,
            username_or_uid=deployed.login,
            password=deployed.password,
            http_client=session,
        )
        await client.login()

    assert set(server.asked) == described("aio-odoorpc")
