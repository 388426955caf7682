"""Drafts filled with values: cells read, references found, what stays as it is left out.

Every mistake of every row is told, with its row and column, before anything is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from models.orm.commands import Command
from models.orm.errors import AppError, MissingError
from models.orm.fields import Json, Many2One, One2Many, ToMany
from models.orm.snapshots import raw_value
from models.orm.transfer import naming
from models.orm.transfer.cells import is_empty, value_of
from models.orm.transfer.drafts import Draft, Plan
from models.orm.transfer.finding import Finder, number_of
from models.orm.transfer.paths import DATABASE_ID, EXTERNAL_ID
from models.orm.values import decode_row

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.fields import Field

Log = Callable[[Draft, str, AppError], None]  # the draft, the field ("" when it is none), what is wrong
Values = Mapping[str, Any]


class Filler:
    """Fills drafts; what is wrong goes to the log."""

    def __init__(self, env: Env, finder: Finder, log: Log) -> None:
        """Work in a call's surroundings."""
        self.env = env
        self.finder = finder
        self.log = log
        self.stale: list[int] = []  # names whose records are no more
        self._now: dict[str, dict[int, Values]] = {}

    # before the look-up

    def collect(self, drafts: Sequence[Draft]) -> None:
        """Say what is to be looked up, lines included."""
        for draft in every(drafts):
            self._collect_key(draft)
            self._collect_links(draft)

    def _collect_key(self, draft: Draft) -> None:
        for key, place in draft.plan.keys.items():
            cell = draft.cell(place)
            if is_empty(cell):
                continue
            with self._telling(draft, key):
                if key == DATABASE_ID:
                    draft.record_id = number_of(cell)
                else:
                    name = naming.full_name(str(cell))
                    self.finder.want(draft.plan.meta.name, EXTERNAL_ID, name)
                    draft.name = name

    def _collect_links(self, draft: Draft) -> None:
        for name, (place, kind) in draft.plan.links.items():
            field = draft.plan.meta.fields[name]
            assert isinstance(field, Many2One | ToMany)  # noqa: S101 as it was planned
            for text in _referred(field, draft.cell(place)):
                with self._telling(draft, name):
                    self.finder.want(field.target, kind, text)

    # after it

    async def identify(self, drafts: Sequence[Draft]) -> None:
        """Find which drafts change records, and read what these hold now: one statement a model."""
        known: dict[str, list[Draft]] = {}
        for draft in every(drafts):
            model = draft.plan.meta.name
            if draft.name in self.finder.names:
                with self._telling(draft, EXTERNAL_ID):
                    self._take_known(draft)
            if draft.record_id is not None:
                known.setdefault(model, []).append(draft)
        for model, found in known.items():
            await self._read(model, found)
        self._check_once(drafts)
        for draft in every(drafts):
            if draft.name and draft.record_id is None:
                self.finder.coming[draft.name] = draft.plan.meta.name

    def _take_known(self, draft: Draft) -> None:
        (model, one), _ = self.finder.names[draft.name]
        if model != draft.plan.meta.name or draft.record_id not in (None, one):
            raise MissingError("The external id is that of another record.")
        draft.record_id = one

    async def _read(self, model: str, drafts: Sequence[Draft]) -> None:
        """Read the records that drafts change, as far as the caller may read them; the missing ones are told."""
        target = self.env[model]
        query, scope = target._begin(self.env, trusted=True)
        ids = sorted({draft.record_id for draft in drafts if draft.record_id is not None})
        names = _compared(self.env, drafts)
        fields = {name: target.meta.fields[name] for name in names}
        listed = ", ".join([f"{scope.alias}.id", *(raw_value(scope, field) for field in fields.values())])
        guard = scope.guard("read")
        rule = f" and {guard}" if guard else ""
        sql = f"select {listed} from {scope.from_sql} where {scope.alias}.id = any({query.param(ids)}::bigint[]){rule}"
        rows = await self.env.fetch(sql, *self.env.resolve(query.params))
        loads = list(enumerate(fields.items(), 1))
        self._now[model] = {row[0]: {name: field.load(row[i]) for i, (name, field) in loads} for row in rows}
        unseen = [draft for draft in drafts if draft.record_id not in self._now[model]]
        if unseen:
            await self._tell_unseen(target.meta.table, unseen)

    async def _tell_unseen(self, table: str, drafts: Sequence[Draft]) -> None:
        """A name whose record is no more names a new one; any other record out of sight is an error."""
        ids = [draft.record_id for draft in drafts]
        there = await self.env.fetch(f'select id from "{table}" where id = any($1::bigint[])', ids)
        found = {row[0] for row in there}
        for draft in drafts:
            if draft.name in self.finder.names and draft.record_id not in found:
                self.stale.append(self.finder.names[draft.name][1])
                draft.record_id = None
            else:
                self.log(draft, "", MissingError())

    def _check_once(self, drafts: Sequence[Draft]) -> None:
        """Refuse two drafts for one record: the later would silently take back what the earlier says."""
        seen: set[tuple[str, Any]] = set()
        for draft in every(drafts):
            mine = {(draft.plan.meta.name, one) for one in (draft.name, draft.record_id) if one}
            if mine & seen:
                self.log(draft, EXTERNAL_ID if draft.name else DATABASE_ID, MissingError("The record is given twice."))
            seen |= mine

    # values

    def fill(self, drafts: Sequence[Draft]) -> None:
        """Read the cells of drafts. A draft that refers to one yet to come says in `waits` for which it waits."""
        for draft in drafts:
            draft.waits = set()
            self._fill(draft, draft)

    def _fill(self, draft: Draft, top: Draft) -> None:
        draft.values = {}
        for name in (*draft.plan.plain, *draft.plan.links):
            with self._telling(draft, name):
                self._take(draft, name, top)
        for name, lines in draft.lines.items():
            for line in lines:
                self._fill(line, top)
            commands = [one for line in lines if (one := self._command(draft, name, line))]
            if commands:
                draft.values[name] = commands

    def _take(self, draft: Draft, name: str, top: Draft) -> None:
        """Keep a value that the field accepts, unless the record holds it already."""
        meta = draft.plan.meta
        field = meta.fields[name]
        if isinstance(field, Many2One | ToMany):
            place, kind = draft.plan.links[name]
            texts = _referred(field, draft.cell(place))
            ids = list(self._found(field, kind, texts, top))
            if len(ids) != len(texts):
                return  # it waits
            value: Any = [Command.set(ids)] if isinstance(field, ToMany) else (ids[0] if ids else None)
        else:
            value = value_of(field, draft.cell(draft.plan.plain[name]))
        decode_row(self.env, meta, {name: value}, trusted=False)
        if not self._is_same(draft, field, value):
            draft.values[name] = value

    def _found(self, field: Many2One | ToMany, kind: str, texts: Sequence[str], top: Draft) -> Iterator[int]:
        for text in texts:
            one = self.finder.id_of(field.target, kind, text)
            if one is None:
                top.waits.add(naming.full_name(text))
            else:
                yield one

    def _is_same(self, draft: Draft, field: Field[Any], value: Any) -> bool:
        """Return whether the record that the draft changes holds the value already."""
        now = self._now.get(draft.plan.meta.name, {}).get(draft.record_id or 0)
        if now is None or field.name not in now:
            return False
        if isinstance(field, ToMany):
            return set(value[0].ids) == set(now[field.name])
        return bool(field.decode(value, self.env.dialect) == now[field.name])

    def _command(self, parent: Draft, name: str, line: Draft) -> Command | None:
        """Return what happens to a line: it is created, changed, or stays as it is."""
        if line.record_id is None:
            line.made = []
            return Command("create", (), line.values, line.made)
        field = parent.plan.meta.fields[name]
        assert isinstance(field, One2Many)  # noqa: S101 as it was planned
        now = self._now.get(line.plan.meta.name, {}).get(line.record_id, {})
        tie = now.get(field.inverse)
        if now and tie not in (parent.record_id, f"{parent.plan.meta.name},{parent.record_id}"):
            self.log(line, "", MissingError("The line belongs to another record."))
        return Command.update([line.record_id], line.values) if line.values else None

    @contextmanager
    def _telling(self, draft: Draft, name: str) -> Iterator[None]:
        try:
            yield
        except AppError as error:
            self.log(draft, name, error)


def every(drafts: Sequence[Draft]) -> Iterator[Draft]:
    """Yield drafts and all lines below them."""
    for draft in drafts:
        yield draft
        for lines in draft.lines.values():
            yield from every(lines)


def targets_of(plan: Plan) -> Iterator[str]:
    """Yield the models that the columns refer to."""
    for name in plan.links:
        field = plan.meta.fields[name]
        if isinstance(field, Many2One | ToMany):
            yield field.target
    for below in plan.lists.values():
        yield from targets_of(below)


def _referred(field: Field[Any], cell: Any) -> list[str]:
    """Return the references in a cell: one, or for links several with commas between."""
    if is_empty(cell):
        return []
    if isinstance(field, ToMany):
        return [text.strip() for text in str(cell).split(",") if text.strip()]
    return [str(cell)]


def _compared(env: Env, drafts: Sequence[Draft]) -> list[str]:
    """Return the fields to compare with what is there: those the caller may read, and what ties lines to a parent."""
    meta = drafts[0].plan.meta
    names = {name for draft in drafts for name in (*draft.plan.plain, *draft.plan.links)}
    shown = {name for name in names if env.profile.sees(meta, meta.fields[name])}
    models = env.registry.models.values()
    back = {
        field.inverse
        for model in models
        for field in model.meta.fields.values()
        if isinstance(field, One2Many) and field.target == meta.name
    }
    return sorted({name for name in shown if not isinstance(meta.fields[name], Json)} | back)
