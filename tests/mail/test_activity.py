"""Activities: planned on a record, seen from it, done with a line in its chatter."""

import datetime as dt
from typing import Any

import pytest

from models.orm import Env
from models.orm.dialect import ODOO
from models.orm.errors import AccessError, AppError, InputError, MissingError, ReadonlyError, RequiredError

PARTNER, ACTIVITY = "res.partner", "mail.activity"
CALL, TODO = "mail.mail_activity_data_call", "mail.mail_activity_data_todo"


@pytest.fixture
async def seller(as_user):
    return (await as_user("sale.user", "party.user")).with_dialect(ODOO)


@pytest.fixture
async def partner(seller) -> int:
    found: int = await seller[PARTNER].create(seller, {"name": "Customer"})
    return found


def day(env: Env, days: int) -> str:
    return str(env.today + dt.timedelta(days=days))


async def row(env: Env, model: str, record: int, *names: str) -> dict[str, Any]:
    [found] = (await env[model].read(env, [record], list(names))).value()
    return dict(found)


async def test_an_activity_is_planned_and_seen_from_the_record(seller, partner):
    [late] = await seller[PARTNER].activity_schedule(seller, [partner], CALL, day(seller, 3), "Call back", "About it")
    [first] = await seller[PARTNER].activity_schedule(seller, [partner], date_deadline=day(seller, -1), summary="Do")

    found = await row(
        seller, PARTNER, partner, "activity_ids", "activity_state", "activity_date_deadline", "activity_summary",
        "activity_user_id", "activity_type_id", "my_activity_date_deadline",
    )  # fmt: skip
    assert found["activity_ids"] == [first, late]
    assert (found["activity_state"], found["activity_date_deadline"]) == ("overdue", day(seller, -1))
    assert (found["activity_summary"], found["activity_user_id"][0]) == ("Do", seller.user.id)
    assert (found["activity_type_id"][1], found["my_activity_date_deadline"]) == ("To-Do", day(seller, -1))
    shown = await row(
        seller, ACTIVITY, late, "res_name", "res_model", "res_id", "state", "note", "display_name", "icon"
    )
    assert (shown["res_name"], shown["res_model"], shown["res_id"]) == ("Customer", PARTNER, partner)
    assert (shown["state"], shown["note"], shown["display_name"]) == ("planned", "About it", "Call back")
    assert shown["icon"] == "fa-phone"


@pytest.mark.parametrize(("days", "state"), [(-1, "overdue"), (0, "today"), (1, "planned")])
async def test_the_state_follows_the_callers_day(seller, partner, days, state):
    await seller[PARTNER].activity_schedule(seller, [partner], date_deadline=day(seller, days))

    mine = ["id", "=", partner]
    assert await seller[PARTNER].search(seller, [mine, ["activity_state", "=", state]]) == [partner]
    assert await seller[PARTNER].search(seller, [mine, ["activity_ids.state", "=", state]]) == [partner]
    assert await seller[PARTNER].search(seller, [mine, ["activity_state", "!=", state]]) == []
    assert await seller[PARTNER].search(seller, [mine, ["activity_user_id", "=", seller.user.id]]) == [partner]


async def test_records_are_grouped_by_what_comes_next(seller, partner):
    await seller[PARTNER].activity_schedule(seller, [partner], CALL)

    [group] = await seller[PARTNER].read_group(seller, [["id", "=", partner]], [], ["activity_state"])

    assert (group["activity_state"], group["activity_state_count"]) == ("today", 1)


async def test_feedback_ends_it_with_a_line_in_the_chatter(seller, partner):
    [activity] = await seller[PARTNER].activity_schedule(seller, [partner], CALL, summary="Ask <him>")

    message = await seller[ACTIVITY].action_feedback(seller, [activity], "He said 1 < 2")

    said = await row(seller, "mail.message", message, "body", "model", "res_id")
    assert said["body"] == "<p><b>Call</b> done: Ask &lt;him&gt;</p><p>He said 1 &lt; 2</p>"
    assert (said["model"], said["res_id"]) == (PARTNER, partner)
    done = await row(seller, ACTIVITY, activity, "active", "state", "date_done", "feedback")
    assert done == {
        "id": activity, "active": False, "state": "done", "date_done": day(seller, 0), "feedback": "He said 1 < 2",
    }  # fmt: skip
    assert (await row(seller, PARTNER, partner, "activity_ids", "activity_state")) == {
        "id": partner, "activity_ids": [], "activity_state": False,
    }  # fmt: skip
    assert await seller[ACTIVITY].action_done(seller, [activity]) is False


async def test_feedback_may_come_with_a_file(seller, partner):
    [activity] = await seller[PARTNER].activity_schedule(seller, [partner])
    file = await seller["ir.attachment"].create(seller, {"name": "note.txt", "raw": "hello"})

    message = await seller[ACTIVITY].action_feedback(seller, [activity], "Done", [file])

    assert (await row(seller, "mail.message", message, "attachment_ids"))["attachment_ids"] == [file]


async def test_records_end_move_and_cancel_their_activities_by_type(seller, partner):
    for kind in (CALL, TODO):
        await seller[PARTNER].activity_schedule(seller, [partner], kind)

    [moved] = await seller[PARTNER].activity_reschedule(seller, [partner], [CALL], date_deadline=day(seller, 9))
    assert (await row(seller, ACTIVITY, moved, "date_deadline"))["date_deadline"] == day(seller, 9)
    assert await seller[PARTNER].activity_feedback(seller, [partner], [CALL], feedback="Done") is True
    assert await seller[PARTNER].activity_feedback(seller, [partner], [CALL]) is False
    assert await seller[PARTNER].activity_unlink(seller, [partner], [TODO]) is True
    assert (await row(seller, PARTNER, partner, "activity_ids"))["activity_ids"] == []


async def test_clients_create_them_by_the_id_of_the_model(seller, partner):
    [model] = await seller["ir.model"].search(seller, [["model", "=", PARTNER]])
    activity = await seller[ACTIVITY].create(seller, {"res_model_id": model, "res_id": partner, "summary": "x"})

    found = await row(seller, ACTIVITY, activity, "res_model", "res_model_id", "user_id", "date_deadline")
    assert (found["res_model"], found["res_model_id"][0]) == (PARTNER, model)
    assert (found["user_id"][0], found["date_deadline"]) == (seller.user.id, day(seller, 0))


async def test_who_is_given_one_follows_the_record(seller, partner, as_user):
    other = await as_user("sale.user")
    third = await as_user("sale.user")
    [activity] = await seller[PARTNER].activity_schedule(seller, [partner], user_id=other.user.id)
    await seller[ACTIVITY].write(seller, [activity], {"user_id": third.user.id})

    rows = await seller.fetch(
        "select u.id from mail_followers f join res_users u on u.partner_id = f.partner_id"
        " where f.res_model = 'res.partner' and f.res_id = $1",
        partner,
    )
    assert {one[0] for one in rows} == {seller.user.id, other.user.id, third.user.id}


async def test_many_are_planned_in_as_many_statements_as_one(seller, partner):
    others = await seller[PARTNER].create(seller, [{"name": f"Customer {n}"} for n in range(10)])
    counts = []
    for records in ([partner], others):
        before = seller.statements
        await seller[PARTNER].activity_schedule(seller, records)
        counts.append(seller.statements - before)

    assert counts[0] == counts[1]
    assert counts[0] <= 7


async def test_an_activity_follows_the_rights_on_its_record(seller, partner, as_user):
    reader = (await as_user("base.user")).with_dialect(ODOO)
    [activity] = await seller[PARTNER].activity_schedule(seller, [partner], summary="x")
    order = await seller["sale.order"].create(seller, {"partner_id": partner})
    [hidden] = await seller["sale.order"].activity_schedule(seller, [order], summary="secret")

    assert (await row(reader, ACTIVITY, activity, "summary"))["summary"] == "x"
    assert await reader[ACTIVITY].search(reader, [["summary", "=", "secret"]]) == []
    for call in (
        reader[PARTNER].activity_schedule(reader, [partner]),
        reader[ACTIVITY].action_done(reader, [activity]),
        reader[ACTIVITY].write(reader, [hidden], {"summary": "y"}),
        reader[ACTIVITY].delete(reader, [hidden]),
        reader[ACTIVITY].create(reader, {"res_model": "sale.order", "res_id": order}),
    ):
        with pytest.raises(AppError):
            async with reader.connection.transaction():
                await call
    left = await seller.fetch(
        "select summary, active from mail_activity where res_id = any($1) order by id", [partner, order]
    )
    assert [tuple(one) for one in left] == [("x", True), ("secret", True)]


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"res_model": PARTNER}, RequiredError),
        ({"res_id": 1}, RequiredError),
        ({"res_model": PARTNER, "res_id": 999_999_999}, MissingError),
        ({"res_model": "res.currency", "res_id": 1}, InputError),
        ({"res_model": "no.such", "res_id": 1}, AppError),
    ],
)
async def test_it_is_about_a_record_that_is_there(seller, values, error):
    with pytest.raises(error):
        await seller[ACTIVITY].create(seller, values)


async def test_it_stays_with_its_record(seller, partner):
    [activity] = await seller[PARTNER].activity_schedule(seller, [partner])

    with pytest.raises(ReadonlyError):
        await seller[ACTIVITY].write(seller, [activity], {"res_id": 1})


async def test_types_are_there_and_administrators_add_more(seller, env):
    names = {one["name"] for one in (await seller["mail.activity.type"].search_read(seller, [], ["name"])).value()}

    assert {"Email", "Call", "Meeting", "To-Do", "Document"} <= names
    with pytest.raises(AccessError):
        await seller["mail.activity.type"].create(seller, {"name": "Visit"})
    assert await env["mail.activity.type"].create(env, {"name": "Visit"})
