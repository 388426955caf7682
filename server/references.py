"""Results of earlier calls as arguments of later ones, within one transaction.

    {"$result": 0}                   what call 0 answered
    {"$result": [0, "id"]}           a member of what it answered; `[0, 2, "id"]` reaches deeper

An object with the key `$result` is a reference wherever it stands in arguments; it has no other key. It names an
earlier call by its place, then keys of objects and places in lists, from 0. Raises `InputError` for any other form and
for what is not there, `LimitError` when results make the arguments too large or too deep.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from models.orm.answer import JsonText
from models.orm.errors import InputError, LimitError
from models.orm.limits import LIMITS

KEY = "$result"
FORM = f'{KEY} is the place of an earlier call, or a list of it and of keys: {{"{KEY}": [0, "id"]}}.'


def check(value: Any, place: int) -> None:
    """Refuse arguments of the call at `place` that hold a reference which is malformed, or not to an earlier call."""
    if type(value) is dict and KEY in value:
        _path(value, place)
        return
    for item in _items(value):
        check(item, place)


class Results:
    """The answers of the calls so far, as values that later ones may take parts of."""

    def __init__(self) -> None:
        """Begin before the first call."""
        self._answers: list[Any] = []
        self._items = 0

    def add(self, answer: Any) -> None:
        """Take the answer of the next call."""
        self._answers.append(answer)

    def fill(self, value: Any, depth: int = 0) -> Any:
        """Return arguments in containers of their own, each reference replaced by what it names."""
        if depth > LIMITS.json_depth:
            raise LimitError("json_depth", LIMITS.json_depth)
        if type(value) is dict:
            if KEY in value:
                return self._taken(self._named(_path(value, len(self._answers))), depth)
            return {name: self.fill(item, depth + 1) for name, item in value.items()}
        return [self.fill(item, depth + 1) for item in value] if type(value) in (list, tuple) else value

    def _named(self, path: Sequence[Any]) -> Any:
        found = self._value(path[0])
        for step in path[1:]:
            try:
                found = _plain(found[step] if _fits(found, step) else {}[step])
            except (KeyError, IndexError):
                raise InputError(f"Call {path[0]} answered nothing at {str(step)[:64]}.", reference=path) from None
        return found

    def _value(self, place: int) -> Any:
        """An answer as a value; JSON text is read when it is first asked for."""
        found = self._answers[place] = _plain(self._answers[place])
        return found

    def _taken(self, value: Any, depth: int) -> Any:
        """Copy a result into arguments, counting: a short text may name a long list many times."""
        self._items += 1
        if self._items > LIMITS.referenced_items:
            raise LimitError("referenced_items", LIMITS.referenced_items)
        if depth > LIMITS.json_depth:
            raise LimitError("json_depth", LIMITS.json_depth)
        value = _plain(value)
        if isinstance(value, Mapping):
            return {name: self._taken(item, depth + 1) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._taken(item, depth + 1) for item in value]
        return value


def _path(value: Mapping[str, Any], place: int) -> list[Any]:
    """The steps of a reference in the call at `place`."""
    given = value[KEY]
    path = given if type(given) is list else [given]
    sound = len(value) == 1 and 0 < len(path) <= LIMITS.json_depth and all(_is_step(step) for step in path)
    if not sound or type(path[0]) is not int:
        raise InputError(FORM, argument=KEY)
    if path[0] >= place:
        raise InputError(f"{KEY} names call {path[0]}, which is not before call {place}.", argument=KEY)
    return path


def _is_step(step: Any) -> bool:
    return type(step) is str or (type(step) is int and step >= 0)


def _fits(found: Any, step: Any) -> bool:
    return isinstance(found, Mapping) if type(step) is str else isinstance(found, list | tuple)


def _plain(answer: Any) -> Any:
    return answer.value() if isinstance(answer, JsonText) else answer


def _items(value: Any) -> Sequence[Any]:
    if type(value) is dict:
        return list(value.values())
    return value if type(value) in (list, tuple) else ()
