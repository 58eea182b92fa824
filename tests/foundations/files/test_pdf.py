"""PDF: pages only. What runs, hides, or cannot be looked into is refused."""

from __future__ import annotations

import base64
import io
import time
import zlib

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.actions import JavaScript
from pypdf.annotations import Link
from tests.foundations.files import samples

from socle.foundations.files import pdf
from socle.kernel.errors import Invalid, SocleError, TooLarge, UnsupportedMedia

JAVASCRIPT = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"


def refusal(content: bytes) -> str:
    """The code of the refusal; empty when accepted."""
    try:
        pdf.check(io.BytesIO(content))
    except SocleError as error:
        return error.code
    return ""


def written(writer: PdfWriter) -> bytes:
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def writer() -> PdfWriter:
    made = PdfWriter()
    made.add_blank_page(200, 200)
    return made


def test_a_plain_pdf_is_accepted_by_us_and_by_a_reader() -> None:
    content = samples.pdf()
    assert len(PdfReader(io.BytesIO(content)).pages) == 1
    assert refusal(content) == ""


def test_a_pdf_of_another_writer_with_links_and_outline_is_accepted() -> None:
    made = writer()
    made.add_blank_page(200, 200)
    made.add_outline_item(title="Page", page_number=1)
    made.add_annotation(0, Link(rect=(0, 0, 50, 50), url="https://example.org/javascript"))
    made.add_metadata({"/Title": "Reçu", "/Subject": "JavaScript"})
    made.compress_identical_objects()
    assert refusal(written(made)) == ""


def test_text_about_forbidden_things_is_only_text() -> None:
    text = b"BT (Ce programme JavaScript se lance: Launch /Encryption) Tj ET"
    assert refusal(samples.pdf(samples.stream(text))) == ""


def test_compressed_pictures_are_not_mistaken_for_names() -> None:
    noise = zlib.compress(bytes(range(256)) * 4000)
    content = samples.stream(noise * 40, b"/Subtype /Image /Width 10", deflate=False)
    assert refusal(samples.pdf(content)) == ""


@pytest.mark.parametrize(
    "body",
    [
        JAVASCRIPT,
        b"<< /S /J#61vaScript /JS (x) >>",
        b"<< /S /#4a#61#76#61#53#63#72#69#70#74 /JS (x) >>",
        b"<< /S /#4A#61vaScript/JS(x)>>",
        b"<</S/JavaScript>>",
        b"<< /S /Launch /F (cmd.exe) >>",
        b"<< /S /#4caunch /F (cmd.exe) >>",
        b"<< /Names << /EmbeddedFiles 5 0 R >> >>",
        b"<< /Type /Filespec /F (a.exe) /EF << /F 9 0 R >> >>",
        b"<< /Type /Filespec /F (a.exe) /EF 9 0 R >>",
        b"<< /Subtype /RichMedia >>",
        b"<< /S /Rendition /JS (x) >>",
        b"<< /S /SubmitForm /F (https://example.org) >>",
        b"<< /S /ImportData /F (x) >>",
        b"<< /S /GoToE >>",
        b"<< /AcroForm << /XFA 9 0 R >> >>",
    ],
)
def test_what_acts_by_itself_is_refused(body: bytes) -> None:
    assert refusal(samples.pdf(body)) == "active-content"


def test_the_same_is_found_in_a_compressed_object_stream() -> None:
    inside = b"5 0 " + JAVASCRIPT
    hidden = samples.stream(inside, b"/Type /ObjStm /N 1 /First 4")
    assert b"JavaScript" not in hidden
    assert refusal(samples.pdf(hidden)) == "active-content"


def test_the_same_is_found_in_a_stream_that_says_it_is_a_picture_but_holds_objects() -> None:
    inside = b"5 0 " + JAVASCRIPT
    hidden = samples.stream(inside, b"/Subtype /Image /N 1 /First 4")
    assert refusal(samples.pdf(hidden)) == "active-content"


def test_the_same_is_found_in_the_plain_bytes_of_a_stream() -> None:
    """A cross-reference table may point into a stream."""
    hidden = samples.stream(b"9 0 obj " + JAVASCRIPT + b" endobj", deflate=False)
    assert refusal(samples.pdf(hidden)) == "active-content"


def test_the_same_is_found_when_the_compressed_bytes_are_cut() -> None:
    whole = zlib.compress(b"5 0 " + JAVASCRIPT + b" " * 100)
    cut = b"<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode >>\nstream\n" + whole[:-6]
    assert refusal(samples.pdf(cut + b"\nendstream")) == "active-content"


@pytest.mark.parametrize(
    "filters",
    [
        b"/Filter /LZWDecode",
        b"/Filter [/ASCII85Decode /FlateDecode]",
        b"/Filter [ /FlateDecode /FlateDecode ]",
        b"/Filter 7 0 R",
        b"/F#69lter /ASCIIHexDecode",
        b"/Filter /FlateDecode /DecodeParms << /Predictor 12 >>",
    ],
)
def test_objects_that_cannot_be_looked_into_are_refused(filters: bytes) -> None:
    content = base64.a85encode(zlib.compress(b"5 0 " + JAVASCRIPT))
    body = b"<< /Type /ObjStm /N 1 /First 4 %s >>\nstream\n%s\nendstream" % (filters, content)
    assert refusal(samples.pdf(body)) == "active-content"


@pytest.mark.parametrize(
    "filters", [b"/Filter /FlateDecode", b"/Filter [/FlateDecode]", b"/Filter[ /Fl ]"]
)
def test_honest_object_streams_are_accepted(filters: bytes) -> None:
    inside = zlib.compress(b"5 0 << /Type /Font >>")
    body = b"<< /Type /ObjStm /N 1 /First 4 %s >>\nstream\n%s\nendstream" % (filters, inside)
    assert refusal(samples.pdf(body)) == ""


def test_javascript_of_a_common_writer_is_refused() -> None:
    made = writer()
    made.add_open_action(JavaScript("app.alert('x');"))
    assert refusal(written(made)) == "active-content"


def test_an_attachment_of_a_common_writer_is_refused() -> None:
    made = writer()
    made.add_attachment("a.txt", b"hidden")
    assert refusal(written(made)) == "active-content"


def test_an_encrypted_pdf_is_refused() -> None:
    made = writer()
    made.encrypt("secret", algorithm="RC4-128")
    assert refusal(written(made)) == "encrypted-file"


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\n" + b"x" * 3000,
        samples.pdf()[:-7],
        samples.pdf()[: len(samples.pdf()) // 2],
        b"%PDF-9.9 " + samples.pdf()[9:],
        b"%PDF-1.7",
    ],
)
def test_a_cut_or_false_pdf_is_refused(content: bytes) -> None:
    assert refusal(content) == "damaged-file"


def test_a_pdf_that_goes_on_after_its_end_is_refused() -> None:
    assert refusal(samples.pdf(after=b"<html><script>alert(1)</script></html>")) == "disguised-file"
    assert refusal(samples.pdf(after=b"\r\n\0 \n")) == ""


def test_a_pdf_that_is_also_an_archive_is_refused() -> None:
    hidden = samples.archive({"a.txt": b"x"}, deflate=False)
    assert refusal(samples.pdf(samples.stream(hidden, deflate=False))) == "disguised-file"
    assert refusal(samples.pdf(after=hidden)) == "disguised-file"


def test_a_bomb_is_refused_without_being_inflated_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MAX_INFLATED", 3_000_000)
    bomb = samples.stream(b"\0" * 50_000_000)
    assert len(bomb) < 60_000
    assert refusal(samples.pdf(bomb)) == "too-complex"
    # Several streams share the limit; a little under it is accepted.
    part = samples.stream(b"\0" * 1_400_000)
    assert refusal(samples.pdf(part, part)) == ""
    assert refusal(samples.pdf(part, part, part)) == "too-complex"


def test_the_refusals_are_of_the_right_class() -> None:
    with pytest.raises(UnsupportedMedia):
        pdf.check(io.BytesIO(samples.pdf(JAVASCRIPT)))
    with pytest.raises(Invalid):
        pdf.check(io.BytesIO(b"%PDF-1.7"))
    assert issubclass(TooLarge, SocleError)


@pytest.mark.parametrize(
    "body",
    [
        samples.stream(b"/" * 20_000_000),
        samples.stream(b"/EF" * 7_000_000),
        samples.stream(b"/Launchx" * 2_500_000),
        b"#41" * 600_000,
        b"stream\n\x78\x9c" * 15_000,
        b"obj << /N 1 /First 2 >> stream\n" * 15_000,
    ],
    ids=["slashes", "half names", "longer names", "escapes", "false streams", "dictionaries"],
)
def test_a_file_made_to_be_slow_to_check_is_not(body: bytes) -> None:
    begun = time.process_time()
    refusal(samples.pdf(body))
    assert time.process_time() - begun < 6


def test_streams_that_overlap_share_one_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty blocks inflate to nothing, and each beginning could read all that follow."""
    monkeypatch.setattr(pdf, "MAX_INFLATED", 2_000_000)
    empty = b"\0\0\0\xff\xff" * 20_000
    unit = b"\x00\x09\x00\xf6\xffstream\n\x78\x9c" + empty
    assert refusal(samples.pdf(b"stream\n\x78\x9c" + unit)) == ""
    assert refusal(samples.pdf(b"stream\n\x78\x9c" + unit * 50)) == "too-complex"
