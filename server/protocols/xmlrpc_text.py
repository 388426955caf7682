"""XML-RPC between bytes and values.

In: no document type, no entity, no external reference, no deeper than JSON may be. Numbers with a point arrive as
Decimal with their digits, dates as the text that Odoo's fields take, binary as base64 text, `<nil/>` as None.

Out: what Odoo sends. False stands for every empty value, because not every client takes `<nil/>`; characters that XML
cannot hold are left out; a whole number beyond 32 bits goes as `<i8>`, beyond 64 as `<double>`, as does a Decimal.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from xml.parsers.expat import ExpatError
from xml.sax.saxutils import escape
from xmlrpc.client import ResponseError, Unmarshaller

from defusedxml.common import DefusedXmlException
from defusedxml.xmlrpc import DefusedExpatParser

from models.orm.answer import JsonText
from models.orm.limits import LIMITS

SMALL = range(-(2**31), 2**31)
LARGE = range(-(2**63), 2**63)
MOST_DIGITS = 400
WHOLE = re.compile(r"\s*([+-]?\d{1,400})\s*", re.ASCII)
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
DATES = ("%Y%m%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y%m%dT%H%M%S")
HEADER = "<?xml version='1.0'?>\n<methodResponse>\n"
FOOTER = "</methodResponse>\n"


class XmlRpcError(ValueError):
    """The text is no XML-RPC call, or one that is too deep."""


class Reader(Unmarshaller):
    """Takes the parser's events and makes values of them."""

    dispatch: dict[str, Callable[[Any, str], None]] = dict(Unmarshaller.dispatch)

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def start(self, tag: str, attrs: Any) -> None:
        """Count how deep arrays and structs are nested."""
        if tag in ("array", "struct"):
            self._depth += 1
            if self._depth > LIMITS.json_depth:
                raise XmlRpcError(f"The limit json_depth is {LIMITS.json_depth}.")
        super().start(tag, attrs)

    def end(self, tag: str) -> None:
        """Leave a level."""
        if tag in ("array", "struct"):
            self._depth -= 1
        super().end(tag)

    def take(self, value: Any) -> None:
        """Keep a finished value."""
        self.append(value)
        self._value = False

    def end_whole(self, text: str) -> None:
        """A whole number."""
        found = WHOLE.fullmatch(text)
        if found is None:
            raise XmlRpcError("A number cannot be read.")
        self.take(int(found[1]))

    def end_number(self, text: str) -> None:
        """A number with a point, exactly."""
        try:
            value = Decimal(text.strip())
        except ArithmeticError:
            raise XmlRpcError("A number cannot be read.") from None
        if not value.is_finite() or abs(value.adjusted()) > MOST_DIGITS:
            raise XmlRpcError("A number is out of range.")
        self.take(value)

    def end_date(self, text: str) -> None:
        """A moment in UTC."""
        self.take(_moment(text.strip()))

    def end_binary(self, text: str) -> None:
        """Binary stays the base64 text that the fields take."""
        self.take("".join(text.split()))


Reader.dispatch.update(dict.fromkeys(("i1", "i2", "i4", "i8", "int", "biginteger"), Reader.end_whole))
Reader.dispatch.update(dict.fromkeys(("double", "float", "bigdecimal"), Reader.end_number))
Reader.dispatch["dateTime.iso8601"] = Reader.end_date
Reader.dispatch["base64"] = Reader.end_binary


def decode(body: bytes) -> tuple[str, list[Any]]:
    """The method and the arguments of a call. Raises `XmlRpcError`."""
    reader = Reader()
    parser = DefusedExpatParser(reader, forbid_dtd=True)
    try:
        parser.feed(body)
        parser.close()
        arguments = list(reader.close())
    except XmlRpcError:
        raise
    except DefusedXmlException:
        raise XmlRpcError("Document types and entities are not taken.") from None
    except (ExpatError, ResponseError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise XmlRpcError("The request is no XML-RPC call.") from error
    method = reader.getmethodname()
    if not method:
        raise XmlRpcError("The request names no method.")
    return method, arguments


def encode(value: Any) -> bytes:
    """The answer with a value. Raises TypeError for what has no form here."""
    parts: list[str] = []
    _write(value, parts)
    return f"{HEADER}<params>\n<param>\n{''.join(parts)}</param>\n</params>\n{FOOTER}".encode()


def encode_fault(code: int | str, text: str) -> bytes:
    """The answer with a fault."""
    parts: list[str] = []
    _write({"faultCode": code, "faultString": text}, parts)
    return f"{HEADER}<fault>\n{''.join(parts)}</fault>\n{FOOTER}".encode()


def _moment(text: str) -> str:
    for form in DATES:
        try:
            moment = datetime.strptime(text.removesuffix("Z"), form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return moment.strftime("%Y-%m-%d %H:%M:%S")
    raise XmlRpcError("A date cannot be read.")


def _write(value: Any, parts: list[str]) -> None:
    if isinstance(value, JsonText):
        value = value.value()
    if isinstance(value, Mapping):
        _write_struct(value, parts)
    elif isinstance(value, list | tuple):
        parts.append("<value><array><data>\n")
        for item in value:
            _write(item, parts)
        parts.append("</data></array></value>\n")
    else:
        parts.append(f"<value>{_scalar(value)}</value>\n")


def _write_struct(value: Mapping[Any, Any], parts: list[str]) -> None:
    parts.append("<value><struct>\n")
    for name, item in value.items():
        parts.append(f"<member>\n<name>{_text(str(name))}</name>\n")
        _write(item, parts)
        parts.append("</member>\n")
    parts.append("</struct></value>\n")


def _scalar(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return f"<boolean>{int(bool(value))}</boolean>"
    if isinstance(value, str):
        return f"<string>{_text(value)}</string>"
    if isinstance(value, int):
        return _whole(value)
    if isinstance(value, Decimal) and value.is_finite():
        return f"<double>{value:f}</double>"
    if isinstance(value, float):
        return f"<double>{value!r}</double>"
    raise TypeError(f"{type(value).__name__} has no XML-RPC form")


def _whole(value: int) -> str:
    if value in SMALL:
        return f"<int>{value}</int>"
    return f"<i8>{value}</i8>" if value in LARGE else f"<double>{value}</double>"


def _text(value: str) -> str:
    return escape(NOT_XML.sub("", value), {"\r": "&#13;"})
