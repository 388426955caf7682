"""Failed logins, counted for all processes together, by login and address: an attacker elsewhere locks nobody out.

A row begins with the first failure and lasts a minute. With the last failure that is allowed its minute starts anew:
for that long every try is refused, right or wrong. Success forgets the failures.
"""

from typing import TYPE_CHECKING

from models.orm import Index, Key, Model, fields
from models.orm.limits import LIMITS

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

MOST_ROWS = 10_000
MOST = LIMITS.login_failures_a_minute


class LoginFailure(Model, name="base.login.failure", label="Failed login"):
    """The failures of one login from one address. The login is hashed: people type passwords there by mistake."""

    label_field = "address"
    keys = (Key(("login_hash", "address"), "Counted already."),)
    indexes = (Index(("since",)),)

    login_hash = fields.Char("Login", required=True, readonly=True)
    address = fields.Char("Address", required=True, readonly=True)
    failures = fields.Integer("Failures", required=True, default=1, readonly=True)
    since = fields.DateTime("Since", required=True, readonly=True)


LOCKED = "failures >= $3 and since > now() - interval '1 minute'"


async def is_locked(connection: "Connection", login_hash: str, address: str, most: int = MOST) -> bool:
    """Return whether this login must not be tried from this address now."""
    found = await connection.fetchval(
        f"select {LOCKED} from base_login_failure where login_hash = $1 and address = $2",
        login_hash,
        address,
        most,
    )
    return bool(found)


async def count(connection: "Connection", login_hash: str, address: str, most: int = MOST) -> int:
    """Count a failure and return which one of its minute it is."""
    number: int = await connection.fetchval(
        """
        insert into base_login_failure as f (login_hash, address, failures, since) values ($1, $2, 1, now())
        on conflict (login_hash, address) do update set
            failures = case when f.since <= now() - interval '1 minute' then 1 else f.failures + 1 end,
            since = case
                when f.since <= now() - interval '1 minute' or f.failures + 1 = $3 then now()
                else f.since
            end
        returning failures
        """,
        login_hash,
        address,
        most,
    )
    return number


async def forgive(connection: "Connection", login_hash: str, address: str, most: int = MOST) -> bool:
    """Forget the failures before a success. Returns whether they lock the login: then the caller takes it all back."""
    locked = await connection.fetchval(
        f"delete from base_login_failure where login_hash = $1 and address = $2 returning {LOCKED}",
        login_hash,
        address,
        most,
    )
    return bool(locked)


async def clean(connection: "Connection", most: int = MOST_ROWS) -> int:
    """Forget what is over, and the oldest of what is too much; return how many rows went."""
    over = await connection.execute("delete from base_login_failure where since <= now() - interval '1 minute'")
    excess = await connection.execute(
        "delete from base_login_failure where id in"
        " (select id from base_login_failure order by since desc, id desc offset $1)",
        most,
    )
    return sum(int(done.rpartition(" ")[2]) for done in (over, excess))
