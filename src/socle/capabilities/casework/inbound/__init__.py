"""Mail that people send: read, told apart, put where it belongs. Once.

    receive(raw) -> InboundEmail

A message belongs to a case by the address it was sent to (``suivi+REF.token@…``), or because it
answers a letter of ours and comes from whom that letter was sent to. A reference in its subject
counts only from an address the case knows, when our own mail server vouches for it. What belongs to
no case is offered to the openers that domains register.
"""

from socle.capabilities.casework.inbound.openers import Opening, Unthreaded, opener
from socle.capabilities.casework.inbound.polling import poll
from socle.capabilities.casework.inbound.receiving import receive

__all__ = ["Opening", "Unthreaded", "opener", "poll", "receive"]
