"""Sessions: what a login leaves behind. Time is the database's alone: processes agree, and no caller has a say."""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from models.base.caller_memory import forget_after_commit
from models.base.groups import ADMINISTRATORS, USERS
from models.orm import USER, Access, Env, Index, Key, Model, Rule, fields, rpc

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

MOST_PER_USER = 100


class Session(Model, name="base.session", label="Session", netforce="access.token"):
    """One login of one user. The token itself is known to its holder only."""

    access = (Access(read=USERS.code, delete=USERS.code),)
    rules = (
        Rule("own sessions", USERS.code, [("user_id", "=", USER)]),
        Rule("all sessions", ADMINISTRATORS.code, []),
    )
    order = "used_at desc, id desc"
    label_sql = "{t}.address"
    keys = (Key(("token_hash",), "There is such a session already."),)
    indexes = (Index(("expires_at",)),)

    user_id = fields.Many2One("User", "res.users", required=True, readonly=True, on_delete="cascade")
    token_hash = fields.Char("Token", required=True, write_only=True, readonly=True)
    address = fields.Char("Address", readonly=True, netforce="ip_addr")
    used_at = fields.DateTime("Last used", required=True, readonly=True)
    expires_at = fields.DateTime("Ends", required=True, readonly=True, netforce="expire_time")

    @rpc
    @classmethod
    async def revoke(cls, env: Env, ids: Any) -> bool:
        """End sessions, the caller's own or, for administrators, anybody's."""
        await cls.delete(env, ids)
        return True

    @classmethod
    async def before_delete(cls, env: Env, ids: list[int]) -> None:
        """Make what was ended end here at once."""
        await super().before_delete(env, ids)
        forget_after_commit(env)


async def start(
    connection: "Connection", user_id: int, token_hash: str, *, address: str, lifetime: dt.timedelta
) -> dt.datetime:
    """Begin a session and return when it ends at the latest. The oldest of too many of one user end."""
    expires_at: dt.datetime = await connection.fetchval(
        "insert into base_session (user_id, token_hash, address, used_at, expires_at, create_uid, write_uid)"
        " values ($1, $2, $3, now(), now() + $4, $1, $1) returning expires_at",
        user_id,
        token_hash,
        address,
        lifetime,
    )
    await connection.execute(
        "delete from base_session where id in"
        " (select id from base_session where user_id = $1 order by used_at desc, id desc offset $2)",
        user_id,
        MOST_PER_USER,
    )
    return expires_at


async def touch(connection: "Connection", token_hash: str) -> None:
    """Note that a session is in use."""
    await connection.execute("update base_session set used_at = now() where token_hash = $1", token_hash)


async def end(connection: "Connection", token_hash: str) -> None:
    """End the session of a token."""
    await connection.execute("delete from base_session where token_hash = $1", token_hash)


async def end_all(connection: "Connection", user_ids: Sequence[int]) -> None:
    """End every session of these users."""
    await connection.execute("delete from base_session where user_id = any($1::bigint[])", list(user_ids))


async def clean(connection: "Connection", *, idle: dt.timedelta, most: int = 1000) -> int:
    """Forget sessions that are over, at most so many at once; return how many."""
    done: str = await connection.execute(
        "delete from base_session where id in (select id from base_session"
        " where expires_at <= now() or used_at <= now() - $1::interval limit $2)",
        idle,
        most,
    )
    return int(done.rpartition(" ")[2])
