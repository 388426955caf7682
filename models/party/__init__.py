"""Partners: whom one deals with, how they are sorted, and how the same one is recognised again."""

from models.base.ir_actions import window
from models.orm import Group, Model
from models.orm.data import Datum
from models.party.categories import Category, ContactGroup
from models.party.insiders import PartnerCompany, PartnerMessage, PartnerUser
from models.party.partner import Partner, PartnerClaim

MODELS: tuple[type[Model], ...] = (
    Category,
    ContactGroup,
    Partner,
    PartnerClaim,
    PartnerUser,
    PartnerCompany,
    PartnerMessage,
)
GROUPS: tuple[Group, ...] = (
    Group("party.user", "Contacts: create and change", implies=("base.user",), area="party"),
    Group("party.manager", "Contacts: all rights", implies=("party.user",), area="party"),
)
DATA: tuple[Datum, ...] = (window("base.action_partner_form", "Contacts", "res.partner"),)
