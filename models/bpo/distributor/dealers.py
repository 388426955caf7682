"""Dealerships from a distributor: those that Sync Dealers lists, and those that its web leads name (handover 1.6)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from models.bpo.dealership import Dealership
from models.bpo.distributor.connection import BRAND, DEALERS, Taken, enqueue_for, note_done
from models.bpo.distributor.job import DistributorJob, Question, read_rows
from models.bpo.distributor.rows import RemoteDealer, ids_in
from models.bpo.groups import MANAGER
from models.orm.declare import Access, Key
from models.orm.fields import Integer, Many2One
from models.orm.limits import LIMITS
from models.orm.model import Model
from models.sync.retry import Retry

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.sync.queue import Job

FIELDS = ("name", "dealer_name", "dealer_gm", "dealer_gm_email", "city")
OWNED = ("name", "manager_name", "manager_email")
LINKED = (
    "select remote_id, dealership_id from crm_distributor_dealer where brand_id = $1 and remote_id = any($2::bigint[])"
)
CODES = """
select d.code, d.id, exists (select from crm_distributor_dealer l where l.brand_id = $2 and l.dealership_id = d.id)
from crm_dealership d where d.company_id = $1
"""
LINK = """
with linked as (
    insert into crm_distributor_dealer (brand_id, remote_id, dealership_id, create_uid, write_uid)
    select $1, w.remote_id, w.dealership_id, $4, $4 from unnest($2::bigint[], $3::bigint[]) w(remote_id, dealership_id))
insert into crm_dealership_brand_rel (dealership_id, brand_id)
select distinct w.dealership_id, $1 from unnest($3::bigint[]) w(dealership_id) on conflict do nothing
"""


class DistributorDealer(Model, name="crm.distributor.dealer", label="Dealer of a Distributor"):
    """Which dealership a dealer of a brand's distributor is."""

    access = (Access(read=MANAGER),)
    label_field = "remote_id"
    keys = (Key(("brand_id", "remote_id"), "This dealer is a dealership already."),)

    brand_id = Many2One("Brand", BRAND, required=True, readonly=True, on_delete="cascade", index=False)
    remote_id = Integer("Id at the distributor", big=True, required=True, readonly=True, aggregate="")
    dealership_id = Many2One("Dealership", "crm.dealership", required=True, readonly=True, on_delete="cascade")


async def dealerships_of(env: Env, brand_id: int, dealers: Iterable[RemoteDealer]) -> dict[int, int]:
    """Return the dealership of each dealer by the dealer's id at the distributor; those not known yet are made."""
    wanted = {dealer.id: dealer for dealer in dealers}
    known = {row[0]: row[1] for row in await env.fetch(LINKED, brand_id, list(wanted))} if wanted else {}
    new = [dealer for number, dealer in wanted.items() if number not in known]
    return known | await _added(env, brand_id, new)


async def _added(env: Env, brand_id: int, dealers: Sequence[RemoteDealer]) -> dict[int, int]:
    """Make dealerships of dealers; one whose code is there already, and no other dealer's, is that dealership."""
    if not dealers:
        return {}
    rows = await env.fetch(CODES, env.company_id, brand_id)
    codes: dict[str, int | None] = {row[0]: None if row[2] else row[1] for row in rows}
    found: dict[int, int] = {}
    made: dict[int, dict[str, Any]] = {}
    for dealer in dealers:
        there = codes.get(dealer.code) if dealer.code else None
        if dealer.code and there is not None:
            found[dealer.id], codes[dealer.code] = there, None
        else:
            code = _free(dealer.code or dealer.made_up_code, codes)
            codes[code] = None
            made[dealer.id] = _values(dealer, code)
    ids = await env[Dealership].insert(env, list(made.values()))
    found |= dict(zip(made, ids, strict=True))
    await env.execute(LINK, brand_id, list(found), list(found.values()), env.user.id)
    return found


def _values(dealer: RemoteDealer, code: str) -> dict[str, Any]:
    owned = {name: value for name, value in _owned(dealer).items() if value is not None}
    return {"code": code, "city": dealer.city, **owned}


def _owned(dealer: RemoteDealer) -> dict[str, str | None]:
    return {name: getattr(dealer, name) for name in OWNED}


def _free(code: str, taken: Mapping[str, Any]) -> str:
    """Return a code that nobody has: the wanted one, else the first free of code-2, code-3 ..."""
    found, number = code, 1
    while found in taken:
        number += 1
        found = f"{code[: 31 - len(str(number))]}-{number}"
    return found


async def _rewritten(env: Env, places: Mapping[int, int], dealers: Sequence[RemoteDealer]) -> None:
    """Bring dealerships to what the distributor says of them now; what it leaves empty stays."""
    here = await env[Dealership].browse(env, [places[dealer.id] for dealer in dealers], ["code", *OWNED])
    codes: dict[str, Any] = {row[0]: row[1] for row in await env.fetch(CODES, env.company_id, 0)}
    for dealer, dealership in zip(dealers, here, strict=True):
        owned = {name: value for name, value in _owned(dealer).items() if value is not None}
        changed = {name: value for name, value in owned.items() if dealership[name] != value}
        if dealer.code and dealership["code"] == dealer.made_up_code:
            changed["code"] = _free(dealer.code, codes)
            codes[changed["code"]] = dealership.id
        if changed:
            await env[Dealership].update(env, [dealership.id], changed)


class SyncDealers(DistributorJob):
    """Reads a page of dealers and asks for the next."""

    kind: ClassVar[str] = DEALERS
    retry: ClassVar[Retry] = dataclasses.replace(Retry(), attempts=3, rejections=1, horizon=timedelta(0))

    async def question(self, env: Env, job: Job) -> Question:  # noqa: ARG002 nothing of ours is asked
        """Ask for contacts that are dealers."""
        domain = [["chery_dealer", "=", True], ["id", ">", job.args["after"]]]
        return Question("res.partner", domain, FIELDS, LIMITS.distributor_rows)

    async def take(self, env: Env, job: Job, rows: list[Any]) -> None:
        """Make or correct the dealerships; one bad row is noted and skipped."""
        brand_id, after = job.args["brand"], job.args["after"]
        read, problems = read_rows(rows, RemoteDealer.read, "Dealer")
        dealers = list({dealer.id: dealer for dealer in read}.values())
        before = {row[0] for row in await env.fetch(LINKED, brand_id, [dealer.id for dealer in dealers])}
        places = await dealerships_of(env, brand_id, dealers)
        await _rewritten(env, places, dealers)
        taken = Taken(len(rows), len(dealers) - len(before), problems)
        await note_done(env, brand_id, self.run_of(job), taken, later_page=after > 0)
        last = max(ids_in(rows), default=after)
        if len(rows) >= LIMITS.distributor_rows and last > after:
            await enqueue_for(env, DEALERS, brand_id, {"after": last}, job.company_id)

    def run_of(self, job: Job) -> str:  # noqa: ARG002 there is one
        """Return "dealers"."""
        return "dealers"
