"""The buttons of a lead's form, without a database."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.dealer.actions import Situation, buttons
from models.dealer.gate import NO_ORDER

OWN = Situation(
    stage="Negotiation",
    is_closed=False,
    is_mine=True,
    is_unclaimed=False,
    is_manager=False,
    has_order=False,
    blocker=NO_ORDER,
    callback_open=False,
)
WORKING = ("log_call", "action_convert_to_quotation", "action_set_won", "action_set_lost")


def visible(**changes):
    shown = buttons(dataclasses.replace(OWN, **changes))
    return {name for name, button in shown.items() if button.visible}


@pytest.mark.statement("H29", "H30", "H33")
def test_an_own_lead_without_an_order():
    assert visible() == {"log_call", "action_convert_to_quotation", "action_set_lost"}


@pytest.mark.statement("H30", "H31", "H32", "E23")
def test_an_own_lead_with_an_order():
    assert visible(has_order=True) == {"log_call", "action_open_quotation", "action_set_won", "action_set_lost"}


@pytest.mark.statement("H32", "E23")
def test_mark_won_is_ready_when_the_gate_is():
    waiting = buttons(dataclasses.replace(OWN, has_order=True, blocker="1 delivery order(s) still pending."))
    ready = buttons(dataclasses.replace(OWN, has_order=True, blocker=None))

    assert (waiting["action_set_won"].ready, waiting["action_set_won"].reason) == (
        False,
        "1 delivery order(s) still pending.",
    )
    assert ready["action_set_won"].ready


@pytest.mark.statement("H34")
def test_a_closed_lead_only_opens_its_order():
    assert visible(is_closed=True, stage="Won", has_order=True, blocker=None) == {"action_open_quotation"}


@pytest.mark.statement("H87", "E21")
def test_a_manager_may_resend_the_callback_of_a_closed_lead():
    assert visible(is_closed=True, is_manager=True, callback_open=True) == {"resend_callback"}


@pytest.mark.statement("H124")
def test_an_unassigned_lead_is_claimed_before_it_is_worked_on():
    assert visible(is_mine=False, is_unclaimed=True) == {"action_claim"}


@pytest.mark.statement("H29", "H30", "H31", "H32", "H33", "H34", "H87", "H124", "E21", "E23")
@pytest.mark.parametrize("is_manager", [False, True])
@pytest.mark.parametrize("whose", ["mine", "unclaimed", "other"])
@pytest.mark.parametrize("is_closed", [False, True])
@pytest.mark.parametrize("has_order", [False, True])
def test_each_button_is_there_for_whom_and_when_it_should_be(is_manager, whose, is_closed, has_order):
    works = not is_closed and (is_manager or whose == "mine")
    expected = {
        "action_claim": not is_closed and (whose == "unclaimed" or (is_manager and whose == "other")),
        "log_call": works,
        "action_convert_to_quotation": works and not has_order,
        "action_open_quotation": has_order,
        "action_set_won": works and has_order,
        "action_set_lost": works,
        "resend_callback": is_manager and is_closed,
    }

    shown = visible(
        is_manager=is_manager,
        is_mine=whose == "mine",
        is_unclaimed=whose == "unclaimed",
        is_closed=is_closed,
        has_order=has_order,
        callback_open=is_closed,
    )

    assert shown == {name for name, is_shown in expected.items() if is_shown}


situations = st.builds(
    Situation,
    stage=st.just("Negotiation"),
    is_closed=st.booleans(),
    is_mine=st.booleans(),
    is_unclaimed=st.booleans(),
    is_manager=st.booleans(),
    has_order=st.booleans(),
    blocker=st.none() | st.just("not yet"),
    callback_open=st.booleans(),
)


@given(situations)
def test_a_button_that_cannot_be_pressed_says_why(situation):
    for button in buttons(situation).values():
        assert button.ready or button.reason
        assert button.visible or not button.ready


@pytest.mark.statement("H34")
@given(situations)
def test_nothing_works_on_a_closed_lead(situation):
    shown = buttons(dataclasses.replace(situation, is_closed=True))

    assert not any(shown[name].visible for name in WORKING)
