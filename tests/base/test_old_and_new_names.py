"""What Odoo's versions renamed: the old and the new name of a method, field or argument do the same."""

import pytest

from models.orm.dialect import ODOO


@pytest.fixture
def odoo(env):
    return env.with_dialect(ODOO)


@pytest.fixture
async def partner(odoo) -> int:
    found: int = await odoo["res.partner"].create(odoo, {"name": "Customer"})
    return found


@pytest.mark.parametrize(
    ("model", "old", "new"),
    [
        ("res.users", "groups_id", "group_ids"),
        ("res.groups", "users", "user_ids"),
        ("sale.order.line", "tax_id", "tax_ids"),
        ("sale.order.line", "product_uom", "product_uom_id"),
        ("stock.move", "product_uom", "product_uom_id"),
        ("stock.move", "quantity_done", "quantity"),
        ("stock.picking", "move_lines", "move_ids"),
        ("product.product", "lst_price", "list_price"),
        ("product.product", "detailed_type", "type"),
        ("ir.model", "is_transient", "transient"),
    ],
)
async def test_both_names_of_a_field_are_read_searched_and_described(odoo, model, old, new):
    described = await odoo[model].fields_get(odoo, [old, new], ["type", "relation"])
    rows = (await odoo[model].search_read(odoo, [], [old, new], limit=5)).value()

    assert described[old] == described[new]
    assert all(row[old] == row[new] for row in rows)
    for name in (old, new):
        await odoo[model].search(odoo, [[name, "!=", False]], limit=1)


@pytest.mark.parametrize("name", ["groups_id", "group_ids"])
async def test_both_names_of_a_users_groups_are_written(odoo, name):
    [group] = await odoo["res.groups"].search(odoo, [["code", "=", "sale.user"]])
    user = await odoo["res.users"].create(
        odoo, {"name": "Ana", "login": f"ana by {name}", "password": "a long password", name: [(6, 0, [group])]}
    )

    [found] = (await odoo["res.users"].read(odoo, [user], ["groups_id", "group_ids"])).value()
    assert found == {"id": user, "groups_id": [group], "group_ids": [group]}


@pytest.mark.parametrize(
    ("model", "old", "new"),
    [
        ("res.partner", "fields_get_keys", "field_keys"),
        ("res.partner", "toggle_active", "action_archive"),
        ("res.partner", "unlink", "delete"),
        ("res.partner", "check_access_rights", "has_access"),
        ("res.partner", "read_group", "formatted_read_group"),
        ("ir.model.data", "get_object_reference", "check_object_reference"),
    ],
)
async def test_both_names_of_a_method_can_be_called(odoo, model, old, new):
    assert {old, new} <= set(odoo[model].meta.methods)


async def test_names_of_records(odoo, partner):
    [row] = (await odoo["res.partner"].read(odoo, [partner], ["display_name"])).value()

    assert await odoo["res.partner"].name_get(odoo, [partner]) == [[partner, row["display_name"]]]


async def test_names_of_fields(odoo):
    assert set(await odoo["res.partner"].field_keys(odoo)) == set(await odoo["res.partner"].fields_get(odoo))


async def test_rights(odoo, as_user, partner):
    clerk = (await as_user("base.user")).with_dialect(ODOO)

    for env, may in ((odoo, True), (clerk, False)):
        assert await env["res.partner"].check_access_rights(env, "write", raise_exception=False) is may
        assert await env["res.partner"].has_access(env, [partner], "write") is may


@pytest.mark.parametrize("argument", ["args", "domain"])
async def test_the_condition_of_a_search_by_name(odoo, partner, argument):
    method = odoo["res.partner"].meta.methods["name_search"]
    bound = method.bind(["Customer"], {argument: [["id", "=", partner]], "operator": "ilike", "limit": 5})

    assert await odoo["res.partner"].name_search(odoo, **bound) == [[partner, "Customer"]]


async def test_a_count_is_asked_in_either_way(odoo, partner):
    mine = [["id", "=", partner]]

    assert await odoo["res.partner"].search(odoo, mine, count=True) == 1
    assert await odoo["res.partner"].search_count(odoo, mine) == 1


async def test_an_external_id_is_resolved_in_either_way(odoo):
    data = odoo["ir.model.data"]

    assert await data.check_object_reference(odoo, "base", "main_company") == ["res.company", 1]
    assert await data.xmlid_to_res_id(odoo, "base.main_company") == 1
    assert await data.xmlid_to_res_model_res_id(odoo, "base.main_company") == ["res.company", 1]
    assert await data.xmlid_to_res_id(odoo, "base.nothing") is False


async def test_groups_by_month_in_every_form(odoo, partner):
    mine, key = [["id", "=", partner]], "create_date:month"
    env = odoo.with_context(tz="Asia/Manila")

    [old] = await env["res.partner"].read_group(env, mine, ["id:count"], [key])
    [new] = await env["res.partner"].formatted_read_group(env, mine, [key], ["__count"])
    web = await env["res.partner"].web_read_group(env, mine, groupby=[key], aggregates=["__count"])
    month = odoo.now.astimezone(env.zone)

    assert (old[key], old["create_date_count"]) == (f"{month:%B %Y}", 1)
    assert set(old["__range"][key]) == {"from", "to"}
    assert old["__range"][key]["from"].endswith("16:00:00")  # midnight in Manila
    assert (new[key], new["__count"]) == ([old["__range"][key]["from"], old[key]], 1)
    assert web == {"groups": [new], "length": 1}
    for domain in (old["__domain"], [*mine, *new["__extra_domain"]]):
        assert await env["res.partner"].search(env, domain) == [partner]
