"""The token of a follower: what is none is refused, what is too old says to read anew."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from models.base import deletion
from models.orm import Env
from models.orm.errors import InputError, LimitError, StaleTokenError, UserError
from models.orm.feed_token import FeedToken, token_of
from tests.orm.changes.following import PARTNER, Follower, Office, partners


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: token[::-1],
        lambda token: "x" + token[1:],
        lambda token: 7,
        lambda token: [token],
        lambda token: "é",
        lambda token: "A" * 100_000,
    ],
)
async def test_what_is_no_token_is_refused(follower: Follower, change: Callable[[str], Any]) -> None:
    assert follower.token is not None
    with pytest.raises(InputError) as refused:
        await follower.env[PARTNER].changes_since(follower.env, change(follower.token))

    assert refused.value.data["argument"] == "token"


@pytest.mark.parametrize("base", ["5:4:", "5:9:4", "5:9:7,6", "5:9:9", "a:b:", "5", "0:1:", "5:9:6,6", f"1:{10**30}:"])
def test_a_snapshot_that_postgresql_would_not_take_is_refused(base: str) -> None:
    made = FeedToken("m", "p", 1, base).text()

    with pytest.raises(InputError):
        token_of(made, "m")


async def test_a_token_of_another_model_is_refused(follower: Follower) -> None:
    with pytest.raises(InputError):
        await follower.env["product.product"].changes_since(follower.env, follower.token)


async def changed_token(follower: Follower, **changes: Any) -> str:
    return replace(token_of(follower.token, PARTNER), **changes).text()


async def test_a_token_older_than_deletions_are_kept_says_read_anew(follower: Follower) -> None:
    at = token_of(follower.token, PARTNER).at
    fine = await changed_token(follower, at=at - 89 * 86_400)
    stale = await changed_token(follower, at=at - 91 * 86_400)

    await follower.env[PARTNER].changes_since(follower.env, fine)
    with pytest.raises(StaleTokenError) as refused:
        await follower.env[PARTNER].changes_since(follower.env, stale)
    assert (refused.value.code, refused.value.key) == (409, "stale_token")


async def test_a_token_of_another_database_says_read_anew(follower: Follower) -> None:
    place = token_of(follower.token, PARTNER).place

    with pytest.raises(StaleTokenError):
        await follower.env[PARTNER].changes_since(follower.env, await changed_token(follower, place=place[:-1] + "9"))


async def test_a_limit_is_held_to_the_house_s(follower: Follower) -> None:
    with pytest.raises(LimitError):
        await follower.ask(limit=10_001)


async def test_it_is_not_asked_behind_a_write_of_the_same_transaction(office: Office) -> None:
    async with office.writing() as env:
        await partners(env, "a")
        with pytest.raises(UserError):
            await env[PARTNER].changes_since(env)


async def test_it_is_told_in_one_statement_and_one_more_for_rows(env: Env, follower: Follower) -> None:
    await partners(env, "a")
    before = follower.env.statements
    await follower.ask()
    ids = follower.env.statements
    await follower.ask(fields=["name"])

    assert (ids - before, follower.env.statements - ids) == (1, 2)


async def test_deletions_are_forgotten_after_their_time_in_batches(env: Env) -> None:
    for age in (1, 89, 92, 93, 94):
        await env.execute(
            "insert into base_deletion (model, res_id, change_xid, create_date)"
            " values ('m', $1::bigint, 1, now() - make_interval(days => $1::bigint::int))",
            age,
        )

    assert [await deletion.clean(env, 2) for _ in range(3)] == [2, 1, 0]
    left = await env.fetch("select res_id from base_deletion where model = 'm' order by 1")
    assert [row["res_id"] for row in left] == [1, 89]
