"""Carrying out x2many commands, in their order, each for all parent records of a call at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from models.orm.commands import Command
from models.orm.condition import SearchQuery
from models.orm.errors import InputError, LimitError, MissingError, ReadonlyError, RequiredError
from models.orm.fields import Many2Many, Many2One, One2Many, ToMany
from models.orm.fields.relation import Reference
from models.orm.limits import LIMITS
from models.orm.values import Row, decode_row

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.kind import Kind

Work = Sequence[tuple[int, Sequence[Command]]]  # parent id, its commands


async def link_new(env: Env, model: type[Kind], field: ToMany, work: Work, *, trusted: bool) -> None:
    """Carry out the commands of records that were just created; there is nothing yet to change or take away."""
    for _, commands in work:
        for command in commands:
            if command.action in ("update", "delete", "unlink"):
                raise InputError(f"{field.name}: a new record has nothing to {command.action}.", field=field.name)
    relation = _relation(env, model, field, trusted=trusted)
    created = [(parent, command) for parent, commands in work for command in commands if command.action == "create"]
    ids = await relation.create([(parent, command.values or {}) for parent, command in created])
    for (_, command), one in zip(created, ids, strict=True):
        _note(command, [one])
    await relation.link([(parent, one) for parent, commands in work for command in commands for one in command.ids])


async def apply_commands(
    env: Env, model: type[Kind], field: ToMany, parents: Sequence[int], commands: Sequence[Command], *, trusted: bool
) -> None:
    """Carry out the same commands for each parent, one after the other; new records are created together."""
    relation = _relation(env, model, field, trusted=trusted)
    new: list[Command] = []
    for command in commands:
        if command.action == "create":
            new.append(command)
            continue
        await _create_for(relation, parents, new)
        new = []
        await relation.apply(parents, command)
    await _create_for(relation, parents, new)


async def _create_for(relation: _OneToMany | _ManyToMany, parents: Sequence[int], new: Sequence[Command]) -> None:
    ids = await relation.create_for(parents, [command.values or {} for command in new])
    each = len(ids) // len(new) if new else 0
    for place, command in enumerate(new):
        _note(command, ids[place * each : (place + 1) * each])


def _note(command: Command, ids: Sequence[int]) -> None:
    if command.made is not None:
        command.made.extend(ids)


async def check_filled(env: Env, model: type[Kind], field: ToMany, parents: Sequence[int]) -> None:
    """Refuse to leave a required relation without any record."""
    if field.required:
        linked = await _relation(env, model, field, trusted=True).pairs(parents)
        if {parent for parent, _ in linked} != set(parents):
            raise RequiredError(f"{field.label} ({field.name}) is required.", model=model.meta.name, field=field.name)


def _relation(env: Env, model: type[Kind], field: ToMany, *, trusted: bool) -> _OneToMany | _ManyToMany:
    if isinstance(field, Many2Many):
        return _ManyToMany(env, model, field, trusted)
    return _OneToMany(env, model, cast(One2Many, field), trusted)


class _Relation(ABC):
    """What both kinds of relations have in common."""

    def __init__(self, env: Env, model: type[Kind], field: ToMany, trusted: bool) -> None:
        self.env = env
        self.model = model
        self.name = field.name
        self.trusted = trusted
        self.target = env[field.target]
        if not trusted:
            env.profile.check(self.target.meta, "read")

    @abstractmethod
    async def pairs(self, parents: Sequence[int]) -> list[tuple[int, int]]:
        """Return (parent, id) of the readable records linked to the parents, archived ones included."""

    async def linked(self, parents: Sequence[int]) -> list[int]:
        """Return the ids of the readable records linked to some parent, each once."""
        return list(dict.fromkeys(one for _, one in await self.pairs(parents)))

    async def own(self, parents: Sequence[int], ids: Iterable[int]) -> None:
        """Refuse records that are not linked to some parent."""
        if not set(ids) <= set(await self.linked(parents)):
            raise MissingError(
                f"A record given for {self.name} is not linked here.", model=self.model.meta.name, field=self.name
            )

    async def write(self, parents: Sequence[int], ids: list[int], values: Mapping[str, Any]) -> None:
        """Change linked records."""
        await self.own(parents, ids)
        row = decode_row(self.env, self.target.meta, values, trusted=self.trusted)
        await self.target._write(self.env, ids, row, trusted=self.trusted)

    async def delete(self, parents: Sequence[int], ids: list[int]) -> None:
        """Delete linked records."""
        await self.own(parents, ids)
        await self.target.remove(self.env, ids)


class _OneToMany(_Relation):
    """Commands on records that point at the parent."""

    def __init__(self, env: Env, model: type[Kind], field: One2Many, trusted: bool) -> None:
        super().__init__(env, model, field, trusted)
        self.field = field
        self.inverse = self.target.meta.fields[field.inverse]

    def tie(self, parent: int) -> Row:
        """Return the values that make a record point at the parent."""
        if isinstance(self.inverse, Reference):
            return {self.inverse.name: f"{self.model.meta.name},{parent}"}
        tie: Row = {self.inverse.name: parent}
        if self.field.inverse_model:
            tie[self.field.inverse_model] = self.model.meta.name
        return tie

    async def create_for(self, parents: Sequence[int], new: Sequence[Mapping[str, Any]]) -> list[int]:
        """Create each record once for each parent, return the ids record by record."""
        return await self.create([(parent, values) for values in new for parent in parents])

    async def create(self, new: Sequence[tuple[int, Mapping[str, Any]]]) -> list[int]:
        """Create records under their parents, in one batch. The parent decides the inverse, not the caller."""
        words = {self.inverse.name, *self.inverse.aliases, self.field.inverse_model}
        rows = []
        for parent, given in new:
            values = {name: value for name, value in given.items() if name not in words}
            row = decode_row(self.env, self.target.meta, values, trusted=self.trusted)
            rows.append({**row, **self.tie(parent)})
        return await self.target._create(self.env, rows, trusted=self.trusted) if rows else []

    async def link(self, pairs: Sequence[tuple[int, int]]) -> None:
        """Let records point at parents."""
        by_parent: dict[int, list[int]] = {}
        for parent, one in pairs:
            by_parent.setdefault(parent, []).append(one)
        for parent, ids in by_parent.items():
            self.check_movable()
            await self.target._write(self.env, list(dict.fromkeys(ids)), self.tie(parent), trusted=True)

    async def apply(self, parents: Sequence[int], command: Command) -> None:
        """Carry out one command other than create. What is linked to several parents belongs to the last."""
        ids = list(command.ids)
        match command.action:
            case "update":
                await self.write(parents, ids, command.values or {})
            case "delete":
                await self.delete(parents, ids)
            case "link":
                await self.link([(parents[-1], one) for one in ids])
            case "unlink":
                await self.own(parents, ids)
                await self.release(ids)
            case "clear":
                await self.release(await self.linked(parents))
            case "delete_all":
                await self.target.remove(self.env, await self.linked(parents))
            case _:
                await self.exactly(parents, ids)

    async def exactly(self, parents: Sequence[int], ids: list[int]) -> None:
        """Link these records to the last parent and release all others."""
        before = await self.pairs(parents)
        await self.release([one for _, one in before if one not in ids])
        kept = {one for parent, one in before if parent == parents[-1]}
        await self.link([(parents[-1], one) for one in ids if one not in kept])

    async def release(self, ids: list[int]) -> None:
        """Let go of records: clear the inverse, or delete where it is required."""
        if not ids:
            return
        owned = self.inverse.required or (isinstance(self.inverse, Many2One) and self.inverse.on_delete == "cascade")
        if owned:
            await self.target.remove(self.env, ids)
        else:
            self.check_movable()
            await self.target._write(self.env, ids, {self.inverse.name: None}, trusted=True)

    def check_movable(self) -> None:
        """Refuse to move records of a caller who may not write their inverse."""
        if self.trusted:
            return
        inverse, meta = self.env.profile.writable(self.target.meta, self.inverse.name), self.target.meta
        if inverse.readonly:
            raise ReadonlyError(
                f"{inverse.name} ({inverse.label}) cannot be written.", model=meta.name, field=inverse.name
            )

    async def pairs(self, parents: Sequence[int]) -> list[tuple[int, int]]:
        """Return (parent, id) of the readable records that point at the parents, archived ones included."""
        query = SearchQuery(self.env.profile, self.env.dialect, active_test=False)
        scope = query.scope(self.target.meta)
        back = scope.value(self.inverse)
        parts = [scope.guard("read")]
        if isinstance(self.inverse, Reference):
            name = query.param(self.model.meta.name)
            parts.append(f"split_part({back}, ',', 1) = {name}")
            back = f"split_part({back}, ',', 2)::bigint"
        elif self.field.inverse_model:
            parts.append(f'{scope.alias}."{self.field.inverse_model}" = {query.param(self.model.meta.name)}')
        parts.append(f"{back} = any({query.param(list(parents))}::bigint[])")
        condition = " and ".join(part for part in parts if part)
        sql = f"select {back}, {scope.alias}.id from {scope.from_sql} where {condition} order by 2"
        return [(row[0], row[1]) for row in await self.env.fetch(sql, *self.env.resolve(query.params))]


class _ManyToMany(_Relation):
    """Commands on links."""

    def __init__(self, env: Env, model: type[Kind], field: Many2Many, trusted: bool) -> None:
        super().__init__(env, model, field, trusted)
        self.field = field

    async def create_for(self, parents: Sequence[int], new: Sequence[Mapping[str, Any]]) -> list[int]:
        """Create each record once and link it to every parent."""
        ids = await self.created(new)
        await self.link([(parent, one) for parent in parents for one in ids])
        return ids

    async def create(self, new: Sequence[tuple[int, Mapping[str, Any]]]) -> list[int]:
        """Create a record for each parent given, in one batch, and link it."""
        ids = await self.created([values for _, values in new])
        await self.link([(parent, one) for (parent, _), one in zip(new, ids, strict=True)])
        return ids

    async def created(self, new: Sequence[Mapping[str, Any]]) -> list[int]:
        """Create records and return their ids."""
        if not new:
            return []
        rows = [decode_row(self.env, self.target.meta, values, trusted=self.trusted) for values in new]
        ids: list[int] = await self.target._create(self.env, rows, trusted=self.trusted)
        return ids

    async def link(self, pairs: Sequence[tuple[int, int]]) -> None:
        """Add links; those that are there stay."""
        if not pairs:
            return
        if len(pairs) > LIMITS.links_per_call:
            raise LimitError("links_per_call", LIMITS.links_per_call, field=self.name)
        await self.env.execute(
            f'insert into "{self.field.table}" ("{self.field.column}", "{self.field.other}")'
            " select * from unnest($1::bigint[], $2::bigint[]) order by 1, 2 on conflict do nothing",
            [parent for parent, _ in pairs],
            [one for _, one in pairs],
        )

    async def apply(self, parents: Sequence[int], command: Command) -> None:
        """Carry out one command other than create."""
        ids = list(command.ids)
        match command.action:
            case "link":
                await self.link([(parent, one) for parent in parents for one in ids])
            case "set":
                await self.unlink(parents, keep=ids)
                await self.link([(parent, one) for parent in parents for one in ids])
            case "unlink":
                await self.unlink(parents, only=ids)
            case "clear" | "delete_all":
                await self.unlink(parents)
            case "delete":
                await self.delete(parents, ids)
            case _:
                await self.write(parents, ids, command.values or {})

    async def unlink(
        self, parents: Sequence[int], *, keep: Sequence[int] = (), only: Sequence[int] | None = None
    ) -> None:
        """Remove links to records that the caller may read; hidden ones stay linked."""
        query = SearchQuery(self.env.profile, self.env.dialect, active_test=False)
        conditions = [f'l."{self.field.column}" = any({query.param(list(parents))}::bigint[])']
        if keep:
            conditions.append(f'l."{self.field.other}" <> all({query.param(list(keep))}::bigint[])')
        if only is not None:
            conditions.append(f'l."{self.field.other}" = any({query.param(list(only))}::bigint[])')
        scope = query.scope(self.target.meta)
        guard = scope.guard("read")
        if guard:
            mine = f'{scope.alias}.id = l."{self.field.other}" and {guard}'
            conditions.append(f"exists (select 1 from {scope.from_sql} where {mine})")
        sql = f'delete from "{self.field.table}" l where ' + " and ".join(conditions)
        await self.env.execute(sql, *self.env.resolve(query.params))

    async def pairs(self, parents: Sequence[int]) -> list[tuple[int, int]]:
        """Return (parent, id) of the readable records linked to the parents, archived ones included."""
        query = SearchQuery(self.env.profile, self.env.dialect, active_test=False)
        scope = query.scope(self.target.meta)
        guard = scope.guard("read")
        links = f'"{self.field.table}" l join {scope.from_sql} on {scope.alias}.id = l."{self.field.other}"'
        condition = f'l."{self.field.column}" = any({query.param(list(parents))}::bigint[])'
        sql = f'select l."{self.field.column}", {scope.alias}.id from {links} where {condition}'
        rows = await self.env.fetch(sql + (f" and {guard}" if guard else ""), *self.env.resolve(query.params))
        return [(row[0], row[1]) for row in rows]
