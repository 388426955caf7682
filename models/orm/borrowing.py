"""Fields that records have from another one: a user has a picture and an address because the user's partner has.

    @borrows("partner_id", Partner, "phone", "city")
    class PartnerUser(Users, name="res.users"): ...

gives users the fields `phone` and `city` of the record at the end of `partner_id`. They are read, searched and sorted
by along that path, with the rights and rules that hold there. Written they are a write on that record: who may not
write it there may not do so here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from models.orm.errors import ValidationError

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.fields import Field, Many2One
    from models.orm.kind import Kind
    from models.orm.meta import Meta
    from models.orm.values import Row

K = TypeVar("K", bound="type[Kind]")
Lent = dict[str, "Row"]  # by the many2one that leads to the lender, what is to be written there


def borrows(way: str, lender: type[Kind], *names: str) -> Callable[[K], K]:
    """Let a model have fields of the record that its many2one `way` points at, under their own names and words."""

    def declare(model: K) -> K:
        for name in names:
            own: Field[Any] = getattr(lender, name)
            field = own.lent(way)
            field.__set_name__(model, name)
            setattr(model, name, field)
        return model

    return declare


def take_lent(meta: Meta, row: Row) -> Lent:
    """Take out of a row what is written elsewhere."""
    lent: Lent = {}
    for name in [name for name in row if meta.fields[name].is_lent]:
        way, end = meta.fields[name].path
        lent.setdefault(way, {})[end] = row.pop(name)
    return lent


async def write_lent(
    env: Env, model: type[Kind], given: Iterable[tuple[Sequence[int], Lent]], *, trusted: bool
) -> None:
    """Write what was taken out of rows on the records that lend it: two statements or more for each row with such.

    The caller's rights on those records hold. Raises `ValidationError` where there is none to write on.
    """
    for ids, lent in given:
        for way, row in lent.items():
            field = cast("Many2One", model.meta.fields[way])
            lenders = await _lenders(env, model.meta, field, ids)
            for name in () if trusted else row:
                env.profile.writable(env.registry.models[field.target].meta, name)
            await env[field.target]._write(env, lenders, row, trusted=trusted)


async def _lenders(env: Env, meta: Meta, field: Many2One, ids: Sequence[int]) -> list[int]:
    rows = await env.fetch(
        f'select distinct "{field.name}" from "{meta.table}" where id = any($1::bigint[]) order by 1', list(ids)
    )
    found: list[int | None] = [row[0] for row in rows]
    if None in found:
        raise ValidationError(f"{meta.label} has no {field.label} to keep this.", model=meta.name, field=field.name)
    return [one for one in found if one is not None]
