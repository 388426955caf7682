"""Reconciling: asking the other side, a page of leads at a time, what became of them, and resending what is missing.

A reconciliation is a record that names every difference it found. It repairs only when it is told to, and only by
sending messages once more through the outbox, as the same events: what has arrived already changes nothing. Each page
is a job of its own, so that thousands of leads hold up nothing; `tandem reconcile` goes through the pages itself.

A model of either area inherits from here and says which leads are its own, how the other side is asked, and what
it can repair.
"""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from models.crm.agreement import EVERYTHING, Difference, Fate, differences
from models.orm.errors import ConflictError, InputError
from models.orm.fields import Boolean, Char, DateTime, Integer, Json, Selection
from models.orm.fields.number import whole_number
from models.orm.model import Model
from models.sync.handler import Handler, RemoteAccount, RemoteCall, Remotes
from models.sync.outbox import enqueue
from models.sync.outcome import Outcome
from models.sync.queue import State
from models.sync.retry import Retry

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.sync.housekeeping import Cleaner
    from models.sync.queue import Job, Result
    from rpc_client import AsyncClient

PAGE = 500
KEPT = 1000  # differences that a record names; more are counted
DAYS = 90  # that a record is kept after its end
METHOD = "hand_over_states"
STATES = (("running", "Running"), ("done", "Done"), ("failed", "Failed"))
NO_LATER = (1 << 63) - 1

# what is done about a difference
BY_HAND = "by hand"
AT_THE_OTHER_SIDE = "at the other side"
REPAIRABLE = "can be resent"
ON_ITS_WAY = "on its way"
RESENT = "resent"


@dataclass(frozen=True, slots=True)
class Own:
    """A lead of ours, and what we know of it. `waits` says that our own message about it is not confirmed."""

    id: int
    name: str
    fate: Fate
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """A page of the other side's answer: leads up to `upto`, all that it has between. `more`: others follow."""

    fates: Sequence[Fate]
    upto: int = NO_LATER
    more: bool = False
    known: frozenset[str] = field(default=EVERYTHING)
    not_compared: str | None = None


class Reconciliation(Model):
    """One comparison of our leads with those of another side."""

    order = "id desc"
    label_field = "remote_name"
    job_kind: ClassVar[str] = ""
    their_model: ClassVar[str] = ""
    at_bpo: ClassVar[bool] = False  # which side we are
    repairs: ClassVar[frozenset[str]] = frozenset()
    waiting: ClassVar[tuple[str, str]] = ("", "")  # the difference, in words, when our message is not confirmed

    remote_name = Char("Other side", size=256, required=True, readonly=True)
    state = Selection("State", STATES, required=True, readonly=True, default="running")
    repair = Boolean("Repairs", readonly=True)
    compared = Integer("Leads compared", readonly=True, default=0)
    different = Integer("Differences", readonly=True, default=0)
    resent = Integer("Resent", readonly=True, default=0)
    differences = Json("What differs", readonly=True)
    not_compared = Char("Not compared", size=512, readonly=True)
    error = Char("Error", size=512, readonly=True)
    finished_at = DateTime("Finished", readonly=True)

    @classmethod
    async def clean(cls, env: Env, limit: int) -> int:
        """Delete those that were written last 90 days ago, and that no job in the outbox goes on with."""
        return len(await env.change(CLEAN.format(table=cls.meta.table), limit, DAYS, cls.job_kind))

    # what each side says for itself; that it says all of it is checked with the types, where `Reconcile` gets a model

    @classmethod
    @abstractmethod
    async def account(cls, env: Env, run_id: int) -> RemoteAccount:
        """Return how the other side of a reconciliation is reached. Raises `UserError` when it is not."""

    @classmethod
    @abstractmethod
    async def own(cls, env: Env, run_id: int, after: int, upto: int) -> list[Own]:
        """Return our leads that were handed over between two of the BPO's ids, those of the first page when asked."""

    @classmethod
    @abstractmethod
    async def own_ids(cls, env: Env, run_id: int, after: int) -> list[int]:
        """Return the BPO's ids of the next page of our leads."""

    @classmethod
    @abstractmethod
    async def ask_odoo(cls, client: AsyncClient, ids: list[int]) -> Told:
        """Ask an Odoo what it can answer of these leads."""

    @classmethod
    @abstractmethod
    async def own_links(cls, env: Env) -> str:
        """Return how links to our leads begin: what the other side has of somebody else is none of our business."""

    @classmethod
    @abstractmethod
    async def resend(cls, env: Env, lead_id: int) -> None:
        """Send our message about a lead again. Raises `ConflictError` while it is on its way."""

    # the steps of a page

    @classmethod
    async def begin(cls, env: Env, values: Mapping[str, Any], remote: str | None) -> int:
        """Make the record, and the job of its first page unless somebody else goes through the pages."""
        [run_id] = await cls.insert(env, [values])
        if remote is not None:
            await cls.next_page(env, run_id, 0, remote, values["company_id"])
        return run_id

    @classmethod
    async def next_page(cls, env: Env, run_id: int, after: int, remote: str, company_id: int) -> None:
        """Have the worker compare the leads after this one."""
        args = {"run": run_id, "after": after}
        await enqueue(env, cls.job_kind, args, remote=remote, company_id=company_id)

    @classmethod
    async def question(cls, env: Env, run_id: int, after: int) -> RemoteCall:
        """Return the call for a page. `ids` of our own go along for a side that can only be asked about those."""
        ids = await cls.own_ids(env, run_id, after)
        payload = {"after": after, "limit": PAGE, "ids": ids}
        return RemoteCall(await cls.account(env, run_id), cls.their_model, METHOD, payload)

    @classmethod
    async def ask(cls, call: RemoteCall, client: AsyncClient) -> Told:
        """Ask the other side, with nothing of the database held."""
        if (await client.spoken()).name == "odoo":
            ids = list(call.payload["ids"])
            told = await cls.ask_odoo(client, ids) if ids else Told(())
            more = len(ids) == PAGE
            return dataclasses.replace(told, upto=ids[-1] if more else NO_LATER, more=more)
        asked = {key: call.payload[key] for key in ("after", "limit")}
        return _page(await client.execute(call.model, call.method, [asked]), call.payload["after"])

    @classmethod
    async def judge(cls, env: Env, run_id: int, after: int, told: Told) -> None:
        """Compare a page with what we have now, write down what differs, and repair it where that is wanted."""
        [run] = await cls.lock(env, [run_id], ["repair", "compared", "different", "resent", "differences"])
        ours = {lead.fate.bpo_lead_id: lead for lead in await cls.own(env, run_id, after, told.upto)}
        links = await cls.own_links(env)
        theirs = {fate.bpo_lead_id: fate for fate in told.fates if _concerns(fate, ours.get(fate.bpo_lead_id), links)}
        numbers = sorted(ours.keys() | theirs.keys())
        found = [
            _named(ours.get(number), number, theirs.get(number), difference)
            for number in numbers
            for difference in cls._compared(ours.get(number), theirs.get(number), told.known)
        ]
        for one in found:
            one["repair"] = await cls._handled(env, one["kind"], one["id"], repair=run["repair"])
        values = {
            "compared": run["compared"] + len(numbers),
            "different": run["different"] + len(found),
            "resent": run["resent"] + sum(one["repair"] == RESENT for one in found),
            "differences": [*(run["differences"] or ()), *found][:KEPT],
            "not_compared": told.not_compared,
        }
        finished = {} if told.more else {"state": "done", "finished_at": env.now}
        await cls.update(env, [run_id], {**values, **finished})

    @classmethod
    async def broken_off(cls, env: Env, run_id: int, error: str) -> None:
        """Note that the other side could not be asked."""
        await cls.update(env, [run_id], {"state": "failed", "error": error, "finished_at": env.now})

    @classmethod
    def _compared(cls, own: Own | None, fate: Fate | None, known: frozenset[str]) -> list[Difference]:
        ours = None if own is None else own.fate
        found = differences(ours, fate, known) if cls.at_bpo else differences(fate, ours, known)
        if own is not None and fate is not None and own.waits and not found:
            found = [Difference(*cls.waiting)]
        return found

    @classmethod
    async def _handled(cls, env: Env, kind: str, lead_id: int | None, *, repair: bool) -> str:
        """Return what is done about a difference."""
        if kind not in cls.repairs or lead_id is None:
            return AT_THE_OTHER_SIDE if kind in REPAIRED_THERE[cls.at_bpo] else BY_HAND
        if not repair:
            return REPAIRABLE
        try:
            await cls.resend(env, lead_id)
        except ConflictError:
            return ON_ITS_WAY
        return RESENT


# One that never ended, because its process was killed, is over as soon as no job goes on with it.
CLEAN = """
delete from "{table}" where id in (
    select id from "{table}" r
    where r.write_date < now() - make_interval(days => $2) and not exists (
        select 1 from sync_job j
        where j.state in ('ready', 'running', 'parked') and j.kind = $3 and j.args -> 'run' = to_jsonb(r.id))
    order by r.write_date limit $1 for update of r skip locked)
returning id
"""


# What the other side can repair by running its own reconciliation: at the BPO what a callback brings, at the dealer
# what an endorsement brings.
CALLBACK_REPAIRS = frozenset({"outcome_not_arrived", "callback_not_confirmed"})
ENDORSEMENT_REPAIRS = frozenset(
    {"missing_at_dealer", "order_differs", "reference_differs", "endorsement_not_confirmed"}
)
REPAIRED_THERE = {True: CALLBACK_REPAIRS, False: ENDORSEMENT_REPAIRS}


def _concerns(fate: Fate, own: Own | None, links: str) -> bool:
    """Say whether what the other side tells is about a lead of ours: ids alone are not unique among several BPOs."""
    if own is None:
        return not links or (fate.source_url or "").startswith(links)
    return fate.source_url is None or own.fate.source_url is None or fate.source_url == own.fate.source_url


def _named(own: Own | None, number: int, fate: Fate | None, difference: Difference) -> dict[str, Any]:
    theirs = (fate.dealer_lead_name or fate.bpo_lead_name) if fate else None
    name = own.name if own is not None else theirs or str(number)
    kept = {"lead": name, "id": own.id if own is not None else None, "bpo_lead_id": number}
    return {**kept, "kind": difference.kind, "text": difference.text}


def _page(answer: Any, after: int) -> Told:
    """Read a page of answers; what makes no sense in it is left out, and paging ends where it would not go on."""
    told = answer if isinstance(answer, Mapping) else {}
    leads = told.get("leads")
    read = [Fate.heard(one) for one in (leads if isinstance(leads, list) else [])]
    fates = [fate for fate in read if fate is not None and fate.bpo_lead_id > after]
    upto = told.get("next")
    more = isinstance(upto, int) and not isinstance(upto, bool) and after < upto < NO_LATER
    return Told(fates, upto if more else NO_LATER, more)  # type: ignore[arg-type]


def page_asked(payload: Any) -> tuple[int, int]:
    """Read a question. Raises `InputError`."""
    if not isinstance(payload, dict):
        raise InputError("payload must be an object.", argument="payload")
    after, limit = whole_number(payload.get("after", 0)), whole_number(payload.get("limit", PAGE))
    if after is None or after < 0 or after >= 1 << 63 or limit is None or limit < 1:
        raise InputError("after and limit must be whole numbers.", argument="payload")
    return after, min(limit, PAGE)


def cleaner_of(model: type[Reconciliation]) -> Cleaner:
    """Return the cleaner of an area's reconciliations."""

    async def clean(env: Env, limit: int) -> int:
        return await env[model].clean(env, limit)

    return clean


class Reconcile(Handler):
    """Compares one page and asks for the next. Each area has one, for the model of its reconciliations."""

    retry: ClassVar[Retry] = dataclasses.replace(Retry(), attempts=3, rejections=1, horizon=timedelta(0))
    model: ClassVar[type[Reconciliation]]

    async def prepare(self, env: Env, job: Job) -> RemoteCall | None:
        """Say what is asked."""
        return await env[self.model].question(env, job.args["run"], job.args["after"])

    async def send(self, call: RemoteCall, job: Job, remotes: Remotes) -> Outcome:  # noqa: ARG002 the base's form
        """Ask."""
        return Outcome.delivered(await self.model.ask(call, remotes.client(call.account)))

    async def settle(self, env: Env, job: Job, result: Result) -> None:
        """Write down what was found; go on, end, or give up."""
        model, run_id = env[self.model], job.args["run"]
        if result.outcome.succeeded:
            told = result.outcome.answer
            await model.judge(env, run_id, job.args["after"], told)
            if told.more:
                await model.next_page(env, run_id, told.upto, job.remote, job.company_id)
        elif result.state is State.PARKED:
            await model.broken_off(env, run_id, result.outcome.error)
        else:
            await model.update(env, [run_id], {"error": result.outcome.error})
