"""By e-mail: a letter with the photos. Nothing comes back by itself: agents take it back."""

from __future__ import annotations

from django.utils.translation import gettext as _

from socle.capabilities.notifications import actions as notifications
from socle.capabilities.notifications.rules import MAX_ATTACHED, Attachment
from socle.domains.reports.handovers.ports import NotSent, Outgoing, Sent, Update
from socle.kernel.errors import Gone, Invalid


class EmailSender:
    """A `ports.Sender`. The outbox of notifications delivers; its key makes it one letter."""

    def send(self, handover: Outgoing) -> Sent:
        if not handover.body.email:
            raise NotSent(_("L’adresse électronique n’est pas renseignée."), permanent=True)
        subject = _("[%(reference)s] %(title)s") % {
            "reference": handover.reference,
            "title": handover.title,
        }
        try:
            notifications.send_email(
                to=handover.body.email,
                subject=" ".join(subject.split())[:240],
                text=_text(handover),
                attachments=_attachments(handover),
                key=f"handover:{handover.id}",
                required=True,
            )
        except Invalid as error:
            raise NotSent(str(error.message), permanent=True) from None
        return Sent()

    def updates(self, handover: Outgoing) -> list[Update]:
        return []


def _text(handover: Outgoing) -> str:
    lines = [
        _("Bonjour,"),
        "",
        _("Ce signalement relève de votre compétence. Nous vous le transmettons."),
        "",
        _("Référence : %(reference)s") % {"reference": handover.reference},
        _("Objet : %(label)s") % {"label": handover.category_label},
    ]
    if handover.address:
        lines.append(_("Adresse : %(address)s") % {"address": handover.address})
    if handover.lon is not None and handover.lat is not None:
        lines.append(
            _("Position : %(lat).6f, %(lon).6f (latitude, longitude)")
            % {"lat": handover.lat, "lon": handover.lon}
        )
    lines += [f"{question} : {answer}" for question, answer in handover.answers.items()]
    if handover.description:
        lines += ["", _("Ce qui est écrit :"), handover.description]
    if handover.reason:
        lines += ["", _("Ce qui est demandé :"), handover.reason]
    lines += [
        "",
        _("Si cela ne vous concerne pas, dites-le-nous en rappelant la référence."),
    ]
    return "\n".join(lines)


def _attachments(handover: Outgoing) -> list[Attachment]:
    """As many photos as a letter bears, in their order; one that is lost is left out."""
    found, size = [], 0
    for photo in handover.photos:
        try:
            content = photo.read()
        except Gone:
            continue
        size += len(content)
        if size > MAX_ATTACHED:
            break
        found.append(Attachment(photo.name, content, photo.media_type))
    return found
