"""Users: who sees and changes what of whom, and what cannot happen to them."""

import pytest

from models.base import passwords
from models.orm import Env
from models.orm.dialect import NETFORCE, ODOO
from models.orm.env import Context
from models.orm.errors import (
    AccessError,
    AppError,
    DuplicateError,
    InputError,
    MissingError,
    RateError,
    UnknownFieldError,
    UnknownModelError,
    UserError,
    ValidationError,
)
from server.database_errors import DatabaseErrors
from tests import deployments

PASSWORD = "a long enough password"
IDENTITIES = [
    "uid", "user_id", "user", "login", "name", "password", "token", "session", "session_id", "api_key",
    "sudo", "su", "superuser", "system", "is_admin", "is_system", "admin", "groups", "groups_id", "group_ids",
    "role", "profile_id", "env", "database", "db", "schema", "company_ids", "active_user", "create_uid",
    "write_uid", "impersonate",
]  # fmt: skip
ADMIN_ONLY = ["login", "password", "active", "company_ids", "groups_id"]


@pytest.fixture
async def agent(as_user) -> Env:
    return await as_user("base.user")


@pytest.fixture
def users(env):
    return env["res.users"]


async def row_of(env, user_id):
    return dict(await env.fetchrow("select * from res_users where id = $1", user_id))


async def new_user(env, **values) -> int:
    created: int = await env["res.users"].create(env, {"name": "New", "login": "new", **values})
    return created


async def groups_of(env, user_id):
    return (await env["res.users"].effective_groups(env, [user_id]))[user_id]


async def test_every_user_sees_who_there_is(agent, users):
    [admin] = (await users.search_read(agent, [["login", "=", "admin"]], ["name", "company_id"])).value()

    assert (admin["name"], admin["company_id"][1]) == ("Administrator", "My Company")


@pytest.mark.statement("Z5", "Z6")
@pytest.mark.parametrize("field", ["password", "login_key", "groups_id", "group_ids", "last_login", "groups_id.code"])
async def test_secrets_and_rights_are_no_fields_to_a_user(agent, users, field):
    for refused in (
        lambda: users.search_read(agent, [], [field]),
        lambda: users.search(agent, [[field, "!=", False]]),
        lambda: users.search(agent, [], order=field),
        lambda: users.read(agent, [agent.user.id], [field]),
    ):
        with pytest.raises((UnknownFieldError, InputError)):
            await refused()


@pytest.mark.parametrize("field", ["password", "login_key"])
async def test_nobody_reads_a_password_hash_not_even_an_administrator(env, users, field):
    with pytest.raises(UnknownFieldError):
        await users.read(env, [env.user.id], [field])
    with pytest.raises(UnknownFieldError):
        await users.search(env, [[field, "ilike", "argon"]])
    assert field not in (await users.read(env, [env.user.id])).value()[0]


@pytest.mark.statement("Z13")
@pytest.mark.parametrize("field", ADMIN_ONLY)
async def test_a_user_cannot_change_own_rights(agent, users, field):
    before = await row_of(agent, agent.user.id), await groups_of(agent, agent.user.id)

    with pytest.raises((AccessError, UnknownFieldError)):
        await users.write(agent, [agent.user.id], {field: [(6, 0, [1, 2])] if field.endswith("s_id") else "x"})

    assert (await row_of(agent, agent.user.id), await groups_of(agent, agent.user.id)) == before


@pytest.mark.statement("Z13")
async def test_a_user_changes_only_the_own_profile(agent, env, users):
    await users.write(agent, [agent.user.id], {"name": "Ana", "lang": "en_US", "tz": "Asia/Manila", "email": "a@b.ph"})
    with pytest.raises(MissingError):
        await users.write(agent, [env.user.id], {"name": "Owned"})
    with pytest.raises(AccessError):
        await users.create(agent, {"name": "x", "login": "x"})
    with pytest.raises(AccessError):
        await users.delete(agent, [env.user.id])

    assert (await row_of(env, agent.user.id))["tz"] == "Asia/Manila"
    assert (await row_of(env, env.user.id))["name"] == "Administrator"


@pytest.mark.statement("Z9")
@pytest.mark.parametrize("command", [(0, 0, {"name": "g", "code": "base.root"}), (1, 1, {"name": "g"}), (2, 1)])
async def test_no_group_is_made_changed_or_deleted_through_a_user(env, users, command):
    before = await env.fetch("select id, code, name from res_groups order by id")

    with pytest.raises(AppError):
        await users.write(env, [env.user.id], {"groups_id": [command]})

    assert await env.fetch("select id, code, name from res_groups order by id") == before


async def test_an_administrator_gives_groups_by_either_name(env, users):
    admin_group = await env.fetchval("select id from res_groups where code = 'base.admin'")
    user_id = await new_user(env)
    odoo = env.with_dialect(ODOO)
    await users.write(odoo, [user_id], {"group_ids": [(4, admin_group)]})

    assert await groups_of(env, user_id) == {"base.user", "base.admin"}
    assert set((await users.read(odoo, [user_id], ["group_ids"])).value()[0]["group_ids"]) >= {admin_group}


async def test_a_new_user_is_an_internal_user_of_the_callers_company(env, users):
    user_id = await new_user(env)

    [user] = await users.browse(env, [user_id], ["company_id", "company_ids", "lang", "tz"])
    assert (user.company_id, user.company_ids, user.lang, user.tz) == (1, (1,), "en_US", "UTC")
    assert await groups_of(env, user_id) == {"base.user"}


@pytest.mark.parametrize("login", ["new", "NEW", "\uff4e\uff45\uff57"])
async def test_logins_differ_by_more_than_case(env, login):
    await new_user(env)

    with pytest.raises(Exception, match="unique") as caught:
        await new_user(env, login=login)
    assert isinstance(DatabaseErrors(env.registry).translate(caught.value, env.profile), DuplicateError)


@pytest.mark.parametrize(
    "values", [{"login": " spaced "}, {"login": "two\nlines"}, {"lang": "x; drop"}, {"tz": "../../etc/passwd"}]
)
async def test_logins_languages_and_zones_are_checked(env, values):
    with pytest.raises(ValidationError):
        await new_user(env, **values)


@pytest.mark.statement("A9")
async def test_a_password_is_stored_as_its_hash(env):
    user_id = await new_user(env, password=PASSWORD)

    stored = (await row_of(env, user_id))["password"]
    assert await passwords.matches(stored, PASSWORD)


@pytest.mark.parametrize("password", ["short", "x" * 1025, "é" * 600])
async def test_too_short_and_too_long_passwords_are_refused(env, password):
    with pytest.raises(ValidationError) as caught:
        await new_user(env, password=password)
    assert password not in str(caught.value)


@pytest.mark.statement("O2")
async def test_passwords_stay_out_of_the_audit_log(env, users):
    user_id = await new_user(env, password=PASSWORD)
    await users.write(env, [user_id], {"password": "another long password", "name": "Renamed"})

    rows = await env.fetch("select details::text from audit_log where model = 'res.users' and res_id = $1", user_id)
    text = "".join(row[0] for row in rows)
    assert "Renamed" in text
    assert "password" not in text
    assert "argon2" not in text


@pytest.mark.statement("O5")
async def test_a_change_of_groups_is_in_the_audit_log(env, users):
    user_id = await new_user(env)
    admin_group = await env.fetchval("select id from res_groups where code = 'base.admin'")
    await users.write(env, [user_id], {"groups_id": [(4, admin_group)]})

    rows = await env.fetch(
        "select details ->> 'groups', user_id from audit_log where operation = 'groups' and res_id = $1 order by id",
        user_id,
    )
    assert [tuple(row) for row in rows] == [
        ('["base.user"]', env.user.id),
        ('["base.admin", "base.user"]', env.user.id),
    ]


async def test_the_company_must_be_one_of_the_users_companies(env, users):
    other = await env["res.company"].create(env, {"name": "Other"})
    user_id = await new_user(env)

    with pytest.raises(ValidationError, match="one of the user's companies"):
        await users.write(env, [user_id], {"company_id": other})


async def test_a_user_cannot_enter_a_company_that_was_not_given(agent, env, users):
    other = await env["res.company"].create(env, {"name": "Other"})

    with pytest.raises((MissingError, ValidationError)):
        await users.write(agent, [agent.user.id], {"company_id": other})


async def test_the_last_administrator_remains(env, users):
    user_group = await env.fetchval("select id from res_groups where code = 'base.user'")
    for values in ({"active": False}, {"groups_id": [(6, 0, [user_group])]}):
        transaction = env.connection.transaction()
        await transaction.start()
        with pytest.raises(UserError, match="administrator has to remain"):
            await users.write(env, [env.user.id], values)
        await transaction.rollback()


@pytest.mark.parametrize("values", [{"active": True}, {"password": PASSWORD}, {"name": "Root"}])
async def test_the_systems_user_cannot_be_changed(env, users, values):
    with pytest.raises(AccessError):
        await users.write(env, [1], values)


async def test_the_system_and_oneself_cannot_be_deleted(env, users):
    for user_id in (1, env.user.id):
        with pytest.raises(UserError):
            await users.delete(env, [user_id])


# methods


async def test_context_get_tells_language_zone_and_id(agent, users):
    assert await users.context_get(agent) == {"lang": "en_US", "tz": "UTC", "uid": agent.user.id}


@pytest.mark.parametrize(
    ("group", "wanted"),
    [
        ("base.user", True),
        ("base.group_user", True),
        ("base.admin", False),
        ("base.group_system", False),
        ("base.group_admin", False),
        ("x", False),
    ],
)
async def test_has_group_in_both_forms(agent, users, group, wanted):
    assert await users.has_group(agent, group) is wanted
    assert await users.has_group(agent, [agent.user.id], group) is wanted
    assert await users.has_group(agent, agent.user.id, group) is wanted


async def test_only_administrators_ask_for_the_groups_of_others(agent, env, users):
    with pytest.raises(AccessError):
        await users.has_group(agent, [env.user.id], "base.admin")

    assert await users.has_group(env, [agent.user.id], "base.admin") is False
    assert await users.has_group(env, [agent.user.id], "base.user") is True


async def test_a_user_changes_the_own_password(env, users):
    user = await deployments.make_user(env, ["base.user"], password=PASSWORD)
    mine = deployments.as_user(env, user)

    assert await users.change_password(mine, PASSWORD, "another long password") is True

    stored = (await row_of(env, user.id))["password"]
    assert await passwords.matches(stored, "another long password")


async def test_a_wrong_old_password_is_refused_and_counted(env, users):
    user = await deployments.make_user(env, ["base.user"], password=PASSWORD)
    mine = deployments.as_user(env, user)
    for _ in range(5):
        with pytest.raises(UserError, match="Wrong password"):
            await users.change_password(mine, "wrong password", "another long password")

    with pytest.raises(RateError):
        await users.change_password(mine, PASSWORD, "another long password")

    stored = (await row_of(env, user.id))["password"]
    assert await passwords.matches(stored, PASSWORD)


async def test_the_old_password_is_needed(agent, users):
    with pytest.raises(UserError, match="Missing current password"):
        await users.change_password(agent, "", "another long password")


@pytest.mark.statement("A11")
@pytest.mark.parametrize("name", IDENTITIES)
async def test_a_context_changes_nobodys_identity(agent, users, name):
    claimed = Env(agent.registry, agent.connection, agent.user, Context.of({name: 1}))

    assert (await users.context_get(claimed))["uid"] == agent.user.id
    assert not await users.has_group(claimed, "base.admin")
    with pytest.raises(UnknownModelError):
        await claimed["ir.config_parameter"].search(claimed, [])


@pytest.mark.statement("A11")
@pytest.mark.parametrize("name", ["company_id", "allowed_company_ids"])
async def test_a_context_opens_no_company(agent, env, name):
    other = await env["res.company"].create(env, {"name": "Other"})
    given = [other] if name.startswith("allowed") else other
    claimed = Env(agent.registry, agent.connection, agent.user, Context.of({name: given}))

    with pytest.raises(AccessError):
        await claimed["res.company"].search(claimed, [])


@pytest.mark.statement("Z1")
@pytest.mark.parametrize("name", ["effective_groups", "_hash_password", "insert", "update", "prepare_write", "issue"])
async def test_methods_inside_the_server_cannot_be_called(env, name):
    for model in ("res.users", "res.users.apikeys", "base.session"):
        assert name not in env.registry.model(model).meta.methods


async def test_netforce_calls_users_by_its_own_name(agent):
    netforce = agent.with_dialect(NETFORCE)

    [user] = (await agent["base.user"].search_read(netforce, [["login", "=", "admin"]], ["name"])).value()

    assert user["name"] == "Administrator"


async def test_a_user_who_spoke_cannot_be_deleted_but_archived(env, users):
    user_id = await new_user(env)
    await env.execute(
        "insert into mail_message (model, res_id, message_type, date, author_user_id)"
        " values ('res.partner', 1, 'comment', now(), $1)",
        user_id,
    )
    await users.write(env, [user_id], {"active": False})

    with pytest.raises(Exception, match="mail_message_author_user_id_fkey"):
        await users.delete(env, [user_id])
