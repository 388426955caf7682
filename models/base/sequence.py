"""How records are numbered: a prefix and a number that nobody else gets.

The number is taken by the INSERT of the record itself, through `tandem_next_number`. Two kinds:

    standard  from a PostgreSQL sequence: nobody waits for anybody, and a call that is rolled back leaves a gap
    no_gap    from the row of the sequence, locked until the call's transaction ends: no gap, but one call at a time

Placeholders in the prefix are filled with the day on which the transaction began, in UTC. A company may have a sequence
of its own; the one without a company serves all others.
"""

from collections.abc import Sequence as Many
from enum import StrEnum
from typing import Any

import asyncpg

from models.base.groups import ADMINISTRATORS, USERS
from models.base.numbering import (
    DROP_NUMBERS,
    FORMAT_NUMBER,
    MISSING_SEQUENCE,
    NEXT_NUMBER,
    NEXT_OF_ROW,
    PLACEHOLDERS,
    START_NUMBERS,
)
from models.orm import Access, Env, Key, Model, NumberSequence, Row, constrains, fields, rpc
from models.orm.dialect import Vocabulary
from models.orm.errors import InputError, UserError, ValidationError


class Implementation(StrEnum):
    """Where the numbers come from."""

    STANDARD = "standard"
    NO_GAP = "no_gap"


class Sequence(Model, name="ir.sequence", label="Sequence", netforce="sequence"):
    """How the records of one kind are numbered."""

    access = (Access(read=USERS.code), Access(write=ADMINISTRATORS.code, delete=ADMINISTRATORS.code))
    company = "shared"
    audit = True
    order = "name, id"
    keys = (
        Key(("company_id", "code"), "The company already has a sequence for this code."),
        Key(("code",), "There already is a sequence for this code.", where="company_id is null"),
    )
    sql_functions = (FORMAT_NUMBER, NEXT_NUMBER, START_NUMBERS, DROP_NUMBERS)

    company_id = fields.Many2One("Company", "res.company", on_delete="cascade", index=False)
    name = fields.Char("Name", required=True, searched=True)
    code = fields.Char("Code", required=True, size=64, netforce="type", searched=True)
    prefix = fields.Char("Prefix", size=64, help="May hold %(year)s, %(y)s, %(month)s and %(day)s.")
    padding = fields.Integer("Digits", required=True, default=5, minimum=0)
    implementation = fields.Selection("Kind", Implementation, required=True, default=Implementation.STANDARD)
    number_next = fields.Integer("First or next number", big=True, required=True, default=1, minimum=1)
    number_next_actual = fields.Integer("Next number", big=True, sql=NEXT_OF_ROW, aggregate="")
    active = fields.Boolean("Active", default=True)

    @constrains("prefix", "padding")
    def check_form(self) -> None:
        """Refuse placeholders that mean nothing, and more digits than a number can have."""
        rest = self.prefix or ""
        for name in PLACEHOLDERS:
            rest = rest.replace(f"%({name})s", "")
        if "%(" in rest:
            known = ", ".join(f"%({name})s" for name in PLACEHOLDERS)
            raise ValidationError(f"A prefix may hold {known}.", field="prefix")
        if self.padding > 18:
            raise ValidationError("A number has at most 18 digits.", field="padding")

    @rpc
    @classmethod
    async def next_by_code(cls, env: Env, code: Any, sequence_date: Any = None) -> Any:  # noqa: ARG003 Odoo passes one
        """Return the next number for a code, of the active company's sequence or the common one.

        Where there is none that is an error; in Odoo's dialects the answer is false, as its clients expect.
        """
        if not isinstance(code, str) or "\0" in code:
            raise InputError("code must be text.", argument="code")
        if env.dialect.vocabulary is Vocabulary.ODOO:
            found = await env.change(NEXT_OR_NONE, code, env.company_id)
            return found[0][0] if found else False
        return await next_number(env, code)

    @rpc(netforce=("key", "require"))
    @classmethod
    async def get(cls, env: Env, key: Any, require: Any = False) -> Any:
        """Return the id of the sequence with a code. In Odoo's dialects `get` is the old name of `next_by_code`."""
        if env.dialect.vocabulary is Vocabulary.ODOO:
            return await cls.next_by_code(env, key)
        return await super().get(env, key, require)

    @classmethod
    async def after_create(cls, env: Env, ids: list[int], rows: list[Row]) -> None:
        """Give each standard sequence its counter."""
        await super().after_create(env, ids, rows)
        await _start(env, ids)

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Let numbers go on where they are when only the kind changes."""
        await super().prepare_write(env, ids, row)
        if "implementation" in row and "number_next" not in row:
            await env.execute(KEEP_PLACE, ids)

    @classmethod
    async def after_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Let a standard sequence go on with the number it was given."""
        await super().after_write(env, ids, row)
        if not row.keys().isdisjoint({"implementation", "number_next"}):
            await _start(env, ids)

    @classmethod
    async def before_delete(cls, env: Env, ids: list[int]) -> None:
        """Take the counters away too."""
        await super().before_delete(env, ids)
        await cls.lock(env, ids, ["code"])
        await env.execute("select tandem_drop_numbers(id) from unnest($1::bigint[]) id", ids)

    @classmethod
    async def install(cls, env: Env) -> int:
        """Make a sequence for each one that a field declares and nobody has; return how many."""
        known = {record.code for record in await cls.find(env.with_context(active_test=False), [], ["code"])}
        new = [_values(*found) for code, found in declared_sequences(env).items() if code not in known]
        await cls.insert(env, new)
        return len(new)


async def next_number(env: Env, code: str) -> str:
    """Return the next number for a code in the call's company. Raises `UserError` where there is no sequence for it."""
    try:
        [row] = await env.change("select tandem_next_number($1, $2)", code, env.company_id)
    except asyncpg.PostgresError as error:
        if error.sqlstate == MISSING_SEQUENCE:
            raise UserError(f"Missing sequence for {code}.", model="ir.sequence") from error
        raise
    number: str = row[0]
    return number


def declared_sequences(env: Env) -> dict[str, tuple[NumberSequence, str]]:
    """Return {code: (declaration, label of the model)} of every sequence that a field here is numbered from."""
    return {
        field.sequence.code: (field.sequence, model.meta.label)
        for model in env.registry.models.values()
        for field in model.meta.fields.values()
        if field.sequence
    }


def _values(sequence: NumberSequence, label: str) -> dict[str, Any]:
    return {
        "name": sequence.label or label,
        "code": sequence.code,
        "prefix": sequence.prefix or None,
        "padding": sequence.padding,
        "implementation": Implementation.NO_GAP if sequence.gap_free else Implementation.STANDARD,
    }


async def _start(env: Env, ids: Many[int]) -> None:
    await env.execute(
        "select tandem_start_numbers(id, number_next) from ir_sequence"
        " where id = any($1::bigint[]) and implementation = 'standard'",
        list(ids),
    )


# No number where there is no sequence: the function, which raises then, is not called at all.
NEXT_OR_NONE = (
    "select tandem_next_number($1, $2) where exists (select from ir_sequence s"
    " where s.code = $1 and s.active and (s.company_id = $2 or s.company_id is null))"
)
KEEP_PLACE = (  # from where a counter stands now
    "update ir_sequence s set number_next = " + NEXT_OF_ROW.replace("{t}", "s") + " where id = any($1::bigint[])"
)
