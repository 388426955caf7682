"""Lines in a lead's chatter. They are shown as markup, so what people and other systems wrote is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.model import Model

LONGEST_NOTE = 2000


async def tell(env: Env, model: type[Model], texts: Mapping[int, str]) -> None:
    """Write one line for each record {id: plain text}, all in one statement."""
    await model.post(env, {record_id: escape(text, quote=False) for record_id, text in texts.items()})


def cut(text: str) -> str:
    """Return a text of somebody else short enough for a line of the chatter."""
    return text if len(text) <= LONGEST_NOTE else text[: LONGEST_NOTE - 1] + "…"
