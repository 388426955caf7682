"""What a client hears after it logged in: the caller, the companies the caller may work in, the currencies."""

from typing import Any

from models.base.groups import ADMINISTRATORS, USERS
from models.base.users import Users
from models.orm import Env, rpc

COMPANIES = """
select c.id, c.name, c.sequence, c.parent_id, c.currency_id,
    array(
        select b.id from res_company b where b.parent_id = c.id and b.id = any($1::bigint[]) order by b.id
    ) as branches
from res_company c where c.id = any($1::bigint[]) order by c.sequence, c.name, c.id
"""
CURRENCIES = "select id, name, symbol, position, decimal_places from res_currency where active order by id"


class UserSession(Users, name="res.users"):
    """Users, as clients of the web session see the caller."""

    @rpc(readonly=True)
    @classmethod
    async def session_info(cls, env: Env) -> dict[str, Any]:
        """Return who the caller is and where the caller may work, in the words of Odoo's web client."""
        user = env.user
        is_admin = env.has_group(ADMINISTRATORS.code)
        return {
            "uid": user.id,
            "username": user.login,
            "name": user.name,
            "user_context": await cls.context_get(env),
            "partner_id": user.partner_id or False,
            "partner_display_name": user.name,
            "is_admin": is_admin,
            "is_system": is_admin,
            "is_public": False,
            "is_internal_user": env.has_group(USERS.code),
            "user_id": [user.id],
            "user_companies": await cls._companies(env),
            "currencies": await cls._currencies(env),
            "groups": {},
            "home_action_id": await cls._home(env),
            "user_settings": {"id": user.id, "user_id": {"id": user.id}},
            "view_info": {},
            "show_effect": False,
            "quick_login": False,
            "support_url": False,
        }

    @classmethod
    async def _home(cls, env: Env) -> int | bool:
        found: int | None = await env.fetchval("select action_id from res_users where id = $1", env.user.id)
        return found or False

    @classmethod
    async def _companies(cls, env: Env) -> dict[str, Any]:
        rows = await env.fetch(COMPANIES, list(env.user.company_ids))
        allowed = {
            str(row["id"]): {
                "id": row["id"],
                "name": row["name"],
                "sequence": row["sequence"],
                "child_ids": row["branches"],
                "parent_id": row["parent_id"] or False,
                "currency_id": row["currency_id"] or False,
            }
            for row in rows
        }
        return {
            "current_company": env.user.company_id,
            "allowed_companies": allowed,
            "disallowed_ancestor_companies": {},
        }

    @classmethod
    async def _currencies(cls, env: Env) -> dict[str, Any]:
        return {
            str(row["id"]): {
                "name": row["name"],
                "symbol": row["symbol"],
                "position": row["position"],
                "digits": [69, row["decimal_places"]],
            }
            for row in await env.fetch(CURRENCIES)
        }
