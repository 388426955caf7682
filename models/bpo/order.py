"""Sales orders that came from an opportunity, as Odoo links them."""

from models.orm.fields import Many2One
from models.sale.order import Order


class OpportunityOrder(Order):
    """A sales order with the opportunity it belongs to."""

    opportunity_id = Many2One("Opportunity", "crm.lead", copied=False)
