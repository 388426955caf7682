"""The first page of a list of one company comes out of an index in its order; several companies see the same rows."""

import json
from typing import Any

import pytest

from models.orm import Env
from models.orm.condition import SearchQuery
from models.orm.errors import AccessError
from server.database.connection import Connection
from tests.orm.conftest import EAST, NORTH, SOUTH, MakeEnv

FILL = """
insert into lib_book (title, company_id, state)
select 'Title ' || lpad(i::text, 5, '0'), 1 + i % 3, 'new' from generate_series(1, 3000) i;
analyze lib_book
"""


async def plan_of_first_page(connection: Connection, env: Env) -> list[str]:
    """The steps that PostgreSQL takes for the first ten books of a caller, by title."""
    query = SearchQuery.of(env)
    scope = query.scope(env["lib.book"].meta)
    sql = f"select {scope.alias}.id from {scope.from_sql} where {scope.guard('read')} order by title limit 10"
    [row] = await connection.fetch(f"explain (format json) {sql}", *env.resolve(query.params))
    steps: list[str] = []
    node: dict[str, Any] = json.loads(row[0])[0]["Plan"]
    while node:
        steps.append(node["Node Type"])
        [node] = node.get("Plans", [{}])
    return steps


@pytest.mark.parametrize(("companies", "context"), [((SOUTH,), {}), ((NORTH, SOUTH), {"allowed_company_ids": [SOUTH]})])
async def test_one_company_is_not_sorted(
    connection: Connection, make_env: MakeEnv, companies: tuple[int, ...], context: dict[str, Any]
) -> None:
    await connection.execute(FILL)

    steps = await plan_of_first_page(connection, make_env("lib.reader", companies=companies, **context))

    assert not {"Sort", "Incremental Sort", "Seq Scan"} & set(steps)


async def test_one_and_several_companies_see_their_rows(connection: Connection, make_env: MakeEnv) -> None:
    await connection.execute(FILL)

    seen = {
        companies: {book["company_id"] for book in await env["lib.book"].find(env, [], ["company_id"])}
        for companies in [(NORTH,), (SOUTH, EAST), (NORTH, SOUTH, EAST)]
        for env in [make_env("lib.reader", companies=companies)]
    }

    assert seen == {companies: set(companies) for companies in seen}


async def test_a_company_that_is_not_the_callers_is_refused(make_env: MakeEnv) -> None:
    env = make_env("lib.reader", companies=(NORTH,), allowed_company_ids=[SOUTH])

    with pytest.raises(AccessError):
        await env["lib.book"].search(env, [])
