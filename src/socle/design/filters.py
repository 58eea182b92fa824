"""Template filters: dates, money, numbers and phone numbers as people write them (French first,
English complete).
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache

from django.utils import timezone
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.html import urlize
from django.utils.translation import get_language, gettext, ngettext
from markupsafe import Markup, escape

from socle.capabilities.catalogue.markdown import to_html

NBSP = "\u00a0"
THIN_NBSP = "\u202f"
_FRENCH_PHONE = re.compile(r"^(?:\+33|0033|0)([1-9])(\d{2})(\d{2})(\d{2})(\d{2})$")


def _french() -> bool:
    return (get_language() or "fr").startswith("fr")


def _clock(value: datetime) -> datetime:
    """An aware datetime in the current time zone; naive ones are taken as local already."""
    return timezone.localtime(value) if timezone.is_aware(value) else value


def _local(value: date) -> date:
    """The local day (and time, for a datetime)."""
    return _clock(value) if isinstance(value, datetime) else value


def _day(value: date, *, year: bool) -> str:
    return _said(value.day, value.month, value.year if year else 0, get_language())


@lru_cache(maxsize=4096)
def _said(day: int, month: int, year: int, language: str | None) -> str:
    number = "1er" if day == 1 and (language or "fr").startswith("fr") else str(day)
    text = f"{number}{NBSP}{MONTHS[month]}"
    return f"{text}{NBSP}{year}" if year else text


def date_long(value: date | datetime | None) -> str:
    """« mardi 4 mars 2026 »; empty for None."""
    if value is None:
        return ""
    value = _local(value)
    return f"{WEEKDAYS[value.weekday()]} {_day(value, year=True)}"


def date_short(value: date | datetime | None) -> str:
    """« 04/03/2026 »; empty for None."""
    if value is None:
        return ""
    return _local(value).strftime("%d/%m/%Y")


def time_short(value: datetime | time | None) -> str:
    """« 14 h 05 » in French, "14:05" elsewhere."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = _clock(value)
    if _french():
        return (
            f"{value.hour}{NBSP}h{NBSP}{value.minute:02d}"
            if value.minute
            else f"{value.hour}{NBSP}h"
        )
    return f"{value.hour:02d}:{value.minute:02d}"


def datetime_short(value: datetime | None) -> str:
    """« 4 mars à 14 h 05 », with the year when it is not the current one."""
    if value is None:
        return ""
    local = _clock(value)
    day = _day(local, year=local.year != timezone.localtime().year)
    return gettext("%(day)s à %(time)s") % {"day": day, "time": time_short(local)}


def ago(value: date | datetime | None, now: datetime | None = None) -> str:
    """How long ago, in plain words, for people: « à l’instant », « il y a 3 jours », « demain à 9 h
    ».

    ``now`` (aware) defaults to the current time; past a week the date itself is clearer than a
    count of days.
    """
    if value is None:
        return ""
    reference = timezone.localtime(now) if now is not None else timezone.localtime()
    if not isinstance(value, datetime):
        return _ago_days((value - reference.date()).days, value, reference, None)
    local = _clock(value)
    if timezone.is_naive(local):
        local = timezone.make_aware(local)
    gap = reference - local
    if abs(gap) < timedelta(minutes=1):
        return gettext("à l’instant")
    if timedelta() < gap < timedelta(hours=1):
        minutes = int(gap.total_seconds() // 60)
        return ngettext("il y a %(n)s minute", "il y a %(n)s minutes", minutes) % {"n": minutes}
    if timedelta() < -gap < timedelta(hours=1):
        minutes = int(-gap.total_seconds() // 60)
        return ngettext("dans %(n)s minute", "dans %(n)s minutes", minutes) % {"n": minutes}
    days = (local.date() - reference.date()).days
    if days == 0:
        hours = int(abs(gap).total_seconds() // 3600)
        past, future = (
            ("il y a %(n)s heure", "il y a %(n)s heures"),
            ("dans %(n)s heure", "dans %(n)s heures"),
        )
        one, many = past if gap > timedelta() else future
        return ngettext(one, many, hours) % {"n": hours}
    return _ago_days(days, local, reference, local)


def _ago_days(days: int, day: date, reference: datetime, at: datetime | None) -> str:
    if days == 0:
        return gettext("aujourd’hui")
    if abs(days) == 1:
        word = gettext("demain") if days == 1 else gettext("hier")
        return gettext("%(day)s à %(time)s") % {"day": word, "time": time_short(at)} if at else word
    if -7 < days < 0:
        return ngettext("il y a %(n)s jour", "il y a %(n)s jours", -days) % {"n": -days}
    if 0 < days < 7:
        return ngettext("dans %(n)s jour", "dans %(n)s jours", days) % {"n": days}
    return gettext("le %(day)s") % {"day": _day(day, year=day.year != reference.year)}


def money(cents: int | None) -> str:
    """Amount in cents → « 1 234,50 € »."""
    if cents is None:
        return ""
    from socle.kernel.money import format_cents

    return format_cents(cents, locale="fr" if _french() else "en")


def number_fr(value: int | float | Decimal | str | None, decimals: int | None = None) -> str:
    """« 12 345,6 » with a narrow no-break space; trailing zeros of decimals are dropped unless
    ``decimals`` is given.
    """
    if isinstance(value, str):
        # Already written: a bounded count such as « 1 000+ ».
        return value
    if value is None:
        return ""
    if decimals is not None:
        text = f"{value:,.{decimals}f}"
    elif isinstance(value, int):
        text = f"{value:,}"
    else:
        text = f"{value:,.2f}".rstrip("0").rstrip(".")
    if not _french():
        return text
    return text.replace(",", THIN_NBSP).replace(".", ",").replace("-", "\u2212", 1)


def phone_fr(value: str | None) -> str:
    """« 04 91 99 12 34 »; numbers that are not French are returned as written."""
    compact = re.sub(r"[\s.\-()]", "", value or "")
    match = _FRENCH_PHONE.match(compact)
    if match is None:
        return value or ""
    first, *pairs = match.groups()
    return NBSP.join([f"0{first}", *pairs])


def reference(value: str | None) -> Markup:
    """A case reference, kept on one line and never translated."""
    if not value:
        return Markup("")
    return Markup('<span class="ref" translate="no">{}</span>').format(str(value))


def filesize(size: int | None) -> str:
    """Bytes → « 350 ko », « 1,2 Mo » (decimal units, as phones and browsers show them)."""
    if size is None:
        return ""
    if size < 1000:
        return ngettext("%(n)s octet", "%(n)s octets", size) % {"n": size}
    unit, scale = gettext("ko"), 1_000
    if size >= 1_000_000_000:
        unit, scale = gettext("Go"), 1_000_000_000
    elif size >= 1_000_000:
        unit, scale = gettext("Mo"), 1_000_000
    amount = size / scale
    return f"{number_fr(round(amount, 1) if amount < 10 else round(amount))}{NBSP}{unit}"


def plural(count: int, one: str, many: str) -> str:
    """« 1 jour », « 3 jours »: the number and its word; French counts 0 as singular."""
    singular = abs(count) < 2 if _french() else count == 1
    return f"{number_fr(count)}{NBSP}{one if singular else many}"


def initials(name: str | None) -> str:
    """Two letters for an avatar: « Jeanne d’Arc Petit » → « JP »."""
    words = [word for word in re.split(r"[\s\-]+", name or "") if word and word[0].isalpha()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def isoformat(value: date | datetime | None) -> str:
    """Machine form for ``<time datetime>``; empty for None."""
    return value.isoformat() if value is not None else ""


def nl2br(value: str | None) -> Markup:
    """Plain text to paragraphs: everything is escaped, blank lines part paragraphs, single ones
    break lines.
    """
    blocks = re.split(r"\n\s*\n", str(value or "").replace("\r\n", "\n").strip())
    return Markup("").join(
        Markup("<p>{}</p>").format(Markup("<br>").join(escape(line) for line in block.split("\n")))
        for block in blocks
        if block
    )


def markdown(value: str | None) -> Markup:
    """Markdown of a pack to sanitised HTML; titles from level 3."""
    return Markup(to_html(str(value or ""), top_level=3))  # noqa: S704 -- sanitised there


def plain_text(value: str | None) -> Markup:
    """Plain text to paragraphs, web addresses made into links."""
    return Markup(urlize(nl2br(value)))  # noqa: S704 -- escaped by nl2br


FILTERS = {
    "markdown": markdown,
    "plain_text": plain_text,
    "date_long": date_long,
    "date_short": date_short,
    "datetime_short": datetime_short,
    "time_short": time_short,
    "ago": ago,
    "money": money,
    "number_fr": number_fr,
    "phone_fr": phone_fr,
    "reference": reference,
    "filesize": filesize,
    "plural": plural,
    "initials": initials,
    "isoformat": isoformat,
    "nl2br": nl2br,
}
