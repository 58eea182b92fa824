"""Takes the idempotency key away from reports, and the note that a draft was sent."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig


class ForgetfulConfig(AppConfig):
    name = "tests.durability"
    label = "forgetful"

    def ready(self) -> None:
        from socle.capabilities.questionnaires import actions as drafts
        from socle.domains.reports import actions as reports

        send = reports.submit_report

        def submit_report(*, idempotency_key: str | None = None, **given: Any) -> Any:
            return send(**given)

        reports.submit_report = submit_report
        drafts.mark_filed = lambda **given: None
