"""Hostile bytes: whatever is sent, the answer is a file that is sound or a sentence,
never a crash.
"""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.foundations.files import samples

from socle.foundations.files import intake
from socle.foundations.files.rules import Limits
from socle.kernel.errors import SocleError

FAMILIES = ("image", "pdf", "document")
SOUND = [
    samples.picture(),
    samples.picture("PNG"),
    samples.picture("WEBP"),
    samples.picture("HEIF"),
    samples.animation(),
    samples.photo(position=(5.0, 43.0)),
    samples.pdf(samples.stream(b"BT ET")),
    samples.docx(),
    samples.odt(),
]


def outcome(content: bytes) -> str:
    """What is made of the bytes; any other exception fails the test."""
    try:
        accepted = intake.accept_upload(io.BytesIO(content), "x", FAMILIES, Limits())
    except SocleError as error:
        assert str(error)
        return error.code
    with accepted.stream as stream:
        if accepted.kind.family == "image":
            Image.open(stream).load()
    return "accepted"


def test_the_sound_ones_are_accepted() -> None:
    """Negative control."""
    assert {outcome(content) for content in SOUND} == {"accepted"}


@settings(max_examples=150)
@given(st.sampled_from(SOUND), st.floats(0, 1))
def test_cut_anywhere(content: bytes, share: float) -> None:
    outcome(content[: int(len(content) * share)])


@settings(max_examples=300)
@given(
    st.sampled_from(SOUND),
    st.lists(st.tuples(st.floats(0, 0.999), st.binary(max_size=8)), max_size=5),
)
def test_overwritten_anywhere(content: bytes, changes: list[tuple[float, bytes]]) -> None:
    damaged = bytearray(content)
    for share, patch in changes:
        at = int(len(damaged) * share)
        damaged[at : at + len(patch)] = patch
    outcome(bytes(damaged))


@settings(max_examples=150)
@given(st.sampled_from([content[:12] for content in SOUND]), st.binary(max_size=2000))
def test_a_true_beginning_before_noise(beginning: bytes, noise: bytes) -> None:
    outcome(beginning + noise)


@settings(max_examples=100)
@given(st.binary(max_size=4000))
def test_noise(content: bytes) -> None:
    assert outcome(content) != "accepted"


@settings(max_examples=60)
@given(st.sampled_from(SOUND), st.sampled_from(SOUND))
def test_one_file_after_another(first: bytes, second: bytes) -> None:
    outcome(first + second)


@pytest.mark.parametrize("width", [6325, 40_000_001])
def test_headers_that_announce_too_many_pixels(width: int) -> None:
    assert outcome(samples.png_claiming(width, 6325)) == "too-many-pixels"
