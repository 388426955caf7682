"""Who may do what, as records: the rights of groups on models, and the rules on rows. They follow the declarations."""

from typing import Any

from models.base.groups import ADMINISTRATORS, USERS
from models.orm import Access, Env, Key, Model, Placeholder, Rule, fields, rpc
from models.orm.declare import Operation
from models.orm.errors import InputError

OPERATIONS: dict[str, Operation] = {
    "read": "read",
    "write": "write",
    "create": "create",
    "unlink": "delete",
    "delete": "delete",
}
GROUPS = Placeholder("GROUPS", lambda env: sorted(env.user.groups), is_list=True)


class IrAccess(Model, name="ir.model.access", label="Model Access"):
    """What one group may do with the records of one model. Rights of several groups add up; none means no."""

    access = (Access(read=USERS.code),)
    rules = (
        Rule("rights of own groups", USERS.code, [("group_id.code", "in", GROUPS)]),
        Rule("all rights", ADMINISTRATORS.code, []),
    )
    order = "model_id, name"
    keys = (Key(("name",), "There is such an entry already."),)

    name = fields.Char("Name", required=True, readonly=True)
    model_id = fields.Many2One("Model", "ir.model", required=True, readonly=True, on_delete="cascade")
    group_id = fields.Many2One("Group", "res.groups", required=True, readonly=True, on_delete="cascade")
    perm_read = fields.Boolean("Read Access", readonly=True)
    perm_write = fields.Boolean("Write Access", readonly=True)
    perm_create = fields.Boolean("Create Access", readonly=True)
    perm_unlink = fields.Boolean("Delete Access", readonly=True)
    active = fields.Boolean("Active", default=True, readonly=True)

    @rpc(readonly=True)
    @classmethod
    async def check(cls, env: Env, model: Any, mode: Any = "read", raise_exception: Any = True) -> bool:
        """Return whether the caller may read, write, create or unlink records of a model; refuse it if asked to."""
        operation = OPERATIONS.get(mode) if isinstance(mode, str) else None
        if operation is None:
            raise InputError("mode is one of read, write, create, unlink.", argument="mode")
        found = env.registry.names.get(model) if isinstance(model, str) else None
        if found is not None and env.profile.can(found.meta, operation):
            return True
        if raise_exception:
            env.profile.check(env.registry.model(model).meta, operation)
        return False


class IrRule(Model, name="ir.rule", label="Record Rule"):
    """Which rows a group reaches. Rules of several groups add up, a global one narrows everybody."""

    access = (Access(read=ADMINISTRATORS.code),)
    order = "model_id, name"
    keys = (Key(("model_id", "name"), "There is such a rule already."),)

    name = fields.Char("Name", required=True, readonly=True)
    model_id = fields.Many2One("Model", "ir.model", required=True, readonly=True, on_delete="cascade")
    group_id = fields.Many2One("Group", "res.groups", readonly=True, on_delete="cascade")
    groups = fields.Many2Many(
        "Groups", "res.groups", table="rule_group_rel", column="rule_group_id", other="group_id", readonly=True
    )
    is_global = fields.Boolean("Global", sql="({t}.group_id is null)", odoo="global")
    domain_force = fields.Text("Domain", readonly=True)
    perm_read = fields.Boolean("Read", readonly=True)
    perm_write = fields.Boolean("Write", readonly=True)
    perm_create = fields.Boolean("Create", readonly=True)
    perm_unlink = fields.Boolean("Delete", readonly=True)
    active = fields.Boolean("Active", default=True, readonly=True)
