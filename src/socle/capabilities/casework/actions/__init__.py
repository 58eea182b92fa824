"""Writes. One verb, one place: permission, row, event, letters and journal in one transaction.

Keyword-only; `actor` says who acts, `clock` when. An act on a case the actor may not know of raises
`NotFound`; one on a version that is no longer the last raises `Conflict`, and says who did what.
"""

from socle.capabilities.casework.actions.assigning import KEEP, assign, transfer
from socle.capabilities.casework.actions.attaching import NewDocument, add_document
from socle.capabilities.casework.actions.bulk import BulkResult, Outcome, bulk, undo_bulk
from socle.capabilities.casework.actions.forgetting import anonymise, forget_person, release
from socle.capabilities.casework.actions.importing import Historic, Imported, add_historic
from socle.capabilities.casework.actions.moving import due_timers, perform, run_timer
from socle.capabilities.casework.actions.opening import Opened, open_case
from socle.capabilities.casework.actions.saving import delete_filter, save_filter
from socle.capabilities.casework.actions.talking import reply

__all__ = [
    "KEEP",
    "BulkResult",
    "Historic",
    "Imported",
    "NewDocument",
    "Opened",
    "Outcome",
    "add_document",
    "add_historic",
    "anonymise",
    "assign",
    "bulk",
    "delete_filter",
    "due_timers",
    "forget_person",
    "open_case",
    "perform",
    "release",
    "reply",
    "run_timer",
    "save_filter",
    "transfer",
    "undo_bulk",
]
