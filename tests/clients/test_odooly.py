"""odooly: the web session, and /jsonrpc when its address says so; against what calls itself 18 and 19."""

import odooly
import pytest


@pytest.fixture(params=["deployed", "deployed_19"])
def serving(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["", "/jsonrpc"], ids=["web", "jsonrpc"])
def client(serving, request):
    return odooly.Client(serving.url + request.param, serving.database, serving.login, serving.password)


@pytest.fixture
def env(client):
    return client.env


@pytest.fixture(autouse=True)
def _forgetful():
    """The module keeps what it knows of servers for the life of the process."""
    yield
    odooly.Env._cache.clear()


def test_version_and_user(serving, client):
    assert client.server_version == serving.serie
    assert client.env.user.login == "admin"
    assert client.env.uid == 2


def test_a_wrong_login_is_refused(serving):
    with pytest.raises(odooly.Error):
        odooly.Client(serving.url, serving.database, serving.login, "wrong")


def test_without_a_database_the_form_is_used(deployed):
    client = odooly.Client(deployed.url, None, deployed.login, deployed.password)

    assert client.env.uid == 2
    assert client.env["res.users"].search_count([("login", "=", "admin")]) == 1


def test_a_record_from_create_to_unlink(env, unique):
    name = unique("Partner")
    partner = env["res.partner"].create({"name": name})

    assert env["res.partner"].search([("name", "=", name)]).ids == [partner.id]
    partner.write({"city": "Davao"})
    partner.refresh()
    assert (partner.city, partner.vat, partner.parent_id) == ("Davao", False, False)
    assert partner.exists()
    partner.unlink()
    assert env["res.partner"].search_count([("name", "=", name)]) == 0


def test_relations_are_followed_and_written(env, unique):
    name = unique("Parent")
    parent = env["res.partner"].create({"name": name})
    child = env["res.partner"].create({"name": unique("Child"), "parent_id": parent})
    tag = env["res.partner.category"].create({"name": unique("Tag")})

    child.category_id = [tag.id]

    assert child.parent_id.name == name
    assert parent.child_ids.ids == [child.id]
    assert env["res.partner"].read([child.id], ["category_id"])[0]["category_id"] == [tag.id]


def test_many_records_at_once(env, unique):
    city = unique("City")
    records = env["res.partner"].create([{"name": unique("A"), "city": city}, {"name": unique("B"), "city": city}])

    assert env["res.partner"].search([("city", "=", city)]).city == [city, city]
    assert len(records) == 2


def test_groups(env, unique):
    city = unique("City")
    env["res.partner"].create([{"name": unique("A"), "city": city}, {"name": unique("B"), "city": city}])

    [group] = env["res.partner"].read_group([("city", "=", city)], ["city"], ["city"])

    assert group["city_count"] == 2


def test_names_of_records_and_models(env):
    assert env.ref("base.main_company").id == 1
    assert "sale.order" in env.models("sale.order")
    assert env.modules("sale")["installed"] == ["sale"]
    assert env.access("res.partner", "write") is True


def test_an_unknown_model_is_refused(env):
    with pytest.raises(odooly.Error):
        _ = env["res.nope"]


def test_errors_tell_what_is_wrong(env):
    with pytest.raises(odooly.ServerError) as raised:
        env["res.partner"].create({"name": False})

    assert "name" in str(raised.value)


def test_copy(env, unique):
    partner = env["res.partner"].create({"name": unique("Original")})

    assert partner.copy({"city": "Copied"}).city == "Copied"
