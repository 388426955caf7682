"""How much a customer may owe: for sales to see, for their administrators to say."""

from models.orm import borrows, fields
from models.party.insiders import PartnerUser
from models.party.partner import Partner


class CreditPartner(Partner, name="res.partner"):
    """A partner, and up to which amount it buys on credit."""

    credit_limit = fields.Decimal(
        "Credit Limit",
        minimum=0,
        aggregate="",
        copied=False,
        groups="sale.user",
        write_groups="sale.manager",
        help="What the partner may owe at most; 0 where nothing was agreed. It is kept, no order is held back for it.",
    )


@borrows("partner_id", CreditPartner, "credit_limit")
class CreditUser(PartnerUser, name="res.users"):
    """A user, and the credit of the user's partner."""
