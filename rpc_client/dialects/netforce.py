"""Netforce's dialect: `execute` with five positions on /json_rpc, cookies in the fifth, errors as a message.

A Netforce server gives errors a text and nothing else, so their meaning is read from the beginning of the text. One
that gives a code and data as well (Tandem does, and the vendor's documentation shows it) is taken at its word.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from rpc_client.dialects.base import Dialect, envelope_of, error_parts, probed, user_of
from rpc_client.errors import (
    AccessError,
    BadAnswer,
    ConflictError,
    DuplicateError,
    LoginError,
    MissingError,
    ProtocolError,
    RemoteError,
    SessionError,
    UserError,
    ValidationError,
    remote_error,
)
from rpc_client.exchange import Call, Credentials, Exchange, HttpAnswer, Session

_MEANINGS: Mapping[str, type[RemoteError]] = {
    "Invalid login": LoginError,
    "User not allowed to login": LoginError,
    "Missing db name": LoginError,
    "Invalid token": SessionError,
    "Invalid access token": SessionError,
    "Permission denied": AccessError,
    "Invalid read ID": MissingError,
    "Record not found": MissingError,
    "Duplicate keys": DuplicateError,
    "Failed to write record (concurrent access)": ConflictError,
    "Model not found": ProtocolError,
    "Invalid method": ProtocolError,
    "Invalid condition operator": ProtocolError,
}
"""What a message begins with, and what it means."""


class Netforce(Dialect):
    """POST /json_rpc."""

    name = "netforce"
    path = "/json_rpc"
    method_names = {"unlink": "delete"}
    sessions_end = True

    def probe(self) -> Exchange[bool]:
        """A method that does not exist, recognised by an envelope whose error has a message."""
        number = next(self._numbers)

        def read(answer: HttpAnswer) -> bool:
            error = probed(answer).get("error")
            return isinstance(error, dict) and isinstance(error.get("message"), str)

        return Exchange(self._request({"id": number, "method": "version", "params": []}), read, repeatable=True)

    def version(self) -> Exchange[dict[str, Any]]:
        """Netforce does not tell its version: the answer says whether a server is there, and what it speaks."""
        probe = self.probe()

        def read(answer: HttpAnswer) -> dict[str, Any]:
            if not probe.read(answer):
                raise BadAnswer("The server does not answer as Netforce does.")
            return {"protocol": self.name}

        return Exchange(probe.request, read, repeatable=True)

    def session_of(self, credentials: Credentials) -> Session | None:
        """A key stands in place of the token that a login gives (Tandem); without either calls are anonymous."""
        if credentials.api_key is not None:
            given = {"token": credentials.api_key, "database": credentials.database}
            cookies = {name: value for name, value in given.items() if value is not None}
            return Session(token=credentials.api_key, cookies=cookies)
        return Session() if credentials.password is None else None

    def login(self, credentials: Credentials) -> Exchange[Session]:
        """The model call `login.login`, whose data travels in the context."""
        data = {"db_name": credentials.database, "login": credentials.login, "password": credentials.password}
        exchange = self._exchange(Call("login", "login", context={"data": data}), Session(), repeatable=True)
        return Exchange(exchange.request, lambda answer: _session(exchange.read(answer)), repeatable=True)

    def logout(self, session: Session) -> Exchange[object] | None:
        """The model call `login.logout`. A key is no login, and does not end."""
        if session.user_id is None:
            return None
        return self._exchange(Call("login", "logout"), session, repeatable=True)

    def execute(self, call: Call, credentials: Credentials, session: Session) -> Exchange[Any]:  # noqa: ARG002
        """`execute` with the keyword arguments and the context in the fourth position."""
        return self._exchange(call, session, repeatable=self._repeatable(call))

    def whoami(self, credentials: Credentials, session: Session) -> Exchange[dict[str, Any]]:
        """The user's own row; the user of a key is told by the server, which is a Tandem."""
        if session.user_id is None:
            exchange = self.execute(Call("base.user", "session_info"), credentials, session)
            return Exchange(exchange.request, lambda answer: _user_of_key(exchange.read(answer)), repeatable=True)
        call = Call("base.user", "read", [[session.user_id], ["name", "company_id"]])
        exchange = self.execute(call, credentials, session)
        return Exchange(exchange.request, lambda answer: user_of(exchange.read(answer)), repeatable=True)

    def fields_query(self, model: str, names: Sequence[str] | None = None) -> Call:
        """`get_meta`."""
        return Call(model, "get_meta", [list(names)] if names else [])

    def labels_query(self, model: str, ids: Sequence[int]) -> Call:
        """`name_get`, whose rows may hold an image after the name."""
        return Call(model, "name_get", [list(ids)])

    def _exchange(self, call: Call, session: Session, *, repeatable: bool) -> Exchange[Any]:
        number = next(self._numbers)
        options = dict(call.kwargs)
        if call.context:
            options["context"] = call.context
        parameters = [call.model, self.own_method(call.method), list(call.args), options, dict(session.cookies)]
        request = self._request({"id": number, "method": "execute", "params": parameters})
        return Exchange(request, lambda answer: _result(answer, number), repeatable=repeatable)


def _result(answer: HttpAnswer, number: int) -> Any:
    document = envelope_of(answer, number)
    if document.get("error") is not None:
        raise _error(document["error"])
    if "result" not in document:
        raise BadAnswer("The answer has neither a result nor an error.")
    return document["result"]


def _error(error: object) -> RemoteError:
    code, text, data = error_parts(error)
    message = text.removeprefix("?")  # marks a text without translation
    if code > 0 or data.get("key"):
        return remote_error(code, message, data)
    extras = error if isinstance(error, dict) else {}
    if extras.get("require_logout"):
        return SessionError(message, data)
    fields = extras.get("error_fields")
    if isinstance(fields, dict) and fields:
        return ValidationError(message, {**data, "field": next(iter(fields)), "error_fields": fields})
    if data.get("type") == "validation_error":
        return ValidationError(message, data)
    kinds = (kind for start, kind in _MEANINGS.items() if message.startswith(start))
    return next(kinds, UserError)(message, data)


def _session(result: object) -> Session:
    cookies = result.get("cookies") if isinstance(result, dict) else None
    if not isinstance(cookies, dict) or not cookies.get("token"):
        raise BadAnswer("The login answered without a token.")
    kept = {
        "user_id": cookies.get("user_id"),
        "token": cookies["token"],
        "company_id": cookies.get("company_id"),
        "database": cookies.get("dbname"),
    }
    return Session(
        user_id=_number(kept["user_id"]),
        user_name=cookies.get("user_name"),
        company_id=_number(kept["company_id"]),
        token=cookies["token"],
        cookies={name: value for name, value in kept.items() if value is not None},
    )


def _user_of_key(info: object) -> dict[str, Any]:
    companies = info.get("user_companies") if isinstance(info, dict) else None
    if not isinstance(info, dict) or not isinstance(companies, dict):
        raise BadAnswer("The server does not tell whose key this is.")
    return {
        "user_id": info.get("uid"),
        "user_name": info.get("name"),
        "company_id": companies.get("current_company"),
        "companies": [int(one) for one in companies.get("allowed_companies") or ()],
    }


def _number(cookie: object) -> int | None:
    """Cookies may hold their numbers as text."""
    return int(cookie) if isinstance(cookie, int | str) and str(cookie).isdecimal() else None
