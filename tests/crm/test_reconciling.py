"""Reconciling two deployments: every difference is named, and what did not arrive is sent again."""

import pytest

from models.crm.agreement import Fate, differences
from rpc_client import RpcError
from server.database.connection import connect
from tests.cluster import shared_cluster
from tests.crm.pair import CALLBACK_PASSWORD, PUSH_PASSWORD, eventually
from tests.crm.test_two_deployments import LEAD, win
from tests.processes import tandem

FIELDS = ["state", "compared", "different", "resent", "differences", "error", "not_compared"]
RUNS = {"bpo": "crm.reconciliation", "dealer": "dealer.crm.reconciliation"}
LEADS = {"bpo": "crm.lead", "dealer": LEAD}


@pytest.fixture
async def asking(pair):
    """Both sides let the other one ask."""
    for site, login, group in (
        (pair.bpo, "dealer-callback-manila", "bpo.reconcile_service"),
        (pair.dealer, "bpo-push", "dealer.reconcile_service"),
    ):
        [user] = await site.call("res.users", "search", [["login", "=", login]])
        [found] = await site.call("res.groups", "search", [["code", "=", group]])
        await site.call("res.users", "write", [user], {"groups_id": [[4, found]]})
    return pair


async def execute(site, sql, *values):
    """Do something behind the models' back, as a restored backup or a hand in the database would."""
    connection = await connect(shared_cluster(), site.database)
    try:
        return await connection.fetch(sql, *values)
    finally:
        await connection.close()


async def reconciled(pair, side, **options):
    """Have one side compare; returns what came of it and the differences as (lead id, kind, what is done)."""
    site = getattr(pair, side)
    begun = await site.call(LEADS[side], "reconcile", **options)
    [run] = begun if isinstance(begun, list) else [begun]

    async def is_over():
        [found] = await site.call(RUNS[side], "read", [run], FIELDS)
        return found["state"] != "running"

    await eventually(is_over)
    [found] = await site.call(RUNS[side], "read", [run], FIELDS)
    named = ((one["id"], one["kind"], one["repair"]) for one in found["differences"] or [])
    return found, sorted(named, key=str)


@pytest.mark.statement("H87", "H89", "H133", "X5")
async def test_an_outcome_that_did_not_arrive_is_found_and_resent(asking):
    pair = asking
    lead, there = await pair.endorsed_lead()
    await pair.dealer.call("dealer.bpo.connection", "write", [pair.connection], {"active": False})
    await win(pair, there)
    await pair.dealer.call("dealer.bpo.connection", "write", [pair.connection], {"active": True})

    found, named = await reconciled(pair, "dealer")
    assert (found["compared"], named) == (1, [(there, "outcome_not_arrived", "can be resent")])
    assert await pair.bpo.one("crm.lead", lead, "won_status") == ("pending",)
    _, named = await reconciled(pair, "bpo")
    assert named == [(lead, "outcome_not_arrived", "at the other side")]

    found, named = await reconciled(pair, "dealer", repair=True)
    assert (found["resent"], named) == (1, [(there, "outcome_not_arrived", "resent")])
    await pair.told(there)

    assert await pair.bpo.one("crm.lead", lead, "won_status") == ("won",)
    for side in ("bpo", "dealer"):
        found, named = await reconciled(pair, side)
        assert (found["state"], found["compared"], named) == ("done", 1, [])


@pytest.mark.statement("H27", "X28")
async def test_what_the_dealer_lost_or_numbered_anew_is_handed_over_again(asking):
    pair = asking
    lost, gone = await pair.endorsed_lead("without_sq")
    renamed, _ = await pair.endorsed_lead()
    unconfirmed, _ = await pair.endorsed_lead()
    await pair.dealer.call(LEAD, "unlink", [gone])
    await execute(pair.bpo, "update crm_lead set dealer_order_name = 'S99999' where id = $1", renamed)
    await execute(pair.bpo, "update crm_lead set endorse_state = 'failed' where id = $1", unconfirmed)
    events = "select event from sync_job where kind = 'bpo.endorse' order by id"
    before = await execute(pair.bpo, events)

    _, named = await reconciled(pair, "bpo", dealership_id=pair.dealership)
    assert named == [
        (lost, "missing_at_dealer", "can be resent"),
        (renamed, "order_differs", "can be resent"),
        (unconfirmed, "endorsement_not_confirmed", "can be resent"),
    ]
    found, _ = await reconciled(pair, "bpo", repair=True)
    assert found["resent"] == 3

    async def agreed():
        _, left = await reconciled(pair, "bpo")
        return not left

    await eventually(agreed)
    assert await execute(pair.bpo, events) == before  # the same events
    assert await pair.dealer.call(LEAD, "search_count", []) == 3


@pytest.mark.statement("X20", "H108", "H110")
async def test_what_only_people_can_settle_is_named(asking):
    pair = asking
    lead, there = await pair.endorsed_lead("without_sq")
    deleted, orphan = await pair.endorsed_lead("without_sq")
    won = "update crm_lead set stage_id = (select id from crm_stage where is_won), date_won = now() where id = $1"
    await execute(pair.bpo, won, lead)
    await execute(pair.bpo, "delete from crm_lead where id = $1", deleted)

    _, named = await reconciled(pair, "dealer", repair=True)
    assert named == [(there, "outcome_differs", "by hand"), (orphan, "missing_at_bpo", "by hand")]
    found, named = await reconciled(pair, "bpo", repair=True)
    assert named == [(lead, "outcome_differs", "by hand")] or found["different"] == 2
    assert found["resent"] == 0


async def test_an_other_side_that_does_not_let_us_ask_fails_the_comparison(pair):
    await pair.endorsed_lead("without_sq")

    found, _ = await reconciled(pair, "dealer")

    assert found["state"] == "failed"
    assert found["error"]


@pytest.mark.statement("X19")
async def test_who_may_not_reconcile_is_refused(asking):
    pair = asking
    await pair.dealer.make_user("seller", "an ordinary password", "dealer.user")
    for site, login, password, model, method in (
        (pair.dealer, "seller", "an ordinary password", LEAD, "reconcile"),
        (pair.dealer, "seller", "an ordinary password", LEAD, "hand_over_states"),
        (pair.dealer, "bpo-push", PUSH_PASSWORD, LEAD, "reconcile"),
        (pair.bpo, "dealer-callback-manila", CALLBACK_PASSWORD, "crm.lead", "reconcile"),
        (pair.bpo, "dealer-callback-manila", CALLBACK_PASSWORD, "crm.lead", "search_read"),
    ):
        async with site.client(login, password) as client:
            with pytest.raises(RpcError):
                await client.execute(model, method, [{}] if method == "hand_over_states" else [])


async def test_pages_are_asked_for_one_after_the_other(asking):
    pair = asking
    leads = [(await pair.endorsed_lead("without_sq"))[0] for _ in range(3)]
    async with pair.bpo.client("dealer-callback-manila", CALLBACK_PASSWORD) as dealer:
        first = await dealer.execute("crm.lead", "hand_over_states", [{"after": 0, "limit": 2}])
        rest = await dealer.execute("crm.lead", "hand_over_states", [{"after": first["next"], "limit": 2}])

    assert [lead["bpo_lead_id"] for lead in first["leads"] + rest["leads"]] == leads
    assert (first["next"], rest["next"]) == (leads[1], None)


async def command(site, role, *options):
    """Run `tandem reconcile` as an operator does; returns its exit status and what it printed."""
    given = {"TANDEM_DATABASE_URL": shared_cluster().url_of(site.database), "TANDEM_SECRET_KEY": site.secret_key}
    words = ["--role", role, "--database-name", site.database, "--remote-allow", "127.0.0.1", *options]
    process = await tandem("reconcile", *words, **given)
    said, complained = await process.communicate()
    return await process.wait(), said + complained


async def test_the_command_compares_and_repairs(asking):
    pair = asking
    lead, there = await pair.endorsed_lead()
    await pair.dealer.call("dealer.bpo.connection", "write", [pair.connection], {"active": False})
    await win(pair, there)
    await pair.dealer.call("dealer.bpo.connection", "write", [pair.connection], {"active": True})
    [name] = await pair.dealer.one(LEAD, there, "name")

    status, said = await command(pair.dealer, "dealer")
    assert status == 1, said
    assert f"{name}: outcome: open at the BPO, won at the dealer (can be resent)" in said
    status, said = await command(pair.dealer, "dealer", "--repair")
    assert status == 0, said
    await pair.told(there)

    assert await pair.bpo.one("crm.lead", lead, "won_status") == ("won",)
    status, said = await command(pair.dealer, "dealer")
    assert (status, "1 leads compared, 0 differences" in said) == (0, True), said
    status, said = await command(pair.bpo, "bpo")
    assert (status, "1 leads compared, 0 differences" in said) == (0, True), said


OPEN = Fate(7, "LEAD/00007", "DLEAD/00003")
WON = Fate(7, "LEAD/00007", "DLEAD/00003", "won", None, "S00001")
LOST = Fate(7, "LEAD/00007", "DLEAD/00003", "lost", "no_stock")


@pytest.mark.parametrize(
    ("at_bpo", "at_dealer", "kinds"),
    [
        (OPEN, OPEN, []),
        (WON, WON, []),
        (LOST, LOST, []),
        (OPEN, None, ["missing_at_dealer"]),
        (None, OPEN, ["missing_at_bpo"]),
        (OPEN, WON, ["outcome_not_arrived"]),
        (WON, LOST, ["outcome_differs", "order_differs"]),
        (LOST, OPEN, ["outcome_differs"]),
        (LOST, Fate(7, None, "DLEAD/00003", "lost", "other"), ["reason_differs"]),
        (WON, Fate(7, None, "DLEAD/00009", "won", None, "S00002"), ["reference_differs", "order_differs"]),
        (OPEN, Fate(7, None, "DLEAD/00003", None, None, "S00001"), []),
    ],
)
def test_every_difference_has_a_name(at_bpo, at_dealer, kinds):
    assert [one.kind for one in differences(at_bpo, at_dealer)] == kinds


@pytest.mark.parametrize(
    "told", [None, 7, [], {}, {"bpo_lead_id": True}, {"bpo_lead_id": 10**30}, {"bpo_lead_id": "7"}]
)
def test_an_answer_that_makes_no_sense_is_left_out(told):
    assert Fate.heard(told) is None


def test_what_is_told_is_read_again():
    assert Fate.heard(WON.told()) == WON
    assert Fate.heard({**WON.told(), "outcome": "eaten", "order_name": 7}) == Fate(
        7, "LEAD/00007", "DLEAD/00003", None, None, None
    )
