"""mcp-server-odoo: an assistant's tools, over XML-RPC with a password and over /json/2 with a key."""

from collections.abc import AsyncIterator

import pytest

from tests.clients.endpoints import described, in_short
from tests.clients.mcp_session import RefusedError, Session
from tests.clients.test_json2 import make_key


@pytest.fixture(scope="module", params=["18, password", "19, key"])
async def assistant(request, server, tmp_path_factory) -> AsyncIterator[Session]:
    old = request.param.startswith("18")
    deployed = request.getfixturevalue("deployed" if old else "deployed_19")
    given = {"ODOO_USER": deployed.login, "ODOO_PASSWORD": deployed.password}
    if not old:
        given = {"ODOO_API_KEY": make_key(deployed, deployed.login, deployed.password), "ODOO_RPC_TRANSPORT": "json2"}
    before = len(server.asked)
    async with Session(
        "mcp-server-odoo",
        ODOO_URL=deployed.url,
        ODOO_DB=deployed.database,
        ODOO_YOLO="true",
        ODOO_MCP_ENABLE_METHOD_CALLS="true",
        HOME=str(tmp_path_factory.mktemp("home")),
        **given,
    ) as session:
        session.is_old = old
        session.asked = lambda: in_short(server.asked[before:])
        yield session


PARTNER = "res.partner"


async def test_the_tools_are_there(assistant):
    assert {"search_records", "create_record", "aggregate_records", "call_model_method"} <= await assistant.tools()


async def test_it_asks_what_the_table_of_endpoints_says(assistant):
    await assistant.call("search_records", model=PARTNER, limit=1)

    assert assistant.asked() == ({"/xmlrpc/2"} if assistant.is_old else {"/web/version", "/json/2"})
    assert assistant.asked() <= described("mcp-server-odoo")


async def test_models_and_fields(assistant):
    models = {one["model"] for one in (await assistant.call("list_models"))["models"]}
    fields = {one["name"]: one for one in (await assistant.call("get_fields", model=PARTNER))["fields"]}
    [name] = (await assistant.call("get_fields", model=PARTNER, field_names=["name"]))["fields"]

    assert {PARTNER, "sale.order", "crm.lead", "mail.activity"} <= models
    assert fields["name"]["type"] == name["type"] == "char"


async def test_who_is_connected(assistant):
    context = await assistant.call("get_current_context")

    assert (context["login"], context["company_id"]) == ("admin", 1)


async def test_a_record_from_create_to_delete(assistant, unique):
    name = unique("Partner")
    created = await assistant.call("create_record", model=PARTNER, values={"name": name})
    partner = created["record"]["id"]
    changed = await assistant.call("update_record", model=PARTNER, record_id=partner, values={"city": "Davao"})
    found = await assistant.call("search_records", model=PARTNER, domain=[["name", "=", name]], fields=["name", "city"])
    read = await assistant.call("get_record", model=PARTNER, record_id=partner)
    everything = await assistant.call("get_record", model=PARTNER, record_id=partner, fields=["__all__"])
    gone = await assistant.call("delete_record", model=PARTNER, record_id=partner)

    assert created["record"]["display_name"] == changed["record"]["display_name"] == name
    assert (found["total"], found["records"][0]["city"]) == (1, "Davao")
    assert read["record"]["name"] == everything["record"]["name"] == name
    assert gone["success"] is True
    with pytest.raises(RefusedError, match="not found"):
        await assistant.call("get_record", model=PARTNER, record_id=partner)


async def test_many_records_at_once(assistant, unique):
    city = unique("City")
    created = await assistant.call(
        "create_records", model=PARTNER, records=[{"name": unique(one), "city": city} for one in "AB"]
    )
    ids = [one["id"] for one in created["records"]]
    await assistant.call("update_records", model=PARTNER, record_ids=ids, values={"street": "Main"})
    if not assistant.is_old:
        each = [{"id": one, "values": {"zip": str(one)}} for one in ids]
        await assistant.call("update_records", model=PARTNER, updates=each)

    found = await assistant.call(
        "search_records", model=PARTNER, domain=[["city", "=", city]], fields=["street", "zip"]
    )
    zips = {False} if assistant.is_old else {str(one) for one in ids}
    assert ({one["street"] for one in found["records"]}, {one["zip"] for one in found["records"]}) == ({"Main"}, zips)


async def test_groups(assistant, unique):
    city = unique("City")
    await assistant.call("create_records", model=PARTNER, records=[{"name": unique(one), "city": city} for one in "AB"])

    by_city = await assistant.call(
        "aggregate_records", model=PARTNER, groupby=["city"], aggregates=["id:count"], domain=[["city", "=", city]]
    )
    by_month = await assistant.call(
        "aggregate_records", model=PARTNER, groupby=["create_date:month"], domain=[["city", "=", city]]
    )

    assert [(one["city"], one["id:count"]) for one in by_city["groups"]] == [(city, 2)]
    assert [one["__count"] for one in by_month["groups"]] == [2]


async def test_comments_and_methods(assistant, unique):
    [partner] = (await assistant.call("create_records", model=PARTNER, records=[{"name": unique("P")}]))["records"]
    posted = await assistant.call("post_message", model=PARTNER, record_id=partner["id"], body="1 < 2")
    archived = await assistant.call(
        "call_model_method", model=PARTNER, method="action_archive", arguments=[[partner["id"]]]
    )

    message = await assistant.call("get_record", model="mail.message", record_id=posted["message_id"], fields=["body"])
    assert message["record"]["body"] == "1 &lt; 2"
    assert archived["success"] is True
    found = await assistant.call("search_records", model=PARTNER, domain=[["id", "=", partner["id"]]])
    assert found["total"] == 0


async def test_files(assistant, unique):
    [partner] = (await assistant.call("create_records", model=PARTNER, records=[{"name": unique("P")}]))["records"]
    place = {"model": PARTNER, "record_id": partner["id"]}
    file = await assistant.call("upload_attachment", **place, name="note.txt", data="aGVsbG8=")
    listed = await assistant.call("list_record_attachments", **place)
    posted = await assistant.call("post_message", **place, body="See", attachment_ids=[file["attachment_id"]])

    assert [one["name"] for one in listed["attachments"]] == ["note.txt"]
    message = await assistant.call(
        "get_record", model="mail.message", record_id=posted["message_id"], fields=["attachment_ids"]
    )
    assert message["record"]["attachment_ids"] == [file["attachment_id"]]


async def test_resources(assistant):
    assert "Name: My Company" in await assistant.resource("odoo://res.partner/record/1")
    assert "Administrator" in await assistant.resource("odoo://res.partner/search")
    assert "Total count" in await assistant.resource("odoo://res.partner/count")
    assert "commercial_partner_id" in await assistant.resource("odoo://res.partner/fields")


@pytest.mark.parametrize(
    ("tool", "arguments", "text"),
    [
        ("create_record", {"model": PARTNER, "values": {"name": False}}, "name"),
        ("search_records", {"model": PARTNER, "domain": [["nope", "=", 1]]}, "nope"),
        ("search_records", {"model": "no.such"}, "no.such"),
        ("call_model_method", {"model": PARTNER, "method": "nope"}, "nope"),
    ],
)
async def test_errors_tell_what_is_wrong(assistant, tool, arguments, text):
    with pytest.raises(RefusedError, match=text):
        await assistant.call(tool, **arguments)
