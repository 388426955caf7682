"""Vehicle models from a distributor, found again by (brand, reference); its data win over changes made here."""

from __future__ import annotations

import dataclasses
import datetime as dt
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from models.bpo.distributor.connection import BRAND, VEHICLES, Taken, enqueue_for, note_done
from models.bpo.distributor.job import DistributorJob, Question, read_rows
from models.bpo.distributor.rows import RemoteVehicle, ids_in
from models.orm.limits import LIMITS
from models.sync.retry import Retry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.orm.env import Env
    from models.sync.queue import Job

FIELDS = ("name", "default_code", "categ_id", "list_price")
FILTERS = {
    "filter_is_unit": ["is_unit", "=", True],
    "filter_serial": ["tracking", "=", "serial"],
    "filter_saleable": ["sale_ok", "=", True],
}
# A model that somebody entered by hand, with the same code, is the distributor's: the oldest of several.
ADOPT = """
update crm_vehicle_model m set external_ref = r.ref
from unnest($2::text[], $3::text[]) r(ref, code)
where m.brand_id = $1 and m.default_code = r.code and m.id = (
    select min(o.id) from crm_vehicle_model o
    where o.brand_id = $1 and o.default_code = r.code and o.external_ref is null)
  and not exists (select from crm_vehicle_model o where o.brand_id = $1 and o.external_ref = r.ref)
"""
UPSERT = """
insert into crm_vehicle_model
    (brand_id, external_ref, default_code, name, category, list_price, synced_at, active, create_uid, write_uid)
select $1, r.*, $8, true, $7, $7
from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::numeric[]) r
on conflict (brand_id, external_ref) do update set default_code = excluded.default_code, name = excluded.name,
    category = excluded.category, list_price = excluded.list_price, active = true,
    synced_at = greatest(crm_vehicle_model.synced_at, excluded.synced_at),
    write_uid = $7, write_date = now()
returning xmax = 0 as created
"""
# What makes no sense is listed all the same: it stays as it was when it last did.
LISTED = """
update crm_vehicle_model set synced_at = greatest(synced_at, $3)
where brand_id = $1 and external_ref = any($2::text[])
"""
NOT_LISTED = """
update crm_vehicle_model set active = false, write_uid = $3, write_date = now()
where brand_id = $1 and external_ref is not null and active and (synced_at is null or synced_at < $2)
"""


class SyncModels(DistributorJob):
    """Reads a page of vehicle models and asks for the next; after the last one, archives what is listed no more."""

    kind: ClassVar[str] = VEHICLES
    retry: ClassVar[Retry] = dataclasses.replace(Retry(), attempts=3, rejections=1, horizon=timedelta(0))

    async def question(self, env: Env, job: Job) -> Question:
        """Ask for products that pass the brand's filters."""
        [brand] = await env[BRAND].browse(env, [job.args["brand"]], list(FILTERS))
        chosen = [condition for name, condition in FILTERS.items() if brand[name]]
        domain = [["id", ">", job.args["after"]], *chosen]
        return Question("product.template", domain, FIELDS, LIMITS.distributor_rows)

    async def take(self, env: Env, job: Job, rows: list[Any]) -> None:
        """Make or correct the models; one bad row is noted and skipped."""
        brand_id, after = job.args["brand"], job.args["after"]
        read, problems = read_rows(rows, RemoteVehicle.read, "Model")
        vehicles = list({vehicle.ref: vehicle for vehicle in read}.values())
        # All pages of a run carry the instant of its first one: no clock is compared with another.
        since = job.args.get("since") or env.now.isoformat()
        moment = dt.datetime.fromisoformat(since)
        created = await _written(env, brand_id, vehicles, moment)
        if skipped := ids_in(rows) - {int(vehicle.ref) for vehicle in vehicles}:
            await env.execute(LISTED, brand_id, [str(one) for one in skipped], moment)
        taken = Taken(len(rows), created, problems)
        await note_done(env, brand_id, self.run_of(job), taken, later_page=after > 0)
        last = max(ids_in(rows), default=after)
        if len(rows) < LIMITS.distributor_rows:
            await env.execute(NOT_LISTED, brand_id, moment, env.user.id)
        elif last > after:
            await enqueue_for(env, VEHICLES, brand_id, {"after": last, "since": since}, job.company_id)

    def run_of(self, job: Job) -> str:  # noqa: ARG002 there is one
        """Return "models"."""
        return "models"


async def _written(env: Env, brand_id: int, vehicles: Sequence[RemoteVehicle], since: dt.datetime) -> int:
    """Write models in two statements; return how many are new."""
    if not vehicles:
        return 0
    refs, codes = [one.ref for one in vehicles], [one.code for one in vehicles]
    await env.execute(ADOPT, brand_id, refs, codes)
    columns = (refs, codes, [v.name for v in vehicles], [v.category for v in vehicles], [v.price for v in vehicles])
    rows = await env.change(UPSERT, brand_id, *columns, env.user.id, since)
    return sum(row["created"] for row in rows)
