"""Lazy records: what they show, and how few calls they need for it."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from rpc_client import AnswerTooLarge, Connection, MissingError, connect
from rpc_client import batch as batch_module
from tests.rpc_client.stand_in import PASSWORD, Refusal, StandIn, Table, many2one, rows_named


def sales_tables() -> dict[str, Table]:
    """Opportunities with everything a record may hold. Empty values are null, as Tandem and Netforce have them."""
    opportunity = {
        "number": {"type": "char"},
        "state": {"type": "selection"},
        "amount": {"type": "decimal"},
        "probability": {"type": "float"},
        "qty": {"type": "integer"},
        "priority": {"type": "boolean"},
        "expected_close_date": {"type": "date"},
        "user_id": many2one("base.user"),
        "stage_id": many2one("sale.stage"),
        "related_id": {"type": "reference"},
        "competitors": {"type": "one2many", "relation": "opport.compet"},
        "age_days": {"type": "integer", "store": False},
        "photo": {"type": "binary"},
    }
    rows: dict[int, dict[str, Any]] = {
        number: {
            "number": f"OPP-{number:04}",
            "state": "open",
            "amount": 100 * number,
            "probability": Decimal("0.5"),
            "qty": number,
            "priority": False,
            "expected_close_date": "2026-03-31",
            "user_id": [1 + number % 2, "Somebody"],
            "stage_id": number % 3 or None,
            "related_id": "contact,1" if number % 2 else None,
            "competitors": [number, 100 + number],
            "age_days": 40 + number,
            "photo": "cGhvdG8=",
        }
        for number in range(1, 7)
    }
    compets = {
        n: {"compet_id": [n % 2 + 1, "Rival"], "strengths": f"price {n}"}
        for row in rows.values()
        for n in row["competitors"]
    }
    return {
        "sale.opportunity": Table(opportunity, rows),
        "base.user": Table({"name": {"type": "char"}, "company_id": many2one("company")}, rows_named(["Ada", "Bob"])),
        "company": Table({"name": {"type": "char"}}, rows_named(["Acme"])),
        "contact": Table({"name": {"type": "char"}}, rows_named(["Customer"])),
        "sale.stage": Table({"name": {"type": "char"}}, rows_named(["New", "Proposal"])),
        "opport.compet": Table({"compet_id": many2one("competitor"), "strengths": {"type": "text"}}, compets),
        "competitor": Table({"name": {"type": "char"}}, rows_named(["Rival", "Other"])),
    }


def falsified(tables: dict[str, Table]) -> None:
    """Empty values as Odoo has them."""
    for table in tables.values():
        for row in table.rows.values():
            row.update({name: False for name, value in row.items() if value is None})


@pytest.fixture
def server(any_server: StandIn) -> StandIn:
    any_server.erp.tables = sales_tables()
    if "odoo" in any_server._dialects:
        falsified(any_server.erp.tables)
    return any_server


@pytest.fixture
def erp(server: StandIn) -> Iterator[Connection]:
    with connect(server.url, database="db", login="ada", password=PASSWORD) as connection:
        yield connection


def reads(server: StandIn, model: str) -> int:
    """How often rows of a model were read."""
    return server.erp.done.count((model, "read"))


def test_plain_fields_of_a_whole_list_are_one_call(server: StandIn, erp: Connection) -> None:
    found = erp.get_model("sale.opportunity").search_browse([["state", "=", "open"]])

    shown = [(o.number, o.state, o.amount, o.qty, o.priority, o.expected_close_date) for o in found]

    assert shown[0] == ("OPP-0001", "open", Decimal(100), 1, False, "2026-03-31")
    assert reads(server, "sale.opportunity") == 1


def test_nothing_is_read_before_it_is_touched(server: StandIn, erp: Connection) -> None:
    found = erp.get_model("sale.opportunity").browse([1, 2])

    assert (len(found), found.ids, found[0].id, bool(found)) == (2, [1, 2], 1, True)
    assert server.erp.done == []


def test_targets_of_a_whole_list_are_one_call(server: StandIn, erp: Connection) -> None:
    found = erp.get_model("sale.opportunity").search_browse([])

    assert [o.user_id.name for o in found] == ["Bob", "Ada"] * 3
    assert [reads(server, model) for model in ("sale.opportunity", "base.user")] == [1, 1]


def test_targets_of_lists_in_a_list_are_one_call(server: StandIn, erp: Connection) -> None:
    found = erp.get_model("sale.opportunity").search_browse([])

    names = {compet.compet_id.name for o in found for compet in o.competitors}

    assert names == {"Rival", "Other"}
    # Once for the x2many field; its rows and their targets once each.
    assert [reads(server, m) for m in ("sale.opportunity", "opport.compet", "competitor")] == [1, 1, 1]


def test_the_number_of_calls_does_not_depend_on_the_number_of_records(server: StandIn, erp: Connection) -> None:
    counts = []
    for last in (2, 6):
        before = server.calls("read")
        for o in erp.get_model("sale.opportunity").browse(list(range(1, last + 1))):
            assert o.user_id.name
            assert o.stage_id.name or not o.stage_id
            assert [compet.compet_id.name for compet in o.competitors]
        counts.append(server.calls("read") - before)

    assert counts == [6, 6]


def test_fields_are_described_once_for_each_model(server: StandIn, erp: Connection) -> None:
    for _ in range(3):
        assert erp.get_model("contact").browse(1).name == "Customer"

    assert server.calls("fields_get") + server.calls("get_meta") == 1


def test_computed_and_bulky_fields_are_read_alone_for_the_whole_list(server: StandIn, erp: Connection) -> None:
    found = erp.get_model("sale.opportunity").search_browse([])
    assert found[0].number == "OPP-0001"
    assert {"age_days", "photo", "competitors"}.isdisjoint(server.erp.arguments[-1][1])

    assert [o.age_days for o in found] == [41, 42, 43, 44, 45, 46]
    assert {o.photo for o in found} == {"cGhvdG8="}

    assert [arguments[1] for arguments in server.erp.arguments[-2:]] == [["age_days"], ["photo"]]


def test_an_empty_relation_is_a_false_record_whose_attributes_are_none(erp: Connection) -> None:
    stage = erp.get_model("sale.opportunity").browse(3).stage_id

    assert not stage
    assert (stage.id, stage.name, stage.anything, stage["name"]) == (None, None, None, None)


def test_chains_over_empty_relations_are_safe(erp: Connection) -> None:
    assert erp.get_model("sale.opportunity").browse(1).user_id.company_id.name is None


def test_a_reference_leads_to_its_target(erp: Connection) -> None:
    found = erp.get_model("sale.opportunity").browse([1, 2])

    assert (found[0].related_id.name, found[0].related_id._model) == ("Customer", "contact")
    assert not found[1].related_id
    assert found[1].related_id.name is None


def test_numbers_with_decimals_are_decimals_whatever_the_wire_says(erp: Connection) -> None:
    opportunity = erp.get_model("sale.opportunity").browse(2)

    assert repr((opportunity.amount, opportunity.probability, opportunity.qty)) == "(Decimal('200'), Decimal('0.5'), 2)"


def test_lists_are_sequences(erp: Connection) -> None:
    found = erp.get_model("sale.opportunity").search_browse([])

    assert [o.id for o in found[1:3]] == [2, 3]
    assert found[-1].id == 6
    assert found[0] in found
    assert found.index(found[2]) == 2
    assert [o.id for o in reversed(found)] == [6, 5, 4, 3, 2, 1]
    assert not erp.get_model("sale.opportunity").browse([])
    with pytest.raises(IndexError):
        found[6]


def test_a_slice_shares_what_was_read(server: StandIn, erp: Connection) -> None:
    found = erp.get_model("sale.opportunity").search_browse([])
    assert found[0].number == "OPP-0001"

    assert [o.number for o in found[2:4]] == ["OPP-0003", "OPP-0004"]

    assert reads(server, "sale.opportunity") == 1


def test_records_are_equal_by_model_and_id(erp: Connection) -> None:
    model = erp.get_model("sale.opportunity")

    assert model.browse(1) == model.browse([1, 2])[0]
    assert model.browse(1) != erp.get_model("contact").browse(1)
    assert len({model.browse(1), model.browse(1), model.browse(2)}) == 2


def test_write_goes_to_the_server_and_is_seen_afterwards(server: StandIn, erp: Connection) -> None:
    opportunity = erp.get_model("sale.opportunity").browse(1)
    assert opportunity.state == "open"

    opportunity.write({"state": "won"})

    assert opportunity.state == "won"
    assert server.erp.tables["sale.opportunity"].rows[1]["state"] == "won"


def test_a_list_is_written_with_one_call(server: StandIn, erp: Connection) -> None:
    erp.get_model("sale.opportunity").browse([1, 2, 3]).write({"state": "lost"})

    assert server.calls("write") == 1
    assert [row["state"] for row in server.erp.tables["sale.opportunity"].rows.values()].count("lost") == 3


def test_a_list_is_deleted_with_one_call(server: StandIn, erp: Connection) -> None:
    erp.get_model("sale.opportunity").browse([1, 2]).delete()

    assert server.calls("delete") + server.calls("unlink") == 1
    assert list(server.erp.tables["sale.opportunity"].rows) == [3, 4, 5, 6]


def test_an_empty_list_writes_nothing(server: StandIn, erp: Connection) -> None:
    erp.get_model("sale.opportunity").browse([]).write({"state": "lost"})

    assert server.erp.done == []


def test_assigning_is_remembered_and_never_saved(server: StandIn, erp: Connection) -> None:
    opportunity = erp.get_model("sale.opportunity").browse(1)

    opportunity.amount = 20

    assert opportunity.amount == 20
    assert server.calls("write") == 0
    assert erp.get_model("sale.opportunity").browse(1).amount == 100


def test_browse_reads_anew(server: StandIn, erp: Connection) -> None:
    opportunity = erp.get_model("sale.opportunity").browse(1)
    assert opportunity.state == "open"
    server.erp.tables["sale.opportunity"].rows[1]["state"] = "won"

    assert opportunity.state == "open"
    assert opportunity.browse()[0].state == "won"


def test_labels_come_in_one_call(server: StandIn, erp: Connection) -> None:
    rows = server.erp.tables["contact"].rows = rows_named(["Acme", "Beta"])
    for row in rows.values():
        row["display_name"] = row["name"]
    found = erp.get_model("contact").browse([1, 2])

    assert [record.name_get()[0][1] for record in found] == ["Acme", "Beta"]
    assert len([1 for model, _ in server.erp.done if model == "contact"]) == 1


def test_an_unknown_field_is_an_attribute_error_and_asked_for_once(server: StandIn, erp: Connection) -> None:
    contact = erp.get_model("contact").browse(1)

    for _ in range(2):
        with pytest.raises(AttributeError, match=r"contact has no field 'nmae'"):
            contact.nmae  # noqa: B018  the access is the test
    with pytest.raises(KeyError):
        contact["nmae"]

    assert server.calls("fields_get") + server.calls("get_meta") == 2
    assert getattr(contact, "nmae", "default") == "default"


def test_a_record_that_is_gone_is_missing(erp: Connection) -> None:
    gone = erp.get_model("contact").browse(99)

    with pytest.raises(MissingError) as missing:
        gone.name  # noqa: B018  the access is the test

    assert (missing.value.model, missing.value.ids) == ("contact", [99])


def test_one_hidden_record_does_not_hide_the_others(server: StandIn, erp: Connection) -> None:
    server.erp.tables["base.user"].hidden = {2}
    found = erp.get_model("sale.opportunity").browse([1, 2])

    assert found[1].user_id.name == "Ada"
    with pytest.raises(MissingError):
        found[0].user_id.name  # noqa: B018  the access is the test


def test_a_forecast_by_stage_adds_up(erp: Connection) -> None:
    forecast = {}
    for stage in erp.get_model("sale.stage").search_browse([]):
        deals = erp.get_model("sale.opportunity").search_browse([["stage_id", "=", stage.id], ["state", "=", "open"]])
        total = sum(deal.amount or 0 for deal in deals)
        chance = sum(deal.probability or 0 for deal in deals) / len(deals) if deals else 0
        forecast[stage.name] = total * chance

    assert forecast == {"New": Decimal(250), "Proposal": Decimal("350.0")}


def test_dates_are_texts_that_strptime_reads(erp: Connection) -> None:
    for deal in erp.get_model("sale.opportunity").search_browse([["state", "=", "open"]]):
        assert datetime.strptime(deal.expected_close_date, "%Y-%m-%d").year == 2026  # noqa: DTZ007  as scripts do


# What no dialect changes is tested with one of them.


@pytest.fixture
def own(tandem: StandIn, connection: Connection) -> Connection:
    tandem.erp.tables = sales_tables()
    return connection


@pytest.mark.parametrize("as_asked", [False, True])
def test_a_field_may_be_called_by_its_name_in_another_vocabulary(
    tandem: StandIn, own: Connection, *, as_asked: bool
) -> None:
    table = tandem.erp.tables["sale.opportunity"]
    table.other_names, table.answers_as_asked = {"owner_id": "user_id"}, as_asked
    found = own.get_model("sale.opportunity").search_browse([])
    assert found[0].number == "OPP-0001"

    assert [o.owner_id.name for o in found] == ["Bob", "Ada"] * 3

    assert tandem.calls("fields_get") == 3


def test_an_unknown_field_may_be_refused_by_the_server(tandem: StandIn, own: Connection) -> None:
    contact = own.get_model("contact").browse(1)
    assert contact.name == "Customer"

    def refuse(*_names: Any) -> None:
        raise Refusal("no such field", code=-32602, key="unknown_field")

    tandem.erp.answers["fields_get"] = refuse
    assert not hasattr(contact, "nmae")


def test_the_context_goes_with_every_read(tandem: StandIn, own: Connection) -> None:
    found = own.get_model("sale.opportunity").search_browse([], context={"lang": "de_DE"}, order="number", limit=2)
    assert found[0].user_id.name

    executed = [r.document["params"] for r in tandem.received if r.document["method"] == "execute"]
    assert {call["context"]["lang"] for call in executed if call["method"] in {"search", "read"}} == {"de_DE"}
    assert executed[0]["kwargs"] == {"order": "number", "limit": 2}


def test_long_lists_are_read_in_portions(tandem: StandIn, own: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_module, "IDS_PER_CALL", 4)
    found = own.get_model("sale.opportunity").search_browse([])

    assert len([o.number for o in found]) == 6
    assert reads(tandem, "sale.opportunity") == 2


def test_an_answer_that_is_too_large_is_asked_for_in_halves(tandem: StandIn) -> None:
    tandem.erp.tables = {"note": Table({"text": {"type": "text"}}, {n: {"text": "x" * 900} for n in range(1, 9)})}
    with connect(tandem.url, login="ada", password=PASSWORD, max_answer_bytes=2500) as erp:
        assert {len(note.text) for note in erp.get_model("note").search_browse([])} == {900}

        tandem.erp.tables["note"].rows[9] = {"text": "x" * 9000}
        with pytest.raises(AnswerTooLarge):
            erp.get_model("note").browse(9).text  # noqa: B018  the access is the test
