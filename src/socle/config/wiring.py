"""Every cross-domain reaction and every port's choice, one line each.

Imported once, when models are ready.
"""

from __future__ import annotations

from django.conf import settings

from socle.capabilities.casework.events import CaseChanged
from socle.capabilities.questionnaires import queries as drafts
from socle.capabilities.webhooks import registry as webhooks
from socle.config import announcing
from socle.config.demo.pack import SECTION as DEMONSTRATION
from socle.connectors.ban.client import Ban
from socle.foundations.files import registry as files
from socle.foundations.packs import registry
from socle.foundations.territories import places
from socle.kernel import events

_options = settings.SOCLE

# --- Ports: the real one, or the house's own twin that needs no network ---
places.use(
    Ban(_options.geocoder.url, timeout=_options.geocoder.timeout)
    if _options.geocoder.kind == "ban"
    else None
)

# --- Files sent for a form not finished yet are not swept ---
files.hold(drafts.files_still_used)

# --- Declarations read by the house itself ---
registry.register(DEMONSTRATION)

# --- Programs are told, in the same transaction, what happens to cases ---
webhooks.declare(announcing.EVENTS)
events.within(CaseChanged, announcing.tell)
