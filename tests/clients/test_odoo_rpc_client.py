"""odoo-rpc-client: records and proxies over XML-RPC and JSON-RPC."""

import odoo_rpc_client.plugins.module_utils  # noqa: F401  registers itself
import pytest
from odoo_rpc_client import Client
from odoo_rpc_client.exceptions import LoginException

pytestmark = pytest.mark.usefixtures("closing")


@pytest.fixture(params=["xml-rpc", "json-rpc"])
def client(request, deployed):
    return Client(
        "127.0.0.1",
        dbname=deployed.database,
        user=deployed.login,
        pwd=deployed.password,
        port=deployed.port,
        protocol=request.param,
    )


@pytest.fixture
def partners(client):
    return client["res.partner"]


def test_login_and_versions(client):
    assert client.uid == 2
    assert client.user.login == "admin"
    assert str(client.server_version) == "18.0"
    assert str(client.database_version_full) == "18.0.1.3"
    assert client.ref("base.main_company").name == "My Company"


def test_modules_have_the_serie_of_the_setting(deployed_19):
    there = deployed_19
    client = Client("127.0.0.1", dbname=there.database, user=there.login, pwd=there.password, port=there.port)

    assert str(client.database_version_full) == "19.0.1.3"


def test_a_wrong_login_is_refused(deployed):
    with pytest.raises(LoginException):
        _ = Client("127.0.0.1", dbname=deployed.database, user="admin", pwd="wrong", port=deployed.port).uid


def test_databases(client):
    assert client.dbname in client.services.db.list_db()
    assert client.services.db.db_exist(client.dbname) is True


def test_a_record_from_create_to_unlink(partners, unique):
    name = unique("Partner")
    partner = partners.create_record({"name": name})

    assert partners.search([("name", "=", name)]) == [partner.id]
    assert partners.search([("name", "=", name)], count=True) == 1
    assert partners.search([("name", "=", name)], count=1) == 1
    assert partners.search_read([("name", "=", name)], ["name"]) == [{"id": partner.id, "name": name}]
    assert partners.write([partner.id], {"city": "Davao"}) is True
    partner.refresh()
    assert (partner.city, partner.vat, partner.parent_id) == ("Davao", False, False)
    assert str(partner) == f"R(res.partner, {partner.id})[{name}]"
    assert partner.copy({"city": "Copied"}).city == "Copied"
    assert partner.unlink() is True
    assert partners.search_count([("id", "=", partner.id)]) == 0


def test_relations_are_followed(partners, unique):
    name = unique("Parent")
    parent = partners.create_record({"name": name, "child_ids": [(0, 0, {"name": "Child"})]})

    [child] = partners.search_records([("parent_id", "=", parent.id)])

    assert child.parent_id.name == name
    assert [one.name for one in parent.child_ids] == ["Child"]


def test_the_models_and_their_fields(client):
    assert client["sale.order"].columns_info["order_line"]["relation"] == "sale.order.line"
    assert client["sale.order"].model_name == "Sales Order"


def test_installed_modules(client):
    assert "m_sale" in dir(client.plugins.module_utils)


def test_errors_reach_the_caller(partners):
    with pytest.raises(Exception, match="name"):
        partners.create({"name": False})
