"""What depends on the language: stop words and stems. Both work on folded words."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import snowballstemmer

# The question's own words: they say that something is asked, not what.
_FRENCH_STOP = """
a ai aie ainsi alors apres as au aucun aussi autre autres aux avais avait avant avec avez avoir
ayant bonjour c ca ce ceci cela celle celles celui ces cet cette ceux chaque cherche chez ci
comme comment d dans de depuis des desire desirerais dois doit doivent donc dont du elle elles
en encore entre es est et etait etant etes etre eu eux faire fais fait faites faut font ici il
ils j je l la laquelle le lequel les lesquels leur leurs lors lui m ma mais me meme memes merci
mes moi moins mon n ne ni nos notre nous on ont ou par parce pas peut peuvent peux plus
plusieurs plutot pour pourquoi pourrais puis puisque qu quand que quel quelle quelles quelque
quelques quels qui quoi s sa sans se sera serait ses si sinon soi soit sommes son sont souhaite
souhaiterais sous suis sur svp t ta te tel telle tes toi ton tous tout toute toutes tres tu un
une vais vers veulent veut veux voici voila vos votre voudrais voulais vous y
"""
_ENGLISH_STOP = """
a about all am an and any are as at be because been before being but by can could do does doing
don for from get had has have having hello how i if in into is it its just me my need no not of off
on or our out over please should so some such than that the their them then there these they this
those to too under until up want was we were what when where which who why will with would you your
"""

# Snowball makes « -al » of every « -aux », even of words in -ail and -au.
_IRREGULAR = {
    "travaux": "travail",
    "baux": "bail",
    "vitraux": "vitrail",
    "emaux": "email",
    "coraux": "corail",
    "soupiraux": "soupirail",
    "tuyaux": "tuyau",
    "noyaux": "noyau",
    "joyaux": "joyau",
    "yeux": "oeil",
    # -eux is a plural here and an adjective elsewhere (dangereux), which snowball assumes.
    "feux": "feu",
    "lieux": "lieu",
    "milieux": "milieu",
    "jeux": "jeu",
    "enjeux": "enjeu",
    "voeux": "voeu",
    "essieux": "essieu",
    "cheveux": "cheveu",
}

# Snowball stemmers keep state while they work.
_LOCK = threading.Lock()


def _snowball(name: str) -> Callable[[str], str]:
    stemmer = snowballstemmer.stemmer(name)

    def stem(word: str) -> str:
        with _LOCK:
            return str(stemmer.stemWord(word))

    return stem


_french = _snowball("french")
_english = _snowball("english")


@lru_cache(maxsize=65536)
def stem_french(word: str) -> str:
    """The stem of a folded French word, the same for plurals, feminine and usual derivations."""
    word = _IRREGULAR.get(word, word)
    if len(word) > 4 and word.endswith(("ous", "oux")):
        word = word[:-1]  # trous, bijoux
    stem = _french(word)
    # « declaree » keeps an e that « declarer » loses: folding hid the accent from the stemmer.
    if len(stem) > 4 and stem.endswith("e"):
        stem = stem[:-1]
    return stem


def singular_french(word: str) -> str:
    """A folded French word without the marks of plural and feminine, no further.

    « piscines » is the same word as « piscine »; « concertation » is not the word « concert ».
    """
    word = _IRREGULAR.get(word, word)
    if len(word) > 4 and word.endswith("eaux"):
        return word[:-1]
    if len(word) > 4 and word.endswith("aux"):
        return word[:-3] + "al"
    if len(word) > 3 and word[-1] in "sx":
        word = word[:-1]
    if len(word) > 4 and word[-1] == "e":
        word = word[:-1]
    return word


def singular_english(word: str) -> str:
    """A folded English word without the mark of plural."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word


@lru_cache(maxsize=65536)
def stem_english(word: str) -> str:
    """The stem of a folded English word."""
    return _english(word)


@dataclass(frozen=True, slots=True)
class Language:
    """Stop words (folded), and two depths at which words are the same."""

    code: str
    stop: frozenset[str]
    stem: Callable[[str], str]
    singular: Callable[[str], str]


FRENCH = Language("fr", frozenset(_FRENCH_STOP.split()), stem_french, singular_french)
ENGLISH = Language("en", frozenset(_ENGLISH_STOP.split()), stem_english, singular_english)


def language(code: str) -> Language:
    """The language of an interface code such as `fr` or `en-gb`; French when unknown."""
    return ENGLISH if code.lower().startswith("en") else FRENCH
