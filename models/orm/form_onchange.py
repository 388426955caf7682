"""What follows from an entry in a form of Odoo's web client: `onchange`, by the same methods as `call_onchange`.

The client sends what differs from the saved record, lists as commands, and the fields just entered. It gets what
became different by that. A line's form is asked on the line's model, with the values of its parent in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any, ClassVar, cast

from models.orm import arguments, form_flat
from models.orm.commands import Command, parse_commands
from models.orm.errors import InputError
from models.orm.fields import Content, Field, Many2One, One2Many, Selection, ToMany
from models.orm.form_data import FormData
from models.orm.form_entry import FormEntry
from models.orm.methods import rpc
from models.orm.web_views import Row, counted

if TYPE_CHECKING:
    from models.orm.env import Env

Specification = Mapping[str, Mapping[str, Any]]


class FormOnchange(FormData):
    """What every model offers to a form that is being filled in."""

    __slots__ = ()

    # The many2one to the record in whose form these are lines: its model has the methods that `onchanges` names.
    form_parent: ClassVar[str] = ""
    onchanges: ClassVar[Mapping[str, str]] = {}
    # Of lines: what is saved in a field's followers is not kept when the field is entered and they are not.
    followers: ClassVar[Mapping[str, Sequence[str]]] = {}

    @rpc(readonly=True, renamed={"field_name": "field_names", "field_onchange": "fields_spec"})
    @classmethod
    async def onchange(cls, env: Env, ids: Any, values: Any, field_names: Any = None, fields_spec: Any = None) -> Row:
        """Return what follows from the fields just entered, as far as specified: {"value": {...}}.

        A new record without any field named gets its defaults. Many2ones come as `web_read` gives them, lists as the
        commands that bring the form's lines there; both as Odoo up to 16 does when asked in its way (`form_flat`).
        """
        if form_flat.is_flat(fields_spec):
            asked = counted(form_flat.nested(env, cls, fields_spec))
            found = form_flat.answered(env, cls, await cls._followed(env, ids, values, field_names, asked))
            return {"value": found | await cls._with_labels(env, form_flat.bare_links(env, cls, found))}
        return {"value": await cls._followed(env, ids, values, field_names, counted(fields_spec))}

    @classmethod
    async def _followed(cls, env: Env, ids: Any, values: Any, field_names: Any, shown: Specification) -> Row:
        given = _object(values)
        records = arguments.ids_of(ids, model=cls.meta.name)
        if len(records) > 1:
            raise InputError("onchange is asked of one record.", argument="ids")
        entered = [env.profile.field(cls.meta, name).name for name in arguments.field_names(field_names) or ()]
        if shown and not entered and not records:
            defaults = await cls.default_get(env, [name for name in shown if name != "id"])
            return {name: value for name, value in defaults.items() if name not in given}
        called = list(dict.fromkeys(cls.onchanges[name] for name in entered if name in cls.onchanges))
        if not shown or not called:
            return {}
        follows = cls._follow_in_parent if cls.form_parent else cls._follow_here
        return await follows(env, called, records[0] if records else None, given, shown)

    @classmethod
    async def _follow_here(
        cls, env: Env, called: Iterable[str], record: int | None, given: Row, shown: Specification
    ) -> Row:
        before = await cls._filled_in(env, record, given, shown)
        return await cls._difference(env, before, await cls._follow(env, called, deepcopy(before)), shown)

    @classmethod
    async def _follow_in_parent(
        cls, env: Env, called: Iterable[str], record: int | None, given: Row, shown: Specification
    ) -> Row:
        """Ask the model of the parent, in whose form this is the only line."""
        up = cast("Many2One", cls.meta.fields[cls.form_parent])
        parent = env[up.target]
        lines = next(field.name for field in parent.meta.fields.values() if _is_list_of(field, cls.meta.name, up.name))
        own = {name: value for name, value in given.items() if cls.meta.names.get(name) is not up}
        above = next((value for name, value in given.items() if name not in own), None)
        if arguments.is_unset(above) and record is not None:
            above = (await cls.browse(env, [record], [up.name]))[0][up.name]
        values = above if isinstance(above, Mapping) else {"id": above}
        form = await parent._filled_in(env, _saved_id(values), values, {}, without=(lines,))
        line = await cls._filled_in(env, record, own, shown, without=(up.name,))
        after = await parent._follow(env, called, {**form, lines: [deepcopy(line)]}, f"{lines}.0")
        return await cls._difference(env, line, after[lines][0], shown)

    @classmethod
    async def _follow(cls, env: Env, called: Iterable[str], data: Row, path: str = "") -> Row:
        for method in called:
            data = (await cls._ask(env, cls.meta.methods[method], data, path))["data"]
        return data

    @classmethod
    async def _filled_in(
        cls, env: Env, record: int | None, given: Mapping[str, Any], shown: Specification, without: Collection[str] = ()
    ) -> Row:
        """Return the form's values by the fields' own names: what is entered, over what is saved."""
        env.profile.check(cls.meta, "read")
        saved = (await cls._saved(env, [record], shown, without))[record] if record is not None else {}
        entered = _named(env, cls, given)
        values = {**saved, **_over(cls, entered, saved)}
        for name in [name for name in values if name not in without and _is_form(env, cls.meta.fields[name])]:
            field = cast("One2Many", cls.meta.fields[name])
            below = [more.get("fields") for word, more in shown.items() if cls.meta.names.get(word) is field]
            lines = await env[field.target]._form_lines(
                env, field, entered.get(name, []), saved.get(name, []), (below or [None])[0] or {}
            )
            values[name] = lines
        return {name: value for name, value in values.items() if name not in without}

    @classmethod
    async def _saved(
        cls, env: Env, ids: Sequence[int], shown: Specification, without: Collection[str] = ()
    ) -> dict[int, Row]:
        """Return by id what records hold of the fields shown, and of those that others follow from."""
        asked = dict.fromkeys([*cls.onchanges, *(env.profile.field(cls.meta, name).name for name in shown)])
        fields = [cls.meta.fields[name] for name in asked if name not in (*without, "id")]
        names = [one.name for one in fields if env.profile.sees(cls.meta, one) and not isinstance(one, Content)]
        rows = (await cls.read(env, list(ids), names, load="")).value() if ids else []
        found = {row["id"]: {name: row[name] for name in names} for row in rows}
        if gone := [one for one in ids if one not in found]:
            raise cls.missing(gone)
        return found

    @classmethod
    async def _form_lines(
        cls, env: Env, field: One2Many, value: Any, old: Sequence[int], below: Specification
    ) -> list[Row]:
        """Return the lines of a form. The `id` of each is what its client calls it: its number, or a word of theirs."""
        kept: dict[int, Row] = {one: {} for one in old}
        new: list[Row] = []
        commands = parse_commands(field, value)
        for place, command in enumerate(commands):
            if command.action == "create":
                new.append({**(command.values or {}), "id": _word_of(value[place])})
            else:
                _change(kept, command)
        saved = await cls._saved(env, list(kept), below, (field.inverse,))
        rows = [(one, saved[one], given) for one, given in kept.items()] + [(line["id"], {}, line) for line in new]
        return [{**cls._form_line(_named(env, cls, given), there), "id": one} for one, there, given in rows]

    @classmethod
    def _form_line(cls, entered: Row, saved: Row) -> Row:
        stale = {one for name in entered for one in cls.followers.get(name, ())}
        kept = {name: value for name, value in saved.items() if name not in stale}
        return {**kept, **_over(cls, entered, saved)}

    @classmethod
    async def _difference(cls, env: Env, before: Row, after: Row, shown: Specification) -> Row:
        """Return the fields shown that have another value now, as Odoo's forms take them."""
        old, new = FormEntry(env, env[cls.meta.name], before), FormEntry(env, env[cls.meta.name], after)
        found: Row = {}
        for word, more in shown.items():
            field = env.profile.field(cls.meta, word)
            if field.name == "id" or old.raw(field.name) == new.raw(field.name):
                continue
            if _is_form(env, field):
                lines = zip(old.raw(field.name), new.raw(field.name), strict=True)
                changed = await env[field.target]._lines_difference(env, lines, more.get("fields") or {})  # type: ignore[attr-defined]
                found |= {word: changed} if changed else {}
            elif (was := old.get(field.name)) != (now := new.get(field.name)):
                found[word] = await cls._answered(env, field, was, now, more.get("fields"))
        return found

    @classmethod
    async def _lines_difference(cls, env: Env, lines: Iterable[tuple[Row, Row]], shown: Specification) -> list[Any]:
        changed = [(line["id"], await cls._difference(env, line, after, shown)) for line, after in lines]
        return [[1, one, values] for one, values in changed if values]

    @classmethod
    async def _answered(cls, env: Env, field: Field[Any], was: Any, now: Any, below: Any) -> Any:
        if isinstance(field, ToMany):
            added = [one for one in now if one not in was]
            row: Row = {field.name: added}
            await cls._branch(env, [row], field.name, below or {}, 1)
            gone = [[3, one, 0] for one in was if one not in now]
            return gone + [[4, one["id"], one] for one in row[field.name]]
        if isinstance(field, Many2One):
            row = {field.name: now or False}
            if below is not None:
                await cls._branch(env, [row], field.name, below, 1)
            return row[field.name]
        if now is None:
            return False
        return field.word_of(now, env.dialect.vocabulary) if isinstance(field, Selection) else field.dump(now)


def _object(values: Any) -> Row:
    if arguments.is_unset(values):
        return {}
    if not isinstance(values, Mapping):
        raise InputError("values must be an object.", argument="values")
    return dict(values)


def _word_of(command: Any) -> Any:
    """Return what a client calls a line that is not saved: [0, word, values]."""
    return command[1] if isinstance(command, list | tuple) and len(command) > 2 else 0


def _saved_id(values: Mapping[str, Any]) -> int | None:
    given = values.get("id")
    return None if arguments.is_unset(given) else arguments.ids_of(given)[0]


def _named(env: Env, model: type[FormOnchange], given: Mapping[str, Any]) -> Row:
    return {env.profile.field(model.meta, name).name: value for name, value in given.items() if name != "id"}


def _over(model: type[FormOnchange], entered: Row, saved: Mapping[str, Any]) -> Row:
    """Return what is entered, the commands of plain relations carried out on the ids that were saved."""
    found = dict(entered)
    for name, value in entered.items():
        field = model.meta.fields[name]
        if isinstance(field, ToMany):
            linked: dict[int, Row] = {one: {} for one in saved.get(name) or ()}
            for command in parse_commands(field, value):
                _change(linked, command)
            found[name] = list(linked)
    return found


def _change(kept: dict[int, Row], command: Command) -> None:
    """Carry one command out on the records of a relation, held by id with what is entered in them."""
    if command.action in ("clear", "delete_all", "set"):
        before = dict(kept)
        kept.clear()
        kept.update({one: before.get(one, {}) for one in command.ids})
    elif command.action in ("delete", "unlink"):
        for one in command.ids:
            kept.pop(one, None)
    elif command.action in ("link", "update"):
        for one in command.ids:
            kept[one] = {**kept.get(one, {}), **(command.values or {})}


def _is_form(env: Env, field: Field[Any]) -> bool:
    """Return whether the field holds lines that are filled in together with their parent."""
    return isinstance(field, One2Many) and env[field.target].form_parent == field.inverse != ""


def _is_list_of(field: Field[Any], target: str, inverse: str) -> bool:
    return isinstance(field, One2Many) and (field.target, field.inverse) == (target, inverse)
