"""Where BPO leads come from. The codes of web leads are looked up by imports."""

from models.bpo.groups import AGENT, MANAGER
from models.crm.source import LeadSource
from models.orm.data import Datum
from models.orm.declare import Access, Key

SOURCE = "crm.lead.source"


class BpoLeadSource(LeadSource, name=SOURCE, label="Lead Source"):
    """A channel through which leads reach the BPO."""

    access = (Access(read=AGENT, write=MANAGER, delete=MANAGER),)
    keys = (Key(("code",), "Another source has this code."),)


def _shipped(code: str, name: str, kind: str, sequence: int) -> Datum:
    xml_id = f"uaagi_crm.{code if code.startswith('source_') else 'source_' + code}"
    return Datum(
        xml_id, SOURCE, {"code": code, "name": name, "source_type": kind, "sequence": sequence}, protected=True
    )


DATA = (
    _shipped("inbound_call", "Inbound Call", "inbound", 10),
    _shipped("outbound_call", "Outbound Call", "outbound", 20),
    _shipped("walkin", "Walk-In", "walkin", 30),
    _shipped("referral", "Referral", "referral", 40),
    _shipped("source_web_quotation", "Website: Quotation", "website", 50),
    _shipped("source_web_test_drive", "Website: Test Drive", "website", 60),
    _shipped("campaign", "Campaign", "campaign", 70),
    _shipped("social", "Social Media", "social", 80),
    _shipped("event", "Event/Exhibition", "event", 90),
)
