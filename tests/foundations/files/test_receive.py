"""Receiving files: what is accepted, what is made of it."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from socle.foundations.accounts.actors import ANONYMOUS
from socle.foundations.files import actions, queries

pytestmark = pytest.mark.django_db


def picture(
    format: str = "JPEG", size: tuple[int, int] = (64, 48), **options: object
) -> io.BytesIO:
    stream = io.BytesIO()
    Image.new("RGB", size, "teal").save(stream, format, **options)
    stream.seek(0)
    return stream


def test_a_photo_is_received_clean_with_its_dimensions() -> None:
    stored = actions.receive(
        upload=picture(), name="C:\\photos\\Été.JPEG", actor=ANONYMOUS, claim="abc"
    )
    assert (stored.name, stored.width, stored.height) == ("Été.jpg", 64, 48)
    with queries.open_file(stored) as stream:
        assert Image.open(stream).format == "JPEG"
