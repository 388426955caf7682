"""Records from rows of cells: `load` of Odoo and `import_data` of Netforce. All of it is written, or nothing.

Cells are read and references looked up for all rows at once; new records are created together. Only when that fails is
the batch halved, and halved again, to tell which rows are at fault. Rights, rules and hooks are those of any write.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from models.orm.dialect import NATIVE, Vocabulary
from models.orm.errors import AppError, InputError, LimitError, MissingError, ValidationError
from models.orm.fields import Text
from models.orm.limits import LIMITS
from models.orm.methods import rpc
from models.orm.transfer import naming, sheet
from models.orm.transfer.drafts import Draft, Plan, Planner, Row, drafts_of, filled
from models.orm.transfer.filling import Filler, every, targets_of
from models.orm.transfer.finding import Finder
from models.orm.transfer.paths import Steps, columns_of
from models.orm.values import add_context_defaults, decode_row
from models.orm.violations import Violations
from models.orm.writing import Writing

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.meta import Meta

Message = dict[str, Any]


class Importing(Writing):
    """What lets records of every model in."""

    __slots__ = ()

    @rpc(renamed={"data": "rows"})
    @classmethod
    async def load(cls, env: Env, fields: Any, rows: Any) -> dict[str, Any]:
        """Create and change records from rows of cells; `id` is an external id, `.id` the one of the database.

        Return {ids, messages, nextrow}. When a row is wrong nothing is changed: `ids` is false, each of the messages
        says what is wrong in which rows and field.
        """
        columns = columns_of(fields, env.dialect)
        ids, messages = await cls._import(env, columns, _checked(rows, len(columns)))
        return {"ids": ids if ids is not None else False, "messages": messages, "nextrow": 0}

    @rpc
    @classmethod
    async def import_data(cls, env: Env, data: Any) -> list[int]:
        """Create and change records from CSV with labels for headers, "/" between those of a path.

        A record is found by its Database ID, its External ID, or by the model's key. Return the ids. The error of a
        wrong row names it as a spreadsheet does, the header being row 1.
        """
        headers, rows = sheet.read(data)
        columns = [sheet.steps_of_label(env, cls.meta, header) for header in headers]
        ids, messages = await cls._import(env, columns, _checked(rows, len(columns)), by_key=True)
        if ids is None:
            first = messages[0]
            raise ValidationError(
                f"Error row {first['rows']['from'] + 2}: {first['message']}",
                model=cls.meta.name,
                field=first.get("field"),
                messages=messages,
            )
        return ids

    @classmethod
    async def _import(
        cls, env: Env, columns: Sequence[Steps], rows: Sequence[Row], *, by_key: bool = False
    ) -> tuple[list[int] | None, list[Message]]:
        if not env.profile.can(cls.meta, "write"):
            env.profile.check(cls.meta, "create")
        skips = env.dialect.vocabulary is not Vocabulary.OWN
        plan = Planner(env.profile, skip_stamps=skips).plan(cls.meta, list(enumerate(columns)))
        importer = _Importer(env.with_dialect(NATIVE), plan, drafts_of(plan, filled(plan, rows)))
        return await importer.run(by_key=by_key), importer.messages


def _checked(rows: Any, width: int) -> list[Row]:
    if not isinstance(rows, list | tuple) or not all(isinstance(row, list | tuple) for row in rows):
        raise InputError("rows must be a list of lists of cells.", argument="rows")
    if len(rows) > LIMITS.import_rows:
        raise LimitError("import_rows", LIMITS.import_rows)
    for number, row in enumerate(rows):
        if row and len(row) != width:
            raise InputError(f"Row {number} has {len(row)} cells, there are {width} columns.", argument="rows")
    return [row or [None] * width for row in rows]


class _UndoneError(Exception):
    """Something was wrong: what was written so far is taken back."""


@asynccontextmanager
async def _savepoint(env: Env) -> AsyncIterator[None]:
    """Take back what is written inside when it raises; a lost connection has nothing to take back."""
    point = env.connection.transaction()
    await point.start()
    try:
        yield
    except BaseException:
        if not env.connection.is_closed():
            await point.rollback()
        raise
    await point.commit()


class _Importer:
    """One import: drafts are filled, then written in waves, those that others refer to first."""

    def __init__(self, env: Env, plan: Plan, drafts: Sequence[Draft]) -> None:
        self.env = env
        self.plan = plan
        self.model = env[plan.meta.name]
        self.drafts = list(drafts)
        self.messages: list[Message] = []
        self.finder = Finder(env)
        self.filler = Filler(env, self.finder, self.log)
        self._told: set[tuple[int, str]] = set()
        self._places = {id(draft): place for place, top in enumerate(drafts) for draft in every([top])}

    async def run(self, *, by_key: bool) -> list[int] | None:
        """Return the ids in the order of the rows, None when something is wrong."""
        self.filler.collect(self.drafts)
        await self.finder.load(targets_of(self.plan))
        if by_key:
            await self._match_keys()
        await self.filler.identify(self.drafts)
        self.filler.fill(self.drafts)
        if self.messages:
            return None
        await naming.check_free(self.env, self.finder.coming)
        callbacks, traces = len(self.env.after_commit), len(self.env.after_refusal)
        try:
            async with _savepoint(self.env):
                await self._write()
        except _UndoneError:
            del self.env.after_commit[callbacks:], self.env.after_refusal[traces:]
            return None
        return [draft.record_id or 0 for draft in self.drafts]

    def log(self, draft: Draft, name: str, error: AppError) -> None:
        """Tell what is wrong with a draft, in the caller's rows; of one cell once."""
        if len(self.messages) < LIMITS.import_messages and (id(draft), name) not in self._told:
            self._told.add((id(draft), name))
            message: Message = {
                "type": "error",
                "message": _told_of(draft.plan.meta, name, error),
                "record": self._places[id(draft)],
                "rows": {"from": draft.first, "to": draft.last},
            }
            self.messages.append(message | ({"field": "/".join([*draft.plan.path, name])} if name else {}))

    async def _match_keys(self) -> None:
        """Find the records that drafts mean by the model's key, where the rows hold all of it."""
        meta = self.plan.meta
        columns = meta.keys[0].columns if meta.keys else ()
        names = [name for name in columns if name != "company_id"]
        if not names or not all(name in self.plan.plain and isinstance(meta.fields[name], Text) for name in names):
            return
        wanted = {
            tuple(str(draft.cell(self.plan.plain[name])) for name in names): draft
            for draft in self.drafts
            if not draft.name and draft.record_id is None
        }
        domain: list[Any] = [[names[0], "in", [values[0] for values in wanted]]]
        if "company_id" in columns:
            domain.append(["company_id", "=", self.env.company_id])
        for record in await self.model.find(self.env.with_context(active_test=False), domain, names):
            found = wanted.get(tuple(str(record[name]) for name in names))
            if found is not None:
                found.record_id = record.id

    # writing

    async def _write(self) -> None:
        await naming.forget(self.env, self.filler.stale)
        left = self.drafts
        while left and not self.messages:
            ready = [draft for draft in left if draft.waits <= self.finder.made.keys()]
            if not ready:
                for draft in left:
                    self.log(draft, "", MissingError("The rows refer to each other in a circle."))
                break
            self.filler.fill([draft for draft in ready if draft.waits])
            await self._attempt(ready)
            left = [draft for draft in left if draft not in set(ready)]
        if self.messages:
            raise _UndoneError

    async def _attempt(self, drafts: Sequence[Draft]) -> None:
        """Write drafts together; when that fails, halve them until it is clear which are at fault."""
        try:
            async with _savepoint(self.env):
                await self._batch(drafts)
        except Exception as error:
            known = Violations.of(self.env.registry)
            refusal = error if isinstance(error, AppError) else known.translate(error, self.env.profile)
            if refusal is None:
                raise
        else:
            return
        if len(drafts) == 1:
            self.log(drafts[0], refusal.field or "", refusal)
        elif len(self.messages) < LIMITS.import_messages:
            half = len(drafts) // 2
            await self._attempt(drafts[:half])
            await self._attempt(drafts[half:])

    async def _batch(self, drafts: Sequence[Draft]) -> None:
        for draft in every(drafts):
            draft.made.clear()
        new = [draft for draft in drafts if draft.record_id is None]
        rows = [decode_row(self.env, self.plan.meta, draft.values, trusted=False) for draft in new]
        for row in rows:
            add_context_defaults(self.env, self.plan.meta, row)
        ids = await self.model._create(self.env, rows, trusted=False) if rows else []
        for changed in _alike([draft for draft in drafts if draft.record_id is not None and draft.values]):
            row = decode_row(self.env, self.plan.meta, changed[0].values, trusted=False)
            await self.model._write(self.env, [draft.record_id or 0 for draft in changed], row, trusted=False)
        names = list(_named(drafts, dict(zip(new, ids, strict=True))))
        await naming.remember(self.env, names)
        for draft, one in zip(new, ids, strict=True):
            draft.record_id = one
        self.finder.made |= {name: one for name, (_, one) in names}


def _told_of(meta: Meta, name: str, error: AppError) -> str:
    """Return what is wrong, with the field where the error does not say it: it may be read without the rest."""
    field = meta.fields.get(name)
    if field is None or not isinstance(error, MissingError):
        return error.message
    return f"{name} ({field.label}): {error.message}"


def _alike(drafts: Sequence[Draft]) -> Iterator[list[Draft]]:
    """Yield drafts that change the same to the same, to be written together; those with lines alone."""
    found: dict[Any, list[Draft]] = {}
    for draft in drafts:
        has_lines = any(name in draft.values for name in draft.lines)
        found.setdefault(id(draft) if has_lines else repr(draft.values), []).append(draft)
    yield from found.values()


def _named(drafts: Sequence[Draft], made: Mapping[Draft, int]) -> Iterator[tuple[str, naming.Target]]:
    """Yield the external ids of created records and lines."""
    for draft in every(drafts):
        one = made.get(draft) or (draft.made[0] if draft.made else None)
        if draft.name and one is not None:
            yield draft.name, (draft.plan.meta.name, one)
