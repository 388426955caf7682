"""From what a caller sends to what is written.

Names looked up, values read by their fields, defaults, required ones, reachable targets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from models.orm.commands import parse_commands
from models.orm.condition import SearchQuery
from models.orm.dialect import Vocabulary
from models.orm.errors import InputError, MissingError, ReadonlyError, RequiredError, UnknownModelError, ValidationError
from models.orm.fields import Field, Many2One, Text, ToMany
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
        decoded = field.decode(value, env.dialect)
    except (InputError, ValidationError) as error:
        error.data.setdefault("model", meta.name)
        raise
    return _own_reference(env, meta, field, decoded) if isinstance(field, Reference) and decoded else decoded


def _own_reference(env: Env, meta: Meta, field: Reference, value: str) -> str:
    """Bring a "model,id" to the model's own name. Whether the record is there is asked later, for all together."""
    word, _, number = value.rpartition(",")
    target = env.registry.model(word).meta
    if field.targets and target.name not in field.targets:
        raise ValidationError(f"{field.label} cannot refer to {word[:64]}.", model=meta.name, field=field.name)
    return f"{target.name},{number}"


def add_context_defaults(env: Env, meta: Meta, row: Row) -> None:
    """Fill what the caller left out, or left empty where a value is required, from the caller's own defaults.

    They count for the record that the caller creates, never for what our own code or its lines create along with it.
    """
    given = env.context.defaults
    for word, value in given.items():
        field = meta.names.get(word)
        if field is None or field.readonly or not env.profile.sees(meta, field, writing=True):
            continue
        if field.name not in row or (row[field.name] is None and field.required):
            row.update(decode_row(env, meta, {word: value}, trusted=False))


def add_defaults(env: Env, meta: Meta, row: Row) -> None:
    """Fill what was left out, or left empty where a value is required, from the fields' own defaults."""
    for field in meta.defaulted:
        if field.name in row and not (row[field.name] is None and field.required):
            continue
        value = field.default(env) if callable(field.default) else field.default
        row.update(decode_row(env, meta, {field.name: value}, trusted=True))


def check_required(meta: Meta, row: Row, names: Sequence[str] | None = None) -> None:
    """Refuse an unset required field, of all or of the named ones."""
    for name in names if names is not None else meta.fields:
        field = meta.fields[name]
        if not field.required or field.sequence is not None or name == "id":
            continue
        if (field.has_column or isinstance(field, ToMany)) and not field.compute and _is_empty(field, row.get(name)):
            raise RequiredError(f"{field.label} ({name}) is required.", model=meta.name, field=name)


def _is_empty(field: Field[Any], value: Any) -> bool:
    if isinstance(field, ToMany):
        return not any(command.action == "create" or command.ids for command in value or ())
    return value is None or (value == "" and isinstance(field, Text))


async def check_targets(env: Env, meta: Meta, rows: Sequence[Row]) -> None:
    """Refuse links to records that the caller may not read, in one statement for all relations of all rows.

    Where the caller may read every row of a target the foreign key alone decides, and no statement is spent.
    """
    query = SearchQuery(env.profile, env.dialect, active_test=False)
    linked = _linked(meta, rows).items()
    asked = [part for (name, target), ids in linked if (part := _unreachable(env, query, meta, name, target, ids))]
    if asked:
        broken = await env.fetchval(
            f"select min(f) from ({' union all '.join(asked)}) missing(f)", *env.resolve(query.params)
        )
        if broken is not None:
            raise MissingError(
                f"The record given for {broken} does not exist or is not accessible.", model=meta.name, field=broken
            )


def _linked(meta: Meta, rows: Sequence[Row]) -> dict[tuple[str, str], set[int]]:
    """Return the ids that the rows link to, by field and target model."""
    linked: dict[tuple[str, str], set[int]] = {}
    for row in rows:
        for name, value in row.items():
            field = meta.fields[name]
            if value is None:
                continue
            if isinstance(field, Many2One):
                linked.setdefault((name, field.target), set()).add(value)
            elif isinstance(field, Reference):
                target, _, number = value.rpartition(",")
                linked.setdefault((name, target), set()).add(int(number))
            elif isinstance(field, ToMany):
                ids = {one for command in value if command.action in ("link", "set") for one in command.ids}
                linked.setdefault((name, field.target), set()).update(ids)
    return {key: ids for key, ids in linked.items() if ids}


def _unreachable(env: Env, query: Query, meta: Meta, name: str, model: str, ids: set[int]) -> str:
    """Return a SELECT of the field's name when one of the ids is out of the caller's reach, empty when none can be."""
    target = env.registry.models[model].meta
    if not env.profile.can(target, "read"):
        raise UnknownModelError(f"There is no model {target.name}.", model=target.name, field=name)
    scope = query.scope(target)
    guard = scope.guard("read")
    if not guard and isinstance(meta.fields[name], Many2One):
        return ""
    place = query.param(sorted(ids))
    found = f"select count(*) from {scope.from_sql} where {scope.alias}.id = any({place}::bigint[])"
    if guard:
        found += f" and {guard}"
    return f"select '{name}' where ({found}) <> cardinality({place}::bigint[])"
