"""Reading what a dealer reports of an endorsed lead. Pure: the payload in, what it says out.

Keys that we do not know are ignored, so that the other side may be newer; an Odoo sends false for what is empty. A
reason that we do not know becomes `other`, and its text is kept in the notes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.crm.losing import LABELS, understood
from models.orm.dialect import ODOO
from models.orm.errors import InputError, ValidationError
from models.orm.fields.moment import instant_of
from models.orm.fields.number import whole_number
from models.orm.fields.text import Text

WON, LOST = "won", "lost"
KNOWN = (
    "event_id", "bpo_source_lead_id", "outcome", "dealer_lead_name", "dealer_so_name", "date_won", "date_lost",
    "lost_reason", "lost_reason_label", "lost_notes", "delivered_on",
)  # fmt: skip
LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Report:
    """How one lead ended at its dealer. `digest` tells two reports of one event apart."""

    lead_id: int
    outcome: str
    event_id: str | None
    digest: str
    dealer_lead_name: str | None
    order_name: str | None
    closed_at: dt.datetime | None
    delivered_at: dt.datetime | None
    lost_reason: str | None
    lost_notes: str | None


def read_report(payload: Any) -> Report:
    """Read a payload. Raises `InputError` when it is no object, `ValidationError` for what makes no sense."""
    if not isinstance(payload, Mapping):
        raise InputError("payload must be an object.", argument="payload")
    lead_id = whole_number(payload.get("bpo_source_lead_id"))
    if lead_id is None or not 0 < lead_id < 1 << 63:
        raise ValidationError("bpo_source_lead_id must be the id of a lead.", field="bpo_source_lead_id")
    outcome = payload.get("outcome")
    if outcome not in (WON, LOST):
        raise ValidationError("outcome must be won or lost.", field="outcome")
    known = {key: payload.get(key) or None for key in KNOWN}
    text = json.dumps(known, sort_keys=True, ensure_ascii=False, default=str)
    return Report(
        lead_id=lead_id,
        outcome=str(outcome),
        event_id=_text(payload, "event_id"),
        digest=hashlib.sha256(text.encode(errors="replace")).hexdigest(),
        dealer_lead_name=_text(payload, "dealer_lead_name"),
        order_name=_text(payload, "dealer_so_name"),
        closed_at=_instant(payload, f"date_{outcome}"),
        delivered_at=_instant(payload, "delivered_on"),
        lost_reason=understood(_text(payload, "lost_reason")) if outcome == LOST else None,
        lost_notes=_notes(payload) if outcome == LOST else None,
    )


def _text(payload: Mapping[str, Any], key: str) -> str | None:
    """Return a short text, None when it is unset; one that is too long is refused, not cut."""
    value = payload.get(key)
    if value is None or value is False or value == "":
        return None
    if not isinstance(value, str) or len(value) > LONGEST_NAME or not value.isprintable():
        raise ValidationError(f"{key} must be a line of at most {LONGEST_NAME} characters.", field=key)
    return value.strip() or None


def _instant(payload: Mapping[str, Any], key: str) -> dt.datetime | None:
    value = payload.get(key)
    if value is None or value is False or value == "":
        return None
    instant = instant_of(value)
    if instant is None:
        raise ValidationError(f"{key} must be a date and time, YYYY-MM-DD HH:MM:SS in UTC.", field=key)
    return instant


def _notes(payload: Mapping[str, Any]) -> str | None:
    """Return the notes; the dealer's own word for a reason that we do not know comes first (statement H106)."""
    given = payload.get("lost_notes")
    notes = None if given is False else _NOTES.decode(given, ODOO)
    code = _text(payload, "lost_reason")
    if code is None or code in LABELS:
        return notes or None
    label = _text(payload, "lost_reason_label")
    reason = f"Reason at the dealer: {label or code}" + (f" ({code})" if label else "")
    return f"{reason}\n{notes}" if notes else reason


_NOTES = Text("Notes")
_NOTES.name = "lost_notes"
