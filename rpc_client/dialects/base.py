"""What a dialect is: how calls become requests, and how answers become results or exceptions."""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rpc_client.errors import BadAnswer, BadStatus, UsageError
from rpc_client.exchange import Call, Credentials, Exchange, HttpAnswer, HttpRequest, Session
from rpc_client.json_text import decode, encode

READ_METHODS = frozenset(
    {
        *("read", "read_path", "read_group", "formatted_read_group", "web_read", "export_data"),
        *("search", "search_count", "search_read", "search_read_path", "web_search_read"),
        *("get", "get_by_code", "name_get", "name_search", "content_search", "search_all"),
        *("fields_get", "get_meta", "get_metadata", "default_get", "context_get"),
        *("check_access_rights", "has_access", "has_group", "changes_since"),
    }
)
"""Methods that change nothing on any of the servers, so that asking again is always safe."""

GATEWAY_STATUSES = frozenset({429, 502, 503, 504})
"""HTTP statuses of a server that is there but cannot answer now; they say nothing about what it speaks."""


class Dialect(ABC):
    """One protocol. An instance belongs to one client and numbers its requests."""

    name: ClassVar[str]
    path: ClassVar[str]
    method_names: ClassVar[Mapping[str, str]] = {}
    keeps_idempotency_keys: ClassVar[bool] = False
    sessions_end: ClassVar[bool] = False

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    @abstractmethod
    def probe(self) -> Exchange[bool]:
        """A harmless request without credentials; true when the answer is one of this dialect."""

    @abstractmethod
    def version(self) -> Exchange[dict[str, Any]]:
        """What the other side says of itself."""

    @abstractmethod
    def session_of(self, credentials: Credentials) -> Session | None:
        """The session that credentials give without asking the other side; None when they need a login."""

    @abstractmethod
    def login(self, credentials: Credentials) -> Exchange[Session]:
        """Exchange the credentials for a session. LoginError when they are wrong."""

    @abstractmethod
    def logout(self, session: Session) -> Exchange[object] | None:
        """End the session on the other side; None where there is nothing to end."""

    @abstractmethod
    def execute(self, call: Call, credentials: Credentials, session: Session) -> Exchange[Any]:
        """Call a method of a model."""

    def transaction(
        self,
        calls: Sequence[Mapping[str, Any]],  # noqa: ARG002
        context: Mapping[str, Any],  # noqa: ARG002
        session: Session,  # noqa: ARG002
        key: str | None,  # noqa: ARG002
    ) -> Exchange[list[Any]]:
        """Several calls, carried out together or not at all. UsageError where the other side knows no such thing."""
        raise UsageError(f"A server that speaks {self.name} carries out each call by itself.")

    @abstractmethod
    def whoami(self, credentials: Credentials, session: Session) -> Exchange[dict[str, Any]]:
        """Who the other side takes us for: user_id, user_name, company_id, companies."""

    @abstractmethod
    def fields_query(self, model: str, names: Sequence[str] | None = None) -> Call:
        """The call that describes the fields of a model (all, or the named ones): {name: {type, relation, store}}."""

    @abstractmethod
    def labels_query(self, model: str, ids: Sequence[int]) -> Call:
        """The call that gives the records' labels, in a form that `labels` reads."""

    def labels(self, rows: Sequence[Any]) -> dict[int, str]:
        """The label of each record in the result of `labels_query`."""
        return {row[0]: row[1] for row in rows}

    def own_method(self, method: str) -> str:
        """The name that a method has in this dialect, where ours differs."""
        return self.method_names.get(method, method)

    def _repeatable(self, call: Call) -> bool:
        keyed = self.keeps_idempotency_keys and call.idempotency_key is not None
        return keyed or call.method in READ_METHODS

    def _request(self, envelope: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> HttpRequest:
        return HttpRequest(self.path, encode(envelope), headers or {})


def json_object(answer: HttpAnswer) -> dict[str, Any]:
    """The JSON object in an answer. BadStatus or BadAnswer when it holds something else, which is not repeated."""
    try:
        document = decode(answer.body)
    except ValueError:
        document = None
    if isinstance(document, dict):
        return document
    if answer.status != 200:
        raise BadStatus(answer.status, answer.retry_after)
    raise BadAnswer("The answer is not a JSON object.")


def envelope_of(answer: HttpAnswer, number: int) -> dict[str, Any]:
    """The envelope of an answer without error. BadAnswer when it belongs to another request."""
    document = json_object(answer)
    if document.get("error") is not None:
        return document
    if answer.status != 200:
        raise BadStatus(answer.status, answer.retry_after)
    if document.get("id") != number:
        raise BadAnswer("The answer belongs to another request.")
    return document


def probed(answer: HttpAnswer) -> dict[str, Any]:
    """The JSON object in the answer to a probe, else {}. BadStatus when the server cannot answer at present."""
    try:
        return json_object(answer)
    except BadAnswer:
        if answer.status in GATEWAY_STATUSES:
            raise
        return {}


def error_parts(error: object) -> tuple[int, str, dict[str, Any]]:
    """Code, message and data of an error object, whatever is in it."""
    parts = error if isinstance(error, dict) else {"message": str(error)}
    code, message, data = parts.get("code"), parts.get("message"), parts.get("data")
    return (
        code if isinstance(code, int) else 0,
        message if isinstance(message, str) else "",
        data if isinstance(data, dict) else {},
    )


def user_of(rows: object) -> dict[str, Any]:
    """What `whoami` answers, of the user's own row as Odoo and Netforce read it."""
    if not isinstance(rows, list) or not rows or not isinstance(rows[0], dict):
        raise BadAnswer("The user's own row cannot be read.")
    row = rows[0]
    company = row.get("company_id")
    return {
        "user_id": row.get("id"),
        "user_name": row.get("name"),
        "company_id": company[0] if isinstance(company, list) and company else company or None,
        "companies": row.get("company_ids") or [],
    }
