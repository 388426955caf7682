"""Who calls, and in which company, as Netforce's clients say it: with cookies.

Programs and mobile apps send them as the fifth parameter of a call, for they keep no cookie jar; browsers send the same
names in the header Cookie. A user id says nothing: the token decides, and a user id or database that contradicts it is
refused. The header is believed only in a call that no page of another site can make (see `odoo_cookie`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from models.orm.env import User
from models.orm.errors import InputError, SessionError
from models.orm.fields.number import whole_number
from server.deployment import Deployment
from server.exchange import check_content_type
from server.protocols.odoo_cookie import check_origin

LONGEST_NUMBER = 18
COMPANIES = "allowed_company_ids"


@dataclass(frozen=True, slots=True)
class Cookies:
    """What came along with a call."""

    deployment: Deployment
    request: web.Request
    given: Mapping[str, Any]

    @property
    def token(self) -> str:
        """The token that is shown, empty when there is none. Raises `AccessError` for another site's use of one.

        What names no origin has to be JSON, which no form can send; Netforce's screens call theirs a form and name it.
        """
        if own := _text(self.given.get("token")):
            return own
        shown = self._jar.get("token", "")
        if shown:
            check_origin(self.deployment, self.request)
            if "Origin" not in self.request.headers:
                check_content_type(self.request)
        return shown

    @property
    def database(self) -> str:
        """The database that is meant, empty when none is named."""
        named = (self.given.get("database"), self.given.get("dbname"), self.request.headers.get("X-Database"))
        return next((name for name in map(_text, named) if name), "") or _text(self._beside_token.get("dbname"))

    async def user(self) -> User:
        """Whose token it is. Raises `SessionError` when there is none, or the user id or database is another."""
        token = self.token
        if not token:
            raise SessionError
        user = await self.deployment.authenticator.by_token(token)
        claimed = self._beside_token.get("user_id")
        if claimed not in (None, "") and number_of(claimed) != user.id:
            raise SessionError
        if self.database not in ("", self.deployment.settings.database):
            raise SessionError
        return user

    def context(self, given: Any) -> Any:
        """The context of a call: what the call itself says, else what the cookies say of language and company.

        The active company is the only one the call sees, as in Netforce, unless the call names several itself.
        """
        if given is not None and not isinstance(given, Mapping):
            raise InputError("context must be an object.", argument="context")
        context = dict(given or {})
        locale = self._cookie("locale")
        if isinstance(locale, str) and locale:
            context.setdefault("lang", locale)
        company = context.get("company_id") or self._cookie("company_id")
        if company not in (None, "", False) and COMPANIES not in context:
            context["company_id"] = number_of(company)
            context[COMPANIES] = [context["company_id"]]
        return context

    def _cookie(self, name: str) -> Any:
        own = self.given.get(name)
        return self._jar.get(name) if own in (None, "") else own

    @property
    def _beside_token(self) -> Mapping[str, Any]:
        """The cookies that the token stands among: a browser on one machine mixes those of several servers."""
        return self.given if _text(self.given.get("token")) else self._jar

    @property
    def _jar(self) -> Mapping[str, str]:
        return self.request.cookies if "Cookie" in self.request.headers else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def number_of(value: Any) -> int | None:
    """Read an id; cookies hold theirs as text. None when it is none."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= LONGEST_NUMBER:
        return int(value)
    return whole_number(value)
