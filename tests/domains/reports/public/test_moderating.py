"""What agents let through: who may, what is shown, what stays aside."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PIL import Image
from tests.cast import Cast
from tests.domains.reports.public.conftest import root

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework.models import Case, CaseDocument
from socle.domains.reports import actions, queries
from socle.domains.reports.models import PublicPhoto, PublicReport
from socle.domains.reports.public import declared, photos
from socle.foundations.accounts.actors import ANONYMOUS, SYSTEM
from socle.foundations.files import queries as files
from socle.foundations.files.models import StoredFile
from socle.foundations.journal import queries as journal
from socle.kernel.errors import Denied, Invalid, NotFound

FACE = [0.25, 0.25, 0.5, 0.5]


@pytest.fixture
def with_photo(report: Callable[..., Case], picture: Callable[..., str]) -> tuple[Case, int]:
    case = report(
        description="Des mots.",
        documents=[{"file_id": picture(), "kind": "photo", "label": "Photo"}],
    )
    return case, CaseDocument.objects.get(case=case).pk


def pixels(stored: StoredFile) -> Image.Image:
    with files.open_file(stored) as stream:
        return Image.open(stream).convert("L").copy()


def colours(image: Image.Image, box: tuple[int, int, int, int]) -> int:
    return len(image.crop(box).resize((20, 20), Image.Resampling.BOX).getcolors(400) or ())


def test_an_agent_lets_words_through_as_they_chose(cast: Cast, report: Callable[..., Case]) -> None:
    case = report(description="Devant chez Mme Dupont")
    agent = cast.actor(cast.agent)
    actions.moderate(
        actor=agent, case_id=case.pk, moderation="shown", text="Devant chez une voisine"
    )
    assert queries.public_report(case.reference).text == "Devant chez une voisine"
    case.refresh_from_db()
    assert case.description == "Devant chez Mme Dupont"
    assert journal.verify().ok


def test_others_may_not_moderate(cast: Cast, report: Callable[..., Case]) -> None:
    case = report(description="Mots")
    for actor in (cast.actor(cast.commune_agent), cast.actor(cast.resident), ANONYMOUS):
        with pytest.raises(NotFound):
            actions.moderate(actor=actor, case_id=case.pk, moderation="shown")
    own = report(description="Mots", applicant_id=cast.agent.pk)
    with pytest.raises(Denied):
        actions.moderate(actor=cast.actor(cast.agent), case_id=own.pk, moderation="shown")
    assert not PublicReport.objects.exclude(text="").exists()
    with pytest.raises(Invalid):
        actions.moderate(actor=cast.actor(cast.agent), case_id=case.pk, moderation="licorne")
    actions.moderate(actor=cast.actor(cast.agent), case_id=case.pk, moderation="shown")
    assert PublicReport.objects.get(pk=case.pk).text == "Mots"


def test_what_waits_is_listed_oldest_first_within_scope(
    cast: Cast, report: Callable[..., Case]
) -> None:
    mine = [report(description=f"mot {rank}") for rank in range(5)]
    report(description="ailleurs", organisation="villeneuve-du-lac")
    actions.moderate(actor=SYSTEM, case_id=mine[1].pk, moderation="place_only")
    agent = cast.actor(cast.agent)
    first = queries.to_moderate(agent, limit=3)
    rest = queries.to_moderate(agent, first.next, limit=3)
    seen = [each.report.pk for each in (*first.rows, *rest.rows)]
    assert seen == [mine[0].pk, mine[2].pk, mine[3].pk, mine[4].pk]
    assert first.rows[0].written == "mot 0"
    assert rest.next is None
    assert len(queries.to_moderate(root()).rows) == 5
    with pytest.raises(Denied):
        queries.to_moderate(cast.actor(cast.resident))


@pytest.mark.django_db(transaction=False)
def test_no_photo_is_public_before_an_agent_says_so(with_photo: tuple[Case, int]) -> None:
    case, document = with_photo
    with pytest.raises(NotFound):
        queries.public_photo(document)
    actions.moderate(actor=SYSTEM, case_id=case.pk, moderation="shown")
    assert queries.public_report(case.reference).shown_photos == []
    actions.show_photo(actor=SYSTEM, document_id=document)
    original = CaseDocument.objects.get(pk=document).file
    assert queries.public_photo(document) == original


def test_a_blurred_copy_is_shown_and_the_original_kept_aside(
    cast: Cast, with_photo: tuple[Case, int]
) -> None:
    case, document = with_photo
    agent = cast.actor(cast.agent)
    actions.blur_photo(actor=agent, document_id=document, rectangles=[FACE])
    shown, original = queries.public_photo(document), CaseDocument.objects.get(pk=document).file
    assert shown.pk != original.pk
    before, after = pixels(original), pixels(shown)
    face = (110, 90, 290, 210)
    assert colours(before, face) > 45
    assert colours(after, face) <= 30
    outside = (0, 0, 60, 50)
    assert colours(after, outside) > 45
    # The small picture of the copy was drawn from the copy.
    with files.open_thumbnail(shown) as stream:
        assert colours(Image.open(stream).convert("L"), face) <= 45
    assert [each.shown_id for each in queries.public_report(case.reference).shown_photos] == [
        shown.pk
    ]


def test_hidden_and_shown_again_it_is_blurred_again(with_photo: tuple[Case, int]) -> None:
    _case, document = with_photo
    actions.blur_photo(actor=SYSTEM, document_id=document, rectangles=[FACE])
    copy = queries.public_photo(document)
    actions.hide_photo(actor=SYSTEM, document_id=document)
    with pytest.raises(NotFound):
        queries.public_photo(document)
    copy.refresh_from_db()
    assert copy.attached_at is None
    actions.show_photo(actor=SYSTEM, document_id=document)
    original = CaseDocument.objects.get(pk=document).file_id
    assert queries.public_photo(document).pk not in {original, copy.pk}
    actions.show_photo(actor=SYSTEM, document_id=document, original=True)
    assert queries.public_photo(document).pk == original
    assert StoredFile.objects.get(pk=original).attached_at is not None


@pytest.mark.parametrize("decision", ["hidden", "place_only"])
def test_hiding_takes_photos_away(with_photo: tuple[Case, int], decision: str) -> None:
    case, document = with_photo
    actions.moderate(actor=SYSTEM, case_id=case.pk, moderation="shown", photos=[document])
    assert queries.public_photo(document)
    actions.moderate(actor=SYSTEM, case_id=case.pk, moderation=decision)
    with pytest.raises(NotFound):
        queries.public_photo(document)


def test_a_purge_takes_the_blurred_copy_too(cast: Cast, with_photo: tuple[Case, int]) -> None:
    case, document = with_photo
    actions.blur_photo(actor=SYSTEM, document_id=document, rectangles=[FACE])
    copy = queries.public_photo(document)
    casework.perform(
        actor=root(), case_id=case.pk, transition_id="resolve",
        version=case.version,
    )  # fmt: skip
    casework.anonymise(case_id=case.pk)
    assert not PublicPhoto.objects.exists()
    copy.refresh_from_db()
    assert copy.attached_at is None


def test_others_may_not_touch_photos(cast: Cast, with_photo: tuple[Case, int]) -> None:
    _case, document = with_photo
    stranger = cast.actor(cast.commune_agent)
    for act in (actions.show_photo, actions.hide_photo):
        with pytest.raises(NotFound):
            act(actor=stranger, document_id=document)
    with pytest.raises(NotFound):
        actions.blur_photo(actor=stranger, document_id=document, rectangles=[FACE])
    actions.show_photo(actor=cast.actor(cast.agent), document_id=document)


@pytest.mark.parametrize(
    "rectangles",
    [[], [[0, 0, 1]], [[0, 0, 0, 1]], [[2, 2, 1, 1]], [[0, 0, float("nan"), 1]], [["0", 0, 1, 1]],
     [FACE] * (photos.MAX_RECTANGLES + 1)],
)  # fmt: skip
def test_what_is_not_a_rectangle_is_refused(
    with_photo: tuple[Case, int], rectangles: list[list[float]]
) -> None:
    with pytest.raises(Invalid):
        actions.blur_photo(actor=SYSTEM, document_id=with_photo[1], rectangles=rectangles)


def test_read_afterwards_words_and_photos_show_at_once_and_wait_to_be_read(
    cast: Cast,
    report: Callable[..., Case],
    picture: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(declared, "moderation", lambda: declared.AFTER)
    case = report(
        description="Des mots.",
        documents=[{"file_id": picture(), "kind": "photo", "label": "Photo"}],
    )
    row = queries.public_report(case.reference)
    assert (row.text, len(row.shown_photos), row.moderation) == ("Des mots.", 1, "pending")
    assert [each.report.pk for each in queries.to_moderate(cast.actor(cast.agent)).rows] == [
        case.pk
    ]


def test_a_new_photo_brings_a_report_back_to_be_read(
    report: Callable[..., Case], picture: Callable[..., str]
) -> None:
    case = report(description="Des mots.")
    actions.moderate(actor=SYSTEM, case_id=case.pk, moderation="shown")
    casework.add_document(
        actor=SYSTEM, case_id=case.pk, files=[{"file_id": picture(), "kind": "photo"}]
    )
    row = queries.public_report(case.reference)
    assert (row.moderation, row.text, row.shown_photos) == ("pending", "Des mots.", [])
