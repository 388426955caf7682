"""What a dealer lead is made of: the customer, the vehicle wanted, the money, the outcome, and where it came from.

Only fields stand here; what can be done with a lead is in the files named after it (`owning`, `moving`, `converting`,
`closing`, `callback`, `intake`, `actions`), and `lead.py` puts them together.
"""

from __future__ import annotations

from models.crm.interest import CURRENCY, PRIORITIES, Interest
from models.crm.losing import LOST_REASONS
from models.orm.declare import NumberSequence
from models.orm.fields import (
    Boolean,
    Char,
    DateTime,
    Integer,
    Many2One,
    One2Many,
    Selection,
    Text,
)

KANBAN_STATES = (("normal", "In Progress"), ("done", "Ready"), ("blocked", "Blocked"))
ENDORSE_KINDS = (("with_sq", "With Sales Quotation"), ("without_sq", "Without Sales Quotation"))
CALLBACK_STATES = (
    ("none", "None"),
    ("pending", "Pending"),
    ("done", "Done"),
    ("failed", "Failed"),
    ("skipped", "Skipped"),
)

VEHICLE = "coalesce((select p.name from product_product p where p.id = {t}.product_id), {t}.vehicle_model_text)"


class LeadRecord(Interest):
    """The fields of a dealer lead (seed 001, statement H139)."""

    name = Char(
        "Reference",
        required=True,
        readonly=True,
        searched=True,
        sequence=NumberSequence("dealer.crm.lead", prefix="DLEAD/"),
    )
    stage_id = Many2One(
        "Stage", "dealer.crm.stage", required=True, tracked=True, copied=False, index=False, expanded=True
    )
    user_id = Many2One("Salesperson", "res.users", tracked=True, copied=False, index=False)
    date_claimed = DateTime("Claimed on", readonly=True, copied=False)
    priority = Selection("Priority", PRIORITIES, default="1", tracked=True)
    kanban_state = Selection("Board state", KANBAN_STATES, default="normal", copied=False)
    source_id = Many2One("Source", "dealer.crm.lead.source", required=True, tracked=True, index=False)
    active = Boolean("Active", default=True, tracked=True)

    # the customer
    contact_name = Char("Customer", required=True, tracked=True, searched=True)
    mobile = Char("Mobile", size=64, tracked=True, searched=True)
    phone = Char("Phone", size=64, tracked=True)
    email = Char("E-mail", tracked=True, searched=True)
    street = Char("Street", tracked=True)
    city = Char("City", tracked=True)
    zip_code = Char("ZIP", size=24, tracked=True)
    state_id = Many2One("State", "res.country.state", tracked=True, index=False)
    country_id = Many2One("Country", "res.country", tracked=True, index=False)
    partner_id = Many2One("Contact", "res.partner", readonly=True, tracked=True, copied=False)

    # the vehicle
    brand_id = Many2One("Brand", "product.brand", tracked=True, index=False)
    product_id = Many2One("Vehicle", "product.product", tracked=True)
    vehicle_display = Char("Vehicle shown", sql=VEHICLE)
    currency_id = Many2One("Currency", "res.currency", sql=CURRENCY)

    # the sale and the outcome
    sale_order_id = Many2One("Quotation / Order", "sale.order", readonly=True, tracked=True, copied=False)
    date_won = DateTime("Won on", readonly=True, copied=False)
    date_lost = DateTime("Lost on", readonly=True, copied=False)
    lost_reason = Selection("Lost reason", LOST_REASONS, readonly=True, tracked=True, copied=False)
    lost_notes = Text("Notes on the loss", readonly=True, copied=False)
    call_log_ids = One2Many("Calls", "dealer.crm.call.log", "lead_id")
    call_count = Integer("Number of calls", sql="(select count(*) from dealer_crm_call_log k where k.lead_id = {t}.id)")

    # where it came from: set by the intake alone
    bpo_source_lead_id = Integer("BPO lead id", big=True, readonly=True, copied=False, aggregate="")
    bpo_source_lead_name = Char("BPO lead", size=64, readonly=True, copied=False, searched=True)
    bpo_source_url = Char("BPO source URL", size=2048, readonly=True, copied=False)
    bpo_endorse_kind = Selection("Endorsed", ENDORSE_KINDS, readonly=True, copied=False)
    bpo_endorsed_by = Char("Endorsed by", readonly=True, copied=False)
    bpo_endorsed_at = DateTime("Endorsed on", readonly=True, copied=False)

    # what became of telling the BPO (see callback.py)
    bpo_callback_state = Selection(
        "BPO callback", CALLBACK_STATES, required=True, readonly=True, default="none", copied=False
    )
    bpo_callback_attempts = Integer("BPO callback attempts", readonly=True, default=0, copied=False, aggregate="")
    bpo_callback_error = Char("BPO callback error", size=512, readonly=True, copied=False)
    bpo_callback_date = DateTime("BPO callback done on", readonly=True, copied=False)
    bpo_callback_event = Char("BPO callback event", size=64, readonly=True, copied=False)
