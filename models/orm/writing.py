"""Writing records, always as batches: create, write, delete, and their forms for code inside the server.

One write runs: rights, values read and checked, the row rule before, the statement, the row rule after, children,
constraints, chatter, audit. Whatever refuses raises, and the call's transaction takes everything back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from models.orm import arguments, chatter
from models.orm.condition import SearchQuery
from models.orm.declare import Operation
from models.orm.domain import TRUE
from models.orm.errors import AccessError, ConflictError, InputError
from models.orm.fields import DateTime, Field, Json, ToMany
from models.orm.methods import rpc
from models.orm.query import Query, Scope, walks
from models.orm.reading import Reading
from models.orm.relations import apply_commands
from models.orm.values import (
    Row,
    add_defaults,
    check_references,
    check_required,
    check_targets,
    decode_row,
    fresh_commands,
)

if TYPE_CHECKING:
    from models.orm.env import Env

Image = dict[str, tuple[Any, Any]]  # field name: (old value, new value)


class Writing(Reading):
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
        await cls.remove(env, arguments.ids_of(ids, model=cls.meta.name))
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
        query, scope = cls._writing(env)
        condition = cls._mine(query, scope, ids, "delete")
        table = f'"{cls.meta.table}" {scope.alias}'
        rows = await env.fetch(
            f"delete from {table} where {condition} returning {scope.alias}.id", *env.resolve(query.params)
        )
        if len(rows) != len(set(ids)):
            raise cls.missing(ids)
        if cls.meta.audit:
            await chatter.audit(env, cls.meta, ids, "delete", {})

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
        """Follow up on created records."""

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Change or refuse the values to write."""

    @classmethod
    async def after_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Follow up on changed records."""

    @classmethod
    async def before_delete(cls, env: Env, ids: list[int]) -> None:
        """Refuse a deletion, or clean up before it."""

    # create

    @classmethod
    async def _create(cls, env: Env, rows: list[Row], *, trusted: bool) -> list[int]:
        meta = cls.meta
        env.profile.check(meta, "create")
        if not rows:
            return []
        if not trusted:
            await check_targets(env, meta, rows)
            await check_references(env, meta, rows)
        for row in rows:
            add_defaults(env, meta, row)
        await cls.prepare_create(env, rows)
        for row in rows:
            check_required(meta, row)
            cls._compute(row, meta.dependents(meta.columns))
        cls._check_constraints([cls(cls._as_read(row)) for row in rows])
        ids = await cls._insert(env, rows)
        await cls._create_children(env, ids, rows, trusted=trusted)
        if meta.chatter:
            await chatter.post(env, meta, dict.fromkeys(ids, f"{meta.label} created"), subtype="created")
        if meta.audit:
            for record_id, row in zip(ids, rows, strict=True):
                await chatter.audit(env, meta, [record_id], "create", row)
        await cls.after_create(env, ids, rows)
        return ids

    @classmethod
    async def _insert(cls, env: Env, rows: list[Row]) -> list[int]:
        """Run one INSERT for all rows and check the row rule on what it left."""
        query, scope = cls._writing(env)
        columns = [field for field in cls.meta.columns.values() if field.name != "id" and cls._is_given(field, rows)]
        named = ", ".join(f'"{field.name}"' for field in columns)
        stamps = query.param(env.user.id)
        source = cls._values(query, columns, rows, stamps)
        check = cls._rule_after(scope, "create")
        rows_back = await env.fetch(
            f'insert into "{cls.meta.table}" as {scope.alias} ({named}, create_uid, write_uid) {source}'
            f" returning {scope.alias}.id, {check}",
            *env.resolve(query.params),
        )
        ids = [row[0] for row in rows_back]
        await cls._check_rule(env, ids, [row[1] for row in rows_back], "create")
        return ids

    @classmethod
    def _is_given(cls, field: Field[Any], rows: Sequence[Row]) -> bool:
        return field.sequence is not None or any(row.get(field.name) is not None for row in rows)

    @classmethod
    def _values(cls, query: Query, columns: Sequence[Field[Any]], rows: Sequence[Row], stamps: str) -> str:
        """Return VALUES for one row, a SELECT over arrays for several."""
        if len(rows) == 1:
            terms = [cls._numbered(query, field, query.param(rows[0].get(field.name)), rows[0]) for field in columns]
            return f"values ({', '.join([*terms, stamps, stamps])})"
        arrays = ", ".join(
            f"{query.param([row.get(field.name) for row in rows])}::{field.column_type}[]" for field in columns
        )
        names = [f"v{place}" for place in range(len(columns))]
        terms = [cls._numbered(query, field, f"v.{name}", rows[0]) for field, name in zip(columns, names, strict=True)]
        listed = ", ".join([*terms, stamps, stamps])
        return f"select {listed} from unnest({arrays}) with ordinality v({', '.join([*names, 'o'])}) order by v.o"

    @classmethod
    def _numbered(cls, query: Query, field: Field[Any], term: str, row: Row) -> str:
        """Number a record where the caller gives no value. All rows of one INSERT count in the first row's company."""
        if field.sequence is None:
            return term
        company = query.param(row.get("company_id"))
        code = query.param(field.sequence.code)
        return f"coalesce({term}::text, tandem_next_number({code}, {company}::bigint))"

    @classmethod
    async def _create_children(cls, env: Env, ids: list[int], rows: list[Row], *, trusted: bool) -> None:
        for field in cls.meta.fields.values():
            if isinstance(field, ToMany):
                work = [
                    (record_id, fresh_commands(row[field.name]))
                    for record_id, row in zip(ids, rows, strict=True)
                    if row.get(field.name)
                ]
                if any(commands for _, commands in work):
                    await apply_commands(env, cls._model(env), field, work, trusted=trusted)

    # write

    @classmethod
    async def _write(cls, env: Env, ids: list[int], row: Row, *, trusted: bool) -> None:
        meta = cls.meta
        env.profile.check(meta, "write")
        if not ids or not row:
            return
        if not trusted:
            await check_targets(env, meta, [row])
            await check_references(env, meta, [row])
        await cls.prepare_write(env, ids, row)
        lists = {name: value for name, value in row.items() if isinstance(meta.fields[name], ToMany)}
        columns = {name: value for name, value in row.items() if name not in lists}
        check_required(meta, columns, list(columns))
        images = await cls._update(env, ids, columns)
        before = await cls._list_images(env, ids, lists)
        for name, commands in lists.items():
            work = [(record_id, commands) for record_id in ids]
            await apply_commands(env, cls._model(env), meta.fields[name], work, trusted=trusted)  # type: ignore[arg-type]
        await cls._track(env, images, before)
        if meta.audit:
            await chatter.audit(env, meta, ids, "write", columns)
        await cls.after_write(env, ids, row)

    @classmethod
    async def _update(cls, env: Env, ids: list[int], columns: Row) -> dict[int, Image]:
        """Run one UPDATE under the row rule before and after.

        Return the old and new values that tracking and constraints need.
        """
        computed = cls.meta.dependents(columns)
        if computed:
            return await cls._update_computed(env, ids, columns, computed)
        wanted = cls._watched(columns)
        query, scope = cls._writing(env)
        condition = cls._mine(query, scope, ids, "write")
        sets = [f'"{name}" = {query.param(value)}' for name, value in columns.items()]
        sets += [f"write_uid = {query.param(env.user.id)}", "write_date = now()"]
        rows = await cls._run_update(env, query, scope, ids, condition, sets, wanted, columns)
        return await cls._after_update(env, ids, rows, wanted)

    @classmethod
    async def _run_update(
        cls,
        env: Env,
        query: Query,
        scope: Scope,
        ids: Sequence[int],
        condition: str,
        sets: Sequence[str],
        wanted: Sequence[str],
        columns: Row,
    ) -> list[Any]:
        """Update one record directly, several or watched ones after locking them in id order with their old values."""
        alias, table = scope.alias, f'"{cls.meta.table}"'
        news = "".join(f', {alias}."{name}"' for name in wanted)
        check = cls._rule_after(scope, "write")
        if len(ids) == 1 and not any(name in columns for name in wanted):
            sql = (
                f"update {table} {alias} set {', '.join(sets)} where {condition}"
                f" returning {alias}.id, {check}{news}{news}"
            )
        else:
            olds = "".join(f', {alias}."{name}" as "{name}"' for name in wanted)
            shown = "".join(f', old."{name}"' for name in wanted)
            sql = (
                f"with old as (select {alias}.id{olds} from {table} {alias} where {condition}"
                f" order by {alias}.id for update) update {table} {alias} set {', '.join(sets)} from old"
                f" where {alias}.id = old.id returning {alias}.id, {check}{shown}{news}"
            )
        return await env.fetch(sql, *env.resolve(query.params))

    @classmethod
    async def _update_computed(
        cls, env: Env, ids: list[int], columns: Row, computed: Sequence[Field[Any]]
    ) -> dict[int, Image]:
        """Lock the records, compute what depends on the change for each, and write all in one statement."""
        inputs = list(dict.fromkeys(name for field in computed for name in field.depends))
        outputs = [field.name for field in computed]
        wanted = cls._watched([*columns, *outputs])
        records = await cls.lock(env, ids, list(dict.fromkeys([*inputs, *wanted, *outputs])))
        news = []
        for record in records:
            values: Row = {**record.values, **columns}
            cls._compute(values, computed)
            news.append(values)
        query, scope = cls._writing(env)
        arrays = [f"{query.param([new['id'] for new in news])}::bigint[]"]
        arrays += [f"{query.param([new[f.name] for new in news])}::{f.column_type}[]" for f in computed]
        sets = [f'"{name}" = {query.param(value)}' for name, value in columns.items()]
        sets += [f'"{name}" = v."{name}"' for name in outputs]
        sets += [f"write_uid = {query.param(env.user.id)}", "write_date = now()"]
        named = ", ".join(f'"{name}"' for name in ["id", *outputs])
        check = cls._rule_after(scope, "write")
        rows = await env.fetch(
            f'update "{cls.meta.table}" {scope.alias} set {", ".join(sets)} from unnest({", ".join(arrays)}) v({named})'
            f" where {scope.alias}.id = v.id returning {scope.alias}.id, {check}",
            *env.resolve(query.params),
        )
        after = {new["id"]: cls._as_read(new) for new in news}
        old = {record.id: record for record in records}
        full = [
            (row[0], row[1], *[old[row[0]].values[name] for name in wanted], *[after[row[0]][name] for name in wanted])
            for row in rows
        ]
        return await cls._after_update(env, ids, full, wanted, loaded=True)

    @classmethod
    async def _after_update(
        cls, env: Env, ids: Sequence[int], rows: Sequence[Any], wanted: Sequence[str], *, loaded: bool = False
    ) -> dict[int, Image]:
        """Check that all were reached and stay reachable; return their images after the constraints have passed."""
        if len(rows) != len(set(ids)):
            raise cls.missing(ids)
        await cls._check_rule(env, [row[0] for row in rows], [row[1] for row in rows], "write")
        images: dict[int, Image] = {}
        for row in rows:
            values = list(row[2:]) if loaded else cls._loaded(wanted, row[2:])
            half = len(wanted)
            images[row[0]] = {name: (values[i], values[half + i]) for i, name in enumerate(wanted)}
        cls._check_constraints([cls({n: new for n, (_, new) in image.items()}) for image in images.values()])
        return images

    @classmethod
    def _loaded(cls, wanted: Sequence[str], values: Sequence[Any]) -> list[Any]:
        loads = [cls.meta.fields[name].load for name in wanted] * 2
        return [load(value) for load, value in zip(loads, values, strict=True)]

    @classmethod
    def _watched(cls, changed: Mapping[str, Any] | Sequence[str]) -> list[str]:
        """Return the columns whose values tracking or constraints need after a change of these fields."""
        names = set(changed)
        wanted = {
            field.name: None
            for field in cls.meta.columns.values()
            if cls.meta.chatter and field.tracked and field.name in names
        }
        for constraint in cls.meta.constraints:
            if not names.isdisjoint(constraint.fields):
                wanted.update(dict.fromkeys(constraint.fields))
        return list(wanted)

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
        changes: dict[int, list[chatter.Change]] = {}
        for record_id, image in images.items():
            for name, (old, new) in image.items():
                if cls.meta.fields[name].tracked and old != new:
                    changes.setdefault(record_id, []).append((cls.meta.fields[name], old, new))
        if before:
            names = [name for name in next(iter(before.values())) if name != "id"]
            for record in await cls.browse(env, list(before), names):
                for name in names:
                    if before[record.id][name] != record[name]:
                        change = (cls.meta.fields[name], before[record.id][name], record[name])
                        changes.setdefault(record.id, []).append(change)
        await chatter.post_changes(env, cls.meta, changes)

    # shared

    @classmethod
    def _model(cls, env: Env) -> Any:
        return env[cls.meta.name]

    @classmethod
    def _writing(cls, env: Env) -> tuple[Query, Scope]:
        query = SearchQuery(env.profile, env.dialect, active_test=False)
        return query, query.scope(cls.meta)

    @classmethod
    def _mine(cls, query: Query, scope: Scope, ids: Sequence[int], operation: Operation) -> str:
        """Return the condition on ids and the row rule for an operation."""
        if len(ids) == 1:
            condition = f"{scope.alias}.id = {query.param(ids[0])}"
        else:
            condition = f"{scope.alias}.id = any({query.param(list(ids))}::bigint[])"
        guard = scope.guard(operation)
        return f"{condition} and {guard}" if guard else condition

    @classmethod
    def _rule_after(cls, scope: Scope, operation: Operation) -> str:
        """Return SQL that says whether the row as written satisfies the rule; null when a second look has to decide."""
        rule = scope.query.profile.rule(cls.meta, operation)
        if cls.meta.document and not scope.query.profile.is_system:
            return "null::boolean"
        if rule == TRUE:
            return "true"
        return "null::boolean" if walks(cls.meta, rule) else f"({scope.guard(operation)}) is true"

    @classmethod
    async def _check_rule(
        cls, env: Env, ids: Sequence[int], verdicts: Sequence[bool | None], operation: Operation
    ) -> None:
        """Refuse a write that leaves a row outside the caller's reach."""
        if all(verdict is True for verdict in verdicts):
            return
        if None in verdicts:
            query, scope = cls._writing(env)
            condition = cls._mine(query, scope, ids, operation)
            found = await env.fetchval(
                f"select count(*) from {scope.from_sql} where {condition}", *env.resolve(query.params)
            )
            if found == len(set(ids)):
                return
        raise AccessError(
            f"You are not allowed to leave a record of {cls.meta.label} ({cls.meta.name}) in this state.",
            model=cls.meta.name,
        )

    @classmethod
    def _compute(cls, row: Row, computed: Sequence[Field[Any]]) -> None:
        """Fill stored computed fields from the other values of the row, in place."""
        for field in computed:
            if field.compute:
                record = cls(cls._as_read({name: row.get(name) for name in field.depends}))
                row[field.name] = field.parse_computed(field.compute(record))

    @classmethod
    def _as_read(cls, row: Row) -> Row:
        """Return column parameters as the values a record holds."""
        values: Row = dict.fromkeys(cls.meta.columns)
        for name, value in row.items():
            field = cls.meta.fields.get(name)
            if field is not None and not isinstance(field, ToMany):
                values[name] = field.load(value) if isinstance(field, Json) else value
        return values

    @classmethod
    def _check_constraints(cls, records: Sequence[Self]) -> None:
        for constraint in cls.meta.constraints:
            for record in records:
                if all(name in record for name in constraint.fields):
                    constraint.check(record)

    @classmethod
    async def _check_time(cls, env: Env, ids: Sequence[int], given: Any) -> None:
        """Refuse when one of the records changed after the caller read it (seconds count, as the wire shows them)."""
        seen = DateTime("check_time").parse(given, env.dialect)
        records = await cls.lock(env, ids, ["write_date"])
        if any(record["write_date"].replace(microsecond=0) > seen for record in records):
            raise ConflictError(
                "Failed to write record (concurrent access), please reload the page.",
                model=cls.meta.name,
                ids=list(ids),
            )
