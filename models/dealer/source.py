"""Where dealer leads come from. The intake finds the two BPO sources by external id, so their labels may change."""

from models.crm.source import LeadSource
from models.dealer.groups import ADMIN, USER
from models.orm.data import Datum
from models.orm.declare import Access, Key

SOURCE = "dealer.crm.lead.source"
ENDORSED = {"with_sq": "dealer_crm.endorsed_with_sq", "without_sq": "dealer_crm.endorsed_without_sq"}


class DealerLeadSource(LeadSource, name=SOURCE, label="Lead Source"):
    """A way in which leads reach the dealer."""

    access = (Access(read=USER, write=ADMIN, delete=ADMIN),)
    keys = (Key(("code",), "Another source has this code."),)


def _shipped(xml_id: str, code: str, name: str, kind: str, sequence: int) -> Datum:
    values = {"code": code, "name": name, "source_type": kind, "sequence": sequence}
    return Datum(xml_id, SOURCE, values, protected=True)


DATA = (
    _shipped("dealer_crm.source_walkin", "WALKIN", "Walk-In", "walkin", 10),
    _shipped("dealer_crm.source_inbound", "INBOUND", "Inbound Call", "inbound", 20),
    _shipped("dealer_crm.source_outbound", "OUTBOUND", "Outbound Call", "outbound", 30),
    _shipped("dealer_crm.source_referral", "REFERRAL", "Referral", "referral", 40),
    _shipped("dealer_crm.source_campaign", "CAMPAIGN", "Campaign", "campaign", 50),
    _shipped(ENDORSED["with_sq"], "ENDORSED_W_SQ", "Endorsed from BPO (with S.Q.)", "bpo", 60),
    _shipped(ENDORSED["without_sq"], "ENDORSED_WO_SQ", "Endorsed from BPO (without S.Q.)", "bpo", 70),
)
