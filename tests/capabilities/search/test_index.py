"""What people type, and what they find."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socle.capabilities.search.index import Document, Index, Trace
from socle.capabilities.search.language import ENGLISH
from socle.capabilities.search.samples import synthetic

SERVICES = {
    "composteur": (
        "Demander un composteur",
        "Recevez un composteur pour réduire vos déchets de cuisine et de jardin.",
        "compost\nlombricomposteur\nbio-déchets\népluchures",
    ),
    "decheterie": (
        "Aller en déchèterie",
        "Horaires, adresses et déchets acceptés dans les déchèteries.",
        "déchetterie\ngravats\nferraille",
    ),
    "encombrants": (
        "Faire enlever des encombrants",
        "Prenez rendez-vous pour vos meubles et appareils volumineux.",
        "canapé\nmatelas\nmonstres\nfrigo",
    ),
    "piscines": (
        "Trouver une piscine",
        "Horaires et tarifs des piscines.",
        "nager\nbassin\naquagym",
    ),
    "pass-loisirs": (
        "Acheter le pass loisirs",
        "Le pass ouvre les piscines, les musées et les patinoires.",
        "carte\nabonnement",
    ),
    "eau": (
        "S’abonner à l’eau",
        "Ouvrez ou fermez votre contrat d’eau potable.",
        "compteur\nfacture\nfuite",
    ),
    "travaux": (
        "Travaux et info trafic",
        "Les chantiers en cours sur les routes et les rues.",
        "chantier\nbouchons\ndéviation",
    ),
    "stationnement": (
        "Obtenir une carte de stationnement",
        "Stationnez moins cher dans votre quartier.",
        "parking\nrésident\nvignette\nmacaron",
    ),
    "parkings": (
        "Trouver un parking",
        "Places libres et tarifs des parcs de stationnement.",
        "parc relais\nse garer",
    ),
    "covoiturage": ("Partager un trajet en covoiturage", "Trouvez des aires.", "voiture"),
}


def build(**extra: object) -> Index:
    return Index(
        [
            Document(
                key,
                {"title": (title, 8.0), "keywords": (keywords, 5.0), "summary": (summary, 3.0)},
            )
            for key, (title, summary, keywords) in SERVICES.items()
        ],
        synonyms=[["poubelle", "bac", "conteneur"], ["vieux meuble", "encombrants"]],
    )


@pytest.fixture(scope="module")
def index() -> Index:
    return build()


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("composteur", "composteur"),
        ("COMPOSTEURS", "composteur"),
        ("decheterie", "decheterie"),
        ("déchetteries", "decheterie"),
        ("piscine", "piscines"),
        ("l'eau", "eau"),
        ("contrat d’eau", "eau"),
        ("abonnement eau", "eau"),
        ("travail", "travaux"),
        ("chantiers", "travaux"),
        ("carte de stationnement", "stationnement"),
        ("jeter un vieux canapé", "encombrants"),
        ("je voudrais me débarrasser de mon matelas svp", "encombrants"),
        ("où nager ?", "piscines"),
    ],
)
def test_plain_words_find_the_service_first(index: Index, query: str, first: str) -> None:
    assert index.search(query)[0].id == first


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("compsteur", "composteur"),  # a letter missing
        ("composteurr ", "composteur"),  # a letter too many
        ("comopsteur", "composteur"),  # two swapped
        ("vomposteur", "composteur"),  # the first letter wrong
        ("dechaiterie", "decheterie"),
        ("piscinne", "piscines"),
        ("stasionement", "stationnement"),
        ("encombrent", "encombrants"),
        ("covoiturrage", "covoiturage"),
    ],
)
def test_typing_mistakes_are_forgiven(index: Index, query: str, first: str) -> None:
    assert index.search(query)[0].id == first


def test_short_words_and_numbers_must_be_exact(index: Index) -> None:
    assert index.search("eaz ") == []
    assert index.search("13055 ") == []


@pytest.mark.parametrize(
    ("query", "first"),
    [("comp", "composteur"), ("pisc", "piscines"), ("carte de stat", "stationnement"), ("de", "x")],
)
def test_the_last_word_may_still_be_typed(index: Index, query: str, first: str) -> None:
    hits = index.search(query)
    assert hits
    assert first in ("x", hits[0].id)


def test_a_word_followed_by_a_space_is_finished(index: Index) -> None:
    assert index.search("pisc") != []
    assert index.search("pisc ") == []


def test_a_prefix_with_a_mistake_still_finds(index: Index) -> None:
    assert index.search("covoitirr")[0].id == "covoiturage"


def test_words_written_together_or_apart_find_each_other(index: Index) -> None:
    assert index.search("biodechets ")[0].id == "composteur"
    assert index.search("co voiturage ")[0].id == "covoiturage"


def test_synonyms_of_one_or_several_words() -> None:
    index = Index(
        [Document("bac", {"t": ("Changer de bac", 1)}), Document("tri", {"t": ("Le tri", 1)})],
        synonyms=[["poubelle", "bac"], ["conteneur à roulettes", "bac"]],
    )
    assert [hit.id for hit in index.search("poubelles ")] == ["bac"]
    assert [hit.id for hit in index.search("conteneurs à roulettes ")] == ["bac"]


def test_the_title_weighs_more_than_the_summary(index: Index) -> None:
    assert [hit.id for hit in index.search("piscines ")][:2] == ["piscines", "pass-loisirs"]


def test_words_side_by_side_come_before_words_apart() -> None:
    index = Index(
        [
            Document("a-apart", {"t": ("parc de la gare et relais du lac", 1)}),
            Document("b-phrase", {"t": ("gare du parc relais et du lac", 1)}),
        ]
    )
    assert index.search("parc relais ")[0].id == "b-phrase"


def test_all_words_found_come_before_some(index: Index) -> None:
    assert index.search("tarifs parkings ")[0].id == "parkings"


def test_a_word_comes_before_its_cousins() -> None:
    index = Index(
        [
            Document("a", {"title": ("Concertations", 8), "summary": ("Donner son avis", 3)}),
            Document("b", {"title": ("Agenda", 8), "summary": ("Des concerts gratuits", 6)}),
        ]
    )
    assert [hit.id for hit in index.search("concert ")] == ["b", "a"]


def test_an_empty_or_meaningless_query_finds_nothing(index: Index) -> None:
    for query in ("", "   ", "?!…", "comment faire pour ", "'", "💧💧"):
        assert index.search(query) == []


def test_documents_may_be_left_out(index: Index) -> None:
    assert index.search("piscine", keep=lambda key: key != "piscines")[0].id == "pass-loisirs"


def test_ranking_does_not_depend_on_the_order_of_documents() -> None:
    documents = [Document(f"d{n}", {"t": (f"salle numéro {n % 3}", 1.0)}) for n in range(30)]
    shuffled = documents[:]
    random.Random(7).shuffle(shuffled)
    one = [(hit.id, hit.score) for hit in Index(documents).search("salle numero", 30)]
    two = [(hit.id, hit.score) for hit in Index(shuffled).search("salle numero", 30)]
    assert one == two
    assert len(one) == 30


def test_equal_scores_are_ordered_by_id() -> None:
    index = Index([Document(name, {"t": ("salle", 1.0)}) for name in "zyxabc"])
    assert [hit.id for hit in index.search("salle")] == sorted("zyxabc")


def test_boost_raises_among_likes() -> None:
    index = Index(
        [Document("a", {"t": ("salle", 1.0)}), Document("b", {"t": ("salle", 1.0)}, boost=1.2)]
    )
    assert [hit.id for hit in index.search("salle")] == ["b", "a"]


def test_two_documents_of_one_id_are_refused() -> None:
    with pytest.raises(ValueError, match="'a'"):
        Index([Document("a", {}), Document("a", {})])


def test_highlights_are_ranges_of_the_original_text(index: Index) -> None:
    hit = index.search("dechetteri composteur")[0]
    title, summary, keywords = SERVICES[hit.id]
    texts = {"title": title, "summary": summary, "keywords": keywords}
    marked = {name: [texts[name][a:b] for a, b in found] for name, found in hit.highlights.items()}
    assert "composteur" in marked["title"]
    assert "composteur" in marked["summary"]


def test_highlights_after_several_lines_stand_where_they_should(index: Index) -> None:
    hit = index.search("épluchure")[0]
    keywords = SERVICES["composteur"][2]
    assert [keywords[a:b] for a, b in hit.highlights["keywords"]] == ["épluchures"]


@pytest.mark.parametrize(
    ("query", "suggestion"),
    [
        ("dechetrie", "déchèterie"),
        ("carte de stasionnement", "carte de stationnement"),
        ("pass loisirz", "pass loisirs"),
    ],
)
def test_a_correction_is_proposed_as_people_write_it(
    index: Index, query: str, suggestion: str
) -> None:
    assert index.suggest(query) == suggestion


@pytest.mark.parametrize("query", ["composteur", "pisc", "xqzwv", "", "comment faire"])
def test_no_correction_when_nothing_is_misspelt_or_near(index: Index, query: str) -> None:
    assert index.suggest(query) is None


def test_english_has_its_own_stems_and_stop_words() -> None:
    index = Index(
        [
            Document("bins", {"t": ("Request a compost bin", 1.0)}),
            Document("pools", {"t": ("Swimming pools", 1.0)}),
        ],
        language=ENGLISH,
    )
    assert index.search("how do I get composting bins ")[0].id == "bins"
    assert index.search("swim ")[0].id == "pools"


# --- Hostile input ---


@pytest.mark.parametrize(
    "query",
    [
        "💩" * 50_000,
        "a" * 1_000_000,
        "composteur " * 10_000,
        "\x00" * 1000,
        "e" + "\u0301" * 100_000,
        "ﷺ" * 10_000,
        "(((((((a+)+)+)+)+$" * 1000,
        "\ud800",
    ],
)
def test_hostile_queries_cost_no_more_than_long_ones(index: Index, query: str) -> None:
    trace = Trace()
    index.search(query, trace=trace)
    index.suggest(query)
    assert trace.words_compared <= 12 * 2 * len(index.vocabulary)
    assert trace.postings_read <= 12 * 100 * len(index)


def test_only_the_beginning_of_a_long_query_counts(index: Index) -> None:
    assert index.search("composteur " + "x" * 500)[0].id == "composteur"
    assert index.search("x" * 500 + " composteur") == []


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=250))
def test_any_text_is_searched_without_error(query: str) -> None:
    for hit in ANY.search(query):
        assert hit.score > 0
        for name, found in hit.highlights.items():
            assert name in ("title", "keywords", "summary")
            assert all(start < end for start, end in found)
    ANY.suggest(query)


ANY = build()


# --- Work done, rather than time ---


@pytest.fixture(scope="module")
def large() -> Index:
    return Index(synthetic(500, words=200, seed=3))


def test_known_words_compare_nothing_and_read_only_their_postings(large: Index) -> None:
    word = sorted(large.vocabulary.frequency, key=len)[-1]
    trace = Trace()
    assert large.search(word + " ", trace=trace)
    assert trace.words_compared == 0
    assert trace.postings_read <= 2 * len(large)


def test_an_unknown_word_is_compared_only_with_words_of_a_near_length(large: Index) -> None:
    lengths = [len(word) for word in large.vocabulary.frequency]
    trace = Trace()
    large.search("zzzzzzz ", trace=trace)
    assert trace.words_compared == sum(6 <= length <= 8 for length in lengths)
    assert 0 < trace.words_compared < len(lengths)


def test_a_remembered_mistake_is_not_compared_again(large: Index) -> None:
    memory = large._reader.memory
    memory._near.cache_clear()
    for _ in range(5):
        large.search("zzzzzzz ")
    assert memory._near.cache_info().misses == 1
    assert memory._near.cache_info().hits == 4
