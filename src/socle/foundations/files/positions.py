"""Where a photo says it was taken: read once, before the house strips its metadata."""

from __future__ import annotations

import math
from typing import Any, BinaryIO

from PIL import ExifTags, Image

from socle.foundations.files import images as _openers  # noqa: F401 -- HEIC, limits

_FORMATS = ("JPEG", "HEIF", "WEBP", "PNG")


def position_of(stream: BinaryIO) -> tuple[float, float] | None:
    """Longitude and latitude (degrees WGS84) of an image's Exif (2.32, §4.6.6), None without.

    Nothing of the picture is decoded, whatever the bytes are; the stream is left at its start.
    """
    try:
        stream.seek(0)
        with Image.open(stream, formats=_FORMATS) as image:
            gps = image.getexif().get_ifd(ExifTags.IFD.GPSInfo)
        lat = _degrees(gps.get(ExifTags.GPS.GPSLatitude), gps.get(ExifTags.GPS.GPSLatitudeRef))
        lon = _degrees(gps.get(ExifTags.GPS.GPSLongitude), gps.get(ExifTags.GPS.GPSLongitudeRef))
    except Exception:
        # A file nobody can vouch for: `actions.receive` says what is wrong with it.
        return None
    finally:
        stream.seek(0)
    if lon is None or lat is None or not (-180 <= lon <= 180 and -90 <= lat <= 90):
        return None
    # What a camera without a fix writes.
    return None if lon == 0 and lat == 0 else (lon, lat)


def _degrees(parts: Any, side: Any) -> float | None:
    if not isinstance(parts, tuple) or len(parts) != 3:
        return None
    degrees, minutes, seconds = (float(each) for each in parts)
    found = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(found):
        return None
    return -found if str(side).strip("\x00").upper() in {"S", "W"} else found
