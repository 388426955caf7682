"""Followers and comments: who takes part in a record, and what they say."""

import dataclasses
from typing import Any

import pytest

from models.orm import Env
from models.orm.dialect import ODOO
from models.orm.errors import AccessError, AppError, InputError, MissingError

ORDER, PARTNER, LEAD = "sale.order", "res.partner", "crm.lead"


@pytest.fixture
async def as_person(as_user):
    """Make a user with some groups, known with the partner that stands for the person."""

    async def make(*groups: str) -> Env:
        env = await as_user(*groups)
        partner = await env.fetchval("select partner_id from res_users where id = $1", env.user.id)
        return dataclasses.replace(env, user=dataclasses.replace(env.user, partner_id=partner)).with_dialect(ODOO)

    return make


@pytest.fixture
async def seller(as_person):
    return await as_person("sale.user", "party.user")


@pytest.fixture
async def partner(seller) -> int:
    found: int = await seller[PARTNER].create(seller, {"name": "Customer"})
    return found


async def followers(env: Env, model: str, record: int) -> set[int]:
    rows = await env.fetch("select partner_id from mail_followers where res_model = $1 and res_id = $2", model, record)
    return {row[0] for row in rows}


async def row(env: Env, model: str, record: int, *names: str) -> dict[str, Any]:
    [found] = (await env[model].read(env, [record], list(names))).value()
    return dict(found)


async def test_who_creates_a_record_follows_it(seller, partner):
    assert await followers(seller, PARTNER, partner) == {seller.user.partner_id}
    found = await row(seller, PARTNER, partner, "message_follower_ids", "message_partner_ids", "message_is_follower")
    assert len(found["message_follower_ids"]) == 1
    assert found["message_partner_ids"] == [seller.user.partner_id]
    assert found["message_is_follower"] is True


async def test_unless_the_call_says_otherwise(seller):
    env = seller.with_context(mail_create_nosubscribe=True)
    partner = await env[PARTNER].create(env, {"name": "Customer"})

    assert await followers(seller, PARTNER, partner) == set()


async def test_who_is_made_responsible_follows_the_record(as_person, seller, partner):
    first, second = await as_person("sale.user"), await as_person("sale.user")
    order = await seller[ORDER].create(seller, {"partner_id": partner, "user_id": first.user.id})
    await seller[ORDER].write(seller, [order], {"user_id": second.user.id})

    expected = {seller.user.partner_id, first.user.partner_id, second.user.partner_id}
    assert await followers(seller, ORDER, order) == expected
    assert await seller[ORDER].search(seller, [["message_partner_ids", "in", [second.user.partner_id]]]) == [order]


async def test_following_takes_no_statement_more(seller, partner):
    before = seller.statements
    other = await seller[PARTNER].create(seller, {"name": "Another"})
    created = seller.statements - before
    before = seller.statements
    bare = seller.with_context(mail_create_nosubscribe=True)
    await bare[PARTNER].create(bare, {"name": "A third"})

    assert created == seller.statements - before
    assert await followers(seller, PARTNER, other) == {seller.user.partner_id}


async def test_partners_are_subscribed_once_and_unsubscribed(seller, partner):
    friend = await seller[PARTNER].create(seller, {"name": "Friend"})

    for _ in range(2):
        assert await seller[PARTNER].message_subscribe(seller, [partner], [friend]) is True
    assert await followers(seller, PARTNER, partner) == {seller.user.partner_id, friend}
    assert await seller[PARTNER].message_unsubscribe(seller, [partner], [friend]) is True
    assert await followers(seller, PARTNER, partner) == {seller.user.partner_id}


async def test_readers_follow_for_themselves_only(as_person, partner):
    reader = await as_person("base.user")
    other = await as_person("base.user")

    assert await reader[PARTNER].message_subscribe(reader, [partner], [reader.user.partner_id]) is True
    with pytest.raises(AccessError):
        await reader[PARTNER].message_subscribe(reader, [partner], [other.user.partner_id])
    assert other.user.partner_id not in await followers(reader, PARTNER, partner)
    with pytest.raises(AppError):
        await reader[ORDER].message_subscribe(reader, [1], [reader.user.partner_id])


async def test_followers_are_read_by_who_reads_the_record(seller, partner, as_person):
    order = await seller[ORDER].create(seller, {"partner_id": partner})
    stranger = await as_person("base.user")
    domain = [["res_model", "=", ORDER], ["res_id", "=", order]]

    assert await seller["mail.followers"].search_count(seller, domain) == 1
    assert await stranger["mail.followers"].search_count(stranger, domain) == 0
    with pytest.raises(AccessError):
        await seller["mail.followers"].create(seller, {"res_model": ORDER, "res_id": order, "partner_id": partner})


async def test_a_comment_is_in_ones_own_name_and_shown_as_it_was_typed(seller, partner):
    [message] = await seller[PARTNER].message_post(
        seller,
        [partner],
        body="1 < 2",
        subject="Sizes",
        message_type="comment",
        subtype_xmlid="mail.mt_comment",
        partner_ids=[partner],
    )

    found = await row(
        seller, "mail.message", message, "body", "subject", "author_id", "res_id", "subtype", "partner_ids"
    )
    assert (found["body"], found["subject"], found["subtype"]) == ("1 &lt; 2", "Sizes", "comment")
    assert (found["author_id"][0], found["res_id"], found["partner_ids"]) == (
        seller.user.partner_id,
        partner,
        [partner],
    )
    assert (await row(seller, PARTNER, partner, "message_ids"))["message_ids"][0] == message


async def test_markup_is_kept_when_it_is_said_to_be_markup(seller, partner):
    [message] = await seller[PARTNER].message_post(seller, [partner], body="<b>Yes</b>", body_is_html=True)

    assert (await row(seller, "mail.message", message, "body"))["body"] == "<b>Yes</b>"


async def test_an_answer_is_about_the_same_record(seller, partner):
    other = await seller[PARTNER].create(seller, {"name": "Other"})
    [question] = await seller[PARTNER].message_post(seller, [partner], body="?")

    [answer] = await seller[PARTNER].message_post(seller, [partner], body="!", parent_id=question)

    assert (await row(seller, "mail.message", answer, "parent_id"))["parent_id"][0] == question
    with pytest.raises(MissingError):
        await seller[PARTNER].message_post(seller, [other], body="!", parent_id=question)


async def test_messages_are_told_apart_by_subtype(seller, partner):
    await seller[PARTNER].message_post(seller, [partner], body="Hello", subtype_xmlid="mail.mt_comment")
    await seller[PARTNER].message_post(seller, [partner], body="Busy")
    mine = [["model", "=", PARTNER], ["res_id", "=", partner]]
    messages = seller["mail.message"]

    found = (await messages.search_read(seller, mine, ["subtype_id", "body"], order="id")).value()
    said = await messages.search_count(seller, [*mine, ["subtype_id.name", "=", "Discussions"]])

    assert [row["subtype_id"][1] for row in found[-2:]] == ["Discussions", "Note"]
    assert said == 1


async def test_a_message_carries_files(seller, partner):
    file = await seller["ir.attachment"].create(seller, {"name": "note.txt", "raw": "hello"})

    [message] = await seller[PARTNER].message_post(seller, [partner], body="See", attachment_ids=[file])

    assert (await row(seller, "mail.message", message, "attachment_ids"))["attachment_ids"] == [file]
    tied = await row(seller, "ir.attachment", file, "res_model", "res_id")
    assert (tied["res_model"], tied["res_id"]) == (PARTNER, partner)
    assert (await row(seller, PARTNER, partner, "message_attachment_count"))["message_attachment_count"] == 1


async def test_a_message_carries_a_file_that_hangs_on_its_record_already(as_person, seller, partner):
    other = await as_person("party.user")
    values = {"name": "shared.txt", "raw": "hello", "res_model": PARTNER, "res_id": partner}
    file = await other["ir.attachment"].create(other, values)

    [message] = await seller[PARTNER].message_post(seller, [partner], body="See", attachment_ids=[file])

    assert (await row(seller, "mail.message", message, "attachment_ids"))["attachment_ids"] == [file]


async def test_nobody_attaches_the_files_of_others(as_person, seller, partner):
    other = await as_person("party.user")
    file = await other["ir.attachment"].create(other, {"name": "mine.txt", "raw": "secret"})

    with pytest.raises(MissingError):
        await seller[PARTNER].message_post(seller, [partner], body="See", attachment_ids=[file])
    assert (await row(other, "ir.attachment", file, "res_id"))["res_id"] in (False, 0)


async def test_who_may_not_write_the_record_does_not_comment(as_person, seller, partner):
    reader = await as_person("base.user")
    count = "select count(*) from mail_message where model = 'res.partner' and res_id = $1"
    before = await seller.fetchval(count, partner)

    with pytest.raises(AccessError):
        await reader[PARTNER].message_post(reader, [partner], body="hello")
    with pytest.raises(AccessError):
        await seller[PARTNER].message_post(seller, [partner], body="hello", author_id=partner)
    with pytest.raises(InputError):
        await seller[PARTNER].message_post(seller, [partner], body="hello", message_type="email")
    assert await seller.fetchval(count, partner) == before


async def test_what_hangs_on_a_record_goes_with_it(env, seller):
    record = await env[PARTNER].create(env, {"name": "Gone"})
    await env[PARTNER].activity_schedule(env, [record], summary="Call")

    await env[PARTNER].delete(env, [record])

    for table in ("mail_followers", "mail_activity"):
        left = f"select count(*) from {table} where res_model = 'res.partner' and res_id = $1"
        assert await env.fetchval(left, record) == 0


@pytest.mark.parametrize("model", [LEAD, "dealer.crm.lead", ORDER, PARTNER, "product.product", "stock.picking"])
async def test_every_model_with_chatter_has_them(env, model):
    names = set(await env.with_dialect(ODOO)[model].fields_get(env.with_dialect(ODOO), [], ["type"]))

    assert {"message_ids", "message_follower_ids", "message_partner_ids", "activity_ids", "activity_state"} <= names
    assert {"message_post", "message_subscribe", "activity_schedule"} <= set(env[model].meta.methods)


async def test_others_have_not(env):
    assert "message_post" not in env["res.currency"].meta.methods
    assert "activity_ids" not in env["res.currency"].meta.fields
