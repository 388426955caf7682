"""Every way to make one call, each with nothing but the standard library between the test and the wire."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from xmlrpc.client import Fault, ServerProxy

from models.orm.dialect import NATIVE, NETFORCE, ODOO, Dialect
from tests.clients.conftest import Deployed


class CallFailedError(Exception):
    """The answer was an error."""


@dataclass(frozen=True)
class Account:
    """Who calls."""

    login: str
    password: str


class Way(ABC):
    """One endpoint, logged in to."""

    dialect: Dialect = ODOO

    def __init__(self, deployed: Deployed, account: Account) -> None:
        self.deployed = deployed
        self.account = account
        self.headers: dict[str, str] = {}
        self.log_in()

    def __str__(self) -> str:
        return type(self).__name__

    @abstractmethod
    def log_in(self) -> None:
        """Get ready to call."""

    @abstractmethod
    def call(self, model: str, method: str, named: Mapping[str, Any]) -> Any:
        """Call a model's method with named arguments. Raises `CallFailedError`."""

    def post(self, path: str, body: Any) -> Any:
        """The decoded answer, numbers with a point as the text of their digits."""
        connection = HTTPConnection("127.0.0.1", self.deployed.port, timeout=30)
        try:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json", **self.headers})
            answer = connection.getresponse()
            self.keep(answer.getheader("Set-Cookie") or "")
            return json.loads(answer.read(), parse_float=str)
        finally:
            connection.close()

    def keep(self, cookie: str) -> None:
        """Send the cookie of an answer from now on."""
        if cookie:
            self.headers = {**self.headers, "Cookie": cookie.partition(";")[0]}

    def result(self, path: str, method: str, params: Any) -> Any:
        """What a JSON-RPC request answers; a missing result is None."""
        answer = self.post(path, {"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        if answer.get("error"):
            raise CallFailedError(answer["error"])
        return answer.get("result")


class Rpc(Way):
    """Our own endpoint."""

    dialect = NATIVE

    def log_in(self) -> None:
        given = {"database": self.deployed.database, "login": self.account.login, "password": self.account.password}
        self.headers = {"Authorization": f"Bearer {self.result('/rpc', 'login', given)['token']}"}

    def call(self, model: str, method: str, named: Mapping[str, Any]) -> Any:
        return self.result("/rpc", "execute", {"model": model, "method": method, "kwargs": named})


class JsonRpc(Way):
    """Odoo's services, the password with each call."""

    def log_in(self) -> None:
        self.user = self._serve("common", "login", self.account.login, self.account.password)

    def call(self, model: str, method: str, named: Mapping[str, Any]) -> Any:
        return self._serve("object", "execute_kw", self.user, self.account.password, model, method, [], named)

    def _serve(self, service: str, method: str, *args: Any) -> Any:
        params = {"service": service, "method": method, "args": [self.deployed.database, *args]}
        return self.result("/jsonrpc", "call", params)


class WebSession(Way):
    """Odoo's web client, a cookie with each call."""

    def log_in(self) -> None:
        given = {"db": self.deployed.database, "login": self.account.login, "password": self.account.password}
        self.result("/web/session/authenticate", "call", given)

    def call(self, model: str, method: str, named: Mapping[str, Any]) -> Any:
        params = {"model": model, "method": method, "args": [], "kwargs": named}
        return self.result(f"/web/dataset/call_kw/{model}/{method}", "call", params)


class XmlRpc(Way):
    """Odoo's services in XML."""

    def log_in(self) -> None:
        with ServerProxy(f"{self.deployed.url}/xmlrpc/2/common") as common:
            self.user = common.authenticate(self.deployed.database, self.account.login, self.account.password, {})

    def call(self, model: str, method: str, named: Mapping[str, Any]) -> Any:
        return self.execute(model, method, [], dict(named))

    def execute(self, model: str, method: str, args: list[Any], named: dict[str, Any]) -> Any:
        """Call with arguments by position, too."""
        with ServerProxy(f"{self.deployed.url}/xmlrpc/2/object", allow_none=True) as models:
            who = (self.deployed.database, self.user, self.account.password)
            try:
                return models.execute_kw(*who, model, method, args, named)
            except Fault as fault:
                raise CallFailedError(fault.faultString) from fault


class Json2(Way):
    """Odoo 19's addresses, a key with each call."""

    def log_in(self) -> None:
        key = XmlRpc(self.deployed, self.account).execute("res.users.apikeys", "generate", ["every way"], {})
        self.headers = {"Authorization": f"Bearer {key}"}

    def call(self, model: str, method: str, named: Mapping[str, Any]) -> Any:
        answer = self.post(f"/json/2/{model}/{method}", named)
        if isinstance(answer, dict) and "debug" in answer:
            raise CallFailedError(answer)
        return answer


class Netforce(Way):
    """Netforce's clients, a token among the cookies of each call."""

    dialect = NETFORCE

    def log_in(self) -> None:
        given = {"database": self.deployed.database, "login": self.account.login, "password": self.account.password}
        self.cookies = {"dbname": self.deployed.database, **self.result("/json_rpc", "login", given)}

    def call(self, model: str, method: str, named: Mapping[str, Any]) -> Any:
        theirs = {"domain": "condition", "fields": "field_names"}
        opts = {theirs.get(name, name): value for name, value in named.items()}
        return self.result("/json_rpc", "execute", [model, method, [], opts, self.cookies])


WAYS: tuple[type[Way], ...] = (Rpc, JsonRpc, WebSession, XmlRpc, Json2, Netforce)
