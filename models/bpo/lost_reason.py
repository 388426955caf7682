"""Odoo's lost reasons, one for each code that both sides share, so that either word for a loss gives the other."""

from __future__ import annotations

from models.bpo.groups import AGENT, MANAGER
from models.crm.losing import LOST_REASONS, OTHER
from models.orm.data import Datum
from models.orm.declare import Access
from models.orm.fields import Boolean, Char, Selection
from models.orm.model import Model

REASON = "crm.lost.reason"


class LostReason(Model, name=REASON, label="Lost Reason"):
    """A reason that can be picked. Its code says what the hand-over calls it; a reason of one's own counts as other."""

    access = (Access(read=AGENT, write=MANAGER, delete=MANAGER),)

    name = Char("Reason", required=True)
    code = Selection("Counts as", LOST_REASONS, required=True, default=OTHER)
    active = Boolean("Active", default=True)


DATA = tuple(
    Datum(f"crm.lost_reason_{code}", REASON, {"name": label, "code": code}, protected=True)
    for code, label in LOST_REASONS
)
