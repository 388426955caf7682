"""Scheduled jobs as Odoo's clients see and change them."""

import datetime as dt

import pytest

from models.orm.dialect import ODOO
from models.orm.errors import AccessError, AppError, ReadonlyError

CRON = "ir.cron"


@pytest.fixture
async def odoo(env):
    return env.with_dialect(ODOO)


@pytest.fixture
async def job(odoo) -> int:
    [found] = await odoo[CRON].search(odoo, [["name", "=", "Housekeeping"]])
    return found


async def row(env, job, *names):
    [found] = (await env[CRON].read(env, [job], list(names))).value()
    return found


async def test_a_job_is_read_in_odoos_words(odoo, job):
    found = await row(
        odoo, job, "name", "interval_number", "interval_type", "nextcall", "lastcall", "active", "user_id", "numbercall"
    )

    assert (found["user_id"][0], found["numbercall"]) == (1, -1)
    assert (found["interval_number"], found["interval_type"], found["active"]) == (1, "hours", True)
    assert dt.datetime.fromisoformat(found["nextcall"])
    assert await odoo["ir.model"].search_count(odoo, [["model", "=", CRON]]) == 1


@pytest.mark.parametrize(
    ("values", "seconds", "shown"),
    [
        ({"interval_number": 5}, 5 * 3600, (5, "hours")),
        ({"interval_type": "days"}, 86_400, (1, "days")),
        ({"interval_number": 90, "interval_type": "minutes"}, 5400, (90, "minutes")),
        ({"interval_number": 60, "interval_type": "minutes"}, 3600, (1, "hours")),
        ({"interval_number": 2, "interval_type": "weeks"}, 1_209_600, (2, "weeks")),
        ({"seconds": 10}, 10, (1, "minutes")),
    ],
)
async def test_the_interval_is_changed_in_either_words(odoo, job, values, seconds, shown):
    await odoo[CRON].write(odoo, [job], values)

    found = await row(odoo, job, "seconds", "interval_number", "interval_type")
    assert found == {"id": job, "seconds": seconds, "interval_number": shown[0], "interval_type": shown[1]}


async def test_a_priority_is_a_number_from_0_on(odoo, job):
    assert (await row(odoo, job, "priority"))["priority"] == 5

    await odoo[CRON].write(odoo, [job], {"priority": False})

    assert (await row(odoo, job, "priority"))["priority"] == 0
    with pytest.raises(AppError):
        await odoo[CRON].write(odoo, [job], {"priority": -1})


async def test_a_job_is_moved_and_switched_off(odoo, job):
    await odoo[CRON].write(odoo, [job], {"nextcall": "2030-01-01 00:00:00", "active": False})

    assert await odoo[CRON].search(odoo, [["id", "=", job]]) == []
    assert (await row(odoo, job, "nextcall", "active")) == {
        "id": job,
        "nextcall": "2030-01-01 00:00:00",
        "active": False,
    }


async def test_a_job_is_run_at_once_and_not_twice(odoo, job):
    planned = (await row(odoo, job, "nextcall"))["nextcall"]
    count = "select count(*) from sync_job where lane = 'sync.schedule,' || $1 and state = 'ready'"

    assert await odoo[CRON].method_direct_trigger(odoo, [job]) is True
    assert await odoo[CRON].method_direct_trigger(odoo, [job]) is True

    assert await odoo.fetchval(count, str(job)) == 1
    found = await row(odoo, job, "nextcall", "lastcall", "runs")
    assert (found["nextcall"], found["runs"], bool(found["lastcall"])) == (planned, 2, True)


@pytest.mark.parametrize("values", [{"name": "x"}, {"kind": "x"}, {"lastcall": "2030-01-01 00:00:00"}])
async def test_what_a_job_does_is_not_for_callers_to_change(odoo, job, values):
    with pytest.raises(ReadonlyError):
        await odoo[CRON].write(odoo, [job], values)


@pytest.mark.parametrize("values", [{"interval_number": 0}, {"interval_number": 2**31 - 1}, {"interval_type": "ages"}])
async def test_an_interval_is_one(odoo, job, values):
    with pytest.raises(AppError):
        await odoo[CRON].write(odoo, [job], {"interval_type": "weeks", **values})


async def test_jobs_are_neither_made_nor_deleted(odoo, job):
    for call in (odoo[CRON].create(odoo, {"seconds": 5}), odoo[CRON].delete(odoo, [job])):
        with pytest.raises(AccessError):
            await call


async def test_only_administrators_change_them(as_user, job):
    operator, clerk = await as_user("sync.manager"), await as_user("base.user")

    assert await operator[CRON].search(operator, [["id", "=", job]]) == [job]
    for call in (
        operator[CRON].write(operator, [job], {"active": False}),
        operator[CRON].method_direct_trigger(operator, [job]),
        clerk[CRON].search(clerk, []),
        clerk[CRON].method_direct_trigger(clerk, [job]),
    ):
        with pytest.raises(AppError):
            await call
