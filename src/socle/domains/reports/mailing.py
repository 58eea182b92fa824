"""Reports that come by e-mail, at the address the installation declares for them.

A photo that says where it was taken, on the territory, and words that name a category make a
report. Otherwise the person is told what is missing, and where to say it: a place cannot be
guessed.
"""

from __future__ import annotations

import hashlib
from urllib.parse import urlencode

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from socle.capabilities.casework.inbound import Opening, Unthreaded
from socle.capabilities.casework.models import Case
from socle.capabilities.notifications import actions as notifications
from socle.domains.reports import actions, queries
from socle.foundations.accounts.actors import SYSTEM as SYSTEM_ACTOR
from socle.foundations.files.models import StoredFile
from socle.foundations.territories import queries as territories
from socle.kernel.clock import Clock
from socle.kernel.errors import Invalid, NotFound


def open_report(mail: Unthreaded, clock: Clock) -> Opening | None:
    """Make a report of a message sent to the reports address, or ask for what it lacks.

    `None` for a message to any other address. Asked again about the same message, does it once.
    """
    address = settings.SOCLE.mailbox.reports.lower()
    if not address or address not in mail.recipients:
        return None
    words = "\n".join(part for part in (mail.subject, mail.text) if part).strip()
    try:
        suggested = queries.suggest(words, limit=1)
    except NotFound:
        return Opening(reason="no-reporting")
    photos = mail.files()
    place = _place(photos)
    if place is not None and suggested:
        try:
            sent = actions.submit_report(
                actor=SYSTEM_ACTOR,
                category_id=suggested[0].id,
                lon=place[0],
                lat=place[1],
                description=words,
                file_ids=[str(each.pk) for each in photos],
                contact={"name": mail.sender_name, "email": mail.sender},
                channel=Case.Channel.EMAIL,
                idempotency_key=f"mail:{mail.key}"[:100],
                clock=clock,
            )
        except Invalid:
            # A commune that closed the category, a question that must be answered…
            pass
        else:
            return Opening(case_id=sent.case.pk)
    return Opening(reason=_ask(mail, words, clock))


def _place(photos: list[StoredFile]) -> tuple[float, float] | None:
    """Where the first photo that says so was taken, when that is on the territory."""
    for each in photos:
        position = getattr(each, "photo_position", None)
        if position and territories.area_at(*position) is not None:
            return float(position[0]), float(position[1])
    return None


def _ask(mail: Unthreaded, words: str, clock: Clock) -> str:
    """Write back that the place is missing. Returns the reason kept with the message."""
    day = clock.now().date().isoformat()
    base = settings.SOCLE.server.public_url
    link = f"{base}/signaler?{urlencode({'description': words[:500]})}" if base else ""
    with translation.override(settings.LANGUAGE_CODE):
        letter = _(
            "Bonjour,\n\nMerci de votre signalement. Il nous manque l’endroit exact : sans lui, "
            "personne ne peut intervenir. Rien n’est encore enregistré."
        )
        if link:
            letter += "\n\n" + _("[Indiquer l’endroit et envoyer le signalement]({link})")
        subject = _("Votre signalement : il manque l’endroit")
    # Once a day and address: a machine that answers us is answered no more.
    who = hashlib.sha256(mail.sender.encode()).hexdigest()[:32]
    notifications.send_letter(
        to=mail.sender,
        subject=subject,
        letter=letter,
        values={"link": link} if link else {},
        key=f"reports.mail:{who}:{day}",
        headers={"In-Reply-To": mail.key} if mail.key.startswith("<") else None,
        required=True,
        clock=clock,
    )
    return "asked-place"
