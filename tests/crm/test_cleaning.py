"""What comparing and trying left behind is thrown away after its time, a little at a time."""

import json

import pytest

from models import bpo, dealer
from models.sync import CLEANERS

RUN = """
insert into {table} (company_id, remote_name, state{columns}, write_date)
select company_id, 'the other side', $1, {values}now() - make_interval(days => $2) from ({owner}) o returning id
"""
SIDES = {
    "bpo": (bpo.CLEANERS, "crm_reconciliation", "bpo.reconcile", "crm_dealership"),
    "dealer": (dealer.CLEANERS, "dealer_crm_reconciliation", "dealer.reconcile", "res_company"),
}
JOB = """
insert into sync_job (company_id, event, kind, remote, args, state, run_at, done_at)
values ($1, $2, $3, 'remote', $4, $5, now(), now() - make_interval(days => $6)) returning id
"""
ATTEMPT = """
insert into sync_attempt (company_id, job_id, number, ended_at, verdict) values ($1, $2, 1, now(), 'delivered')
"""


@pytest.fixture(params=list(SIDES))
async def side(env, request):
    await env["crm.dealership"].create(env, {"code": "MNL", "name": "Dealer"})
    return request.param


async def run(env, side, state, days):
    table, of_dealer = SIDES[side][1], side == "dealer"
    owner = "select id as company_id, id from res_company where id = 1" if of_dealer else "table crm_dealership"
    columns, values = ("", "") if of_dealer else (", dealership_id", "id, ")
    return await env.fetchval(RUN.format(table=table, columns=columns, values=values, owner=owner), state, days)


async def job(env, kind, state, args, days=0):
    return await env.fetchval(JOB, env.company_id, f"{kind} {args}", kind, json.dumps(args), state, days)


async def left(env, table):
    return [row["id"] for row in await env.fetch(f"select id from {table} order by id")]


async def test_reconciliations_are_kept_for_ninety_days(env, side):
    [clean], table, kind, _ = SIDES[side]
    kept = [await run(env, side, state, 89) for state in ("done", "failed", "running")]
    for state in ("done", "failed", "running"):
        await run(env, side, state, 91)
    for state in ("ready", "running", "parked", "done"):
        one = await run(env, side, "running", 91)
        await job(env, kind, state, {"run": one, "after": 0})
        kept += [] if state == "done" else [one]

    assert [await clean(env, 3), await clean(env, 3), await clean(env, 3)] == [3, 1, 0]
    assert await left(env, table) == kept


async def test_tries_go_with_their_message(env):
    [clean] = CLEANERS
    old, new = [await job(env, "dealer.callback", "done", {"lead": days}, days) for days in (101, 99)]
    for one in (old, new):
        await env.execute(ATTEMPT, env.company_id, one)

    assert await clean(env, 10) == 1
    assert [row["job_id"] for row in await env.fetch("select job_id from sync_attempt")] == [new]
