"""By when a report is promised to be seen to: by category, organisation and priority."""

from __future__ import annotations

from datetime import datetime, timedelta

from socle.capabilities.casework import calendars
from socle.capabilities.casework import rules as cases
from socle.capabilities.casework.pack import Workflow
from socle.domains.reports.pack import Category

URGENT = 2


def due_at(
    category: Category, workflow: Workflow, organisation_id: int, priority: int, now: datetime
) -> datetime | None:
    """When the promise ends (UTC); None leaves it to the workflow's own deadline.

    `category` as it stands in the commune (`activation.here`). Working hours count on the calendar
    of the organisation that answers. Days count only when the workflow gives its first state no
    deadline.
    """
    hours = category.working_hours
    if priority >= URGENT and category.urgent_hours is not None:
        hours = category.urgent_hours
    if hours is not None:
        calendar = calendars.calendar_of(organisation_id)
        return calendar.add_working(now, timedelta(hours=hours))
    if any(deadline.state == workflow.initial for deadline in workflow.deadlines):
        return None
    return cases.end_of_period(now, category.days)
