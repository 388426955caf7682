"""Releases of a small product, to migrate databases from one to another."""

from types import new_class
from typing import Any

from models.base.external_id import ExternalId
from models.base.groups import ADMINISTRATORS, USERS
from models.base.sequence import Sequence
from models.orm import Access, Datum, Model, Registry, fields
from tests.orm.library import GROUPS, AuditLog, Company, User

ALL = Access(read=USERS.code, write=USERS.code, delete=USERS.code)


def model(name: str, /, **members: Any) -> type[Model]:
    """A model made of these fields and options."""
    return new_class(name, (Model,), {"name": name}, lambda space: space.update({"access": ALL, **members}))


def release(*models: type[Model]) -> Registry:
    """A registry of what every release has and these models."""
    return Registry([Company, User, AuditLog, Sequence, ExternalId, *models], [*GROUPS, USERS, ADMINISTRATORS])


def note(**members: Any) -> type[Model]:
    """The model that the releases change."""
    return model("lib.note", **{"name": fields.Char("Name", required=True), **members})


FIRST = release(note())
ROOT = (Datum("base.user_root", "res.users", {"name": "System"}),)
