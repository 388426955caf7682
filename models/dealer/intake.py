"""Receiving endorsed leads from the BPO: `receive_endorsed_lead` (H21 to H28, D1 to D11 of the hand-over).

A lead arrives once, however often it is sent and however many sends run at the same time. With a sales quotation its
draft order is made in the same transaction. An unknown brand refuses the endorsement; whatever else cannot be matched
is left empty and said in the chatter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.base.country import Country, CountryState
from models.crm.telling import tell
from models.crm.workflow_step import elevated
from models.dealer.closing import Closing
from models.dealer.converting import CUSTOMER, WISH
from models.dealer.endorsement import Endorsement, read_endorsement
from models.dealer.groups import PUSH_SERVICE
from models.dealer.receipt import Receipt
from models.dealer.source import ENDORSED
from models.dealer.stage import DealerStage
from models.orm.data import external_ids
from models.orm.errors import ValidationError
from models.orm.methods import rpc
from models.product.brand import Brand
from models.product.product import Product

if TYPE_CHECKING:
    from models.orm.env import Env

START = "dealer_crm.stage_negotiation"


class Receiving(Closing):
    """The dealer's end of an endorsement."""

    @rpc(groups=(PUSH_SERVICE,))
    @classmethod
    async def receive_endorsed_lead(cls, env: Env, payload: Any) -> dict[str, Any]:
        """Take a lead over from the BPO; a repeat answers the lead that is there.

        Answers {dealer_lead_id, dealer_lead_name, sale_order_id, sale_order_name, created}.
        """
        endorsement = read_endorsement(payload, cls.meta.fields)
        system = elevated(env, "the push service may do nothing but hand leads in")
        taken = await env[Receipt].take(system, endorsement)
        if taken.lead_id is not None:
            return await cls._answer(system, taken.lead_id, created=False)
        lead_id = await cls._arrive(system, endorsement)
        await env[Receipt].keep(system, taken, lead_id)
        return await cls._answer(system, lead_id, created=True)

    @classmethod
    async def _arrive(cls, env: Env, endorsement: Endorsement) -> int:
        values = await cls._matched(env, endorsement)
        [lead_id] = await cls.insert(env, [values])
        await tell(env, cls, {lead_id: _told(endorsement)})
        if endorsement.kind == "with_sq":
            await cls._quote_if_possible(env, lead_id)
        return lead_id

    @classmethod
    async def _matched(cls, env: Env, endorsement: Endorsement) -> dict[str, Any]:
        """Return the new lead's values: brand, vehicle, country, state, source, stage and customer are looked up."""
        brand_id = await cls._brand(env, endorsement.brand_code)
        known = await external_ids(env, [ENDORSED[endorsement.kind], START])
        pipeline = await env[DealerStage].walk(env)
        country_id, state_id = await cls._place(env, endorsement)
        values = {
            **endorsement.values,
            "company_id": env.company_id,
            "source_id": known[ENDORSED[endorsement.kind]],
            "stage_id": known.get(START, pipeline.last_open.id),
            "brand_id": brand_id,
            "product_id": await cls._product(env, endorsement, brand_id),
            "country_id": country_id,
            "state_id": state_id,
            "bpo_source_lead_id": endorsement.source_lead_id,
            "bpo_source_url": endorsement.source_url,
            "bpo_endorse_kind": endorsement.kind,
        }
        return {**values, "partner_id": await cls.customer(env, {name: values.get(name) for name in CUSTOMER})}

    @classmethod
    async def _brand(cls, env: Env, code: str) -> int:
        found = await env[Brand].find(env, [["code", "=", code]], ["code"], limit=1)
        if not found:
            raise ValidationError(f"There is no brand with the code {code[:64]} here.", field="brand_code")
        return found[0].id

    @classmethod
    async def _product(cls, env: Env, endorsement: Endorsement, brand_id: int) -> int | None:
        """Return the vehicle: by its code, the brand's own first; else by its name if only one of the brand fits."""
        mine: list[Any] = ["company_id", "in", [env.company_id, False]]
        if endorsement.product_code:
            coded = await env[Product].find(
                env, [["default_code", "=", endorsement.product_code], mine], ["brand_id"], order="id", limit=20
            )
            coded.sort(key=lambda product: product.brand_id != brand_id)
            if coded:
                return coded[0].id
        text = endorsement.values.get("vehicle_model_text")
        if not text:
            return None
        named = await env[Product].find(
            env, [["name", "ilike", text], ["brand_id", "=", brand_id], mine], ["name"], order="id", limit=20
        )
        exact = [product for product in named if product.name.casefold() == text.casefold()] or named
        return exact[0].id if len(exact) == 1 else None

    @classmethod
    async def _place(cls, env: Env, endorsement: Endorsement) -> tuple[int | None, int | None]:
        """Return country and state by their codes, as far as they are known."""
        if not endorsement.country_code:
            return None, None
        countries = await env[Country].find(env, [["code", "=", endorsement.country_code.upper()]], ["code"], limit=1)
        if not countries or not endorsement.state_code:
            return (countries[0].id if countries else None), None
        country_id = countries[0].id
        states = await env[CountryState].find(
            env, [["code", "=", endorsement.state_code], ["country_id", "=", country_id]], ["code"], limit=1
        )
        return country_id, states[0].id if states else None

    @classmethod
    async def _quote_if_possible(cls, env: Env, lead_id: int) -> None:
        [lead] = await cls.browse(env, [lead_id], ["name", *WISH, *CUSTOMER])
        if lead["product_id"] is None:
            await tell(
                env,
                cls,
                {lead_id: "No quotation was created: the vehicle is not among the products. Select it, then convert."},
            )
        else:
            await cls.quote(env, lead, None)  # whoever claims the lead sells it

    @classmethod
    async def _answer(cls, env: Env, lead_id: int, *, created: bool) -> dict[str, Any]:
        [lead] = await cls.browse(env, [lead_id], ["name", "sale_order_id", "sale_order_id.name"])
        return {
            "dealer_lead_id": lead.id,
            "dealer_lead_name": lead.name,
            "sale_order_id": lead.sale_order_id,
            "sale_order_name": lead["sale_order_id.name"],
            "created": created,
        }


def _told(endorsement: Endorsement) -> str:
    """Return the lead's first chatter line: who endorsed what, when, and where it can be seen (H22)."""
    values = endorsement.values
    who = values.get("bpo_endorsed_by") or "the BPO"
    at = values.get("bpo_endorsed_at")
    when = f" on {at:%Y-%m-%d %H:%M:%S} UTC" if at else ""
    name = values.get("bpo_source_lead_name") or f"lead {endorsement.source_lead_id}"
    unread = f" Not understood: {', '.join(endorsement.unread)}." if endorsement.unread else ""
    return f"Endorsed by {who}{when} as BPO lead {name}. Source: {endorsement.source_url}{unread}"
