"""Endorsing: a negotiated lead goes to a dealer, with or without a sales quotation (handover 1.2).

The lead moves to its hand-off stage, and in the same transaction a message is put into the outbox; the worker hands
the lead over after the commit. From then on only the dealer's callback closes it. `endorse_state` says how far the
hand-over is; when the dealer's system refused it (an unknown brand, say) the cause is corrected and the lead endorsed
again, to the same dealership: it cannot be at two at once.
"""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Self

from models.base.parameter import Parameter
from models.bpo.closing import Closing
from models.bpo.dealership import Dealership
from models.bpo.distributor.rows import NO_NUMBER
from models.bpo.groups import AGENT
from models.bpo.moving import refuse_endorsed
from models.bpo.record import LeadRecord
from models.bpo.stage import ENDORSED
from models.crm.claiming import refuse_closed
from models.crm.pipeline import RULE, Stage
from models.crm.stage import Pipeline
from models.crm.telling import tell
from models.crm.workflow_step import decided, elevated, is_decided
from models.orm import arguments
from models.orm.data import external_ids
from models.orm.errors import TransitionError, UserError, ValidationError
from models.orm.methods import rpc
from models.sync.handler import Handler, RemoteCall
from models.sync.outbox import enqueue, resend_last
from models.sync.queue import State
from models.sync.redaction import redact

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.values import Row
    from models.sync.queue import Job, Result

KIND = "bpo.endorse"
MODEL = "crm.lead"
WORDS = {"with_sq": "with S.Q.", "without_sq": "without S.Q."}
BASE_URL = "web.base.url"
OWN_URL = "bpo.instance.url"

# What goes over as it is: the dealer's payload has the same names.
CARRIED = (
    "phone", "mobile", "street", "city", "preferred_color", "quantity", "expected_price", "budget_min", "budget_max",
    "customer_notes", "internal_notes", "has_trade_in", "trade_in_make_model", "trade_in_year", "trade_in_mileage",
    "trade_in_value", "financing_needed", "financing_type", "down_payment", "priority",
)  # fmt: skip
LOOKED_UP = {
    "brand_code": "brand_id.code",
    "product_default_code": "vehicle_model_id.default_code",
    "vehicle_model_code": "vehicle_model_id.default_code",
    "country_code": "country_id.code",
    "state_code": "state_id.code",
}
READ = (
    "name", "contact_name", "partner_name", "email_from", "zip", "vehicle_model_text", "vehicle_model_id.name",
    "reference", "endorse_url", *CARRIED, *LOOKED_UP.values(),
)  # fmt: skip


class Endorsing(Closing):
    """The Endorse buttons."""

    __slots__ = ()

    @rpc(aliases=("endorse_with_sq",))
    @classmethod
    async def action_endorse_with_sq(cls, env: Env, ids: Any, dealership_id: Any = None) -> bool:
        """Hand claimed leads in Negotiation to a dealer, who makes a draft order of each. Answers true."""
        return await cls._endorse(env, ids, dealership_id, "with_sq")

    @rpc(aliases=("endorse_without_sq",))
    @classmethod
    async def action_endorse_without_sq(cls, env: Env, ids: Any, dealership_id: Any = None) -> bool:
        """Hand claimed leads in Negotiation to a dealer. Answers true."""
        return await cls._endorse(env, ids, dealership_id, "without_sq")

    @rpc(groups=(AGENT,))
    @classmethod
    async def resend_endorsement(cls, env: Env, ids: Any) -> bool:
        """Hand leads over again whose endorsement failed, as they are now. Answers true."""
        leads, _ = await cls.lock_claimed(env, ids, ["endorse_state", "endorse_kind"])
        for lead in leads:
            if lead.endorse_state != "failed":
                raise UserError(
                    f"There is no failed endorsement of {lead.reference}.", model=cls.meta.name, ids=[lead.id]
                )
            await cls._endorse(env, [lead.id], None, lead.endorse_kind)
        return True

    @classmethod
    async def hand_over_again(cls, env: Env, lead_id: int) -> None:
        """Send the endorsement of a lead once more, as the same event; as a new one when the outbox has forgotten it.

        For code that has found out, as the system, that it did not arrive. Raises `ConflictError` while it is sent.
        """
        if not await resend_last(env, (MODEL, lead_id), KIND):
            names = ("endorse_kind", "endorsed_by.name", "endorsed_at", "dealership_id", "company_id")
            [lead] = await cls.browse(env, [lead_id], [*READ, *names])
            link = lead["endorse_url"] or await lead_link(env, lead_id)
            payload = {**endorsement_payload(lead), "sq_flag": lead["endorse_kind"], "bpo_source_url": link}
            payload |= {"endorsed_by": lead["endorsed_by.name"], "event_id": str(uuid.uuid4())}
            payload |= {"endorsed_at": LeadRecord.endorsed_at.dump(lead["endorsed_at"])}
            await cls._send(env, lead, lead["dealership_id"], payload)
        await cls.update(decided(env), [lead_id], {"endorse_state": "pending"})

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Keep the dealership of an endorsed lead: its callback is bound to it (statement H27)."""
        await super().prepare_write(env, ids, row)
        if "dealership_id" not in row or is_decided(env):
            return
        for lead in await cls.lock(env, ids, ["reference", "endorse_state", "dealership_id"]):
            if lead["dealership_id"] != row["dealership_id"]:
                refuse_endorsed(lead)

    @classmethod
    async def _endorse(cls, env: Env, ids: Any, dealership_id: Any, kind: str) -> bool:
        chosen = None if arguments.is_unset(dealership_id) else cls.dealership_id.parse(dealership_id, env.dialect)
        leads, pipeline = await cls.lock_claimed(env, ids, ["dealership_id", "brand_id", "endorse_state", "company_id"])
        stage_id = (await external_ids(env, [ENDORSED[kind]])).get(ENDORSED[kind])
        stage = pipeline[stage_id]
        for lead in leads:
            dealership = await cls._destination(env, lead, chosen, pipeline)
            await cls._hand_over(env, lead, dealership, kind, stage)
        return True

    @classmethod
    async def _destination(cls, env: Env, lead: Self, chosen: int | None, pipeline: Pipeline) -> Dealership:
        """Refuse what cannot be endorsed; return the dealership it goes to."""
        _check_endorsable(lead, chosen, pipeline)
        system = elevated(env, "agents endorse to dealerships whose connection they may not see")
        return await system[Dealership].reachable(system, chosen or lead.dealership_id)

    @classmethod
    async def _hand_over(cls, env: Env, lead: LeadRecord, dealership: Dealership, kind: str, stage: Stage) -> None:
        """Write the endorsement and put its message into the outbox."""
        system = elevated(env, "the endorsement is sent on behalf of the agent")
        [full] = await cls.browse(system, [lead.id], READ)
        link = full["endorse_url"] or await lead_link(system, lead.id)
        payload = {**endorsement_payload(full), "sq_flag": kind, "bpo_source_url": link, "event_id": str(uuid.uuid4())}
        payload |= {"endorsed_by": env.user.name, "endorsed_at": LeadRecord.endorsed_at.dump(env.now)}
        values = {
            "dealership_id": dealership.id,
            "endorse_kind": kind,
            "endorse_state": "pending",
            "endorse_error": None,
            "endorsed_by": env.user.id,
            "endorsed_at": env.now,
            "endorse_url": link,
        }
        moved = {} if lead.stage_id == stage.id else {"stage_id": stage.id, "probability": stage.probability}
        await cls.update(decided(env), [lead.id], {**values, **moved})
        await tell(env, cls, {lead.id: f"Endorsed {WORDS[kind]} to {dealership.name} by {env.user.name}."})
        await cls._send(system, lead, dealership.id, payload)

    @classmethod
    async def _send(cls, env: Env, lead: LeadRecord, dealership_id: int, payload: dict[str, Any]) -> None:
        await enqueue(
            env,
            KIND,
            {"dealership_id": dealership_id, "payload": payload},
            lane=(MODEL, lead.id),
            remote=env[Dealership].remote_name(dealership_id),
            event=payload["event_id"],
            company_id=lead["company_id"],
        )


def endorsement_payload(lead: LeadRecord) -> dict[str, Any]:
    """Return what the dealer is told of a lead read with `READ`; numbers as numbers of JSON, unset values as null."""
    carried = {name: _plain(lead[name]) for name in CARRIED}
    looked_up = {key: lead[path] for key, path in LOOKED_UP.items()}
    return {
        **carried,
        **looked_up,
        "contact_name": lead["contact_name"] or lead["partner_name"] or lead.name,
        # Not sent as a number: a dealer that compares texts would take all who left none for one customer.
        "mobile": None if lead["mobile"] == NO_NUMBER else lead["mobile"],
        "email": lead.email_from,
        "zip_code": lead.zip,
        "vehicle_model_text": lead["vehicle_model_text"] or lead["vehicle_model_id.name"],
        "bpo_source_lead_id": lead.id,
        "bpo_source_lead_name": lead.reference,
    }


async def lead_link(env: Env, lead_id: int) -> str:
    """Return the link to a lead's form, which also tells this BPO from every other one.

    Without the parameter web.base.url an address that leads nowhere but is ours alone is made once and kept.
    """
    base = await env[Parameter].value_of(env, BASE_URL) or await env[Parameter].value_of(env, OWN_URL)
    if not base:
        await env.execute(
            "insert into ir_config_parameter (key, value, create_uid, write_uid) values ($1, $2, $3, $3)"
            " on conflict (key) do nothing",
            OWN_URL,
            f"https://bpo-{uuid.uuid4().hex[:12]}.invalid",
            env.user.id,
        )
        base = await env[Parameter].value_of(env, OWN_URL)
    return f"{(base or '').rstrip('/')}/web#id={lead_id}&model={MODEL}&view_type=form"


def _check_endorsable(lead: Closing, chosen: int | None, pipeline: Pipeline) -> None:
    stage = pipeline[lead.stage_id]
    refuse_closed(lead, stage)
    if lead.endorse_state in ("pending", "done"):
        raise TransitionError(f"{lead.reference} is endorsed already.", model=MODEL, ids=[lead.id], state=stage.name)
    again = lead.endorse_state == "failed"
    if again and chosen is not None and chosen != lead.dealership_id:
        raise UserError(
            f"{lead.reference} may have reached its dealership: it is endorsed again to the same one only.",
            ids=[lead.id],
        )
    if not again and stage.id != pipeline.last_open.id:
        raise TransitionError(
            f"{RULE} {lead.reference} is in {stage.name}; it can be endorsed from {pipeline.last_open.name}.",
            model=MODEL,
            ids=[lead.id],
            state=stage.name,
        )
    missing = []
    if lead["brand_id"] is None:
        missing.append("Select a brand first.")
    if chosen is None and lead["dealership_id"] is None:
        missing.append("Select a dealership first.")
    if missing:
        raise ValidationError(" ".join(missing), model=MODEL, ids=[lead.id])


def _plain(value: Any) -> Any:
    """Return a value as JSON without decimals of Python: amounts as texts that are numbers, which keep every digit."""
    return str(value) if isinstance(value, Decimal) else value


class Endorsement(Handler):
    """Hands one lead over and writes on it what became of that."""

    kind: ClassVar[str] = KIND

    async def prepare(self, env: Env, job: Job) -> RemoteCall | None:
        """Read how the dealership is reached now."""
        dealership = await env[Dealership].reachable(env, job.args["dealership_id"])
        account = await env[Dealership].account_of(env, dealership.id)
        return RemoteCall(account, "dealer.crm.lead", "receive_endorsed_lead", job.args["payload"])

    async def settle(self, env: Env, job: Job, result: Result) -> None:
        """Note the dealer's references, or the failure; tell the chatter of first failure, giving up, and success."""
        model = env[MODEL]
        fields = ["endorse_state", "endorse_attempts", "endorse_error", "dealership_id.name"]
        [lead] = await model.lock(env, [job.record_id], fields)
        values: dict[str, Any] = {"endorse_attempts": lead["endorse_attempts"] + (not result.uncounted)}
        if result.outcome.succeeded:
            answer = result.outcome.answer if isinstance(result.outcome.answer, dict) else {}
            values |= {"endorse_state": "done", "endorse_error": None, **_references(answer)}
            line = None if lead["endorse_state"] == "done" else _arrived(values, lead["dealership_id.name"])
        else:
            parked = result.state is State.PARKED
            values |= {"endorse_state": "failed" if parked else "pending", "endorse_error": result.outcome.error}
            line = _failure(lead["endorse_error"] is None, parked, result.outcome.error)
        await model.update(decided(env), [lead.id], values)
        if line:
            await tell(env, model, {lead.id: line})

    async def moved_by_hand(self, env: Env, job: Job, state: State) -> None:
        """Show that an operator resent the message or let it go."""
        shown = "failed" if state is State.SKIPPED else "pending"
        await env[MODEL].update(decided(env), [job.record_id], {"endorse_state": shown})


def _references(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the dealer's references out of its answer, as far as they are some."""
    found: dict[str, Any] = {}
    lead_id = answer.get("dealer_lead_id")
    if isinstance(lead_id, int) and not isinstance(lead_id, bool) and 0 < lead_id < 1 << 63:
        found["dealer_lead_id"] = lead_id
    for key, name in (("dealer_lead_name", "dealer_lead_name"), ("sale_order_name", "dealer_order_name")):
        if isinstance(answer.get(key), str) and answer[key].strip():
            found[name] = redact(answer[key])[:64]
    return found


def _arrived(values: dict[str, Any], dealership: str) -> str:
    order = f" with quotation {values['dealer_order_name']}" if "dealer_order_name" in values else ""
    return f"Received by {dealership} as {values.get('dealer_lead_name', 'a lead of theirs')}{order}."


def _failure(first: bool, parked: bool, error: str) -> str | None:
    if parked:
        return f"The endorsement failed and is given up: {error} (correct the cause, then endorse again)"
    return f"The endorsement failed: {error} (it is tried again by itself)" if first else None
