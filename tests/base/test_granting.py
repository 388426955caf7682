"""Groups that administrators make: they lend the rights of declared groups, and nobody more than the maker has."""

import pytest

from models.base.caller_memory import CallerMemory
from models.base.installation import synchronise_groups
from models.orm import Env
from models.orm.errors import AccessError, AppError, MissingError, ReadonlyError, UserError, ValidationError

GROUPS, USERS = "res.groups", "res.users"


async def ids_of(env: Env, *codes: str) -> list[int]:
    found: list[int] = await env[GROUPS].search(env, [["code", "in", list(codes)]])
    return found


async def made(env: Env, *codes: str, users: list[int] | None = None, name: str = "Night shift") -> int:
    values = {"name": name, "implied_ids": [(6, 0, await ids_of(env, *codes))], "user_ids": users or []}
    found: int = await env[GROUPS].create(env, values)
    return found


async def held(env: Env, user: int) -> set[str]:
    return set((await env[USERS].effective_groups(env, [user]))[user])


@pytest.fixture
async def plain(as_user) -> Env:
    return await as_user("base.user")


async def test_a_made_group_lends_what_it_includes(env, plain):
    group = await made(env, "sale.user", users=[plain.user.id])

    assert await held(env, plain.user.id) == {"base.user", "party.user", "sale.user"}
    [shown] = (await env[GROUPS].read(env, [group], ["full_name", "code", "user_ids"])).value()
    assert shown == {"id": group, "full_name": "Night shift", "code": None, "user_ids": [plain.user.id]}
    assert group in (await env[USERS].browse(env, [plain.user.id], ["groups_id"]))[0]["groups_id"]


async def test_what_is_put_into_it_and_taken_out_reaches_its_users(env, plain):
    group = await made(env, users=[plain.user.id])
    [stock] = await ids_of(env, "stock.user")
    assert await held(env, plain.user.id) == {"base.user"}

    await env[GROUPS].write(env, group, {"implied_ids": [(4, stock)]})
    assert await held(env, plain.user.id) == {"base.user", "stock.user"}

    await env[GROUPS].delete(env, group)
    assert await held(env, plain.user.id) == {"base.user"}


async def test_made_groups_include_made_groups(env, plain):
    inner = await made(env, "sale.user", name="Inner")
    outer = await env[GROUPS].create(env, {"name": "Outer", "implied_ids": [inner], "user_ids": [plain.user.id]})

    assert "sale.user" in await held(env, plain.user.id)
    for group, other in ((inner, outer), (inner, inner)):
        with pytest.raises(ValidationError, match="include itself"):
            async with env.connection.transaction():
                await env[GROUPS].write(env, group, {"implied_ids": [(4, other)]})


async def test_a_group_inside_another_is_forgotten_as_soon_as_it_is_deleted(env, plain, monkeypatch):
    memory = CallerMemory()
    monkeypatch.setitem(env.registry._services, CallerMemory, memory)
    inner = await made(env, "sale.user", name="Inner")
    await env[GROUPS].create(env, {"name": "Outer", "implied_ids": [inner], "user_ids": [plain.user.id]})
    env.after_commit.clear()

    await env[GROUPS].delete(env, inner)

    assert await held(env, plain.user.id) == {"base.user"}
    assert env.after_commit == [memory.forget]


async def test_nobody_lends_more_than_the_own_rights(env, as_user, plain):
    boss = await as_user("base.admin", "sale.user")
    rich = await made(env, "sale.manager", name="Rich")

    group = await made(boss, "sale.user", users=[plain.user.id])
    for given in (await ids_of(env, "sale.manager"), await ids_of(env, "sync.manager"), [rich]):
        for work in (
            lambda given=given: boss[GROUPS].create(boss, {"name": "More", "implied_ids": given}),
            lambda given=given: boss[GROUPS].write(boss, group, {"implied_ids": [(4, one) for one in given]}),
        ):
            with pytest.raises(AccessError, match="without having them"):
                async with env.connection.transaction():
                    await work()

    assert await held(env, plain.user.id) == {"base.user", "party.user", "sale.user"}


async def test_only_administrators_make_change_and_delete_groups(env, as_user):
    boss = await as_user("dealer.admin", "bpo.manager", "sync.manager")
    group = await made(env, "sale.user")

    for work in (
        lambda: made(boss, "sale.user"),
        lambda: boss[GROUPS].write(boss, group, {"name": "Mine"}),
        lambda: boss[GROUPS].write(boss, group, {"user_ids": [boss.user.id]}),
        lambda: boss[GROUPS].delete(boss, group),
        lambda: boss[USERS].write(boss, boss.user.id, {"groups_id": [(0, 0, {"name": "Mine"})]}),
    ):
        with pytest.raises(AppError):
            await work()

    assert await held(env, boss.user.id) == set(boss.user.groups)


@pytest.mark.parametrize("values", [{"name": "x"}, {"implied_ids": [(5,)]}, {"comment": "x", "user_ids": [(5,)]}])
async def test_declared_groups_stay_as_they_are(env, values):
    [group] = await ids_of(env, "sale.manager")

    with pytest.raises(UserError, match="declared by the server"):
        await env[GROUPS].write(env, group, values)
    with pytest.raises(UserError, match="declared by the server"):
        await env[GROUPS].delete(env, group)
    for column in ("code", "full_name"):
        with pytest.raises(ReadonlyError):
            await env[GROUPS].create(env, {"name": "x", column: "base.root"})


async def test_users_come_and_go_from_the_side_of_a_declared_group(env, plain):
    [group] = await ids_of(env, "stock.user")

    await env[GROUPS].write(env, group, {"user_ids": [(4, plain.user.id)]})
    assert "stock.user" in await held(env, plain.user.id)
    await env[GROUPS].write(env, group, {"user_ids": [(3, plain.user.id)]})
    assert "stock.user" not in await held(env, plain.user.id)


async def test_the_last_administrator_and_the_systems_user_are_safe_there_too(env):
    [group] = await ids_of(env, "base.admin")

    for command, message in (((5,), "has to remain"), ((4, 1), "system")):
        with pytest.raises((UserError, AccessError, MissingError), match=message):
            async with env.connection.transaction():
                await env[GROUPS].write(env, group, {"user_ids": [command]})


@pytest.mark.statement("O5")
async def test_what_changes_rights_is_in_the_audit_log(env, plain):
    group = await made(env, "sale.user", users=[plain.user.id])
    await env[GROUPS].write(env, group, {"implied_ids": [(6, 0, await ids_of(env, "stock.user", "base.user"))]})
    await env[GROUPS].delete(env, group)

    rows = await env.fetch(
        "select model, details from audit_log where operation = 'groups'"
        " and (model, res_id) in (('res.groups', $1), ('res.users', $2)) and user_id = $3 order by id",
        group,
        plain.user.id,
        env.user.id,
    )
    assert [tuple(row) for row in rows][-4:] == [
        (GROUPS, '{"includes": ["sale.user"]}'),
        (USERS, '{"groups": ["Night shift", "base.user"]}'),
        (GROUPS, '{"includes": ["base.user", "stock.user"]}'),
        (USERS, '{"groups": ["base.user"]}'),
    ]


async def test_made_groups_are_known_by_their_external_id(env, plain):
    group = await made(env, users=[plain.user.id])
    await env["ir.model.data"].create(env, {"module": "shop", "name": "night", "model": GROUPS, "res_id": group})

    assert await plain[USERS].has_group(plain, "shop.night") is True
    assert await env[USERS].has_group(env, "shop.night") is False
    assert await env[USERS].has_group(env, [plain.user.id], "shop.night") is True
    assert await plain[USERS].has_group(plain, "shop.nothing") is False
    with pytest.raises(AccessError):
        await plain[USERS].has_group(plain, [env.user.id], "shop.night")


async def test_installing_again_leaves_made_groups_alone(env, plain):

    await made(env, "sale.user", users=[plain.user.id])

    assert await synchronise_groups(env.as_system("test")) == 0
    assert "sale.user" in await held(env, plain.user.id)
