"""Records as rows of cells: `export_data` in both conventions.

What is hidden shows nothing: no cell of a hidden record, no column of a hidden field, by any path. The number of
statements depends on the lists among the columns, never on how many records there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from models.orm import arguments
from models.orm.answer import JsonText
from models.orm.dialect import Vocabulary
from models.orm.errors import LimitError
from models.orm.identifying import Identifying
from models.orm.json_text import json_text
from models.orm.limits import LIMITS
from models.orm.methods import rpc
from models.orm.transfer import naming, sheet
from models.orm.transfer.cells import shown
from models.orm.transfer.naming import Target
from models.orm.transfer.paths import EXTERNAL_ID, columns_of
from models.orm.transfer.reach import Branch, Leaf, Node, Planner, column

if TYPE_CHECKING:
    from models.orm.env import Env

Cells = dict[int, Any]  # a line: place of the column -> cell
Values = dict[tuple[str, ...], Any]


class Exporting(Identifying):
    """What lets the records of every model out."""

    __slots__ = ()

    @rpc(netforce=("ids", "fields"), renamed={"fields_to_export": "fields", "export_fields": "fields"})
    @classmethod
    async def export_data(cls, env: Env, ids: Any, fields: Any = None) -> Any:
        """Return {"datas": rows} with a cell for each of the paths named, lines of lists below their record.

        For Netforce's clients, who name the paths in the context as `export_fields`: a text of CSV with the labels.
        """
        wanted = arguments.ids_of(ids, model=cls.meta.name)
        env.profile.check(cls.meta, "read")
        names = _named(env, fields)
        columns = columns_of(names, env.dialect)
        rows = await cls._export(env, wanted, columns)
        if env.dialect.vocabulary is Vocabulary.NETFORCE:
            labels = [sheet.label_of(env, cls.meta, steps) for steps in columns]
            return sheet.written(labels, rows)
        return {"datas": JsonText(json_text(rows))}

    @classmethod
    async def _export(cls, env: Env, ids: Sequence[int], columns: Sequence[tuple[str, ...]]) -> list[list[Any]]:
        joins = env.context.values.get("import_compat", True) is not False
        root = Planner(env.profile, join_lists=joins).plan(cls.meta, list(columns))
        reader = _Reader(env)
        found = await reader.read(root, ids)
        if len(found) != len(ids) and not env.dialect.skip_missing:
            raise cls.missing(ids)
        lines = reader.lines(root, [one for one in ids if one in found])
        names = await naming.names_of(env, reader.to_name)
        return [[_named_cell(line.get(place, ""), names) for place in range(len(columns))] for line in lines]


def _named(env: Env, fields: Any) -> Any:
    """Return the paths asked for, wherever the convention puts them."""
    if isinstance(fields, Mapping):
        return fields.get("export_fields")
    return env.context.values.get("export_fields") if arguments.is_unset(fields) else fields


class _Joined(list[Any]):
    """Cells of several records that become one."""


class _Reader:
    """Reads the nodes of a tree and lays out the lines."""

    def __init__(self, env: Env) -> None:
        self.env = env
        self.to_name: set[Target] = set()
        self.rows: dict[int, dict[int, Values]] = {}  # by node, by record

    async def read(self, node: Node, ids: Sequence[int]) -> dict[int, Values]:
        """Read a node's records and all below them, one statement a node."""
        model = self.env[node.meta.name]
        keys = node.keys()
        query, scope = model._begin(self.env, trusted=True)
        condition = f"{scope.alias}.id = any({query.param(list(ids))}::bigint[])"
        listed = ", ".join(column(scope, path, field) for path, field in keys.items())
        guard = scope.guard("read")
        rule = f" and {guard}" if guard else ""
        sql = f"select {listed} from {scope.from_sql} where {condition}{rule}"
        found = await self.env.fetch(sql, *self.env.resolve(query.params)) if ids else []
        rows = [{path: field.load(row[i]) for i, (path, field) in enumerate(keys.items())} for row in found]
        mine = self.rows[id(node)] = {row["id",]: row for row in rows}
        for branch in node.branches.values():
            await self.read(branch.node, _children(branch, rows))
        return mine

    def lines(self, node: Node, ids: Sequence[int]) -> list[Cells]:
        """Return the lines of records: each begins one, what its lists have more of follows."""
        found: list[Cells] = []
        for one in ids:
            if one in self.rows[id(node)]:
                found += self._of_record(node, self.rows[id(node)][one])
            if len(found) > LIMITS.reply_rows:
                raise LimitError("reply_rows", LIMITS.reply_rows)
        return found

    def _of_record(self, node: Node, values: Values) -> list[Cells]:
        first: Cells = {leaf.place: self._cell(node, leaf, values) for leaf in node.leaves}
        further: list[Cells] = []
        for branch in node.branches.values():
            lines = self.lines(branch.node, values[*branch.hops, branch.field.name])
            if branch.joined:
                first |= {leaf.place: _Joined(line[leaf.place] for line in lines) for leaf in branch.node.leaves}
            elif lines:
                first |= {place: cell for place, cell in lines[0].items() if cell != ""}
                further += lines[1:]
        return [first, *further]

    def _cell(self, node: Node, leaf: Leaf, values: Values) -> Any:
        one = values[*leaf.hops, "id"]
        if one is None:
            return ""  # unset, or hidden
        meta = node.end(leaf.hops)
        if leaf.field is None:
            return self._key(leaf, (meta.name, one))
        if leaf.field.compute and not leaf.field.stored:
            record = self.env[meta.name]({name: values[*leaf.hops, name] for name in leaf.field.depends})
            return shown(leaf.field, leaf.field.computed(leaf.field.compute(record)))
        value = values[*leaf.hops, leaf.field.name]
        return _in_words(self.env, value) if leaf.field.kind == "reference" else shown(leaf.field, value)

    def _key(self, leaf: Leaf, target: Target) -> Any:
        if leaf.key != EXTERNAL_ID:
            return str(target[1])
        self.to_name.add(target)
        return target


def _children(branch: Branch, rows: Sequence[Values]) -> list[int]:
    """Return the ids in a list of all records, within what one export shows."""
    ids = list(dict.fromkeys(one for row in rows for one in row[*branch.hops, branch.field.name]))
    if len(ids) > LIMITS.ids_per_call:
        raise LimitError("ids_per_call", LIMITS.ids_per_call, field=branch.field.name)
    return ids


def _named_cell(cell: Any, names: Mapping[Target, str]) -> Any:
    if isinstance(cell, _Joined):
        return ",".join(str(_named_cell(one, names)) for one in cell)
    return names[cell] if isinstance(cell, tuple) else cell


def _in_words(env: Env, value: str | None) -> str:
    """Return a "model,id" with the caller's word for the model."""
    model, _, number = (value or "").rpartition(",")
    return f"{env[model].meta.word(env.dialect.vocabulary)},{number}" if value else ""
