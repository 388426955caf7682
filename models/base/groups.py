"""The groups of rights that every deployment has. Their records, and those that people make, are in `granting.py`."""

from models.orm import Group

USERS = Group("base.user", "Internal User", area="General")
ADMINISTRATORS = Group("base.admin", "Administrator", implies=(USERS.code,), area="General")

# Odoo's names for what these groups mean; areas add theirs in `ODOO_GROUPS` of their extension of res.users.
ODOO_GROUPS = {
    "base.group_user": USERS.code,
    "base.group_no_one": USERS.code,
    "base.group_system": ADMINISTRATORS.code,
    "base.group_erp_manager": ADMINISTRATORS.code,
}
