"""What can be asked of a brand's distributor, when it is asked by itself, and how the last runs went."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from models.bpo.groups import AGENT, MANAGER
from models.crm.connection import RemoteConnection
from models.orm import arguments
from models.orm.data import Datum
from models.orm.declare import Access, Key
from models.orm.errors import UserError
from models.orm.fields import Char, DateTime, Integer, Many2One, Selection, Text
from models.orm.methods import rpc
from models.orm.model import Model
from models.sync.handler import LocalHandler
from models.sync.outbox import enqueue

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.sync.queue import Job

BRAND = "crm.brand"
LEADS, CONFIRM, DEALERS, VEHICLES = (
    "bpo.distributor_leads", "bpo.distributor_confirm", "bpo.distributor_dealers", "bpo.distributor_models",
)  # fmt: skip
QUOTATION, TEST_DRIVE = "cheryweb.quotation", "cherywebsite.test.drive"
WEB_MODELS = (QUOTATION, TEST_DRIVE)
RUNS = (
    (QUOTATION, "Web Quotations"),
    (TEST_DRIVE, "Test Drives"),
    ("confirm", "Confirmation of Web Leads"),
    ("dealers", "Dealers"),
    ("models", "Vehicle Models"),
)
SECONDS = 300

# Everybody who writes what a distributor told waits here, brand by brand. Leads may name the brand meanwhile.
HOLD = "select from crm_brand where id = $1 for no key update"
BUSY = """
select kind, (args ->> 'brand')::bigint as brand, args ->> 'model' as model
from sync_job where kind = any($1::text[]) and state in ('ready', 'running')
"""
UNCONFIRMED = "select distinct brand_id, model from crm_distributor_record where confirmed_at is null"
NOTE = """
insert into crm_distributor_sync as s
    (brand_id, run, state, read_count, created_count, skipped_count, problems, tried_at, done_at, create_uid, write_uid)
values ($1, $2, 'done', $3, $4, $5, $6, now(), now(), $7, $7)
on conflict (brand_id, run) do update set
    state = 'done', error = null, tried_at = now(), done_at = now(), write_uid = $7, write_date = now(),
    read_count = excluded.read_count + case when $8 then s.read_count else 0 end,
    created_count = excluded.created_count + case when $8 then s.created_count else 0 end,
    skipped_count = excluded.skipped_count + case when $8 then s.skipped_count else 0 end,
    problems = case when $8 then concat_ws(e'\\n', s.problems, excluded.problems) else excluded.problems end
"""
FAILED = """
insert into crm_distributor_sync (brand_id, run, state, error, tried_at, create_uid, write_uid)
values ($1, $2, 'failed', $3, now(), $4, $4)
on conflict (brand_id, run) do update set
    state = 'failed', error = excluded.error, tried_at = now(), write_uid = $4, write_date = now()
"""


class Distributor(RemoteConnection):
    """What can be done with a brand that has a distributor."""

    __slots__ = ()

    @rpc(groups=(MANAGER,), aliases=("sync_leads",))
    @classmethod
    async def action_sync_leads(cls, env: Env, ids: Any) -> bool:
        """Import web leads now, beside the plan. `sync_ids` tell what came of it. Answers true."""
        await start_intake(env, await cls._connected(env, ids))
        return True

    @rpc(groups=(MANAGER,), aliases=("sync_dealers",))
    @classmethod
    async def action_sync_dealers(cls, env: Env, ids: Any) -> bool:
        """Begin to read the distributor's dealers. `sync_ids` tell what came of it. Answers true."""
        await _start(env, DEALERS, await cls._connected(env, ids))
        return True

    @rpc(groups=(MANAGER,), aliases=("sync_vehicle_models",))
    @classmethod
    async def action_sync_models(cls, env: Env, ids: Any) -> bool:
        """Begin to read the distributor's vehicle models. `sync_ids` tell what came of it. Answers true."""
        await _start(env, VEHICLES, await cls._connected(env, ids))
        return True

    @classmethod
    async def is_reachable(cls, env: Env, brand_id: int) -> bool:
        """Say whether a brand is there, not archived, and has a complete connection."""
        domain = [["id", "=", brand_id], ["active", "=", True], ["is_connected", "=", True]]
        return bool(await cls.search(env, domain))

    @classmethod
    async def _connected(cls, env: Env, ids: Any) -> list[Any]:
        wanted = arguments.ids_of(ids, model=cls.meta.name)
        await cls.lock(env, wanted, ["active"])
        brands = await cls.browse(env, wanted, ["name", "active", "is_connected", "company_id"])
        for brand in brands:
            if not brand["active"] or not brand["is_connected"]:
                raise UserError(
                    f"{brand['name']} has no distributor connection: it needs address, user and password.",
                    model=cls.meta.name,
                    ids=[brand.id],
                )
        return brands


class DistributorSync(Model, name="crm.distributor.sync", label="Distributor Synchronisation"):
    """How the last run of one kind went for a brand. The counts and problems are those of the last that succeeded."""

    access = (Access(read=AGENT),)
    order = "brand_id, run"
    label_field = "run"
    keys = (Key(("brand_id", "run"), "This run is noted already."),)

    brand_id = Many2One("Brand", BRAND, required=True, readonly=True, on_delete="cascade", index=False)
    run = Selection("What", RUNS, required=True, readonly=True)
    state = Selection("State", (("done", "Done"), ("failed", "Failed")), required=True, readonly=True)
    error = Char("Error", size=512, readonly=True, groups=MANAGER)
    tried_at = DateTime("Last tried on", readonly=True)
    done_at = DateTime("Last done on", readonly=True)
    read_count = Integer("Read", readonly=True, aggregate="")
    created_count = Integer("Created", readonly=True, aggregate="")
    skipped_count = Integer("Skipped", readonly=True, aggregate="")
    problems = Text("Skipped because", readonly=True, help="One line for each row that was skipped: its id, and why.")


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of one answer: rows read, records made, and a line for each row that was skipped."""

    read: int
    created: int
    problems: Sequence[str] = ()


async def note_done(env: Env, brand_id: int, run: str, taken: Taken, *, later_page: bool = False) -> None:
    """Write down a run that succeeded; of several pages the counts are added up."""
    skipped = len(taken.problems)
    text = "\n".join(taken.problems) or None
    values = (brand_id, run, taken.read, taken.created, skipped, text, env.user.id, later_page)
    await env.execute(NOTE, *values)


async def note_failed(env: Env, brand_id: int, run: str, error: str) -> None:
    """Write down a try that failed."""
    await env.execute(FAILED, brand_id, run, error[:512], env.user.id)


async def start_intake(env: Env, brands: Iterable[Any]) -> None:
    """Have each brand's web leads read, and those imported before confirmed, unless a job for that is waiting."""
    unconfirmed = {tuple(row) for row in await env.fetch(UNCONFIRMED)}
    busy = await _busy(env, LEADS, CONFIRM)
    for brand in brands:
        for model in WEB_MODELS:
            kinds = (LEADS, CONFIRM) if (brand.id, model) in unconfirmed else (LEADS,)
            for kind in kinds:
                if (kind, brand.id, model) not in busy:
                    await enqueue_for(env, kind, brand.id, {"model": model}, brand["company_id"])


async def _start(env: Env, kind: str, brands: Iterable[Any]) -> None:
    busy = await _busy(env, kind)
    for brand in brands:
        if (kind, brand.id, None) not in busy:
            await enqueue_for(env, kind, brand.id, {"after": 0}, brand["company_id"])


async def _busy(env: Env, *kinds: str) -> set[tuple[Any, ...]]:
    return {tuple(row) for row in await env.fetch(BUSY, list(kinds))}


async def enqueue_for(env: Env, kind: str, brand_id: int, args: dict[str, Any], company_id: int | None) -> None:
    """Add a job for a brand's distributor."""
    remote = env[BRAND].remote_name(brand_id)
    company = company_id or env.company_id
    await enqueue(env, kind, {"brand": brand_id, **args}, remote=remote, company_id=company)


class DistributorDue(LocalHandler):
    """Every five minutes: starts the import of web leads for each active brand with a connection."""

    kind: ClassVar[str] = "bpo.distributor_due"

    async def run(self, env: Env, job: Job) -> bool:  # noqa: ARG002 every run does the same
        """Add the jobs. There is never more to do."""
        domain = [["active", "=", True], ["is_connected", "=", True]]
        await start_intake(env, await env[BRAND].find(env, domain, ["company_id"], order="id"))
        return False


DATA = (
    Datum(
        "bpo.schedule_distributor_leads",
        "sync.schedule",
        {"name": "CRM: Sync Distributor Campaign Leads", "kind": DistributorDue.kind, "seconds": SECONDS},
    ),
)
