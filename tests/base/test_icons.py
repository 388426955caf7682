"""Pictures of areas: proper PNGs, the same everywhere."""

import struct
import zlib

import pytest

from models.base.icons import SIDE, icon


def chunks(png):
    place = 8
    while place < len(png):
        [length] = struct.unpack(">I", png[place : place + 4])
        kind, content = png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        assert struct.unpack(">I", png[place + 8 + length : place + 12 + length]) == (zlib.crc32(kind + content),)
        yield kind, content
        place += 12 + length


@pytest.mark.parametrize("area", ["base", "sale", "dealer", "x"])
def test_a_picture_is_a_png_with_a_letter(area):
    found = dict(chunks(icon(area)))

    assert list(found) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    assert struct.unpack(">IIBB", found[b"IHDR"][:10]) == (SIDE, SIDE, 1, 3)
    pixels = zlib.decompress(found[b"IDAT"])
    assert len(pixels) == SIDE * (1 + SIDE // 8)
    assert 0 < pixels.count(0) < len(pixels)


def test_areas_can_be_told_apart():
    assert len({icon(area) for area in ("base", "sale", "crm", "dealer", "mail", "party")}) == 6
