"""Folding, words, stems."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.capabilities.search.highlight import excerpt, segments
from socle.capabilities.search.language import stem_french
from socle.capabilities.search.text import fold, words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Déchèterie", "decheterie"),
        ("ŒUVRE", "oeuvre"),
        ("Lætitia", "laetitia"),
        ("ﬁbre", "fibre"),
        ("aujourd’hui", "aujourd'hui"),
        ("STRASSE straße", "strasse strasse"),
        (unicodedata.normalize("NFD", "Été à l’île"), "ete a l'ile"),
    ],
)
def test_folding_removes_case_accents_and_ligatures(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_elided_articles_are_not_words() -> None:
    found = [
        word.text for word in words("L’eau d'ici, qu’on boit jusqu'à l'école, s’il vous plaît")
    ]
    assert found == ["eau", "ici", "on", "boit", "a", "ecole", "il", "vous", "plait"]


def test_a_letter_alone_is_a_word_when_nothing_is_elided() -> None:
    assert [word.text for word in words("bus C ligne L")] == ["bus", "c", "ligne", "l"]


def test_words_know_where_they_stand_in_the_original_even_when_folding_changes_lengths() -> None:
    text = unicodedata.normalize("NFD", "Œuvré") + " en cœur, ﬁn d’ÉTÉ"
    marked = [text[word.start : word.end] for word in words(text)]
    assert marked == [unicodedata.normalize("NFD", "Œuvré"), "en", "cœur", "ﬁn", "ÉTÉ"]


@given(st.text(max_size=200))
def test_ranges_of_words_are_ordered_and_inside_the_text(text: str) -> None:
    at = 0
    for word in words(text):
        # « ¼ » holds two words in one character: starts may be equal, never go back.
        assert at <= word.start < word.end <= len(text)
        assert word.text in fold(text[word.start : word.end])
        at = word.start


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("eau", "eaux"),
        ("bateau", "bateaux"),
        ("panneau", "panneaux"),
        ("journal", "journaux"),
        ("municipal", "municipaux"),
        ("local", "locaux"),
        ("animal", "animaux"),
        ("travail", "travaux"),
        ("bail", "baux"),
        ("tuyau", "tuyaux"),
        ("trou", "trous"),
        ("feu", "feux"),
        ("reseau", "reseaux"),
        ("dechet", "dechets"),
        ("ecole", "ecoles"),
        ("musee", "musees"),
        ("handicape", "handicapees"),
        ("encombrant", "encombrants"),
        ("demenager", "demenagement"),
        ("declarer", "declaree"),
    ],
)
def test_plurals_and_usual_derivations_share_a_stem(one: str, many: str) -> None:
    assert stem_french(one) == stem_french(many)


@pytest.mark.parametrize(
    ("one", "other"), [("eau", "eclairage"), ("cantine", "canton"), ("piscine", "pisciculture")]
)
def test_different_words_keep_different_stems(one: str, other: str) -> None:
    assert stem_french(one) != stem_french(other)


def test_segments_cover_the_text_and_mend_overlaps() -> None:
    text = "Demander un composteur"
    pieces = segments(text, [(12, 22), (0, 8), (5, 8), (20, 99)])
    assert "".join(piece for piece, _ in pieces) == text
    assert [piece for piece, marked in pieces if marked] == ["Demander", "composteur"]


def test_an_excerpt_keeps_the_marked_words_and_their_place() -> None:
    text = "mot " * 100 + "composteur " + "fin " * 100
    at = text.index("composteur")
    cut, ranges = excerpt(text, [(at, at + 10)], length=80)
    assert len(cut) <= 90
    assert [cut[a:b] for a, b in ranges] == ["composteur"]
    assert cut.startswith("… ")
    assert cut.endswith(" …")
