"""Records that are gone: what is kept of them so that those who follow a model's changes hear of it."""

from models.orm import Env, Index, Model, fields
from models.orm.feeding import KEPT_DAYS


class Deletion(Model, name="base.deletion", label="Deleted record"):
    """One record that was deleted. `kept` holds the values by which rules told who reached it, and nothing more."""

    label_sql = "{t}.model || ',' || {t}.res_id"
    indexes = (Index(("model", "change_xid", "id")), Index(("create_date",)))

    model = fields.Char("Model", required=True, readonly=True)
    res_id = fields.Integer("Record", big=True, required=True, readonly=True, aggregate="")
    kept = fields.Json("Kept", readonly=True)
    change_xid = fields.Integer("Transaction", big=True, required=True, readonly=True, aggregate="")


# A day more than tokens are good for: a transaction's rows are as old as its beginning.
CLEAN = f"""
delete from base_deletion where id in (
    select id from base_deletion where create_date < now() - interval '{KEPT_DAYS + 1} days'
    order by create_date limit $1 for update skip locked)
returning id"""


async def clean(env: Env, limit: int) -> int:
    """Forget deletions after their time, at most `limit` of them; return how many."""
    return len(await env.change(CLEAN, limit))
