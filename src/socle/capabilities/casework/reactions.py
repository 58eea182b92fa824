"""What cases do when something happens below them."""

from __future__ import annotations

from socle.capabilities.casework import actions
from socle.capabilities.casework.events import CaseClosed
from socle.foundations.accounts.events import AccountClosed, MemberRemoved


def account_closed(event: AccountClosed) -> None:
    actions.forget_person(user_id=event.user_id, email=event.email)


def member_removed(event: MemberRemoved) -> None:
    actions.release(user_id=event.user_id, organisation_id=event.organisation_id)


def case_closed(event: CaseClosed) -> None:
    actions.part_closed(event.case_id)
