"""Sales orders that came from a dealer lead."""

from models.orm.fields import Many2One
from models.sale.order import Order


class LeadOrder(Order):
    """A sales order with the lead it was made of (H45, H66)."""

    dealer_crm_lead_id = Many2One("Dealer lead", "dealer.crm.lead", readonly=True, copied=False)
