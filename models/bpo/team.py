"""Sales teams and tags, as Odoo's clients know them."""

from __future__ import annotations

from models.bpo.groups import AGENT, MANAGER, SUPERVISOR
from models.orm.declare import Access, Key
from models.orm.fields import Boolean, Char, Integer, Many2One
from models.orm.model import Model


class Team(Model, name="crm.team", label="Sales Team"):
    """Agents who work together."""

    access = (Access(read=AGENT, write=MANAGER, delete=MANAGER),)
    company = "shared"
    order = "sequence, name, id"

    name = Char("Team", required=True, searched=True)
    sequence = Integer("Sequence", default=10, aggregate="")
    user_id = Many2One("Team leader", "res.users", index=False)
    active = Boolean("Active", default=True)


class Tag(Model, name="crm.tag", label="Tag"):
    """A word that leads are sorted by."""

    access = (Access(read=AGENT, write=AGENT, delete=SUPERVISOR),)
    order = "name, id"
    keys = (Key(("name",), "There is such a tag already."),)

    name = Char("Tag", required=True, searched=True)
    color = Integer("Color", aggregate="")
