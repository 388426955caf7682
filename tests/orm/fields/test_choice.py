"""Flags and selections: what counts as true, and which words stand for a value."""

from typing import Any

import pytest

from models.orm import Env
from models.orm.dialect import NATIVE, NETFORCE, ODOO
from models.orm.errors import TypeMismatchError
from models.orm.fields import Boolean, Selection
from tests.orm.fields.storing import named
from tests.orm.library import State


@pytest.mark.parametrize(("value", "expected"), [(True, True), (False, False), (None, False), (1, True), (0, False)])
def test_a_flag_is_true_or_false(value: Any, expected: bool) -> None:
    assert named(Boolean("B")).decode(value, NATIVE) is expected


@pytest.mark.parametrize("value", ["true", "x", 2, 0.5, [], {}])
def test_what_is_no_flag_is_refused(value: Any) -> None:
    with pytest.raises(TypeMismatchError):
        named(Boolean("B")).decode(value, NATIVE)


@pytest.mark.parametrize(("value", "expected"), [(True, True), (False, False), (None, False)])
def test_a_flag_may_be_computed_and_stored(value: Any, expected: bool) -> None:
    field = named(Boolean("B", compute=lambda record: value, depends=("name",), stored=True))

    assert field.parse_computed(value) is expected


def test_a_selection_understands_every_vocabulary_and_its_own_dialect_first() -> None:
    field = named(
        Selection(
            "S",
            [("draft", "Draft"), ("sale", "Sale"), ("done", "Done")],
            values_netforce={"sale": "confirmed", "done": "confirmed"},
            values_odoo={"draft": "sale"},
        )
    )

    assert field.decode("confirmed", NATIVE) == "sale"
    assert field.decode("sale", NATIVE) == "sale"
    assert field.decode("sale", ODOO) == "sale"
    assert field.own_values("confirmed", NETFORCE.vocabulary) == ["sale", "done"]
    assert [field.word_of(value, ODOO.vocabulary) for value in ("draft", "sale", None)] == ["sale", "sale", None]
    for value in ("DRAFT", "", 1, True, ["sale"], "draft "):
        with pytest.raises(TypeMismatchError, match="none of: draft, sale, done"):
            field.decode(value, NATIVE)


def test_a_selection_takes_its_labels_from_an_enumeration() -> None:
    assert Selection("S", State).choices[0] == ("new", "New")


async def test_a_word_for_several_values_finds_them_all(env_head: Env) -> None:
    env, field = env_head.with_dialect(NETFORCE), env_head["lib.book"].meta.fields["state"]
    assert isinstance(field, Selection)
    await env_head["lib.book"].insert(
        env_head, [{"title": state, "state": state} for state in ("new", "shelved", "lent", "gone")]
    )
    words, field.value_words[NETFORCE.vocabulary] = (
        field.value_words[NETFORCE.vocabulary],
        {"shelved": "in", "lent": "in"},
    )
    try:
        found = (await env["lib.book"].search_read(env, [["state", "=", "in"]], ["caption", "state"])).value()
        others = await env["lib.book"].search_count(env, [["state", "not in", ["in", "new"]]])
    finally:
        field.value_words[NETFORCE.vocabulary] = words
    assert [(row["caption"], row["state"]) for row in found] == [("lent", "in"), ("shelved", "in")]
    assert others == 1
