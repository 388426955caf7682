"""A dealer lead's way as one story: complete, in order, for whoever may see the lead, in few statements."""

import pytest

from models.dealer.callback import Callback
from models.orm.errors import InputError, MissingError
from models.sync.outcome import Outcome, Verdict
from models.sync.queue import Queue, Result, State
from tests.dealer.making import LEAD, deliver, deliverable_lead, endorsed, lead
from tests.sale.making import read

CONNECTION = {"url": "https://bpo.example", "login": "dealer-callback-manila", "password": "a very secret password"}


@pytest.fixture
async def won(env):
    """A lead that was endorsed, called about, delivered and won, and whose BPO was away at first."""
    await env["dealer.bpo.connection"].create(env, CONNECTION)
    record, picking = await deliverable_lead(env)
    values = {"bpo_endorsed_by": "Ana Reyes", "bpo_endorsed_at": env.now.replace(year=2026, month=2)}
    await endorsed(env, record, **values)
    await env[LEAD].log_call(env, [record], "answered", 4.5, "Wants it in blue")
    await deliver(env, picking)
    await env[LEAD].action_set_won(env, [record])
    await tried(env, Outcome(Verdict.UNREACHED, error="Nobody there."), State.READY)
    await tried(env, Outcome.delivered({"bpo_lead_name": "LEAD/01234"}), State.DONE)
    return record


async def tried(env, outcome, state):
    """Let a worker have tried the callback, with this outcome."""
    queue = Queue("test", [Callback.kind])
    [job] = await queue.claim(env.connection, 10, 10)
    result = Result(outcome, state)
    await Callback().settle(env.as_system("test"), job, result)
    assert await queue.settle(env.connection, job, result)


def kinds(story):
    return [step["kind"] for step in story["steps"]]


@pytest.mark.statement("H53", "H126", "H132", "H135")
async def test_the_whole_way_is_one_story(env, won):
    [name] = await read(env, LEAD, won, "name")

    story = await env[LEAD].history(env, name)

    assert (story["id"], story["name"]) == (won, name)
    steps = story["steps"]
    assert [step["at"] for step in steps] == sorted(step["at"] for step in steps)
    assert kinds(story)[0] == "endorsed"
    assert {"quotation", "order", "delivery", "call", "won", "callback"} <= set(kinds(story))
    [end] = [step for step in steps if step["kind"] == "won"]
    stage = next(change for change in end["changes"] if change["field"] == "stage_id")
    assert (stage["old"], stage["new"], end["user"][0]) == ("New", "Won", env.user.id)
    done = [change for step in steps if step["kind"] == "delivery" for change in step["changes"]]
    assert [change["new"] for change in done if change["field"] == "date_done"] == [end["at"]]
    [call] = [step for step in steps if step["kind"] == "call"]
    assert (call["result"], call["minutes"], call["text"]) == ("answered", 4.5, "Wants it in blue")


@pytest.mark.statement("H86", "H88", "H133")
async def test_each_try_to_tell_the_bpo_is_told_with_its_result(env, won):
    story = await env[LEAD].history(env, won)

    tries = [(s["attempt"], s["result"], s["text"]) for s in story["steps"] if s["kind"] == "callback"]
    assert tries == [(1, "unreached", "Nobody there."), (2, "delivered", "")]


async def test_it_takes_six_statements_however_many_leads_and_steps(env, won):
    more = [won] + [await lead(env) for _ in range(5)]
    before = env.counter[0]

    stories = await env[LEAD].history(env, more)

    assert env.counter[0] - before == 5
    assert [story["id"] for story in stories] == more
    before = env.counter[0]
    await env[LEAD].history(env, stories[0]["name"])
    assert env.counter[0] - before == 6


@pytest.mark.statement("H122", "H125")
async def test_a_lead_that_is_not_seen_has_no_story(env, as_user, won):
    stranger = await as_user("dealer.user")
    [name] = await read(env, LEAD, won, "name")

    for wanted in (won, [won], name):
        with pytest.raises(MissingError):
            await stranger[LEAD].history(stranger, wanted)


async def test_leads_are_named_in_one_way(env, won):
    with pytest.raises(InputError):
        await env[LEAD].history(env, [won, "DLEAD/00001"])
    with pytest.raises(MissingError):
        await env[LEAD].history(env, "DLEAD/99999")


async def test_an_archived_lead_keeps_its_story(env, won):
    before = kinds(await env[LEAD].history(env, won))
    await env[LEAD].write(env, [won], {"active": False})

    [name] = await read(env, LEAD, won, "name")
    assert sorted(kinds(await env[LEAD].history(env, name))) == sorted([*before, "change"])
