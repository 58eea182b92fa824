"""The kinds of cases, and the definitions they are pinned to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from socle.capabilities.casework import letters as writing
from socle.capabilities.casework.letters import Letter
from socle.capabilities.casework.pack import Workflow
from socle.capabilities.notifications.registry import Enclosure
from socle.capabilities.questionnaires import rules as questionnaires
from socle.capabilities.questionnaires.pack import Questionnaire
from socle.foundations.packs import queries as packs

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from socle.capabilities.casework.models import Case
    from socle.capabilities.casework.ports import Mailbox, Waiting


@dataclass(frozen=True)
class Definition:
    """What the engine reads of a pinned revision: how its cases move, what they write and ask."""

    workflow: Workflow
    letters: Mapping[str, Letter] = field(default_factory=dict)
    questionnaire: Questionnaire | None = None

    @classmethod
    def read(
        cls,
        workflow: Workflow,
        letters: Mapping[str, str] | None = None,
        questionnaire: Questionnaire | None = None,
    ) -> Definition:
        """From a document's parts: `letters` are the texts of ``letters/*.md`` by name."""
        parsed = {name: writing.parse(text) for name, text in (letters or {}).items()}
        return cls(workflow, parsed, questionnaire)

    def values(
        self, answers: Mapping[str, Any], names: Collection[str], today: date
    ) -> Mapping[str, Any]:
        """Typed values for conditions: hidden questions count as unanswered."""
        if self.questionnaire is None:
            return answers
        reading = questionnaires.Reading(self.questionnaire, dict(answers), today)
        return {name: reading.value(name) for name in names}

    def readable(self, answers: Mapping[str, Any], today: date, language: str) -> dict[str, str]:
        """Answers as people read them, by field id, for letters."""
        if self.questionnaire is None:
            return {}
        rows = questionnaires.rows(self.questionnaire, dict(answers), today, language)
        return {row.field_id: row.value or "" for row in rows}


def from_pack(revision_id: int) -> Definition:
    """The definition in a pack's revision: its `workflow`, and its `letters` and `questionnaire` if
    the document has some. Raises `NotFound` for an unknown revision.
    """
    document = packs.content(revision_id)
    return Definition.read(
        document.workflow,
        getattr(document, "letters", None),
        getattr(document, "questionnaire", None),
    )


@dataclass(frozen=True)
class CaseKind:
    """One kind of case. `definition` is called once per revision and process: they never change."""

    key: str
    label: StrOrPromise
    label_plural: StrOrPromise
    icon: str
    definition: Callable[[int], Definition] = from_pack
    category_label: Callable[[str], str] = str
    """The label of a category; the key itself when unknown."""
    followable: Callable[[Case], bool] = lambda case: False
    """Whether anybody may be told how a case goes on: it is public."""


_DEFAULTS = (
    CaseKind("request", _("Demande"), _("Demandes"), "file-text"),
    CaseKind("report", _("Signalement"), _("Signalements"), "megaphone"),
)
_kinds: dict[str, CaseKind] = {each.key: each for each in _DEFAULTS}


def register(kind: CaseKind) -> None:
    """Replace or add a kind of case; called once from a domain's ``AppConfig.ready()``."""
    _kinds[kind.key] = kind
    definition_of.cache_clear()


_receipts: dict[str, str] = {}


def enclose_receipt(kind_key: str, maker: str) -> None:
    """Send a document with the acknowledgement of a kind of case. `maker`: its name in the
    registry of notifications, which gives it the case's id.
    """
    _receipts[kind_key] = maker


def enclosed_with_acknowledgement(case: Case) -> list[Enclosure]:
    """What goes with the letter that says a case was received."""
    maker = _receipts.get(case.kind)
    return [Enclosure(maker, case.pk)] if maker else []


def kind(key: str) -> CaseKind:
    """The kind of that key; `LookupError` when nothing has it."""
    try:
        return _kinds[key]
    except KeyError:
        raise LookupError(f"no case kind is registered as {key!r}") from None


def kinds() -> tuple[CaseKind, ...]:
    """Every kind, in order of registration."""
    return tuple(_kinds.values())


@lru_cache(maxsize=2048)
def definition_of(kind_key: str, revision_id: int) -> Definition:
    """The definition of a revision, read once per process."""
    return kind(kind_key).definition(revision_id)


def workflow_in_force(kind_key: str, definition_id: int) -> Workflow:
    """The workflow of a declaration as the pack has it today; its last one once dropped."""
    return definition_of(kind_key, packs.successor(definition_id)).workflow


def definition(case: Case) -> Definition:
    """The definition a case is pinned to, whatever the pack says today."""
    return definition_of(case.kind, case.definition_id)


class NullMailbox:
    """The twin for demonstrations and tests: no message ever waits."""

    def waiting(self, limit: int) -> Iterator[Waiting]:
        return iter(())


_mailboxes: dict[str, Callable[[], Mailbox]] = {"null": NullMailbox}


def register_mailbox(kind: str, factory: Callable[[], Mailbox]) -> None:
    """Make a mailbox available under a name of ``SOCLE_MAILBOX_KIND``. Idempotent."""
    _mailboxes[kind] = factory


def mailbox() -> Mailbox:
    """The one the settings choose. `LookupError` when nothing is registered under that name."""
    chosen = settings.SOCLE.mailbox.kind
    if chosen not in _mailboxes:
        raise LookupError(f"no mailbox is registered as {chosen!r}")
    return _mailboxes[chosen]()


Cover = Callable[[int, int, date], int | None]
"""(user, organisation, local day) → who answers for them that day; their own id when they are away
and nobody does; `None` when they are there."""

_covers: list[Cover] = []


def cover(answer: Cover) -> None:
    """Say who is away; the last one given is asked."""
    _covers.append(answer)


def cover_of(user_id: int, organisation_id: int, day: date) -> int | None:
    """Who answers for an agent on a day: see `Cover`."""
    return _covers[-1](user_id, organisation_id, day) if _covers else None


Teller = Callable[[Mapping[str, Any], bool], tuple[str, str, str, str]]
"""(data of an event, for the person?) → title, text, icon, tone of its line in a timeline."""

_tellers: dict[str, Teller] = {}


def teller(kind: str, answer: Teller) -> None:
    """Say how events of a kind are told: those that a domain adds (`actions.noting`)."""
    _tellers[kind] = answer


def teller_of(kind: str) -> Teller | None:
    """How events of a kind are told, when a domain said so."""
    return _tellers.get(kind)


@contextmanager
def isolated(*kinds: CaseKind) -> Iterator[None]:
    """Inside, only these kinds; what was before comes back afterwards. For tests."""
    saved = dict(_kinds)
    _kinds.clear()
    _kinds.update({each.key: each for each in kinds})
    definition_of.cache_clear()
    try:
        yield
    finally:
        _kinds.clear()
        _kinds.update(saved)
        definition_of.cache_clear()
