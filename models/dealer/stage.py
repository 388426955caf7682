"""Dealer stages. Shipped: New, Qualified, Negotiation (where endorsed leads start), Won and Lost."""

from models.crm.stage import PipelineStage
from models.dealer.groups import ADMIN, USER
from models.orm.data import Datum
from models.orm.declare import Access, Key

STAGE = "dealer.crm.stage"


class DealerStage(PipelineStage, name=STAGE, label="Dealer Stage"):
    """A place in the dealer's pipeline."""

    access = (Access(read=USER, write=ADMIN, delete=ADMIN),)
    keys = (
        Key(("name",), "Another stage has this name."),
        Key(("is_won",), "There is a Won stage already.", where="is_won"),
        Key(("is_lost",), "There is a Lost stage already.", where="is_lost"),
    )


DATA = (
    Datum("dealer_crm.stage_new", STAGE, {"name": "New", "sequence": 10}, protected=True),
    Datum("dealer_crm.stage_qualified", STAGE, {"name": "Qualified", "sequence": 20}, protected=True),
    Datum("dealer_crm.stage_negotiation", STAGE, {"name": "Negotiation", "sequence": 30}, protected=True),
    Datum("dealer_crm.stage_won", STAGE, {"name": "Won", "sequence": 40, "is_won": True}, protected=True),
    Datum(
        "dealer_crm.stage_lost", STAGE, {"name": "Lost", "sequence": 50, "is_lost": True, "fold": True}, protected=True
    ),
)
