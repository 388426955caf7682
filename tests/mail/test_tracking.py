"""Tracked changes as records: what Odoo's clients read of a message, to those who may read it, under lasting ids."""

import json
from typing import Any

import pytest

from models.deployment import registry_for
from models.mail.tracking import MOST
from models.orm import Access, Env, Model, Parts, Registry, fields
from models.orm.declared import DeclarationError
from models.orm.dialect import ODOO, Vocabulary
from models.orm.errors import AccessError, MissingError, UnknownModelError
from models.orm.schema import schema_of
from tests.orm import library

VALUE, MESSAGE, PARTNER, ORDER, LEAD = "mail.tracking.value", "mail.message", "res.partner", "sale.order", "crm.lead"


@pytest.fixture
async def seller(as_user) -> Env:
    found: Env = await as_user("sale.user", "party.user")
    return found.with_dialect(ODOO)


async def partner_changed(env: Env, **values: Any) -> int:
    partner: int = await env[PARTNER].create(env, {"name": "Customer", "phone": "1"})
    await env[PARTNER].write(env, partner, values)
    return partner


async def told(env: Env, partner: int, **change: Any) -> None:
    """Write a message with one change, in the form that the chatter gives it."""
    await env.execute(
        "insert into mail_message (model, res_id, message_type, date, tracking)"
        " values ($1, $2, 'notification', now(), jsonb_build_array($3::jsonb))",
        PARTNER,
        partner,
        json.dumps({"label": "It", "old_label": None, "new_label": None, **change}),
    )


async def changes(env: Env, model: str, record: int) -> list[dict[str, Any]]:
    domain = [["mail_message_id.model", "=", model], ["mail_message_id.res_id", "=", record]]
    found: list[dict[str, Any]] = (await env[VALUE].search_read(env, domain)).value()
    return found


async def test_a_message_leads_to_what_changed(seller):
    partner = await partner_changed(seller, phone="2", email="a@example.com")

    domain = [["model", "=", PARTNER], ["res_id", "=", partner], ["tracking_value_ids", "!=", False]]
    [message] = (await seller[MESSAGE].search_read(seller, domain, ["tracking_value_ids", "tracking"])).value()
    rows = (await seller[VALUE].read(seller, message["tracking_value_ids"])).value()

    assert [(one["field_name"], one["old_value_char"], one["new_value_char"]) for one in rows] == [
        (one["field"], one["old"] or False, one["new"]) for one in message["tracking"]
    ]
    assert {one["mail_message_id"][0] for one in rows} == {message["id"]}
    assert {one["create_uid"][0] for one in rows} == {seller.user.id}


async def test_each_kind_of_value_has_its_field(env):
    env = env.with_dialect(ODOO)
    lead = await env[LEAD].create(env, {"name": "Car", "contact_name": "Ann", "mobile": "0917 555 0100"})
    given = {
        "expected_revenue": "1249000.50", "quantity": 3, "has_trade_in": True, "customer_notes": "blue",
        "financing_type": "cash", "user_id": env.user.id,
    }  # fmt: skip
    await env[LEAD].write(env, lead, given)

    rows = {one["field_name"]: one for one in await changes(env, LEAD, lead)}

    amount = rows["expected_revenue"]
    assert (amount["field_type"], str(amount["new_value_float"])) == ("monetary", "1249000.50")
    assert (float(amount["new_value_monetary"]), amount["new_value_char"]) == (1249000.5, False)
    assert (rows["quantity"]["old_value_integer"], rows["quantity"]["new_value_integer"]) == (1, 3)
    assert (rows["has_trade_in"]["old_value_integer"], rows["has_trade_in"]["new_value_integer"]) == (0, 1)
    assert (rows["customer_notes"]["new_value_text"], rows["customer_notes"]["new_value_char"]) == ("blue", False)
    assert rows["financing_type"]["new_value_char"] == "Cash"
    assert (rows["user_id"]["new_value_integer"], rows["user_id"]["new_value_char"]) == (env.user.id, "Administrator")
    assert rows["user_id"]["field_desc"] == rows["user_id"]["field_id"][1] == "Agent"


async def test_an_instant_is_one(env):
    partner = await env[PARTNER].create(env, {"name": "Customer"})
    await told(env, partner, field="write_date", old=None, new="2026-11-22 13:42:57")

    [row] = await changes(env, PARTNER, partner)

    assert (row["old_value_datetime"], row["new_value_datetime"]) == (None, "2026-11-22 13:42:57")
    assert row["new_value_char"] is None


async def test_a_change_of_a_field_that_is_gone_is_still_told(env):
    partner = await partner_changed(env, phone="2")
    await env.execute("update mail_message set tracking = replace(tracking::text, '\"phone\"', '\"pager\"')::jsonb")

    [row] = await changes(env, PARTNER, partner)

    assert (row["field_name"], row["field_id"], row["field_type"]) == ("pager", None, None)
    assert (row["old_value_char"], row["new_value_char"]) == ("1", "2")


async def test_ids_stay_and_lead_to_one_change_each(seller):
    first = await partner_changed(seller, phone="2", email="a@example.com")
    before = {one["id"]: one["field_name"] for one in await changes(seller, PARTNER, first)}
    await partner_changed(seller, phone="3")
    await seller[PARTNER].write(seller, first, {"phone": "4"})

    rows = (await seller[VALUE].read(seller, list(before), ["field_name"])).value()
    assert {one["id"]: one["field_name"] for one in rows} == before
    for one in before:
        assert await seller[VALUE].search(seller, [["id", "=", one]]) == [one]
    assert await seller[VALUE].search(seller, [["id", "in", [*before, 1]]], order="id") == sorted(before)
    assert set(before).isdisjoint(await seller[VALUE].search(seller, [["id", "not in", list(before)]]))
    assert await seller[VALUE].exists(seller, [*before, 7]) == list(before)
    assert await seller[MESSAGE].search_count(seller, [["tracking_value_ids", "in", list(before)]]) == 1
    assert [one for one, _ in await seller[VALUE].name_get(seller, list(before))] == list(before)


async def test_they_are_searched_sorted_and_counted(seller):
    partner = await partner_changed(seller, phone="2", email="a@example.com")
    domain = [["res_id", "=", partner], ["model", "=", PARTNER]]

    by_value = await seller[VALUE].search(seller, [*domain, ["new_value_char", "ilike", "EXAMPLE"]])
    groups = await seller[VALUE].read_group(seller, domain, [], ["field_desc"])

    assert [one["field_name"] for one in (await seller[VALUE].read(seller, by_value)).value()] == ["email"]
    assert {(one["field_desc"], one["field_desc_count"]) for one in groups} == {("E-mail", 1), ("Phone", 1)}
    assert await seller[VALUE].search_count(seller, domain) == 2


# who reads them


async def test_changes_of_a_hidden_record_are_there_on_no_path(env, as_user):
    lead = await env[LEAD].create(env, {"name": "Car", "contact_name": "Ann", "mobile": "0917 555 0100"})
    await env[LEAD].write(env, lead, {"quantity": 77, "user_id": env.user.id})
    value, _ = [one["id"] for one in await changes(env, LEAD, lead)]
    nobody = (await as_user("bpo.agent")).with_dialect(ODOO)

    assert await nobody[VALUE].search(nobody, [["id", "=", value]]) == []
    assert await nobody[VALUE].search(nobody, [["new_value_integer", "=", 77]]) == []
    assert (await nobody[VALUE].read(nobody, [value])).value() == []
    assert await nobody[VALUE].exists(nobody, [value]) == []
    assert await nobody[VALUE].read_group(nobody, [["id", "=", value]], [], ["field_name"]) == []
    with pytest.raises(MissingError):
        await nobody[VALUE].name_get(nobody, [value])
    outsider = await as_user()
    with pytest.raises(UnknownModelError):
        await outsider[VALUE].search(outsider, [])


async def test_whoever_reads_the_message_reads_its_changes_and_nobody_else(env, as_user):
    partner = await partner_changed(env, phone="2", user_id=env.user.id)
    lead = await env[LEAD].create(env, {"name": "Car", "contact_name": "Ann", "mobile": "0917 555 0100"})
    await env[LEAD].write(env, lead, {"quantity": 2, "user_id": env.user.id})
    order = await env[ORDER].create(env, {"partner_id": partner, "user_id": env.user.id})
    await env[ORDER].write(env, order, {"user_id": None})
    everything = await env.fetch("select id * $1 + n, id from mail_message, jsonb_array_elements(tracking)"
                                 " with ordinality t(c, n)", MOST)  # fmt: skip

    for groups in (["base.user"], ["party.user"], ["sale.user"], ["bpo.agent"], ["bpo.manager"], ["base.admin"]):
        caller = await as_user(*groups)
        seen = set(await caller[MESSAGE].search(caller, []))
        assert set(await caller[VALUE].search(caller, [])) == {one for one, message in everything if message in seen}
        links = (await caller[MESSAGE].search_read(caller, [], ["tracking_value_ids"])).value()
        assert {one for row in links for one in row["tracking_value_ids"]} == {
            one for one, message in everything if message in seen
        }


async def test_the_name_of_a_record_that_the_reader_may_not_see_is_left_out(env, as_user):
    partner = await env[PARTNER].create(env, {"name": "Customer"})
    order = await env[ORDER].create(env, {"partner_id": partner})
    await told(env, partner, field="user_id", target=ORDER, old=None, new=order, new_label="S00077")
    user = await as_user("base.user")
    assert not user.profile.can(user[ORDER].meta, "read")
    domain = [["model", "=", PARTNER], ["res_id", "=", partner]]

    [row] = (await user[VALUE].search_read(user, domain, ["new_value_char", "new_value_integer"])).value()

    assert (row["new_value_char"], row["new_value_integer"]) == (None, order)
    assert await user[VALUE].search(user, [["new_value_char", "=", "S00077"]]) == []
    groups = await user[VALUE].read_group(user, domain, [], ["new_value_char"], lazy=False)
    assert [one["new_value_char"] for one in groups] == [None]
    assert (await user[VALUE].export_data(user, [row["id"]], ["new_value_char"]))["datas"].value() == [[""]]
    seller = await as_user("sale.user")
    assert await seller[VALUE].search(seller, [["new_value_char", "=", "S00077"]]) == [row["id"]]


async def test_nobody_makes_changes_or_deletes_them(env):
    await partner_changed(env, phone="2")
    [value] = await env[VALUE].search(env, [["new_value_char", "=", "2"]], limit=1)

    for refused in (
        lambda: env[VALUE].create(env, {"field_desc": "x"}),
        lambda: env[VALUE].write(env, [value], {"field_desc": "x"}),
        lambda: env[VALUE].delete(env, [value]),
    ):
        with pytest.raises(AccessError):
            await refused()


# what it costs


async def test_one_statement_reads_them_however_many(seller):
    for n in range(5):
        await partner_changed(seller, phone=f"{n + 2}")
    before = seller.statements
    found = (await seller[VALUE].search_read(seller, [], ["new_value_char", "field_id"])).value()
    ids = [one["id"] for one in found]
    await seller[VALUE].read(seller, ids)
    await seller[MESSAGE].search_read(seller, [], ["tracking_value_ids"])

    assert len(ids) >= 5
    assert seller.statements - before == 3


async def test_an_index_finds_the_messages_of_the_ids(seller):
    partner = await partner_changed(seller, phone="2")
    [value] = [one["id"] for one in await changes(seller, PARTNER, partner)]
    await seller.execute("set local enable_seqscan = off")
    plans: list[str] = []
    fetch = type(seller).fetch

    async def explained(env: Env, sql: str, *given: Any) -> Any:
        if "jsonb_array_elements" in sql:
            plans.append("\n".join(row[0] for row in await fetch(env, f"explain {sql}", *given)))
        return await fetch(env, sql, *given)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(seller), "fetch", explained)
        await seller[VALUE].read(seller, [value])
        await seller[VALUE].read(seller, [value, value + 1])
        await seller[VALUE].search(seller, [["id", "in", [value]]])
        await seller[VALUE].exists(seller, [value])

    assert len(plans) == 4
    assert all("mail_message_pkey" in plan for plan in plans), plans


# how such a model is declared


def test_every_change_has_a_place_and_a_field():
    for meta in registry_for("both").metas.values():
        assert len(meta.tracked) < MOST
        assert [field.name for field in meta.tracked] == [field.word(Vocabulary.ODOO) for field in meta.tracked]


def test_parts_have_no_table_and_nothing_points_at_them():
    class Part(Model, name="lib.part"):
        access = (Access(read="lib.reader"),)
        parts = Parts("select 1 as id", whole="whole_id", most=10)
        label_field = "whole_id"
        whole_id = fields.Many2One("Whole", "res.company", readonly=True)

    class Pointer(Model, name="lib.pointer"):
        access = (Access(read="lib.reader"),)
        label_field = "part_id"
        part_id = fields.Many2One("Part", "lib.part")

    models = [library.Company, library.User, Part]
    assert "lib_part" not in schema_of(Registry(models, library.GROUPS)).tables
    with pytest.raises(DeclarationError, match="in no table"):
        schema_of(Registry([*models, Pointer], library.GROUPS))
