"""System parameters: administrators only, secrets only inwards."""

import pytest

from models.orm.errors import InputError, UnknownFieldError, UnknownModelError


@pytest.fixture
def parameters(env):
    return env["ir.config_parameter"]


async def test_a_parameter_is_set_changed_and_removed(env, parameters):
    answers = [
        await parameters.set_param(env, "web.base.url", "http://a"),
        await parameters.set_param(env, "web.base.url", "http://b"),
        await parameters.get_param(env, "web.base.url"),
        await parameters.set_param(env, "web.base.url", False),
        await parameters.get_param(env, "web.base.url"),
        await parameters.get_param(env, "web.base.url", "none"),
    ]

    assert answers == [False, "http://a", "http://b", "http://b", False, "none"]


async def test_parameters_do_not_exist_for_others(parameters, as_user):
    agent = await as_user("base.user")

    with pytest.raises(UnknownModelError):
        await parameters.get_param(agent, "web.base.url")
    with pytest.raises(UnknownModelError):
        await parameters.search(agent, [])


@pytest.mark.statement("O2")
async def test_a_secret_goes_in_and_not_out(env, parameters):
    made = await parameters.create(env, {"key": "remote", "secret_value": "hunter2"})

    [row] = (await parameters.read(env, [made])).value()
    audited = await env.fetchval("select string_agg(details::text, '') from audit_log")
    assert (row["value"], row["is_secret"]) == (None, True)
    assert "hunter2" not in str(row) + audited
    assert await parameters.get_param(env, "remote") is False
    assert await parameters.value_of(env, "remote") == "hunter2"
    with pytest.raises(UnknownFieldError):
        await parameters.search(env, [["secret_value", "=", "hunter2"]])


@pytest.mark.parametrize("key", ["", None, 5, ["x"]])
async def test_a_key_is_a_text(env, parameters, key):
    with pytest.raises(InputError):
        await parameters.get_param(env, key)
