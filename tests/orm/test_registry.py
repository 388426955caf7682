"""The registry: joining extensions, names of every vocabulary, and declarations that do not meet."""

from types import new_class
from typing import Any

import pytest

from models.orm import Access, Env, Key, Model, Registry, Rule, borrows, constrains, fields
from models.orm.declared import DeclarationError
from models.orm.domain import FALSE
from models.orm.errors import AppError, UnknownFieldError, UnknownModelError
from models.orm.fields import Boolean, Many2One, ToMany
from tests.orm import library
from tests.orm.conftest import HEDDA, MakeEnv, caller

ACCESS = {"access": Access(read="lib.reader")}


def model(**members: Any) -> type[Model]:
    options = {key: members.pop(key) for key in ("odoo", "netforce", "table") if isinstance(members.get(key), str)}
    return new_class(
        "Thing",
        (Model,),
        {"name": "lib.thing", **options},
        lambda body: body.update({"name": fields.Char("Name"), **ACCESS, **members}),
    )  # type: ignore[return-value]


def registry_of(*models: type[Model]) -> Registry:
    return Registry([library.Company, library.User, library.Message, library.AuditLog, *models], library.GROUPS)


def test_extensions_of_one_name_become_one_model(registry: Registry) -> None:
    book = registry.models["lib.book"]

    assert "edition" in book.meta.fields
    assert issubclass(book, library.NumberedBook)
    assert registry.model("volume") is registry.model("lib.book") is book
    assert book.meta.help == "A book of one company."


def test_two_registries_do_not_share_their_final_classes() -> None:
    first, second = (Registry(library.MODELS, library.GROUPS) for _ in range(2))

    assert first.models["lib.book"] is not second.models["lib.book"]


@pytest.mark.parametrize("name", ["lib.nothing", "", "LIB.BOOK", "lib.book ", None, 5, ["lib.book"], "x" * 1000])
def test_an_unknown_model_is_named_briefly(registry: Registry, name: Any) -> None:
    with pytest.raises(UnknownModelError) as refused:
        registry.model(name)
    assert len(refused.value.message) < 120


def test_groups_imply_groups() -> None:
    registry = Registry(library.MODELS, library.GROUPS)

    assert registry.effective_groups(["lib.head"]) == {"lib.head", "lib.clerk", "lib.reader"}
    assert registry.effective_groups(["lib.nothing"]) == frozenset()


@pytest.mark.statement("Z23")
def test_a_rule_whose_group_the_caller_lacks_denies(make_env: MakeEnv) -> None:
    profile = make_env("lib.reader").profile
    author = profile.metas["lib.author"]

    assert profile.rule(author, "read") == FALSE


@pytest.mark.statement("Z23")
@pytest.mark.parametrize(
    "domain",
    [
        [("state", "=", "vanished")],
        [("copies", "=", "many")],
        [("about", "in", ["nowhere"])],
        ["|", ("title", "!=", None), ("bought_on", "<", "someday")],
    ],
)
async def test_a_rule_that_no_longer_means_anything_denies(env_head: Env, domain: Any) -> None:
    book = await env_head["lib.book"].create(env_head, {"title": "x"})
    registry = Registry(library.MODELS, library.GROUPS)
    registry.models["lib.book"].meta.rules = (Rule("old", None, domain),)
    env = caller(registry, env_head.connection, "lib.head", user=HEDDA)

    for call in (
        lambda: env["lib.book"].search(env, []),
        lambda: env["lib.book"].read(env, book),
        lambda: env["lib.book"].write(env, book, {"title": "y"}),
        lambda: env["lib.book"].delete(env, book),
        lambda: env["lib.loan"].create(env, {"book_id": book}),
        lambda: env["lib.author"].search(env, [["book_ids", "!=", None]]),
    ):
        with pytest.raises(AppError):
            await call()
    assert await env_head["lib.book"].search(env_head, [["title", "=", "x"]]) == [book]


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "relation": ({"other_id": fields.Many2One("X", "lib.nothing")}, "points at lib.nothing"),
    "inverse": ({"users": fields.One2Many("X", "res.users", "thing_id")}, "has no inverse thing_id"),
    "group": ({"access": Access(read="lib.nothing")}, "unknown groups"),
    "field group": ({"other": fields.Char("X", groups="lib.nothing")}, "unknown groups"),
    "write group": ({"other": fields.Char("X", write_groups="lib.nothing")}, "unknown groups"),
    "rule group": ({"rules": (Rule("r", "lib.nothing", []),)}, "unknown groups"),
    "rule field": ({"rules": (Rule("r", None, [("nothing", "=", 1)]),)}, "no field nothing"),
    "rule path": ({"rules": (Rule("r", None, [("create_uid.nothing", "=", 1)]),)}, "no field nothing"),
    "rule through nothing": ({"rules": (Rule("r", None, [("name.x", "=", 1)]),)}, "leads nowhere"),
    "rule within any": ({"rules": (Rule("r", None, [("create_uid", "any", [("no", "=", 1)])]),)}, "no field no"),
    "rule form": ({"rules": (Rule("r", None, ["|", ("name", "=", 1)]),)}, "lacks an operand"),
    "rule operator": ({"rules": (Rule("r", None, [("name", "~", 1)]),)}, "no search operator"),
    "order": ({"order": "nothing desc"}, "no field nothing"),
    "order form": ({"order": "name sideways"}, "no term of an order"),
    "order by computed": ({"order": "x", "x": fields.Char("X", compute=str, depends=("name",))}, "cannot be sorted"),
    "depends": ({"x": fields.Char("X", compute=str, depends=("nothing",))}, "depends on nothing"),
    "depends on a path": ({"x": fields.Char("X", compute=str, depends=("create_uid.name",))}, "not a field of its own"),
    "tracked secret": ({"x": fields.Char("X", groups="lib.head", tracked=True)}, "not for everybody"),
    "hidden label": ({"name": fields.Char("Name", groups="lib.head")}, "is the label"),
    "path kind": ({"x": fields.Integer("X", path="create_uid.name")}, "of its own kind"),
    "path end": ({"x": fields.Char("X", path="create_uid.nothing")}, "no field nothing"),
    "path of one": ({"x": fields.Char("X", path="name")}, "or nowhere"),
    "two words": ({"x": fields.Char("X", odoo="y"), "y": fields.Char("Y")}, "two fields called y"),
    "model word": ({"odoo": "res.users"}, "is taken twice"),
}


@pytest.mark.parametrize(("members", "message"), WRONG.values(), ids=WRONG)
def test_what_does_not_meet_is_found_when_the_registry_is_built(members: dict[str, Any], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        registry_of(model(**members))


def test_a_check_on_what_is_no_column_is_found() -> None:
    @constrains("tag_ids")
    def check(record: Any) -> None:
        """Nothing."""

    with pytest.raises(DeclarationError, match="which are no columns"):
        registry_of(model(check=check))


@pytest.mark.parametrize("way", ["name", "nowhere"])
def test_fields_are_borrowed_along_a_many2one(way: str) -> None:
    borrower = borrows(way, library.User, "name")(model(name=fields.Char("Name"), other=fields.Char("Other")))

    with pytest.raises(DeclarationError, match=r"leads nowhere|there is no field"):
        registry_of(borrower)


def test_what_is_borrowed_has_no_column_and_no_default() -> None:
    names = ("copies", "active", "tag_ids")
    things = borrows("book_id", library.Book, *names)(model(book_id=Many2One("Book", "lib.book")))
    meta = Registry([*library.MODELS, things], library.GROUPS).models["lib.thing"].meta

    found = [meta.fields[name] for name in names]
    assert [field.path for field in found] == [("book_id", name) for name in names]
    assert not any(field.has_column or field.default or field.required or field.tracked for field in found)
    assert (library.Book.copies.default, library.Book.tag_ids.tracked) == (1, True)


def test_options_bring_fields_along() -> None:
    thing = registry_of(model(company="shared", chatter=True)).models["lib.thing"].meta

    assert isinstance(thing.fields["company_id"], Many2One)
    assert not thing.fields["company_id"].required
    assert isinstance(thing.fields["message_ids"], ToMany)
    assert thing.fields["display_name"].sql == "{t}.name"


def test_declarations_of_extensions_add_up() -> None:
    thing = model(rules=(Rule("a", None, []),), keys=(Key(("name",), "x"),))
    more = new_class(
        "More", (thing,), {"name": "lib.thing"}, lambda body: body.update(rules=(Rule("b", None, []),), **ACCESS)
    )

    meta = registry_of(thing, more).models["lib.thing"].meta

    assert [rule.label for rule in meta.rules] == ["a", "b"]
    assert (len(meta.access), len(meta.keys)) == (2, 1)


def test_every_relation_has_a_target_and_every_flag_a_default(registry: Registry) -> None:
    for one in registry.models.values():
        assert one.meta.access, one
        for field in one.meta.fields.values():
            assert not isinstance(field, Many2One | ToMany) or field.target in registry.models
            assert not isinstance(field, Boolean) or field.default is not None


def test_field_rights_are_asked_for_every_name(make_env: MakeEnv) -> None:
    profile = make_env("lib.clerk").profile
    book = profile.metas["lib.book"]

    for name in ("secret", "hush", "author_pay", "password", "nothing", None, 5, ["title"]):
        with pytest.raises(UnknownFieldError):
            profile.field(book, name)
    assert profile.writable(book, "password").name == "password"


async def test_rights_of_the_system_are_all(make_env: MakeEnv) -> None:
    env: Env = make_env().as_system("a test")

    assert env.profile.is_system
    assert env.has_group("lib.nothing")
    assert await env["lib.vault"].search(env, []) == []
