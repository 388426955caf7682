"""Logging in by password: one error for every reason, sessions by random tokens, all bytes of a password."""

import pytest

from models.base.tokens import SESSION, token_hash
from models.orm.errors import LoginError, RateError, SessionError
from models.orm.limits import LIMITS
from tests import deployments
from tests.auth.conftest import ADDRESS, LOGIN, PASSWORD, refusal

pytestmark = pytest.mark.usefixtures("quick_passwords")


async def set_values(as_admin, user_id, **values):
    await as_admin(lambda env: env["res.users"].update(env, [user_id], values))


async def test_a_login_opens_a_session(authenticator, agent):
    opened = await authenticator.login(LOGIN, PASSWORD, address=ADDRESS)

    user = await authenticator.by_token(opened.token)

    assert (user.id, user.name, user.groups, user.company_ids) == (agent, "Agent", {"base.user"}, (1,))


async def test_case_and_width_of_a_login_do_not_matter(authenticator, agent):
    opened = await authenticator.login("  AGENT@example.PH".strip(), PASSWORD, address=ADDRESS)

    assert opened.user.id == agent


async def test_a_login_is_noted(authenticator, agent, pool):
    await authenticator.login(LOGIN, PASSWORD, address=ADDRESS)

    async with pool.connection() as connection:
        age = await connection.fetchval("select now() - last_login from res_users where id = $1", agent)
    assert age.total_seconds() < 10


@pytest.mark.statement("A1")
async def test_every_reason_to_refuse_gives_the_same_error(process, agent, as_admin):
    authenticator = process(failures_a_minute=1000)
    errors = [
        await refusal(authenticator, "nobody", PASSWORD),
        await refusal(authenticator, LOGIN, "wrong password"),
        await refusal(authenticator, LOGIN, PASSWORD, database="elsewhere"),
        await refusal(authenticator, "__system__", PASSWORD),
    ]
    await set_values(as_admin, agent, active=False)
    errors.append(await refusal(authenticator, LOGIN, PASSWORD))

    assert {(type(e), e.code, e.key, e.message, str(e.data)) for e in errors} == {
        (LoginError, 401, "login", "Access denied: wrong login or password.", "{}")
    }


@pytest.mark.statement("A5")
async def test_tokens_are_new_long_and_stored_as_hashes_only(authenticator, agent, pool):
    opened = [await authenticator.login(LOGIN, PASSWORD, address=ADDRESS) for _ in range(3)]
    tokens = [login.token for login in opened]

    assert len(set(tokens)) == 3
    assert all(token.startswith(SESSION) and len(token) == len(SESSION) + 43 for token in tokens)
    async with pool.connection() as connection:
        rows = await connection.fetch("select s::text from base_session s")
    text = "".join(row[0] for row in rows)
    assert [token_hash(token) in text for token in tokens] == [True] * 3
    assert [token[len(SESSION) :] in text for token in tokens] == [False] * 3


@pytest.mark.statement("A5")
async def test_a_token_that_was_logged_out_is_refused_at_once(authenticator, agent):
    token = (await authenticator.login(LOGIN, PASSWORD, address=ADDRESS)).token
    await authenticator.by_token(token)

    await authenticator.logout(token)

    with pytest.raises(SessionError):
        await authenticator.by_token(token)


@pytest.mark.statement("A6")
async def test_a_chosen_token_never_becomes_valid(authenticator, agent):
    chosen = SESSION + "x" * 43

    opened = await authenticator.login(LOGIN, PASSWORD, address=ADDRESS, replaces=chosen)

    assert opened.token != chosen
    with pytest.raises(SessionError):
        await authenticator.by_token(chosen)


@pytest.mark.statement("A6")
async def test_the_session_shown_at_a_login_ends(authenticator, agent):
    planted = (await authenticator.login(LOGIN, PASSWORD, address=ADDRESS)).token
    await authenticator.by_token(planted)

    await authenticator.login(LOGIN, PASSWORD, address=ADDRESS, replaces=planted)

    with pytest.raises(SessionError):
        await authenticator.by_token(planted)


@pytest.mark.statement("A9")
@pytest.mark.parametrize(
    "password",
    ["x" * 72 + "a", "p" * 1024, "  spaces around  ", "mật khẩu có dấu cách", "🚗🚕🚙🚌🚎🏎🚓🚑", "e\u0301" * 40],
)
async def test_all_bytes_of_a_password_count(authenticator, agent, as_admin, password):
    await set_values(as_admin, agent, password=password)

    opened = await authenticator.login(LOGIN, password, address=ADDRESS)

    assert opened.user.id == agent
    assert isinstance(await refusal(authenticator, LOGIN, password[:-1]), LoginError)
    assert isinstance(await refusal(authenticator, LOGIN, password.strip() + "b"), LoginError)


@pytest.mark.parametrize("login", ["", "a\0b", "a\nb", "x" * 1000, "\ud800"])
async def test_what_cannot_be_a_login_is_refused(authenticator, agent, login):
    assert type(await refusal(authenticator, login, PASSWORD)) is LoginError


@pytest.mark.statement("A13")
@pytest.mark.parametrize("password", ["", "admin", "password", "123456", "tandem", "postgres"])
async def test_no_common_password_enters_a_fresh_database(authenticator, password):
    assert type(await refusal(authenticator, "admin", password)) is LoginError


@pytest.mark.statement("A13")
async def test_the_system_user_has_no_password(authenticator, pool):
    async with pool.connection() as connection:
        row = await connection.fetchrow("select password, active from res_users where id = 1")

    assert tuple(row) == (None, False)
    assert type(await refusal(authenticator, "__system__", "")) is LoginError


async def test_the_first_administrator_logs_in(authenticator):
    opened = await authenticator.login("admin", deployments.ADMIN_PASSWORD, address=ADDRESS)

    assert {"base.admin", "base.user"} <= opened.user.groups
    assert await authenticator.companies(opened.user) == [{"id": 1, "name": "My Company"}]


async def test_tries_beyond_the_limit_are_told_apart(authenticator, agent):
    errors = [await refusal(authenticator, LOGIN, "wrong password") for _ in range(LIMITS.login_failures_a_minute + 1)]

    assert [type(error) for error in errors] == [LoginError] * LIMITS.login_failures_a_minute + [RateError]
