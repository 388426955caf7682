"""Which size of a picture is asked for, and making it: a few at a time, and not in the event loop."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace

from aiohttp import web

from models.base.sniffing import HEAD, media_type
from models.orm.errors import BusyError, InputError
from models.orm.limits import LIMITS
from server.files.found import Found, whole
from server.files.headers import matches
from server.files.picture import SHAPES, Size, scaled

PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
IN_PATH = re.compile(r"(\d{1,5})x(\d{1,5})\Z", re.ASCII)
OF_FIELD = re.compile(r"image_(\d{2,4})\Z", re.ASCII)
NUMBER = re.compile(r"\d{1,5}\Z", re.ASCII)
NO = frozenset({"", "0", "false", "none"})
YES = frozenset({"1", "true"})


def size_asked(request: web.Request, field: str) -> Size | None:
    """Return the size that path, query or the name of a field (`image_128`) ask for; None for none.

    Raises `InputError` for one that is no size.
    """
    query = request.query
    found = Size(_number(query, "width"), _number(query, "height"), _crop(query.get("crop", "")))
    for part in request.match_info.get("path", "").split("/"):
        if in_path := IN_PATH.match(part):
            found = replace(found, width=int(in_path[1]), height=int(in_path[2]))
            break
    if of_field := OF_FIELD.match(field):
        found = found.within(int(of_field[1]))
    return found if found.width or found.height else None


def _number(query: Mapping[str, str], name: str) -> int:
    text = query.get(name, "").lower()
    if text in NO:
        return 0
    if not NUMBER.match(text):
        raise InputError(f"{name} must be a whole number of at most five digits.", argument=name)
    return int(text)


def _crop(text: str) -> str:
    if text.lower() in NO:
        return ""
    crop = "center" if text.lower() in YES else text.lower()
    if crop not in SHAPES:
        raise InputError("crop is one of center, top, bottom, true, false.", argument="crop")
    return crop


class Scaling:
    """Makes pictures smaller."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(LIMITS.image_conversions)

    async def fit(self, request: web.Request, found: Found, size: Size) -> Found:
        """Return content within a size if it is a picture, else as it is.

        What the caller has already is not made again. Raises `LimitError` for too many pixels, `BusyError` when too
        many pictures are being made.
        """
        tag = f"{found.checksum}-{size}"
        if matches(request, tag):
            return replace(found, checksum=tag)
        first = await found.piece(0) if found.size else b""
        if media_type(first[:HEAD]) not in PICTURES:
            return found
        try:
            async with asyncio.timeout(LIMITS.pool_wait_seconds):
                await self._slots.acquire()
        except TimeoutError:
            raise BusyError("Too many pictures are being made at once. Try again in a moment.") from None
        try:
            content = await found.all_from(first)
            return whole(found.name, await asyncio.to_thread(scaled, content, size), tag)
        finally:
            self._slots.release()
