"""What a brand's distributor sends, row by row: read without trust, cut to what fits here (handover 1.6).

Pure: a row of the other side in, a value or a `RowError` out. Everything empty may come as false. Nothing that
somebody typed into a web page refuses a customer: only a row without an id is no lead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Self, TypeGuard

from models.party.matching_keys import email_key

NO_NUMBER = "N/A"  # what a lead without a mobile shows; no number, so that it matches nobody
LARGEST_PRICE = Decimal(10) ** 14
LARGEST_ID = 1 << 63
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


class RowError(Exception):
    """A row that makes no sense; the text says why, for people."""


@dataclass(frozen=True, slots=True)
class RemoteDealer:
    """A dealer as the distributor lists it, or as one of its leads names it (then without a code of its own)."""

    id: int
    name: str
    code: str | None = None
    manager_name: str | None = None
    manager_email: str | None = None
    city: str | None = None

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Self:
        """Read a row of `res.partner`. Raises `RowError` for one without a name or with half an address."""
        name, email = _text(row, "name", 256), _text(row, "dealer_gm_email", 256)
        if name is None:
            raise RowError("it has no name")
        if email is not None and email_key(email) is None:
            raise RowError("the general manager's e-mail is no address")
        code, manager = _text(row, "dealer_name", 32), _text(row, "dealer_gm", 256)
        return cls(_id(row), name, code, manager, email, _text(row, "city", 256))

    @property
    def made_up_code(self) -> str:
        """The code of a dealer that has none."""
        return f"DIST-{self.id}"


@dataclass(frozen=True, slots=True)
class WebLead:
    """What somebody asked for on the distributor's web site. `made_at` is in UTC, as the other side writes it."""

    id: int
    contact_name: str
    email: str | None
    mobile: str
    dealer: RemoteDealer | None
    made_at: str | None

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Self:
        """Read a row of a web request. Raises `RowError` for one without an id."""
        names = (_text(row, "first_name", 128), _text(row, "last_name", 127))
        email, mobile = _text(row, "email", 256), _text(row, "mobile", 64)
        name = " ".join(name for name in names if name) or email or mobile or NO_NUMBER
        made_at = _text(row, "create_date", 32)
        shown = made_at if made_at and MOMENT.fullmatch(made_at) else None
        return cls(_id(row), name, email, mobile or NO_NUMBER, _dealer(row.get("dealer_id")), shown)


@dataclass(frozen=True, slots=True)
class RemoteVehicle:
    """A vehicle model as the distributor lists it; `ref` is its id there."""

    ref: str
    name: str
    code: str | None
    category: str | None
    price: Decimal | None

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Self:
        """Read a row of `product.template`. Raises `RowError` for one without a name or with an odd price."""
        name, category = _text(row, "name", 256), _pair(row.get("categ_id"))
        if name is None:
            raise RowError("it has no name")
        shown = category[1][:64] if category and category[1] else None
        return cls(str(_id(row)), name, _text(row, "default_code", 64), shown, _price(row.get("list_price")))


def ids_in(rows: Iterable[Any]) -> set[int]:
    """Return the ids of the rows that have one, whether the rest of them makes sense or not."""
    return {row["id"] for row in rows if isinstance(row, Mapping) and _is_id(row.get("id"))}


def _is_id(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < LARGEST_ID


def _id(row: Mapping[str, Any]) -> int:
    found = row.get("id")
    if not _is_id(found):
        raise RowError("it has no id")
    return found


def _text(row: Mapping[str, Any], name: str, size: int) -> str | None:
    """Return a text in one line, without characters that no database takes, None for an empty one."""
    found = row.get(name)
    if not isinstance(found, str):
        return None
    shown = "".join(char if char.isprintable() else " " for char in found)
    return " ".join(shown.split())[:size].rstrip() or None


def _pair(value: Any) -> tuple[int, str | None] | None:
    """Return id and label of a relation: an Odoo sends a pair, or false."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None
    number, label = value
    if not _is_id(number):
        return None
    return number, _text({"label": label}, "label", 256)


def _dealer(value: Any) -> RemoteDealer | None:
    found = _pair(value)
    return None if found is None else RemoteDealer(found[0], found[1] or f"Dealer {found[0]}")


def _price(value: Any) -> Decimal | None:
    if value is None or value is False:
        return None
    try:
        price = Decimal(str(value))
    except InvalidOperation:
        raise RowError("its price is no number") from None
    if not price.is_finite() or not 0 <= price < LARGEST_PRICE:
        raise RowError("its price is out of range")
    return price
