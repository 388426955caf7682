"""External ids and the records that come along: inserted once, never overwritten, found by their names."""

from typing import Any

import pytest

from models.orm import Command, Datum, Env, Ref
from models.orm.data import DataError, check_unprotected, external_id, external_ids, load_data, protected_ids
from models.orm.dialect import NETFORCE, ODOO
from models.orm.errors import AccessError, MissingError, UserError


def country(name: str, **values: Any) -> Datum:
    return Datum(f"test.{name}", "res.country", {"name": name, "code": name[:2].upper(), **values})


XANADU = country("xanadu", code="X1")


async def load(env: Env, *data: Datum) -> int:
    return await load_data(env.as_system("test"), data)


async def test_a_record_gets_its_external_id(env):
    added = await load(env, XANADU)

    [found] = await env["res.country"].find(env, [("code", "=", "X1")], ["name"])
    assert added == 1
    assert (found.id, found.name) == (await external_id(env, "test.xanadu"), "xanadu")


async def test_a_record_is_inserted_once_and_never_overwritten(env):
    await load(env, XANADU)
    await env["res.country"].update(env, [await external_id(env, "test.xanadu")], {"name": "Shangri-La"})

    added = await load(env, XANADU)

    [found] = await env["res.country"].find(env, [("code", "=", "X1")], ["name"])
    assert (added, found.name) == (0, "Shangri-La")


async def test_a_deleted_record_does_not_come_back(env):
    await load(env, XANADU)
    await env["res.country"].remove(env.as_system("test"), [await external_id(env, "test.xanadu")])

    assert await load(env, XANADU) == 0
    assert await env["res.country"].search_count(env, [("code", "=", "X1")]) == 0


async def test_a_record_that_people_made_before_gets_the_external_id(env):
    mine = await env["res.country"].create(env, {"name": "Xanadu of old", "code": "X1"})
    known = Datum("test.xanadu", "res.country", {"name": "Xanadu", "code": "X1"}, known_by="code")
    state = Datum("test.east", "res.country.state", {"name": "East", "code": "E", "country_id": Ref("test.xanadu")})
    other = Datum("test.yonder", "res.country", {"name": "Yonder", "code": "X2"}, known_by="code")

    assert await load(env, known, state, other) == 2
    assert await external_id(env, "test.xanadu") == mine
    [found] = await env["res.country.state"].find(env, [("code", "=", "E")], ["country_id.name"])
    assert found["country_id.name"] == "Xanadu of old"
    assert await load(env, known, state, other) == 0


async def test_records_refer_to_those_before_them(env):
    state = Datum("test.east", "res.country.state", {"name": "East", "code": "E", "country_id": Ref("test.xanadu")})

    await load(env, XANADU, state)

    [found] = await env["res.country.state"].find(env, [("code", "=", "E")], ["country_id"])
    assert found.country_id == await external_id(env, "test.xanadu")


async def test_references_are_found_inside_commands(env):
    values = {"name": "Reader", "login": "reader", "groups_id": [Command.set([Ref("test.group")])]}  # type: ignore[list-item]
    group = Datum("test.group", "res.groups", {"code": "test.group", "name": "Test", "full_name": "Test"})

    await load(env, group, Datum("test.reader", "res.users", values))

    [found] = await env["res.users"].find(env, [("login", "=", "reader")], ["groups_id"])
    assert found.groups_id == (await external_id(env, "test.group"),)


async def test_neighbours_of_one_model_share_the_statements(env):
    await load(env, country("alpha", code="X2"))
    before = env.statements

    await load(env, *(country(f"land {place}", code=f"{place:02}") for place in range(50)))

    assert env.statements - before == 3


WRONG = {
    "no module": ([Datum("xanadu", "res.country")], "module.name"),
    "declared twice": ([XANADU, XANADU], "declared twice"),
    "refers to nothing": ([country("xanadu", currency_id=Ref("test.nowhere"))], "test.xanadu refers to test.nowhere"),
}


@pytest.mark.parametrize(("data", "reason"), WRONG.values(), ids=WRONG)
async def test_wrong_declarations_are_found_at_installation(env, data, reason):
    with pytest.raises(DataError, match=reason):
        await load(env, *data)


async def test_unknown_external_ids(env):
    assert await external_ids(env, ["test.nowhere", "base.ph"]) == {"base.ph": await external_id(env, "base.ph")}
    assert await external_ids(env, []) == {}
    with pytest.raises(MissingError, match=r"test\.nowhere"):
        await external_id(env, "test.nowhere")


async def test_protected_records_are_known(env):
    await load(env, XANADU, Datum("test.fixed", "res.country", {"name": "Fixed", "code": "X3"}, protected=True))
    ids = await external_ids(env, ["test.xanadu", "test.fixed"])

    found = await protected_ids(env, "res.country", list(ids.values()))

    assert found == {ids["test.fixed"]: "test.fixed"}
    await check_unprotected(env, "res.country", [ids["test.xanadu"]], "It has to stay.")
    with pytest.raises(UserError, match="It has to stay") as refused:
        await check_unprotected(env, "res.country", list(ids.values()), "It has to stay.")
    assert refused.value.data["ids"] == [ids["test.fixed"]]


# for callers


async def reference(env: Env, name: str, **options: Any) -> list[Any]:
    return await env["ir.model.data"].check_object_reference(env, "base", name, **options)


@pytest.mark.parametrize(("dialect", "word"), [(ODOO, "res.users"), (NETFORCE, "base.user")], ids=["odoo", "netforce"])
async def test_a_reference_names_the_model_in_the_callers_words(env, dialect, word):
    assert await reference(env.with_dialect(dialect), "user_root") == [word, 1]


async def test_an_unknown_reference_is_an_error(env):
    with pytest.raises(MissingError, match=r"^External ID not found in the system: base\.nobody$"):
        await reference(env, "nobody")


async def test_a_reference_to_what_the_caller_may_not_read(as_user):
    user = await as_user("base.user")
    other = Datum("base.other", "res.company", {"name": "Other"})
    await load(user, other)

    assert await reference(user, "other") == ["res.company", False]
    with pytest.raises(AccessError):
        await reference(user, "other", raise_on_access_error=True)


@pytest.mark.statement("Z2", "Z4", "Z20")
async def test_the_name_of_what_is_hidden_is_as_hidden(env, as_user):
    user, names = await as_user("bpo.agent"), env["ir.model.data"]
    [lead] = await env["crm.lead"].insert(env, [{"name": "Secret deal", "user_id": env.user.id}])
    [brand] = await env["crm.brand"].insert(env, [{"name": "Hidden only", "code": "HO"}])
    for model, one in (("crm.lead", lead), ("crm.brand", brand), ("sync.schedule", 1)):
        await names.create(env, {"module": "planted", "name": model, "model": model, "res_id": one})
    mine = [["module", "=", "planted"]]

    assert [row["name"] for row in (await user["ir.model.data"].search_read(user, mine, ["name"])).value()] == [
        "crm.brand"
    ]
    assert await user["ir.model.data"].search_count(user, mine) == 1
    assert [
        one["__count"] for one in await user["ir.model.data"].read_group(user, mine, [], ["model"], lazy=False)
    ] == [1]
    assert await user["ir.model.data"].name_search(user, "planted.crm.lead") == []
    assert await env["ir.model.data"].search_count(env, mine) == 3
    for name in ("crm.lead", "sync.schedule", "never.was"):
        with pytest.raises(MissingError, match=f"^External ID not found in the system: planted.{name}$"):
            await user["ir.model.data"].check_object_reference(user, "planted", name)


async def test_clients_make_external_ids(env):
    [country_id] = await env["res.country"].search(env, [("code", "=", "PH")])

    await env["ir.model.data"].create(env, {"name": "home", "model": "res.country", "res_id": country_id})

    assert await env["ir.model.data"].check_object_reference(env, "__api__", "home") == ["res.country", country_id]


async def test_who_may_not_administrate_makes_none(as_user):
    user = await as_user("base.user")

    with pytest.raises(AccessError):
        await user["ir.model.data"].create(user, {"name": "home", "model": "res.country", "res_id": 1})


async def test_the_module_of_a_name_is_part_of_it(env):
    found = await env["ir.model.data"].find(env, [("complete_name", "=", "base.main_company")], ["res_id", "noupdate"])

    assert [(one.res_id, one.noupdate) for one in found] == [(1, True)]
