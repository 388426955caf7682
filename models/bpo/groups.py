"""Who works in the call centre, and the one group that is for the dealers' service users alone."""

from models.orm.declare import Group

AGENT = "bpo.agent"
SUPERVISOR = "bpo.supervisor"
MANAGER = "bpo.manager"
CALLBACK_SERVICE = "bpo.callback_service"
RECONCILE_SERVICE = "bpo.reconcile_service"

GROUPS = (
    Group(AGENT, "BPO Agent: own and unclaimed leads", implies=("base.user", "party.user"), area="bpo"),
    Group(SUPERVISOR, "BPO Supervisor: all leads", implies=(AGENT,), area="bpo"),
    Group(MANAGER, "BPO Manager: all leads and configuration", implies=(SUPERVISOR, "party.manager"), area="bpo"),
    Group(CALLBACK_SERVICE, "Dealer callback: tells how endorsed leads ended, nothing else", area="bpo"),
    Group(RECONCILE_SERVICE, "Dealer reconciling: asks what is known of its own leads", area="bpo"),
)
