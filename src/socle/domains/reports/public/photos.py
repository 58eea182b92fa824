"""Making faces and plates unreadable."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import BinaryIO

from django.utils.translation import gettext as _
from PIL import Image

from socle.kernel.errors import Invalid

MAX_RECTANGLES = 50
_BLOCKS = 5
_MARGIN = 0.1
_QUALITY = 90

Rectangle = tuple[float, float, float, float]
"""x, y, width, height in fractions of the picture's width and height, from its top left."""


def checked(rectangles: Sequence[Sequence[float]]) -> list[Rectangle]:
    """Rectangles within the picture. Raises Invalid for too many or for what is not one."""
    found: list[Rectangle] = []
    for each in rectangles:
        numbers = [float(value) for value in each if isinstance(value, int | float)]
        if len(each) != 4 or len(numbers) != 4 or not all(map(math.isfinite, numbers)):
            raise _wrong()
        x, y, width, height = numbers
        left, top = max(0.0, x), max(0.0, y)
        right, bottom = min(1.0, x + width), min(1.0, y + height)
        if right <= left or bottom <= top:
            raise _wrong()
        found.append((left, top, right - left, bottom - top))
    if len(found) > MAX_RECTANGLES:
        raise _wrong()
    return found


def _wrong() -> Invalid:
    sentence = _("Dessinez de 1 à %(n)s rectangles dans la photo.") % {"n": MAX_RECTANGLES}
    return Invalid(sentence, fields={"rectangles": [sentence]})


def blurred(stream: BinaryIO, rectangles: Sequence[Rectangle]) -> io.BytesIO:
    """A JPEG copy with each rectangle, a little enlarged, reduced to at most five blocks a side.

    The blocks are averages of few colours: what was under them cannot be computed back.
    """
    with Image.open(stream) as source:
        image = Image.new("RGB", source.size, "white")
        if source.mode in {"RGBA", "LA", "P"}:
            layer = source.convert("RGBA")
            image.paste(layer, mask=layer.getchannel("A"))
        else:
            image.paste(source.convert("RGB"))
    for rectangle in rectangles:
        _pixelate(image, rectangle)
    output = io.BytesIO()
    image.save(output, "JPEG", quality=_QUALITY, optimize=True)
    output.seek(0)
    return output


def _pixelate(image: Image.Image, rectangle: Rectangle) -> None:
    x, y, width, height = rectangle
    x, width = x - width * _MARGIN, width * (1 + 2 * _MARGIN)
    y, height = y - height * _MARGIN, height * (1 + 2 * _MARGIN)
    box = (
        max(0, math.floor(x * image.width)),
        max(0, math.floor(y * image.height)),
        min(image.width, math.ceil((x + width) * image.width)),
        min(image.height, math.ceil((y + height) * image.height)),
    )
    size = box[2] - box[0], box[3] - box[1]
    block = max(size) / _BLOCKS
    few = max(1, round(size[0] / block)), max(1, round(size[1] / block))
    small = image.crop(box).resize(few, Image.Resampling.BOX)
    # Four bits a channel.
    small = small.point(lambda value: value // 16 * 17)
    image.paste(small.resize(size, Image.Resampling.NEAREST), box)
