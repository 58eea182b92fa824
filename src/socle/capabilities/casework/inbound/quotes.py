"""What somebody wrote in an answer, without what they answered to nor their signature. Pure.

Two readers in turn: our own rules, line by line, for the programs French people use, then
``mail-parser-reply``'s header patterns for what they miss. When in doubt words are kept: a quote
too many is untidy, a sentence lost is a fault.
"""

from __future__ import annotations

import re
from functools import lru_cache
from re import Pattern

from mailparser_reply.parser import EmailMessage  # type: ignore[import-untyped]

MAX_LOOKED_AT = 60_000

_ATTRIBUTION = re.compile(
    r"^(?:>\s*)*(?:"
    r"(?:Le|On|Em|El|Am)\b[^\n]{4,300}?\b(?:a|ont|avez|avait)\s+écrit|"
    r"On\b[^\n]{4,300}?\bwrote|"
    r"[^\n]{3,120}<[^<>\s]+@[^<>\s]+>\s*(?:a écrit|wrote|\(.{0,40}\) a écrit)|"
    r"(?:Am|Il|El)\b[^\n]{4,300}?\b(?:schrieb[^\n]{0,120}|ha scritto|escribió)"
    r")\s*(?:\([^\n]{0,60}\)\s*)?:?\s*$",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(
    r"^\W{0,3}\s*[-_=*–—]{2,}\s*(?:"
    r"message d['’]origine|message original|mail original|courriel original|message transféré|"
    r"message réexpédié|original message|original appointment|forwarded message|reply message|"
    r"e-?mail d['’]origine"
    r")\s*[-_=*–—]{0,}\s*$|^(?:début du message (?:réexpédié|transféré)|begin forwarded message)"
    r"\s*:\s*$|^\s*(?:>\s*)?Message du \d{1,2}[/.]\d{1,2}[/.]\d{2,4}.{0,30}$",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"^\W{0,4}(De|From|Envoyé(?: le)?|Sent|À|A|To|Objet|Subject|Sujet|Date|Cc|Copie à|Reply-To)"
    r"\W{0,2}\s*:\W{0,3}\s*\S",
    re.IGNORECASE,
)
_WHO = frozenset({"de", "from"})
_WHAT = frozenset({"objet", "subject", "sujet", "envoyé", "envoyé le", "sent", "date"})

_PHONE = re.compile(
    r"^\W{0,3}(?:envoyé (?:de|depuis|à partir d[eu’']|avec|par)|"
    r"sent (?:from|with|via)|get outlook for|obtenir? outlook pour|obtenez outlook pour|"
    r"télécharge[rz] outlook pour|provenance ?: (?:courrier|mail) pour|"
    r"e?-?mail envoyé depuis)\b.{0,90}$",
    re.IGNORECASE,
)
_SIGN_OFF = re.compile(
    r"^(?:(?:bien|très|sincèrement|respectueusement)?\s*(?:cordialement|cdlt|cdt|sincèrement)|"
    r"(?:meilleures |sincères )?salutations(?: distinguées)?|bonne (?:journée|soirée|réception)|"
    r"bien à vous|(?:best|kind|warm)(?: regards)?|regards|sincerely|yours(?: \w+)?|cheers)"
    r"(?: à vous| et bonne journée)?\s*[,.!]*\s*$",
    re.IGNORECASE,
)
_DISCLAIMER = re.compile(
    r"^\W{0,3}(?:ce (?:message|courriel|mail)(?: électronique)?(?: et (?:ses|les|toutes les) "
    r"(?:éventuelles )?pièces jointes)?,? (?:peu(?:t|vent) contenir|est confidentiel|sont |"
    r"contient)|this (?:e-?mail|message)(?: and (?:its|any) attachments)? "
    r"(?:may contain|is confidential|are )|pensez à l['’]environnement|"
    r"avant d['’]imprimer|garanti sans virus|virus-free)",
    re.IGNORECASE,
)
_SIGNATURE_LINES = 9


@lru_cache(maxsize=1)
def _library_headers() -> Pattern[str]:
    found: Pattern[str] = EmailMessage(text="", languages=["fr", "en"]).HEADER_REGEX
    return found


def reply_of(text: str) -> str:
    """The person's own words. All of the text when nothing else would be left of it."""
    whole = text.strip()
    looked_at, rest = whole[:MAX_LOOKED_AT], whole[MAX_LOOKED_AT:]
    lines = [line.rstrip() for line in looked_at.split("\n")]
    lines, cut = _before_quote(lines)
    if not cut:
        lines = _before_library_header(lines)
    if cut or len(lines) < looked_at.count("\n") + 1:
        rest = ""
    own = [line for line in lines if not line.lstrip().startswith(">")]
    words = "\n".join(_without_signature(own))
    words = re.sub(r"\n{3,}", "\n\n", words).strip()
    if not words and not cut:
        words = "\n".join(own).strip()
    if not words:
        # An answer written inside or under the quote, or a bare forward.
        words = _unquoted(looked_at) or whole
        return words[: MAX_LOOKED_AT * 2]
    return (words + rest).strip()


def _before_quote(lines: list[str]) -> tuple[list[str], bool]:
    """The lines above the message answered to, and whether there was one."""
    for index, line in enumerate(lines):
        if not line.strip():
            continue
        if _SEPARATOR.match(line) or _is_attribution(lines, index):
            if _answered_inside(lines, index):
                return ["", *lines[index + 1 :]], False
            return lines[:index], True
        if _is_header_block(lines, index):
            before = lines[:index]
            while before and re.fullmatch(r"[\s_\-*>]*", before[-1]):
                before.pop()
            return before, True
    return lines, False


def _is_attribution(lines: list[str], index: int) -> bool:
    """« Le … a écrit : », on one line or cut over up to four."""
    start = lines[index].lstrip("> ")
    if not re.match(r"(?:Le|On|Am|Il|El)\b|.{3,120}<", start):
        return False
    joined = ""
    for line in lines[index : index + 4]:
        if not line.strip() and joined:
            break
        joined = f"{joined} {line.strip()}".strip()
        if len(joined) > 420:
            return False
        if _ATTRIBUTION.match(joined) and (re.search(r"\d", joined) or "@" in joined):
            return True
    return False


def _answered_inside(lines: list[str], index: int) -> bool:
    """Whether words follow between the quoted lines: somebody answers point by point."""
    if any(line.strip() for line in lines[:index]):
        return False
    below = lines[index + 1 :]
    quoted = [n for n, line in enumerate(below) if line.lstrip().startswith(">")]
    return bool(quoted) and any(
        line.strip() and not line.lstrip().startswith(">") for line in below[quoted[0] :]
    )


def _is_header_block(lines: list[str], index: int) -> bool:
    first = _HEADER.match(lines[index])
    if first is None:
        return False
    found: set[str] = set()
    blank = 0
    for line in lines[index : index + 9]:
        if not line.strip(" >"):
            blank += 1
            if blank > 1:
                break
            continue
        header = _HEADER.match(line)
        if header is not None:
            found.add(header[1].lower())
    return len(found) >= 3 and bool(found & _WHO) and bool(found & _WHAT)


def _before_library_header(lines: list[str]) -> list[str]:
    if len(lines) > 2_000 or any(len(line) > 2_000 for line in lines):
        return lines
    text = "\n".join(lines)
    found = _library_headers().search(text)
    if found is None or not text[: found.start()].strip():
        return lines
    return text[: found.start()].split("\n")


def _without_signature(lines: list[str]) -> list[str]:
    """The lines above a signature: after « -- », a closing formula, a telephone's own line."""
    first = next((n for n, line in enumerate(lines) if line.strip()), len(lines))
    for index in range(first + 1, len(lines)):
        bare = lines[index].strip()
        if bare in {"--", "—", "__"} or _DISCLAIMER.match(bare):
            return lines[:index]
        phone, sign_off = _PHONE.match(bare), _SIGN_OFF.match(bare)
        if not phone and not sign_off:
            continue
        below = [each.strip() for each in lines[index + 1 :] if each.strip()]
        if len(below) <= _SIGNATURE_LINES and (phone or _short(below)):
            return lines[:index]
    return lines


def _short(lines: list[str]) -> bool:
    """Names, functions, addresses, numbers: no sentence that somebody would miss."""
    return all(
        len(line) <= 90 and not re.search(r"[?!]$|\b(?:ps|p\.-?s\.?)\b", line, re.IGNORECASE)
        for line in lines
        if not _DISCLAIMER.match(line)
    )


def _unquoted(text: str) -> str:
    kept = [
        line
        for index, line in enumerate(text.split("\n"))
        if not line.lstrip().startswith(">")
        and not _is_attribution([line], 0)
        and not _SEPARATOR.match(line)
    ]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(_without_signature(kept))).strip()
