"""What a new database gets before anything else, and what a later start leaves alone."""

import dataclasses

import pytest

from models import deployment
from models.base.installation import create_administrator, install, synchronise_groups
from models.base.passwords import matches
from models.orm import Group, Registry
from server.database.connection import connect
from server.database.migrate import migrate
from tests.cluster import scratch_database, shared_cluster


@pytest.fixture
def system(connection):
    return deployment.system_env(deployment.registry_for("both"), connection, "test")


async def test_the_first_rows_have_the_ids_that_the_server_counts_on(env):
    company = await env.fetchval("select name from res_company where id = 1")
    user = await env.fetchrow("select login, active, password from res_users where id = 1")

    assert company == "My Company"
    assert tuple(user) == ("__system__", False, None)


async def test_installing_again_changes_nothing(system):
    before = await system.fetch("select u::text from res_users u union all select c::text from res_company c")

    assert await install(system) == 0
    assert await system.fetch("select u::text from res_users u union all select c::text from res_company c") == before


async def test_every_declared_group_has_a_row_with_what_it_implies(env):
    groups = await env["res.groups"].find(env, [], ["code", "implied_ids"])
    codes = {group.id: group.code for group in groups}

    found = {group.code: {codes[one] for one in group.implied_ids} for group in groups}

    assert found == {code: set(group.implies) for code, group in env.registry.groups.items()}


async def test_groups_follow_their_declaration(system):
    declared = (*system.registry.groups.values(), Group("new.group", "New", ("base.user",), "Area"))
    changed = Registry(_classes(system.registry), declared)
    assert await synchronise_groups(dataclasses.replace(system, registry=changed)) == 1
    renamed = (*declared[:-1], Group("new.group", "Newer", (), "Area"))
    changed = Registry(_classes(system.registry), renamed)
    assert await synchronise_groups(dataclasses.replace(system, registry=changed)) == 0

    row = await system.fetchrow(
        "select full_name, (select count(*) from res_groups_implied_rel r where r.group_id = g.id)"
        " from res_groups g where code = 'new.group'"
    )
    assert tuple(row) == ("Area / Newer", 0)


def _classes(registry):
    return [model for area in deployment.areas_of("both") for model in area.MODELS]


async def test_a_group_that_is_no_longer_declared_grants_nothing(env, system):
    await system.execute("insert into res_groups (code, name, full_name) values ('old.group', 'Old', 'Old')")
    await system.execute(
        "insert into res_groups_users_rel (user_id, group_id) select $1, id from res_groups where code = 'old.group'",
        env.user.id,
    )

    assert "old.group" not in (await env["res.users"].effective_groups(env, [env.user.id]))[env.user.id]


async def test_the_administrator_is_in_every_group(env):
    found = await env["res.users"].effective_groups(env, [env.user.id])

    assert found[env.user.id] == set(env.registry.groups)


async def test_a_second_administrator_is_not_made(system):
    before = await system.fetchval("select count(*) from res_users")

    assert await create_administrator(system, "another password") is None
    assert await system.fetchval("select count(*) from res_users") == before


@pytest.mark.statement("A13")
async def test_without_a_password_a_random_one_is_made_each_time():
    made = []

    async def first_start(env):
        made.append(await create_administrator(env, company_name="Autohub"))

    for _ in range(2):
        async with scratch_database() as name:
            connection = await connect(shared_cluster(), name)
            await migrate(connection, "both", first_start=first_start)
            await migrate(connection, "both", first_start=first_start)
            stored = await connection.fetchval("select password from res_users where login = 'admin'")
            company = await connection.fetchval("select name from res_company")
            await connection.close()
            assert await matches(stored, made[-1])
            assert company == "Autohub"

    assert len(made) == len(set(made)) == 2
    assert all(len(password) >= 16 for password in made)
