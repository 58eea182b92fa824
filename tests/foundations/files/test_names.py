"""Names of files: what people see and save is what it says."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.foundations.files.rules import clean_name


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("photo.jpg", "photo.jpg"),
        ("Été à Saint-Test.JPEG", "Été à Saint-Test.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\Users\\Léa\\photo.png", "photo.jpg"),
        ("facture.pdf.exe", "facture.pdf.exe.jpg"),
        ("facture.pdf", "facture.jpg"),
        ("\u202egpj.exe", "gpj.exe.jpg"),
        ("a\u200bb\x00c\nd.jpg", "abcd.jpg"),
        ("a\u2028b\u00a0c.jpg", "a b c.jpg"),
        ('a"b<c>d|e?f*g;h%i.jpg', "a_b_c_d_e_f_g_h_i.jpg"),
        (".htaccess", "htaccess.jpg"),
        ("CON.jpg", "_CON.jpg"),
        ("com1", "_com1.jpg"),
        ("", "photo.jpg"),
        ("...", "photo.jpg"),
        ("/", "photo.jpg"),
        ("e\u0301te\u0301.jpg", "été.jpg"),
        ("x" * 300 + ".jpg", "x" * 100 + ".jpg"),
        ("\ud800.jpg", "_.jpg"),
    ],
)
def test_a_name_is_made_safe_and_true(given: str, kept: str) -> None:
    assert clean_name(given, ".jpg", "photo") == kept


@given(st.text(max_size=300))
def test_any_name_becomes_a_short_visible_one(name: str) -> None:
    cleaned = clean_name(name, ".pdf", "document")
    assert cleaned.endswith(".pdf")
    assert 4 < len(cleaned) <= 110
    assert not set(cleaned) & set('/\\<>:"|?*%;')
    assert not any(unicodedata.category(char)[0] == "C" for char in cleaned)
    assert not cleaned.startswith((".", " "))
    cleaned.encode()
