"""Odoo 19's API: a key as bearer, named arguments, bare results, and a status that tells how it went."""

import json
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from xmlrpc.client import ServerProxy

import pytest


def request(deployed, path, body=None, key="", **headers):
    """Status, headers and body of an answer, JSON decoded where it is JSON."""
    given = {"Content-Type": "application/json", **headers}
    if key:
        given["Authorization"] = f"bearer {key}"
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    try:
        with urlopen(Request(deployed.url + path, data=data, headers=given)) as answer:  # noqa: S310
            return answer.status, answer.headers, json.loads(answer.read())
    except HTTPError as error:
        with error:
            text = error.read().decode()
        is_json = error.headers.get_content_type() == "application/json"
        return error.code, error.headers, json.loads(text) if is_json else text


def make_key(deployed, login, password):
    with ServerProxy(f"{deployed.url}/xmlrpc/2/common") as common:
        uid = common.authenticate(deployed.database, login, password, {})
    with ServerProxy(f"{deployed.url}/xmlrpc/2/object") as models:
        return models.execute_kw(deployed.database, uid, password, "res.users.apikeys", "generate", ["a script"])


@pytest.fixture(scope="module")
def key(deployed):
    return make_key(deployed, deployed.login, deployed.password)


@pytest.fixture(scope="module")
def seller_key(deployed, restricted):
    return make_key(deployed, *restricted)


@pytest.fixture
def call(deployed, key):
    def call(path, body=None, **headers):
        status, _, answer = request(deployed, f"/json/2/{path}", body or {}, key, **headers)
        return status, answer

    return call


def test_a_record_from_create_to_unlink(call, unique):
    name = unique("Partner")
    [partner] = call("res.partner/create", {"vals_list": {"name": name}})[1]

    assert call("res.partner/write", {"ids": [partner], "vals": {"city": "Cebu"}}) == (200, True)
    assert call("res.partner/search", {"domain": [["name", "=", name]]}) == (200, [partner])
    assert call("res.partner/read", {"ids": [partner], "fields": ["city", "vat"]}) == (
        200,
        [{"id": partner, "city": "Cebu", "vat": False}],
    )
    assert call("res.partner/unlink", {"ids": [partner]}) == (200, True)


def test_create_always_answers_a_list(call, unique):
    status, ids = call("res.partner/create", {"vals_list": [{"name": unique("One")}, {"name": unique("Two")}]})

    assert (status, len(ids)) == (200, 2)


def test_the_context_is_among_the_arguments(call):
    assert call("res.users/context_get", {"context": {"lang": "en_US"}})[1]["lang"] == "en_US"


def test_no_body_means_no_arguments(deployed, key):
    status, _, answer = request(deployed, "/json/2/res.users/context_get", b"", key)

    assert (status, answer["uid"]) == (200, 2)


@pytest.mark.parametrize(
    ("path", "body", "status", "name"),
    [
        ("res.partner/create", {"vals_list": {"name": False}}, 422, "odoo.exceptions.ValidationError"),
        ("res.partner/search", {"domain": [["nope", "=", 1]]}, 422, "builtins.ValueError"),
        ("res.partner/search", {"nope": 1}, 422, "builtins.TypeError"),
        ("res.partner/search", {}, 422, "builtins.TypeError"),
        ("res.partner/search", {"ids": [1]}, 422, "werkzeug.exceptions.UnprocessableEntity"),
        ("res.partner/write", {"ids": [999999], "vals": {"name": "x"}}, 404, "odoo.exceptions.MissingError"),
        ("res.partner/_search", {}, 403, "odoo.exceptions.AccessError"),
        ("res.partner/nope", {}, 404, "builtins.AttributeError"),
        ("res.nope/search", {}, 404, "werkzeug.exceptions.NotFound"),
    ],
)
def test_the_status_tells_what_was_wrong(call, path, body, status, name):
    found, answer = call(path, body)

    assert (found, answer["name"]) == (status, name)
    assert answer.keys() == {"name", "message", "arguments", "context", "debug"}


def test_what_is_not_allowed_is_403(deployed, seller_key):
    body = {"ids": [1], "vals": {"name": "Mine"}}
    status, _, answer = request(deployed, "/json/2/res.company/write", body, seller_key)

    assert (status, answer["name"]) == (403, "odoo.exceptions.AccessError")


@pytest.mark.parametrize("key", ["", "tdk_wrong", "a password"])
def test_without_a_key_it_is_401(deployed, key):
    status, headers, answer = request(deployed, "/json/2/res.partner/search", {}, key)

    assert (status, headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answer["message"]


def test_a_body_that_is_no_json_is_400(deployed, key):
    status, _, answer = request(deployed, "/json/2/res.partner/search", b"{", key)

    assert status == 400
    assert answer["message"].startswith("could not parse the body as json")


def test_another_content_type_is_415(call):
    assert call("res.partner/search", {}, **{"Content-Type": "text/plain"})[0] == 415


def test_another_database_is_404(call):
    assert call("res.partner/search", {}, **{"X-Odoo-Database": "nope"})[0] == 404


def test_get_is_told_to_post(deployed):
    status, _, text = request(deployed, "/json/2/res.partner/search")

    assert status == 404
    assert "POST" in text


def test_the_documentation_of_a_model(deployed, key):
    _, _, doc = request(deployed, "/doc-bearer/res.partner.json", None, key)

    assert list(doc["methods"]["search_read"]["parameters"])[:2] == ["domain", "fields"]
    assert doc["methods"]["search_read"]["api"] == ["model"]
    assert doc["methods"]["write"]["api"] == []
    assert doc["fields"]["name"]["type"] == "char"


def test_the_documentation_lists_models(deployed, key):
    _, _, index = request(deployed, "/doc/index.json", None, key)

    assert {"res.partner", "sale.order"} <= {model["model"] for model in index["models"]}


def test_the_documentation_tells_nobody_what_is_hidden_from_them(deployed, seller_key):
    _, _, index = request(deployed, "/doc/index.json", None, seller_key)

    assert "ir.config_parameter" not in {model["model"] for model in index["models"]}
    assert request(deployed, "/doc-bearer/ir.config_parameter.json", None, seller_key)[0] == 404


@pytest.mark.parametrize("path", ["/doc/res.partner.json", "/doc-bearer/res.partner.json", "/doc-bearer/index.json"])
def test_the_documentation_is_for_users(deployed, path):
    status, _, answer = request(deployed, path)

    assert status in (401, 403)
    assert answer["message"]
