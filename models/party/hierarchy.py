"""Trees of records: no record is above itself, and a label that names the way down from the root."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from models.orm import Model
from models.orm.errors import ValidationError

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.values import Row

DEEPEST = 100


class Tree(Model):
    """What models have in common whose records are inside one another, by `parent_id`."""

    __slots__ = ()

    @classmethod
    async def after_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Keep the tree a tree."""
        await super().after_write(env, ids, row)
        if row.get("parent_id") is not None:
            await refuse_cycles(env, cls, ids)


async def refuse_cycles(env: Env, model: type[Model], ids: Sequence[int], parent: str = "parent_id") -> None:
    """Refuse records that the link `parent`, as just written, puts above themselves. Raises `ValidationError`."""
    meta = model.meta
    found = await env.fetchval(
        f'with recursive up(id, start, depth) as (select r."{parent}", r.id, 1 from "{meta.table}" r'
        " where r.id = any($1)"
        f' union all select p."{parent}", up.start, up.depth + 1 from up join "{meta.table}" p on p.id = up.id'
        f" where up.id <> up.start and up.depth < {DEEPEST}) select start from up where id = start limit 1",
        list(ids),
    )
    if found is not None:
        raise ValidationError(
            f"{meta.label} {found} cannot be above itself.", model=meta.name, field=parent, ids=[found]
        )


def path_label(table: str, separator: str = " / ", parent: str = "parent_id", *, shared: bool = False) -> str:
    """Return the SQL over {t} of a record's name behind those of all records above it: "Goods / Cars / Used".

    `shared`: records may belong to a company. Whoever sees one is told no name of another company's above it.
    """
    seen = " and (p.company_id is null or p.company_id = {t}.company_id)" if shared else ""
    return (
        "(with recursive up(id, name, parent_id, depth) as ("
        f"select {{t}}.id, {{t}}.name, {{t}}.{parent}, 1 union all"
        f" select p.id, p.name, p.{parent}, up.depth + 1 from up join {table} p on p.id = up.parent_id"
        f" where up.depth < {DEEPEST}{seen}) select string_agg(up.name, '{separator}' order by up.depth desc) from up)"
    )
