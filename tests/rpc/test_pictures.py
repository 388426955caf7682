"""Pictures of the size that is asked for: what becomes of them, what of other files, and how much they may cost."""

import asyncio
import random
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from models.orm.errors import LimitError
from models.orm.limits import LIMITS
from server.files import scaling
from server.files.picture import MOST_SCANS, Size, scaled

WIDE, HIGH = 90, 60
KINDS = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}


def picture(kind: str = "PNG", mode: str = "RGB", size: tuple[int, int] = (WIDE, HIGH), **options: Any) -> bytes:
    """A picture, red on the left, blue on the right."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, *size))
    out = BytesIO()
    image.convert(mode).save(out, kind, **options)
    return out.getvalue()


def looked_at(content: bytes) -> tuple[str | None, tuple[int, int]]:
    with Image.open(BytesIO(content)) as image:
        image.load()
        return image.format, image.size


# over HTTP


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("{one}/45x45", (45, 30)),
        ("{one}-1a2b/45x45/any name.png", (45, 30)),
        ("{one}/0x30", (45, 30)),
        ("ir.attachment/{one}/datas/30x30", (30, 20)),
        ("ir.attachment/{one}/raw/30x30/a.png?unique=1", (30, 20)),
        ("{one}?width=30", (30, 20)),
        ("{one}?height=30", (45, 30)),
        ("{one}?width=30&height=30&crop=true", (30, 30)),
        ("{one}/30x20?crop=center", (30, 20)),
        ("{one}/20x40?crop=top", (20, 40)),
        ("{one}?width=0&height=&crop=0", (WIDE, HIGH)),
        ("{one}/4000x4000", (WIDE, HIGH)),
        ("{one}/400x400?crop=bottom", (60, 60)),
    ],
)
async def test_a_picture_fits_into_what_is_asked_for(files, path, size):
    one = await files.upload(picture())

    status, body, headers = await files.get("/web/image/" + path.format(one=one))

    assert (status, looked_at(body)) == (200, ("PNG", size))
    assert headers["Content-Length"] == str(len(body))


async def test_the_content_itself_stays_whole(files):
    one = await files.upload(picture())

    for path in (f"/web/image/{one}", f"/web/content/{one}?width=30", f"/web/image/{one}/90x90"):
        assert (await files.get(path))[1] == picture()


async def test_each_size_has_a_mark_of_its_own_and_is_not_sent_again(files):
    one = await files.upload(picture())
    tags = {
        (await files.get(f"/web/image/{one}{asked}"))[2]["ETag"]: asked
        for asked in ("", "/30x30", "/30x20", "/30x30?crop=top", "/30x30?crop=center")
    }

    assert len(tags) == 5
    for tag, asked in tags.items():
        assert (await files.get(f"/web/image/{one}{asked}", If_None_Match=tag))[:2] == (304, b"")
    assert (await files.get(f"/web/image/{one}/31x31", If_None_Match=next(iter(tags))))[0] == 200


async def test_a_size_opens_no_door(files):
    one = await files.upload(picture(), login="boss")

    assert (await files.get(f"/web/image/{one}/30x30"))[0] == 404
    assert (await files.get(f"/web/image/{one}/30x30", None))[0] == 401
    assert (await files.get("/web/image/res.company/1/logo/30x30", "nobody"))[0] == 404


async def test_what_is_no_picture_is_given_as_it_is(files):
    for content in (b"%PDF-1.4", b"words", b"<svg xmlns='x'/>", picture()[:60], b"\x89PNG\r\n\x1a\n" + bytes(40), b""):
        one = await files.upload(content)
        assert (await files.get(f"/web/image/{one}/30x30"))[:2] == (200, content)


@pytest.mark.parametrize("query", ["width=x", "width=-1", "width=1e3", "height=123456", "crop=left", "width=9&crop=2"])
async def test_what_is_no_size_is_refused_by_name(files, query):
    one = await files.upload(picture())

    status, body, _ = await files.get(f"/web/image/{one}?{query}")

    assert status == 400
    assert body.startswith((query.rpartition("&")[2] or query).partition("=")[0].encode())


async def test_a_picture_of_too_many_pixels_is_refused_by_the_limit(files):
    side = 7_100  # a few thousand bytes that would become 200 million
    assert side * side > LIMITS.image_pixels
    bomb = BytesIO()
    Image.new("1", (side, side)).save(bomb, "PNG")
    one = await files.upload(bomb.getvalue())

    status, body, _ = await files.get(f"/web/image/{one}/30x30")

    assert (status, body.decode()) == (413, f"Too much: the limit image_pixels is {LIMITS.image_pixels}.")
    assert (await files.get(f"/web/image/{one}"))[0] == 200


async def test_others_wait_and_the_server_answers_meanwhile(files):
    one = await files.upload(picture(size=(1200, 800)))

    found = await asyncio.gather(
        *[files.get(f"/web/image/{one}/{100 + n}x0") for n in range(6)], files.get("/health/live", None)
    )

    assert [looked_at(body)[1][0] for _, body, _ in found[:6]] == [100 + n for n in range(6)]
    assert found[6][0] == 200


async def test_who_waits_too_long_is_told_so(files, running, prepared, monkeypatch):
    one = await files.upload(picture())
    monkeypatch.setattr(scaling, "LIMITS", type(LIMITS)(pool_wait_seconds=0.1, image_conversions=0))
    files.url = (await running.served(prepared.app())).url

    status, body, _ = await files.get(f"/web/image/{one}/30x30")

    assert (status, b"Too many pictures" in body) == (503, True)
    assert (await files.get(f"/web/image/{one}"))[0] == 200


# what becomes of the pixels


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1"])
def test_every_format_comes_out_smaller(kind, mode):
    if (kind, mode) in {("JPEG", "P"), ("WEBP", "P"), ("WEBP", "1"), ("WEBP", "L")}:
        mode = "RGB"

    found = scaled(picture(kind, mode), Size(30, 30))

    assert looked_at(found) == ("PNG" if kind == "GIF" else kind, (30, 20))


def test_colours_stay_where_they_are():
    for kind in ("PNG", "JPEG", "GIF"):
        with Image.open(BytesIO(scaled(picture(kind), Size(30, 30)))) as image:
            left, right = (image.convert("RGB").getpixel((x, 10)) for x in (2, 27))
        assert left[0] > 200
        assert left[2] < 60
        assert right[2] > 200
        assert right[0] < 60


@pytest.mark.parametrize(("crop", "colour"), [("top", "red"), ("bottom", "blue"), ("center", "both")])
def test_a_cut_keeps_the_part_that_is_named(crop, colour):
    image = Image.new("RGB", (20, 60), "red")
    image.paste("blue", (0, 30, 20, 60))
    out = BytesIO()
    image.save(out, "PNG")

    with Image.open(BytesIO(scaled(out.getvalue(), Size(20, 20, crop)))) as found:
        assert found.size == (20, 20)
        top, bottom = (found.getpixel((10, y)) for y in (1, 18))
    assert {"red": (255, 0, 0), "blue": (0, 0, 255), "both": (255, 0, 0)}[colour] == top
    assert {"red": (255, 0, 0), "blue": (0, 0, 255), "both": (0, 0, 255)}[colour] == bottom


def test_what_can_be_seen_through_stays_so():
    image = Image.new("RGBA", (60, 60), (255, 0, 0, 0))
    for kind in ("PNG", "WEBP"):
        out = BytesIO()
        image.save(out, kind, lossless=True)
        with Image.open(BytesIO(scaled(out.getvalue(), Size(30, 30)))) as found:
            assert found.convert("RGBA").getpixel((5, 5))[3] == 0


def test_a_picture_lies_the_way_the_camera_says_and_tells_nothing_more():
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker of cameras"
    found = scaled(picture("JPEG", exif=exif), Size(30, 30))

    assert looked_at(found) == ("JPEG", (20, 30))
    assert b"Maker" not in found
    with Image.open(BytesIO(found)) as image:
        assert dict(image.getexif()) == {}


def test_what_was_written_into_a_jpeg_stays_behind():
    made = picture("JPEG", comment=b"taken at home", xmp=b"<x:xmpmeta>14.5 121.0</x:xmpmeta>")

    small = scaled(made, Size(30, 30))

    assert looked_at(small) == ("JPEG", (30, 20))
    assert not any(words in small for words in (b"home", b"121.0"))


def test_of_several_pictures_in_a_jpeg_the_first_one_counts():
    made = picture("MPO", save_all=True, append_images=[Image.new("RGB", (8, 8))])

    assert looked_at(made) == ("MPO", (WIDE, HIGH))
    assert looked_at(scaled(made, Size(30, 30))) == ("JPEG", (30, 20))


def test_a_film_becomes_its_first_picture():
    more = [Image.new("RGB", (WIDE, HIGH), colour) for colour in ("green", "white")]
    content = picture("GIF", save_all=True, append_images=more)

    assert looked_at(scaled(content, Size(30, 30))) == ("PNG", (30, 20))


def test_nothing_grows_and_nothing_vanishes():
    assert scaled(picture(), Size(91, 61)) == picture()
    assert looked_at(scaled(picture(size=(2000, 1)), Size(10, 10)))[1] == (10, 1)
    assert looked_at(scaled(picture(size=(1, 2000)), Size(10, 10, "top")))[1] == (1, 1)


def test_sixteen_bits_are_not_cut_to_eight():
    out = BytesIO()
    Image.new("I;16", (60, 60), 40_000).save(out, "PNG")

    assert scaled(out.getvalue(), Size(30, 30)) == out.getvalue()


def test_a_jpeg_made_to_keep_the_server_busy_is_left_alone():
    content = picture("JPEG", progressive=True, size=(900, 600))
    scan = content[content.index(b"\xff\xda") : -2]

    assert looked_at(scaled(content, Size(30, 30)))[1] == (30, 20)
    bomb = content[:-2] + scan * MOST_SCANS
    assert scaled(bomb, Size(30, 30)) == bomb


def test_broken_pictures_are_given_back_or_made_and_never_fail():
    chance = random.Random(20261122)
    whole = [picture(kind) for kind in KINDS]
    for _ in range(1500):
        content = bytearray(chance.choice(whole))
        for _ in range(chance.randint(1, 8)):
            content[chance.randrange(chance.choice((40, len(content))))] = chance.randrange(256)
        del content[chance.randint(len(content) // 2, len(content)) :]
        try:
            found = scaled(bytes(content), Size(30, 30))
        except LimitError:
            continue  # it says that it is larger than may be
        assert found == bytes(content) or max(looked_at(found)[1]) <= 30
