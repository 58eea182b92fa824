"""Human references, such as ``SG-26-7K4M2X``: easy to dictate, hard to get wrong.

A prefix that says the kind of case, the two-digit year, five random characters and a check
character. The alphabet of the last six leaves out what people confuse: 0 and O, 1, I and L, and
the U one takes for a V. The check covers the whole reference; it is ISO/IEC 7064 MOD 37-2, which
detects every single wrong character and every swap of two neighbours. The few draws whose check
character falls outside the alphabet are drawn again.

A reference is not a secret: 20 million a year and a prefix. Whoever shows a case by its reference
alone must ask for more.
"""

from __future__ import annotations

import itertools
import random
import re
import secrets
import string

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

_VALUES = {char: value for value, char in enumerate(string.digits + string.ascii_uppercase)}
_CHARS = string.digits + string.ascii_uppercase + "*"
_SHAPE = re.compile(r"[A-Z]{1,6}[0-9]{2}[" + ALPHABET + r"]{6}")
_PREFIX = re.compile(r"[A-Z]{1,6}")
_IGNORED = re.compile(r"[\s\-\u2010-\u2015\u2212_./:,;#\u00b7\u00ad\u200b-\u200d\ufeff\u2060]+")
_MAX_TYPED = 64

# What people may have meant by a character which cannot stand at that place.
_LETTER_FOR = {"0": "O", "1": "IL"}
_DIGIT_FOR = {"O": "0", "I": "1", "L": "1"}
_SYMBOL_FOR = {"0": "QD", "O": "QD", "1": "J7T", "I": "J7T", "L": "J7T", "U": "V"}

_SYSTEM = secrets.SystemRandom()


def new(prefix: str, year: int, rng: random.Random = _SYSTEM) -> str:
    """A fresh reference: ``new("SG", 2026)`` → ``SG-26-7K4M2X``.

    ``prefix``: one to six capital letters (``ValueError`` otherwise). ``year``: full or two-digit.
    ``rng``: give a seeded one for reproducible data. Uniqueness is the caller's: a unique
    constraint, and another draw when it is hit.
    """
    if not _PREFIX.fullmatch(prefix):
        raise ValueError("a reference prefix is one to six capital letters")
    head = f"{prefix}{year % 100:02d}"
    while True:
        body = "".join(rng.choice(ALPHABET) for _ in range(5))
        check = check_character(head + body)
        if check in ALPHABET:
            return f"{prefix}-{head[-2:]}-{body}{check}"


def normalise(text: str) -> str | None:
    """The canonical form of a reference that somebody typed; ``None`` when its check fails.

    Forgives case, spaces, dashes and other separators, and characters that look like the right one
    (O for 0 in the year; in the last six, where neither exists, O is read as the Q or D which the
    check confirms). Never turns one mistake into another valid reference.
    """
    if len(text) > _MAX_TYPED:
        return None
    typed = _IGNORED.sub("", text)
    if not 9 <= len(typed) <= 14 or not typed.isascii():
        return None
    typed = typed.upper()
    split = len(typed) - 8
    meant = [
        *(_LETTER_FOR.get(char, char) for char in typed[:split]),
        *(_DIGIT_FOR.get(char, char) for char in typed[split : split + 2]),
        *(_SYMBOL_FOR.get(char, char) for char in typed[split + 2 :]),
    ]
    # Two guesses among the last six could meet the check by chance: one is put right, no more.
    if sum(char in _SYMBOL_FOR for char in typed[split + 2 :]) > 1:
        return None
    candidates = ("".join(chars) for chars in itertools.product(*meant))
    valid = [
        each
        for each in candidates
        if _SHAPE.fullmatch(each) and check_character(each[:-1]) == each[-1]
    ]
    if len(valid) != 1:
        return None
    found = valid[0]
    return f"{found[:split]}-{found[split : split + 2]}-{found[split + 2 :]}"


def check_character(text: str) -> str:
    """ISO/IEC 7064 MOD 37-2 of capital letters and digits: one of 0–9, A–Z, ``*``."""
    total = 0
    for char in text:
        total = (total + _VALUES[char]) * 2 % 37
    return _CHARS[(38 - total) % 37]
