"""Rows of cells as CSV, with labels for headers, as Netforce's clients and people's spreadsheets read it.

A text that a spreadsheet would take for a formula is written with an apostrophe in front, which reading takes away
again; a text that already looks like that gets one more, so that nothing is lost.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from models.orm.errors import InputError, LimitError
from models.orm.fields import Field, Many2One, ToMany
from models.orm.limits import LIMITS
from models.orm.spelling import did_you_mean
from models.orm.transfer.paths import DATABASE_ID, EXTERNAL_ID, Steps

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.meta import Meta

KEY_LABELS = {DATABASE_ID: "Database ID", EXTERNAL_ID: "External ID"}
SLASH = "&#47;"  # how Netforce writes one within a label
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def label_of(env: Env, meta: Meta, steps: Steps) -> str:
    """Return the header of a column: the labels along its path."""
    labels: list[str] = []
    for name in steps:
        field = None if name in KEY_LABELS else env.profile.field(meta, name)
        labels.append((field.label if field else KEY_LABELS[name]).replace("/", SLASH))
        if isinstance(field, Many2One | ToMany):
            meta = env.registry.models[field.target].meta
    return "/".join(labels)


def steps_of_label(env: Env, meta: Meta, header: str) -> Steps:
    """Return the path that a header names: labels, or names of fields. Raises `InputError`."""
    steps: list[str] = []
    keys = {label: key for key, label in KEY_LABELS.items()}
    for part in header.split("/"):
        label = part.replace(SLASH, "/").strip()
        if label in keys:
            steps.append(keys[label])
            continue
        field = _labelled(env, meta).get(label)
        if field is None:
            near = did_you_mean(label[:64], _labelled(env, meta))
            raise InputError(f"Field not found: {label[:64]} in {meta.name}.{near}", model=meta.name, field=label[:64])
        steps.append(field.name)
        if isinstance(field, Many2One | ToMany):
            meta = env.registry.models[field.target].meta
    if any(step in KEY_LABELS for step in steps[:-1]):
        raise InputError(f"{header[:64]} is no path of labels.", model=meta.name)
    return tuple(steps)


def _labelled(env: Env, meta: Meta) -> Mapping[str, Field[Any]]:
    """Return the fields that the caller may see or write by name and label; of one label the first, names go first."""
    seen = [one for one in meta.fields.values() if env.profile.sees(meta, one, writing=True) and one.name != "id"]
    names = {name: field for name, field in meta.names.items() if field in seen}
    return {field.label: field for field in reversed(seen)} | names


def written(headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return the CSV."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([_safe(header) for header in headers])
    writer.writerows([[_safe(cell) for cell in row] for row in rows])
    text = out.getvalue()
    if len(text) > LIMITS.reply_bytes:
        raise LimitError("reply_bytes", LIMITS.reply_bytes)
    return text


def read(text: Any) -> tuple[list[str], list[list[str]]]:
    """Return headers and rows; what is written with an apostrophe for safety comes without. Raises `InputError`."""
    if not isinstance(text, str):
        raise InputError("data must be a text of CSV.", argument="data")
    try:
        lines = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True))
    except csv.Error:
        raise InputError("data is no CSV.", argument="data") from None
    if not lines:
        raise InputError("data has no header.", argument="data")
    rows = [[_plain(cell) for cell in line] for line in lines]
    return [header.strip() for header in rows[0]], rows[1:]


def _safe(cell: Any) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, Decimal):
        return format(cell, "f")
    text = str(cell)
    return "'" + text if isinstance(cell, str) and _FORMULA.match(text) else text


def _plain(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
