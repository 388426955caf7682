"""The records that come with the models, and external ids: names by which modules and clients know a record.

A record is inserted once, under its external id; what people change or delete afterwards stays changed or deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from models.orm.commands import Command
from models.orm.errors import MissingError, UserError

if TYPE_CHECKING:
    from models.orm.env import Env


class DataError(Exception):
    """Records that come along are declared wrongly: found at installation, never at a call."""


@dataclass(frozen=True, slots=True)
class Ref:
    """The id of the record that has this external id."""

    xml_id: str


@dataclass(frozen=True, slots=True)
class Datum:
    """One record that comes along: its external id "module.name", its model and its values.

    Values are own names as for `insert`; a `Ref` stands for the id of another record, also inside lists and commands.
    `protected` records may not be deleted, archived or have their code changed. `known_by` names a field by whose
    value a record that people made before is taken for this one, as it stands.
    """

    xml_id: str
    model: str
    values: Mapping[str, Any] = field(default_factory=dict)
    protected: bool = False
    known_by: str = ""


async def load_data(env: Env, data: Iterable[Datum]) -> int:
    """Insert the records that were never inserted before, in order; return how many. Raises `DataError`.

    One INSERT serves all neighbours of one model that do not refer to each other.
    """
    data = list(data)
    _check_unique(data)
    known = await external_ids(env, {name for datum in data for name in (datum.xml_id, *_referred(datum.values))})
    new = [datum for datum in data if datum.xml_id not in known]
    made = await _made_before(env, new)
    known.update(made)
    for batch in _batches([datum for datum in new if datum.xml_id not in made]):
        rows = [_resolved(datum.values, known, datum) for datum in batch]
        ids = await env[batch[0].model].insert(env, rows)
        known.update(zip((datum.xml_id for datum in batch), ids, strict=True))
        await _remember(env, batch, ids)
    return len(new) - len(made)


async def _made_before(env: Env, new: Sequence[Datum]) -> dict[str, int]:
    """Give records that people made the external ids by which these are known from now on, and return them."""
    found: dict[str, int] = {}
    for model, name in dict.fromkeys((datum.model, datum.known_by) for datum in new if datum.known_by):
        named = {datum.values[name]: datum for datum in new if (datum.model, datum.known_by) == (model, name)}
        every = env.with_context(active_test=False)
        records = await env[model].find(every, [[name, "in", list(named)]], [name], order="id desc")
        ids = {record[name]: record.id for record in records}
        if ids:
            await _remember(env, [named[value] for value in ids], list(ids.values()))
        found.update({named[value].xml_id: one for value, one in ids.items()})
    return found


async def external_ids(env: Env, xml_ids: Iterable[str]) -> dict[str, int]:
    """Return {external id: record id} for those that are known, in one indexed look-up. No access is checked."""
    parts = [xml_id.partition(".") for xml_id in dict.fromkeys(xml_ids)]
    if not parts:
        return {}
    rows = await env.fetch(
        "select d.module || '.' || d.name, d.res_id from unnest($1::text[], $2::text[]) w(module, name)"
        " join ir_model_data d using (module, name)",
        [module for module, _, _ in parts],
        [name for _, _, name in parts],
    )
    return {row[0]: row[1] for row in rows}


async def external_id(env: Env, xml_id: str) -> int:
    """Return the id of the record with this external id. Raises `MissingError`."""
    found = (await external_ids(env, [xml_id])).get(xml_id)
    if found is None:
        raise MissingError(f"There is no record with the external id {xml_id}.")
    return found


async def protected_ids(env: Env, model: str, ids: Sequence[int]) -> dict[int, str]:
    """Return {record id: external id} for the protected ones among the records of a model (its own name)."""
    rows = await env.fetch(
        "select res_id, module || '.' || name from ir_model_data"
        " where model = $1 and res_id = any($2::bigint[]) and protected",
        model,
        list(ids),
    )
    return {row[0]: row[1] for row in rows}


async def check_unprotected(env: Env, model: str, ids: Sequence[int], message: str) -> None:
    """Refuse with `UserError` when one of the records is protected; for the hooks of models that have such records."""
    found = await protected_ids(env, model, ids)
    if found:
        raise UserError(message, model=model, ids=sorted(found))


async def _remember(env: Env, batch: Sequence[Datum], ids: Sequence[int]) -> None:
    parts = [datum.xml_id.partition(".") for datum in batch]
    await env.execute(
        "insert into ir_model_data (module, name, model, res_id, protected, noupdate, create_uid, write_uid)"
        " select *, true, $6::bigint, $6::bigint"
        " from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::boolean[])",
        [module for module, _, _ in parts],
        [name for _, _, name in parts],
        [env[datum.model].meta.name for datum in batch],
        list(ids),
        [datum.protected for datum in batch],
        env.user.id,
    )


def _check_unique(data: Sequence[Datum]) -> None:
    seen: set[str] = set()
    for datum in data:
        module, _, name = datum.xml_id.partition(".")
        if not module or not name:
            raise DataError(f"{datum.xml_id}: an external id is module.name")
        if datum.xml_id in seen:
            raise DataError(f"{datum.xml_id} is declared twice")
        seen.add(datum.xml_id)


def _batches(data: Sequence[Datum]) -> Iterator[list[Datum]]:
    batch: list[Datum] = []
    for datum in data:
        inside = {other.xml_id for other in batch}
        if batch and (datum.model != batch[0].model or not inside.isdisjoint(_referred(datum.values))):
            yield batch
            batch = []
        batch.append(datum)
    if batch:
        yield batch


def _referred(value: Any) -> Iterator[str]:
    """Every external id that a value refers to."""
    if isinstance(value, Ref):
        yield value.xml_id
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _referred(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _referred(item)
    elif isinstance(value, Command):
        yield from _referred([value.ids, value.values])


def _resolved(value: Any, known: Mapping[str, int], datum: Datum) -> Any:
    """The value with the ids in place of the references."""
    if isinstance(value, Ref):
        if value.xml_id not in known:
            raise DataError(f"{datum.xml_id} refers to {value.xml_id}, which does not come before it")
        return known[value.xml_id]
    if isinstance(value, Mapping):
        return {name: _resolved(item, known, datum) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_resolved(item, known, datum) for item in value)
    if isinstance(value, Command):
        return replace(value, ids=_resolved(value.ids, known, datum), values=_resolved(value.values, known, datum))
    return value
