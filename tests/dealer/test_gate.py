"""The gate before Mark Won, without a database: what is missing, in the order in which it is asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.dealer.gate import CONFIRMED, NO_ORDER, Delivery, blocker

DONE = Delivery("WH/OUT/00001", "done")
CANCELLED = Delivery("WH/OUT/00002", "cancel")
READY = Delivery("WH/OUT/00003", "assigned")
WAITING = Delivery("WH/OUT/00004", "confirmed")


@pytest.mark.statement("H67")
def test_without_an_order_a_quotation_is_asked_for():
    assert blocker(None, None, []) == "Create a quotation first with the Convert to Quotation button."


@pytest.mark.statement("H68", "H138")
@pytest.mark.parametrize("state", ["draft", "sent", "cancel"])
def test_an_order_must_be_confirmed(state):
    assert "must be confirmed" in (blocker("S00003", state, [READY]) or "")


@pytest.mark.statement("H69")
@pytest.mark.parametrize("state", ["sale", "done"])
def test_a_confirmed_and_delivered_order_passes(state):
    assert blocker("S00003", state, [DONE]) is None


@pytest.mark.statement("H70", "H138")
def test_pending_deliveries_are_counted_and_named():
    message = blocker("S00003", "sale", [WAITING, DONE, READY])

    assert message is not None
    assert message.startswith("2 delivery order(s) still pending: WH/OUT/00003, WH/OUT/00004.")


@pytest.mark.statement("Z17")
def test_deliveries_that_may_not_be_read_are_counted_but_not_named():
    message = blocker("S00003", "sale", [Delivery(None, "assigned")])

    assert message is not None
    assert message.startswith("1 delivery order(s) still pending.")


@pytest.mark.statement("H71", "E24")
def test_a_cancelled_delivery_does_not_block_beside_a_finished_one():
    assert blocker("S00003", "sale", [DONE, CANCELLED]) is None


@pytest.mark.statement("E24")
def test_cancelled_deliveries_alone_are_no_delivery():
    assert "Nothing was delivered" in (blocker("S00003", "sale", [CANCELLED]) or "")


@pytest.mark.statement("H73")
def test_an_order_without_deliveries_passes():
    assert blocker("S00003", "sale", []) is None


states = st.sampled_from(["draft", "sent", "sale", "done", "cancel"])
deliveries = st.lists(
    st.builds(Delivery, st.none(), st.sampled_from(["draft", "waiting", "confirmed", "assigned", "done", "cancel"])),
    max_size=5,
)


@pytest.mark.statement("H67", "H68", "H70", "H71")
@given(st.none() | st.just("S00003"), states, deliveries)
def test_it_passes_exactly_when_all_three_hold(order, state, found):
    open_ones = [one for one in found if one.state not in ("done", "cancel")]
    delivered = not found or any(one.state == "done" for one in found)

    passes = blocker(order, state, found) is None

    assert passes == (order is not None and state in CONFIRMED and not open_ones and delivered)


@given(states, deliveries)
def test_what_comes_first_is_told_first(state, found):
    assert blocker(None, state, found) == NO_ORDER
