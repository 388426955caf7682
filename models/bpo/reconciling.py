"""The BPO's side of reconciling: what it tells a dealer, and how it asks its dealers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from models.base.parameter import Parameter
from models.bpo.dealership import Dealership
from models.bpo.endorsing import BASE_URL, OWN_URL
from models.bpo.groups import MANAGER, RECONCILE_SERVICE
from models.bpo.history import Remembering
from models.crm.agreement import Fate
from models.crm.link import source_url
from models.crm.reconciling import ENDORSEMENT_REPAIRS, PAGE, Own, Reconcile, Reconciliation, Told, page_asked
from models.crm.workflow_step import elevated
from models.orm import arguments
from models.orm.declare import Access
from models.orm.errors import AccessError, AppError
from models.orm.fields import Many2One
from models.orm.methods import rpc
from models.sync.handler import RemoteAccount

if TYPE_CHECKING:
    from models.orm.env import Env
    from rpc_client import AsyncClient

JOB = "bpo.reconcile"
KNOWN = """
select l.id, l.reference, l.dealer_lead_name, l.dealer_order_name, l.lost_reason, l.endorse_url, l.endorse_state,
    s.is_won, s.is_lost
from crm_lead l join crm_stage s on s.id = l.stage_id
where l.dealership_id = $1 and l.endorse_state <> 'none' and l.id > $2 and l.id <= $3 order by l.id limit $4
"""
ODOO_FIELDS = ["name", "bpo_source_lead_id", "bpo_source_url", "date_won", "date_lost", "lost_reason", "sale_order_id"]
ODOO_GAPS = "leads that the dealer alone has: an Odoo is asked only about ours"
ALL = 1 << 31


class Reconciling(Remembering):
    """The BPO's leads as both sides may ask about them."""

    __slots__ = ()

    @rpc(readonly=True, groups=(RECONCILE_SERVICE,))
    @classmethod
    async def hand_over_states(cls, env: Env, payload: Any) -> dict[str, Any]:
        """Tell a dealer what is known of the leads endorsed to it: those after one id, a page at a time.

        `payload` is {after, limit}. Answers {leads: [{bpo_lead_id, bpo_lead_name, dealer_lead_name, outcome,
        lost_reason, order_name, source_url}], next}; `next` is null on the last page, else what to ask for next.
        """
        system = elevated(env, "a dealership may ask about its own leads alone")
        dealership = await system[Dealership].calling(system)
        if dealership is None:
            raise AccessError("This user does not call back for any dealership.", model=cls.meta.name)
        after, limit = page_asked(payload)
        leads = [_own(row) for row in await env.fetch(KNOWN, dealership.id, after, (1 << 63) - 1, limit)]
        return {"leads": [lead.fate.told() for lead in leads], "next": leads[-1].id if len(leads) == limit else None}

    @rpc(groups=(MANAGER,))
    @classmethod
    async def reconcile(cls, env: Env, dealership_id: Any = None, repair: Any = False) -> list[int]:
        """Compare the leads endorsed to a dealership, or to every one that is connected, with the dealer's.

        With `repair` what has not arrived there is sent again. Answers the ids of `crm.reconciliation` records, one
        for each dealership, which tell what differs as soon as their state is done.
        """
        system = elevated(env, "a manager has both sides compared")
        chosen = None if arguments.is_unset(dealership_id) else cls.dealership_id.parse(dealership_id, env.dialect)
        wanted = not arguments.is_unset(repair)
        if chosen is not None:
            [found] = await env[Dealership].browse(env, [chosen], ["company_id"])
            return [await begun(system, found["company_id"], chosen, repair=wanted, by_worker=True)]
        targets = await env[BpoReconciliation].targets(system)
        mine = [(company, one) for company, one in targets if company in env.user.company_ids]
        return [await begun(system, company, one, repair=wanted, by_worker=True) for company, one in mine]


async def begun(env: Env, company_id: int, dealership_id: int, *, repair: bool, by_worker: bool) -> int:
    """Begin a reconciliation with a dealership. Raises `UserError` for one that is not connected."""
    dealership = await env[Dealership].reachable(env, dealership_id)
    values = {
        "company_id": company_id,
        "remote_name": dealership.name,
        "repair": repair,
        "dealership_id": dealership_id,
    }
    remote = env[Dealership].remote_name(dealership_id) if by_worker else None
    return await env[BpoReconciliation].begin(env, values, remote)


class BpoReconciliation(Reconciliation, name="crm.reconciliation", label="Reconciliation with a Dealer"):
    """A comparison of the leads endorsed to a dealership with the dealer's."""

    access = (Access(read=MANAGER),)
    company = "own"
    their_model: ClassVar[str] = "dealer.crm.lead"
    job_kind: ClassVar[str] = JOB
    at_bpo: ClassVar[bool] = True
    repairs: ClassVar[frozenset[str]] = ENDORSEMENT_REPAIRS
    waiting: ClassVar[tuple[str, str]] = (
        "endorsement_not_confirmed",
        "the dealer has it, but has not confirmed it here",
    )

    dealership_id = Many2One("Dealership", "crm.dealership", required=True, readonly=True, on_delete="cascade")

    @classmethod
    async def targets(cls, env: Env) -> list[tuple[int, int]]:
        """Return every connected dealership with its company."""
        domain = [["active", "=", True], ["is_connected", "=", True]]
        return [(one["company_id"], one.id) for one in await env[Dealership].find(env, domain, ["company_id"])]

    @classmethod
    async def start(cls, env: Env, company_id: int, other: int, *, repair: bool) -> int:
        """Begin one whose pages the caller goes through itself."""
        return await begun(env, company_id, other, repair=repair, by_worker=False)

    @classmethod
    async def account(cls, env: Env, run_id: int) -> RemoteAccount:
        """Return the account at the dealer."""
        dealership = await env[Dealership].reachable(env, await cls._dealership(env, run_id))
        return await env[Dealership].account_of(env, dealership.id)

    @classmethod
    async def own(cls, env: Env, run_id: int, after: int, upto: int) -> list[Own]:
        """Return the endorsed leads of a range."""
        rows = await env.fetch(KNOWN, await cls._dealership(env, run_id), after, upto, ALL)
        return [_own(row) for row in rows]

    @classmethod
    async def own_ids(cls, env: Env, run_id: int, after: int) -> list[int]:
        """Return the ids of the next page."""
        rows = await env.fetch(KNOWN, await cls._dealership(env, run_id), after, (1 << 63) - 1, PAGE)
        return [row["id"] for row in rows]

    @classmethod
    async def own_links(cls, env: Env) -> str:
        """Return where links to this BPO lead; before any was made they lead nowhere."""
        base = await env[Parameter].value_of(env, BASE_URL) or await env[Parameter].value_of(env, OWN_URL)
        return _spelt(base) if base else "no link"

    @classmethod
    async def ask_odoo(cls, client: AsyncClient, ids: list[int]) -> Told:
        """Ask an Odoo for its leads that came from ours."""
        domain = [["bpo_source_lead_id", "in", ids]]
        found = await client.execute("dealer.crm.lead", "search_read", [domain, ODOO_FIELDS], {"active_test": False})
        return Told([fate for lead in found if (fate := _fate_of_odoo(lead))], not_compared=ODOO_GAPS)

    @classmethod
    async def resend(cls, env: Env, lead_id: int) -> None:
        """Hand the lead over again."""
        await env["crm.lead"].hand_over_again(env, lead_id)

    @classmethod
    async def _dealership(cls, env: Env, run_id: int) -> int:
        [run] = await cls.browse(env, [run_id], ["dealership_id"])
        return int(run["dealership_id"])


class ReconcileWithDealer(Reconcile):
    """Compares a page of leads with a dealer."""

    kind: ClassVar[str] = JOB
    model: ClassVar[type[Reconciliation]] = BpoReconciliation


def _own(row: Any) -> Own:
    fate = Fate(
        row["id"],
        row["reference"],
        row["dealer_lead_name"],
        "won" if row["is_won"] else "lost" if row["is_lost"] else None,
        row["lost_reason"] if row["is_lost"] else None,
        row["dealer_order_name"],
        _spelt(row["endorse_url"]) if row["endorse_url"] else None,
    )
    return Own(row["id"], row["reference"], fate, waits=row["endorse_state"] != "done")


def _fate_of_odoo(lead: dict[str, Any]) -> Fate | None:
    """Return what an Odoo says of its lead; it sends false for what is empty, and a pair for its order."""
    order = lead.get("sale_order_id")
    outcome = "won" if lead.get("date_won") else "lost" if lead.get("date_lost") else None
    told = {
        "bpo_lead_id": lead.get("bpo_source_lead_id"),
        "dealer_lead_name": lead.get("name"),
        "outcome": outcome,
        "lost_reason": lead.get("lost_reason"),
        "order_name": order[1] if isinstance(order, list) and len(order) == 2 else None,
        "source_url": lead.get("bpo_source_url"),
    }
    return Fate.heard(told)


def _spelt(url: str) -> str:
    try:
        return source_url(url)
    except AppError:
        return url
