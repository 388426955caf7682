"""Pictures made smaller: within a width and a height, as they are or cut to that shape. Never larger, never a movie.

Only the formats that a browser is shown are read, and nothing larger than `LIMITS.image_pixels` is unpacked. What the
camera wrote beside the picture (place, owner) is left out, the way up that it wrote there is followed.
"""

import struct
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

from PIL import Image, ImageOps

from models.orm.errors import LimitError
from models.orm.limits import LIMITS

SHAPES = {"center": (0.5, 0.5), "top": (0.5, 0.0), "bottom": (0.5, 1.0)}
READ = ("PNG", "JPEG", "GIF", "WEBP")
# A JPEG that a phone put more pictures behind is found to be an MPO: the first one counts.
WRITTEN = {"PNG": "PNG", "JPEG": "JPEG", "MPO": "JPEG", "GIF": "PNG", "WEBP": "WEBP"}
OPTIONS: dict[str, dict[str, Any]] = {"JPEG": {"quality": 90, "comment": b""}, "WEBP": {"quality": 90}, "PNG": {}}
SMOOTH = frozenset({"L", "LA", "RGB", "RGBA", "CMYK"})  # the modes of pixels that can be blended
DEEP = ("I", "F")
ORIENTATION = 0x0112
SIDEWAYS = frozenset({5, 6, 7, 8})
SCAN = b"\xff\xda"
MOST_SCANS = 100  # of a JPEG: each costs as much as a whole picture, and no camera writes more than a dozen
BROKEN = (OSError, SyntaxError, ValueError, TypeError, EOFError, IndexError, KeyError, OverflowError, struct.error)

Image.MAX_IMAGE_PIXELS = None  # the house limit is asked for before anything is unpacked, and answered by its name


@dataclass(frozen=True, slots=True)
class Size:
    """What a picture has to fit into, in pixels; 0 leaves a side open. `crop` says what stays when it is cut to shape.

    It is center, top or bottom, or nothing: then all of the picture stays and keeps its shape.
    """

    width: int = 0
    height: int = 0
    crop: str = ""

    @property
    def cuts(self) -> bool:
        """Whether parts of the picture go, which takes both sides."""
        return bool(self.crop and self.width and self.height)

    def within(self, most: int) -> "Size":
        """Return the size with no side longer than so many pixels."""
        return replace(self, width=min(self.width or most, most), height=min(self.height or most, most))

    def __str__(self) -> str:
        """Tell one size from another, in an ETag."""
        return f"{self.width}x{self.height}{self.crop}"


def scaled(content: bytes, size: Size) -> bytes:
    """Return the picture within a size: the same bytes where it fits already, or where they are no whole picture.

    Raises `LimitError` for one with too many pixels to be unpacked. Takes up to seconds: not for an event loop.
    """
    if content.startswith(b"\xff\xd8") and content.count(SCAN) > MOST_SCANS:
        return content
    try:
        with Image.open(BytesIO(content), formats=READ) as image:
            return _scaled(image, size) or content
    except MemoryError:
        raise LimitError("image_pixels", LIMITS.image_pixels) from None
    except BROKEN:
        return content


def _scaled(image: Image.Image, size: Size) -> bytes | None:
    upright = _upright(image)
    goal = _goal(upright, size)
    if goal == upright:
        return None
    if image.width * image.height > LIMITS.image_pixels:
        raise LimitError("image_pixels", LIMITS.image_pixels)
    written = WRITTEN[image.format or ""]
    profile = image.info.get("icc_profile")
    # A JPEG can be unpacked at a half, a quarter ... of its size; twice what is wanted keeps it sharp.
    share = 2 * max(goal[0] / upright[0], goal[1] / upright[1])
    image.draft(None, (round(image.width * share), round(image.height * share)))
    picture = _smooth(ImageOps.exif_transpose(image))
    if size.cuts:
        picture = ImageOps.fit(picture, goal, Image.Resampling.LANCZOS, centering=SHAPES[size.crop])
    else:
        picture = picture.resize(goal, Image.Resampling.LANCZOS, reducing_gap=2.0)
    out = BytesIO()
    picture.save(out, written, icc_profile=profile, **OPTIONS[written])
    return out.getvalue()


def _upright(image: Image.Image) -> tuple[int, int]:
    """Return width and height of the picture as it is to be looked at."""
    width, height = image.size
    return (height, width) if image.getexif().get(ORIENTATION) in SIDEWAYS else (width, height)


def _goal(there: tuple[int, int], size: Size) -> tuple[int, int]:
    """Return the width and height to come to: those that are there when nothing is too long."""
    width, height = there
    if size.cuts:
        share = min(1.0, width / size.width, height / size.height)
        return _at_least_one(size.width * share, size.height * share)
    share = min(1.0, (size.width or width) / width, (size.height or height) / height)
    return there if share == 1.0 else _at_least_one(width * share, height * share)


def _at_least_one(width: float, height: float) -> tuple[int, int]:
    return max(1, round(width)), max(1, round(height))


def _smooth(image: Image.Image) -> Image.Image:
    """Return the picture in pixels that can be blended: a palette's colours cannot."""
    if image.mode in SMOOTH:
        return image
    if image.mode.startswith(DEEP):
        raise ValueError("more than eight bits a channel would be cut, not scaled")
    return image.convert("RGBA" if "transparency" in image.info or image.mode in ("PA", "P") else "RGB")
