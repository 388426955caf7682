"""Telling the BPO: what closing a lead puts into the outbox, and what the lead says of it afterwards."""

import dataclasses
import datetime as dt
import json

import pytest

from models.dealer.callback import SKIPPED, Callback
from models.orm.errors import AppError, UserError, ValidationError
from models.sync.outcome import Outcome, Verdict
from models.sync.queue import Job, Result, State
from tests.dealer.conftest import PASSWORD
from tests.dealer.making import (
    LEAD,
    deliver,
    deliverable_lead,
    endorsed,
    lead,
    stage_name,
    won_lead,
)
from tests.sale.making import messages, read

CONNECTION = "dealer.bpo.connection"
STATE = ("bpo_callback_state", "bpo_callback_attempts", "bpo_callback_error")


async def won_endorsed(env):
    record, picking = await deliverable_lead(env)
    await endorsed(env, record)
    await deliver(env, picking)
    await env[LEAD].action_set_won(env, [record])
    return record


async def lost_endorsed(env, reason="financing", notes="The bank declined"):
    record = await endorsed(env, await lead(env))
    await env[LEAD].action_set_lost(env, [record], reason, notes)
    return record


async def jobs(env, record):
    rows = await env.fetch("select * from sync_job where lane = $1 order by id", f"{LEAD},{record}")
    return [(row["kind"], row["event"], row["remote"], json.loads(row["args"])) for row in rows]


async def job_of(env, record):
    [row] = await env.fetch("select * from sync_job where lane = $1 order by id desc limit 1", f"{LEAD},{record}")
    return Job(
        id=row["id"],
        company_id=row["company_id"],
        event=row["event"],
        kind=row["kind"],
        remote=row["remote"],
        lane=row["lane"],
        lane_seq=row["lane_seq"],
        attempts=1,
        trace="",
        claim="",
        age=dt.timedelta(0),
        args=json.loads(row["args"]),
    )


async def settle(env, record, outcome, state=State.DONE, **options):
    system = env.as_system("worker")
    await Callback().settle(system, await job_of(env, record), Result(outcome, state, **options))


UNREACHED = Outcome(Verdict.UNREACHED, error="no connection to bpo.example")
REJECTED = Outcome(Verdict.REJECTED, error="LEAD/01234 is already Lost at the BPO; won is not accepted.")


# what is told


@pytest.mark.statement("H81", "H82", "H84", "E29")
async def test_winning_an_endorsed_lead_puts_its_outcome_into_the_outbox(env, connected):
    record = await won_endorsed(env)

    [(kind, event, remote, payload)] = await jobs(env, record)
    name, order = await read(env, LEAD, record, "name", "sale_order_id.name")
    assert (kind, remote) == ("dealer.callback", "dealer.bpo")
    assert payload == {
        "event_id": event,
        "bpo_source_lead_id": 1000 + record,
        "bpo_source_lead_name": "LEAD/01234",
        "outcome": "won",
        "dealer_instance": await env.fetchval("select current_database()"),
        "dealer_lead_id": record,
        "dealer_lead_name": name,
        "dealer_so_name": order,
        "date_won": env.now.strftime("%Y-%m-%d %H:%M:%S"),
        "delivered_on": env.now.strftime("%Y-%m-%d %H:%M:%S"),
    }
    assert await read(env, LEAD, record, "bpo_callback_state", "bpo_callback_event") == ("pending", event)


@pytest.mark.statement("H99")
async def test_losing_an_endorsed_lead_tells_reason_and_notes(env, connected):
    record = await lost_endorsed(env)

    [(_, event, _, payload)] = await jobs(env, record)
    [name] = await read(env, LEAD, record, "name")
    assert payload == {
        "event_id": event,
        "bpo_source_lead_id": 1000 + record,
        "bpo_source_lead_name": "LEAD/01234",
        "outcome": "lost",
        "dealer_instance": await env.fetchval("select current_database()"),
        "dealer_lead_id": record,
        "dealer_lead_name": name,
        "dealer_so_name": None,
        "date_lost": env.now.strftime("%Y-%m-%d %H:%M:%S"),
        "lost_reason": "financing",
        "lost_reason_label": "Financing Issues",
        "lost_notes": "The bank declined",
    }


@pytest.mark.statement("X3", "H84")
async def test_the_message_goes_with_its_transaction(env, connected):
    record, picking = await deliverable_lead(env)
    await endorsed(env, record)
    await deliver(env, picking)
    savepoint = env.connection.transaction()
    await savepoint.start()
    await env[LEAD].action_set_won(env, [record])
    assert len(await jobs(env, record)) == 1

    await savepoint.rollback()

    assert await jobs(env, record) == []
    assert await read(env, LEAD, record, "date_won") == (None,)


@pytest.mark.statement("H80")
async def test_a_lead_that_nobody_endorsed_is_told_to_nobody(env, connected):
    assert await jobs(env, await won_lead(env)) == []


# what becomes of it


@pytest.mark.statement("H83", "H112")
async def test_success_confirms_in_the_chatter(env, connected):
    record = await won_endorsed(env)

    await settle(env, record, Outcome.delivered({"bpo_lead_id": 1234, "bpo_lead_name": "LEAD/01234", "stage": "Won"}))

    assert await read(env, LEAD, record, *STATE) == ("done", 1, None)
    *_, told = await messages(env, LEAD, record)
    assert told == "BPO CRM source lead LEAD/01234 updated to won"


@pytest.mark.statement("H83")
async def test_an_odoo_that_answers_nothing_has_understood(env, connected):
    record = await lost_endorsed(env)

    await settle(env, record, Outcome.delivered(None))

    *_, told = await messages(env, LEAD, record)
    assert told == "BPO CRM source lead LEAD/01234 updated to lost"


@pytest.mark.statement("X24")
@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "x" * 5000, "\x00\x1b[31m", ["LEAD/1"], {"a": 1}, 7])
async def test_the_answer_of_the_other_side_is_not_trusted(env, connected, name):
    record = await won_endorsed(env)

    await settle(env, record, Outcome.delivered({"bpo_lead_name": name}))

    *_, told = await messages(env, LEAD, record)
    assert "<script>" not in told
    assert len(told) < 200


@pytest.mark.statement("H85", "H86", "H88", "H100", "D4")
@pytest.mark.parametrize("close", [won_endorsed, lost_endorsed])
async def test_a_failure_is_told_once_and_the_lead_stays_closed(env, connected, close):
    record = await close(env)
    before, closed = len(await messages(env, LEAD, record)), await stage_name(env, record)

    for _ in range(3):
        await settle(env, record, UNREACHED, State.READY)

    assert await read(env, LEAD, record, *STATE) == ("pending", 3, "no connection to bpo.example")
    told = (await messages(env, LEAD, record))[before:]
    assert told == ["BPO CRM callback failed: no connection to bpo.example (it is tried again by itself)"]
    assert await stage_name(env, record) == closed


@pytest.mark.statement("H88", "X11")
async def test_giving_up_is_told_and_shown(env, connected):
    record = await won_endorsed(env)

    await settle(env, record, REJECTED, State.PARKED)

    assert (await read(env, LEAD, record, *STATE))[0] == "failed"
    *_, told = await messages(env, LEAD, record)
    assert told.startswith("BPO CRM callback failed and is given up: LEAD/01234 is already Lost at the BPO")


async def test_success_after_failure_clears_the_error(env, connected):
    record = await won_endorsed(env)
    await settle(env, record, UNREACHED, State.READY)

    await settle(env, record, Outcome.delivered({"bpo_lead_name": "LEAD/01234"}))

    assert await read(env, LEAD, record, *STATE) == ("done", 2, None)


@pytest.mark.statement("H90")
async def test_without_a_connection_the_outcome_is_skipped_with_a_warning(env):
    record = await won_endorsed(env)

    assert (await read(env, LEAD, record, "bpo_callback_state")) == ("skipped",)
    assert SKIPPED in await messages(env, LEAD, record)
    assert await jobs(env, record) == []
    assert await stage_name(env, record) == "Won"


@pytest.mark.statement("H90")
async def test_an_archived_connection_is_none(env, connected):
    await env[CONNECTION].write(env, [connected], {"active": False})

    assert (await read(env, LEAD, await lost_endorsed(env), "bpo_callback_state")) == ("skipped",)


@pytest.mark.statement("H90")
async def test_a_connection_archived_later_fails_the_try_not_the_server(env, connected):
    record = await won_endorsed(env)
    await env[CONNECTION].write(env, [connected], {"active": False})

    with pytest.raises(UserError, match="no active BPO connection"):
        await Callback().prepare(env.as_system("worker"), await job_of(env, record))


# resending


@pytest.mark.statement("H87", "E21", "X11")
async def test_a_manager_resends_the_same_event(env, as_user, connected):
    boss = await as_user("dealer.manager")
    record = await won_endorsed(env)
    await settle(env, record, REJECTED, State.PARKED)
    before = await jobs(env, record)
    await env.execute("update sync_job set state = 'parked'")

    assert await boss[LEAD].resend_callback(boss, [record]) is True

    assert await jobs(env, record) == before
    assert await env.fetchval("select state from sync_job where lane = $1", f"{LEAD},{record}") == "ready"
    assert (await read(env, LEAD, record, "bpo_callback_state")) == ("pending",)


@pytest.mark.statement("H87", "H90")
async def test_what_was_skipped_is_sent_by_hand_once_there_is_a_connection(env):
    record = await won_endorsed(env)
    await env[CONNECTION].create(env, {"url": "https://bpo.example", "login": "x", "password": PASSWORD})

    await env[LEAD].resend_callback(env, [record])

    assert len(await jobs(env, record)) == 1
    assert (await read(env, LEAD, record, "bpo_callback_state")) == ("pending",)


@pytest.mark.statement("X25")
async def test_a_resend_after_the_outbox_forgot_says_the_same(env, connected):
    record = await won_endorsed(env)
    before = await jobs(env, record)
    await env.execute("delete from sync_job")

    await env[LEAD].resend_callback(env, [record])

    assert await jobs(env, record) == before


@pytest.mark.statement("H89")
async def test_resending_what_arrived_is_harmless(env, connected):
    record = await won_endorsed(env)
    await settle(env, record, Outcome.delivered({"bpo_lead_name": "LEAD/01234"}))
    before = await messages(env, LEAD, record)
    await env.execute("update sync_job set state = 'done'")

    await env[LEAD].resend_callback(env, [record])
    await settle(env, record, Outcome.delivered({"bpo_lead_name": "LEAD/01234"}))

    assert await messages(env, LEAD, record) == before
    assert (await read(env, LEAD, record, "bpo_callback_state")) == ("done",)


@pytest.mark.statement("H87")
async def test_an_open_lead_has_nothing_to_resend(env, connected):
    with pytest.raises(UserError, match="no callback to resend"):
        await env[LEAD].resend_callback(env, [await endorsed(env, await lead(env))])


@pytest.mark.statement("H87")
async def test_only_managers_may_call_it(env):
    assert set(env[LEAD].meta.methods["resend_callback"].exposure.groups) == {"dealer.manager", "dealer.admin"}


# the search of audit


@pytest.mark.statement("H133")
async def test_one_search_finds_the_won_leads_whose_bpo_does_not_know(env, connected):
    told, untold, failed = await won_endorsed(env), await won_endorsed(env), await won_endorsed(env)
    await settle(env, told, Outcome.delivered({}))
    await settle(env, failed, REJECTED, State.PARKED)
    own = await won_lead(env)

    found = await env[LEAD].search(env, (await env[LEAD].search_filters(env))["endorsed_won_not_told"])

    assert set(found) == {untold, failed}
    assert own not in found


# the connection


@pytest.mark.statement("X23")
async def test_the_password_is_written_but_never_read(env, connected):
    await env[CONNECTION].write(env, [connected], {"password": PASSWORD})

    shown = (await env[CONNECTION].read(env, [connected])).text
    stored = await env.fetchval("select password from dealer_bpo_connection where id = $1", connected)

    assert PASSWORD not in shown
    assert PASSWORD not in stored
    audited = await env.fetch("select details::text from audit_log where model = $1", CONNECTION)
    assert not [row for row in audited if PASSWORD in (row[0] or "")]


@pytest.mark.statement("X23")
async def test_a_stored_password_does_not_move_to_another_address(env, connected):
    with pytest.raises(ValidationError, match="again when you change"):
        await env[CONNECTION].write(env, [connected], {"url": "https://evil.example"})


async def test_the_address_is_kept_in_one_spelling(env, connected):
    assert await read(env, CONNECTION, connected, "url") == ("https://bpo.example",)


@pytest.mark.statement("X21")
@pytest.mark.parametrize("url", ["file:///etc/passwd", "https://u:p@bpo.example", "gopher://x", "https://2130706433"])
async def test_an_address_that_no_remote_can_have_is_refused(env, url):
    with pytest.raises(AppError):
        await env[CONNECTION].create(env, {"url": url, "login": "x", "password": PASSWORD})


async def test_one_connection_is_active(env, connected):
    with pytest.raises(Exception, match="dealer_bpo_connection"):
        await env[CONNECTION].create(env, {"url": "https://other.example", "login": "x", "password": PASSWORD})


@pytest.mark.statement("H120")
async def test_only_the_admin_tests_the_connection(env, as_user, connected):
    boss, admin = await as_user("dealer.manager"), await as_user("dealer.admin")

    with pytest.raises(AppError):
        await boss[CONNECTION].action_test_connection(boss, [connected])
    assert await admin[CONNECTION].action_test_connection(admin, [connected]) is True

    assert await read(env, CONNECTION, connected, "last_test") == ("running",)


@pytest.mark.statement("X12")
async def test_a_corrected_connection_is_tried_at_once(env, connected):
    record = await won_endorsed(env)
    await env.execute("update sync_job set run_at = now() + interval '1 hour'")

    await env[CONNECTION].write(env, [connected], {"password": "corrected"})

    waiting = await env.fetchval("select run_at > now() from sync_job where lane = $1", f"{LEAD},{record}")
    assert waiting is False


async def test_the_call_goes_to_the_active_connection_with_its_secret(env, connected):
    record = await won_endorsed(env)

    call = await Callback().prepare(env.as_system("worker"), await job_of(env, record))

    assert (call.model, call.method) == ("crm.lead", "update_from_dealer_callback")
    assert dataclasses.asdict(call.account) == {
        "url": "https://bpo.example",
        "database": "BPO1",
        "login": "dealer-callback-manila",
        "secret": PASSWORD,
        "is_api_key": False,
        "protocol": "auto",
    }
    assert PASSWORD not in repr(call)
