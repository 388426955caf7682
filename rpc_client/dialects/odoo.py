"""Odoo's dialect: services `common` and `object` on /jsonrpc, password or key in every call, HTTP 200 for errors.

`false` stands for every empty value and a method without a result gives an envelope without `result`; both are
passed on as they are (`False`, `None`), since only a field's type could tell an empty value from a false one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from rpc_client.dialects.base import Dialect, envelope_of, error_parts, probed, user_of
from rpc_client.errors import (
    AccessError,
    BadAnswer,
    ConflictError,
    InternalError,
    LoginError,
    MissingError,
    ProtocolError,
    RateError,
    RemoteError,
    SessionError,
    UsageError,
    UserError,
    ValidationError,
)
from rpc_client.exchange import Call, Credentials, Exchange, HttpAnswer, Session

SESSION_EXPIRED = 100  # the code that Odoo gives this one error; all others share a code

_MEANINGS: Mapping[str, type[RemoteError]] = {
    "UserError": UserError,
    "RedirectWarning": UserError,
    "ValidationError": ValidationError,
    "AccessError": AccessError,
    "AccessDenied": LoginError,
    "SessionExpiredException": SessionError,
    "MissingError": MissingError,
    "LockError": ConflictError,
    "SerializationFailure": ConflictError,
    "DeadlockDetected": ConflictError,
    "LockNotAvailable": ConflictError,
    "TooManyRequests": RateError,
    "NotFound": ProtocolError,
    "ValueError": ProtocolError,
    "KeyError": ProtocolError,
    "TypeError": ProtocolError,
    "AttributeError": ProtocolError,
    "IndexError": ProtocolError,
}
"""The last word of `data.name`, the Python class that the server raised, and what it means."""


class Odoo(Dialect):
    """POST /jsonrpc."""

    name = "odoo"
    path = "/jsonrpc"
    method_names = {"delete": "unlink"}

    def probe(self) -> Exchange[bool]:
        """`common.version`, recognised by a server_version in the result."""
        request, _ = self._service("common", "version", [])

        def read(answer: HttpAnswer) -> bool:
            result = probed(answer).get("result")
            return isinstance(result, dict) and "server_version" in result

        return Exchange(request, read, repeatable=True)

    def version(self) -> Exchange[dict[str, Any]]:
        """`common.version`."""
        return self._exchange("common", "version", [], repeatable=True)

    def session_of(self, credentials: Credentials) -> Session | None:
        """Every call needs the user's number, which only a login tells, also for an API key."""
        if credentials.database is None or credentials.login is None or credentials.secret is None:
            raise UsageError("An Odoo server needs database=, login= and either password= or api_key=.")
        return None

    def login(self, credentials: Credentials) -> Exchange[Session]:
        """`common.login`, which answers false to wrong credentials."""
        arguments = [credentials.database, credentials.login, credentials.secret]
        exchange = self._exchange("common", "login", arguments, repeatable=True)
        return Exchange(exchange.request, lambda answer: _session(exchange.read(answer)), repeatable=True)

    def logout(self, session: Session) -> Exchange[object] | None:  # noqa: ARG002
        """Nothing to end: every call carries its own credentials."""
        return None

    def execute(self, call: Call, credentials: Credentials, session: Session) -> Exchange[Any]:
        """`object.execute_kw`."""
        kwargs = dict(call.kwargs)
        if call.context:
            kwargs["context"] = call.context
        who = [credentials.database, session.user_id, credentials.secret]
        what = [call.model, self.own_method(call.method), list(call.args), kwargs]
        return self._exchange("object", "execute_kw", who + what, repeatable=self._repeatable(call))

    def whoami(self, credentials: Credentials, session: Session) -> Exchange[dict[str, Any]]:
        """The user's own row."""
        call = Call("res.users", "read", [[session.user_id], ["name", "company_id", "company_ids"]])
        exchange = self.execute(call, credentials, session)
        return Exchange(exchange.request, lambda answer: user_of(exchange.read(answer)), repeatable=True)

    def fields_query(self, model: str, names: Sequence[str] | None = None) -> Call:
        """`fields_get` with the attributes that matter; no names means all."""
        return Call(model, "fields_get", [list(names or []), ["type", "relation", "store"]])

    def labels_query(self, model: str, ids: Sequence[int]) -> Call:
        """`display_name`, because newer series have no name_get."""
        return Call(model, "read", [list(ids), ["display_name"]])

    def labels(self, rows: Sequence[Any]) -> dict[int, str]:
        """The label of each row read."""
        return {row["id"]: row["display_name"] for row in rows}

    def _exchange(self, service: str, method: str, arguments: Sequence[Any], *, repeatable: bool) -> Exchange[Any]:
        request, number = self._service(service, method, arguments)
        return Exchange(request, lambda answer: _result(answer, number), repeatable=repeatable)

    def _service(self, service: str, method: str, arguments: Sequence[Any]) -> tuple[Any, int]:
        number = next(self._numbers)
        parameters = {"service": service, "method": method, "args": arguments}
        return self._request({"jsonrpc": "2.0", "method": "call", "id": number, "params": parameters}), number


def _result(answer: HttpAnswer, number: int) -> Any:
    document = envelope_of(answer, number)
    if document.get("error") is not None:
        raise _error(document["error"])
    return document.get("result")


def _error(error: object) -> RemoteError:
    code, text, data = error_parts(error)
    name, message = data.get("name"), data.get("message")
    word = name.rpartition(".")[2] if isinstance(name, str) else ""
    kind = SessionError if code == SESSION_EXPIRED else _MEANINGS.get(word, InternalError)
    return kind(message if isinstance(message, str) and message else text, data)


def _session(user_id: object) -> Session:
    if isinstance(user_id, int) and user_id:
        return Session(user_id=user_id)
    if user_id is False or user_id is None:
        raise LoginError("")
    raise BadAnswer("The login answered something else than a user.")
