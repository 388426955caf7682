"""What is declared, as the records that Odoo's clients look up."""

import pytest

from models.base.reflection import reflect, synchronise
from models.orm import Env
from models.orm.dialect import ODOO
from models.orm.errors import AccessError, UnknownModelError


async def search_read(env: Env, model: str, domain: list[object], fields: list[str]) -> list[dict[str, object]]:
    found = await env[model].search_read(env, domain, fields)
    rows: list[dict[str, object]] = found.value()
    return rows


async def test_every_model_with_some_right_has_a_record(env):
    allowed = {model.meta.name for model in env.registry.models.values() if env.profile.operations(model.meta)}

    assert {row["model"] for row in await search_read(env, "ir.model", [], ["model"])} >= allowed


async def test_a_model_tells_its_label_and_areas(env):
    [found] = await search_read(env, "ir.model", [["model", "=", "sale.order"]], ["name", "modules", "is_transient"])

    assert (found["name"], found["is_transient"]) == ("Sales Order", False)
    assert str(found["modules"]).startswith("sale, stock")


async def test_fields_tell_their_kind(env):
    domain = [["model_id.model", "=", "sale.order"], ["name", "in", ["partner_id", "order_line"]]]
    found = await search_read(env, "ir.model.fields", domain, ["name", "ttype", "relation", "required"])

    assert [(row["name"], row["ttype"], row["relation"], row["required"]) for row in found] == [
        ("order_line", "one2many", "sale.order.line", False),
        ("partner_id", "many2one", "res.partner", True),
    ]


async def test_fields_are_called_as_odoo_calls_them(env):
    env = env.with_dialect(ODOO)
    found = await search_read(env, "ir.model.fields", [["model", "=", "sale.order.line"], ["name", "=", "tax_ids"]], [])

    assert len(found) == 1


async def test_nobody_sees_a_write_only_field(env):
    domain = [["model", "=", "res.users"], ["name", "in", ["password", "login"]]]

    assert [row["name"] for row in await search_read(env, "ir.model.fields", domain, ["name"])] == ["login"]


async def test_models_without_a_right_are_not_there(as_user):
    clerk = await as_user("base.user")

    assert await search_read(clerk, "ir.model", [["model", "=", "ir.config_parameter"]], ["model"]) == []
    assert await search_read(clerk, "ir.model.fields", [["model", "=", "ir.config_parameter"]], ["name"]) == []


async def test_fields_of_other_groups_are_not_there(as_user):
    clerk = await as_user("base.user")
    domain = [["model", "=", "res.users"], ["name", "in", ["groups_id", "name"]]]

    assert [row["name"] for row in await search_read(clerk, "ir.model.fields", domain, ["name"])] == ["name"]


async def test_users_see_the_rights_of_their_own_groups(as_user):
    clerk = await as_user("base.user")
    found = await search_read(clerk, "ir.model.access", [["model_id.model", "=", "res.partner"]], ["group_id"])

    assert len(found) == 1


@pytest.mark.parametrize(("mode", "allowed"), [("read", True), ("write", False), ("unlink", False)])
async def test_check_tells_what_the_caller_may(as_user, mode, allowed):
    clerk = await as_user("base.user")

    assert await clerk["ir.model.access"].check(clerk, "res.partner", mode, False) is allowed


async def test_check_refuses_when_asked_to(as_user):
    clerk = await as_user("base.user")

    with pytest.raises(AccessError):
        await clerk["ir.model.access"].check(clerk, "res.partner", "write")
    with pytest.raises(UnknownModelError):
        await clerk["ir.model.access"].check(clerk, "ir.config_parameter", "read")


async def test_rules_show_their_domain(env):
    [found] = await search_read(env, "ir.rule", [["name", "ilike", "own companies"]], ["domain_force", "groups"])

    assert found["domain_force"] == "[('id', 'in', COMPANIES)]"
    assert len(found["groups"]) == 1  # type: ignore[arg-type]


async def test_areas_are_modules(env):
    found = await search_read(
        env, "ir.module.module", [["name", "in", ["base", "sale"]]], ["state", "installed_version"]
    )

    assert [(row["state"], row["installed_version"]) for row in found] == [("installed", "18.0.1.3")] * 2


async def test_modules_are_known_by_external_ids(env):
    await env.execute("delete from ir_module_module where name = 'sale'")
    await synchronise(env.as_system("test"))

    found = await env.fetch(
        "select m.name from ir_model_data d left join ir_module_module m on m.id = d.res_id"
        " where d.model = 'ir.module.module' and d.module = 'base' and d.name in ('module_sale', 'module_base')"
    )
    assert sorted(row[0] for row in found) == ["base", "sale"]


async def test_what_is_declared_no_more_goes_and_what_was_changed_comes_back(env):
    await env.execute("insert into ir_model (model, name) values ('gone.model', 'Gone')")
    await env.execute("update ir_model set name = 'Changed' where model = 'res.partner'")
    await env.execute("delete from ir_model where model = 'sale.order'")

    new = await synchronise(env.as_system("test"))

    assert new == 1 + sum(row["model"] == "sale.order" for row in rows_below(env))
    assert await env.fetchval("select count(*) from ir_model where model = 'gone.model'") == 0
    assert await env.fetchval("select name from ir_model where model = 'res.partner'") == "Contact"


def rows_below(env: Env) -> list[dict[str, object]]:
    rows = reflect(env.registry).rows
    return [row for name in ("ir.model.fields", "ir.model.access", "ir.rule") for row in rows[name]]


async def test_synchronising_again_changes_nothing(env):
    assert await synchronise(env.as_system("test")) == 0


@pytest.mark.parametrize("xml_id", ["user_admin", "main_company", "group_user", "group_system", "USD", "lang_en"])
async def test_records_that_clients_ask_for_have_their_names(env, xml_id):
    model, res_id = await env["ir.model.data"].check_object_reference(env, "base", xml_id, True)

    assert await env[model].exists(env, [res_id]) == [res_id]
