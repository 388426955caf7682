"""The two methods of the hand-over from outside: one payload and nothing beside it."""

import inspect

import pytest

METHODS = [("dealer.crm.lead", "receive_endorsed_lead"), ("crm.lead", "update_from_dealer_callback")]


@pytest.mark.statement("D2")
@pytest.mark.parametrize(("model", "method"), METHODS)
async def test_the_method_takes_a_payload_and_no_ids(env, model, method):
    assert list(inspect.signature(getattr(env[model], method)).parameters) == ["env", "payload"]
