"""odoo-client-lib: XML-RPC, JSON-RPC and JSON-2 behind one interface."""

import odoolib
import pytest
from odoolib.tools import AuthenticationError

from tests.clients.test_json2 import make_key

pytestmark = pytest.mark.usefixtures("closing")


@pytest.fixture(params=["xmlrpc", "jsonrpc"])
def connection(request, deployed):
    return odoolib.get_connection(
        hostname="127.0.0.1",
        port=deployed.port,
        protocol=request.param,
        database=deployed.database,
        login=deployed.login,
        password=deployed.password,
    )


@pytest.fixture
def json2(deployed):
    key = make_key(deployed, deployed.login, deployed.password)
    return odoolib.get_connection(
        hostname="127.0.0.1",
        port=deployed.port,
        protocol="json2",
        database=deployed.database,
        login=deployed.login,
        password=key,
    )


def test_login(connection):
    connection.check_login()

    assert connection.user_id == 2
    assert connection.get_user_context()["uid"] == 2


def test_a_wrong_login_is_refused(deployed):
    connection = odoolib.get_connection(
        hostname="127.0.0.1", port=deployed.port, database=deployed.database, login="admin", password="wrong"
    )

    with pytest.raises(AuthenticationError):
        connection.check_login()


def test_a_record_from_create_to_unlink(connection, unique):
    partners = connection.get_model("res.partner")
    name = unique("Partner")
    partner = partners.create({"name": name})

    assert partners.search([("name", "=", name)]) == [partner]
    assert partners.read(partner, ["name"])["name"] == name
    assert partners.search_read([("name", "=", name)], ["name"]) == [{"id": partner, "name": name}]
    assert partners.write([partner], {"city": "Davao"}) is True
    assert partners.unlink([partner]) is True


def test_relations_and_groups(connection, unique):
    partners, city = connection.get_model("res.partner"), unique("City")
    child = {"name": unique("Child"), "city": city}
    partners.create({"name": unique("Parent"), "city": city, "child_ids": [(0, 0, child)]})

    [group] = partners.read_group([("city", "=", city)], ["city"], ["city"])

    assert group["city_count"] == 2


def test_errors_reach_the_caller(connection):
    with pytest.raises(Exception, match="name"):
        connection.get_model("res.partner").create({"name": False})


def test_json2_by_position_and_by_name(json2, unique):
    partners, name = json2.get_model("res.partner"), unique("Partner")
    [partner] = partners.create({"name": name})

    assert partners.search([["name", "=", name]]) == [partner]
    assert partners.read([partner], ["name"]) == {"id": partner, "name": name}
    assert partners.search_read(domain=[["id", "=", partner]], fields=["name"]) == [{"id": partner, "name": name}]
    assert partners.write([partner], {"city": "Davao"}) is True
    assert partners.unlink(ids=[partner]) is True


def test_json2_tells_input_mistakes_apart(json2):
    with pytest.raises(ValueError, match="Invalid request"):
        json2.get_model("res.partner").create(vals_list={"name": False})


def test_json2_refuses_a_wrong_key(deployed):
    connection = odoolib.get_connection(
        hostname="127.0.0.1",
        port=deployed.port,
        protocol="json2",
        database=deployed.database,
        login="",
        password="tdk_no",
    )

    with pytest.raises(AuthenticationError):
        connection.get_model("res.partner").search(domain=[])
