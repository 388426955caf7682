"""One call means the same in every dialect: the same records, the same values, the same refusals."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import deployment
from models.orm.dialect import NATIVE
from models.orm.fields import Boolean, Field, Integer, Json, Many2One, Number, Reference, Selection, ToMany
from models.orm.meta import Meta
from server.database.connection import Connection
from tests import deployments
from tests.clients.conftest import Deployed, Server
from tests.clients.ways import WAYS, Account, CallFailedError, Way

REGISTRY = deployment.registry_for("both")
MOST_FIELDS, MOST_ROWS = 8, 20
PASSWORD = "may do everything"


@pytest.fixture(scope="module")
def accounts(server: Server, restricted: tuple[str, str]) -> list[Account]:
    """Somebody who may do everything and a salesperson, in a deployment where there is something to see.

    Both are of one company only: Netforce's clients see one at a time, the others all that a user belongs to.
    """
    return [server.wait_for(_fill(server.connection)), Account(*restricted)]


async def _fill(connection: Connection) -> Account:
    async with connection.transaction():
        env = deployments.system_env(connection)
        partners = await env["res.partner"].insert(
            env,
            [
                {"name": "Añejo & Søn <b>", "city": "Cebu", "is_company": True},
                {"name": "100% Cotton_Trading", "email": "info@cotton.example", "phone": "+63 917 123 4567"},
                {"name": 'O\'Brien \\ "Sons"', "comment": "two\nlines\tand a tab", "active": False},
            ],
        )
        products = await env["product.product"].insert(
            env, [{"name": f"Tiggo {n}", "list_price": Decimal(n) / 3, "default_code": f"T{n}"} for n in range(3)]
        )
        lines = [(0, 0, {"product_id": one, "product_uom_qty": 2}) for one in products]
        orders = [{"partner_id": one, "order_line": lines} for one in partners[:2]]
        await env["sale.order"].insert(env, orders)
        await env["crm.lead"].insert(
            env, [{"name": f"Lead {n}", "contact_name": "Maria", "expected_revenue": n * 1000.5} for n in range(4)]
        )
        everything = await deployments.make_user(env, list(REGISTRY.groups), password=PASSWORD)
    return Account(everything.login, PASSWORD)


@pytest.fixture(scope="module")
def everybody(deployed: Deployed, accounts: list[Account]) -> list["Seen"]:
    """For each account every way, logged in."""
    return [Seen([way(deployed, account) for way in WAYS]) for account in accounts]


def asked_about(meta: Meta) -> list[Field[Any]]:
    """The fields that can be compared: what SQL shows, the content of files left out."""
    return [field for field in meta.fields.values() if not field.write_only and field.kind not in ("binary", "changes")]


MODELS = sorted(meta.name for meta in REGISTRY.metas.values() if not meta.transient and meta.access)


def same_value(field: Field[Any], value: Any) -> Any:
    """What an answer says of a field, whatever the dialect words it in."""
    if isinstance(field, ToMany):
        return sorted(value)
    if isinstance(field, Integer | Number):
        return Decimal(str(value or 0)).normalize()  # Odoo's clients know no number that is unset
    if isinstance(field, Boolean):
        return bool(value)
    return None if value is None or value is False or value == "" else _set_value(field, value)


def _set_value(field: Field[Any], value: Any) -> Any:
    first = value[0] if isinstance(value, list) else value
    if isinstance(field, Many2One):
        return first
    if isinstance(field, Reference):
        model, _, number = first.rpartition(",")
        return REGISTRY.metas.by_word[model].name, number
    return field.decode(value, NATIVE) if isinstance(field, Selection) else value


def same_row(fields: list[Field[Any]], row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record of an answer by the names that were asked for."""
    return {field.name: same_value(field, row[field.name]) for field in fields}


def answer_of(way: Way, meta: Meta, fields: list[Field[Any]], domain: list[Any]) -> Any:
    """What `search_read` answers one way, in our own words; None when it is refused."""
    named = {"domain": domain, "fields": [field.name for field in fields], "limit": MOST_ROWS, "order": "id desc"}
    try:
        rows = way.call(meta.name, "search_read", named)
    except CallFailedError:
        return None
    return [{"id": row["id"], **same_row(fields, row)} for row in rows]


OPERATORS = ("=", "!=", "in", "not in", "<", ">=", "ilike", "not ilike")


def terms(draw: st.DrawFn, fields: list[Field[Any]], rows: list[dict[str, Any]]) -> list[Any]:
    """Up to three conditions with values that are there."""
    searchable = [f for f in fields if f.in_sql and not isinstance(f, Json | ToMany | Reference)]
    found: list[Any] = []
    for field in draw(st.lists(st.sampled_from(searchable), max_size=3)) if searchable else ():
        values = [row[field.name] for row in rows if row.get(field.name) is not None] or [False]
        if isinstance(field, Integer | Number):
            values = [value for value in values if value] or [1]  # zero is unset to Odoo's clients, and only to them
        value = draw(st.sampled_from(values))
        if isinstance(value, Decimal):
            value = int(value) if value == int(value) else float(value)
        operator = draw(st.sampled_from(OPERATORS))
        if operator.endswith("like"):
            value = "a"
        found.append([field.name, operator, [value] if operator.endswith("in") else value])
    return found


class Seen:
    """What an account found in a model when it first looked: all examples search for the same values."""

    def __init__(self, ways: list[Way]) -> None:
        self.ways = ways
        self._rows: dict[str, list[dict[str, Any]]] = {}

    def rows(self, meta: Meta) -> list[dict[str, Any]]:
        if meta.name not in self._rows:
            self._rows[meta.name] = answer_of(self.ways[0], meta, asked_about(meta), []) or []
        return self._rows[meta.name]


def only_in(answer: Any, expected: Any) -> tuple[Any, Any]:
    """What an answer has more and less than the expected one; all of both when one of them is a refusal."""
    if answer is None or expected is None:
        return answer, expected
    return [row for row in answer if row not in expected], [row for row in expected if row not in answer]


@pytest.mark.parametrize("who", [0, 1], ids=["administrator", "salesperson"])
@settings(max_examples=30)
@given(data=st.data())
def test_the_same_call_gives_the_same_data_in_every_dialect(
    everybody: list[Seen], who: int, data: st.DataObject
) -> None:
    seen = everybody[who]
    meta = REGISTRY.metas[data.draw(st.sampled_from(MODELS))]
    chosen = st.lists(st.sampled_from(asked_about(meta)), min_size=1, max_size=MOST_FIELDS, unique_by=lambda f: f.name)
    fields = data.draw(chosen)
    domain = data.draw(st.composite(terms)(fields, seen.rows(meta)))

    answers = {str(way): answer_of(way, meta, fields, domain) for way in seen.ways}

    first, *_ = seen.ways
    expected = answers[str(first)]
    differing = {way: answer for way, answer in answers.items() if answer != expected}
    # The server itself writes, too: a record that changed between two calls tells nothing of dialects.
    if differing and answer_of(first, meta, fields, domain) == expected:
        assert {way: only_in(answer, expected) for way, answer in differing.items()} == {}
