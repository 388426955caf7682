"""Writing records, always as batches: create, write, delete, and their forms for code inside the server.

One write runs: rights, values read and checked, the row rule before, the statement, the row rule after, children,
constraints, chatter, audit. Whatever refuses raises, and the call's transaction takes everything back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, cast

from models.orm import arguments, chatter
from models.orm.borrowing import take_lent, write_lent
from models.orm.computing import as_read, check_constraints, compute
from models.orm.declare import Operation
from models.orm.errors import ConflictError, InputError
from models.orm.fields import DateTime, ToMany
from models.orm.methods import rpc
from models.orm.relations import apply_commands, check_filled, link_new
from models.orm.storing import Image, Storing
from models.orm.values import (
    Row,
    add_context_defaults,
    add_defaults,
    check_required,
    check_targets,
    decode_row,
)

if TYPE_CHECKING:
    from models.orm.env import Env


class Writing(Storing):
    """The writing half of every model."""

    __slots__ = ()

    # for callers

    @rpc(netforce=("vals",), renamed={"vals_list": "vals", "values": "vals"})
    @classmethod
    async def create(cls, env: Env, vals: Any) -> Any:
        """Create one record (an object, answers its id) or several (a list, answers their ids)."""
        given, single = arguments.rows_of(vals)
        env.profile.check(cls.meta, "create")
        rows = [decode_row(env, cls.meta, one, trusted=False) for one in given]
        for row in rows:
            add_context_defaults(env, cls.meta, row)
        ids = await cls._create(env, rows, trusted=False)
        return ids[0] if single else ids

    @rpc(netforce=("ids", "vals", "check_time"), renamed={"values": "vals"})
    @classmethod
    async def write(cls, env: Env, ids: Any, vals: Any, check_time: Any = False) -> bool | None:
        """Change records. `check_time` refuses when one was changed after that instant.

        Answers true (Netforce: null).
        """
        if not isinstance(vals, Mapping):
            raise InputError("vals must be an object.", argument="vals")
        env.profile.check(cls.meta, "write")
        wanted = arguments.ids_of(ids, model=cls.meta.name)
        row = decode_row(env, cls.meta, vals, trusted=False)
        if not arguments.is_unset(check_time):
            await cls._check_time(env, wanted, check_time)
        await cls._write(env, wanted, row, trusted=False)
        return None if env.dialect.name == "netforce" else True

    @rpc(aliases=("unlink",))
    @classmethod
    async def delete(cls, env: Env, ids: Any) -> bool | None:
        """Delete records. Answers true (Netforce: null)."""
        wanted = arguments.ids_of(ids, model=cls.meta.name)
        env.profile.check(cls.meta, "delete")
        if cls._is_hooked(env, "delete", Writing.before_delete):
            await cls.check_reach(env, wanted, "delete")
        await cls.remove(env, wanted)
        return None if env.dialect.name == "netforce" else True

    # inside the server

    @classmethod
    async def insert(cls, env: Env, rows: Sequence[Mapping[str, Any]]) -> list[int]:
        """Create records from our own code.

        Readonly and hidden fields may be set, rights on model and rows still hold.
        """
        return await cls._create(env, [decode_row(env, cls.meta, row, trusted=True) for row in rows], trusted=True)

    @classmethod
    async def update(cls, env: Env, ids: Sequence[int], values: Mapping[str, Any]) -> None:
        """Change records from our own code, as `insert` creates them."""
        await cls._write(env, list(ids), decode_row(env, cls.meta, values, trusted=True), trusted=True)

    @classmethod
    async def remove(cls, env: Env, ids: Sequence[int]) -> None:
        """Delete records, hooks and audit included."""
        env.profile.check(cls.meta, "delete")
        if not ids:
            return
        await cls.before_delete(env, list(ids))
        await cls._delete(env, ids)
        await cls.after_delete(env, list(ids))
        if cls.meta.audit:
            await chatter.audit(env, cls.meta, "delete", {one: {} for one in ids})

    @classmethod
    async def post(
        cls, env: Env, bodies: Mapping[int, str], *, kind: str = "notification", subtype: str = "note"
    ) -> None:
        """Write one chatter message for each record: {id: text}."""
        await chatter.post(env, cls.meta, bodies, kind=kind, subtype=subtype)

    # what a model may add; each works on the whole batch

    @classmethod
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """Change or refuse the rows to create; defaults are filled in, required ones not yet checked."""

    @classmethod
    async def after_create(cls, env: Env, ids: list[int], rows: list[Row]) -> None:
        """Follow up on created records; the rows hold their numbers now."""

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Change or refuse the values to write."""

    @classmethod
    async def after_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Follow up on changed records."""

    @classmethod
    async def before_delete(cls, env: Env, ids: list[int]) -> None:
        """Refuse a deletion, or clean up before it."""

    @classmethod
    async def after_delete(cls, env: Env, ids: list[int]) -> None:
        """Follow up on deleted records."""

    # the course of a create

    @classmethod
    async def _create(cls, env: Env, rows: list[Row], *, trusted: bool) -> list[int]:
        meta = cls.meta
        env.profile.check(meta, "create")
        if not rows:
            return []
        if not trusted:
            await check_targets(env, meta, rows)
        for row in rows:
            add_defaults(env, meta, row)
        await cls.prepare_create(env, rows)
        lent = [take_lent(meta, row) for row in rows]
        for row in rows:
            check_required(meta, row)
            compute(cls, row, meta.dependents(meta.columns))
        check_constraints(cls, [cls(as_read(cls, row)) for row in rows])
        ids = await cls._insert(env, rows)
        for field in meta.fields.values():
            if isinstance(field, ToMany) and any(row.get(field.name) for row in rows):
                work = [(one, row.get(field.name) or ()) for one, row in zip(ids, rows, strict=True)]
                await link_new(env, env[meta.name], field, work, trusted=trusted)
        if meta.chatter:
            await chatter.post_created(env, meta, dict(zip(ids, rows, strict=True)))
        if meta.audit:
            await chatter.audit(env, meta, "create", dict(zip(ids, rows, strict=True)))
        await cls.after_create(env, ids, rows)
        await write_lent(env, cls, [([one], given) for one, given in zip(ids, lent, strict=True)], trusted=trusted)
        return ids

    # the course of a write

    @classmethod
    async def _write(cls, env: Env, ids: list[int], row: Row, *, trusted: bool) -> None:
        meta = cls.meta
        env.profile.check(meta, "write")
        if not ids or not row:
            return
        if not trusted:
            await check_targets(env, meta, [row])
        lent = take_lent(meta, row)
        if row:
            await cls._write_own(env, ids, row, trusted=trusted)
        else:
            await cls.check_reach(env, ids, "write")
        await write_lent(env, cls, [(ids, lent)], trusted=trusted)

    @classmethod
    async def _write_own(cls, env: Env, ids: list[int], row: Row, *, trusted: bool) -> None:
        """Write what the records hold themselves."""
        meta = cls.meta
        hidden = not trusted and cls._is_hooked(env, "write", Writing.prepare_write)
        with env.asking_first(lambda: cls.check_reach(env, ids, "write")) if hidden else nullcontext():
            await cls.prepare_write(env, ids, row)
        lists = {name: value for name, value in row.items() if isinstance(meta.fields[name], ToMany)}
        columns = {name: value for name, value in row.items() if name not in lists}
        check_required(meta, columns, list(columns))
        images = await cls._update(env, ids, columns)
        before = await cls._list_images(env, ids, lists)
        for name, commands in lists.items():
            field = cast(ToMany, meta.fields[name])
            await apply_commands(env, env[meta.name], field, ids, commands, trusted=trusted)
            await check_filled(env, env[meta.name], field, ids)
        await cls._track(env, images, before)
        if meta.audit:
            computed = [field.name for field in meta.dependents(columns)]
            written = {one: columns | {name: images[one][name][1] for name in computed} for one in ids}
            await chatter.audit(env, meta, "write", written)
        await cls.after_write(env, ids, row)

    @classmethod
    def _is_hooked(cls, env: Env, operation: Operation, hook: Any) -> bool:
        """Return whether a model's hook could look at hidden records, and say something of what it saw."""
        return getattr(cls, hook.__name__).__func__ is not hook.__func__ and cls._writing(env)[1].is_guarded(operation)

    @classmethod
    async def _list_images(cls, env: Env, ids: Sequence[int], lists: Mapping[str, Any]) -> dict[int, Row]:
        """Return the linked ids of tracked relations before they change."""
        tracked = [name for name in lists if cls.meta.fields[name].tracked and cls.meta.chatter]
        if not tracked:
            return {}
        return {record.id: record.values for record in await cls.browse(env, ids, tracked)}

    @classmethod
    async def _track(cls, env: Env, images: Mapping[int, Image], before: Mapping[int, Row]) -> None:
        """Write the changed tracked fields to the chatter."""
        if not cls.meta.chatter:
            return
        fields = cls.meta.fields
        changes: dict[int, list[chatter.Change]] = {
            one: [(fields[name], old, new) for name, (old, new) in image.items() if fields[name].tracked and old != new]
            for one, image in images.items()
        }
        if before:
            names = [name for name in next(iter(before.values())) if name != "id"]
            for record in await cls.browse(env, list(before), names):
                lists = [(fields[name], before[record.id][name], record[name]) for name in names]
                changes[record.id] += [change for change in lists if change[1] != change[2]]
        await chatter.post_changes(env, cls.meta, changes)

    @classmethod
    async def _check_time(cls, env: Env, ids: Sequence[int], given: Any) -> None:
        """Refuse when one of the records changed after the caller read it.

        An instant with a fraction is compared exactly (`read` with `get_time` gives one), another one by the second.
        """
        field = DateTime("check_time")
        field.name = "check_time"
        seen = field.parse(given, env.dialect)
        records = await cls.lock(env, ids, ["write_date"])
        exact = isinstance(given, str) and "." in given
        times = [(one.id, one["write_date"] if exact else one["write_date"].replace(microsecond=0)) for one in records]
        if changed := [record for record, at in times if at > seen]:
            raise ConflictError(
                "Failed to write record (concurrent access), please reload the page.",
                model=cls.meta.name,
                ids=changed[:100],
                argument="check_time",
            )
