"""Partners: names, types, labels, and the same one found again."""

import asyncio

import asyncpg
import pytest

from models.orm.dialect import NETFORCE, ODOO
from models.orm.errors import AccessError, ValidationError
from models.party.partner import Partner
from server.database.connection import connect
from server.database_errors import DatabaseErrors
from tests import deployments
from tests.cluster import shared_cluster


async def make(env, **values):
    [partner] = await env[Partner].insert(env, [{"name": "Ann", **values}])
    return partner


async def read(env, partner, *fields):
    [record] = await env[Partner].browse(env, [partner], fields)
    return tuple(record[field] for field in fields)


async def test_a_contact_is_labelled_with_its_company(env):
    company = await make(env, name="Acme", is_company=True)
    contact = await make(env, name="Ann", parent_id=company)

    labels = await env[Partner].name_get(env, [company, contact])

    assert labels == [[company, "Acme"], [contact, "Acme, Ann"]]


@pytest.mark.statement("Z7", "Z10", "Z18")
async def test_a_company_that_is_hidden_is_named_nowhere(env, as_user):
    [abroad] = await env["res.company"].insert(env.as_system("test"), [{"name": "Abroad"}])
    both = env.as_system("test")
    [theirs, ours] = await both[Partner].insert(
        both, [{"name": "Planted Inc", "is_company": True, "company_id": one} for one in (abroad, env.company_id)]
    )
    contact = await make(env, name="Ann", company_id=env.company_id)
    for company in (theirs, ours):
        await both[Partner].update(both, [contact], {"parent_id": company})
    await both[Partner].update(both, [contact], {"parent_id": theirs})
    clerk = await as_user("party.user")

    shown = (await clerk[Partner].read(clerk, [contact], ["display_name", "parent_id", "message_ids"])).text
    messages = await clerk["mail.message"].search(clerk, [["model", "=", "res.partner"], ["res_id", "=", contact]])
    told = (await clerk["mail.message"].read(clerk, messages, ["tracking"])).value()

    assert "Planted" not in shown
    assert await clerk[Partner].name_search(clerk, "Planted Inc, ") == []
    labels = [(one["old_label"], one["new_label"]) for row in told for one in row["tracking"] or ()]
    assert sorted(labels, key=str) == [("Planted Inc", None), (None, "Planted Inc"), (None, None)]


@pytest.mark.statement("Z2", "Z12")
async def test_what_holds_a_partner_is_named_to_those_who_know_of_it(env, as_user):
    partner = await make(env)
    await env["sale.order"].insert(env, [{"partner_id": partner}])
    callers = [await as_user("party.manager"), await as_user("party.manager", "sale.user")]
    told = []

    for caller in callers:
        with pytest.raises(asyncpg.PostgresError) as held:
            async with env.connection.transaction():
                await caller[Partner].delete(caller, [partner])
        told.append(DatabaseErrors(env.registry).translate(held.value, caller.profile))

    assert [error.message for error in told] == [
        "The record is still referenced by other records.",
        "The record is still referenced by Sales Order (sale.order).",
    ]
    assert "order" not in str(told[0].data)


async def test_a_contact_belongs_to_the_company_above(env):
    company = await make(env, name="Acme", is_company=True)
    contact = await make(env, parent_id=await make(env, parent_id=company))

    assert await read(env, contact, "commercial_partner_id") == (company,)


async def test_a_person_is_named_by_first_and_last_name(env):
    [partner] = await env[Partner].insert(env, [{"first_name": "Ann", "last_name": "Lee"}])
    await env[Partner].write(env, [partner], {"last_name": "Cruz"})

    assert await read(env, partner, "name") == ("Ann Cruz",)


@pytest.mark.parametrize(
    ("values", "company_type"),
    [({"is_company": True}, "company"), ({"company_type": "company"}, "company"), ({}, "person")],
)
async def test_flag_and_type_say_the_same_on_create(env, values, company_type):
    partner = await make(env, **values)

    assert await read(env, partner, "company_type", "is_company") == (company_type, company_type == "company")


@pytest.mark.parametrize("values", [{"is_company": False}, {"company_type": "person"}])
async def test_flag_and_type_say_the_same_on_write(env, values):
    partner = await make(env, is_company=True)

    await env[Partner].write(env, [partner], values)

    assert await read(env, partner, "company_type", "is_company") == ("person", False)


async def test_netforce_words_are_contact_and_org(env):
    netforce = env.with_dialect(NETFORCE)
    partner = await netforce["contact"].create(netforce, {"name": "Acme", "type": "org"})

    [answer] = (await netforce["contact"].read(netforce, [partner], ["type"])).value()

    assert answer["type"] == "org"
    assert await read(env, partner, "is_company") == (True,)


async def test_keys_follow_mobile_and_email(env):
    partner = await make(env, mobile="0917 123 4567", email="Ann@Example.com")
    before = await read(env, partner, "mobile_normalized", "email_normalized")
    await env[Partner].write(env, [partner], {"mobile": "N/A", "email": None})

    assert before == ("+639171234567", "ann@example.com")
    assert await read(env, partner, "mobile_normalized", "email_normalized") == (None, None)


async def test_keys_are_not_for_clients_to_write(env):
    with pytest.raises(ValidationError):
        await env[Partner].create(env, {"name": "Ann", "mobile_normalized": "+63"})


async def test_nobody_is_above_oneself(env):
    boss = await make(env)
    clerk = await make(env, parent_id=boss)

    with pytest.raises(ValidationError):
        await env[Partner].write(env, [boss], {"parent_id": clerk})


async def test_the_main_tag_is_one_of_the_tags(env):
    [tag] = await env["res.partner.category"].insert(env, [{"name": "VIP"}])

    partner = await make(env, categ_id=tag)

    assert await read(env, partner, "category_id") == ((tag,),)


async def test_a_tag_is_labelled_with_those_above(env):
    tags = env["contact.categ"]
    [top] = await tags.insert(env, [{"name": "Retail"}])
    [tag] = await tags.insert(env, [{"name": "VIP", "parent_id": top}])

    assert await tags.name_get(env, [tag]) == [[tag, "Retail / VIP"]]


@pytest.mark.statement("H39", "H40")
async def test_mobile_comes_before_email(env):
    by_email = await make(env, email="ann@example.com")
    by_mobile = await make(env, mobile="+63 917 123 4567")

    found = await env[Partner].find_or_create(
        env, mobile="0917-123-4567", email="ann@example.com", values={"name": "X"}
    )

    assert found == by_mobile != by_email


@pytest.mark.statement("H39")
async def test_email_counts_when_the_mobile_is_unknown(env):
    partner = await make(env, email="Ann@Example.com")

    found = await env[Partner].find_or_create(
        env, mobile="0917 999 9999", email="ann@example.COM", values={"name": "X"}
    )

    assert found == partner


@pytest.mark.statement("H39")
async def test_an_unknown_customer_is_created_with_what_is_known(env):
    found = await env[Partner].find_or_create(
        env, mobile="0917 888 8888", email="new@example.com", values={"name": "New", "city": "Cebu"}
    )

    values = await read(env, found, "name", "city", "mobile", "email", "company_id")
    assert values == ("New", "Cebu", "0917 888 8888", "new@example.com", env.company_id)


@pytest.mark.statement("H40")
async def test_the_oldest_active_match_wins(env):
    await make(env, mobile="09171234567", active=False)
    second = await make(env, mobile="09171234567")
    await make(env, mobile="09171234567")

    assert await env[Partner].find_or_create(env, mobile="+639171234567", values={"name": "X"}) == second


@pytest.mark.statement("H40")
async def test_no_number_matches_no_number(env):
    other = await make(env, mobile="N/A")

    found = await env[Partner].find_or_create(env, mobile="N/A", values={"name": "Ann"})

    assert found != other


async def test_a_partner_of_another_company_is_another_partner(env):
    [company] = await env["res.company"].insert(env, [{"name": "Other"}])
    await env.as_system("test")[Partner].insert(
        env.as_system("test"), [{"name": "Ann", "mobile": "09171234567", "company_id": company}]
    )

    found = await env[Partner].find_or_create(env, mobile="09171234567", values={"name": "Mine"})

    assert await read(env, found, "name") == ("Mine",)


async def test_only_contact_users_create_partners(env, as_user):
    plain = await as_user("base.user")

    with pytest.raises(AccessError):
        await plain[Partner].create(plain, {"name": "Ann"})


async def test_odoo_clients_see_false_for_what_is_empty(env):
    odoo = env.with_dialect(ODOO)
    partner = await odoo["res.partner"].create(odoo, {"name": "Ann", "is_company": False, "parent_id": False})

    [answer] = (await odoo["res.partner"].read(odoo, [partner], ["parent_id", "email", "company_type"])).value()

    assert (answer["parent_id"], answer["email"], answer["company_type"]) == (False, False, "person")


@pytest.mark.statement("C9")
@pytest.mark.concurrency
async def test_twenty_leads_of_one_customer_make_one_partner(fresh_database):
    async def arrive(number: int) -> int:
        connection = await connect(shared_cluster(), fresh_database)
        try:
            async with connection.transaction():
                env = deployments.system_env(connection)
                mobile = ["0917 123 4567", "+639171234567"][number % 2]
                email = ["ann@example.com", "ANN@example.com"][number % 2]
                return await env[Partner].find_or_create(
                    env, mobile=mobile, email=email, values={"name": f"Ann {number}"}
                )
        finally:
            await connection.close()

    found = await asyncio.gather(*(arrive(number) for number in range(20)))

    assert len(set(found)) == 1


async def test_a_user_is_a_partner_too(env, as_user):
    caller = await as_user("base.user")
    name = (await env.fetchval("select name from res_users where id = $1", caller.user.id)) or ""

    [user] = await env["res.users"].browse(env, [caller.user.id], ["partner_id", "partner_id.name"])

    assert user["partner_id.name"] == name


async def test_a_company_is_a_partner_too(env):
    company = await env["res.company"].create(env, {"name": "Acme Motors", "email": "office@acme.example"})

    [found] = await env["res.company"].browse(env, [company], ["partner_id"])

    values = await read(env, found["partner_id"], "name", "is_company", "email", "company_id")
    assert values == ("Acme Motors", True, "office@acme.example", None)


@pytest.mark.parametrize(
    "group", ["sales_team.group_sale_salesman", "stock.group_stock_user", "party.user", "sale.user"]
)
async def test_odoo_clients_ask_for_groups_by_their_names(as_user, group):
    caller = await as_user("sale.user", "stock.user")

    assert await caller["res.users"].has_group(caller, group) is True
