"""Users and the partners that stand for them: what a user has because the partner has it."""

import pytest

from models.orm import Command, Env
from models.orm.dialect import NETFORCE, ODOO
from models.orm.errors import AccessError, MissingError, ReadonlyError, ValidationError
from models.party.insiders import BORROWED

USERS, PARTNER = "res.users", "res.partner"


@pytest.fixture
async def plain(as_user) -> Env:
    return await as_user("base.user")


@pytest.fixture
async def clerk(as_user) -> Env:
    return await as_user("base.user", "party.user")


async def partner_of(env: Env, user: int) -> int:
    found: int = await env.fetchval("select partner_id from res_users where id = $1", user)
    return found


async def row(env, model, record, *names):
    [found] = (await env[model].read(env, [record], list(names))).value()
    del found["id"]
    return found


async def test_a_user_shows_what_the_partner_has(env, plain):
    odoo, user = plain.with_dialect(ODOO), plain.user.id
    country = await env.fetchval("select id from res_country where code = 'PH'")
    image = "/9j/2w=="
    values = {"city": "Cebu", "country_id": country, "image": image, "is_company": True, "ref": "P1"}
    await env[PARTNER].write(env, await partner_of(env, user), values)

    found = await row(odoo, USERS, user, "city", "country_id", "image_128", "is_company", "street", "state_id", "ref")

    assert found == {
        "city": "Cebu", "country_id": [country, "Philippines"], "image_128": image, "is_company": True,
        "street": False, "state_id": False, "ref": "P1",
    }  # fmt: skip


async def test_all_of_it_takes_one_statement(plain):
    before = plain.statements

    await plain[USERS].read(plain, [plain.user.id], list(BORROWED))

    assert plain.statements - before == 1


async def test_users_are_found_sorted_and_grouped_by_it(env, plain, clerk):
    users, cities = env[USERS], {plain.user.id: "Davao", clerk.user.id: "Cebu"}
    for user, city in cities.items():
        await env[PARTNER].write(env, await partner_of(env, user), {"city": city})
    child = await env[PARTNER].create(env, {"name": "Kid", "parent_id": await partner_of(env, plain.user.id)})

    assert await users.search(env, [["city", "ilike", "cebu"]]) == [clerk.user.id]
    assert await users.search(env, [["city", "!=", False]], order="city desc") == [plain.user.id, clerk.user.id]
    assert await users.search(env, [["child_ids", "=", child]]) == [plain.user.id]
    assert await users.search(env, [["child_ids.name", "=", "Kid"]]) == [plain.user.id]
    assert (await row(env, USERS, plain.user.id, "child_ids"))["child_ids"] == [child]
    [group] = await users.read_group(env, [["city", "=", "Cebu"]], ["city"], ["city"])
    assert (group["city"], group["city_count"]) == ("Cebu", 1)


async def test_what_is_written_is_written_on_the_partner(env, plain):
    user, partner = plain.user.id, await partner_of(env, plain.user.id)
    tag = await env["res.partner.category"].create(env, {"name": "Staff"})

    await env[USERS].write(env, user, {"phone": "1234", "name": "Ann", "category_id": [[6, 0, [tag]]]})

    assert await row(env, PARTNER, partner, "phone", "category_id") == {"phone": "1234", "category_id": [tag]}
    assert await row(env, USERS, user, "name", "phone") == {"name": "Ann", "phone": "1234"}
    domain = [["model", "=", PARTNER], ["res_id", "=", partner], ["subtype", "=", "tracking"]]
    messages = await env["mail.message"].find(env, domain, ["tracking"], order="id")
    tracked = [(one["field"], one["new"]) for message in messages for one in message["tracking"]]
    assert tracked == [("name", "Ann"), ("phone", "1234")]


async def test_contacts_are_made_below_the_partner(env, plain):
    await env[USERS].write(env, plain.user.id, {"child_ids": [[0, 0, {"name": "Kid"}]]})

    [kid] = await env[PARTNER].find(env, [["name", "=", "Kid"]], ["parent_id"])
    assert kid["parent_id"] == await partner_of(env, plain.user.id)


async def test_a_new_user_comes_with_it(env):
    first, second = await env[USERS].create(
        env, [{"name": "Ann", "login": "ann", "city": "Cebu"}, {"name": "Ben", "login": "ben"}]
    )

    assert await row(env, PARTNER, await partner_of(env, first), "name", "city") == {"name": "Ann", "city": "Cebu"}
    assert (await row(env, USERS, second, "city"))["city"] is None


async def test_users_of_one_partner_share_it(env, plain):
    partner = await partner_of(env, plain.user.id)
    other = await env[USERS].create(env, {"name": "Twin", "login": "twin", "partner_id": partner})

    await env[USERS].write(env, [plain.user.id, other], {"city": "Cebu"})

    assert (await row(env, PARTNER, partner, "city"))["city"] == "Cebu"


async def test_who_may_not_write_contacts_may_not_do_so_as_a_user(plain):
    with pytest.raises(AccessError, match="modify Contact"):
        await plain[USERS].write(plain, plain.user.id, {"phone": "1234"})

    assert (await row(plain, USERS, plain.user.id, "phone"))["phone"] is None


async def test_who_may_writes_only_as_oneself(clerk, plain):
    await clerk[USERS].write(clerk, clerk.user.id, {"phone": "1234"})
    with pytest.raises(MissingError):
        await clerk[USERS].write(clerk, plain.user.id, {"phone": "1234"})

    assert (await row(clerk, USERS, clerk.user.id, "phone"))["phone"] == "1234"
    assert (await row(clerk, USERS, plain.user.id, "phone"))["phone"] is None


async def test_own_preferences_need_no_right_on_contacts(plain):
    await plain[USERS].write(plain, plain.user.id, {"email": "me@example.com"})

    assert (await row(plain, USERS, plain.user.id, "email"))["email"] == "me@example.com"


async def called(env: Env, user: int) -> tuple[str, str]:
    found = await env.fetchrow(
        "select u.name, p.name from res_users u join res_partner p on p.id = u.partner_id where u.id = $1", user
    )
    return found[0], found[1]


async def test_a_partner_is_called_as_the_user_is(env, plain):
    user, partner, login = plain.user.id, await partner_of(env, plain.user.id), plain.user.login
    await plain[USERS].write(plain, user, {"name": "Ann Bo"})

    assert await called(env, user) == ("Ann Bo", "Ann Bo")
    assert (await row(env, USERS, user, "login"))["login"] == login
    [message] = await env.fetch(
        "select author_user_id, tracking from mail_message where model = $1 and res_id = $2 and tracking is not null",
        PARTNER,
        partner,
    )
    assert (message["author_user_id"], '"new": "Ann Bo"' in message["tracking"]) == (user, True)
    await env[USERS].write(env, user, {"name": "Ann Cu"})
    assert await called(env, user) == ("Ann Cu", "Ann Cu")


async def test_who_may_not_rename_a_user_renames_no_partner(env, plain, clerk):
    before = await called(env, plain.user.id)

    with pytest.raises(MissingError):
        await clerk[USERS].write(clerk, plain.user.id, {"name": "Mallory"})
    with pytest.raises(AccessError):
        await plain[PARTNER].write(plain, await partner_of(env, plain.user.id), {"name": "Mallory"})

    assert await called(env, plain.user.id) == before


async def test_who_renames_a_contact_renames_no_user(env, plain, clerk):
    before, _ = await called(env, plain.user.id)

    await clerk[PARTNER].write(clerk, await partner_of(env, plain.user.id), {"name": "Mallory"})

    assert await called(env, plain.user.id) == (before, "Mallory")


async def test_several_are_renamed_at_once_and_those_without_a_partner_alone(env, plain, clerk):
    await env.execute("update res_users set partner_id = null where id = $1", clerk.user.id)
    third = await env[USERS].create(env, {"name": "Third", "login": "third"})

    await env[USERS].write(env, [plain.user.id, clerk.user.id, third], {"name": "Same"})

    assert await called(env, plain.user.id) == await called(env, third) == ("Same", "Same")
    assert (await row(env, USERS, clerk.user.id, "name"))["name"] == "Same"


async def test_a_name_costs_three_statements_more_and_an_equal_one_a_look(env, plain):
    async def cost(**values: str) -> int:
        before = plain.statements
        await plain[USERS].write(plain, plain.user.id, values)
        return plain.statements - before

    other = await cost(tz="Asia/Manila")
    assert await cost(name="Ann Bo") == other + 3
    assert await cost(name="Ann Bo") == other + 1


@pytest.mark.parametrize(
    "values", [{"commercial_partner_id": 1}, {"child_ids": [[0, 0, {"name": "K", "email_normalized": "k"}]]}]
)
async def test_what_cannot_be_written_there_cannot_be_written_here(clerk, values):
    with pytest.raises(ReadonlyError):
        await clerk[USERS].write(clerk, clerk.user.id, values)


async def test_a_hidden_partner_lends_nothing(env, plain):
    company = await env["res.company"].create(env, {"name": "Elsewhere"})
    partner = await partner_of(env, plain.user.id)
    await env.execute("update res_partner set company_id = $1, city = 'Secret' where id = $2", company, partner)

    assert (await row(plain, USERS, plain.user.id, "city"))["city"] is None
    assert await plain[USERS].search(plain, [["city", "=", "Secret"]]) == []


async def test_a_user_without_a_partner_has_nowhere_to_keep_it(env, plain):
    await env.execute("update res_users set partner_id = null where id = $1", plain.user.id)

    with pytest.raises(ValidationError, match="no Related Partner"):
        await env[USERS].write(env, plain.user.id, {"city": "Cebu"})


async def test_sizes_instead_of_pictures(env, plain):
    odoo = env.with_dialect(ODOO).with_context(bin_size=True)
    await env[USERS].write(env, plain.user.id, {"image": "/9j/2w=="})

    assert (await row(odoo, USERS, plain.user.id, "image_1920"))["image_1920"] == "4.00 bytes"


async def test_it_is_described_as_kept_elsewhere(env):
    odoo = env.with_dialect(ODOO)
    found = await odoo[USERS].fields_get(odoo, ["city", "child_ids"], ["store", "readonly", "searchable", "sortable"])

    assert found["city"] == {"store": False, "readonly": False, "searchable": True, "sortable": True}
    assert found["child_ids"] == {"store": False, "readonly": False, "searchable": True, "sortable": False}


async def test_a_user_is_followed_where_the_partner_is(env, clerk):
    partner = await partner_of(env, clerk.user.id)
    await env[PARTNER].message_unsubscribe(env, [partner], [await partner_of(env, env.user.id)])
    assert (await row(clerk, USERS, clerk.user.id, "message_follower_ids"))["message_follower_ids"] == []

    await clerk[PARTNER].message_subscribe(clerk, [partner], [await partner_of(env, env.user.id)])

    found = await row(env, USERS, clerk.user.id, "message_follower_ids", "message_partner_ids", "message_is_follower")
    assert (len(found["message_follower_ids"]), found["message_is_follower"]) == (1, True)
    assert found["message_partner_ids"] == [await partner_of(env, env.user.id)]


async def test_a_copy_of_a_user_has_a_partner_of_its_own(env, plain):
    await env[USERS].write(env, plain.user.id, {"city": "Cebu"})

    copy = await env[USERS].copy(env, plain.user.id, {"login": "copy", "street": "Main"})

    assert await partner_of(env, copy) != await partner_of(env, plain.user.id)
    assert await row(env, USERS, copy, "city", "street") == {"city": None, "street": "Main"}


async def test_the_author_of_a_message_is_a_partner(env, plain):
    partner = await env[PARTNER].insert(env, [{"name": "Said"}])
    [message] = await env["mail.message"].search(env, [["model", "=", PARTNER], ["res_id", "in", partner]])
    author = await partner_of(env, env.user.id)
    netforce = env.with_dialect(NETFORCE)

    found = await row(env, "mail.message", message, "author_id", "author_user_id")

    assert (found["author_id"][0], found["author_user_id"][0]) == (author, env.user.id)
    assert (await row(netforce, "message", message, "from_id"))["from_id"][0] == env.user.id
    assert message in await env["mail.message"].search(env, [["author_id", "=", author]])


@pytest.mark.statement("O6", "A11")
async def test_nobody_speaks_as_another_partner(env, plain):
    own, admins = await partner_of(env, plain.user.id), await partner_of(env, env.user.id)

    for values in ({"partner_id": admins}, {"contact_id": admins}):
        with pytest.raises(AccessError, match="modify Related Partner"):
            await plain[USERS].write(plain, plain.user.id, values)

    assert await partner_of(env, plain.user.id) == own


async def test_commands_of_our_own_code_pass_as_they_are(env, plain):
    await env[USERS].update(env, [plain.user.id], {"child_ids": [Command.create({"name": "Kid"})]})

    assert len((await row(env, USERS, plain.user.id, "child_ids"))["child_ids"]) == 1
