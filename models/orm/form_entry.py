"""The values of a form that is not saved yet, read and filled in by the names that the form uses for its fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models.orm.commands import parse_commands
from models.orm.errors import InputError
from models.orm.fields import Field, Many2One, One2Many, ToMany

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.kind import Kind


@dataclass(frozen=True, slots=True)
class FormEntry:
    """One record of a form. Fields are asked for by their own names, whatever word the form has for them."""

    env: Env
    model: type[Kind]
    values: dict[str, Any]

    def get(self, name: str) -> Any:
        """Return a value as a record holds it: None when it is empty, a many2one as its id, a many2many as ids.

        Raises `InputError` for a value of the wrong type, naming the field.
        """
        field = self._field(name)
        value = self.values.get(self._word(field))
        if isinstance(field, ToMany):
            commands = parse_commands(field, value)
            return [one for command in commands if command.action in ("set", "link") for one in command.ids]
        if isinstance(field, Many2One) and isinstance(value, list | tuple) and value:
            value = value[0]
        return None if value is None else field.load(field.decode(value, self.env.dialect))

    def raw(self, name: str) -> Any:
        """Return a value as the form has it."""
        return self.values.get(self._word(self._field(name)))

    def has(self, *names: str) -> bool:
        """Return whether the form has a value for each of the fields, be it an empty one."""
        return all(self._word(self._field(name)) in self.values for name in names)

    def put(self, **values: Any) -> None:
        """Fill in values as records hold them."""
        for name, value in values.items():
            field = self._field(name)
            self.values[self._word(field)] = value if isinstance(field, ToMany) else field.dump(value)

    def lines(self, name: str) -> list[FormEntry]:
        """Return the lines of a one2many, each to be filled in as well. Raises `InputError` when they are none."""
        field = self._field(name)
        given = self.values.get(self._word(field)) or []
        if (
            not isinstance(field, One2Many)
            or not isinstance(given, list)
            or not all(isinstance(x, dict) for x in given)
        ):
            raise InputError(f"{name} must be a list of objects.", model=self.model.meta.name, field=name)
        return [FormEntry(self.env, self.env[field.target], line) for line in given]

    def line(self, name: str, path: Any) -> FormEntry:
        """Return the line that a path such as "lines.0" or "lines.0.product_id" leads to."""
        lines = self.lines(name)
        places = (
            [part for part in path.split(".") if part.isascii() and part.isdigit()] if isinstance(path, str) else []
        )
        if not places or len(places[0]) > 6 or int(places[0]) >= len(lines):
            raise InputError("path leads to no line.", argument="path")
        return lines[int(places[0])]

    def _field(self, name: str) -> Field[Any]:
        return self.model.meta.fields[name]

    def _word(self, field: Field[Any]) -> str:
        """Return the word that the form has for a field, else the dialect's."""
        words = (field.word(self.env.dialect.vocabulary), field.name, *field.aliases)
        return next((word for word in words if word in self.values), words[0])


def form_of(env: Env, model: type[Kind], data: Any) -> FormEntry:
    """Return the entry over a form's object. Raises `InputError` when it is none."""
    if not isinstance(data, Mapping):
        raise InputError("data must be an object.", argument="data")
    return FormEntry(env, model, data if isinstance(data, dict) else dict(data))
