"""Who calls: what the dialects ask of `server.auth`."""

import datetime as dt
from collections.abc import Awaitable
from typing import Any, Protocol

from models.orm.env import User


class LoginAnswer(Protocol):
    """A successful login."""

    @property
    def token(self) -> str:
        """The bearer token of the new session."""

    @property
    def user(self) -> User:
        """Whose session it is."""

    @property
    def expires_at(self) -> dt.datetime:
        """When it ends at the latest."""


class Authenticator(Protocol):
    """Turns credentials into users. Those that do not hold raise `LoginError` or `SessionError`."""

    def login(self, login: str, password: str, *, address: str, database: str | None = None) -> Awaitable[LoginAnswer]:
        """Check a password and open a session. `RateError` after too many tries."""

    def by_token(self, token: str) -> Awaitable[User]:
        """The user of a session's token or of an API key."""

    def by_password(self, login: str | int, secret: str, *, address: str) -> Awaitable[User]:
        """The user of a login or user id with a password or API key, as Odoo's clients send them with every call."""

    def logout(self, token: str) -> Awaitable[None]:
        """End a session."""

    def companies(self, user: User) -> Awaitable[list[dict[str, Any]]]:
        """The user's companies as [{id, name}]."""
