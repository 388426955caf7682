"""API keys: what programs log in with instead of a password."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from models.base.caller_memory import forget_after_commit
from models.base.groups import ADMINISTRATORS, USERS
from models.base.tokens import API_KEY, new_token, token_hash
from models.orm import USER, Access, Env, Key, Model, Rule, fields, rpc
from models.orm.arguments import is_unset
from models.orm.dialect import NATIVE
from models.orm.errors import InputError, UserError, ValidationError

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

MOST_PER_USER = 100
SHOWN = 8  # characters of a key that tell its owner which one it is
SCOPE = "rpc"


class ApiKey(Model, name="res.users.apikeys", label="API key"):
    """A key of one user: it may do what its user may until it ends or is revoked. It is shown once, when it is made."""

    access = (Access(read=USERS.code, delete=USERS.code),)
    rules = (
        Rule("own keys", USERS.code, [("user_id", "=", USER)]),
        Rule("all keys", ADMINISTRATORS.code, []),
    )
    order = "id desc"
    audit = True
    keys = (Key(("key_hash",), "There is such a key already."),)

    name = fields.Char("Description", required=True, readonly=True)
    user_id = fields.Many2One("User", "res.users", required=True, readonly=True, on_delete="cascade")
    scope = fields.Selection("Scope", [(SCOPE, "Remote calls")], default=SCOPE, readonly=True)
    key_hash = fields.Char("Key", required=True, write_only=True, readonly=True)
    hint = fields.Char("Begins with", readonly=True)
    expires_at = fields.DateTime("Ends", readonly=True, odoo="expiration_date")
    used_at = fields.DateTime("Last used", readonly=True)

    @rpc(renamed={"expires": "expires_at", "expiration_date": "expires_at"})
    @classmethod
    async def generate(cls, env: Env, name: Any, expires_at: Any = None, scope: Any = SCOPE) -> str:
        """Make a key for the caller and return it, this once. Without `expires_at` it holds until it is revoked."""
        if not isinstance(name, str) or not name.strip():
            raise InputError("name must say what the key is for.", argument="name")
        ends = None if is_unset(expires_at) else cls.expires_at.parse(expires_at, NATIVE)
        return await cls.issue(env, env.user.id, name=name, expires_at=ends, scope=None if is_unset(scope) else scope)

    @rpc
    @classmethod
    async def revoke(cls, env: Env, ids: Any) -> bool:
        """End keys, the caller's own or, for administrators, anybody's."""
        await cls.delete(env, ids)
        return True

    @classmethod
    async def before_delete(cls, env: Env, ids: list[int]) -> None:
        """Make what was revoked end here at once."""
        await super().before_delete(env, ids)
        forget_after_commit(env)

    @classmethod
    async def issue(
        cls, env: Env, user_id: int, *, name: str, expires_at: dt.datetime | None = None, scope: str | None = SCOPE
    ) -> str:
        """Make a key for a user and return it."""
        if expires_at is not None and expires_at <= env.now:
            raise ValidationError("A key must end in the future.", model=cls.meta.name, field="expires_at")
        if await env.fetchval("select count(*) from res_users_apikeys where user_id = $1", user_id) >= MOST_PER_USER:
            raise UserError(f"A user has at most {MOST_PER_USER} keys. Revoke one first.", model=cls.meta.name)
        key = new_token(API_KEY)
        values = {"name": name, "user_id": user_id, "scope": scope, "expires_at": expires_at}
        secret = {"key_hash": token_hash(key), "hint": key[:SHOWN]}
        await cls.insert(env.as_system("own key"), [{**values, **secret}])
        return key


async def touch(connection: "Connection", key_hash: str) -> None:
    """Note that a key is in use."""
    await connection.execute("update res_users_apikeys set used_at = now() where key_hash = $1", key_hash)
