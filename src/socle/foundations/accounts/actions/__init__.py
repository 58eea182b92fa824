"""Writes about people. Each checks who may, changes, journals and announces in one transaction."""

from socle.foundations.accounts.actions.closing import close_account, export_personal_data
from socle.foundations.accounts.actions.consents import grant_consent, withdraw_consent
from socle.foundations.accounts.actions.identities import (
    link_identity,
    note_identity_login,
    unlink_identity,
)
from socle.foundations.accounts.actions.keys import create_api_key, mark_key_used, revoke_api_key
from socle.foundations.accounts.actions.members import (
    add_member,
    admit_agent,
    change_member,
    check_admission,
    organisation_of_siren,
    remove_member,
    set_administrator,
    set_admission,
)
from socle.foundations.accounts.actions.people import (
    complete_name,
    enrol,
    mark_seen,
    record_security_event,
    register,
    update_profile,
)
from socle.foundations.accounts.actions.representations import (
    decline_representation,
    end_representation,
    request_representation,
    verify_representation,
)
from socle.foundations.accounts.actions.teams import close_team, create_team, update_team

__all__ = [
    "add_member",
    "admit_agent",
    "change_member",
    "check_admission",
    "close_account",
    "close_team",
    "complete_name",
    "create_api_key",
    "create_team",
    "decline_representation",
    "end_representation",
    "enrol",
    "export_personal_data",
    "grant_consent",
    "link_identity",
    "mark_key_used",
    "mark_seen",
    "note_identity_login",
    "organisation_of_siren",
    "record_security_event",
    "register",
    "remove_member",
    "request_representation",
    "revoke_api_key",
    "set_administrator",
    "set_admission",
    "unlink_identity",
    "update_profile",
    "update_team",
    "verify_representation",
    "withdraw_consent",
]
