"""Reading the mailbox that the settings choose."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.db import DatabaseError

from socle.capabilities.casework import registry
from socle.capabilities.casework.inbound.receiving import receive
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import TooLarge, Unavailable

logger = logging.getLogger(__name__)

BATCH = 100


@dataclass(frozen=True, slots=True)
class Polled:
    """How many messages were treated, and how many put aside."""

    treated: int = 0
    failed: int = 0


def poll(*, limit: int = BATCH, clock: Clock = SYSTEM) -> Polled:
    """Treat the messages that wait. One that breaks our reading is put aside and holds up no other.

    Stopped between a message and its mark, it is read again, and treated once all the same. Raises
    `Unavailable` when the mailbox, or what we need to treat a message, is away.
    """
    treated = failed = 0
    for message in registry.mailbox().waiting(limit):
        try:
            receive(message.raw(), clock=clock)
        except (Unavailable, DatabaseError):
            # Nothing wrong with the message: it waits.
            raise
        except TooLarge:
            message.failed()
            failed += 1
        except Exception:
            logger.exception("a message cannot be read: %s", message.name)
            message.failed()
            failed += 1
        else:
            message.done()
            treated += 1
    return Polled(treated, failed)
