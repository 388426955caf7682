"""Netforce's clients with nothing between them and the wire: a mobile app, and the screens in a browser.

Both number their requests by the clock. The app sends its cookies as the fifth parameter and names its database in a
header; a browser sends them in the header Cookie. The screens that Netforce itself delivers call their JSON a form.
"""

from __future__ import annotations

import json
import time
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from tests.clients.conftest import Deployed


class RefusedError(Exception):
    """The answer was an error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.error = error
        self.message: str = error["message"]
        self.code: int = error["code"]
        self.key: str | None = error["data"].get("key")


class Mobile:
    """An app: it keeps the cookies of its login itself."""

    def __init__(self, deployed: Deployed) -> None:
        self.deployed = deployed
        self.cookies: dict[str, Any] = {}

    @property
    def headers(self) -> dict[str, str]:
        return {"Content-Type": "application/json", "X-Database": self.deployed.database}

    def post(self, body: str | bytes, **headers: str) -> tuple[int, Any]:
        """Status and decoded body of the answer to any bytes."""
        connection = HTTPConnection("127.0.0.1", self.deployed.port, timeout=30)
        try:
            connection.request("POST", "/json_rpc", body, {**self.headers, **headers})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def send(self, method: str, body: str = "", **headers: str) -> tuple[int, dict[str, str]]:
        """Status and headers of the answer to a request of any method."""
        connection = HTTPConnection("127.0.0.1", self.deployed.port, timeout=30)
        try:
            connection.request(method, "/json_rpc", body, {**self.headers, **headers})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders())
        finally:
            connection.close()

    def ask(self, method: str, params: Any, **headers: str) -> Any:
        """The result of a request. Raises `RefusedError`."""
        number = int(time.time() * 1000)
        body = json.dumps({"id": number, "method": method, "params": params}, separators=(",", ":"))
        status, answer = self.post(body, **headers)
        assert (status, answer["id"]) == (200, number)
        if answer["error"] is not None:
            assert answer.keys() == {"id", "result", "error"}
            assert answer["result"] is None
            raise RefusedError(answer["error"])
        assert answer.keys() == {"id", "result", "error", "dt"}
        assert isinstance(answer["dt"], int)
        return answer["result"]

    def execute(self, model: str, method: str, args: Any = (), opts: Any = None) -> Any:
        """The result of a model's method."""
        return self.ask("execute", [model, method, list(args), opts or {}, self.cookies])

    def login(self, login: str, password: str) -> Any:
        """Log in by the model `login` and keep the cookies."""
        data = {"db_name": self.deployed.database, "login": login, "password": password}
        answer = self.execute("login", "login", [], {"context": {"data": data}})
        self.keep(answer["cookies"])
        return answer

    def keep(self, cookies: dict[str, Any]) -> None:
        """Store cookies, or forget those that are null."""
        kept = {**self.cookies, **cookies}
        self.cookies = {name: value for name, value in kept.items() if value is not None}


class Browser(Mobile):
    """The screens: what the login answers becomes cookies of the page, all of them text."""

    @property
    def headers(self) -> dict[str, str]:
        jar = "; ".join(f"{name}={quote(str(value))}" for name, value in self.cookies.items())
        return {"Content-Type": "application/json", **({"Cookie": jar} if jar else {})}

    def execute(self, model: str, method: str, args: Any = (), opts: Any = None) -> Any:
        return self.ask("execute", [model, method, list(args), opts or {}])


class Screens(Browser):
    """Netforce's own screens on a page of the server's: each call has all cookies in its context, too."""

    @property
    def headers(self) -> dict[str, str]:
        form = "application/x-www-form-urlencoded; charset=UTF-8"
        return {**super().headers, "Content-Type": form, "Origin": self.deployed.url}

    def execute(self, model: str, method: str, args: Any = (), opts: Any = None) -> Any:
        own = (opts or {}).get("context", {})
        context = {**{name: str(value) for name, value in self.cookies.items()}, **own}
        return self.ask("execute", [model, method, list(args), {**(opts or {}), "context": context}])


def refused(client: Mobile, *call: Any) -> RefusedError:
    """The error of a call that has to be refused."""
    with pytest.raises(RefusedError) as caught:
        client.execute(*call)
    return caught.value


def asked(client: Mobile, params: Any) -> Any:
    """The error object of an `execute`."""
    status, answer = client.post(json.dumps({"id": 1, "method": "execute", "params": params}))
    assert (status, answer["result"]) == (200, None)
    return answer["error"]
