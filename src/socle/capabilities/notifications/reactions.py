"""What people are told when something happens below."""

from __future__ import annotations

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from socle.capabilities.notifications import actions
from socle.foundations.accounts.events import (
    AccountClosed,
    RepresentationDeclined,
    RepresentationVerified,
)
from socle.foundations.accounts.models import LegalEntity
from socle.foundations.files.events import FileBlocked


def account_closed(event: AccountClosed) -> None:
    actions.forget_person(user_id=event.user_id, email=event.email)


def file_blocked(event: FileBlocked) -> None:
    """The uploader must know: what they believe sent will never be read."""
    if event.owner_id is None:
        return
    actions.notify(
        user_id=event.owner_id,
        kind="file.blocked",
        title=_("Un de vos fichiers a été refusé"),
        body=_(
            "L’antivirus y a trouvé un programme dangereux : le fichier a été supprimé et "
            "personne ne le lira. "
            "Vérifiez votre appareil, puis envoyez un autre fichier si votre demande en a besoin."
        ),
        key=f"file.blocked:{event.file_id}",
        email=True,
    )


def representation_verified(event: RepresentationVerified) -> None:
    actions.notify(
        user_id=event.user_id,
        kind="representation.verified",
        title=_("Vous pouvez agir pour votre structure"),
        body=format_lazy(
            _("Un agent a vérifié votre demande : vous pouvez faire des démarches pour {entity}."),
            entity=_name(event.entity_id),
        ),
        url="/profil",
        email=True,
    )


def representation_declined(event: RepresentationDeclined) -> None:
    actions.notify(
        user_id=event.user_id,
        kind="representation.declined",
        title=_("Vous ne pouvez pas agir pour cette structure"),
        body=format_lazy(
            _(
                "Un agent n’a pas pu vérifier que vous agissez pour {entity}. "
                "Contactez-nous si c’est une erreur."
            ),
            entity=_name(event.entity_id),
        ),
        url="/profil",
        email=True,
    )


def _name(entity_id: int) -> str:
    return LegalEntity.objects.values_list("name", flat=True).get(pk=entity_id)
