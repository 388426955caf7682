"""What one side refuses of the other: wrong credentials, words against words, things that make no sense."""

import aiohttp
import pytest

from rpc_client import LimitError, MissingError, RemoteError, UserError, ValidationError
from tests.handover import faults
from tests.handover.sides import (
    AGENT,
    BPO_LEAD,
    BPO_MANAGER,
    CALLBACK,
    CALLBACK_LOGIN,
    DEALER_ADMIN,
    DEALER_LEAD,
    ENDORSEMENT,
    PASSWORD,
    PUSH_LOGIN,
    SELLER,
    eventually,
    logged,
)
from tests.handover.ways import ways

pytestmark = pytest.mark.asyncio(loop_scope="session")
CONNECTION = "dealer.bpo.connection"
BATCH = 100


@pytest.mark.statement("X12", "H86")
async def test_wrong_credentials_are_tried_once_and_a_correction_sends_everything(sides):
    way = ways(sides)["callback"]
    leads = await way.ready(3)
    connections = sides.dealer.at(DEALER_ADMIN).get_model(CONNECTION)
    [connection] = await connections.search([])
    await connections.write([connection], {"password": "not the password"})
    told = sides.dealer.log().count('"event":"remote fails"')

    await way.step(leads[0])
    await eventually(lambda: is_refused(way, leads[0]))
    for lead in leads[1:]:
        await way.step(lead)
    pause = await sides.dealer.value("select blocked_until - now() from sync_remote where refused")
    tries = [(await way.job(lead))["attempts"] for lead in leads]
    await connections.write([connection], {"password": PASSWORD})
    took = await eventually(lambda: all_told(way, leads))

    assert sum(tries) == 1
    await logged(sides.dealer, '"event":"remote fails"', told + 1)
    assert sides.dealer.log().count('"event":"remote fails"') - told == 1
    assert pause.total_seconds() > 290
    assert way.proxy.count("not the password") == 1  # a tight loop would lock the account
    assert took < 60
    await way.arrives(leads)


async def is_refused(way, lead):
    return (await way.job(lead))["verdict"] == "refused"


async def all_told(way, leads):
    return [(await way.job(lead))["state"] for lead in leads] == ["done"] * len(leads)


@pytest.mark.statement("X12", "E20")
async def test_one_dealership_s_wrong_password_holds_up_no_other(sides):
    async with sides.bpo.env() as env:
        locked = await sides.new_dealership(env, "LOCKED", password="not the password")
    [refused] = await sides.negotiated(dealership_id=locked)
    [welcome] = await sides.negotiated()
    for lead in (refused, welcome):
        await sides.endorse(lead)

    way = ways(sides)["endorsement"]
    await eventually(lambda: all_told(way, [welcome]))
    await eventually(lambda: is_refused(way, refused))
    dealerships = sides.bpo.at(BPO_MANAGER).get_model("crm.dealership")
    await dealerships.write([locked], {"password": PASSWORD})
    await eventually(lambda: all_told(way, [refused]))
    await way.arrives([refused, welcome])


@pytest.mark.statement("X20", "H108")
async def test_a_word_against_an_earlier_one_is_refused_and_both_sides_show_it(sides):
    way = ways(sides)["callback"]
    [lead] = await way.ready()
    lost = {"bpo_source_lead_id": lead.bpo, "outcome": "lost", "lost_reason": "financing", "event_id": f"l-{lead.bpo}"}
    assert (await way.deliver(lost))["applied"] is True

    await way.step(lead)
    await eventually(lambda: is_rejected(way, lead))

    assert "already Lost at the BPO; won is not accepted" in await way.chatter(lead)
    await logged(sides.bpo, "dealer report against the known outcome")
    assert await outcome(sides, lead) == "lost"
    assert (await way.heard(lead))["is_won"] is True
    await let_go(sides, way, lead)


async def is_rejected(way, lead):
    return (await way.job(lead))["verdict"] == "rejected"


async def outcome(sides, lead):
    [found] = await sides.bpo.at(BPO_MANAGER).get_model(BPO_LEAD).read([lead.bpo], ["won_status"])
    return found["won_status"]


async def let_go(sides, way, lead):
    """An operator skips the message that the BPO will never take."""
    async with sides.dealer.env() as env:
        await env["sync.job"].skip(env, [(await way.job(lead))["id"]])


@pytest.mark.statement("X20")
async def test_nobody_at_the_bpo_closes_what_a_dealer_has(sides):
    [lead] = await sides.endorsed()

    for method, args in (("action_set_won", []), ("mark_lost", ["financing"])):
        with pytest.raises(UserError, match="its outcome comes from the dealer"):
            await sides.bpo.at(BPO_MANAGER).execute(BPO_LEAD, method, [[lead.bpo], *args])

    assert await outcome(sides, lead) == "pending"


@pytest.mark.statement("X15", "H106", "H109")
async def test_reports_that_make_little_sense(sides):
    way = ways(sides)["callback"]
    lead, huge, strange = await way.ready(3)
    base = {"bpo_source_lead_id": lead.bpo, "outcome": "won", "event_id": f"e-{lead.bpo}"}

    for wrong in (
        {**base, "outcome": "abandoned"},
        {**base, "outcome": None},
        {key: value for key, value in base.items() if key != "outcome"},
        {**base, "bpo_source_lead_id": "seven"},
        {**base, "date_won": "yesterday"},
        {**base, "dealer_so_name": ["S1"]},
    ):
        with pytest.raises(ValidationError):
            await way.deliver(wrong)
    assert await outcome(sides, lead) == "pending"

    with pytest.raises(LimitError) as caught:
        notes = {"outcome": "lost", "lost_reason": "other", "lost_notes": "x" * (10 << 20)}
        await way.deliver({"bpo_source_lead_id": huge.bpo, **notes})
    assert "text_bytes" in str(caught.value)
    assert await outcome(sides, huge) == "pending"

    unknown = {"outcome": "lost", "lost_reason": "alien_abduction", "lost_reason_label": "Abducted", "from": "later"}
    await way.deliver({"bpo_source_lead_id": strange.bpo, **unknown})
    [found] = await sides.bpo.at(BPO_MANAGER).get_model(BPO_LEAD).read([strange.bpo], ["lost_reason", "lost_notes"])
    assert found["lost_reason"] == "other"
    assert "Abducted (alien_abduction)" in found["lost_notes"]


@pytest.mark.statement("X14")
async def test_a_message_that_is_too_long_is_no_trouble_of_the_remote(sides):
    way = ways(sides)["callback"]
    [wordy, brief] = await way.ready(2)
    seller = sides.dealer.at(SELLER).get_model(DEALER_LEAD)

    too_long = faults.status("413 Content Too Large")
    with way.proxy.spoiling(too_long, only="words without end"):
        await seller.action_set_lost([wordy.dealer], "other", "words without end")
        await eventually(lambda: is_rejected(way, wordy))
        await sides.win(brief)
        await eventually(lambda: all_told(way, [brief]))

    assert "HTTP status 413" in await way.chatter(wordy)
    assert await sides.dealer.value("select max(failures) from sync_remote") == 0
    await let_go(sides, way, wordy)


@pytest.mark.statement("X19", "H103")
async def test_a_dealer_reports_on_its_own_leads_alone(sides):
    other = await sides.bpo.person("other-dealer", "bpo.callback_service")
    nobody = await sides.bpo.person("no-dealer", "bpo.callback_service")
    async with sides.bpo.env() as env:
        await sides.new_dealership(env, "CEB", callback_user_id=other)
    [lead] = await sides.endorsed()
    [never_endorsed] = await sides.negotiated()
    assert nobody

    for login, record in (
        ("other-dealer", lead.bpo),
        ("no-dealer", lead.bpo),
        (CALLBACK_LOGIN, never_endorsed.bpo),
        (CALLBACK_LOGIN, 999_999),
    ):
        report = {"bpo_source_lead_id": record, "outcome": "won"}
        with pytest.raises(RemoteError) as caught:
            await sides.bpo.at(login).execute(BPO_LEAD, CALLBACK, [report])
        assert isinstance(caught.value, MissingError) == (login != "no-dealer")

    assert await outcome(sides, lead) == "pending"
    assert await outcome(sides, never_endorsed) == "pending"


@pytest.mark.statement("X19", "H102", "D3")
@pytest.mark.parametrize("side", ["bpo", "dealer"])
async def test_a_service_user_can_call_one_method(sides, side):
    deployment, login = (sides.bpo, CALLBACK_LOGIN) if side == "bpo" else (sides.dealer, PUSH_LOGIN)
    callable_ = list(every_method(deployment.registry))
    answers = [
        answer
        for start in range(0, len(callable_), BATCH)
        for answer in await in_one_go(deployment, login, callable_[start : start + BATCH])
    ]
    keys = [answer["error"]["data"]["key"] if "error" in answer else "done" for answer in answers]
    can = {
        name: key
        for name, key in zip(callable_, keys, strict=True)
        if key not in ("unknown_model", "unknown_method", "access")
    }

    assert can == {(BPO_LEAD, CALLBACK) if side == "bpo" else (DEALER_LEAD, ENDORSEMENT): "input"}


def every_method(registry):
    """All that can be called, by the names that it really has."""
    for name, model in registry.models.items():
        for method in sorted({method.name for method in model.meta.methods.values()}):
            yield name, method


async def in_one_go(deployment, login, names):
    """Call methods without arguments; returns the answers in their order."""
    calls = [{"jsonrpc": "2.0", "id": n, "method": "execute", "params": list(name)} for n, name in enumerate(names)]
    headers = {"Authorization": f"Bearer {deployment.key_of(login)}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{deployment.url}/rpc", json=calls, headers=headers) as answer,
    ):
        found = await answer.json()
    assert [one["id"] for one in found] == list(range(len(names)))
    return found


@pytest.mark.statement("H102", "H28")
async def test_nobody_else_can_call_it(sides):
    for client, model, method in (
        (sides.bpo.at(BPO_MANAGER), BPO_LEAD, CALLBACK),
        (sides.bpo.at(AGENT), BPO_LEAD, CALLBACK),
        (sides.dealer.at(SELLER), DEALER_LEAD, ENDORSEMENT),
        (sides.dealer.at(DEALER_ADMIN), DEALER_LEAD, ENDORSEMENT),
    ):
        with pytest.raises(RemoteError) as caught:
            await client.execute(model, method, [{}])
        assert caught.value.key == "access"
