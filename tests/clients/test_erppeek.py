"""ERPpeek over the older XML-RPC: everything positional."""

import erppeek
import pytest

pytestmark = pytest.mark.usefixtures("closing")


@pytest.fixture
def client(deployed):
    return erppeek.Client(deployed.url, deployed.database, deployed.login, deployed.password)


def test_version_and_databases(deployed, client):
    assert client.server_version == "18.0"
    assert client.db.list() == [deployed.database]


def test_a_wrong_login_is_refused(deployed):
    with pytest.raises(erppeek.Error):
        erppeek.Client(deployed.url, deployed.database, deployed.login, "wrong")


def test_a_record_from_create_to_unlink(client, unique):
    name = unique("Partner")
    partner = client.model("res.partner").create({"name": name})

    assert client.search("res.partner", [("name", "=", name)]) == [partner.id]
    assert client.count("res.partner", [("name", "=", name)]) == 1
    partner.write({"city": "Davao"})
    assert client.read("res.partner", partner.id, "city") == "Davao"
    partner.unlink()
    assert client.search("res.partner", [("name", "=", name)]) == []


def test_relations_are_followed(client, unique):
    name = unique("Parent")
    partners = client.model("res.partner")
    parent = partners.create({"name": name, "child_ids": [(0, 0, {"name": "Child"})]})

    [child] = partners.browse([("parent_id", "=", parent.id)])

    assert child.parent_id.name == name
    assert parent.child_ids.name == ["Child"]


def test_models_and_modules(client):
    assert "SaleOrder" in client.models("sale.order")
    assert client.modules("sale")["installed"] == ["sale"]
    assert client.access("res.partner", "write") is True


def test_groups(client, unique):
    city = unique("City")
    client.create("res.partner", {"name": unique("A"), "city": city})

    [group] = client.execute("res.partner", "read_group", [("city", "=", city)], ["city"], ["city"])

    assert group["city_count"] == 1


def test_faults_name_the_kind(client):
    with pytest.raises(erppeek.Fault) as raised:
        client.create("res.partner", {"name": False})

    assert raised.value.faultCode.startswith("warning -- ")
