"""What a page is compared with: a bare Django view that asks the same queries and answers JSON.

Same server, same middleware, same person, no template. The bench checks that each view sends the
database as many statements as the page it stands for.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.translation import get_language

from socle.capabilities.casework import queries as casework
from socle.capabilities.casework.filters import ME, NOBODY, InboxFilter
from socle.capabilities.catalogue import queries as catalogue
from socle.capabilities.notifications import queries as notifications
from socle.domains.procedures import queries as procedures
from socle.foundations.accounts import queries as accounts
from socle.foundations.packs import queries as packs
from socle.foundations.territories import queries as territories


def home(request: HttpRequest) -> JsonResponse:
    """As `/`."""
    actor = request.actor  # type: ignore[attr-defined]
    language = get_language() or "fr"
    mine = casework.my_cases(actor, limit=3).rows if actor.user_id else []
    return JsonResponse(
        {
            **_surroundings(actor),
            "featured": [_service(each) for each in catalogue.featured(8, language=language)],
            "life_events": [
                _heading(each) for each in catalogue.headings_of_life_events(language=language)
            ],
            "themes": [_heading(each) for each in catalogue.headings_of_themes(language=language)],
            "mine": [
                {
                    "reference": case.reference,
                    "title": case.title,
                    "status": case.public_status,
                    "updated": case.updated_at,
                }
                for case in mine
            ],
        }
    )


def service(request: HttpRequest, key: str) -> JsonResponse:
    """As `/services/<key>`."""
    actor = request.actor  # type: ignore[attr-defined]
    language = get_language() or "fr"
    found = catalogue.service(key, language=language)
    return JsonResponse(
        {
            **_surroundings(actor),
            **_service(found),
            "description": found.description_html,
            "easy_read": found.easy_read_html,
            "organisation": found.organisation,
            "steps": found.steps,
            "conditions": found.conditions,
            "processing_time": found.processing_time,
            "content": found.content,
            "areas": [territories.area(code).name for code in found.areas],
            "themes": [_heading(each) for each in catalogue.headings_of_themes(language=language)],
            "online": procedures.exists(key),
            "related": [_service(each) for each in catalogue.related(key, 3, language=language)],
        }
    )


def inbox(request: HttpRequest) -> JsonResponse:
    """As `/agents/`: fifty rows, the counts of the menu, the agent's filters and teams."""
    actor = request.actor  # type: ignore[attr-defined]
    wanted = InboxFilter.parse(dict(request.GET.lists()), ignore=("suite",))
    page = casework.inbox(actor, wanted, cursor=request.GET.get("suite"))
    base = InboxFilter()
    heads = [
        base, base.but(assignee=ME), base.but(assignee=NOBODY), base.but(overdue=True),
        base.but(news=True),
    ]  # fmt: skip
    return JsonResponse(
        {
            **_surroundings(actor),
            "rows": [each._asdict() for each in page.rows],
            "next": page.next_cursor,
            "previous": page.previous_cursor,
            "counts": [str(each) for each in casework.counts(actor, heads)],
            "saved": [
                {"id": each.id, "name": each.name, "count": str(each.count)}
                for each in casework.saved_filters(actor)
            ],
            "teams": [(each.pk, each.name) for each in accounts.teams_of(actor)],
        }
    )


def _surroundings(actor: Any) -> dict[str, Any]:
    site = packs.site()
    return {
        "site": site.name,
        "person": actor.label,
        "unread": notifications.unread_count(actor.user_id) if actor.user_id else None,
    }


def _service(found: catalogue.Service) -> dict[str, Any]:
    return {"key": found.key, "title": found.title, "summary": found.summary, "icon": found.icon}


def _heading(found: catalogue.Heading) -> dict[str, Any]:
    return {"id": found.id, "label": found.label, "text": found.description, "icon": found.icon}
