"""Around the case of a report: its public face, the work it causes, the people it concerns."""

from socle.domains.reports.models.figures import ReportFigure
from socle.domains.reports.models.imports import ImportRun
from socle.domains.reports.models.people import Alert, Feedback
from socle.domains.reports.models.public import (
    PublicPhoto,
    PublicReport,
    ReportCount,
    ReportDelta,
)
from socle.domains.reports.models.work import (
    Absence,
    Contractor,
    ExternalBody,
    FieldAct,
    Handover,
    Intervention,
    InterventionCase,
    Routed,
    RoutingRule,
)

__all__ = [
    "Absence", "Alert", "Contractor", "ExternalBody", "Feedback", "FieldAct", "Handover",
    "ImportRun", "Intervention", "InterventionCase", "PublicPhoto", "PublicReport", "ReportCount",
    "ReportDelta", "ReportFigure", "Routed", "RoutingRule",
]  # fmt: skip
