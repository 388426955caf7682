"""Which areas a deployment loads: everything both kinds share, and what only a BPO or only a dealer has."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from models.base import installation, reflection
from models.base.sequence import Sequence
from models.orm.data import Datum, load_data
from models.orm.env import SYSTEM_USER_ID, Env, User
from models.orm.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

Role = Literal["dealer", "bpo", "both"]

# From low to high: an area imports only from those before it.
AREAS = ("base", "sync", "party", "mail", "product", "sale", "stock", "crm", "dealer", "bpo")
ONLY: dict[str, tuple[str, ...]] = {"dealer": ("dealer", "both"), "bpo": ("bpo", "both")}


def areas_of(role: str) -> tuple[ModuleType, ...]:
    """Return the packages that a role loads, low ones first. ValueError for another role than dealer, bpo and both."""
    if role not in ("dealer", "bpo", "both"):
        raise ValueError(f"a role is dealer, bpo or both, not {role!r}")
    return tuple(import_module(f"models.{area}") for area in AREAS if role in ONLY.get(area, (role,)))


@cache
def registry_for(role: str) -> Registry:
    """Return the models and groups of a role, put together once a process."""
    areas = areas_of(role)
    return Registry(
        (model for area in areas for model in area.MODELS), (group for area in areas for group in area.GROUPS)
    )


@cache
def data_for(role: str) -> tuple[Datum, ...]:
    """Return the records that come with a role's models, in the order to load them."""
    return tuple(datum for area in areas_of(role) for datum in area.DATA)


async def install(env: Env, data: Iterable[Datum]) -> int:
    """Fill a database with what comes along: company, system user and groups, the records, the number sequences.

    What is there already stays as it is; only the records that tell of the models follow them. Returns how many records
    are new.
    """
    found = await installation.install(env) if "res.groups" in env.registry else 0
    found += await load_data(env, data)
    if "ir.sequence" in env.registry:
        found += await env[Sequence].install(env)
    return found + await reflection.synchronise(env)


def system_env(registry: Registry, connection: Any, reason: str) -> Env:
    """Return the surroundings of work that nobody called for: all rights, the first company."""
    user = User(SYSTEM_USER_ID, "system", "System", frozenset(registry.groups), 1, (1,))
    return Env(registry, connection, user, system=reason)
