"""Writes that a caller may repeat: a key kept with the answer, in the transaction that did the work.

A caller who heard no answer sends the same call with the same key again. If the first one was committed, its answer
comes back and nothing is done; if it failed or never arrived, it is done now. Two at the same time: the second waits
for the first. Keys are the caller's own: another user's same key is another key.
"""

from models.orm import Env, Index, Key, Model, fields
from models.orm.answer import JsonText
from models.orm.errors import ConflictError

KEPT_DAYS = 90
LONGEST_KEY = 255


class Idempotency(Model, name="base.idempotency", label="Repeatable call"):
    """One call that was done under a key. `fingerprint` hashes what was asked, `answer` is the JSON text given."""

    label_field = "key"
    keys = (Key(("user_id", "key"), "This key is taken."),)
    indexes = (Index(("create_date",)),)

    user_id = fields.Integer("User", required=True, readonly=True)
    key = fields.Char("Key", size=LONGEST_KEY, required=True, readonly=True)
    fingerprint = fields.Char("Fingerprint", required=True, readonly=True)
    answer = fields.Text("Answer", readonly=True)


CLAIM = """
insert into base_idempotency (user_id, key, fingerprint, create_uid, write_uid)
values ($1::bigint, $2, $3, $1::bigint, $1::bigint)
on conflict (user_id, key) do nothing returning id"""
FIND = "select fingerprint, answer from base_idempotency where user_id = $1 and key = $2"
KEEP = "update base_idempotency set answer = $3 where user_id = $1 and key = $2"
CLEAN = f"""
delete from base_idempotency where id in (
    select id from base_idempotency where create_date < now() - interval '{KEPT_DAYS} days'
    order by create_date limit $1 for update skip locked)
returning id"""


async def claim(env: Env, key: str, fingerprint: str) -> JsonText | None:
    """Take the key for this transaction: None, or the answer of the call that had it before.

    Raises `ConflictError` when that was another call.
    """
    while not await env.change(CLAIM, env.user.id, key, fingerprint):
        found = await env.fetchrow(FIND, env.user.id, key)
        if found is None:
            continue  # it was rolled back or cleaned away meanwhile
        if found["fingerprint"] != fingerprint:
            raise ConflictError("This idempotency key was used for another call.")
        return JsonText(found["answer"])
    return None


async def keep(env: Env, key: str, answer: str) -> None:
    """Keep the answer, JSON text, with the key."""
    await env.execute(KEEP, env.user.id, key, answer)


async def clean(env: Env, limit: int) -> int:
    """Forget keys after their time, at most `limit` of them; return how many."""
    return len(await env.change(CLEAN, limit))
