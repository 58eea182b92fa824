"""The receipt: what the law lists, for everybody to read, whatever was typed."""

from __future__ import annotations

import io
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from tests.cast import Cast
from tests.domains.procedures.filing import KEY, begin, changed_pack, fill, submit

from socle.capabilities.casework.models import Case
from socle.capabilities.catalogue import queries as catalogue
from socle.capabilities.catalogue.pack import ServiceDeclaration
from socle.design import assets
from socle.domains.procedures import receipt as receipts
from socle.kernel.clock import FixedClock

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, 9, 5, tzinfo=UTC)


@pytest.fixture
def case(cast: Cast) -> Case:
    actor = cast.actor(cast.resident)
    # Later than the pack just applied, as any case is.
    clock = FixedClock(datetime.now(UTC) + timedelta(days=1))
    submit(fill(begin(actor, clock=clock), actor), actor, clock=clock)
    case = Case.objects.get()
    Case.objects.filter(pk=case.pk).update(created_at=AT)
    return Case.objects.get()


def read(pdf: bytes) -> str:
    pages = PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text().split()) for page in pages)


def test_it_says_what_the_law_lists(case: Case) -> None:
    text = read(receipts.receipt_pdf(case))
    for said in (
        "Accusé de réception", case.reference, "le 1er mars 2026 à 10 h 05",
        "Métropole du Lac", "Déchets et compostage", "1 quai du Lac, 99100 Villeneuve-du-Lac",
        "00 00 00 00 10", "dechets@lac.example",
        "Si vous n’avez pas de réponse le 1er mai 2026, votre demande est refusée",
        "deux mois pour contester", "recours gracieux", "tribunal administratif",
        "1 place de la Mairie", "40 m²", "En bois", "Ada Test", "ada@lac.example", "Oui",
        "facture.jpg", "Trois semaines environ",
    ):  # fmt: skip
        assert said in text, said


def test_it_speaks_english(case: Case) -> None:
    text = read(receipts.receipt_pdf(case, language="en"))
    assert "1 March 2026" in text
    assert "1 May 2026" in text
    assert "09:05" not in text
    assert "10:05" in text
    assert (
        PdfReader(io.BytesIO(receipts.receipt_pdf(case, language="en"))).root_object["/Lang"]
        == "en"
    )


def declaration(**silence: Any) -> ServiceDeclaration:
    found = catalogue.declaration(KEY)
    assert found is not None
    return ServiceDeclaration.model_validate(
        found.model_dump(by_alias=True) | {"silence": silence or None}
    )


def test_silence_that_accepts_gives_a_right_to_an_attestation(cast: Cast) -> None:
    lines = receipts.silence(
        declaration(meaning="acceptance", source="Décret 1"), date(2025, 12, 31)
    )
    assert "le 28 février 2026, votre demande est acceptée, à condition que" in lines[0]
    assert "L. 232-3" in lines[1]
    assert lines[-1] == "Décret 1"
    assert "contester" not in " ".join(lines)


@pytest.mark.parametrize(
    ("received", "months", "day"),
    [
        (date(2026, 3, 28), 1, "28 avril 2026"),  # the clocks change in between
        (date(2024, 2, 29), 12, "28 février 2025"),
        (date(2026, 10, 31), 4, "28 février 2027"),
        (date(2026, 8, 1), 2, "1er octobre 2026"),
    ],
)
def test_the_day_silence_decides(cast: Cast, received: date, months: int, day: str) -> None:
    lines = receipts.silence(declaration(meaning="rejection", months=months), received)
    assert f"réponse le {day}, votre demande est refusée" in lines[0]


def test_silence_without_meaning_says_nothing(cast: Cast) -> None:
    assert receipts.silence(declaration(meaning="none"), date(2026, 1, 1)) == []
    assert receipts.silence(declaration(), date(2026, 1, 1)) == []
    assert receipts.silence(None, date(2026, 1, 1)) == []


HOSTILE = [
    '#import "x": *', "*gras* _italique_", "= Titre", "$ x^2 $", "`code`", "@ref <label>",
    "#sys.inputs", '#read("/etc/passwd")', "\\u{41} \\ \\n", "// rien", "[a](b)", "~ -- ---",
    '"}, "reference": "SG-26-222222"', "<script>alert(1)</script>", "مرحبا بالعالم", "👩‍👩‍👧 ok",
    "漢字 Ελλάς тест עברית ภาษา", "\U000e0041\ufff9 x",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_what_somebody_typed_is_printed_as_it_is(case: Case, text: str) -> None:
    case.contact_name = text
    case.title = text
    said = receipts.receipt(case)
    assert said["sections"][0]["rows"][0]["value"] == text
    pdf = receipts.receipt_pdf(case)
    if text.isascii():
        printed = read(pdf)
        assert printed.count(" ".join(text.split())) >= 2, printed[:400]
    assert b"root:" not in pdf


def test_a_sign_no_font_has_becomes_a_square(case: Case) -> None:
    case.contact_name = "Ada 漢字 👩‍👩‍👧 Lee"
    assert "Ada □□ □" in read(receipts.receipt_pdf(case))


def test_a_very_long_word_stays_on_the_page(case: Case) -> None:
    case.contact_name = "x" * 900
    case.answers = case.answers | {"address": {"label": "y" * 300, "lon": 1.0, "lat": 2.0}}
    text = read(receipts.receipt_pdf(case)).replace(" ", "").replace("\u200b", "")
    assert text.count("x") >= 900
    assert "y" * 300 in text


def test_it_is_tagged_titled_and_in_french_for_those_who_listen(case: Case) -> None:
    reader = PdfReader(io.BytesIO(receipts.receipt_pdf(case)))
    root = reader.root_object
    assert root["/Lang"] == "fr"
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata is not None
    assert reader.metadata.title == f"Accusé de réception – {case.reference}"
    assert b"pdfuaid" in root["/Metadata"].get_object().get_data()
    assert not {"/JavaScript", "/OpenAction", "/AA"} & set(root)


def test_the_same_case_gives_the_same_bytes(case: Case) -> None:
    first = receipts.receipt_pdf(case)
    assert receipts.receipt_pdf(Case.objects.get()) == first
    # The control: another reference, other bytes.
    case.reference = "CM-26-222222"
    assert receipts.receipt_pdf(case) != first


def test_fonts_are_embedded_the_house_s_when_the_front_end_is_built(case: Case) -> None:
    def embedded(pdf: bytes) -> set[str]:
        found = set()
        for page in PdfReader(io.BytesIO(pdf)).pages:
            fonts = page["/Resources"]["/Font"]  # type: ignore[index]
            for font in fonts.values():  # type: ignore[union-attr]
                below = font["/DescendantFonts"][0].get_object()
                assert {"/FontFile2", "/FontFile3"} & set(below["/FontDescriptor"])
                found.add(below["/BaseFont"].partition("+")[2])
        return found

    assert all("Libertinus" in name for name in embedded(receipts.receipt_pdf(case)))
    if not list(assets.DIST.glob("atkinson-*.ttf")):
        pytest.skip("the front end is not built")
    names = embedded(receipts.receipt_pdf(case, fonts=assets.DIST))
    assert all("Atkinson" in name for name in names), names


def test_an_empty_or_missing_folder_of_fonts_is_no_obstacle(case: Case, tmp_path: Path) -> None:
    assert receipts.receipt_pdf(case, fonts=tmp_path).startswith(b"%PDF")
    assert receipts.receipt_pdf(case, fonts=tmp_path / "none").startswith(b"%PDF")


def test_a_receipt_says_later_what_it_said_then(cast: Cast, tmp_path: Path) -> None:
    actor = cast.actor(cast.resident)
    submit(fill(begin(actor), actor), actor)
    case = Case.objects.get()
    first = receipts.receipt_pdf(case)
    changed_pack(tmp_path)
    service = tmp_path / "lakeside/services" / KEY / "service.toml"
    text = service.read_text("utf-8")
    service.write_text(text.replace('meaning = "rejection"', 'meaning = "acceptance"'), "utf-8")
    from socle.foundations.packs import actions as packs

    packs.apply(tmp_path / "lakeside")
    found = catalogue.declaration(KEY)
    assert found is not None
    assert found.silence is not None
    assert found.silence.meaning == "acceptance"
    assert receipts.receipt_pdf(Case.objects.get()) == first


def test_a_page_costs_little(case: Case) -> None:
    receipts.receipt_pdf(case)
    started = time.perf_counter()
    receipts.receipt_pdf(case)
    assert time.perf_counter() - started < 30
