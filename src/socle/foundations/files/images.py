"""Pictures are drawn anew: what is stored holds the pixels, upright, in sRGB, and nothing else.

Nothing of the bytes received survives (hidden archives, scripts, position, serial number of the
camera). Pixels are counted from the header before anything is decoded.
"""

from __future__ import annotations

import io
import math
import threading
import warnings
from dataclasses import dataclass
from typing import Any, BinaryIO

import pillow_heif
from django.utils.translation import gettext_lazy as _
from PIL import ExifTags, Image, ImageCms, ImageFile, ImageOps

from socle.foundations.files.rules import GIF, HEIC, JPEG, PNG, WEBP, Kind, Limits
from socle.kernel.errors import Invalid, TooLarge

# The library's own guard, behind ours: a header that lies about its size still meets it.
Image.MAX_IMAGE_PIXELS = Limits().pixels
ImageFile.LOAD_TRUNCATED_IMAGES = False
warnings.simplefilter("error", Image.DecompressionBombWarning)
pillow_heif.register_heif_opener(thumbnails=False)

_FORMATS = {JPEG: "JPEG", PNG: "PNG", WEBP: "WEBP", GIF: "GIF", HEIC: "HEIF"}
_STORED_AS = {JPEG: JPEG, PNG: PNG, WEBP: WEBP, GIF: PNG, HEIC: JPEG}
_MAX_PROFILE = 2_000_000
# A decoded picture is up to 160 MB: two at a time in a process.
_decoders = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class Redrawn:
    """A picture ready to be stored. ``position``: (lon, lat) in degrees, where it was taken, when
    the camera said so.
    """

    kind: Kind
    content: bytes
    thumbnail: bytes
    width: int
    height: int
    position: tuple[float, float] | None


def redraw(stream: BinaryIO, kind: Kind, limits: Limits) -> Redrawn:
    """Decode, turn upright, reduce to ``limits.side`` and encode again; the first frame when there
    are several.

    Raises ``TooLarge`` beyond ``limits.pixels`` and ``Invalid`` when the picture is damaged or cut.
    """
    with _decoders:
        try:
            return _redraw(stream, kind, limits)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise _too_many_pixels() from None
        except (TooLarge, MemoryError):
            raise
        except Exception:
            # Decoders raise all sorts of things on hostile bytes; for the person they are one: it
            # cannot be read.
            raise Invalid(
                _("Cette image est abîmée ou incomplète. Essayez d’en envoyer une autre."),
                code="damaged-file",
            ) from None


def _redraw(stream: BinaryIO, kind: Kind, limits: Limits) -> Redrawn:
    stream.seek(0)
    with Image.open(stream, formats=[_FORMATS[kind]]) as source:
        width, height = source.size
        if width < 1 or height < 1 or width * height > limits.pixels:
            raise _too_many_pixels()
        position = _position(source)
        profile = source.info.get("icc_profile")
        # Also lets the JPEG decoder skip the detail that would be thrown away.
        source.thumbnail((limits.side, limits.side), Image.Resampling.LANCZOS, reducing_gap=2.0)
        image = ImageOps.exif_transpose(source)
    image = _in_srgb(_plain(image), profile)
    stored = _STORED_AS[kind]
    thumbnail = image.copy()
    thumbnail.thumbnail((limits.thumbnail_side, limits.thumbnail_side), Image.Resampling.LANCZOS)
    return Redrawn(
        kind=stored,
        content=_encode(image, stored),
        thumbnail=_encode(_on_white(thumbnail), JPEG, quality=75),
        width=image.width,
        height=image.height,
        position=position,
    )


def _plain(image: Image.Image) -> Image.Image:
    """RGB, RGBA, CMYK or L with eight bits, without anything attached."""
    if image.mode.startswith("I;16"):
        image = image.convert("I")
    if image.mode == "I":
        image = image.point(lambda value: value * (1 / 256)).convert("L")
    elif image.mode in {"P", "PA", "LA", "RGBa", "La"} or "transparency" in image.info:
        image = image.convert("RGBA")
    elif image.mode not in {"RGB", "RGBA", "CMYK", "L"}:
        image = image.convert("RGB")
    clean = Image.new(image.mode, image.size)
    clean.paste(image)
    return clean


def _in_srgb(image: Image.Image, profile: object) -> Image.Image:
    """Apply the embedded colour profile, since it will be gone; colours of a broken one are taken
    as they are.
    """
    target = "RGBA" if image.mode == "RGBA" else "RGB"
    if isinstance(profile, bytes) and 0 < len(profile) <= _MAX_PROFILE and image.mode != "L":
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                image, source, ImageCms.createProfile("sRGB"), outputMode=target
            )
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None
        if converted is not None:
            converted.info.clear()
            return converted
    return image.convert("RGB") if image.mode == "CMYK" else image


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    page = Image.new("RGB", image.size, "white")
    page.paste(image, mask=image.getchannel("A"))
    return page


def _encode(image: Image.Image, kind: Kind, quality: int = 85) -> bytes:
    options: dict[str, Any] = {
        JPEG: {"quality": quality, "optimize": True, "progressive": True},
        WEBP: {"quality": quality, "method": 4},
        PNG: {"compress_level": 6},
    }[kind]
    output = io.BytesIO()
    picture = _on_white(image) if kind is JPEG else image
    picture.save(output, _FORMATS[kind], **options)
    return output.getvalue()


def _position(image: Image.Image) -> tuple[float, float] | None:
    """Where the picture says it was taken, rounded to the decimetre; None when absent, absurd or at
    (0, 0).
    """
    try:
        gps = image.getexif().get_ifd(ExifTags.IFD.GPSInfo)
        lat = _degrees(gps[ExifTags.GPS.GPSLatitude], gps.get(ExifTags.GPS.GPSLatitudeRef), "S")
        lon = _degrees(gps[ExifTags.GPS.GPSLongitude], gps.get(ExifTags.GPS.GPSLongitudeRef), "W")
    except Exception:
        return None
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        return None
    if lon == 0 and lat == 0:
        return None
    return round(lon, 6), round(lat, 6)


def _degrees(parts: Any, reference: object, negative: str) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    if isinstance(reference, bytes):
        reference = reference.decode("ascii", "ignore")
    return -value if str(reference or "").strip("\0 ").upper() == negative else value


def _too_many_pixels() -> TooLarge:
    return TooLarge(
        _("Cette image a trop de pixels. Réduisez-la, ou prenez une photo moins détaillée."),
        code="too-many-pixels",
    )
