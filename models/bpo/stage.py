"""BPO stages. Shipped: New, Qualified, Negotiation, two hand-off stages, Won and Lost, with external ids of Odoo."""

from __future__ import annotations

from models.bpo.groups import AGENT, MANAGER
from models.crm.stage import FLAGS, PipelineStage
from models.orm.data import Datum
from models.orm.declare import Access, Key
from models.orm.fields import Boolean, Number, Text

STAGE = "crm.stage"
ENDORSED = {"with_sq": "crm.stage_endorsed_with_sq", "without_sq": "crm.stage_endorsed_without_sq"}


class BpoStage(PipelineStage, name=STAGE, label="Stage"):
    """A place in the BPO's pipeline."""

    access = (Access(read=AGENT, write=MANAGER, delete=MANAGER),)
    keys = (
        Key(("name",), "Another stage has this name."),
        Key(("is_won",), "There is a Won stage already.", where="is_won"),
        Key(("is_lost",), "There is a Lost stage already.", where="is_lost"),
    )
    flags = (*FLAGS, "is_endorse")
    known = (*FLAGS, "is_endorse", "probability")

    is_endorse = Boolean("Hand-off stage", help="Leads are moved here by the Endorse buttons.")
    probability = Number("Probability (%)", digits=(5, 2), minimum=0, maximum=100, default=0, aggregate="")
    requirements = Text("Requirements")


def _shipped(xml_id: str, name: str, sequence: int, probability: int, **flags: bool) -> Datum:
    values = {"name": name, "sequence": sequence, "probability": probability, **flags}
    return Datum(xml_id, STAGE, values, protected=True)


DATA = (
    _shipped("crm.stage_lead1", "New", 10, 10),
    _shipped("crm.stage_lead2", "Qualified", 20, 30),
    _shipped("crm.stage_lead3", "Negotiation", 30, 60),
    _shipped(ENDORSED["with_sq"], "Endorsed w/ S.Q.", 35, 80, is_endorse=True),
    _shipped(ENDORSED["without_sq"], "Endorsed w/o S.Q.", 36, 70, is_endorse=True),
    _shipped("crm.stage_lead4", "Won", 40, 100, is_won=True),
    _shipped("crm.stage_lost", "Lost", 50, 0, is_lost=True, fold=True),
)
