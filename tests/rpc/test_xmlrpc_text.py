"""XML-RPC between bytes and values: what is refused, and what arrives and leaves exactly."""

from decimal import Decimal
from xmlrpc.client import DateTime, dumps, loads

import pytest

from models.orm.answer import JsonText
from models.orm.limits import LIMITS
from server.protocols.xmlrpc_text import XmlRpcError, decode, encode, encode_fault


def call(value: str, before: str = "") -> bytes:
    text = f"<?xml version='1.0'?>{before}<methodCall><methodName>version</methodName><params><param>"
    return f"{text}<value>{value}</value></param></params></methodCall>".encode()


def nested(depth: int) -> str:
    return "<array><data><value>" * depth + "</value></data></array>" * depth


BOMB = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]>"
OUTSIDE = "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/hostname'>]>"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no xml",
        b"<methodCall>",
        b"<methodResponse><params/></methodResponse>",
        b"<methodCall><params/></methodCall>",
        call("&b;", BOMB),
        call("&a;", OUTSIDE),
        call("x", "<!DOCTYPE x>"),
        call("<int>1_0</int>"),
        call(f"<int>{'9' * 5000}</int>"),
        call("<double>nan</double>"),
        call("<double>1e999999</double>"),
        call("<dateTime.iso8601>yesterday</dateTime.iso8601>"),
        call("<boolean>2</boolean>"),
        call("<unknown>1</unknown>"),
        call(nested(LIMITS.json_depth + 1)),
    ],
)
def test_what_is_no_call_is_refused(body):
    with pytest.raises(XmlRpcError):
        decode(body)


def test_arguments_arrive_as_their_fields_take_them():
    given = (1, 2**40, 1.25, True, None, "ü", DateTime("20260102T03:04:05"), b"abc", [1, {"a": "b"}])
    method, arguments = decode(_call(given))

    assert method == "execute_kw"
    assert arguments == [
        1, 2**40, Decimal("1.25"), True, None, "ü", "2026-01-02 03:04:05", "YWJj", [1, {"a": "b"}],
    ]  # fmt: skip


def _call(given: tuple[object, ...]) -> bytes:
    """As xmlrpc.client writes it, with the large number that it would not write."""
    text = dumps(tuple(0 if value == 2**40 else value for value in given), "execute_kw", allow_none=True)
    return text.replace("<int>0</int>", f"<i8>{2**40}</i8>").encode()


def test_an_answer_leaves_as_odoo_sends_it():
    answer = {"none": None, "money": Decimal("10.50"), "big": 2**40, "text": "a\x00\x08<&>\r\n", "list": (1, [False])}

    [found], _ = loads(encode(answer))

    assert found == {"none": False, "money": 10.5, "big": 2**40, "text": "a<&>\r\n", "list": [1, [False]]}


def test_what_postgresql_wrote_is_taken_apart():
    [found], _ = loads(encode([JsonText('[{"id": 1, "amount": 1.10, "name": null}]')]))

    assert found == [[{"id": 1, "amount": 1.1, "name": False}]]


@pytest.mark.parametrize("number", [2**31 - 1, -(2**31), 2**31, 2**63 - 1, 2**63])
def test_whole_numbers_of_every_size_can_be_read(number):
    [found], _ = loads(encode(number))

    assert found == number


@pytest.mark.parametrize("code", [2, "warning -- UserError\n\nNo & never"])
def test_faults_carry_numbers_or_texts(code):
    assert f"{code}".split()[0].encode() in encode_fault(code, "No")
