"""The surroundings of one call: who calls, over which connection, in which dialect, with which context."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, overload
from zoneinfo import ZoneInfo, available_timezones

from models.orm.declare import Placeholder
from models.orm.dialect import NATIVE, Dialect
from models.orm.errors import AccessError, InputError
from models.orm.fields.number import whole_number
from models.orm.kind import Kind

if TYPE_CHECKING:
    import asyncpg

    from models.orm.access import Profile
    from models.orm.registry import Registry

K = TypeVar("K", bound=Kind)


@dataclass(frozen=True, slots=True)
class User:
    """The caller, as the credentials say. `groups` holds the effective ones, implied included."""

    id: int
    login: str
    name: str
    groups: frozenset[str]
    company_id: int
    company_ids: tuple[int, ...]
    partner_id: int | None = None
    lang: str = "en_US"
    tz: str = "UTC"


SYSTEM_USER_ID = 1


@functools.cache
def _zones() -> frozenset[str]:
    """The zones that have one name everywhere: places, and UTC. Files of this machine such as localtime are none."""
    return frozenset({"UTC", *(name for name in available_timezones() if "/" in name)})


@dataclass(frozen=True, slots=True)
class Context:
    """What a caller may say about a call beyond its arguments. It never carries identity and never widens rights.

    `values` holds the keys that methods look at themselves (template_id, cart_id, active_id ...), cleaned of identity.
    """

    values: Mapping[str, Any] = field(default_factory=dict)

    IGNORED = frozenset({"uid", "user_id", "sudo", "su", "groups", "token", "password", "login", "database", "db"})

    @classmethod
    def of(cls, given: Any) -> Context:
        """Take a caller's context, leaving out what it has no say in."""
        if given is None or given is False or given in ("", {}):
            return EMPTY_CONTEXT
        if not isinstance(given, Mapping):
            raise InputError("context must be an object.", argument="context")
        return cls({key: value for key, value in given.items() if key not in cls.IGNORED})

    @property
    def active_test(self) -> bool:
        """Whether searches hide archived records."""
        return self.values.get("active_test", True) is not False

    @property
    def sizes(self) -> bool:
        """Whether of bytes only the size is wanted (Odoo's `bin_size`)."""
        return self.values.get("bin_size") in (True, 1, "1")

    @property
    def defaults(self) -> dict[str, Any]:
        """The caller's own defaults: `default_x` of Odoo and `defaults` of Netforce."""
        given = self.values.get("defaults")
        found = dict(given) if isinstance(given, Mapping) else {}
        found |= {key[8:]: value for key, value in self.values.items() if key.startswith("default_")}
        return found

    @property
    def lang(self) -> str | None:
        """The language asked for."""
        lang = self.values.get("lang")
        return lang if isinstance(lang, str) else None

    @property
    def tz(self) -> str | None:
        """The time zone asked for."""
        tz = self.values.get("tz")
        return tz if isinstance(tz, str) else None


EMPTY_CONTEXT = Context()


class UndeclaredWriteError(Exception):
    """A method that is declared to read wanted to write: a mistake of ours, which no other try repairs."""


@dataclass(slots=True)
class Env:
    """One call's surroundings. Handed to every method first; a retried call gets a new one.

    `readonly`: the method is declared to change nothing, and has no transaction in which it could.
    """

    registry: Registry
    connection: asyncpg.Connection
    user: User
    context: Context = EMPTY_CONTEXT
    dialect: Dialect = NATIVE
    now: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    system: str | None = None
    after_commit: list[Callable[[], None]] = field(default_factory=list)
    after_refusal: list[Callable[[], Awaitable[None]]] = field(default_factory=list)  # traces of a refused call
    counter: list[int] = field(default_factory=lambda: [0])
    elevations: list[str] = field(default_factory=list)  # the reasons of every `as_system`, each once
    readonly: bool = False
    questions: list[Callable[[], Awaitable[None]]] = field(default_factory=list)  # see `asking_first`
    _profile: Profile | None = None
    _companies: tuple[int, ...] | None = None

    @overload
    def __getitem__(self, model: type[K]) -> type[K]: ...
    @overload
    def __getitem__(self, model: str) -> Any: ...
    def __getitem__(self, model: type[Kind] | str) -> Any:
        """Return the model as this deployment has it, extensions included.

        `env[Order]` or, for a higher area, `env["crm.lead"]`.
        """
        return self.registry.model(model if isinstance(model, str) else model.declared_name)

    @property
    def profile(self) -> Profile:
        """What the caller may do."""
        if self._profile is None:
            self._profile = self.registry.profile(None if self.system else self.user.groups)
        return self._profile

    @property
    def company_ids(self) -> tuple[int, ...]:
        """The companies whose records the call sees: the caller's, narrowed by the context's allowed_company_ids."""
        if self._companies is None:
            self._companies = self._choose_companies()
        return self._companies

    def _choose_companies(self) -> tuple[int, ...]:
        asked = self.context.values.get("allowed_company_ids")
        company = self.context.values.get("company_id")
        if not asked and not company:
            return self.user.company_ids
        given = asked or [company, *(one for one in self.user.company_ids if one != company)]
        chosen = [whole_number(one) for one in given] if isinstance(given, list | tuple) else []
        found = tuple(one for one in chosen if one in self.user.company_ids)
        if not found or len(found) != len(given):
            raise AccessError("Access to unauthorized or invalid companies.")
        return found

    @property
    def has_one_company(self) -> bool:
        """Whether the call sees one company, if it sees any: known without asking whether it may."""
        asked = self.context.values.get("allowed_company_ids")
        return len(asked if asked and isinstance(asked, list | tuple) else self.user.company_ids) == 1

    @property
    def company_id(self) -> int:
        """The active company: the context's if it is one of the caller's, else the caller's own."""
        context = self.context.values
        if context.get("allowed_company_ids") or context.get("company_id"):
            return self.company_ids[0]
        return self.user.company_id

    @property
    def zone(self) -> ZoneInfo:
        """The caller's time zone, UTC when the name is unknown."""
        name = self.context.tz or self.user.tz
        return ZoneInfo(name if name in _zones() else "UTC")

    @property
    def today(self) -> dt.date:
        """The caller's day."""
        return self.now.astimezone(self.zone).date()

    @property
    def statements(self) -> int:
        """How many statements the call has run so far, BEGIN and COMMIT not counted."""
        return self.counter[0]

    def has_group(self, *groups: str) -> bool:
        """Return whether the caller is in one of the groups (the system is in all)."""
        return self.system is not None or not self.user.groups.isdisjoint(groups)

    def as_system(self, reason: str) -> Env:
        """Return the same call with all rights. The one way to elevate; the reason is logged with the call."""
        if reason not in self.elevations:
            self.elevations.append(reason)
        return dataclasses.replace(self, system=reason, _profile=None)

    def with_context(self, **values: Any) -> Env:
        """Return the same call with more context."""
        return dataclasses.replace(self, context=Context({**self.context.values, **values}), _companies=None)

    def with_dialect(self, dialect: Dialect) -> Env:
        """Return the same call speaking another dialect; inside the server that is always our own."""
        return dataclasses.replace(self, dialect=dialect)

    @contextmanager
    def asking_first(self, question: Callable[[], Awaitable[None]]) -> Iterator[None]:
        """Ask the question before the first statement that runs within, and not at all when none does."""
        self.questions.append(question)
        try:
            yield
        finally:
            if question in self.questions:
                self.questions.remove(question)

    async def fetch(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """Run one statement, return its rows."""
        if self.questions:
            await self._ask()
        self.counter[0] += 1
        return await self.connection.fetch(sql, *values)

    async def fetchrow(self, sql: str, *values: Any) -> asyncpg.Record | None:
        """Run one statement, return its first row."""
        if self.questions:
            await self._ask()
        self.counter[0] += 1
        return await self.connection.fetchrow(sql, *values)

    async def fetchval(self, sql: str, *values: Any) -> Any:
        """Run one statement, return the first column of its first row."""
        if self.questions:
            await self._ask()
        self.counter[0] += 1
        return await self.connection.fetchval(sql, *values)

    async def change(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """Run one statement that changes or locks rows, return what it returns."""
        self.check_may_change()
        return await self.fetch(sql, *values)

    async def execute(self, sql: str, *values: Any) -> str:
        """Run one statement that changes or locks something, return its command tag."""
        self.check_may_change()
        if self.questions:
            await self._ask()
        self.counter[0] += 1
        return await self.connection.execute(sql, *values)

    def check_may_change(self) -> None:
        """Raise `UndeclaredWriteError` while a method runs that is declared to read."""
        if self.readonly:
            raise UndeclaredWriteError

    async def _ask(self) -> None:
        while self.questions:
            await self.questions.pop(0)()

    def resolve(self, values: Sequence[Any]) -> list[Any]:
        """Give each placeholder among a statement's parameters its value."""
        return [value.resolve(self) if isinstance(value, Placeholder) else value for value in values]
