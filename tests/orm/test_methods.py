"""Methods: what may be called, by which names, with which arguments."""

import inspect
from typing import Any

import pytest

from models.orm import Env, Model, Registry, rpc
from models.orm.dialect import Vocabulary
from models.orm.errors import ArgumentError, InputError
from models.orm.methods import Exposure, Method
from tests.orm import library
from tests.orm.conftest import MakeEnv

EVERYWHERE = {
    "search", "search_count", "search_read", "read", "exists", "name_get", "name_search", "get", "create", "write",
    "delete",
    "unlink", "copy", "default_get", "name_create", "fields_get", "fields_get_keys", "field_keys", "get_meta",
    "read_group",
    "formatted_read_group", "check_access_rights", "check_access", "has_access",
}  # fmt: skip
ARCHIVING = {"archive", "action_archive", "unarchive", "action_unarchive", "toggle_active"}


@pytest.fixture(scope="module")
def methods() -> dict[str, Method]:
    return Registry(library.MODELS, library.GROUPS).models["lib.book"].meta.methods


@pytest.mark.statement("Z1")
def test_only_what_is_declared_can_be_called(registry: Registry) -> None:
    for name, model in registry.models.items():
        declared = set(model.meta.methods)
        own = {"lib.book": {"shelve", "titles"}}.get(name, set())
        extra = declared - EVERYWHERE - own - ARCHIVING - {"content_search"}
        assert all(not word.startswith("_") for word in declared)
        assert all(hasattr(model, method.attribute) for method in model.meta.methods.values())
        for word in extra:
            assert isinstance(model.meta.methods[word].exposure, Exposure)
        for attribute in dir(model):
            exposed = any(
                getattr(getattr(vars(base).get(attribute), "__func__", None), "__rpc__", None) for base in model.__mro__
            )
            assert (attribute in declared) <= exposed


@pytest.mark.statement("Z1")
@pytest.mark.parametrize(
    "name",
    [
        "_create", "_write", "__class__", "__init__", "meta", "insert", "update", "remove", "browse", "find",
        "lock", "post",
        "prepare_create", "after_write", "before_delete", "check_price", "missing", "check_reach", "create.mro",
        "Create", "CREATE",
        "creаte", "create ", " create", "create\0", "values", "label", "declared_name", "rules",
        "mro", "",
    ],
)  # fmt: skip
def test_nothing_else_has_a_name(methods: dict[str, Method], name: str) -> None:
    assert name not in methods


def test_methods_about_a_field_exist_where_the_field_does(registry: Registry) -> None:
    archivable = {name for name, model in registry.models.items() if "archive" in model.meta.methods}
    searched = {name for name, model in registry.models.items() if "content_search" in model.meta.methods}

    assert archivable == {"lib.shelf", "lib.book"}
    assert searched == {"lib.shelf", "lib.vault", "lib.book"}


def test_every_method_takes_env_and_has_a_help_of_one_sentence(registry: Registry) -> None:
    for model in registry.models.values():
        for method in model.meta.methods.values():
            function = getattr(model, method.attribute)
            assert inspect.iscoroutinefunction(inspect.unwrap(function)) or method.attribute == "shelve"
            assert method.help
            assert method.takes_ids == (method.parameters[:1] == ("ids",))


@pytest.mark.parametrize("word", ["groups", "aliases", "netforce"])
def test_one_name_where_several_are_expected_is_refused_when_it_is_declared(word: str) -> None:
    options: Any = {word: "lib.head"}

    with pytest.raises(TypeError, match=f"{word} of @rpc takes several names"):
        rpc(**options)


@pytest.mark.parametrize(
    ("args", "kwargs", "bound"),
    [
        ([[1], ["title"]], {}, {"ids": [1], "fields": ["title"]}),
        ([[1]], {"fields": ["title"], "load": ""}, {"ids": [1], "fields": ["title"], "load": ""}),
        ([], {"ids": 5}, {"ids": 5}),
    ],
)
def test_arguments_get_their_parameters_names(
    methods: dict[str, Method], args: list[Any], kwargs: dict[str, Any], bound: dict[str, Any]
) -> None:
    assert methods["read"].bind(args, kwargs) == bound


def test_netforce_has_its_own_order_and_words(methods: dict[str, Method]) -> None:
    bound = methods["search_read"].bind(
        [[], ["title"], "id", 5], {"offset": 2, "field_names": None} and {"offset": 2}, Vocabulary.NETFORCE
    )
    assert bound == {"domain": [], "fields": ["title"], "order": "id", "limit": 5, "offset": 2}
    assert methods["search"].bind([], {"condition": [["a", "=", 1]]}) == {"domain": [["a", "=", 1]]}
    assert methods["name_search"].bind(["x"], {"args": []}) == {"name": "x", "domain": []}


@pytest.mark.parametrize(
    ("name", "args", "kwargs"),
    [
        ("read", [], {}),
        ("read", [1, 2, 3, 4, 5, 6], {}),
        ("read", [1], {"ids": 2}),
        ("read", [1], {"nothing": 2}),
        ("read", [1], {"cls": 2}),
        ("read", [1], {"env": 2}),
        ("search", [], {"domain": [], "condition": []}),
        ("create", [], {}),
        ("write", [1], {}),
        ("write", [], {"vals": {}}),
    ],
)
def test_other_arguments_are_refused(
    methods: dict[str, Method], name: str, args: list[Any], kwargs: dict[str, Any]
) -> None:
    with pytest.raises(InputError) as refused:
        methods[name].bind(args, kwargs)
    assert refused.value.data["method"] == name


@pytest.mark.parametrize("name", ["search", "search_count", "formatted_read_group", "read_group"])
@pytest.mark.parametrize("given", [{}, {"domain": False}])
def test_odoos_callers_have_to_say_what_they_look_for(methods: dict[str, Method], name: str, given: Any) -> None:
    others = {"fields": [], "groupby": []} if name == "read_group" else {}
    with pytest.raises(ArgumentError, match="needs the argument domain") as refused:
        methods[name].bind([], {**given, **others}, Vocabulary.ODOO)

    assert (refused.value.key, refused.value.data) == ("input", {"method": name, "argument": "domain"})
    for domain in ([], None):
        assert methods[name].bind([domain], others, Vocabulary.ODOO) == {"domain": domain, **others}
    for vocabulary in (Vocabulary.OWN, Vocabulary.NETFORCE):
        assert methods[name].bind([], given, vocabulary) == given


def test_odoos_callers_of_groups_have_to_name_them(methods: dict[str, Method]) -> None:
    with pytest.raises(ArgumentError, match="needs the argument groupby"):
        methods["read_group"].bind([[], ["title"]], {}, Vocabulary.ODOO)


@pytest.mark.parametrize("name", ["search_read", "name_search"])
def test_some_searches_need_nothing(methods: dict[str, Method], name: str) -> None:
    assert methods[name].bind([], {}, Vocabulary.ODOO) == {}


class Base(Model, name="lib.thing"):
    """A thing with methods."""

    @rpc(readonly=True, aliases=("other",), groups=("lib.head",), renamed={"theirs": "own"})
    @classmethod
    async def act(cls, env: Env, ids: Any, own: Any = 1, *, key: Any = None, **rest: Any) -> Any:
        """Do something."""

    @classmethod
    async def hidden(cls, env: Env) -> None:
        """Not for callers."""


class Extended(Base, name="lib.thing"):
    """The same, extended."""

    @classmethod
    async def act(cls, env: Env, ids: Any, own: Any = 2, *, key: Any = None, **rest: Any) -> Any:
        """Do something else."""


def test_an_override_stays_as_exposed_as_what_it_overrides() -> None:
    registry = Registry([library.Company, library.User, Base, Extended], library.GROUPS)

    act = registry.models["lib.thing"].meta.methods["act"]

    assert "hidden" not in registry.models["lib.thing"].meta.methods
    assert registry.models["lib.thing"].meta.methods["other"].attribute == "act"
    assert (act.exposure.readonly, act.exposure.groups, act.help) == (True, ("lib.head",), "Do something else.")
    assert act.bind([1], {"theirs": 5, "key": 1, "more": 2}) == {"ids": 1, "own": 5, "key": 1, "more": 2}


async def test_a_record_method_answers_for_its_records(make_env: MakeEnv) -> None:
    env = make_env("lib.head")
    ids = await env["lib.book"].create(env, [{"title": "a"}, {"title": "b"}])

    assert await env["lib.book"].titles(env, ids[::-1], upper=True) == ["B", "A"]
