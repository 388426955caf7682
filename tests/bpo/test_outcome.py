"""The dealer's callback: who may call it, what it does, and what a repeat or a contradiction does."""

import datetime as dt
import logging
import uuid

import pytest

from models.orm.errors import AccessError, AppError, ConflictError, MissingError, UserError, ValidationError
from tests.bpo.making import LEAD, closed_by_hand, dealership, endorsed, negotiated
from tests.sale.making import messages, read


@pytest.fixture
async def service(as_user):
    """The service user of the dealer in Manila."""
    return await as_user("bpo.callback_service")


@pytest.fixture
async def manila(env, service):
    return await dealership(env, callback_user_id=service.user.id)


@pytest.fixture
async def record(env, manila):
    return await endorsed(env, manila)


def won(record, **changes):
    return {
        "event_id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"won {record}")),
        "bpo_source_lead_id": record,
        "outcome": "won",
        "dealer_lead_name": "DLEAD/00042",
        "dealer_so_name": "S00003",
        "date_won": "2026-02-03 04:05:06",
        "delivered_on": "2026-02-02 01:00:00",
        **changes,
    }


def lost(record, **changes):
    return {
        "event_id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"lost {record}")),
        "bpo_source_lead_id": record,
        "outcome": "lost",
        "dealer_lead_name": "DLEAD/00042",
        "date_lost": "2026-02-03 04:05:06",
        "lost_reason": "financing",
        "lost_reason_label": "Financing Issues",
        "lost_notes": "The bank <b>declined</b>",
        **changes,
    }


async def call(service, payload):
    return await service[LEAD].update_from_dealer_callback(service, payload)


async def picture(env, record):
    """Everything of the lead and its chatter."""
    return (await env[LEAD].read(env, [record])).text, await messages(env, LEAD, record)


# what it does


@pytest.mark.statement("H104", "H111", "H112", "E29", "D5")
async def test_won(env, service, record):
    answer = await call(service, won(record))

    [reference] = await read(env, LEAD, record, "reference")
    assert answer == {
        "bpo_lead_id": record,
        "bpo_lead_name": reference,
        "stage": "Won",
        "applied": True,
        "duplicate": False,
    }
    found = await read(
        env,
        LEAD,
        record,
        "won_status",
        "date_won",
        "dealer_order_name",
        "dealer_lead_name",
        "dealer_closed_at",
        "probability",
    )
    assert found == (
        "won",
        service.now,
        "S00003",
        "DLEAD/00042",
        dt.datetime(2026, 2, 3, 4, 5, 6, tzinfo=dt.UTC),
        100,
    )
    assert await read(env, LEAD, record, "dealer_delivered_at", "date_lost", "lost_reason") == (
        dt.datetime(2026, 2, 2, 1, tzinfo=dt.UTC),
        None,
        None,
    )
    told = (await messages(env, LEAD, record))[-1]
    assert told == "Dealer MNL won this lead as DLEAD/00042. Order S00003 was delivered on 2026-02-02."


@pytest.mark.statement("H105", "H111", "D5")
async def test_lost(env, service, record):
    await call(service, lost(record))

    found = await read(env, LEAD, record, "won_status", "lost_reason", "lost_reason_id.code", "lost_notes", "active")
    assert found == ("lost", "financing", "financing", "The bank <b>declined</b>", True)
    assert await read(env, LEAD, record, "date_lost") == (service.now,)
    told = (await messages(env, LEAD, record))[-1]
    assert told == (
        "Dealer MNL lost this lead (DLEAD/00042): Financing Issues. Notes: The bank &lt;b&gt;declined&lt;/b&gt;"
    )


@pytest.mark.statement("H106", "X15")
async def test_an_unknown_reason_is_other_and_is_kept(env, service, record):
    await call(service, lost(record, lost_reason="moved_abroad", lost_reason_label="Moved Abroad"))

    reason, notes = await read(env, LEAD, record, "lost_reason", "lost_notes")
    assert reason == "other"
    assert notes.startswith("Reason at the dealer: Moved Abroad (moved_abroad)")


@pytest.mark.statement("H111")
async def test_managers_read_the_fate_without_the_dealers_system(as_user, service, record):
    await call(service, won(record))
    boss = await as_user("bpo.manager")

    fate = ("won_status", "dealer_lead_name", "dealer_order_name", "date_won")
    assert (await read(boss, LEAD, record, *fate))[:3] == ("won", "DLEAD/00042", "S00003")


async def test_it_may_come_before_the_endorsements_own_answer(env, service, record):
    assert await read(env, LEAD, record, "endorse_state", "dealer_lead_name") == ("pending", None)

    await call(service, won(record))

    assert await read(env, LEAD, record, "endorse_state", "dealer_lead_name") == ("done", "DLEAD/00042")


# repeats


@pytest.mark.statement("H107", "X5", "X6")
@pytest.mark.parametrize("payload", [won, lost])
async def test_a_repeat_changes_nothing_and_gets_the_same_answer(env, service, record, payload):
    first = await call(service, payload(record))
    before = await picture(env, record)

    for _ in range(3):
        assert await call(service, payload(record)) == {**first, "duplicate": True}

    assert await picture(env, record) == before


@pytest.mark.statement("H107", "X25", "D6")
async def test_the_same_word_under_another_event_changes_nothing(env, service, record):
    await call(service, won(record))
    before = await picture(env, record)

    again = await call(service, won(record, event_id=str(uuid.uuid4())))

    assert again["duplicate"]
    assert await picture(env, record) == before


@pytest.mark.statement("H107")
async def test_an_odoo_sends_no_event(env, service, record):
    bare = {"bpo_source_lead_id": record, "outcome": "won"}

    assert [(await call(service, bare))["duplicate"] for _ in range(2)] == [False, True]


@pytest.mark.statement("X7")
async def test_the_same_event_with_another_content_is_refused(env, service, record):
    await call(service, won(record))
    before = await picture(env, record)

    with pytest.raises(ConflictError, match="another content"):
        await call(service, won(record, dealer_so_name="S00004"))

    assert await picture(env, record) == before


# contradictions


@pytest.mark.statement("H108", "X9", "X20", "D6")
@pytest.mark.parametrize("words", [(won, lost), (lost, won)])
async def test_a_word_against_the_first_one_is_refused_and_logged(env, service, record, words, caplog):
    first, second = words
    await call(service, first(record))
    before = await picture(env, record)

    with caplog.at_level(logging.WARNING), pytest.raises(ConflictError, match="is not accepted"):
        await call(service, second(record))

    assert await picture(env, record) == before
    assert "against the known outcome" in caplog.text


@pytest.mark.statement("X20")
@pytest.mark.parametrize("case", [("Won", won, True), ("Won", lost, False), ("Lost", won, False)])
async def test_a_lead_closed_by_hand_keeps_its_outcome(env, service, record, case):
    by_hand, payload, accepted = case
    await closed_by_hand(env, record, by_hand)
    before = await picture(env, record)

    if accepted:
        assert (await call(service, payload(record)))["duplicate"]
    else:
        with pytest.raises(ConflictError):
            await call(service, payload(record))

    assert await picture(env, record) == before


# who may


@pytest.mark.statement("H102", "X19", "E20")
async def test_the_service_user_can_do_nothing_else(env, service):
    for model in env.registry.models.values():
        assert service.profile.operations(model.meta) == frozenset(), model.meta.name
    callable_methods = [
        (model.meta.name, name)
        for model in env.registry.models.values()
        for name, method in model.meta.methods.items()
        if service.user.groups & set(method.exposure.groups)
    ]
    assert callable_methods == [(LEAD, "update_from_dealer_callback")]


@pytest.mark.statement("H102", "E20")
async def test_only_the_service_group_may_call_back(env):
    assert env[LEAD].meta.methods["update_from_dealer_callback"].exposure.groups == ("bpo.callback_service",)


@pytest.mark.statement("X7", "X19")
async def test_an_event_is_that_of_the_dealership_that_reported_it(env, as_user, service, record):
    """A lead that went to another dealership since: the same words of that one are not the first one's repeat."""
    await call(service, won(record))
    stranger = await as_user("bpo.callback_service")
    other = await dealership(env, "CEB", callback_user_id=stranger.user.id)
    await env.execute("update crm_lead set dealership_id = $2 where id = $1", record, other)
    before = await picture(env, record)

    with pytest.raises(ConflictError):
        await call(stranger, won(record))

    assert await picture(env, record) == before


@pytest.mark.statement("H103", "X19", "E20")
async def test_another_dealership_is_refused_as_if_the_lead_did_not_exist(env, as_user, manila, record):
    stranger = await as_user("bpo.callback_service")
    await dealership(env, "CEB", callback_user_id=stranger.user.id)
    before = await picture(env, record)

    found = []
    for lead_id in (record, 1 << 40):
        with pytest.raises(MissingError) as caught:
            await call(stranger, won(lead_id))
        found.append(caught.value.message.replace(str(lead_id), "N"))

    assert found[0] == found[1]
    assert await picture(env, record) == before


@pytest.mark.statement("H103", "X19")
async def test_a_lead_that_was_never_endorsed_is_refused(env, service, manila):
    record = await negotiated(env, dealership_id=manila)

    with pytest.raises(MissingError, match="endorsed to you"):
        await call(service, won(record))


@pytest.mark.statement("H103", "E20")
@pytest.mark.parametrize("active", [True, False])
async def test_a_service_user_of_no_active_dealership_is_refused(env, as_user, record, active):
    nobody = await as_user("bpo.callback_service")
    if not active:
        await dealership(env, "CEB", callback_user_id=nobody.user.id, active=False)

    with pytest.raises(AccessError, match="does not call back for any dealership"):
        await call(nobody, won(record))


@pytest.mark.statement("H110")
async def test_an_archived_lead_is_refused_with_a_text(env, service, record):
    await env[LEAD].write(env, [record], {"active": False})

    with pytest.raises(UserError, match=r"LEAD/\d+ is archived at the BPO"):
        await call(service, won(record))


@pytest.mark.statement("H110")
async def test_a_deleted_lead_is_refused_with_a_text(env, service, record):
    await env[LEAD].delete(env, [record])

    with pytest.raises(MissingError, match=f"no lead {record} endorsed to you"):
        await call(service, won(record))


@pytest.mark.statement("H109", "X15")
@pytest.mark.parametrize("changes", [{"outcome": "open"}, {"outcome": None}, {"date_won": "soon"}])
async def test_a_payload_that_makes_no_sense_changes_nothing(env, service, record, changes):
    before = await picture(env, record)

    with pytest.raises(ValidationError):
        await call(service, won(record, **changes))

    assert await picture(env, record) == before


@pytest.mark.statement("Z21")
async def test_the_callers_context_does_not_reach_the_lead(env, service, record):
    sly = service.with_context(default_city="planted", lang="xx")

    await call(sly, won(record))

    assert await read(env, LEAD, record, "city") == (None,)


async def test_reports_are_kept_for_managers(env, as_user, service, record):
    await call(service, won(record))
    boss = await as_user("bpo.manager")

    [event] = await boss["crm.dealer.event"].find(boss, [], ["event_id", "lead_id", "outcome"])
    assert (event["event_id"], event["lead_id"], event["outcome"]) == (won(record)["event_id"], record, "won")
    with pytest.raises(AppError):
        await boss["crm.dealer.event"].delete(boss, [event.id])
