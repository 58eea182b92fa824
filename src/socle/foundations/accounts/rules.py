"""Pure rules about people and legal entities: no database, no clock."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from socle.kernel.errors import Invalid

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# La Poste's establishments share one SIREN and do not follow Luhn: their digits add up to a
# multiple of 5 (INSEE, documentation of the SIRENE register).
_LA_POSTE = "356000000"
_DIGITS = re.compile(r"[0-9]+")
# "W", the registry's three characters (department and arrondissement: 2A, 2B and overseas 9R hold a
# letter), 6 digits.
_RNA = re.compile(r"W[0-9][0-9A-Z][0-9][0-9]{6}")
_PHONE = re.compile(r"\+?[0-9]{6,15}")
_PURPOSE = re.compile(r"[a-z][a-z0-9_.-]{0,59}")
# Fields of a profile that its owner may write.
PROFILE_FIELDS = frozenset(
    {
        "given_names",
        "family_name",
        "preferred_name",
        "phone",
        "address",
        "address_lon",
        "address_lat",
        "language",
        "email_notifications",
    }
)
LANGUAGES = ("fr", "en")

# What a program's key may open, from least to most.
API_SCOPES: dict[str, StrOrPromise] = {
    "reports:write": _("Envoyer des signalements"),
    "cases:read": _("Lire les dossiers de l’organisation"),
    "cases:write": _("Traiter les dossiers de l’organisation"),
}
CASE_SCOPES = frozenset({"cases:read", "cases:write"})
KEY_PREFIX = "socle_"
KEY_NAME_MAX = 120
_KEY = re.compile(r"socle_[A-Za-z0-9_-]{43}")


def _compact(text: str) -> str:
    return re.sub(r"[\s.\-\u00a0\u202f]", "", text).upper()


def luhn(digits: str) -> bool:
    """Whether a string of decimal digits passes Luhn's check (ISO/IEC 7812-1)."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + position % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def siren(text: str) -> str | None:
    """The nine digits of a SIREN, forgiving of spaces, or None when it cannot be one."""
    digits = _compact(text)
    if len(digits) != 9 or not _DIGITS.fullmatch(digits) or int(digits) == 0:
        return None
    return digits if luhn(digits) else None


def siret(text: str) -> str | None:
    """The fourteen digits of a SIRET, forgiving of spaces, or None when it cannot be one."""
    digits = _compact(text)
    if len(digits) != 14 or not _DIGITS.fullmatch(digits) or int(digits[:9]) == 0:
        return None
    if luhn(digits) or (digits.startswith(_LA_POSTE) and sum(map(int, digits)) % 5 == 0):
        return digits
    return None


def rna(text: str) -> str | None:
    """The ten characters of an association's RNA number, or None when it cannot be one."""
    number = _compact(text)
    return number if _RNA.fullmatch(number) else None


def phone(text: str) -> str | None:
    """Digits of a phone number, with ``+`` when international; None when it cannot be one.

    A French number typed the national way keeps its leading 0.
    """
    number = re.sub(r"[\s.\-()/\u00a0\u202f]", "", text)
    if number.startswith("00"):
        number = "+" + number[2:]
    number = number.replace("+330", "+33", 1) if number.startswith("+330") else number
    return number if _PHONE.fullmatch(number) else None


def purpose(text: str) -> str:
    """A consent's purpose as stored. Raises :class:`Invalid` when it is not a short lower-case
    name.
    """
    if not _PURPOSE.fullmatch(text):
        raise Invalid(_("Ce choix n’existe pas."), code="unknown-purpose")
    return text


@dataclass(frozen=True, slots=True)
class EntityIdentity:
    """What names a legal entity, checked and in its stored form."""

    kind: str
    name: str
    siret: str
    rna: str


def entity(*, kind: str, name: str, siret_text: str, rna_text: str) -> EntityIdentity:
    """Check what a person typed about a company or an association.

    A company has a SIRET; an association a SIRET or an RNA number. Raises :class:`Invalid` by
    field.
    """
    errors: dict[str, StrOrPromise] = {}
    name = " ".join(name.split())
    found_siret = siret(siret_text) if siret_text.strip() else ""
    found_rna = rna(rna_text) if rna_text.strip() else ""
    if kind not in ("company", "association"):
        errors["kind"] = _("Choisissez une entreprise ou une association.")
    if not name:
        errors["name"] = _("Indiquez le nom de l’entreprise ou de l’association.")
    elif len(name) > 200:
        errors["name"] = _("Ce nom est trop long : 200 caractères au plus.")
    if found_siret is None:
        errors["siret"] = _("Ce numéro SIRET n’est pas valable : vérifiez ses 14 chiffres.")
    if found_rna is None:
        errors["rna"] = _(
            "Ce numéro RNA n’est pas valable : il commence par W, suivi de 9 caractères."
        )
    if kind == "company" and found_siret == "":
        errors["siret"] = _("Indiquez le numéro SIRET de l’entreprise (14 chiffres).")
    if kind == "company" and rna_text.strip():
        errors["rna"] = _("Une entreprise n’a pas de numéro RNA : laissez cette case vide.")
    if kind == "association" and found_siret == "" and found_rna == "":
        errors["rna"] = _("Indiquez le numéro RNA ou le numéro SIRET de l’association.")
    if errors:
        raise Invalid(fields=errors)
    return EntityIdentity(kind, name, found_siret or "", found_rna or "")


def is_key(text: str) -> bool:
    """Whether a text has the shape of a program's key: what has not is not looked up."""
    return _KEY.fullmatch(text) is not None


def api_key(*, name: str, scopes: Iterable[str]) -> tuple[str, list[str]]:
    """Check what was asked of a new key; its name and its scopes as stored.

    To treat a case one must read it: ``cases:write`` brings ``cases:read``. Raises
    :class:`Invalid` by field.
    """
    name, wanted = " ".join(name.split()), set(scopes)
    errors: dict[str, StrOrPromise] = {}
    if not name or len(name) > KEY_NAME_MAX:
        errors["name"] = _("Donnez à la clé un nom de 1 à 120 caractères.")
    if not wanted or not wanted <= API_SCOPES.keys():
        errors["scopes"] = _("Choisissez au moins un droit parmi ceux proposés.")
    if errors:
        raise Invalid(fields=errors)
    if "cases:write" in wanted:
        wanted.add("cases:read")
    return name, [scope for scope in API_SCOPES if scope in wanted]


def profile(changes: dict[str, object]) -> dict[str, object]:
    """Check a person's own changes to their profile; give them back in their stored form.

    Raises :class:`Invalid` by field, also for a field that is not theirs to write.
    """
    errors: dict[str, StrOrPromise] = {}
    clean: dict[str, object] = {}
    for name, value in changes.items():
        if name not in PROFILE_FIELDS:
            errors[name] = _("Cette information ne se modifie pas ici.")
        elif name in ("given_names", "family_name", "preferred_name", "address"):
            text = " ".join(str(value).split())
            limit = 300 if name == "address" else 150
            if len(text) > limit:
                errors[name] = _("Ce texte est trop long.")
            clean[name] = text
        elif name == "phone":
            number = phone(str(value)) if str(value).strip() else ""
            if number is None:
                errors[name] = _("Ce numéro n’est pas valable. Exemple : 06 12 34 56 78.")
            clean[name] = number
        elif name == "language":
            if value not in LANGUAGES:
                errors[name] = _("Choisissez une des langues proposées.")
            clean[name] = value
        elif name == "email_notifications":
            clean[name] = bool(value)
        else:
            clean[name] = value
    lon, lat = clean.get("address_lon"), clean.get("address_lat")
    if "address_lon" in clean or "address_lat" in clean:
        located = isinstance(lon, int | float) and isinstance(lat, int | float)
        nowhere = lon is None and lat is None
        if not (nowhere or (located and abs(float(lon)) <= 180 and abs(float(lat)) <= 90)):  # type: ignore[arg-type]
            errors["address"] = _("La position de cette adresse n’est pas comprise.")
    if errors:
        raise Invalid(fields=errors)
    return clean
