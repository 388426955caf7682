"""Web leads of a brand's distributor, imported once each (handover 1.6).

    distributor: pending, sent  --read-->  record and lead, in one transaction  --confirm-->  distributor: synced

The record (`crm.distributor.record`) is what makes a lead come once: it is unique, stays for good, and survives its
lead. A confirmation that was lost is sent again; until it arrives the row is not asked for again, so that rows which
cannot be confirmed do not keep newer ones from coming.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from models.bpo.distributor.connection import (
    BRAND,
    CONFIRM,
    LEADS,
    QUOTATION,
    RUNS,
    TEST_DRIVE,
    Taken,
    enqueue_for,
    note_done,
)
from models.bpo.distributor.dealers import dealerships_of
from models.bpo.distributor.job import DistributorJob, Question, read_rows
from models.bpo.distributor.rows import WebLead, ids_in
from models.bpo.groups import MANAGER
from models.crm.telling import tell
from models.orm.data import external_id
from models.orm.declare import Access, Index, Key
from models.orm.fields import Char, DateTime, Integer, Many2One
from models.orm.limits import LIMITS
from models.orm.model import Model
from models.sync.handler import RemoteCall, Remotes
from models.sync.outcome import Outcome, Verdict
from models.sync.retry import Retry

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.sync.queue import Job

FIELDS = ("first_name", "last_name", "email", "mobile", "dealer_id", "create_date")
SOURCES = {QUOTATION: "uaagi_crm.source_web_quotation", TEST_DRIVE: "uaagi_crm.source_web_test_drive"}
WAITING, SYNCED = ("pending", "sent"), "synced"
NEVER = 1 << 31
# One job for each brand and model waits as long as it takes: it is never given up, and never there twice.
PATIENT = dataclasses.replace(Retry(), longest=timedelta(minutes=5), attempts=NEVER, rejections=NEVER)

UNCONFIRMED = """
select remote_id from crm_distributor_record
where brand_id = $1 and model = $2 and confirmed_at is null order by remote_id desc limit $3
"""
# A row that is waiting there though we confirmed it (the other side came back from a backup) is confirmed once more.
CLAIM = """
insert into crm_distributor_record (brand_id, model, remote_id, create_uid, write_uid)
select $1, $2, w.id, $4, $4 from unnest($3::bigint[]) w(id)
on conflict (brand_id, model, remote_id) do update set confirmed_at = null, write_date = now()
returning remote_id, xmax = 0 as is_new
"""
BELONG = """
update crm_distributor_record r set lead_id = w.lead_id
from unnest($3::bigint[], $4::bigint[]) w(remote_id, lead_id)
where r.brand_id = $1 and r.model = $2 and r.remote_id = w.remote_id
"""
CONFIRMED = """
update crm_distributor_record set confirmed_at = now(), write_date = now()
where brand_id = $1 and model = $2 and remote_id = any($3::bigint[])
"""
WAITS = """
select exists (select from sync_job where kind = $1 and company_id = $2 and remote = $3 and args ->> 'model' = $4
    and state in ('ready', 'running'))
"""


class DistributorRecord(Model, name="crm.distributor.record", label="Imported Web Lead"):
    """One row of a distributor that was imported, for good: it never becomes a lead again."""

    access = (Access(read=MANAGER),)
    order = "id desc"
    label_field = "remote_id"
    keys = (Key(("brand_id", "model", "remote_id"), "This row was imported already."),)
    indexes = (Index(("brand_id", "model", "remote_id desc"), where="confirmed_at is null"),)

    brand_id = Many2One("Brand", BRAND, required=True, readonly=True, on_delete="restrict", index=False)
    model = Char("Model there", size=64, required=True, readonly=True)
    remote_id = Integer("Id there", big=True, required=True, readonly=True, aggregate="")
    lead_id = Many2One("Lead", "crm.lead", readonly=True, on_delete="set null")
    confirmed_at = DateTime("Marked there as synchronised on", readonly=True)


class ImportWebLeads(DistributorJob):
    """Reads what waits at the distributor and makes leads of it."""

    kind: ClassVar[str] = LEADS
    retry: ClassVar[Retry] = PATIENT

    async def question(self, env: Env, job: Job) -> Question:
        """Ask for what waits, without what we have already and could not confirm yet."""
        model = job.args["model"]
        most = LIMITS.distributor_unconfirmed
        have = sorted(row[0] for row in await env.fetch(UNCONFIRMED, job.args["brand"], model, most + 1))
        left_out = have[-most:]
        domain: list[Any] = [["status", "in", list(WAITING)]]
        if left_out:
            domain.append(["id", "not in", left_out])
        if len(have) > most:  # of the older ones those that we have would fill each answer
            domain.append(["id", ">", left_out[0]])
        return Question(model, domain, FIELDS, LIMITS.distributor_leads)

    async def take(self, env: Env, job: Job, rows: list[Any]) -> None:
        """Make a lead of each row that never was one, and have all of them confirmed."""
        brand_id, model = job.args["brand"], job.args["model"]
        read, problems = read_rows(rows, WebLead.read, dict(RUNS)[model])
        asked = {lead.id: lead for lead in read}
        claimed = await env.change(CLAIM, brand_id, model, sorted(asked), env.user.id) if asked else []
        new = [asked[row["remote_id"]] for row in claimed if row["is_new"]]
        await _imported(env, brand_id, model, new)
        await note_done(env, brand_id, model, Taken(len(rows), len(new), problems))
        if asked and not await env.fetchval(WAITS, CONFIRM, job.company_id, job.remote, model):
            await enqueue_for(env, CONFIRM, brand_id, {"model": model}, job.company_id)

    def run_of(self, job: Job) -> str:
        """Return the model."""
        return str(job.args["model"])


class ConfirmWebLeads(DistributorJob):
    """Marks imported rows as synchronised at the distributor."""

    kind: ClassVar[str] = CONFIRM
    retry: ClassVar[Retry] = PATIENT

    async def question(self, env: Env, job: Job) -> Question | None:
        """Ask which of those that are not confirmed yet are waiting there still: others are left as they are."""
        limit = LIMITS.distributor_leads
        have = await env.fetch(UNCONFIRMED, job.args["brand"], job.args["model"], limit)
        if not have:
            return None
        domain = [["id", "in", sorted(row[0] for row in have)], ["status", "in", list(WAITING)]]
        return Question(job.args["model"], domain, ("id",), limit)

    async def send(self, call: RemoteCall, job: Job, remotes: Remotes) -> Outcome:
        """Ask, then mark what waits. Answers the ids that were asked about: they are known to be done with."""
        waiting = await super().send(call, job, remotes)
        if waiting.verdict is not Verdict.DELIVERED:
            return waiting
        asked, there = call.payload["domain"][0][2], ids_in(waiting.answer)
        ids = [one for one in asked if one in there]
        if ids:
            await remotes.client(call.account).execute(call.model, "write", [ids, {"status": SYNCED}])
        return Outcome.delivered(asked)

    async def take(self, env: Env, job: Job, rows: list[Any]) -> None:
        """Note what is confirmed, and go on with what is not."""
        brand_id, model = job.args["brand"], job.args["model"]
        await env.execute(CONFIRMED, brand_id, model, rows)
        await note_done(env, brand_id, "confirm", Taken(len(rows), 0))
        if await env.fetch(UNCONFIRMED, brand_id, model, 1):
            await enqueue_for(env, CONFIRM, brand_id, {"model": model}, job.company_id)

    def run_of(self, job: Job) -> str:  # noqa: ARG002 one for all models
        """Return "confirm"."""
        return "confirm"


async def _imported(env: Env, brand_id: int, model: str, rows: Sequence[WebLead]) -> None:
    """Make leads, as many statements for one as for a hundred."""
    if not rows:
        return
    places = await dealerships_of(env, brand_id, [row.dealer for row in rows if row.dealer])
    source_id = await external_id(env, SOURCES[model])
    common = {"brand_id": brand_id, "source_id": source_id}
    leads = await env["crm.lead"].insert(env, [{**common, **_values(row, places)} for row in rows])
    await env.execute(BELONG, brand_id, model, [row.id for row in rows], leads)
    [brand] = await env[BRAND].browse(env, [brand_id], ["name"])
    texts = {lead: _told(row, model, brand["name"]) for lead, row in zip(leads, rows, strict=True)}
    await tell(env, env["crm.lead"], texts)


def _values(row: WebLead, places: Mapping[int, int]) -> dict[str, Any]:
    return {
        "contact_name": row.contact_name,
        "email_from": row.email,
        "mobile": row.mobile,
        "dealership_id": places[row.dealer.id] if row.dealer else None,
    }


def _told(row: WebLead, model: str, brand: str) -> str:
    when = f" of {row.made_at} UTC" if row.made_at else ""
    return f"Imported from the distributor of {brand}: {model} {row.id}{when}."
