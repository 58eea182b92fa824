"""Writes of reports, all in one place: each from the module that does it."""

from socle.domains.reports.answering import give_feedback, not_fixed
from socle.domains.reports.closing import mark_spam
from socle.domains.reports.handovers.actions import (
    hand_over,
    record_updates,
    retry_handover,
    take_back,
)
from socle.domains.reports.interventions.actions import (
    FieldPhoto,
    cancel_intervention,
    finish_intervention,
    plan_intervention,
    start_intervention,
)
from socle.domains.reports.interventions.companies import add_contractor, close_contractor
from socle.domains.reports.public.counting import recount, roll_up
from socle.domains.reports.public.moderating import (
    blur_photo,
    hide_photo,
    moderate,
    show_photo,
)
from socle.domains.reports.public.projecting import rebuild as rebuild_public
from socle.domains.reports.routing.actions import (
    Rerouted,
    delete_rule,
    move_rule,
    reroute,
    save_rule,
)
from socle.domains.reports.submitting import (
    DESCRIPTION_MAX,
    SERVICE_KEY,
    Sent,
    owner,
    submit_report,
    title,
)

__all__ = [
    "DESCRIPTION_MAX",
    "SERVICE_KEY",
    "FieldPhoto",
    "Rerouted",
    "Sent",
    "add_contractor",
    "blur_photo",
    "cancel_intervention",
    "close_contractor",
    "delete_rule",
    "finish_intervention",
    "give_feedback",
    "hand_over",
    "hide_photo",
    "mark_spam",
    "moderate",
    "move_rule",
    "not_fixed",
    "owner",
    "plan_intervention",
    "rebuild_public",
    "record_updates",
    "recount",
    "reroute",
    "retry_handover",
    "roll_up",
    "save_rule",
    "show_photo",
    "start_intervention",
    "submit_report",
    "take_back",
    "title",
]  # fmt: skip
