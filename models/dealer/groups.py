"""Who works with dealer leads, and the one group that is for the BPO's service user alone."""

from models.orm.declare import Group

USER = "dealer.user"
MANAGER = "dealer.manager"
ADMIN = "dealer.admin"
PUSH_SERVICE = "dealer.push_service"
RECONCILE_SERVICE = "dealer.reconcile_service"

GROUPS = (
    Group(
        USER, "Dealer User: own and unassigned leads", implies=("base.user", "party.user", "sale.user"), area="dealer"
    ),
    Group(MANAGER, "Dealer Manager: all leads", implies=(USER, "sale.manager", "stock.manager"), area="dealer"),
    Group(ADMIN, "Dealer Admin: all leads and configuration", implies=(MANAGER,), area="dealer"),
    Group(PUSH_SERVICE, "BPO push service: hands endorsed leads in, nothing else", area="dealer"),
    Group(RECONCILE_SERVICE, "BPO reconciling: asks what became of leads it handed in", area="dealer"),
)
