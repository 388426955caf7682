"""Tandem's own dialect: JSON-RPC 2.0 on /rpc, a bearer token or API key, errors with code and key."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from rpc_client.dialects.base import READ_METHODS, Dialect, envelope_of, error_parts, probed
from rpc_client.errors import AccessError, BadAnswer, LoginError, RemoteError, UsageError, remote_error
from rpc_client.exchange import Call, Credentials, Exchange, HttpAnswer, Session

METHOD_NOT_FOUND = -32601


class Tandem(Dialect):
    """POST /rpc with `execute`, `login`, `logout`, `whoami`, `version`."""

    name = "tandem"
    path = "/rpc"
    keeps_idempotency_keys = True
    sessions_end = True

    def probe(self) -> Exchange[bool]:
        """`version`, recognised by a JSON-RPC 2.0 envelope around any answer but "no such method"."""
        number = next(self._numbers)

        def read(answer: HttpAnswer) -> bool:
            document = probed(answer)
            code, _, _ = error_parts(document.get("error"))
            return document.get("jsonrpc") == "2.0" and document.get("id") == number and code != METHOD_NOT_FOUND

        return Exchange(self._request(self._envelope(number, "version", {})), read, repeatable=True)

    def version(self) -> Exchange[dict[str, Any]]:
        """The server's `version`."""
        return self._exchange("version", {}, repeatable=True)

    def session_of(self, credentials: Credentials) -> Session | None:
        """A key is a session by itself; so is nothing at all, whose calls the server refuses."""
        if credentials.api_key is not None:
            return Session(token=credentials.api_key)
        return Session() if credentials.password is None else None

    def login(self, credentials: Credentials) -> Exchange[Session]:
        """`login` by name."""
        parameters = {
            "database": credentials.database,
            "login": credentials.login,
            "password": credentials.password,
        }
        given = {name: value for name, value in parameters.items() if value is not None}
        exchange = self._exchange("login", given, repeatable=True)
        return Exchange(exchange.request, lambda answer: _session(exchange, answer), repeatable=True)

    def logout(self, session: Session) -> Exchange[object] | None:
        """`logout`, which ends the token."""
        return self._exchange("logout", {}, session, repeatable=True) if session.user_id is not None else None

    def execute(self, call: Call, credentials: Credentials, session: Session) -> Exchange[Any]:  # noqa: ARG002
        """`execute` by name; the idempotency key goes as a header."""
        parameters: dict[str, Any] = {"model": call.model, "method": call.method, "args": list(call.args)}
        if call.kwargs:
            parameters["kwargs"] = call.kwargs
        if call.context:
            parameters["context"] = call.context
        return self._exchange(
            "execute", parameters, session, key=call.idempotency_key, repeatable=self._repeatable(call)
        )

    def transaction(
        self, calls: Sequence[Mapping[str, Any]], context: Mapping[str, Any], session: Session, key: str | None
    ) -> Exchange[list[Any]]:
        """`transaction` by name; the idempotency key goes as a header."""
        parameters: dict[str, Any] = {"calls": list(calls), **({"context": dict(context)} if context else {})}
        repeatable = key is not None or all(call["method"] in READ_METHODS for call in calls)
        return self._exchange("transaction", parameters, session, key=key, repeatable=repeatable)

    def whoami(self, credentials: Credentials, session: Session) -> Exchange[dict[str, Any]]:  # noqa: ARG002
        """`whoami`."""
        return self._exchange("whoami", {}, session, repeatable=True)

    def fields_query(self, model: str, names: Sequence[str] | None = None) -> Call:
        """`fields_get`, in Odoo's shape."""
        return Call(model, "fields_get", [list(names)] if names else [])

    def labels_query(self, model: str, ids: Sequence[int]) -> Call:
        """`name_get`."""
        return Call(model, "name_get", [list(ids)])

    def _exchange(
        self,
        method: str,
        parameters: dict[str, Any],
        session: Session | None = None,
        *,
        key: str | None = None,
        repeatable: bool = False,
    ) -> Exchange[Any]:
        number = next(self._numbers)
        headers = {}
        if session is not None and session.token is not None:
            headers["Authorization"] = f"Bearer {_header_text(session.token, 'API key')}"
        if key is not None:
            headers["Idempotency-Key"] = _header_text(key, "idempotency key")
        request = self._request(self._envelope(number, method, parameters), headers)
        return Exchange(request, lambda answer: _result(answer, number), repeatable=repeatable)

    @staticmethod
    def _envelope(number: int, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": number, "method": method, "params": parameters}


def _header_text(value: str, what: str) -> str:
    if not (value.isascii() and value.isprintable()):
        raise UsageError(f"The {what} holds characters that no header may hold, such as the end of a line.")
    return value


def _result(answer: HttpAnswer, number: int) -> Any:
    document = envelope_of(answer, number)
    if document.get("error") is not None:
        raise _error(document["error"], answer)
    if "result" not in document:
        raise BadAnswer("The answer has neither a result nor an error.")
    return document["result"]


def _error(error: object, answer: HttpAnswer) -> RemoteError:
    code, message, data = error_parts(error)
    wait = data.get("retry_after")
    seconds = float(wait) if isinstance(wait, int | Decimal) else answer.retry_after
    return remote_error(code, message, data, retry_after=seconds)


def _session(exchange: Exchange[Any], answer: HttpAnswer) -> Session:
    try:
        result = exchange.read(answer)
    except AccessError as error:
        # A refused login is one thing to a caller, whichever of the two words the server has for it.
        raise LoginError(error.message, error.data) from None
    if not isinstance(result, dict) or not isinstance(result.get("token"), str):
        raise BadAnswer("The login answered without a token.")
    return Session(
        user_id=result.get("user_id"),
        user_name=result.get("user_name"),
        company_id=result.get("company_id"),
        companies=result.get("companies") or (),
        expires_at=result.get("expires_at"),
        token=result["token"],
    )
