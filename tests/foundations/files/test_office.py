"""Office documents: text and tables, no macro, no bomb, no other archive in disguise."""

from __future__ import annotations

import io
import struct
import zipfile
from random import Random
from typing import Any

import pytest
from tests.foundations.files import samples

from socle.foundations.files import office
from socle.foundations.files.rules import DOCX, ODS, ODT, XLSX
from socle.kernel.errors import SocleError


def refusal(content: bytes) -> str:
    try:
        office.check(io.BytesIO(content))
    except SocleError as error:
        return error.code
    return ""


def test_the_four_kinds_are_recognised() -> None:
    sheet = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    ods = b"application/vnd.oasis.opendocument.spreadsheet"
    assert office.check(io.BytesIO(samples.docx())) is DOCX
    assert office.check(io.BytesIO(samples.docx(main=sheet))) is XLSX
    assert office.check(io.BytesIO(samples.odt())) is ODT
    assert office.check(io.BytesIO(samples.odt(media=ods))) is ODS


@pytest.mark.parametrize(
    "content",
    [
        samples.docx({"word/vbaProject.bin": b"x"}),
        samples.docx({"word/embeddings/oleObject1.bin": b"x"}),
        samples.docx({"word/activeX/activeX1.xml": b"x"}),
        samples.docx({"payload.exe": b"MZ"}),
        samples.docx({"../../evil.xml": b"x"}),
        samples.docx({"/etc/passwd": b"x"}),
        samples.docx({"C:/x.xml": b"x"}),
        samples.docx({"word/document.xml": b"<w:instrText>DDEAUTO c:\\x</w:instrText>"}),
        samples.docx(
            {
                "word/_rels/settings.xml.rels": b'<Relationship Type="x/attachedTemplate" '
                b'Target="https://example.org/x.dotm" TargetMode="External"/>'
            }
        ),
        samples.docx(
            {
                "word/_rels/settings.xml.rels": b'<Relationship TargetMode="External" '
                b'Target="https://example.org/x.dotm" Type="x/attachedTemplate"/>'
            }
        ),
        samples.odt({"Basic/Standard/Module1.xml": b"x"}),
        samples.odt({"Scripts/python/x.py": b"x"}),
        samples.odt({"content.xml": b"<script:event-listener/>"}),
    ],
    ids=range(13),
)
def test_what_acts_by_itself_is_refused(content: bytes) -> None:
    assert refusal(content) == "active-content"


def test_a_macro_document_renamed_is_refused() -> None:
    macro = b"application/vnd.ms-word.document.macroEnabled.main+xml"
    assert refusal(samples.docx(main=macro)) == "disguised-file"


def test_an_ordinary_link_to_the_web_is_accepted() -> None:
    links = b'<Relationship Type="x/hyperlink" Target="https://example.org" TargetMode="External"/>'
    assert refusal(samples.docx({"word/_rels/document.xml.rels": links})) == ""


def test_active_text_across_two_reads_is_found() -> None:
    padding = Random(1).randbytes(524_258).hex().encode()
    assert len(padding) == 1_048_576 - 60
    assert (
        refusal(samples.docx({"word/header1.xml": padding + b"DDEAUTO " * 20})) == "active-content"
    )


def test_another_archive_is_refused() -> None:
    assert refusal(samples.archive({"readme.txt": b"x"})) == "disguised-file"
    assert refusal(samples.odt(media=b"application/epub+zip")) == "disguised-file"


def test_an_encrypted_document_is_refused() -> None:
    manifest = b'<manifest:encryption-data manifest:checksum="x"/>'
    assert refusal(samples.odt({"META-INF/manifest.xml": manifest})) == "encrypted-file"
    locked = bytearray(samples.docx())
    # Bit 0 of the flags of the first entry, local header and central directory: encrypted.
    locked[6] |= 1
    locked[locked.rfind(b"PK\x01\x02", 0, locked.find(b"PK\x01\x02") + 4) + 8] |= 1
    assert refusal(bytes(locked)) == "encrypted-file"


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
def test_a_cut_document_is_refused(keep: float) -> None:
    content = samples.docx()
    assert refusal(content[: int(len(content) * keep)]) == "damaged-file"


def test_a_bomb_is_refused() -> None:
    assert refusal(samples.docx({"word/x.xml": b"\0" * 20_000_000})) == "archive-bomb"


def test_too_many_entries_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "MAX_ENTRIES", 50)
    assert refusal(samples.docx({f"word/{n}.xml": b"x" for n in range(60)})) == "archive-bomb"


def test_sizes_that_lie_are_found() -> None:
    content = bytearray(samples.docx({"word/x.xml": b"A" * 500_000}))
    real, false = struct.pack("<I", 500_000), struct.pack("<I", 10)
    content = bytearray(bytes(content).replace(real, false))
    assert refusal(bytes(content)) == "damaged-file"


def test_entries_on_top_of_each_other_are_refused() -> None:
    """How a few kilobytes hold petabytes: entries that share their compressed bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", samples._WORD)
        archive.writestr("word/document.xml", b"A" * 900_000)
        shared: Any = archive.getinfo("word/document.xml")
        for number in range(200):
            twin = zipfile.ZipInfo(f"word/{number}.xml")
            twin.compress_type = zipfile.ZIP_DEFLATED
            twin.file_size, twin.compress_size = shared.file_size, shared.compress_size
            twin.CRC, twin.header_offset = shared.CRC, shared.header_offset
            archive.filelist.append(twin)
    assert refusal(made.getvalue()) in {"archive-bomb", "damaged-file"}
