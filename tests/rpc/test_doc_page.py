"""The pages below /doc: for whom, what stands on them, what a browser may do with them, and the call they send."""

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from typing import Any

import aiohttp
import pytest
from yarl import URL

from models import base
from models.orm import Access, Group, Model, Registry, fields, rpc
from server.pages.markup import Html, markup, tag
from server.pages.reference import first_arguments, model_page
from server.protocols.catalogue import describe_method, describe_model, shared_methods
from tests.rpc.conftest import PASSWORD, Running
from tests.rpc.scenario import REGISTRY

EVIL = "\"'><script>alert(1)</script>&amp;"


class Page(HTMLParser):
    """A page as a browser takes it apart: elements with their attributes, and texts."""

    VOID = frozenset({"input", "link", "meta"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == name]

    def by_id(self, anchor: str) -> dict[str, str | None]:
        [found] = [attributes for _, attributes in self.elements if attributes.get("id") == anchor]
        return found


class Reader:
    """A browser that may be logged in."""

    def __init__(self, running: Running, session: aiohttp.ClientSession) -> None:
        self.running = running
        self.url = running.endpoint.url
        self.session = session

    async def get(self, path: str, **headers: str) -> tuple[aiohttp.ClientResponse, str]:
        async with self.session.get(self.url + path, headers=headers, allow_redirects=False) as response:
            return response, await response.text()

    async def page(self, path: str) -> Page:
        response, text = await self.get(path)
        assert response.status == 200
        return Page(text)

    async def be(self, login: str = "clerk") -> None:
        """Go on with a session of this user, as if logged in."""
        self.session.cookie_jar.update_cookies({"session_id": await self.running.token(login)}, URL(self.url))

    async def log_in(self, path: str, login: str = "clerk", **changes: str) -> aiohttp.ClientResponse:
        """Open a page, fill in the form that one is led to, send it."""
        response, _ = await self.get(path)
        form = await self.page(response.headers["Location"])
        given = {field["name"]: field.get("value") or "" for field in form.all("input")}
        given |= {"login": login, "password": PASSWORD, **changes}
        target = self.url + str(form.all("form")[0]["action"])
        async with self.session.post(target, data=given, allow_redirects=False) as response:
            return response


@pytest.fixture
async def reader(running: Running) -> AsyncIterator[Reader]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Reader(running, session)


@pytest.mark.parametrize("path", ["/doc", "/doc/test.note"])
async def test_who_is_not_logged_in_comes_back_by_way_of_the_form(reader, path):
    response = await reader.log_in(path)

    assert (response.status, response.headers["Location"]) == (303, path)
    assert (await reader.page(path)).all("h1")


async def test_a_wrong_password_keeps_the_way_back(reader):
    await reader.log_in("/doc/test.note", password="wrong")
    response = await reader.log_in("/doc/test.note")

    assert response.headers["Location"] == "/doc/test.note"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/doc/../web", "/doc/a/b", "/doc/a\r\nX-Evil: 1", "/docs", "", EVIL],
)
async def test_a_login_leads_nowhere_else(reader, elsewhere):
    response = await reader.log_in("/doc", redirect=elsewhere)

    assert response.headers["Location"] == "/web"


async def test_a_key_opens_the_pages_too_and_a_wrong_one_does_not(running, reader):
    bearer = f"Bearer {await running.token('clerk')}"

    assert (await reader.get("/doc", Authorization=bearer))[0].status == 200
    assert (await reader.get("/doc", Authorization="Bearer tds_wrong"))[0].status == 401


async def test_the_index_lists_models_methods_and_errors(reader):
    await reader.be()
    page = await reader.page("/doc")

    assert {"/doc/test.note", "/doc/res.users"} <= {link["href"] for link in page.all("a")}
    for word in ("Something to write.", "rpc.discover", "unknown_member", "transition", "outcome_unknown"):
        assert word in page.text


async def test_a_model_has_its_fields_and_methods(reader):
    await reader.be()
    page = await reader.page("/doc/test.note")
    methods = {option["value"] for option in page.all("option") if "data-args" in option}

    assert {"fail", "search_read", "crash"} <= methods
    assert "serve" not in methods
    assert "Write two rows, and have PostgreSQL raise this SQLSTATE" in page.text
    assert "many2one to test.note" in page.text
    assert page.by_id("method-fail")


@pytest.mark.parametrize("name", ["test.note", "no.such.model", "ir.config_parameter"])
async def test_what_is_hidden_looks_like_what_is_not_there(reader, name):
    await reader.be("nobody")
    response, text = await reader.get(f"/doc/{name}")

    assert response.status == 404
    assert Page(text).text.count(name) == 2
    assert "/doc/test.note" not in (await reader.get("/doc"))[1]


async def test_a_service_sees_its_method_and_no_field(reader):
    await reader.be("service")
    page = await reader.page("/doc/test.note")

    assert [option["value"] for option in page.all("option")] == ["serve"]
    assert "You may not read records" in page.text
    assert "Stars" not in page.text


async def test_a_name_in_the_address_is_text(reader):
    await reader.be()
    response, text = await reader.get("/doc/%3Cscript%3Ealert(1)%3C%2Fscript%3E")

    assert response.status == 404
    assert [script.get("src") for script in Page(text).all("script")] == ["/pages/doc.js"]
    assert "<script>alert(1)</script>" in Page(text).text


async def test_the_browser_may_load_two_files_of_ours_and_nothing_else(reader):
    await reader.be()
    for path in ("/doc", "/doc/test.note", "/doc/nothing"):
        response, text = await reader.get(path)
        policy = dict(part.strip().split(" ", 1) for part in response.headers["Content-Security-Policy"].split(";"))
        page = Page(text)

        assert policy.pop("frame-ancestors") == policy.pop("base-uri") == policy.pop("default-src") == "'none'"
        assert set(policy.values()) == {"'self'"}
        assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
        assert not page.all("style")
        assert not [1 for _, attributes in page.elements if "style" in attributes]
        loaded = [*(s["src"] for s in page.all("script")), *(s["href"] for s in page.all("link"))]
        assert sorted(map(str, loaded)) == ["/pages/doc.js", "/pages/page.css"]


@pytest.mark.parametrize("path", ["/pages/page.css", "/pages/doc.js"])
async def test_the_files_are_there_and_come_from_nowhere_else(reader, path):
    response, text = await reader.get(path)

    assert response.status == 200
    assert response.content_type == {"css": "text/css", "js": "text/javascript"}[path.rpartition(".")[2]]
    assert "//" not in text.replace("/* ", "")
    assert not re.search(r"innerHTML|\beval|localStorage|@import|\burl\(", text)


@pytest.mark.parametrize("path", ["/pages/page.css", "/pages/doc.js", "/doc", "/doc/test.note"])
async def test_what_has_not_changed_is_not_sent_again(reader, path):
    await reader.be()
    first, _ = await reader.get(path)
    again, text = await reader.get(path, **{"If-None-Match": first.headers["ETag"]})
    other, _ = await reader.get(path, **{"If-None-Match": '"something else"'})

    assert (first.status, again.status, text, other.status) == (200, 304, "", 200)
    assert again.headers["ETag"] == first.headers["ETag"]
    assert "no-cache" in first.headers["Cache-Control"]


async def test_a_page_of_one_reader_is_not_that_of_another(reader):
    await reader.be()
    mine, _ = await reader.get("/doc")
    await reader.be("nobody")
    theirs, _ = await reader.get("/doc", **{"If-None-Match": mine.headers["ETag"]})

    assert theirs.status == 200
    assert (mine.headers["Vary"], mine.headers["Cache-Control"]) == ("Cookie, Authorization", "private, no-cache")


async def test_the_form_sends_no_secret_by_itself(reader):
    await reader.be()
    page = await reader.page("/doc/test.note")
    form = page.by_id("try")

    assert (form["method"], form["action"], "hidden" in form) == ("post", "/rpc", True)
    assert not [field for kind in ("input", "select", "textarea") for field in page.all(kind) if "name" in field]


def body(model: str, method: str, args: str, kwargs: str = "{}") -> str:
    """What the form sends, as the script writes it."""
    call = f'"model": "{model}", "method": "{method}", "args": {args}, "kwargs": {kwargs}'
    return '{"jsonrpc": "2.0", "id": 1, "method": "execute", "params": {' + call + "}}"


async def test_the_call_of_the_form_works_with_the_session(reader):
    await reader.be()
    page = await reader.page("/doc/test.note")
    [chosen] = [option for option in page.all("option") if "selected" in option]
    text = body(str(page.by_id("try-model")["value"]), str(chosen["value"]), str(chosen["data-args"]), '{"limit": 5}')
    headers = {"Content-Type": "application/json", "Origin": reader.url}
    async with reader.session.post(f"{reader.url}/rpc", data=text, headers=headers) as response:
        answer = await response.json()

    assert (chosen["value"], answer["result"]) == ("search_read", [])


async def test_the_call_of_the_form_works_with_a_token(running, reader):
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {await running.token('clerk')}"}
    text = body("test.note", "search_count", "[[]]")
    async with reader.session.post(f"{reader.url}/rpc", data=text, headers=headers) as response:
        answer = await response.json()

    assert answer["result"] == 0


class Hostile(Model, name="test.hostile", label=EVIL):
    """Words that would be markup."""

    __doc__ = EVIL
    access = (Access(read="x", write="x"),)
    name = fields.Char(EVIL, help=EVIL)
    kind = fields.Selection(EVIL, [(EVIL, EVIL)])

    @rpc
    @classmethod
    async def strike(cls, env: Any, value: Any = EVIL) -> None: ...

    strike.__func__.__doc__ = EVIL  # type: ignore[attr-defined]


def test_nothing_that_a_model_says_is_markup():
    registry = Registry((*base.MODELS, Hostile), (*base.GROUPS, Group("x", "X")))
    profile = registry.profile(frozenset({"x"}))
    described = describe_model(profile, registry.models["test.hostile"].meta, {})
    text = model_page("test.hostile", described, shared_methods(profile.metas))
    page = Page(text)

    assert page.open == []
    assert page.all("script") == []
    assert text.count("alert(1)") > 6
    assert page.text.count(EVIL) > 6


def test_markup_escapes_what_is_none():
    assert tag("a", "<b>", Html("<i></i>"), None, ["&", 1], href='"x"', hidden=True, class_=None) == (
        '<a href="&quot;x&quot;" hidden>&lt;b&gt;<i></i>&amp;1</a>'
    )
    assert markup("a", [Html("<b>"), ["c"]]) == "a<b>c"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("search_read", '[[], ["display_name"]]'),
        ("read", '[[1], ["display_name"]]'),
        ("delete", "[[1]]"),
        ("write", "[[1], {}]"),
    ],
)
def test_a_first_try_has_the_arguments_that_are_needed(name, arguments):
    assert first_arguments(describe_method(REGISTRY.models["test.note"].meta.methods[name])) == arguments
