"""The receipt goes with the letter that acknowledges a request, and never holds it back."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader
from tests.cast import Cast
from tests.sites.portal.test_procedure import begin, fill
from tests.sites.portal.test_report import begin as begin_report
from tests.sites.portal.test_report import walk

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework.models import Case
from socle.capabilities.notifications import delivery
from socle.capabilities.notifications import registry as enclosures
from socle.capabilities.notifications.models import Email
from socle.foundations.tasks.testing import drain

pytestmark = pytest.mark.django_db


def file_request(cast: Cast) -> Case:
    browser = cast.client(cast.resident)
    base = begin(browser)
    fill(browser, base)
    browser.post(f"{base}/envoi")
    return Case.objects.get()


def acknowledgement() -> Email:
    return Email.objects.get(subject__contains="bien reçue")


def test_the_receipt_goes_with_the_acknowledgement(cast: Cast) -> None:
    case = file_request(cast)
    # Whoever files waits for no PDF: nothing is made before the letter leaves.
    assert [set(each) for each in acknowledgement().attachments] == [{"maker", "about"}]
    drain()
    email = acknowledgement()
    assert email.state == Email.State.SENT
    [attached] = delivery.compose(email).attachments
    name, content, media_type = attached
    assert name == f"recepisse-{case.reference}.pdf"
    assert media_type == "application/pdf"
    assert isinstance(content, bytes)
    assert case.reference in PdfReader(io.BytesIO(content)).pages[0].extract_text()


def test_it_is_made_once_and_sent_again_as_it_was(cast: Cast) -> None:
    file_request(cast)
    drain()
    first = acknowledgement()
    Email.objects.filter(pk=first.pk).update(state=Email.State.QUEUED)
    delivery.deliver(email_id=first.pk)
    assert acknowledgement().attachments == first.attachments


def test_a_receipt_that_cannot_be_made_does_not_hold_the_letter(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(case_id: int) -> None:
        raise RuntimeError("no typst here")

    file_request(cast)
    monkeypatch.setitem(enclosures._makers, "portal.receipt", broken)
    drain()
    email = acknowledgement()
    assert email.state == Email.State.SENT
    assert email.attachments == []


def test_nothing_is_made_of_a_case_anonymised_meanwhile(cast: Cast) -> None:
    case = file_request(cast)
    Case.objects.filter(pk=case.pk).update(is_open=False, closed_at=case.created_at)
    casework.anonymise(case_id=case.pk)
    drain()
    assert acknowledgement().attachments == []


def test_a_report_has_no_receipt(cast: Cast) -> None:
    browser = cast.client(cast.resident)
    base = begin_report(browser)
    walk(browser, base)
    browser.post(f"{base}/envoi")
    drain()
    assert Email.objects.exists()
    assert not any(each.attachments for each in Email.objects.all())
