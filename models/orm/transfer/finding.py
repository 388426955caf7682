"""What the cells of an import refer to: looked up for all rows at once, one statement for each model referred to.

Only what the caller may read is found, by external id, by id, or by what people call it: its label, its name, or its
key. Several records of one name are none: nobody can tell which is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from models.orm.condition import SearchQuery
from models.orm.errors import InputError, MissingError
from models.orm.fields import Text
from models.orm.fields.number import LONGEST_INTEGER
from models.orm.fields.text import storable
from models.orm.query import Scope
from models.orm.transfer import naming
from models.orm.transfer.paths import DATABASE_ID, EXTERNAL_ID

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.meta import Meta

SEVERAL = -1
REFERRED = Text("Reference")
REFERRED.name = "reference"


def number_of(cell: Any) -> int:
    """Return the id that a cell holds. Raises `InputError`."""
    text = str(cell).strip()
    is_digits = text.isascii() and text.isdigit() and len(text) < LONGEST_INTEGER
    if isinstance(cell, bool) or not is_digits or int(text) >= 1 << 63:
        raise InputError("An id of the database is a whole number.")
    return int(text)


class Finder:
    """Collects what is referred to, looks it up, and answers."""

    def __init__(self, env: Env) -> None:
        """Start with nothing to look for."""
        self.env = env
        self.names: dict[str, tuple[naming.Target, int]] = {}  # external id -> record, row of the name
        self.coming: dict[str, str] = {}  # external id -> model of a record that this import makes
        self.made: dict[str, int] = {}
        self._external: set[str] = set()
        self._numbers: dict[str, set[int]] = {}
        self._labels: dict[str, set[str]] = {}
        self._readable: dict[str, set[int]] = {}
        self._by_label: dict[str, list[Mapping[str, int]]] = {}

    def want(self, model: str, kind: str, text: str) -> None:
        """Look one reference up. Raises `InputError` for what can be none."""
        storable(REFERRED, text)
        if kind == EXTERNAL_ID:
            self._external.add(naming.full_name(text))
        elif kind == DATABASE_ID:
            self._numbers.setdefault(model, set()).add(number_of(text))
        else:
            self._labels.setdefault(model, set()).add(text.strip())

    async def load(self, referred: Iterable[str]) -> None:
        """Look everything up: the external ids, then what the caller may read of each model referred to."""
        self.names = await naming.find(self.env, self._external)
        for (model, one), _ in self.names.values():
            self._numbers.setdefault(model, set()).add(one)
        for model in sorted(set(referred)):
            await self._load(model, sorted(self._numbers.get(model, ())), sorted(self._labels.get(model, ())))

    async def _load(self, model: str, ids: Sequence[int], labels: Sequence[str]) -> None:
        if not ids and not labels:
            return
        query = SearchQuery.of(self.env)
        scope = query.scope(self.env.registry.models[model].meta)
        terms = _terms(scope) if labels else []
        asked = [f"{scope.alias}.id = any({query.param(list(ids))}::bigint[])"]
        if labels:
            place = query.param(list(labels))
            called = " or ".join(f"{term} = any({place}::text[])" for term in terms)
            asked.append(f"({called}){_shown(scope)}")
        guard = scope.guard("read")
        rule = f" and {guard}" if guard else ""
        listed = "".join(f", {term}" for term in terms)
        sql = f"select {scope.alias}.id{listed} from {scope.from_sql} where ({' or '.join(asked)}){rule}"
        rows = await self.env.fetch(sql, *self.env.resolve(query.params))
        self._readable[model] = {row[0] for row in rows}
        self._by_label[model] = [_singly(rows, place + 1) for place in range(len(terms))]

    def id_of(self, model: str, kind: str, text: str) -> int | None:
        """Return the record referred to, None when this import is yet to make it. Raises `MissingError`."""
        if kind == EXTERNAL_ID:
            return self._named(model, naming.full_name(text))
        if kind == DATABASE_ID:
            return self._reached(model, number_of(text))
        for called in self._by_label.get(model, ()):
            found = called.get(text.strip())
            if found == SEVERAL:
                raise MissingError("Several records have this name.")
            if found is not None:
                return found
        raise MissingError("No record has this name.")

    def _named(self, model: str, name: str) -> int | None:
        if name in self.coming:
            if self.coming[name] != model:
                raise MissingError("The external id is that of another kind of record.")
            return self.made.get(name)
        (named, one), _ = self.names.get(name, (("", 0), 0))
        if named != model or one not in self._readable.get(model, ()):
            raise MissingError("No record of this kind has this external id.")  # nor is told of one that is hidden
        return one

    def _reached(self, model: str, one: int) -> int:
        if one not in self._readable.get(model, ()):
            raise MissingError("The record does not exist or is not accessible.")
        return one


def _terms(scope: Scope) -> list[str]:
    """Return the SQL of what people call a record, the most telling first: label, name, one-field key."""
    meta, profile = scope.meta, scope.query.profile
    names = [meta.label_field, *(_own_key(meta))]
    fields = [meta.fields[name] for name in names if name in meta.fields]
    found = [scope.value(one) for one in fields if isinstance(one, Text) and one.in_sql and profile.sees(meta, one)]
    return [f"({term})::text" for term in dict.fromkeys([scope.label, *found])]


def _own_key(meta: Meta) -> Sequence[str]:
    """Return the one field of the model's key, the company aside; nothing when there are several."""
    columns = [name for name in meta.keys[0].columns if name != "company_id"] if meta.keys else []
    return columns if len(columns) == 1 else ()


def _shown(scope: Scope) -> str:
    active = scope.meta.fields.get("active")
    hides = active is not None and active.has_column and scope.query.active_test
    return f" and {scope.alias}.active" if hides else ""


def _singly(rows: Sequence[Any], place: int) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        if row[place] is not None:
            found[row[place]] = row[0] if found.get(row[place], row[0]) == row[0] else SEVERAL
    return found
