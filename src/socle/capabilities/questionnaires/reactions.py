"""What drafts do when something happens below them."""

from __future__ import annotations

from socle.capabilities.questionnaires import actions
from socle.foundations.accounts.events import AccountClosed


def account_closed(event: AccountClosed) -> None:
    actions.forget_person(user_id=event.user_id)
