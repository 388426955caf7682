"""The buttons of a BPO lead's form and the ready-made filters: what is shown is what works when it is pressed."""

import dataclasses

import pytest

from models.bpo.actions import Situation, buttons
from models.orm.errors import AppError
from tests.bpo.making import LEAD, dealership, endorsed, lead, negotiated

OWN = Situation(
    stage="Negotiation",
    is_closed=False,
    is_mine=True,
    is_unclaimed=False,
    endorsed_from="Negotiation",
    is_supervisor=False,
    has_brand=True,
    endorse_state="none",
)
WORK = {"log_call", "schedule_visit"}
CLOSE = {"action_set_won", "mark_lost"}
ENDORSE = {"action_endorse_with_sq", "action_endorse_without_sq"}


@pytest.mark.parametrize(
    ("changes", "visible"),
    [
        ({}, WORK | CLOSE | ENDORSE),
        ({"is_mine": False, "is_unclaimed": True}, {"action_claim"}),
        ({"is_mine": False, "is_unclaimed": True, "is_supervisor": True}, {"action_claim"}),
        ({"is_mine": False}, set()),
        ({"is_mine": False, "is_supervisor": True}, WORK | CLOSE | ENDORSE),
        ({"stage": "New"}, WORK | CLOSE),
        ({"stage": "Endorsed w/ S.Q.", "endorse_state": "pending"}, WORK),
        ({"stage": "Endorsed w/ S.Q.", "endorse_state": "done"}, WORK),
        ({"stage": "Endorsed w/ S.Q.", "endorse_state": "failed"}, WORK | ENDORSE | {"resend_endorsement"}),
        ({"stage": "Won", "is_closed": True}, set()),
        ({"stage": "Lost", "is_closed": True, "is_mine": False, "is_unclaimed": True}, set()),
    ],
)
def test_which_buttons_are_shown(changes, visible):
    shown = buttons(dataclasses.replace(OWN, **changes))

    assert {name for name, button in shown.items() if button.visible} == visible
    assert all(button.reason for button in shown.values() if not button.ready)


def test_without_a_brand_endorsing_says_so():
    button = buttons(dataclasses.replace(OWN, has_brand=False))["action_endorse_with_sq"]

    assert (button.visible, button.ready, button.reason) == (True, False, "Select a brand first.")


@pytest.fixture
async def agent(as_user):
    return await as_user("bpo.agent")


@pytest.mark.parametrize("state", ["unclaimed", "new", "negotiated", "pending", "won"])
async def test_pressing_agrees_with_what_is_shown(env, agent, state):
    manila = await dealership(env)
    record = await {
        "unclaimed": lambda: lead(env, user_id=None),
        "new": lambda: lead(agent),
        "negotiated": lambda: negotiated(agent),
        "pending": lambda: endorsed(agent, manila),
        "won": lambda: lead(agent),
    }[state]()
    if state == "won":
        await agent[LEAD].action_set_won(agent, [record])
    before = agent.statements
    [shown] = await agent[LEAD].get_actions(agent, [record])
    assert agent.statements - before == 2

    arguments = {
        "log_call": ["busy"],
        "schedule_visit": ["2027-01-02 10:00:00", "Showroom"],
        "mark_lost": ["other"],
        "action_endorse_with_sq": [manila],
        "action_endorse_without_sq": [manila],
    }
    repeats_quietly = {("action_claim", "new"), ("action_claim", "negotiated"), ("action_claim", "pending")}
    repeats_quietly |= {("action_set_won", "won")}
    for name, button in shown["actions"].items():
        if (name, state) in repeats_quietly:
            continue
        assert await succeeds(agent, name, record, arguments.get(name, [])) is button["ready"], name


async def succeeds(env, name, record, arguments):
    """Press a button and take back what it did."""
    transaction = env.connection.transaction()
    await transaction.start()
    try:
        await getattr(env[LEAD], name)(env, [record], *arguments)
    except AppError:
        return False
    else:
        return True
    finally:
        await transaction.rollback()


async def test_the_filters_find_what_they_say(env, agent):
    manila = await dealership(env)
    unclaimed, mine, gone = await lead(env, user_id=None), await endorsed(agent, manila), await lead(agent)
    await agent[LEAD].action_set_lost(agent, [gone])
    ours = [["id", "in", [unclaimed, mine, gone]]]

    found = {
        name: await agent[LEAD].search(agent, [*domain, *ours])
        for name, domain in (await agent[LEAD].search_filters(agent)).items()
    }

    assert found == {
        "my_pipeline": [mine],
        "open_leads": [unclaimed],
        "endorsed": [mine],
        "endorsed_open": [mine],
        "endorsement_failed": [],
        "won": [],
        "lost": [gone],
    }
