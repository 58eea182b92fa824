"""Files made here, byte by byte where that matters: honest ones, damaged ones, hostile ones."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import pillow_heif
from PIL import ExifTags, Image, ImageDraw, PngImagePlugin

pillow_heif.register_heif_opener()

Size = tuple[int, int]


def picture(
    format: str = "JPEG", size: Size = (64, 48), mode: str = "RGB", **options: Any
) -> bytes:
    """A picture whose left half is red and right half blue."""
    image = Image.new("RGB", size, "red")
    ImageDraw.Draw(image).rectangle((size[0] // 2, 0, *size), fill="blue")
    stream = io.BytesIO()
    image.convert(mode).save(stream, format, **options)
    return stream.getvalue()


def photo(
    *, position: tuple[float, float] | None = None, orientation: int = 1, format: str = "JPEG"
) -> bytes:
    """A photo as a phone writes it: maker, serial number, comment, place and orientation."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "SecretMaker"
    exif[ExifTags.Base.BodySerialNumber] = "SERIAL-12345"
    exif[ExifTags.Base.ImageDescription] = "private note"
    exif[ExifTags.Base.Orientation] = orientation
    if position is not None:
        lon, lat = position
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        gps[ExifTags.GPS.GPSLatitudeRef] = "N" if lat >= 0 else "S"
        gps[ExifTags.GPS.GPSLatitude] = sexagesimal(abs(lat))
        gps[ExifTags.GPS.GPSLongitudeRef] = "E" if lon >= 0 else "W"
        gps[ExifTags.GPS.GPSLongitude] = sexagesimal(abs(lon))
    return picture(format, exif=exif.tobytes())


def sexagesimal(value: float) -> tuple[float, float, float]:
    degrees = int(value)
    minutes = int((value - degrees) * 60)
    return float(degrees), float(minutes), round((value - degrees - minutes / 60) * 3600, 4)


def png_with_text() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "private note")
    info.add_itxt("XML:com.adobe.xmp", "<x>private note</x>")
    return picture("PNG", pnginfo=info)


def png_claiming(width: int, height: int) -> bytes:
    """A few bytes whose header announces an enormous picture."""
    header = struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))
        for kind, data in (
            (b"IHDR", header),
            (b"IDAT", zlib.compress(b"\0" * 1000)),
            (b"IEND", b""),
        )
    )


def animation(format: str = "GIF") -> bytes:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]
    stream = io.BytesIO()
    frames[0].save(stream, format, save_all=True, append_images=frames[1:])
    return stream.getvalue()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
EXECUTABLE = b"MZ\x90\x00\x03\x00\x00\x00" + b"\0" * 200


def pdf(
    *objects: bytes, trailer: bytes = b"", after: bytes = b"", version: bytes = b"1.7"
) -> bytes:
    """A PDF of one blank page and these further objects (numbered from 4), its cross-reference
    table right.
    """
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>",
        *objects,
    ]
    output = b"%PDF-" + version + b"\n%\xe2\xe3\xcf\xd3\n"
    offsets = []
    for number, body in enumerate(bodies, start=1):
        offsets.append(len(output))
        output += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(output)
    output += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    output += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    output += b"trailer\n<< /Size %d /Root 1 0 R %s >>\n" % (len(bodies) + 1, trailer)
    return output + b"startxref\n%d\n%%%%EOF\n" % start + after


def stream(content: bytes, entries: bytes = b"", *, deflate: bool = True) -> bytes:
    """A stream object, deflated unless told otherwise."""
    if deflate:
        content = zlib.compress(content)
        entries += b" /Filter /FlateDecode"
    return b"<< /Length %d %s >>\nstream\n" % (len(content), entries) + content + b"\nendstream"


def archive(
    entries: Mapping[str, bytes] | Iterable[tuple[str, bytes]], *, deflate: bool = True
) -> bytes:
    output = io.BytesIO()
    pairs = entries.items() if isinstance(entries, Mapping) else entries
    with zipfile.ZipFile(
        output, "w", zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
    ) as made:
        for name, content in pairs:
            made.writestr(name, content)
    return output.getvalue()


_WORD = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def docx(extra: Mapping[str, bytes] | None = None, *, main: bytes = _WORD) -> bytes:
    return archive(
        {
            "[Content_Types].xml": b'<Types><Override ContentType="' + main + b'"/></Types>',
            "word/document.xml": b"<w:document><w:t>Bonjour</w:t></w:document>",
            **(extra or {}),
        }
    )


def odt(
    extra: Mapping[str, bytes] | None = None,
    media: bytes = b"application/vnd.oasis.opendocument.text",
) -> bytes:
    return archive(
        {
            "mimetype": media,
            "content.xml": b"<office:document-content><office:body/></office:document-content>",
            "META-INF/manifest.xml": b"<manifest:manifest/>",
            **(extra or {}),
        }
    )
