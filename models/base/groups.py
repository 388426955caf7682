"""Groups of rights: declared in code, one row each in the database so that users can be given them."""

from models.orm import Access, Group, Key, Model, fields

USERS = Group("base.user", "Internal User", area="General")
ADMINISTRATORS = Group("base.admin", "Administrator", implies=(USERS.code,), area="General")

# Odoo's names for what these groups mean; areas add theirs in `ODOO_GROUPS` of their extension of res.users.
ODOO_GROUPS = {
    "base.group_user": USERS.code,
    "base.group_no_one": USERS.code,
    "base.group_system": ADMINISTRATORS.code,
    "base.group_erp_manager": ADMINISTRATORS.code,
}


class Groups(Model, name="res.groups", label="Group"):
    """A set of rights that users can be given. The rows follow the declared groups: nobody makes or removes one."""

    access = (Access(read=USERS.code),)
    order = "full_name, id"
    label_field = "full_name"
    keys = (Key(("code",), "There is such a group already."),)

    code = fields.Char("Code", required=True, readonly=True)
    name = fields.Char("Name", required=True, readonly=True, searched=True)
    full_name = fields.Char("Full name", required=True, readonly=True, searched=True)
    implied_ids = fields.Many2Many(
        "Includes",
        "res.groups",
        table="res_groups_implied_rel",
        column="group_id",
        other="implied_id",
        readonly=True,
    )
    user_ids = fields.Many2Many(
        "Users",
        "res.users",
        table="res_groups_users_rel",
        column="group_id",
        other="user_id",
        readonly=True,
        groups=ADMINISTRATORS.code,
        odoo=("user_ids", "users"),
    )
