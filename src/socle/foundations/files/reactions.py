"""What files do when something happens below them."""

from __future__ import annotations

from socle.foundations.accounts.events import AccountClosed
from socle.foundations.files import actions


def account_closed(event: AccountClosed) -> None:
    actions.forget_person(user_id=event.user_id)
