"""Arguments that every macro is tried with; text is hostile wherever text is taken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from socle.design import samples

NOW = datetime(2026, 3, 4, 13, 5, tzinfo=UTC)
NASTY = '"><img src=x onerror=alert(1)>'

CASES: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "hero": (
        (NASTY,),
        {"lead": NASTY, "suggestions": [{"label": NASTY, "href": "/x"}], "suggest": "/s"},
    ),
    "page_header": (
        (NASTY,),
        {"lead": NASTY, "eyebrow": NASTY, "icon": "leaf", "search": {"action": "/r"}},
    ),
    "breadcrumb": (([{"label": NASTY, "href": "/"}, {"label": NASTY}],), {}),
    "back_link": (("/x", NASTY), {}),
    "search": (
        ("/r",),
        {"value": NASTY, "label": NASTY, "placeholder": NASTY, "hidden": {"a": NASTY}},
    ),
    "tabs": (([{"label": NASTY, "href": "/", "current": True, "count": 3}], NASTY), {}),
    "share": ((NASTY, NASTY), {}),
    "print_button": ((NASTY,), {}),
    "button": (
        (NASTY,),
        {
            "icon": "leaf",
            "icon_end": "leaf",
            "name": NASTY,
            "value": NASTY,
            "attrs": {"data-x": NASTY},
        },
    ),
    "icon_button": (("bell", NASTY), {"href": "/x"}),
    "post_button": ((NASTY, "/x", ""), {"hidden": {"a": NASTY}}),
    "confirm": (("c", NASTY, NASTY, "/x", "", NASTY), {"hidden": {"a": NASTY}}),
    "dialog_button": ((NASTY, "d"), {}),
    "menu": (
        (NASTY, [{"label": NASTY, "href": "/"}, {"label": NASTY, "name": "a", "tone": "danger"}]),
        {"icon_only": True, "icon": "menu"},
    ),
    "status": ((NASTY, "success"), {}),
    "deadline": ((NOW, NOW + timedelta(days=3)), {}),
    "tag": ((NASTY,), {"remove_href": "/x"}),
    "tags": (([NASTY, {"label": NASTY, "href": "/"}],), {}),
    "avatar": (("Jeanne Petit",), {}),
    "notice": ((NASTY, NASTY, "danger"), {"dismissible": True}),
    "messages": (([{"message": NASTY, "level_tag": "error"}],), {}),
    "empty": ((NASTY, NASTY), {"href": "/x", "label": NASTY}),
    "toast": ((NASTY,), {"undo_action": "/x", "hidden": {"a": NASTY}}),
    "progress": ((3, 4, NASTY), {}),
    "steps": ((2, 5, NASTY), {}),
    "stepper": (
        ([{"label": NASTY, "state": "done", "href": "/"}, {"label": NASTY, "state": "current"}],),
        {},
    ),
    "waiting": ((NASTY,), {}),
    "skeleton": ((), {"kind": "card"}),
    "stat": ((NASTY, NASTY), {"unit": NASTY, "trend": NASTY, "icon": "leaf", "href": "/x"}),
    "stats": (([{"label": NASTY, "value": 3}],), {}),
    "bar_chart": (
        ([{"label": NASTY, "value": 3, "href": "/"}, {"label": "b", "value": 0}], NASTY),
        {"unit": "km"},
    ),
    "column_chart": (([{"label": NASTY, "value": 3}], NASTY), {}),
    "spark": (([1, 2, 3], NASTY), {}),
    "card": (
        (NASTY,),
        {
            "href": "/",
            "text": NASTY,
            "icon": "leaf",
            "eyebrow": NASTY,
            "meta": [NASTY, {"icon": "leaf", "text": NASTY}],
            "tags": [NASTY],
            "status": {"label": NASTY, "tone": "info"},
            "image": NASTY,
        },
    ),
    "service_card": (
        ({"title": NASTY, "href": "/", "summary": NASTY, "badge": NASTY, "provider": NASTY},),
        {},
    ),
    "tiles": (([{"label": NASTY, "href": "/", "icon": "leaf", "text": NASTY}],), {}),
    "live_tile": (
        (NASTY, NASTY),
        {"unit": NASTY, "text": NASTY, "icon": "wind", "href": "/", "updated": NASTY},
    ),
    "request_card": (
        (
            {
                "title": NASTY,
                "href": "/",
                "reference": NASTY,
                "status": {"label": NASTY, "tone": "info"},
                "next_step": NASTY,
                "updated": NOW,
                "unread": True,
                "provider": NASTY,
            },
        ),
        {},
    ),
    "item": (
        (NASTY,),
        {
            "href": "/",
            "text": NASTY,
            "meta": [NASTY],
            "icon": "leaf",
            "status": {"label": NASTY},
            "unread": True,
        },
    ),
    "notification_list": (
        ([{"title": NASTY, "href": "/", "text": NASTY, "at": NOW, "unread": True}],),
        {},
    ),
    "summary_list": (
        ([{"label": NASTY, "value": NASTY, "change_href": "/"}, {"label": "b", "value": None}],),
        {"title": NASTY},
    ),
    "facts": (([{"label": NASTY, "value": NASTY}, {"label": "b"}],), {}),
    "task_list": (
        ([{"title": NASTY, "href": "/", "hint": NASTY, "status": {"label": NASTY}}],),
        {},
    ),
    "timeline": (
        (
            [
                {"title": NASTY, "at": NOW, "text": NASTY, "by": NASTY, "files": [{"name": NASTY}]},
                {"title": "b", "state": "todo"},
            ],
        ),
        {},
    ),
    "thread": (
        (
            [
                {
                    "author": NASTY,
                    "role": role,
                    "at": NOW,
                    "body": NASTY,
                    "attachments": [{"name": NASTY, "size": 3}],
                }
                for role in ("you", "team", "system", "note")
            ],
        ),
        {},
    ),
    "files": (
        (
            [
                {
                    "name": NASTY,
                    "href": "/",
                    "size": 3,
                    "type": "image/png",
                    "status": {"label": NASTY},
                    "remove_href": "/",
                    "preview": NASTY,
                }
            ],
        ),
        {},
    ),
    "confirmation": (
        (NASTY, NASTY, NASTY),
        {"steps": [{"title": NASTY, "text": NASTY, "when": NASTY}]},
    ),
    "price": ((1000, NASTY), {}),
    "basket": (
        ([{"label": NASTY, "quantity": 2, "unit": 250, "amount": 500, "detail": NASTY}], 500),
        {"note": NASTY},
    ),
    "hours": (
        (
            [
                {"label": NASTY, "text": NASTY, "today": True},
                {"label": "b", "closed": True, "text": ""},
            ],
            [NASTY, {"label": NASTY, "text": NASTY}],
        ),
        {},
    ),
    "contact": (
        (
            [
                {"kind": kind, "label": NASTY, "value": NASTY}
                for kind in ("phone", "email", "place", "web")
            ],
        ),
        {},
    ),
    "slot_calendar": (
        (samples.slots(),),
        {"legend": NASTY, "previous": "/", "next": "/", "errors": [NASTY]},
    ),
    "map": (
        ("m", NASTY, NASTY),
        {
            "basemap": {"tiles": NASTY},
            "contours": NASTY,
            "center": [5, 43],
            "legend": [{"label": NASTY}],
        },
    ),
    "point_map": ((5.4, 43.3, NASTY), {"basemap": {"tiles": NASTY}}),
    "table": (
        (
            [
                {"key": "a", "label": NASTY, "sort_href": "/", "sorted": "asc"},
                {"key": "b", "label": NASTY},
            ],
            [{"id": 1, "href": "/", "label": NASTY, "cells": {"a": NASTY, "b": NASTY}}],
            NASTY,
        ),
        {"select_form": "f"},
    ),
    "filter_bar": (
        ("/", [{"name": "a", "label": NASTY, "kind": "select", "choices": [(NASTY, NASTY)]}]),
        {
            "values": {"a": NASTY},
            "clear_href": "/",
            "hidden": {"b": NASTY},
            "active": [{"label": NASTY, "remove_href": "/"}],
        },
    ),
    "saved_views": (
        (
            [
                {"label": NASTY, "href": "/", "count": 3, "current": True},
                {"label": "b", "href": "/", "count": "99+"},
            ],
        ),
        {"save_action": "/"},
    ),
    "column_toggle": (([{"key": "a", "label": NASTY, "hidden": True}], "/"), {}),
    "bulk_bar": (("f", "/", "", [{"name": "a", "value": NASTY, "label": NASTY, "key": "a"}]), {}),
    "pager": ((), {"previous": "/", "next": "/", "position": NASTY}),
    "pagination": (
        ([{"label": NASTY, "href": "/"}, {"label": "2", "current": True}, {"label": "…"}],),
        {},
    ),
    "shortcuts": (([{"keys": "j k", "label": NASTY}],), {}),
    "error_summary": (([{"message": NASTY, "href": "#a"}, NASTY],), {"title": NASTY}),
    "field": (({"name": "a", "label": NASTY},), {}),
    "text_input": (("a", NASTY), {"value": NASTY}),
    "textarea": (("a", NASTY), {"maxlength": 10}),
    "select": (("a", NASTY, [(NASTY, NASTY)]), {}),
    "radios": (("a", NASTY, [(NASTY, NASTY)]), {}),
    "checkboxes": (("a", NASTY, [(NASTY, NASTY)]), {}),
    "checkbox": (("a", NASTY), {}),
    "date_input": (("a", NASTY), {}),
    "file_picker": (("a", NASTY), {"existing": [{"name": NASTY}]}),
    "address_field": (("a", NASTY), {"value": NASTY}),
    "map_point": (("a", NASTY), {"text": NASTY, "basemap": {"tiles": NASTY}}),
    "language_switch": (([("fr", "Français"), ("en", "English")], "fr", "/x"), {"next": NASTY}),
    "theme_switch": (("auto", "/x"), {"next": NASTY}),
}
# Rendered with {% call %}.
CALLED: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "section": ((NASTY,), {"id": "s", "lead": NASTY, "href": "/x", "link_label": NASTY}),
    "details": ((NASTY,), {"icon": "leaf", "open": True}),
    "prose": ((), {}),
    "button_group": (("end",), {}),
    "dialog": (("d", NASTY), {}),
    "cards": ((4,), {}),
    "item_list": ((), {}),
    "panel": ((NASTY,), {"icon": "leaf", "count": 3, "href": "/x"}),
    "toolbar": ((), {}),
    "form": ((), {"action": NASTY, "upload": True, "autosave": NASTY, "hidden": {"a": NASTY}}),
    "fieldset": ((NASTY,), {"hint": NASTY, "visible_when": ["boolean", True]}),
    "question": ((NASTY,), {"hint": NASTY, "step": 2, "total": 5, "back_href": "/x"}),
}
