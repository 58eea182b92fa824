"""Cases, and what ties people and mail to them."""

from socle.capabilities.casework.models.bonds import Follower, InboundEmail, Merge
from socle.capabilities.casework.models.cases import (
    AppendOnly,
    BulkItem,
    BulkOperation,
    Case,
    CaseDocument,
    CaseEvent,
    Message,
    PublicStatus,
    SavedFilter,
)

__all__ = [
    "AppendOnly", "BulkItem", "BulkOperation", "Case", "CaseDocument", "CaseEvent", "Follower",
    "InboundEmail", "Merge", "Message", "PublicStatus", "SavedFilter",
]  # fmt: skip
