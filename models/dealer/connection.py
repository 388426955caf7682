"""The dealer's connection to its BPO: where the outcomes of endorsed leads are told (handover 1.4).

One connection of a company is active. Its password is write-only and encrypted; it has to be given again when the
address, database or login changes. What waited for a wrong address or password is sent at once after the correction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.crm.connection import PROTOCOLS, TESTS, RemoteConnection
from models.dealer.groups import ADMIN
from models.orm.declare import Access, Key
from models.orm.fields import Boolean, Char, DateTime, Selection
from models.sync.secrets import Secret

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.sync.handler import RemoteAccount

REMOTE = "dealer.bpo"  # the outbox knows the BPO by this name, whatever row describes it


class BpoConnection(RemoteConnection, name="dealer.bpo.connection", label="BPO CRM Connection"):
    """Where the BPO is and who we are there."""

    access = (Access(read=ADMIN, write=ADMIN, delete=ADMIN),)
    company = "own"
    audit = True
    order = "active desc, id desc"
    label_field = "url"
    keys = (Key(("company_id",), "There is an active BPO connection already. Archive it first.", where="active"),)

    url = Char("BPO CRM URL", size=2048, required=True)
    database = Char("BPO Database", size=128)
    login = Char("Service User", size=128, required=True, odoo=("login", "username"))
    password = Secret("Password or API Key", bound_to=("url", "database", "login"))
    is_api_key = Boolean("Is an API Key")
    protocol = Selection("Protocol", PROTOCOLS, required=True, default="auto")
    active = Boolean("Active", default=True)
    last_test = Selection("Last test", TESTS, readonly=True, default="none", copied=False)
    last_test_result = Char("Result of the last test", size=512, readonly=True, copied=False)
    last_test_date = DateTime("Last tested on", readonly=True, copied=False)

    @classmethod
    def remote_name(cls, record_id: int) -> str:  # noqa: ARG003 one BPO a company, whichever row is active
        """Return the name under which the outbox knows the BPO."""
        return REMOTE

    @classmethod
    async def active_id(cls, env: Env, company_id: int) -> int | None:
        """Return the id of a company's active connection, None without one. Asked as the system."""
        found = await cls.find(env, [["company_id", "=", company_id], ["active", "=", True]], ["url"], limit=1)
        return found[0].id if found else None

    @classmethod
    async def active_account(cls, env: Env, company_id: int) -> RemoteAccount | None:
        """Return a company's active connection with its secret, None without one."""
        found = await cls.active_id(env, company_id)
        return None if found is None else await cls.account_of(env, found)
