"""rpc.discover: a valid OpenRPC document of all that the caller may use, and of nothing else."""

import json
from collections import Counter
from typing import Any

import pytest
from jsonschema import Draft7Validator

from models import deployment
from models.orm.env import User
from models.orm.errors import AccessError, AppError, UnknownMethodError, UnknownModelError
from models.orm.offering import NEEDED
from server.execute import Call, Executor, Run
from server.json_text import decode, encode
from server.metrics import Metrics
from server.protocols.native import METHODS
from server.protocols.openrpc import KEPT, Discovery
from tests.rpc.openrpc_rules import IS_DOCUMENT, IS_METHOD
from tests.test_docs import errors as declared

REGISTRIES = {role: deployment.registry_for(role) for role in ("bpo", "dealer")}
GROUPS: dict[str, list[str]] = {
    "bpo": ["base.user", "bpo.agent", "bpo.callback_service", "base.admin"],
    "dealer": ["base.user", "sale.user", "dealer.user", "dealer.push_service", "base.admin"],
}
CALLERS = [(role, group) for role, groups in GROUPS.items() for group in groups]


def document(role: str, groups: frozenset[str] | None) -> dict[str, Any]:
    found: dict[str, Any] = decode(encode(Discovery().document(REGISTRIES[role], groups, "http://127.0.0.1/rpc")))
    return found


def of_group(role: str, group: str) -> frozenset[str]:
    registry = REGISTRIES[role]
    assert group in registry.groups
    return registry.effective_groups([group])


def resolved(found: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """The object itself where there may be a pointer to it."""
    if "$ref" not in value:
        return value
    for part in value["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return found


def methods(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Each method once; what is pointed to is there."""
    called = [method for model in found["x-models"].values() for method in model["methods"].values()]
    assert all(resolved(found, method)["name"] for method in called)
    return [*found["methods"], *found["x-methods"].values(), *(method for method in called if "$ref" not in method)]


@pytest.mark.parametrize(("role", "group"), CALLERS)
def test_the_document_is_one_of_openrpc(role, group):
    found = document(role, of_group(role, group))

    assert list(IS_DOCUMENT.iter_errors(found)) == []
    assert [error for method in methods(found) for error in IS_METHOD.iter_errors(method)] == []


def test_each_method_lists_a_code_once_and_needed_parameters_first():
    found = document("dealer", frozenset())

    for method in found["methods"]:
        codes = [resolved(found, error)["code"] for error in method["errors"]]
        needed = [param["required"] for param in method["params"]]
        assert max(Counter(codes).values()) == 1
        assert needed == sorted(needed, reverse=True)


def test_every_schema_is_a_schema():
    found = methods(document("bpo", of_group("bpo", "base.admin")))
    schemas = [described["schema"] for method in found for described in (*method["params"], method["result"])]
    is_schema = Draft7Validator(Draft7Validator.META_SCHEMA)

    assert len(schemas) > len(found) > 0
    assert [error for schema in schemas for error in is_schema.iter_errors(schema)] == []


def test_the_methods_are_those_of_the_endpoint():
    assert {method["name"] for method in document("bpo", None)["methods"]} == set(METHODS)


def test_every_error_stands_in_it_with_its_code():
    components = document("bpo", None)["components"]["errors"].values()
    found = {(error["code"], key) for error in components for key in error.get("data", {}).get("keys", ())}

    assert {(error.code, error.key) for error in declared(AppError)} - found == set()


def allowed(role: str, groups: frozenset[str]) -> set[tuple[str, str]]:
    """What the executor lets these groups call, without what every model refuses them."""
    registry = REGISTRIES[role]
    executor, user = Executor(registry, None, Metrics()), User(7, "x", "X", groups, 1, (1,))  # type: ignore[arg-type]
    found = set()
    for name, model in registry.models.items():
        operations = registry.profile(groups).operations(model.meta)
        for method in model.meta.methods:
            try:
                _, bound = executor._resolve(Run(user), Call(name, method))
            except (UnknownModelError, UnknownMethodError, AccessError):
                continue
            if bound.exposure.groups or bound.name not in NEEDED or operations & {*NEEDED[bound.name]}:
                found.add((name, bound.name))
    return found


@pytest.mark.parametrize(("role", "group"), CALLERS)
def test_exactly_what_can_be_called_is_described(role, group):
    groups = of_group(role, group)
    models = document(role, groups)["x-models"]

    assert {(name, method) for name, model in models.items() for method in model["methods"]} == allowed(role, groups)


@pytest.mark.parametrize(("role", "group"), CALLERS)
def test_exactly_the_visible_fields_are_described_and_no_hidden_model_is_named(role, group):
    registry, groups = REGISTRIES[role], of_group(role, group)
    profile, models = registry.profile(groups), document(role, groups)["x-models"]

    for name, model in models.items():
        meta = registry.models[name].meta
        seen = profile.visible_fields(meta) if profile.operations(meta) else []
        assert set(model["fields"]) == {field.name for field in seen}
        for field in model["fields"].values():
            assert profile.operations(registry.models[field.get("relation", name)].meta) or not model["fields"]


def test_the_rights_of_a_reader_leave_writing_out():
    registry = REGISTRIES["dealer"]
    profile = registry.profile(of_group("dealer", "base.user"))
    company = document("dealer", profile.groups)["x-models"]["res.company"]

    assert company["operations"] == ["read"]
    assert {"search", "read"} <= set(company["methods"])
    assert set(company["methods"]).isdisjoint(NEEDED)


def test_a_user_without_groups_hears_of_no_model():
    found = document("dealer", frozenset())

    assert (found["x-models"], found["x-methods"]) == ({}, {})


async def test_without_credentials_it_is_the_endpoint_alone(running):
    answer = (await running.call("rpc.discover", [], login=None))["result"]

    IS_DOCUMENT.validate(answer)
    assert [name for name in answer if name.startswith("x-")] == []
    assert answer["servers"] == [{"name": "this server", "url": f"{running.endpoint.url}/rpc"}]


async def test_each_caller_hears_of_what_is_theirs(running):
    models = {
        login: (await running.call("rpc.discover", {}, login=login))["result"]["x-models"]
        for login in ("nobody", "clerk", "service")
    }

    assert "test.note" not in models["nobody"]
    assert "serve" not in models["clerk"]["test.note"]["methods"]
    assert set(models["service"]["test.note"]["methods"]) == {"serve"}
    assert models["service"]["test.note"]["fields"] == {}
    assert "hidden" not in json.dumps(models["clerk"]["test.note"]["methods"])


async def test_wrong_credentials_are_refused(running):
    answer = await running.endpoint.post(
        '{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}', Authorization="Bearer tds_wrong"
    )

    assert decode(answer[1])["error"]["data"]["key"] == "session"


async def test_it_takes_no_parameters(running):
    answer = await running.call("rpc.discover", [1])

    assert answer["error"]["code"] == -32602


def test_documents_are_kept_for_few_sets_of_groups():
    discovery, registry = Discovery(), REGISTRIES["dealer"]

    first = discovery.document(registry, None, "http://127.0.0.1/rpc")
    for number in range(KEPT):
        again = discovery.document(registry, None, "http://127.0.0.1/rpc")
        discovery.document(registry, frozenset({f"group {number}"}), "http://127.0.0.1/rpc")

    assert again["methods"] is first["methods"]
    assert len(discovery._kept) == KEPT
