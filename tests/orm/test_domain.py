"""Reading conditions: both conventions, mixed as clients mix them, and what is malformed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.orm.domain import FALSE, OPERATORS, TRUE, AllOf, AnyOf, Node, Not, Term, mentions, parse_domain
from models.orm.errors import InputError, LimitError, OperatorError
from models.orm.limits import LIMITS
from tests.orm.reference import as_netforce, as_odoo

A, B, C = ["a", "=", 1], ["b", "!=", 2], ["c.d", "in", [3]]
TA, TB, TC = Term(("a",), "=", 1), Term(("b",), "!=", 2), Term(("c", "d"), "in", [3])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], TRUE),
        (None, TRUE),
        (False, TRUE),
        ("", TRUE),
        ((), TRUE),
        (A, TA),
        ([A], TA),
        ([[A]], TA),
        ([A, B], AllOf((TA, TB))),
        (["&", A, B], AllOf((TA, TB))),
        (["|", A, B], AnyOf((TA, TB))),
        (["|", A, B, C], AllOf((AnyOf((TA, TB)), TC))),
        (["!", A], Not(TA)),
        (["|", "!", A, "&", B, C], AnyOf((Not(TA), AllOf((TB, TC))))),
        (["|", "|", A, B, C], AnyOf((TA, TB, TC))),
        (["or", A, B], AnyOf((TA, TB))),
        (["and", A, B], AllOf((TA, TB))),
        (["or", A, [B, C]], AnyOf((TA, AllOf((TB, TC))))),
        (["or", A, ["and", B, ["or", C]]], AnyOf((TA, AllOf((TB, TC))))),
        (["or"], FALSE),
        (["and"], TRUE),
        ([[1, "=", 1]], TRUE),
        ([[0, "=", 1]], FALSE),
        ([(1, "!=", 1)], FALSE),
        (["|", [0, "=", 1], A], AnyOf((FALSE, TA))),
        ([["or", A, B], C], AllOf((AnyOf((TA, TB)), TC))),
        ([("a", "=", 1)], TA),
        ([["a", "==", 1]], TA),
        ([["b", "<>", 2]], TB),
        ([["c.d", "IN", [3]]], TC),
        ([["x", "any", [A, B]]], Term(("x",), "any", AllOf((TA, TB)))),
        ([["x", "not any", []]], Term(("x",), "not any", TRUE)),
    ],
)
def test_both_conventions_give_one_tree(given: Any, expected: Any) -> None:
    assert parse_domain(given) == expected


TERMS = st.builds(
    lambda path, op, value: ("term", path, op, value),
    st.lists(st.sampled_from(["a", "b", "name"]), min_size=1, max_size=3).map(tuple),
    st.sampled_from(sorted(OPERATORS - {"any", "not any"})),
    st.integers() | st.text(max_size=5) | st.none() | st.booleans() | st.lists(st.integers(), max_size=3),
)
TREES = st.recursive(
    TERMS,
    lambda inner: (
        st.builds(lambda part: ("not", part), inner)
        | st.builds(lambda word, parts: (word, *parts), st.sampled_from(["and", "or"]), st.lists(inner, max_size=3))
    ),
    max_leaves=12,
)


def flat(tree: Any) -> Any:
    """A tree without what changes nothing: joins of one part, and joins of the same kind within each other."""
    if tree[0] == "term":
        return tree
    if tree[0] == "not":
        return ("not", flat(tree[1]))
    parts: list[Any] = []
    for part in map(flat, tree[1:]):
        same = part[0] == tree[0] and len(part) > 1
        parts.extend(part[1:] if same else [part])
    if tree[0] == "and":
        parts = [part for part in parts if part != ("and",)]
    return parts[0] if len(parts) == 1 else (tree[0], *parts)


def tree_of(node: Any) -> Any:
    if isinstance(node, Term):
        return ("term", node.path, node.operator, node.value)
    if isinstance(node, Not):
        return ("not", tree_of(node.part))
    return ("and" if isinstance(node, AllOf) else "or", *map(tree_of, node.parts))


@given(TREES)
def test_what_is_written_in_either_convention_is_read_back(tree: Any) -> None:
    for written in (as_odoo(tree), as_netforce(tree)):
        assert flat(tree_of(parse_domain(written))) == flat(tree)


@pytest.mark.statement("S3")
@pytest.mark.parametrize(
    "operator",
    ["", " =", "= ", "= 1) OR (1", "＝", "=\0", "!", "~", "~*", "similar to", "is", "between", "@>", "=ANY", "in;",
    "LIKE ", "not  in", "=,", "||"],
)  # fmt: skip
def test_any_other_operator_is_refused(operator: str) -> None:
    with pytest.raises((OperatorError, InputError)):
        parse_domain([["a", operator, 1]])


@pytest.mark.parametrize("operator", [None, 1, ["="], {"=": 1}, True])
def test_an_operator_is_a_text(operator: Any) -> None:
    with pytest.raises(InputError):
        parse_domain([["a", operator, 1]])


@pytest.mark.parametrize(
    "given",
    [
        "a = 1", 5, {"a": 1}, True, ["a"], [1], [None], ["&", A], ["|", A], ["!"], ["|"], ["&"], [["a", "="]], [["a",
        "=", 1, 2]],
        [[["a"], "=", 1]], [[None, "=", 1]], [[2, "=", 1]], [[1, "=", 2]], [[1, "in", [1]]], [["a", "in", [[1]]]],
        [["a", "in", [{}]]],
        ["or", "a"], ["and", 5], [{"a": 1}], [A, "|"], ["x", A], [["a", "any", "x"]], [["a", "any", 5]], [["a",
        "any", [["b"]]]],
    ],
)  # fmt: skip
def test_what_is_malformed_is_refused(given: Any) -> None:
    with pytest.raises(InputError):
        parse_domain(given)


def nested(depth: int, word: str) -> Any:
    domain: Any = A
    for _ in range(depth):
        domain = [word, domain, B] if word in ("or", "and") else [["x", "any", [domain]]]
    return domain


@pytest.mark.statement("R3")
@pytest.mark.parametrize("word", ["or", "any"])
def test_nesting_ends_at_its_limit(word: str) -> None:
    deepest = LIMITS.domain_nesting if word == "or" else LIMITS.domain_nesting // 2
    parse_domain(nested(deepest, word))

    with pytest.raises(LimitError, match="domain_nesting"):
        parse_domain(nested(LIMITS.domain_nesting + 2, word))


@pytest.mark.statement("R3")
def test_prefix_operators_nest_no_deeper_either() -> None:
    long = ["|"] * 99 + [A] * 100
    parse_domain(long)
    mixed: list[Any] = [A]
    for i in range(LIMITS.domain_nesting + 2):
        mixed = ["|" if i % 2 else "&", *mixed, B]

    for deep in (mixed, ["!"] * (LIMITS.domain_nesting + 2) + [A]):
        with pytest.raises(LimitError, match="domain_nesting"):
            parse_domain(deep)


@pytest.mark.statement("R3")
def test_terms_are_counted_through_every_level() -> None:
    parse_domain([A] * LIMITS.domain_terms)
    inner = [A] * (LIMITS.domain_terms // 2)

    for domain in ([A] * (LIMITS.domain_terms + 1), ["or", [*inner], [*inner, B]], [["x", "any", inner], *inner]):
        with pytest.raises(LimitError, match="domain_terms"):
            parse_domain(domain)


def test_a_field_is_mentioned_wherever_its_path_begins() -> None:
    assert mentions(parse_domain(["|", A, "!", ["active", "=", False]]), "active")
    assert mentions(parse_domain(["or", [0, "=", 1], ["active", "=", True]]), "active")
    assert not mentions(parse_domain([["shelf_id.active", "=", False]]), "active")


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=4)
        | st.sampled_from(["&", "|", "!", "or", "a", "="]),
        lambda x: st.lists(x, max_size=4),
        max_leaves=15,
    )
)
def test_any_json_is_read_or_refused_clearly(given: Any) -> None:
    try:
        found = parse_domain(given)
    except InputError:
        return
    assert parts_of(found) <= {Term, Not, AllOf, AnyOf}


def parts_of(node: Node) -> set[type]:
    """The kinds of node that a condition is made of."""
    below = node.parts if isinstance(node, AllOf | AnyOf) else (node.part,) if isinstance(node, Not) else ()
    return {type(node)}.union(*map(parts_of, below))
