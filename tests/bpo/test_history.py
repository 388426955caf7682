"""A BPO lead's way as one story."""

import pytest

from models.orm.errors import MissingError
from tests.bpo.making import LEAD, closed_by_hand, dealership, endorsed, lead
from tests.sale.making import read


@pytest.mark.statement("H111")
async def test_the_whole_way_is_one_story(env):
    there = await dealership(env)
    record = await endorsed(env, there)
    await env[LEAD].log_call(env, [record], "busy", 1, "Rang twice")
    await env[LEAD].schedule_visit(env, [record], "2026-03-01 02:00:00", "Showroom")
    await closed_by_hand(env, record, "Won")
    [name] = await read(env, LEAD, record, "reference")
    before = env.counter[0]

    story = await env[LEAD].history(env, name)

    assert env.counter[0] - before == 6
    kinds = [step["kind"] for step in story["steps"]]
    assert {"stage", "call", "visit", "won"} <= set(kinds)
    [visit] = [step for step in story["steps"] if step["kind"] == "visit"]
    assert (visit["result"], visit["about"]["name"]) == ("planned", "Showroom")


async def test_a_lead_of_another_agent_has_no_story(env, as_user):
    record = await lead(env)
    agent = await as_user("bpo.agent")

    with pytest.raises(MissingError):
        await agent[LEAD].history(agent, record)
