"""Reading what a BPO sends when it endorses a lead. Pure: the payload in, what it says out.

The other side may be an Odoo, which sends false for every empty value, or newer than we are, and sends keys that we
do not know. What is needed is refused when it is missing; the rest is taken where it makes sense and named where it
does not (see `docs` of the hand-over).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.crm.link import source_url
from models.orm.dialect import ODOO
from models.orm.errors import AppError, InputError, RequiredError, ValidationError
from models.orm.fields import Field
from models.orm.fields.number import whole_number

KINDS = ("with_sq", "without_sq")

# our field: the keys it may come under, the first one that is set counts
TAKEN: Mapping[str, tuple[str, ...]] = {
    "contact_name": ("contact_name",),
    "mobile": ("mobile",),
    "phone": ("phone",),
    "email": ("email",),
    "street": ("street",),
    "city": ("city",),
    "zip_code": ("zip_code", "zip"),
    "vehicle_model_text": ("vehicle_model_text", "vehicle_model_name"),
    "preferred_color": ("preferred_color",),
    "quantity": ("quantity",),
    "expected_price": ("expected_price",),
    "budget_min": ("budget_min",),
    "budget_max": ("budget_max",),
    "customer_notes": ("customer_notes",),
    "internal_notes": ("internal_notes",),
    "has_trade_in": ("has_trade_in",),
    "trade_in_make_model": ("trade_in_make_model",),
    "trade_in_year": ("trade_in_year",),
    "trade_in_mileage": ("trade_in_mileage",),
    "trade_in_value": ("trade_in_value",),
    "financing_needed": ("financing_needed",),
    "financing_type": ("financing_type",),
    "down_payment": ("down_payment",),
    "priority": ("priority",),
    "bpo_source_lead_name": ("bpo_source_lead_name",),
    "bpo_endorsed_by": ("endorsed_by",),
    "bpo_endorsed_at": ("endorsed_at",),
}
NEEDED = ("contact_name",)


@dataclass(frozen=True, slots=True)
class Endorsement:
    """What one payload says. `values` go by the lead's field names; what made no sense is named in `unread`."""

    source_lead_id: int
    source_url: str
    kind: str
    brand_code: str
    product_code: str | None
    country_code: str | None
    state_code: str | None
    event_id: str | None
    digest: str
    values: Mapping[str, Any]
    unread: tuple[str, ...]


def read_endorsement(payload: Any, fields: Mapping[str, Field[Any]]) -> Endorsement:
    """Read a payload; `fields` are the lead's, which know their values. Raises `InputError` and `ValidationError`."""
    if not isinstance(payload, Mapping):
        raise InputError("payload must be an object.", argument="payload")
    values, unread = _values(payload, fields)
    return Endorsement(
        source_lead_id=_source_id(payload),
        source_url=source_url(_needed_text(payload, "bpo_source_url")),
        kind=_kind(payload),
        brand_code=_needed_text(payload, "brand_code"),
        product_code=_text(payload, "product_default_code", "vehicle_model_code"),
        country_code=_text(payload, "country_code"),
        state_code=_text(payload, "state_code"),
        event_id=_text(payload, "event_id"),
        digest=digest(payload),
        values=values,
        unread=unread,
    )


def digest(payload: Mapping[str, Any]) -> str:
    """Return what tells two payloads apart, whatever the order of their keys."""
    text = json.dumps(payload, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _values(payload: Mapping[str, Any], fields: Mapping[str, Field[Any]]) -> tuple[dict[str, Any], tuple[str, ...]]:
    values: dict[str, Any] = {}
    unread = []
    for name, keys in TAKEN.items():
        given = next((payload[key] for key in keys if not _is_empty(payload.get(key))), None)
        if given is None:
            continue
        try:
            values[name] = fields[name].decode(given.strip() if isinstance(given, str) else given, ODOO)
        except AppError:
            if name in NEEDED:
                raise
            unread.append(name)
    for name in NEEDED:
        if not values.get(name):
            raise RequiredError(f"{name} is required.", field=name)
    return values, tuple(unread)


def _is_empty(value: Any) -> bool:
    return value is None or value is False or (isinstance(value, str) and not value.strip())


def _text(payload: Mapping[str, Any], *keys: str) -> str | None:
    found = next((payload[key] for key in keys if isinstance(payload.get(key), str) and payload[key].strip()), None)
    return None if found is None else str(found).strip()


def _needed_text(payload: Mapping[str, Any], key: str) -> str:
    found = _text(payload, key)
    if found is None:
        raise RequiredError(f"{key} is required.", field=key)
    return found


def _source_id(payload: Mapping[str, Any]) -> int:
    number = whole_number(payload.get("bpo_source_lead_id"))
    if number is None or not 0 < number < 1 << 63:
        raise ValidationError("bpo_source_lead_id must be the id of the BPO's lead.", field="bpo_source_lead_id")
    return number


def _kind(payload: Mapping[str, Any]) -> str:
    kind = payload.get("sq_flag")
    if kind not in KINDS:
        raise ValidationError("sq_flag must be with_sq or without_sq.", field="sq_flag")
    return str(kind)
