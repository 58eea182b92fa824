"""Writes. One verb, one place: permission, row, event, letters and journal in one transaction.

Keyword-only; `actor` says who acts, `clock` when. An act on a case the actor may not know of raises
`NotFound`; one on a version that is no longer the last raises `Conflict`, and says who did what.
"""

from socle.capabilities.casework.actions.assigning import (
    KEEP,
    assign,
    return_transfer,
    transfer,
)
from socle.capabilities.casework.actions.attaching import NewDocument, add_document
from socle.capabilities.casework.actions.bulk import BulkResult, Outcome, bulk, undo_bulk
from socle.capabilities.casework.actions.escalating import due_warnings, warn
from socle.capabilities.casework.actions.following import (
    confirm_following,
    follow,
    tell_followers,
    unfollow,
)
from socle.capabilities.casework.actions.forgetting import (
    anonymise,
    anonymise_if_due,
    due_for_oblivion,
    forget_person,
    release,
)
from socle.capabilities.casework.actions.importing import Historic, Imported, add_historic
from socle.capabilities.casework.actions.merging import merge, unmerge
from socle.capabilities.casework.actions.moving import due_timers, perform, run_timer
from socle.capabilities.casework.actions.noting import note
from socle.capabilities.casework.actions.opening import Opened, open_case
from socle.capabilities.casework.actions.saving import delete_filter, save_filter
from socle.capabilities.casework.actions.splitting import Part, part_closed, split
from socle.capabilities.casework.actions.talking import reply

__all__ = [
    "KEEP",
    "BulkResult",
    "Historic",
    "Imported",
    "NewDocument",
    "Opened",
    "Outcome",
    "Part",
    "add_document",
    "add_historic",
    "anonymise",
    "anonymise_if_due",
    "assign",
    "bulk",
    "confirm_following",
    "delete_filter",
    "due_for_oblivion",
    "due_timers",
    "due_warnings",
    "follow",
    "forget_person",
    "merge",
    "note",
    "open_case",
    "part_closed",
    "perform",
    "release",
    "reply",
    "return_transfer",
    "run_timer",
    "save_filter",
    "split",
    "tell_followers",
    "transfer",
    "undo_bulk",
    "unfollow",
    "unmerge",
    "warn",
]
