"""odoo-mcp: an assistant's tools, whose writes are shown, checked and only then done."""

from collections.abc import AsyncIterator

import pytest

from tests.clients.endpoints import described, in_short
from tests.clients.mcp_session import Session
from tests.clients.test_json2 import make_key

PARTNER = "res.partner"


@pytest.fixture(scope="module", params=["18, XML-RPC", "19, JSON-2"])
async def assistant(request, server, tmp_path_factory) -> AsyncIterator[Session]:
    old = request.param.startswith("18")
    deployed = request.getfixturevalue("deployed" if old else "deployed_19")
    given = {} if old else {"ODOO_TRANSPORT": "json2"}
    if not old:
        given["ODOO_API_KEY"] = make_key(deployed, deployed.login, deployed.password)
    before = len(server.asked)
    async with Session(
        "odoo-mcp",
        ODOO_URL=deployed.url,
        ODOO_DB=deployed.database,
        ODOO_USERNAME=deployed.login,
        ODOO_PASSWORD=deployed.password,
        ODOO_MCP_ENABLE_WRITES="1",
        HOME=str(tmp_path_factory.mktemp("home")),
        **given,
    ) as session:
        session.serie = deployed.serie
        session.asked = lambda: in_short(server.asked[before:])
        yield session


async def write(assistant, **change):
    """Do a write in the three steps that the server wants."""
    checked = (await assistant.call("validate_write", model=PARTNER, **change))["result"]
    assert checked["success"], checked
    done = await assistant.call("execute_approved_write", approval=checked["approval"], confirm=True)
    assert done["result"]["success"], done
    return done["result"]["result"]


async def test_what_it_is_connected_to(assistant):
    health = await assistant.call("health_check")
    profile = (await assistant.call("get_odoo_profile"))["profile"]

    assert health["success"] is True
    assert assistant.serie in profile["server_version"].values()
    assert profile["user_context"]["uid"] == 2
    assert "sale" in {one["name"] for one in profile["installed_modules"]}


async def test_it_asks_what_the_table_of_endpoints_says(assistant):
    await assistant.call("list_models", query="partner")

    assert assistant.asked() == ({"/xmlrpc/2"} if assistant.serie == "18.0" else {"/web/version", "/json/2"})
    assert assistant.asked() <= described("odoo-mcp")


async def test_models_and_fields(assistant):
    models = await assistant.call("list_models", query="partner")
    fields = await assistant.call("get_model_fields", model=PARTNER)
    catalogue = await assistant.call("schema_catalog", models=["sale.order"], include_fields=True)

    assert PARTNER in {one["model"] for one in models["result"]}
    assert fields["result"]["name"]["type"] == "char"
    assert catalogue["result"][0]["fields"]["order_line"]["relation"] == "sale.order.line"


async def test_a_record_from_create_to_unlink(assistant, unique):
    name = unique("Partner")
    created = await write(assistant, operation="create", values={"name": name})
    [partner] = created if isinstance(created, list) else [created]
    await write(assistant, operation="write", record_ids=[partner], values={"city": "Davao"})
    found = await assistant.call("search_records", model=PARTNER, domain=[["name", "=", name]], fields=["name", "city"])
    smart = await assistant.call("search_records", model=PARTNER, query=name)
    read = await assistant.call("read_record", model=PARTNER, record_id=partner)
    await write(assistant, operation="unlink", record_ids=[partner])
    left = await assistant.call("search_records", model=PARTNER, domain=[["name", "=", name]])

    assert found["result"] == [{"id": partner, "name": name, "city": "Davao"}]
    assert ([one["id"] for one in smart["result"]], read["result"]["name"]) == ([partner], name)
    assert left["result"] == []


async def test_groups(assistant, unique):
    city = unique("City")
    await write(assistant, operation="create", values={"name": unique("A"), "city": city, "color": 2})

    found = await assistant.call(
        "aggregate_records", model=PARTNER, group_by=["city"], measures=["color:sum"], domain=[["city", "=", city]]
    )

    assert found["success"] is True
    assert [one["city"] for one in found["rows"]] == [city]


async def test_comments_and_methods(assistant):
    shown = (await assistant.call("chatter_post", model=PARTNER, record_id=1, body="hello"))["result"]
    approval = shown["approval"]
    posted = await assistant.call(
        "chatter_post", model=PARTNER, record_id=1, body="hello", approval=approval, confirm=True
    )
    named = await assistant.call("execute_method", model=PARTNER, method="name_search", args=["Administrator"])

    assert posted["result"]["success"] is True, posted
    assert [label for _, label in named["result"]["result"]] == ["Administrator"]


async def test_rights_are_explained(assistant):
    found = (await assistant.call("diagnose_access", model=PARTNER, operation="read"))["result"]

    assert found["success"] is True
    assert found["current_user"]["uid"] == 2


async def test_resources(assistant):
    assert '"sale.order"' in await assistant.resource("odoo://models")
    assert '"commercial_partner_id"' in await assistant.resource("odoo://model/res.partner")
    assert '"My Company"' in await assistant.resource("odoo://record/res.partner/1")
    assert '"Administrator"' in await assistant.resource("odoo://search/res.partner/%5B%5D")


async def test_errors_tell_what_is_wrong(assistant):
    nothing = await assistant.call("read_record", model=PARTNER, record_id=999_999_999)
    checked = (await assistant.call("validate_write", model=PARTNER, operation="create", values={"nope": 1}))["result"]
    method = (await assistant.call("execute_method", model=PARTNER, method="fields_view", args=[]))["result"]

    assert (nothing["success"], checked["success"], method["success"]) == (False, False, False)
    assert "nope" in str(checked["issues"])
    assert method["error"]
