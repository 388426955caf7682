"""Commands that change a one2many or many2many, in both conventions.

    Odoo                        Netforce               what it does
    [0, _, values]              ["create", values]     create a record and link it
    [1, id, values]             ["write", ids, values] change linked records
    [2, id]                     ["delete", ids]        delete linked records
    [3, id]                     ["remove", ids]        unlink (a one2many clears its inverse; a required one: delete)
    [4, id]                     ["add", ids]           link
    [5]                         ["delete_all"]         unlink all; Netforce deletes them
    [6, _, ids]                 ["set", ids]           link exactly these
A plain list of ids means [6, _, ids]; Odoo's false means no change of an empty field, that is [5].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from models.orm.errors import InputError, LimitError
from models.orm.fields import Field
from models.orm.fields.relation import record_id
from models.orm.limits import LIMITS

Action = Literal["create", "update", "delete", "unlink", "link", "clear", "delete_all", "set"]

ODOO_ACTIONS: dict[int, Action] = {
    0: "create",
    1: "update",
    2: "delete",
    3: "unlink",
    4: "link",
    5: "clear",
    6: "set",
}
NETFORCE_ACTIONS: dict[str, Action] = {
    "create": "create",
    "write": "update",
    "delete": "delete",
    "remove": "unlink",
    "add": "link",
    "delete_all": "delete_all",
    "set": "set",
}


@dataclass(frozen=True, slots=True)
class Command:
    """One change of a relation: what to do, with which records, with which values.

    `made`: where the ids of the records that it creates are noted, when our own code wants to know them.
    """

    action: Action
    ids: tuple[int, ...] = ()
    values: Mapping[str, Any] | None = None
    made: list[int] | None = None

    @classmethod
    def create(cls, values: Mapping[str, Any]) -> Command:
        """Create a record and link it."""
        return cls("create", (), values)

    @classmethod
    def update(cls, ids: Sequence[int], values: Mapping[str, Any]) -> Command:
        """Change linked records."""
        return cls("update", tuple(ids), values)

    @classmethod
    def delete(cls, ids: Sequence[int]) -> Command:
        """Delete linked records."""
        return cls("delete", tuple(ids))

    @classmethod
    def link(cls, ids: Sequence[int]) -> Command:
        """Link records."""
        return cls("link", tuple(ids))

    @classmethod
    def unlink(cls, ids: Sequence[int]) -> Command:
        """Unlink records."""
        return cls("unlink", tuple(ids))

    @classmethod
    def set(cls, ids: Sequence[int]) -> Command:
        """Link exactly these records."""
        return cls("set", tuple(ids))


def parse_commands(field: Field[Any], value: Any) -> list[Command]:
    """Read the commands for a field. Raises `InputError` naming the field."""
    if value is None or value is False or value == "":
        return [Command("clear")]
    if not isinstance(value, list | tuple):
        raise _malformed(field)
    if len(value) > LIMITS.x2many_commands:
        raise LimitError("x2many_commands", LIMITS.x2many_commands, field=field.name)
    if value and all(isinstance(one, int) and not isinstance(one, bool) for one in value):
        return [Command.set([record_id(field, one) for one in value])]
    if value and isinstance(value[0], str):
        return [_command(field, value)]
    return [_command(field, one) for one in value]


def _command(field: Field[Any], given: Any) -> Command:
    if isinstance(given, Command):
        return given
    if not isinstance(given, list | tuple) or not given:
        raise _malformed(field)
    first, rest = given[0], list(given[1:])
    if isinstance(first, str):
        action = NETFORCE_ACTIONS.get(first)
    else:
        action = ODOO_ACTIONS.get(first) if isinstance(first, int) and not isinstance(first, bool) else None
        if action in ("create", "set"):
            rest = rest[1:]
    if action is None:
        raise InputError(f"Invalid operation on {field.name}.", field=field.name)
    return _filled(field, action, rest)


def _filled(field: Field[Any], action: Action, rest: list[Any]) -> Command:
    if action in ("clear", "delete_all"):
        return Command(action)
    if action == "create":
        return Command("create", (), _values(field, rest))
    if not rest:
        raise _malformed(field)
    ids = rest[0] if isinstance(rest[0], list | tuple) else [rest[0]]
    found = tuple(record_id(field, one) for one in ids)
    if len(found) > LIMITS.ids_per_call:
        raise LimitError("ids_per_call", LIMITS.ids_per_call, field=field.name)
    return Command(action, found, _values(field, rest[1:]) if action == "update" else None)


def _values(field: Field[Any], rest: list[Any]) -> Mapping[str, Any]:
    if not rest or not isinstance(rest[0], Mapping):
        raise _malformed(field)
    return rest[0]


def _malformed(field: Field[Any]) -> InputError:
    return InputError(f"{field.name} ({field.label}) takes a list of commands.", field=field.name)
