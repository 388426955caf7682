"""Carrying out x2many commands, for all parent records of a call at once where the commands allow it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from models.orm.commands import Command
from models.orm.condition import SearchQuery
from models.orm.errors import MissingError
from models.orm.fields import Many2Many, Many2One, One2Many, ToMany
from models.orm.fields.relation import Reference
from models.orm.values import Row, decode_row

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.model import Model

Work = Sequence[tuple[int, Sequence[Command]]]  # parent id, its commands


async def apply_commands(env: Env, model: type[Model], field: ToMany, work: Work, *, trusted: bool) -> None:
    """Carry out the commands of each parent on one relation."""
    if isinstance(field, Many2Many):
        await _ManyToMany(env, model, field, trusted).apply(work)
    else:
        await _OneToMany(env, model, cast(One2Many, field), trusted).apply(work)


class _OneToMany:
    """Commands on records that point at the parent."""

    def __init__(self, env: Env, model: type[Model], field: One2Many, trusted: bool) -> None:
        self.env = env
        self.model = model
        self.field = field
        self.trusted = trusted
        self.target = env[field.target]
        self.inverse = self.target.meta.fields[field.inverse]

    def tie(self, parent: int) -> Row:
        """Return the values that make a record point at the parent."""
        if isinstance(self.inverse, Reference):
            return {self.inverse.name: f"{self.model.meta.name},{parent}"}
        tie: Row = {self.inverse.name: parent}
        if self.field.inverse_model:
            tie[self.field.inverse_model] = self.model.meta.name
        return tie

    async def apply(self, work: Work) -> None:
        """Create all new records together, then do the rest parent by parent."""
        created: list[Row] = []
        for parent, commands in work:
            for command in commands:
                if command.action == "create" and command.values is not None:
                    row = decode_row(self.env, self.target.meta, self.values(command.values), trusted=self.trusted)
                    created.append({**row, **self.tie(parent)})
                elif command.action != "create":
                    await self.change(parent, command)
        if created:
            await self.target._create(self.env, created, trusted=self.trusted)

    def values(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Leave out what the caller says of the inverse: the parent decides it."""
        words = {self.inverse.name, *self.inverse.aliases}
        return {name: value for name, value in given.items() if name not in words}

    async def change(self, parent: int, command: Command) -> None:
        """Carry out one command other than create."""
        ids = list(command.ids)
        match command.action:
            case "update":
                await self.own(parent, ids)
                row = decode_row(self.env, self.target.meta, command.values or {}, trusted=self.trusted)
                await self.target._write(self.env, ids, row, trusted=self.trusted)
            case "delete":
                await self.own(parent, ids)
                await self.target.remove(self.env, ids)
            case "link":
                await self.target._write(self.env, ids, self.tie(parent), trusted=True)
            case "unlink":
                await self.own(parent, ids)
                await self.release(ids)
            case "clear":
                await self.release(await self.linked(parent))
            case "delete_all":
                await self.target.remove(self.env, await self.linked(parent))
            case _:
                await self.exactly(parent, ids)

    async def exactly(self, parent: int, ids: list[int]) -> None:
        """Link these records and release the others."""
        before = await self.linked(parent)
        await self.release([one for one in before if one not in ids])
        new = [one for one in ids if one not in before]
        if new:
            await self.target._write(self.env, new, self.tie(parent), trusted=True)

    async def release(self, ids: list[int]) -> None:
        """Let go of records: clear the inverse, or delete where it is required."""
        if not ids:
            return
        owned = self.inverse.required or (isinstance(self.inverse, Many2One) and self.inverse.on_delete == "cascade")
        if owned:
            await self.target.remove(self.env, ids)
        else:
            await self.target._write(self.env, ids, {self.inverse.name: None}, trusted=True)

    async def linked(self, parent: int) -> list[int]:
        """Return the ids of the readable records that point at the parent, archived ones included."""
        domain = [[name, "=", value] for name, value in self.tie(parent).items()]
        found: list[int] = await self.target.search(self.env.with_context(active_test=False), domain)
        return found

    async def own(self, parent: int, ids: Sequence[int]) -> None:
        """Refuse records that do not belong to the parent."""
        if set(ids) - set(await self.linked(parent)):
            raise self.target.missing(ids)


class _ManyToMany:
    """Commands on links."""

    def __init__(self, env: Env, model: type[Model], field: Many2Many, trusted: bool) -> None:
        self.env = env
        self.field = field
        self.trusted = trusted
        self.target = env[field.target]

    async def apply(self, work: Work) -> None:
        """Add all new links together after the other commands."""
        links: list[tuple[int, int]] = []
        for parent, commands in work:
            for command in commands:
                links.extend((parent, one) for one in await self.change(parent, command))
        if links:
            field = self.field
            await self.env.execute(
                f'insert into "{field.table}" ("{field.column}", "{field.other}")'
                " select * from unnest($1::bigint[], $2::bigint[]) on conflict do nothing",
                [parent for parent, _ in links],
                [one for _, one in links],
            )

    async def change(self, parent: int, command: Command) -> Sequence[int]:
        """Carry out one command and return the ids to link."""
        ids = list(command.ids)
        match command.action:
            case "create":
                row = decode_row(self.env, self.target.meta, command.values or {}, trusted=self.trusted)
                return await self.target._create(self.env, [row], trusted=self.trusted)
            case "link":
                return ids
            case "set":
                await self.unlink(parent, keep=ids)
                return ids
            case "unlink":
                await self.unlink(parent, only=ids)
            case "clear" | "delete_all":
                await self.unlink(parent)
            case "delete":
                await self.own(parent, ids)
                await self.target.remove(self.env, ids)
            case _:
                await self.own(parent, ids)
                row = decode_row(self.env, self.target.meta, command.values or {}, trusted=self.trusted)
                await self.target._write(self.env, ids, row, trusted=self.trusted)
        return ()

    async def unlink(self, parent: int, *, keep: Sequence[int] = (), only: Sequence[int] | None = None) -> None:
        """Remove links to records that the caller may read; hidden ones stay linked."""
        query = SearchQuery(self.env.profile, self.env.dialect, active_test=False)
        scope = query.scope(self.target.meta)
        guard = scope.guard("read")
        conditions = [f'l."{self.field.column}" = {query.param(parent)}']
        if keep:
            conditions.append(f'l."{self.field.other}" <> all({query.param(list(keep))}::bigint[])')
        if only is not None:
            conditions.append(f'l."{self.field.other}" = any({query.param(list(only))}::bigint[])')
        if guard:
            mine = f'{scope.alias}.id = l."{self.field.other}" and {guard}'
            conditions.append(f"exists (select 1 from {scope.from_sql} where {mine})")
        sql = f'delete from "{self.field.table}" l where ' + " and ".join(conditions)
        await self.env.execute(sql, *self.env.resolve(query.params))

    async def own(self, parent: int, ids: Sequence[int]) -> None:
        """Refuse records that are not linked to the parent."""
        found = await self.env.fetchval(
            f'select count(*) from "{self.field.table}" where "{self.field.column}" = $1'
            f' and "{self.field.other}" = any($2::bigint[])',
            parent,
            list(ids),
        )
        if found != len(set(ids)):
            raise MissingError(f"A record given for {self.field.name} is not linked here.", field=self.field.name)
