from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CaseworkConfig(AppConfig):
    name = "socle.capabilities.casework"
    label = "casework"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from socle.capabilities.casework import calendars, pushing, queries, reactions
        from socle.capabilities.casework.events import CaseAnonymised, CaseClosed, CaseStateChanged
        from socle.capabilities.notifications import registry as messages
        from socle.foundations.accounts.events import AccountClosed, MemberRemoved
        from socle.foundations.accounts.registry import personal_data
        from socle.foundations.packs import registry as packs
        from socle.kernel.events import within

        packs.register(calendars.SECTION)
        within(CaseClosed, reactions.case_closed)
        within(CaseStateChanged, pushing.state_changed)
        within(CaseAnonymised, pushing.anonymised)
        messages.push_source("case", pushing.of_case)
        within(AccountClosed, reactions.account_closed)
        within(MemberRemoved, reactions.member_removed)
        personal_data("cases", queries.of_person)
        post_migrate.connect(_ensure_search, sender=self, dispatch_uid="casework.search")


def _ensure_search(using: str, **kwargs: Any) -> None:
    from django.db import connections

    from socle.capabilities.casework import searching
    from socle.capabilities.casework.models import Case

    if Case._meta.db_table in connections[using].introspection.table_names():
        searching.ensure_index(using)
