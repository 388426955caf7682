"""The audit questions of docs/handover.md: what the page prints is run as it stands, against a dealer with a story."""

import asyncio
import io
import re
from functools import partial
from pathlib import Path

import pytest

from tests.crm.pair import eventually
from tests.crm.test_two_deployments import LEAD, win

PAGE = Path(__file__).parents[2] / "docs" / "handover.md"
ACCOUNT = 'connect("http://127.0.0.1:8071", database="dealer", login="antonio.lim", password="...")'
PASSWORD = "a manager's password"


def examples():
    """The page's examples on audit questions, in their order; the first one connects."""
    section = PAGE.read_text().partition("## Audit questions")[2]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


async def run(code, names):
    """Run an example in a thread, as its reader would, and return what it prints."""
    said = io.StringIO()
    names["print"] = partial(print, file=said)  # the log of both servers goes to the usual place meanwhile
    await asyncio.to_thread(exec, code, names)
    return said.getvalue()


@pytest.mark.statement("H133", "H134", "H135", "H111")
async def test_the_documented_calls_answer_the_audit_questions(pair):
    lead, there = await pair.endorsed_lead()
    _, second = await pair.endorsed_lead()
    _, third = await pair.endorsed_lead()
    dealer = pair.dealer
    await win(pair, there)
    await pair.told(there)
    await dealer.call("dealer.bpo.connection", "write", [pair.connection], {"active": False})
    await win(pair, second)
    await dealer.call(LEAD, "action_claim", [third])
    await dealer.call(LEAD, "action_set_lost", [third], "no_stock", "Blue only")
    await dealer.make_user("manager", PASSWORD, "dealer.manager")
    name, missed, lost, date_lost = [
        *(await dealer.one(LEAD, there, "name")),
        *(await dealer.one(LEAD, second, "name")),
        *(await dealer.one(LEAD, third, "name", "date_lost")),
    ]

    connect, walk, fired, reasons = examples()
    assert ACCOUNT in connect
    account = f'connect("{dealer.url}", database="{dealer.database}", login="manager", password="{PASSWORD}")'
    names = {}
    await run(connect.replace(ACCOUNT, account), names)

    told = await run(walk.replace("DLEAD/00042", name), names)
    for kind in ("endorsed", "owner", "order", "delivery", "won", "callback"):
        assert f" {kind} " in told, kind
    assert "Stage: Negotiation > Won" in told

    unheard = await run(fired, names)
    assert missed in unheard
    assert name not in unheard
    assert "skipped" in unheard

    year = date_lost[:4]
    quarter = reasons.replace('"2026-04-01"', f'"{year}-01-01"').replace('"2026-07-01"', f'"{int(year) + 1}-01-01"')
    listed = await run(quarter, names)
    assert lost in listed
    assert "no_stock" in listed
    await asyncio.to_thread(names["dealer"].close)

    story = await pair.bpo.call("crm.lead", "history", [lead])
    [told_by_bpo] = story
    assert [s["result"] for s in told_by_bpo["steps"] if s["kind"] == "endorsement"] == ["delivered"]
    assert "won" in [s["kind"] for s in told_by_bpo["steps"]]


async def test_a_try_that_failed_is_in_the_story(pair):
    lead = await pair.negotiated_lead()
    [brand] = await pair.bpo.call("crm.brand", "search", [])
    await pair.bpo.call("crm.brand", "write", [brand], {"code": "TESLA"})
    await pair.bpo.call("crm.lead", "action_endorse_with_sq", [lead], pair.dealership)

    async def tried():
        story = await pair.bpo.call("crm.lead", "history", lead)
        return [s for s in story["steps"] if s["kind"] == "endorsement" and "TESLA" in s["text"]]

    await eventually(tried)
    [first] = (await tried())[:1]
    assert (first["attempt"], first["result"]) == (1, "rejected")
