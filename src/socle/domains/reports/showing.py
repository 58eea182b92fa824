"""One report as everybody may read it: its trail in plain words, never who sent it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _

from socle.capabilities.casework import queries as cases
from socle.capabilities.casework.models import Case
from socle.domains.reports.models import Handover, PublicReport
from socle.foundations.accounts.actors import Actor

# What is told to everybody; messages and documents are between the person and the team.
_TOLD = frozenset({"opened", "imported", "state", "restored", "transferred"})


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a public trail."""

    title: str
    text: str
    at: datetime
    icon: str
    tone: str


def public_trail(report: PublicReport, *, language: str | None = None) -> list[Step]:
    """What happened to a report, oldest first, in the words of its workflow."""
    with translation.override(language or translation.get_language() or "fr"):
        found = []
        for line in cases.timeline(report.case, public=True, language=language):
            if line.kind not in _TOLD:
                continue
            title = _("Signalement reçu") if line.kind in ("opened", "imported") else line.title
            if line.kind == "transferred":
                title = _("Transmis au service compétent")
            found.append(Step(title, line.text, line.at, line.icon, line.tone))
        for each in (
            Handover.objects.filter(case_id=report.pk, sent_at__isnull=False)
            .select_related("body")
            .order_by("pk")
        ):
            title = _("Transmis à %(name)s") % {"name": each.body.name}
            found.append(Step(title, "", each.sent_at, "arrow-right-left", "info"))  # type: ignore[arg-type]
        return sorted(found, key=lambda step: step.at)


def public_sentence(report: PublicReport) -> str:
    """What its present state means: fixed, planned, closed, not ours… and who was told."""
    return sentence(report.case)


def sentence(case: Case) -> str:
    """What the state of a report means to the person who sent it, and who outside was told."""
    state = next((s for s in cases.workflow_of(case).states if s.id == case.state), None)
    words = state.public_text if state else ""
    told = (
        Handover.objects.filter(case_id=case.pk, sent_at__isnull=False)
        .exclude(state=Handover.State.RETURNED)
        .select_related("body")
        .order_by("-pk")
        .first()
    )
    if told is not None:
        words = f"{words} " + _("Nous l’avons transmis à %(name)s.") % {"name": told.body.name}
    return words.strip()


def is_following(actor: Actor, case: Case) -> bool:
    """Whether somebody signed in is told about a report: they follow it, or sent it."""
    if actor.user_id is None:
        return False
    return actor.user_id == case.applicant_id or cases.is_following(actor, case)


def followed(actor: Actor) -> list[Case]:
    """The reports of others that an account follows and everybody may see, the last followed first.

    Two queries.
    """
    rows = [
        each
        for each in cases.followed_by(actor)
        if each.kind == Case.Kind.REPORT and each.applicant_id != actor.user_id
    ]
    shown = PublicReport.objects.filter(pk__in=[each.pk for each in rows], visible=True)
    visible = set(shown.values_list("pk", flat=True)) if rows else set()
    return [each for each in rows if each.pk in visible]


def is_public(case: Case) -> bool:
    """Whether everybody may see this report, and so follow it."""
    return PublicReport.objects.filter(pk=case.pk, visible=True).exists()
