"""Lead sources: where a lead came from. Other code looks the shipped ones up, so they stay, except for their label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.orm.data import check_unprotected
from models.orm.fields import Boolean, Char, Integer, Selection
from models.orm.model import Model

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.values import Row

SOURCE_TYPES = (
    ("walkin", "Walk-In"),
    ("inbound", "Inbound Call"),
    ("outbound", "Outbound Call"),
    ("referral", "Referral"),
    ("website", "Website"),
    ("campaign", "Campaign"),
    ("social", "Social Media"),
    ("event", "Event/Exhibition"),
    ("bpo", "Endorsed from BPO"),
)

SHIPPED = (
    "This source came with the system and is looked up by it: it can be renamed, but not deleted, archived or recoded."
)


class LeadSource(Model):
    """What a source is on either side: a code that never changes its meaning, and a label people may reword."""

    order = "sequence, id"

    code = Char("Code", required=True, size=32)
    name = Char("Source", required=True, size=64)
    source_type = Selection("Type", SOURCE_TYPES, required=True)
    sequence = Integer("Sequence", default=10, aggregate="")
    active = Boolean("Active", default=True)

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Keep code and activity of the shipped sources."""
        await super().prepare_write(env, ids, row)
        if row.get("active") is False or ("code" in row and await cls._recoded(env, ids, row["code"])):
            await check_unprotected(env, cls.meta.name, ids, SHIPPED)

    @classmethod
    async def before_delete(cls, env: Env, ids: list[int]) -> None:
        """Keep the shipped sources."""
        await super().before_delete(env, ids)
        await check_unprotected(env, cls.meta.name, ids, SHIPPED)

    @classmethod
    async def _recoded(cls, env: Env, ids: list[int], code: str) -> bool:
        return any(source.code != code for source in await cls.browse(env, ids, ["code"]))
