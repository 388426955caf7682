"""From what a caller sends to what is written.

Names looked up, values read by their fields, defaults, required ones, reachable targets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from models.orm.commands import Command, parse_commands
from models.orm.condition import SearchQuery
from models.orm.dialect import Vocabulary
from models.orm.errors import InputError, MissingError, ReadonlyError, RequiredError, UnknownModelError, ValidationError
from models.orm.fields import Field, Many2One, ToMany
from models.orm.fields.relation import Reference
from models.orm.query import Query

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.meta import Meta

Row = dict[str, Any]

STAMPS = frozenset({"id", "create_uid", "create_date", "write_uid", "write_date", "display_name"})


def decode_row(env: Env, meta: Meta, given: Mapping[str, Any], *, trusted: bool) -> Row:
    """Read one set of values: own names, column parameters, commands for x2many.

    `trusted` may set readonly and hidden fields.
    """
    row: Row = {}
    for name, value in given.items():
        field = meta.names[name] if trusted else env.profile.writable(meta, name)
        if not trusted and (field.readonly or field.name in STAMPS):
            if field.name in STAMPS and env.dialect.vocabulary is not Vocabulary.OWN:
                continue  # Odoo and Netforce clients send whole records back
            raise ReadonlyError(f"{field.name} ({field.label}) cannot be written.", model=meta.name, field=field.name)
        if field.name in row:
            raise InputError(f"{field.name} is given twice.", model=meta.name, field=field.name)
        row[field.name] = (
            parse_commands(field, value) if isinstance(field, ToMany) else _decoded(env, meta, field, value)
        )
    return row


def _decoded(env: Env, meta: Meta, field: Field[Any], value: Any) -> Any:
    try:
        return field.decode(value, env.dialect)
    except (InputError, ValidationError) as error:
        error.data.setdefault("model", meta.name)
        raise


def add_defaults(env: Env, meta: Meta, row: Row) -> None:
    """Fill what the caller left out, or left empty where a value is required: from the context, else from the field."""
    from_context = env.context.defaults
    for field in meta.fields.values():
        if field.name in row and not (row[field.name] is None and field.required):
            continue
        if from_context and not field.readonly:
            word = next((word for word in (field.name, *field.aliases) if word in from_context), None)
            if word is not None and env.profile.sees(meta, field):
                row.update(decode_row(env, meta, {word: from_context[word]}, trusted=False))
                continue
        if field.default is not None:
            value = field.default(env) if callable(field.default) else field.default
            row.update(decode_row(env, meta, {field.name: value}, trusted=True))


def check_required(meta: Meta, row: Row, names: Sequence[str] | None = None) -> None:
    """Refuse an unset required field, of all or of the named ones."""
    for name in names if names is not None else meta.columns:
        field = meta.columns.get(name)
        if field is None or not field.required or field.sequence is not None or field.compute:
            continue
        if row.get(name) is None or (row[name] == "" and field.kind in ("char", "text")):
            raise RequiredError(f"{field.label} ({name}) is required.", model=meta.name, field=name)


async def check_targets(env: Env, meta: Meta, rows: Sequence[Row]) -> None:
    """Refuse links to records that the caller may not read, in one statement for all relations of all rows.

    Where the caller may read every row of a target the foreign key alone decides, and no statement is spent.
    """
    query = SearchQuery(env.profile, env.dialect, active_test=False)
    parts = [_unreachable(env, query, meta, name, ids) for name, ids in _linked(meta, rows).items()]
    asked = [part for part in parts if part]
    if asked:
        broken = await env.fetchval(
            f"select min(f) from ({' union all '.join(asked)}) missing(f)", *env.resolve(query.params)
        )
        if broken is not None:
            raise MissingError(
                f"The record given for {broken} does not exist or is not accessible.", model=meta.name, field=broken
            )


def _linked(meta: Meta, rows: Sequence[Row]) -> dict[str, set[int]]:
    linked: dict[str, set[int]] = {}
    for row in rows:
        for name, value in row.items():
            field = meta.fields[name]
            if isinstance(field, Many2One) and value is not None:
                linked.setdefault(name, set()).add(value)
            elif isinstance(field, ToMany):
                ids = {one for command in value if command.action in ("link", "set") for one in command.ids}
                if ids:
                    linked.setdefault(name, set()).update(ids)
    return linked


def _unreachable(env: Env, query: Query, meta: Meta, name: str, ids: set[int]) -> str:
    """Return a SELECT of the field's name when one of the ids is out of the caller's reach, empty when none can be."""
    field = meta.fields[name]
    target = env.registry.models[field.target].meta  # type: ignore[attr-defined]
    if not env.profile.can(target, "read"):
        raise UnknownModelError(f"There is no model {target.name}.", model=target.name, field=name)
    scope = query.scope(target)
    guard = scope.guard("read")
    if not guard and isinstance(field, Many2One):
        return ""
    place = query.param(sorted(ids))
    found = f"select count(*) from {scope.from_sql} where {scope.alias}.id = any({place}::bigint[])"
    if guard:
        found += f" and {guard}"
    return f"select '{name}' where ({found}) <> cardinality({place}::bigint[])"


async def check_references(env: Env, meta: Meta, rows: Sequence[Row]) -> None:
    """Bring "model,id" values to the model's own name and refuse those that point at nothing the caller may read."""
    for field in meta.columns.values():
        if not isinstance(field, Reference):
            continue
        for row in rows:
            if row.get(field.name) is not None:
                row[field.name] = await _checked_reference(env, meta, field, row[field.name])


async def _checked_reference(env: Env, meta: Meta, field: Reference, value: str) -> str:
    word, _, number = value.rpartition(",")
    target = env.registry.model(word)
    if field.targets and target.meta.name not in field.targets:
        raise ValidationError(f"{field.label} cannot refer to {word}.", model=meta.name, field=field.name)
    if not await target.exists(env, [int(number)]):
        raise MissingError(
            f"The record given for {field.name} does not exist or is not accessible.", model=meta.name, field=field.name
        )
    return f"{target.meta.name},{number}"


def fresh_commands(commands: Sequence[Command]) -> list[Command]:
    """Return the commands that mean something on a record that is just being created."""
    return [
        command
        for command in commands
        if command.action in ("create", "link", "set") and (command.ids or command.values is not None)
    ]
