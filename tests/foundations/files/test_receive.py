"""Receiving: what is accepted, what is made of it, who may, how much."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image
from tests.foundations.files import samples

from socle.foundations.accounts.actors import ANONYMOUS, SYSTEM, Actor
from socle.foundations.accounts.models import User
from socle.foundations.files import actions, queries
from socle.foundations.files.models import StoredFile
from socle.kernel.clock import FixedClock
from socle.kernel.errors import (
    Denied,
    Invalid,
    SocleError,
    Throttled,
    TooLarge,
    UnsupportedMedia,
)

pytestmark = pytest.mark.django_db

Receive = Callable[..., StoredFile]


def opened(stored: StoredFile) -> Image.Image:
    with queries.open_file(stored) as stream:
        image = Image.open(io.BytesIO(stream.read()))
        image.load()
        return image


@pytest.mark.parametrize(
    ("sent", "kept", "suffix"),
    [
        ("JPEG", "JPEG", ".jpg"),
        ("PNG", "PNG", ".png"),
        ("WEBP", "WEBP", ".webp"),
        ("GIF", "PNG", ".png"),
        ("HEIF", "JPEG", ".jpg"),
    ],
)
def test_each_picture_format_is_kept_as_a_common_one(
    receive: Receive, sent: str, kept: str, suffix: str
) -> None:
    stored = receive(samples.picture(sent), "Été à la plage.XYZ")
    assert stored.state == StoredFile.State.CLEAN
    assert (stored.width, stored.height) == (64, 48)
    assert stored.name == f"Été à la plage.XYZ{suffix}"
    image = opened(stored)
    assert image.format == kept
    assert image.size == (64, 48)
    assert stored.media_type == f"image/{kept.lower()}"


def test_the_name_takes_the_suffix_of_the_content(receive: Receive) -> None:
    assert receive(samples.picture(), "scan.pdf").name == "scan.jpg"
    assert receive(samples.pdf(), "photo.jpeg").name == "photo.pdf"


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1"])
def test_unusual_colour_modes_are_understood(receive: Receive, mode: str) -> None:
    format = "JPEG" if mode in {"L", "CMYK"} else "PNG"
    image = opened(receive(samples.picture(format, mode=mode))).convert("RGB")
    assert image.getpixel((2, 2)) != image.getpixel((60, 2))


def test_sixteen_bits_of_grey_keep_their_shades(receive: Receive) -> None:
    stream = io.BytesIO()
    image = Image.new("I;16", (8, 8), 32768)
    image.save(stream, "PNG")
    assert 120 <= opened(receive(stream.getvalue())).convert("L").getpixel((4, 4)) <= 135


def test_transparency_is_kept(receive: Receive) -> None:
    stream = io.BytesIO()
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(stream, "PNG")
    stored = receive(stream.getvalue())
    assert opened(stored).convert("RGBA").getpixel((4, 4))[3] == 0
    with queries.open_thumbnail(stored) as thumbnail:
        assert Image.open(thumbnail).convert("RGB").getpixel((4, 4)) == (255, 255, 255)


def test_an_animation_keeps_its_first_image(receive: Receive) -> None:
    image = opened(receive(samples.animation()))
    assert getattr(image, "n_frames", 1) == 1
    assert image.convert("RGB").getpixel((5, 5)) == (255, 0, 0)


def test_a_large_photo_is_reduced_and_has_a_thumbnail(receive: Receive) -> None:
    stored = receive(samples.picture(size=(4000, 3000)))
    assert (stored.width, stored.height) == (2560, 1920)
    with queries.open_thumbnail(stored) as stream:
        thumbnail = Image.open(stream)
        assert (thumbnail.format, thumbnail.size) == ("JPEG", (480, 360))


# --- Metadata ---


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "PNG", "HEIF"])
def test_nothing_the_camera_wrote_survives(receive: Receive, format: str) -> None:
    sent = samples.photo(position=(5.4, 43.3), format=format)
    # Negative control: it was there.
    assert b"SERIAL-12345" in sent or b"SecretMaker" in sent
    stored = receive(sent)
    for stream in (queries.open_file(stored), queries.open_thumbnail(stored)):
        with stream:
            content = stream.read()
        for secret in (b"SecretMaker", b"SERIAL-12345", b"private note", b"Exif", b"xmp"):
            assert secret not in content
        assert not Image.open(io.BytesIO(content)).getexif()


def test_nothing_written_in_a_png_or_as_a_comment_survives(receive: Receive) -> None:
    for sent in (samples.png_with_text(), samples.picture(comment=b"private note")):
        assert b"private note" in sent
        with queries.open_file(receive(sent)) as stream:
            assert b"private note" not in stream.read()


def test_a_colour_profile_is_applied_then_dropped(receive: Receive) -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = opened(receive(samples.picture(icc_profile=profile)))
    assert "icc_profile" not in image.info
    assert image.convert("RGB").getpixel((2, 2))[0] > 200
    broken = opened(receive(samples.picture(icc_profile=b"not a profile" * 20)))
    assert broken.convert("RGB").getpixel((2, 2))[0] > 200


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_upright(receive: Receive, orientation: int) -> None:
    stored = receive(samples.photo(orientation=orientation))
    assert (stored.width, stored.height) == ((64, 48) if orientation <= 4 else (48, 64))


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "HEIF"])
@pytest.mark.parametrize("position", [(5.369779, 43.296482), (-61.0742, 14.6161), (55.45, -20.88)])
def test_where_a_photo_was_taken_is_told_not_stored(
    receive: Receive, format: str, position: tuple[float, float]
) -> None:
    stored = receive(samples.photo(position=position, format=format))
    assert stored.photo_position == pytest.approx(position, abs=1e-5)
    assert StoredFile.objects.get(pk=stored.pk).photo_position is None


@pytest.mark.parametrize("position", [None, (0.0, 0.0), (999.0, 43.0)])
def test_no_position_is_made_up(receive: Receive, position: tuple[float, float] | None) -> None:
    assert receive(samples.photo(position=position)).photo_position is None


# --- Refused ---


@pytest.mark.parametrize(
    ("content", "error", "code"),
    [
        (b"", Invalid, "empty-file"),
        (b"bonjour", UnsupportedMedia, "unrecognised-file"),
        (samples.SVG, UnsupportedMedia, "disguised-file"),
        (samples.EXECUTABLE, UnsupportedMedia, "disguised-file"),
        (b"GIF89a", Invalid, "damaged-file"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 100, Invalid, "damaged-file"),
        (samples.picture()[:-200], Invalid, "damaged-file"),
        (samples.picture("PNG", (300, 300))[:200], Invalid, "damaged-file"),
        (samples.picture("WEBP")[:60], Invalid, "damaged-file"),
        (samples.picture("HEIF")[:300], Invalid, "damaged-file"),
        (samples.png_claiming(30_000, 30_000), TooLarge, "too-many-pixels"),
        (samples.png_claiming(7_000, 7_000), TooLarge, "too-many-pixels"),
        (samples.png_claiming(0, 10), Invalid, "damaged-file"),
        (samples.archive({"a.txt": b"x"}), UnsupportedMedia, "disguised-file"),
        (samples.docx(), UnsupportedMedia, "disguised-file"),
    ],
    ids=range(15),
)
def test_what_is_not_a_sound_photo_or_pdf_is_refused(
    receive: Receive, content: bytes, error: type[SocleError], code: str
) -> None:
    with pytest.raises(error) as refused:
        receive(content, "photo.jpg")
    assert refused.value.code == code
    assert str(refused.value)
    assert not StoredFile.objects.exists()


def test_a_form_that_wants_a_pdf_refuses_a_photo(receive: Receive) -> None:
    with pytest.raises(UnsupportedMedia, match="Envoyez un PDF"):
        receive(samples.picture(), accept=("pdf",))
    assert receive(samples.picture(), accept=("image",)).is_clean


def test_a_refusal_says_what_the_file_really_is(receive: Receive) -> None:
    with pytest.raises(UnsupportedMedia, match="« exe »"):
        receive(samples.EXECUTABLE, "photo.jpg")


def test_a_photo_that_is_also_an_archive_loses_the_archive(receive: Receive) -> None:
    hidden = samples.archive({"virus.txt": b"hidden payload"}, deflate=False)
    stored = receive(samples.picture() + hidden)
    with queries.open_file(stored) as stream:
        assert b"hidden payload" not in stream.read()


class Endless(io.RawIOBase):
    """A photo that never ends; counts what was read of it."""

    def __init__(self) -> None:
        self.read_bytes = 0

    def read(self, size: int = -1) -> bytes:
        assert size > 0, "nobody reads all of an upload at once"
        first = b"\xff\xd8\xff\xe0" if self.read_bytes == 0 else b""
        self.read_bytes += size
        return first + b"\0" * (size - len(first))


def test_an_upload_without_end_is_stopped_at_the_limit() -> None:
    upload = Endless()
    with pytest.raises(TooLarge, match="10 Mo"):
        actions.receive(upload=upload, name="x", actor=ANONYMOUS, claim="claim")  # type: ignore[arg-type]
    assert upload.read_bytes < 10_200_000


def test_limits_differ_for_photos_and_documents_and_follow_the_settings(settings: Any) -> None:
    assert actions.limits().photo_bytes == 10_000_000
    assert actions.limits().document_bytes == 15_000_000
    storage = settings.SOCLE.storage.model_copy(update={"max_megabytes": 2})
    settings.SOCLE = settings.SOCLE.model_copy(update={"storage": storage})
    assert actions.limits().photo_bytes == 2_000_000


# --- Who, and how many ---


def test_a_stranger_without_draft_may_not_send(receive: Receive) -> None:
    with pytest.raises(Denied):
        receive(samples.picture(), claim="")
    assert receive(samples.picture(), claim="", actor=SYSTEM).is_clean


def test_a_person_owns_what_they_send(receive: Receive) -> None:
    user = User.objects.create_user("lea@example.org")
    actor = Actor(kind="resident", user_id=user.pk)
    assert receive(samples.picture(), claim="", actor=actor).owner_id == user.pk


def test_one_draft_cannot_fill_the_disk(
    receive: Receive, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MAX_PENDING", 3)
    sent = samples.picture(size=(4, 4))
    for _count in range(4):
        receive(sent, clock=clock)
    with pytest.raises(Throttled):
        receive(sent, clock=clock)
    assert receive(sent, claim="another draft", clock=clock)
    clock.advance(timedelta(days=1, minutes=1))
    assert receive(sent, clock=clock)


def test_a_row_that_cannot_be_written_leaves_no_bytes(
    receive: Receive, monkeypatch: pytest.MonkeyPatch, storage: Any
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(StoredFile, "save", fail)
    with pytest.raises(ZeroDivisionError):
        receive(samples.picture())
    assert not [path for path in storage.rglob("*") if path.is_file()]
