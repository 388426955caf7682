"""The BPO's side: leads from capture through claim and negotiation to the endorsement, and what became of them."""

from models.base.ir_actions import window
from models.bpo import lost_reason, source, stage
from models.bpo.behind import look_at_endorsements
from models.bpo.call import BpoCall, Visit
from models.bpo.catalogue import BpoBrand, VehicleModel
from models.bpo.dealer_event import DealerEvent
from models.bpo.dealership import Dealership
from models.bpo.distributor import connection
from models.bpo.distributor.connection import DistributorDue, DistributorSync
from models.bpo.distributor.dealers import DistributorDealer, SyncDealers
from models.bpo.distributor.vehicles import SyncModels
from models.bpo.distributor.web_leads import ConfirmWebLeads, DistributorRecord, ImportWebLeads
from models.bpo.endorsing import Endorsement
from models.bpo.groups import GROUPS
from models.bpo.lead import Lead
from models.bpo.lost import LostWizard
from models.bpo.lost_reason import LostReason
from models.bpo.order import OpportunityOrder
from models.bpo.reconciling import BpoReconciliation, ReconcileWithDealer
from models.bpo.source import BpoLeadSource
from models.bpo.stage import BpoStage
from models.bpo.team import Tag, Team
from models.crm.reconciling import cleaner_of
from models.orm.data import Datum
from models.orm.model import Model
from models.sync.diagnosis import Look
from models.sync.handler import AnyHandler
from models.sync.housekeeping import Cleaner

MODELS: tuple[type[Model], ...] = (
    BpoStage,
    BpoLeadSource,
    LostReason,
    Team,
    Tag,
    BpoBrand,
    VehicleModel,
    DistributorSync,
    Dealership,
    DistributorDealer,
    Lead,
    DistributorRecord,
    BpoCall,
    Visit,
    LostWizard,
    DealerEvent,
    BpoReconciliation,
    OpportunityOrder,
)
DATA: tuple[Datum, ...] = (
    window("crm.crm_lead_all_leads", "Leads", "crm.lead"),
    *stage.DATA,
    *source.DATA,
    *lost_reason.DATA,
    *connection.DATA,
)
HANDLERS: tuple[AnyHandler, ...] = (
    Endorsement(),
    ReconcileWithDealer(),
    DistributorDue(),
    ImportWebLeads(),
    ConfirmWebLeads(),
    SyncDealers(),
    SyncModels(),
)
CHECKS: tuple[Look, ...] = (look_at_endorsements,)
CLEANERS: tuple[Cleaner, ...] = (cleaner_of(BpoReconciliation),)

__all__ = ["CHECKS", "CLEANERS", "DATA", "GROUPS", "HANDLERS", "MODELS"]
