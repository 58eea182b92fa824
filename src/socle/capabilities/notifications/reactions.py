"""What people are told when something happens below."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from socle.capabilities.notifications import actions
from socle.foundations.accounts.events import AccountClosed
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
