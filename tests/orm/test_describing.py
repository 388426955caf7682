"""Self-description: what clients ask a model about its fields and their own rights."""

from typing import Any

import pytest

from models.orm import Env
from models.orm.dialect import NATIVE, NETFORCE, ODOO
from models.orm.errors import AccessError, InputError, MissingError, UnknownModelError
from tests.orm.conftest import ROB, MakeEnv


async def test_a_description_has_every_visible_field_and_no_null(make_env: MakeEnv) -> None:
    for group, secret in (("lib.head", True), ("lib.clerk", False)):
        env = make_env(group)
        found = await env["lib.book"].fields_get(env)

        assert ("secret" in found, "hush" in found, "author_pay" in found) == (secret, secret, secret)
        assert "password" not in found
        assert all(value is not None for one in found.values() for value in one.values())
        for name, one in found.items():
            assert one["name"] == name


@pytest.mark.parametrize(
    ("dialect", "field", "relation", "state"),
    [
        (NATIVE, "title", "lib.author", "shelved"),
        (ODOO, "name", "lib.author", "shelved"),
        (NETFORCE, "heading", "writer", "placed"),
    ],
)
async def test_a_description_is_in_the_dialects_words(
    env_head: Env, dialect: Any, field: str, relation: str, state: str
) -> None:
    env = env_head.with_dialect(dialect)

    found = await env["lib.book"].fields_get(env)

    assert found[field]["string"] == "Title"
    assert found["author_id"]["relation"] == relation
    assert state in [value for value, _ in found["state"]["selection"]]
    assert found["loan_ids"]["relation_field"] == ("volume_id" if dialect is NETFORCE else "book_id")


async def test_fields_and_attributes_can_be_chosen(env_head: Env) -> None:
    found = await env_head["lib.book"].fields_get(env_head, ["title", "price", "nothing"], ["type", "required"])

    assert found == {"title": {"type": "char", "required": True}, "price": {"type": "monetary", "required": False}}
    assert await env_head["lib.tag"].field_keys(env_head) == list(await env_head["lib.tag"].fields_get(env_head))


@pytest.mark.parametrize(
    ("field", "odoo", "netforce"),
    [
        ("title", "char", "char"), ("price", "monetary", "decimal"), ("copies", "integer", "integer"),
        ("active", "boolean", "boolean"),
        ("bought_on", "date", "date"), ("read_at", "datetime", "datetime"), ("opens", "char", "time"),
        ("extra", "json", "json"),
        ("cover", "binary", "binary"), ("state", "selection", "selection"), ("author_id", "many2one", "many2one"),
        ("tag_ids", "many2many", "many2many"), ("loan_ids", "one2many", "one2many"),
        ("about", "reference", "reference"),
    ],
)  # fmt: skip
async def test_kinds_have_the_names_of_both_conventions(env_head: Env, field: str, odoo: str, netforce: str) -> None:
    described = (await env_head["lib.book"].fields_get(env_head))[field]
    meta = (await env_head["lib.book"].get_meta(env_head, [field]))[field]

    assert (described["type"], meta["type"]) == (odoo, netforce)


async def test_netforce_meta_carries_sizes_relations_and_choices(env_head: Env) -> None:
    env = env_head.with_dialect(NETFORCE)

    found = await env["lib.book"].get_meta(env)

    assert found["heading"]["size"] == 40
    assert found["author_id"]["relation"] == "writer"
    assert (found["loan_ids"]["relation"], found["loan_ids"]["relfield"]) == ("lending", "volume_id")
    assert ["placed", "Shelved"] in found["state"]["selection"]
    assert (found["price"]["precision"], found["price"]["scale"]) == (16, 2)


@pytest.mark.parametrize(
    ("group", "allowed"),
    [
        ("lib.reader", {"read"}),
        ("lib.clerk", {"read", "create", "write"}),
        ("lib.head", {"read", "create", "write", "delete", "unlink"}),
    ],
)  # fmt: skip
async def test_rights_on_a_model(make_env: MakeEnv, group: str, allowed: set[str]) -> None:
    env = make_env(group)
    for operation in ("read", "create", "write", "unlink", "delete"):
        may = operation in allowed or (operation == "delete" and "unlink" in allowed)
        assert await env["lib.book"].check_access_rights(env, operation, raise_exception=False) is may
        if not may:
            with pytest.raises(AccessError):
                await env["lib.book"].check_access_rights(env, operation)


async def test_rights_on_records_follow_the_rules_of_the_operation(env_head: Env, env_clerk: Env) -> None:
    mine, theirs = await env_head["lib.author"].create(env_head, [{"name": "m"}, {"name": "t", "keeper_id": ROB}])
    model = env_clerk["lib.author"]

    assert await model.has_access(env_clerk, [mine], "write") is True
    assert await model.has_access(env_clerk, [mine, theirs], "write") is False
    assert await model.has_access(env_clerk, [], "write") is True
    assert await env_clerk["lib.book"].has_access(env_clerk, [], "unlink") is False
    await model.check_access(env_clerk, [mine], "write")
    with pytest.raises(MissingError):
        await model.check_access(env_clerk, [theirs], "read")


@pytest.mark.parametrize("operation", ["execute", "", None, 5, ["read"], "READ"])
async def test_an_operation_is_one_of_four(env_head: Env, operation: Any) -> None:
    for call in (
        lambda: env_head["lib.book"].check_access_rights(env_head, operation),
        lambda: env_head["lib.book"].has_access(env_head, 1, operation),
        lambda: env_head["lib.book"].check_access(env_head, 1, operation),
    ):
        with pytest.raises(InputError, match="operation"):
            await call()


async def test_who_has_no_right_is_told_nothing(make_env: MakeEnv) -> None:
    env = make_env()
    for method in ("fields_get", "get_meta", "field_keys", "default_get"):
        with pytest.raises(UnknownModelError):
            await getattr(env["lib.book"], method)(env)
