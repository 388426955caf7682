"""The dealer's side: leads from first contact or endorsement through quotation, order and delivery to won or lost."""

from models.base.ir_actions import window
from models.crm.reconciling import cleaner_of
from models.dealer import source, stage
from models.dealer.behind import look_at_callbacks
from models.dealer.call import DealerCall, LogCallWizard
from models.dealer.callback import Callback
from models.dealer.connection import BpoConnection
from models.dealer.groups import GROUPS
from models.dealer.lead import DealerLead
from models.dealer.lost import LostWizard
from models.dealer.order import LeadOrder
from models.dealer.receipt import Receipt
from models.dealer.reconciling import DealerReconciliation, ReconcileWithBpo
from models.dealer.source import DealerLeadSource
from models.dealer.stage import DealerStage
from models.orm.data import Datum
from models.orm.model import Model
from models.sync.diagnosis import Look
from models.sync.handler import AnyHandler
from models.sync.housekeeping import Cleaner

MODELS: tuple[type[Model], ...] = (
    DealerStage,
    DealerLeadSource,
    DealerLead,
    DealerCall,
    LogCallWizard,
    LostWizard,
    Receipt,
    BpoConnection,
    DealerReconciliation,
    LeadOrder,
)
DATA: tuple[Datum, ...] = (
    window("dealer.action_dealer_lead", "Dealer Leads", "dealer.crm.lead"),
    *stage.DATA,
    *source.DATA,
)
HANDLERS: tuple[AnyHandler, ...] = (Callback(), ReconcileWithBpo())
CHECKS: tuple[Look, ...] = (look_at_callbacks,)
CLEANERS: tuple[Cleaner, ...] = (cleaner_of(DealerReconciliation),)

__all__ = ["CHECKS", "CLEANERS", "DATA", "GROUPS", "HANDLERS", "MODELS"]
