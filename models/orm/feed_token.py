"""How far somebody has followed the changes of a model, as a text to keep and give back.

PostgreSQL's snapshot of a read says which transactions it saw. What it did not see, be their numbers smaller or larger,
is what changed since: nothing is missed when transactions end in another order than they began.

    base     what was seen when the last round was over; empty in the first round, which tells of every record
    upto     what the first page of this round saw, while the round has more pages: the whole round tells of that state
    changed  the place, (transaction, id), of the last record told in this round; in the first round (0, id)
    deleted  the same for deletions
    place    the database the numbers are of: another cluster, timeline or restored copy counts anew
    at       when `base` was read, in seconds since 1970, by the database's clock; `upto_at` the same for `upto`
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from models.orm.errors import InputError

LONGEST = 65_536
VERSION = 1
DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)
BEGINNING = (0, 0)

Position = tuple[int, int]


@dataclass(frozen=True, slots=True)
class FeedToken:
    """How far the changes of one model were told."""

    model: str
    place: str = ""
    at: int = 0
    base: str = ""
    upto: str = ""
    upto_at: int = 0
    changed: Position = BEGINNING
    deleted: Position = BEGINNING

    def text(self) -> str:
        """The token as callers keep it."""
        moments = [self.at, self.base, self.upto, self.upto_at]
        parts = [VERSION, self.model, self.place, *moments, *self.changed, *self.deleted]
        body = json.dumps(parts, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(_sum(body) + body).decode().rstrip("=")


def token_of(given: Any, model: str) -> FeedToken:
    """Read a token; none begins at the beginning. Raises `InputError` for what is none, or is another model's."""
    if given is None or given is False or given == "":
        return FeedToken(model)
    parts = _parts(given) if isinstance(given, str) and len(given) <= LONGEST else None
    if parts is None or parts[1] != model:
        raise InputError("token must be one that this method of this model has answered.", argument="token")
    _, _, place, at, base, upto, upto_at, *places = parts
    return FeedToken(model, place, at, base, upto, upto_at, (places[0], places[1]), (places[2], places[3]))


def lowest(snapshot: str) -> int:
    """The first transaction that a snapshot may not have seen; 0 for none."""
    return int(snapshot.split(":", 1)[0]) if snapshot else 0


def _parts(given: str) -> list[Any] | None:
    try:
        raw = base64.b64decode(given + "=" * (-len(given) % 4), altchars=b"-_", validate=True)
        body = raw[4:]
        parts = json.loads(body) if raw[:4] == _sum(body) else None
    except (ValueError, RecursionError):
        return None
    sound = isinstance(parts, list) and len(parts) == 11 and parts[0] == VERSION and _is_sound(parts)
    return parts if sound else None


def _is_sound(parts: list[Any]) -> bool:
    texts, numbers = (parts[1], parts[2], parts[4], parts[5]), (parts[3], *parts[6:])
    return (
        all(isinstance(text, str) for text in texts)
        and all(type(number) is int and 0 <= number < 1 << 62 for number in numbers)
        and all(_is_snapshot(text) for text in (parts[4], parts[5]))
    )


def _is_snapshot(text: str) -> bool:
    """Whether PostgreSQL would take it: xmin:xmax:those between that were running, in order."""
    if not text:
        return True
    bounds = text.split(":")
    if len(bounds) != 3:
        return False
    running = bounds[2].split(",") if bounds[2] else []
    if not all(DIGITS.fullmatch(part) for part in (*bounds[:2], *running)):
        return False
    low, high, between = int(bounds[0]), int(bounds[1]), [int(part) for part in running]
    ordered = all(a < b for a, b in pairwise(between))
    return 0 < low <= high and ordered and all(low <= one < high for one in between)


def _sum(body: bytes) -> bytes:
    """A check against tokens that were cut or mistyped. It is no secret: a made-up token harms its maker alone."""
    return hashlib.sha256(body).digest()[:4]
