"""What a BPO lead is made of: Odoo's lead, and beside it what the call centre and the hand-over need.

Only fields stand here; what can be done with a lead is in the files named after it (`owning`, `moving`, `closing`,
`endorsing`, `outcome`), and `lead.py` puts them together.
"""

from __future__ import annotations

from models.crm.interest import CURRENCY, PRIORITIES, Interest
from models.crm.losing import LOST_REASONS
from models.orm.declare import NumberSequence
from models.orm.fields import (
    Boolean,
    Char,
    Date,
    DateTime,
    Html,
    Integer,
    Many2Many,
    Many2One,
    Monetary,
    Number,
    One2Many,
    Selection,
    Text,
)

KINDS = (("lead", "Lead"), ("opportunity", "Opportunity"))
ENDORSE_KINDS = (("with_sq", "With Sales Quotation"), ("without_sq", "Without Sales Quotation"))
ENDORSE_STATES = (("none", "None"), ("pending", "Pending"), ("done", "Done"), ("failed", "Failed"))

PRORATED = "round({t}.expected_revenue * {t}.probability / 100, 2)"
WON_STATUS = (
    "(select case when s.is_won then 'won' when s.is_lost then 'lost' else 'pending' end"
    " from crm_stage s where s.id = {t}.stage_id)"
)
DAYS = "round(extract(epoch from {t}.%s - {t}.create_date)::numeric / 86400, 2)"


class LeadRecord(Interest):
    """The fields of a BPO lead."""

    __slots__ = ()

    name = Char("Opportunity", required=True, tracked=True, searched=True)
    reference = Char(
        "Reference",
        size=32,
        required=True,
        readonly=True,
        searched=True,
        sequence=NumberSequence("crm.lead", prefix="LEAD/"),
    )
    type = Selection("Type", KINDS, required=True, default="opportunity", tracked=True)
    stage_id = Many2One("Stage", "crm.stage", required=True, tracked=True, copied=False, index=False, expanded=True)
    user_id = Many2One("Agent", "res.users", tracked=True, copied=False, index=False)
    team_id = Many2One("Sales team", "crm.team", index=False)
    source_id = Many2One("Source", "crm.lead.source", tracked=True, index=False)
    priority = Selection("Priority", PRIORITIES, default="0")
    tag_ids = Many2Many("Tags", "crm.tag", table="crm_tag_rel", column="lead_id", other="tag_id")
    color = Integer("Color", aggregate="")
    description = Html("Notes")
    active = Boolean("Active", default=True, tracked=True)

    # the customer
    partner_id = Many2One("Customer", "res.partner", tracked=True)
    partner_name = Char("Company name", tracked=True, searched=True)
    contact_name = Char("Contact name", tracked=True, searched=True)
    function = Char("Job position")
    email_from = Char("E-mail", tracked=True, searched=True)
    phone = Char("Phone", size=64, tracked=True, searched=True)
    mobile = Char("Mobile", size=64, tracked=True, searched=True)
    website = Char("Website")
    street = Char("Street")
    street2 = Char("Street 2")
    city = Char("City")
    zip = Char("ZIP", size=24)
    state_id = Many2One("State", "res.country.state", index=False)
    country_id = Many2One("Country", "res.country", index=False)

    # the vehicle
    brand_id = Many2One("Brand", "crm.brand", tracked=True)
    vehicle_model_id = Many2One("Vehicle model", "crm.vehicle.model", tracked=True)

    # the forecast
    company_currency = Many2One("Currency", "res.currency", sql=CURRENCY, odoo=("company_currency", "currency_id"))
    expected_revenue = Monetary("Expected revenue", currency="company_currency", default=0, tracked=True)
    probability = Number(
        "Probability", digits=(5, 2), minimum=0, maximum=100, required=True, default=0, aggregate="avg"
    )
    prorated_revenue = Monetary("Prorated revenue", currency="company_currency", sql=PRORATED)
    date_deadline = Date("Expected closing")

    # its way
    date_open = DateTime("Claimed on", readonly=True, copied=False)
    date_last_stage_update = DateTime("Last stage update", readonly=True, copied=False)
    date_closed = DateTime("Closed on", readonly=True, copied=False)
    date_won = DateTime("Won on", readonly=True, copied=False)
    date_lost = DateTime("Lost on", readonly=True, copied=False)
    day_open = Number("Days to claim", sql=DAYS % "date_open", aggregate="avg")
    day_close = Number("Days to close", sql=DAYS % "date_closed", aggregate="avg")
    won_status = Selection("Outcome", (("pending", "Pending"), ("won", "Won"), ("lost", "Lost")), sql=WON_STATUS)
    lost_reason_id = Many2One("Lost reason", "crm.lost.reason", tracked=True, copied=False, index=False)
    lost_reason = Selection("Lost because", LOST_REASONS, readonly=True, copied=False)
    lost_notes = Text("Notes on the loss", readonly=True, copied=False)
    lost_from_stage_id = Many2One("Stage before the loss", "crm.stage", readonly=True, copied=False, index=False)
    call_log_ids = One2Many("Calls", "crm.call.log", "lead_id")
    visit_ids = One2Many("Visits", "crm.visit", "lead_id")
    order_ids = One2Many("Orders", "sale.order", "opportunity_id")

    # the hand-over to a dealer
    dealership_id = Many2One("Dealership", "crm.dealership", tracked=True, copied=False)
    endorse_kind = Selection("Endorsed", ENDORSE_KINDS, readonly=True, copied=False)
    endorse_state = Selection("Endorsement", ENDORSE_STATES, required=True, readonly=True, default="none", copied=False)
    endorse_attempts = Integer("Endorsement attempts", readonly=True, default=0, copied=False, aggregate="")
    endorse_error = Char("Endorsement error", size=512, readonly=True, copied=False)
    endorsed_by = Many2One("Endorsed by", "res.users", readonly=True, copied=False, index=False)
    endorsed_at = DateTime("Endorsed on", readonly=True, copied=False)
    endorse_url = Char("Link for the dealer", size=2048, readonly=True, copied=False)
    dealer_lead_id = Integer("Dealer lead id", big=True, readonly=True, copied=False, aggregate="")
    dealer_lead_name = Char("Dealer lead", size=64, readonly=True, copied=False, searched=True)
    dealer_order_name = Char(
        "Dealer order",
        size=64,
        readonly=True,
        copied=False,
        searched=True,
        odoo=("dealer_order_name", "dealer_so_name"),
    )
    dealer_conflict = Char("Contradicted by the dealer", size=512, readonly=True, copied=False)
    dealer_closed_at = DateTime("Closed by the dealer on", readonly=True, copied=False)
    dealer_delivered_at = DateTime("Delivered on", readonly=True, copied=False)
