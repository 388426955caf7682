"""Numbers: nobody gets one twice, gap-free ones have no gap, the prefix follows the day in UTC."""

import asyncio
import dataclasses
import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from models import deployment
from models.base.numbering import PLACEHOLDERS
from models.base.sequence import next_number
from models.orm import Env
from models.orm.dialect import ODOO
from models.orm.env import UndeclaredWriteError
from models.orm.errors import AccessError, DuplicateError, UserError, ValidationError
from server.database.connection import Connection, connect
from server.database.pool import Pool
from server.database_errors import DatabaseErrors
from tests.cluster import shared_cluster


async def make(env: Env, code: str = "test", **values: Any) -> int:
    [one] = await env["ir.sequence"].insert(env, [{"name": code, "code": code, **values}])
    return one


async def take(env: Env, count: int = 1, code: str = "test") -> list[str]:
    return [await env["ir.sequence"].next_by_code(env, code) for _ in range(count)]


KINDS = pytest.mark.parametrize("kind", ["standard", "no_gap"])


@KINDS
async def test_numbers_follow_each_other(env, kind):
    await make(env, prefix="T", padding=3, implementation=kind)

    assert await take(env, 3) == ["T001", "T002", "T003"]


async def test_only_odoos_clients_take_a_number_by_get(env):
    one = await make(env, prefix="T", padding=1, company_id=env.company_id)
    odoo = env.with_dialect(ODOO)

    assert [await env["ir.sequence"].get(env, "test"), await env["ir.sequence"].get(env, "nothing")] == [one, None]
    assert [await odoo["ir.sequence"].get(odoo, code) for code in ("test", "test", "nothing")] == ["T1", "T2", False]


async def test_what_is_declared_to_read_takes_no_number(env):
    await make(env)
    reading = dataclasses.replace(env, readonly=True)

    for dialect in (reading.dialect, ODOO):
        with pytest.raises(UndeclaredWriteError):
            await take(reading.with_dialect(dialect))
    with pytest.raises(UndeclaredWriteError):
        await next_number(reading, "test")
    assert await take(env) == ["00001"]


@KINDS
async def test_a_number_longer_than_the_padding_keeps_its_digits(env, kind):
    await make(env, padding=2, number_next=99, implementation=kind)

    assert await take(env, 3) == ["99", "100", "101"]


async def test_no_padding(env):
    await make(env, padding=0)

    assert await take(env) == ["1"]


async def test_the_company_has_a_sequence_of_its_own(env):
    await make(env, prefix="ALL")
    await make(env, prefix="OWN", company_id=env.company_id)

    numbers = [
        await env.fetchval("select tandem_next_number('test', $1)", company) for company in (env.company_id, None, 999)
    ]

    assert numbers == ["OWN00001", "ALL00001", "ALL00002"]


async def test_an_archived_sequence_gives_no_numbers(env):
    one = await make(env)
    await env["ir.sequence"].write(env, one, {"active": False})

    with pytest.raises(UserError):
        await take(env)


async def test_odoos_clients_are_answered_false_where_there_is_no_sequence(env):
    odoo = env.with_dialect(ODOO)
    await make(env, prefix="T")
    before = env.statements

    assert await odoo["ir.sequence"].next_by_code(odoo, "fake.code") is False
    assert await odoo["ir.sequence"].next_by_code(odoo, "test") == "T00001"
    assert env.statements - before == 2


async def test_all_others_get_an_error_where_there_is_no_sequence(env):
    with pytest.raises(UserError, match=r"Missing sequence for fake\.code"):
        await take(env, code="fake.code")


@pytest.mark.parametrize("company", [None, 1], ids=["common", "of a company"])
async def test_a_code_has_one_sequence(env, company):
    await make(env, company_id=company)

    with pytest.raises(asyncpg.UniqueViolationError) as refused:
        await make(env, company_id=company)

    assert isinstance(DatabaseErrors(env.registry).translate(refused.value, env.profile), DuplicateError)


@KINDS
async def test_the_next_number_can_be_seen_and_set(env, kind):
    one = await make(env, padding=0, implementation=kind)
    await take(env, 4)

    [seen] = await env["ir.sequence"].browse(env, [one], ["number_next_actual"])
    await env["ir.sequence"].write(env, one, {"number_next": 40})

    assert seen.number_next_actual == 5
    assert await take(env, 2) == ["40", "41"]


@pytest.mark.parametrize(("before", "after"), [("standard", "no_gap"), ("no_gap", "standard")])
async def test_another_kind_goes_on_where_the_first_was(env, before, after):
    one = await make(env, padding=0, implementation=before)
    await take(env, 2)

    await env["ir.sequence"].write(env, one, {"implementation": after})

    assert await take(env, 2) == ["3", "4"]


async def test_several_records_of_one_insert_are_numbered_in_their_order(env):
    rows = [{"name": f"{place}"} for place in range(3)]
    await make(env, padding=0)

    numbers = await env.fetch(
        "select tandem_next_number('test', 1) from unnest($1::text[])", [row["name"] for row in rows]
    )

    assert [row[0] for row in numbers] == ["1", "2", "3"]


async def test_a_deleted_sequence_leaves_nothing(env):
    one = await make(env)

    await env["ir.sequence"].delete(env, one)

    assert await env.fetchval("select to_regclass('ir_sequence_number_' || $1::text)", str(one)) is None


async def test_a_placeholder_that_means_nothing_is_refused(env):
    with pytest.raises(ValidationError) as refused:
        await make(env, prefix="T%(yeer)s")

    assert refused.value.field == "prefix"


async def test_users_take_numbers_but_change_no_sequence(as_user, env):
    one = await make(env)
    user = await as_user("base.user")

    assert await take(user) == ["00001"]
    with pytest.raises(AccessError):
        await user["ir.sequence"].write(user, one, {"number_next": 7})


@pytest.mark.statement("O66")
async def test_a_missing_sequence_is_named(env):
    with pytest.raises(UserError, match=r"^Missing sequence for nothing\.$"):
        await take(env, code="nothing")


@pytest.mark.statement("O66")
async def test_a_record_whose_sequence_is_missing_is_refused_with_its_name(env):
    system = env.as_system("test")
    await env.execute("update ir_sequence set active = false where code = 'sale.order'")
    [partner] = await env["res.partner"].insert(system, [{"name": "Somebody"}])

    with pytest.raises(asyncpg.PostgresError) as refused:
        await env["sale.order"].insert(system, [{"partner_id": partner}])

    error = DatabaseErrors(env.registry).translate(refused.value, env.profile)
    assert isinstance(error, UserError)
    assert error.message == "Missing sequence for sale.order."


async def test_every_declared_sequence_is_installed_once(env):
    declared = {
        field.sequence.code
        for model in env.registry.models.values()
        for field in model.meta.fields.values()
        if field.sequence
    }

    again = await deployment.install(env.as_system("test"), deployment.data_for("both"))

    codes = [row["code"] for row in await env.fetch("select code from ir_sequence")]
    assert declared <= set(codes)
    assert len(set(codes)) == len(codes)
    assert again == 0


# several at once


@pytest.fixture
async def pool(fresh_database) -> AsyncIterator[Pool]:
    """Twenty connections that may only do what a running server may."""
    async with await Pool.open(shared_cluster(), fresh_database, size=20, acquire_timeout=30, application=True) as pool:
        yield pool


async def sequence_in(pool: Pool, **values: Any) -> None:
    """A committed sequence with the code test, made without the right to change the schema."""
    async with pool.connection() as connection, connection.transaction():
        env = deployment.system_env(deployment.registry_for("both"), connection, "test")
        await make(env, **values)


class RolledBackError(Exception):
    """A call that fails after it took its number."""


async def one_call(pool: Pool, moment: dt.datetime | None = None, *, fails: bool = False) -> str:
    async with pool.connection() as connection:
        async with connection.transaction():
            number: str = await connection.fetchval("select tandem_next_number('test', 1, coalesce($1, now()))", moment)
            if fails:
                raise RolledBackError
        return number


async def many_calls(pool: Pool, count: int) -> list[str]:
    """Calls at once, of which each third fails after numbering; the numbers of the others."""
    calls = (one_call(pool, fails=place % 3 == 0) for place in range(count))
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(answer, str | RolledBackError) for answer in answers)
    return [answer for answer in answers if isinstance(answer, str)]


@pytest.mark.concurrency
@pytest.mark.statement("C4")
async def test_gap_free_numbers_have_no_gap_whoever_fails(pool):
    await sequence_in(pool, padding=0, implementation="no_gap")

    numbers = await many_calls(pool, 200)

    assert sorted(map(int, numbers)) == list(range(1, 134))


@pytest.mark.concurrency
@pytest.mark.statement("C4")
async def test_ordinary_numbers_may_have_gaps_but_are_never_the_same(pool):
    await sequence_in(pool, padding=0)

    numbers = await many_calls(pool, 200)

    assert len(numbers) == len(set(numbers)) == 133
    assert max(map(int, numbers)) > 133


def around_new_year() -> list[dt.datetime]:
    """Fifty instants of the five seconds around midnight in UTC, told by clocks of three zones."""
    zones = [dt.timezone(dt.timedelta(hours=hours)) for hours in (0, 8, -5)]
    midnight = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
    return [
        (midnight + dt.timedelta(milliseconds=100 * (place - 25))).astimezone(zones[place % 3]) for place in range(50)
    ]


@pytest.mark.concurrency
@pytest.mark.statement("C5")
@KINDS
async def test_the_prefix_is_that_of_the_day_in_utc(pool, kind):
    await sequence_in(pool, prefix="%(year)s/%(month)s/%(day)s/", padding=4, implementation=kind)
    moments = around_new_year()

    numbers = await asyncio.gather(*(one_call(pool, moment) for moment in moments))

    days = [number.rpartition("/")[0] for number in numbers]
    assert days == ["2026/12/31"] * 25 + ["2027/01/01"] * 25
    assert len({number.rpartition("/")[2] for number in numbers}) == 50


@pytest.mark.statement("C5")
@pytest.mark.parametrize("zone", ["UTC", "Asia/Manila", "America/New_York"])
async def test_the_zone_of_a_session_does_not_count(fresh_database, zone):
    connection: Connection = await connect(shared_cluster(), fresh_database, timezone=zone)

    year = await connection.fetchval(
        "select tandem_format_number('%(year)s-', 1, 1, '2026-12-31 23:59:59+00'::timestamptz)"
    )

    await connection.close()
    assert year == "2026-1"


async def test_every_placeholder_is_filled(env):
    prefix = " ".join(f"%({name})s" for name in PLACEHOLDERS)

    filled = await env.fetchval(
        "select tandem_format_number($1, 0, 1, '2026-03-09 12:00+00'::timestamptz)", prefix + "/"
    )

    assert filled == "2026 03 09 2026 26 03 09/1"
