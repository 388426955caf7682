"""Which methods may be called from outside, and with which arguments.

Only what carries `@rpc` can be called. A method is an async classmethod that takes `env` first; when its next
parameter is called `ids` it is a record method and the caller sends an id or a list of ids there.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast, overload

from models.orm.dialect import Vocabulary
from models.orm.errors import ArgumentError
from models.orm.fields import Field

F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Exposure:
    """What `@rpc` says.

    Read-only or not, other names of the method, Netforce's order and names of the parameters, what Odoo's callers have
    to give, groups, and which models have it.
    """

    readonly: bool = False
    aliases: tuple[str, ...] = ()
    netforce: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    when: Callable[[Mapping[str, Field[Any]]], bool] | None = None
    option: str = ""
    odoo_needs: tuple[str, ...] = ()


@overload
def rpc(function: F) -> F: ...
@overload
def rpc(
    *,
    readonly: bool = ...,
    aliases: Sequence[str] = ...,
    netforce: Sequence[str] = ...,
    renamed: Mapping[str, str] | None = ...,
    groups: Sequence[str] = ...,
    when: Callable[[Mapping[str, Field[Any]]], bool] | None = ...,
    option: str = ...,
    odoo_needs: Sequence[str] = ...,
) -> Callable[[F], F]: ...
def rpc(
    function: Any = None,
    *,
    readonly: bool = False,
    aliases: Sequence[str] = (),
    netforce: Sequence[str] = (),
    renamed: Mapping[str, str] | None = None,
    groups: Sequence[str] = (),
    when: Callable[[Mapping[str, Field[Any]]], bool] | None = None,
    option: str = "",
    odoo_needs: Sequence[str] = (),
) -> Any:
    """Let clients call an async classmethod.

    `netforce` lists the positional parameters in Netforce's order, `own` or `theirs=own` where the keyword differs;
    `renamed` maps keywords of any other convention to ours. `groups`: only these may call it. `when`: only models whose
    fields satisfy it have the method; `option`: only models that set this attribute. `odoo_needs`: what may be
    left out here, but not in Odoo's conventions, where false does not stand for it either. To be written above
    `@classmethod`. Raises `TypeError` for one name where several are expected: a text would count letter by letter.
    """
    for word, names in (
        ("aliases", aliases), ("netforce", netforce), ("groups", groups), ("odoo_needs", odoo_needs),
    ):  # fmt: skip
        if isinstance(names, str):
            raise TypeError(f"{word} of @rpc takes several names, such as ({names!r},)")

    def expose(method: Any) -> Any:
        target: Any = method.__func__ if isinstance(method, classmethod) else method
        words = (tuple(aliases), tuple(netforce), dict(renamed or {}), tuple(groups))
        target.__rpc__ = Exposure(readonly, *words, when, option, tuple(odoo_needs))
        return method

    return expose if function is None else expose(function)


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """One callable method, ready to be bound and called. Models that share the declaration share the object."""

    name: str
    attribute: str
    exposure: Exposure
    parameters: tuple[str, ...]
    required: int
    keyword_only: frozenset[str]
    takes_ids: bool
    any_positional: bool
    any_keyword: bool
    netforce_parameters: tuple[str, ...]
    renamed: Mapping[str, str]
    help: str
    signature: inspect.Signature

    def bind(
        self, args: Sequence[Any], kwargs: Mapping[str, Any], vocabulary: Vocabulary = Vocabulary.OWN
    ) -> dict[str, Any]:
        """Give each argument its parameter's name.

        Raises `ArgumentError` for too many, unknown, doubled or missing ones.
        """
        order = self.netforce_parameters if vocabulary is Vocabulary.NETFORCE else self.parameters
        if len(args) > len(order):
            raise ArgumentError(f"{self.name} takes at most {len(order)} arguments.", method=self.name)
        bound = dict(zip(order, args, strict=False))
        for word, value in kwargs.items():
            name = self.renamed.get(word, word)
            if name not in self.parameters and name not in self.keyword_only and not self.any_keyword:
                raise ArgumentError(f"{self.name} has no argument {_shown(word)}.", method=self.name)
            if name in bound:
                raise ArgumentError(f"{self.name} got {_shown(word)} twice.", method=self.name)
            bound[name] = value
        if missing := self._needed(bound, vocabulary):
            raise ArgumentError(f"{self.name} needs the argument {missing[0]}.", method=self.name, argument=missing[0])
        return bound

    def _needed(self, bound: Mapping[str, Any], vocabulary: Vocabulary) -> list[str]:
        """Return the parameters that the caller had to give, and did not."""
        missing = [name for name in self.parameters[: self.required] if name not in bound]
        if vocabulary is Vocabulary.ODOO:
            missing += [name for name in self.exposure.odoo_needs if bound.get(name, False) is False]
        return missing


def _shown(word: str) -> str:
    return word if len(word) <= 64 else word[:64] + "..."


def method_of(owner: type, attribute: str, exposure: Exposure) -> Method:
    """Return the method behind an attribute that `@rpc`, here or on what it overrides, exposes like this."""
    function = cast(Callable[..., Any], getattr(owner, attribute).__func__)
    key = (function, id(exposure))  # most methods are the same function on every model: they are looked at once
    found = _known.get(key)
    if found is None:
        found = _known[key] = _described(attribute, function, exposure)
    return found


_known: dict[tuple[Callable[..., Any], int], Method] = {}


def _described(attribute: str, function: Callable[..., Any], exposure: Exposure) -> Method:
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())[2:]  # cls and env are ours
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.POSITIONAL_ONLY)]
    renamed = dict(exposure.renamed)
    netforce: list[str] = []
    for word in exposure.netforce:
        theirs, _, own = word.partition("=")
        netforce.append(own or theirs)
        if own:
            renamed[theirs] = own
    names = tuple(p.name for p in positional)
    return Method(
        name=attribute,
        attribute=attribute,
        exposure=exposure,
        parameters=names,
        required=sum(1 for p in positional if p.default is p.empty),
        keyword_only=frozenset(p.name for p in parameters if p.kind is p.KEYWORD_ONLY),
        takes_ids=bool(names) and names[0] == "ids",
        any_positional=any(p.kind is p.VAR_POSITIONAL for p in parameters),
        any_keyword=any(p.kind is p.VAR_KEYWORD for p in parameters),
        netforce_parameters=tuple(netforce) or names,
        renamed=renamed,
        help=inspect.getdoc(function) or "",
        signature=signature,
    )


def exposures(owner: type) -> dict[str, Exposure]:
    """Return how each attribute is exposed: an override without `@rpc` keeps that of the method it overrides."""
    return {
        attribute: exposure
        for base in reversed(owner.__mro__)
        for attribute, member in vars(base).items()
        if isinstance(member, classmethod)
        and isinstance(exposure := getattr(member.__func__, "__rpc__", None), Exposure)
        and not attribute.startswith("_")
    }
